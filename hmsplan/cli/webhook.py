"""``hmsplan webhook …``: try the services that answer the calls of the stack."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.api.urls import tls
from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Group
from hmsplan.cli.quoting import Quoting
from hmsplan.cli.secret_filter import hide
from hmsplan.cli.session import load, unix_now, wait_for
from hmsplan.cli.surfaces import FOUND_FORMATS, print_found
from hmsplan.cli.terminal import err, out, width
from hmsplan.errors import ConfigError, HmsplanError
from hmsplan.model import Address, Diagnostic, Secret
from hmsplan.operations.webhooks import RISK, host_of, refuse_unallowed, try_webhooks
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.findings import of_diagnostics
from hmsplan.output.webhooks import answer_text, results_json, results_text, shown_url, well
from hmsplan.secrets.answers import PREFIX, variable_suffix
from hmsplan.secrets.hosts import is_loopback
from hmsplan.secrets.urls import FORM
from hmsplan.text import wording
from hmsplan.text.escape import plain
from hmsplan.webhooks import messages
from hmsplan.webhooks.case import Receiver, Signing, WebhookEvent, WebhookOutcome, WebhookResult
from hmsplan.webhooks.cases import body_of, cases_of, headers_of, receivers, selected
from hmsplan.webhooks.description import answer_schema, answer_within_s, event_problems, payload_schema
from hmsplan.webhooks.judge import problems_of, without_secret
from hmsplan.webhooks.send import Sender
from hmsplan.webhooks.signing import fault_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.webhooks.case import WebhookCase
    from hmsplan.webhooks.cases import Cases

FORMATS: Final = ("text", "json", *FOUND_FORMATS)
NOT_AS_EXPECTED: Final = 1
_SILENT: Final = frozenset(FOUND_FORMATS) - {"github"}
"""Formats whose whole document is on stdout; annotations are lines of a log, which names all."""
_SUITE: Final = "hmsplan webhook test"


def _hosts(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        risk, colon, host = value.partition(":")
        if risk != RISK or not colon or not host:
            raise click.BadParameter(f"{value!r} is not {RISK}:HOST, such as {RISK}:staging.acme.example", ctx, param)
    return tuple(value.lower() for value in values)


allow_option = click.option(
    "--allow", multiple=True, callback=_hosts, metavar=f"{RISK}:HOST", help="Send to this host, as a refusal names it."
)


def _address(ctx: click.Context, param: click.Parameter, value: str | None) -> Address | None:
    try:
        return None if value is None else Address.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


@click.group("webhook", cls=Group)
def webhook_command() -> None:
    """Try the services that answer the calls of the stack, with the tools that are declared in it."""


@webhook_command.command("test")
@click.argument("address", required=False, callback=_address)
@allow_option
@format_option(FORMATS)
@click.pass_obj
def test_command(options: Globals, address: Address | None, allow: tuple[str, ...], form: str) -> int:
    """Send signed events to the webhooks of the stack, and check the answers.

    Each tool is called with arguments that its own schema allows, each number and assistant has a call that is made up;
    who calls has a number that no person has. A service has to answer 2xx in time, in a form that the platform reads,
    and refuse what is not signed. ADDRESS is one assistant, number or workflow.

    Only URLs that the stack declares are called. A host that is not this machine has to be allowed by name.
    """
    found = _cases(options, address)
    form = "json" if options.json else form
    _need_secrets(found.cases)
    refuse_unallowed(receivers(found.cases), allow)
    hosts = dict.fromkeys(map(host_of, receivers(found.cases)))
    if found.cases and form == "text":
        err(f"Sending {wording.count(len(found.cases), 'event')} to {plain(wording.listed(hosts))} ...")
    results = wait_for(
        try_webhooks(found.cases, Sender(tls(options.ca_bundle)), allowed=allow, deadline_s=options.timeout_s)
    )
    _print(options, results, found, form)
    return NOT_AS_EXPECTED if any(each.outcome is not WebhookOutcome.PASSED for each in results) else 0


def _cases(options: Globals, address: Address | None) -> Cases:
    """Return the events that the stack leads to.

    Raises:
        NothingToTry: *address* is none that has a webhook.
    """
    stack = load(options, ask_programs=True)
    if address is not None and not selected(stack, address):
        guess = wording.did_you_mean(str(address), [str(each) for each in stack.resources])
        raise NothingToTry(f"{address} is not an assistant, workflow or answered number of this stack.{guess}")
    return cases_of(stack, address)


class NothingToTry(HmsplanError):
    """The stack has no such webhook."""

    summary = "No such webhook"


def _need_secrets(cases: Sequence[WebhookCase]) -> None:
    """Refuse to send without the secrets that sign, all of them at once.

    Raises:
        ConfigError: one is not known here.
    """
    found: dict[str, Diagnostic] = {}
    for case in cases:
        secret = case.receiver.secret
        if secret is not None and not secret.reveal():
            detail = f"{_variable(secret)} is not set. Set it, or say where it is kept: --secrets SOURCE."
            found.setdefault(secret.name, Diagnostic("Missing secret", detail, case.source, case.address, case.path))
    if found:
        raise ConfigError([*found.values()])


def _variable(secret: Secret) -> str:
    return PREFIX + variable_suffix(secret.name)


def _print(options: Globals, results: Sequence[WebhookResult], found: Cases, form: str) -> None:
    problems = [*(problem for each in results for problem in each.problems), *found.untested]
    if form == "json":
        out(orjson.dumps(results_json(results, found.untested)).decode())
        return
    if form in FOUND_FORMATS:
        print_found(options, of_diagnostics(problems, options.commands), form, suite=_SUITE, well=[*well(results)])
    if form in _SILENT:
        return
    quote = Quoting(options)
    for each in problems:
        out(format_diagnostic(options.commands.completed(each), width(), quote) + "\n")
    out(results_text(results))


@webhook_command.command("fixtures")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.pass_obj
def fixtures_command(options: Globals, folder: Path) -> int:
    """Write the events that `webhook test` sends into DIR, for the tests of the service itself.

    Each is a file with headers, an empty line and the body; fixtures.json lists them, with the answer to expect. They
    are the same bytes each time, and signed with a secret that stands in fixtures.json, so they may be kept in git.
    Fixtures that DIR has from an earlier run are replaced.
    """
    found = _cases(options, None)
    files = messages.fixtures(found.cases)
    try:
        _replace(folder, files)
    except OSError as error:
        raise HmsplanError(f"{plain(str(folder))}: {error.strerror}", summary="Fixtures not written") from error
    for each in found.untested:
        err(format_diagnostic(options.commands.completed(each), width()) + "\n")
    out(f"Wrote {wording.count(len(files) - 1, 'event')} and {messages.INDEX} to {plain(str(folder))}.")
    return 0


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is empty or has fixtures; those that are not made any more go."""
    index = folder / messages.INDEX
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if there and not index.is_file():
        detail = f"{plain(str(folder))} holds something else. Name an empty folder, or one with fixtures."
        raise HmsplanError(detail, summary="Folder is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(there - files.keys()):
        if name.endswith(".http"):
            (folder / name).unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


@webhook_command.command("send")
@click.argument("event", type=click.Choice([str(each) for each in WebhookEvent]))
@click.argument("address", required=False, callback=_address)
@click.option("--to", "url", required=True, metavar="URL", help="This machine, or a host that the stack declares.")
@click.option("--tool", metavar="NAME", help="Call this tool.")
@allow_option
@click.pass_obj
def send_command(
    options: Globals, event: str, address: Address | None, url: str, tool: str | None, allow: tuple[str, ...]
) -> int:
    """Send one signed EVENT, and show what is answered. ADDRESS chooses the assistant, number or workflow."""
    if re.fullmatch(FORM, url) is None:
        raise HmsplanError(f"{shown_url(url)} is not a URL as in https://host/path.", summary="Not a webhook")
    found = _cases(options, address)
    case = _chosen(found.cases, event, tool, url)
    _need_secrets([case])
    refuse_unallowed([url], allow)
    case = replace(case, receiver=Receiver(url, case.receiver.secret))
    body = body_of(case, unix_now())
    sender, limit_s = Sender(tls(options.ca_bundle)), answer_within_s(case.event)
    answer = wait_for(sender.send(url, headers_of(case, body, unix_now()), body, within_s=limit_s))
    problems = [*problems_of(case, answer)]
    said = without_secret(answer.body.decode("utf-8", "replace"), case.receiver.secret)
    if options.json:
        result = WebhookResult(case, tuple(problems), answer.status, answer.took_s)
        out(orjson.dumps({**results_json([result], ()), "answer": said}).decode())
    else:
        out(f"{case.address} {plain(case.name)}\n{answer_text(answer.status, said)}")
        for each in problems:
            out("\n" + format_diagnostic(options.commands.completed(each), width(), Quoting(options)))
    return NOT_AS_EXPECTED if problems else 0


def _chosen(cases: Sequence[WebhookCase], event: str, tool: str | None, url: str) -> WebhookCase:
    """Return the first event of those that were asked for, and that this receiver may get."""
    meant = [each for each in cases if each.event == event and each.signing is Signing.VALID]
    if tool is not None:
        named = {call["function"]["name"]: each for each in reversed(meant) for call in each.message["tool_call_list"]}
        if tool not in named:
            guess = wording.did_you_mean(tool, named) or f" There are: {wording.listed(sorted(named)) or 'none'}."
            raise NothingToTry(f"There is no tool {tool} that is called over HTTP.{guess}")
        meant = [named[tool]]
    if not meant:
        raise NothingToTry(f"Nothing in the stack has {event} sent.")
    host = host_of(url)
    fitting = [each for each in meant if is_loopback(host) or host_of(each.receiver.url) == host]
    if not fitting:
        hosts = wording.listed(dict.fromkeys(host_of(each.receiver.url) for each in meant))
        raise NothingToTry(
            f"{plain(host)} is not among the hosts that get it: {plain(hosts)}. It would see a signature."
        )
    return fitting[0]


@webhook_command.command("schema")
@click.argument("event", type=click.Choice([str(each) for each in WebhookEvent]))
@click.option("--answer", is_flag=True, help="Of the answer instead.")
@click.pass_obj
def schema_command(_options: Globals, event: str, answer: bool) -> int:
    """Print the JSON Schema of the body of EVENT, for the types and tests of a service in any language."""
    made = answer_schema(WebhookEvent(event)) if answer else payload_schema(WebhookEvent(event))
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    out(orjson.dumps({**head, **made}, option=orjson.OPT_INDENT_2).decode())
    return 0


@webhook_command.command("verify")
@click.argument("address", required=False, callback=_address)
@click.option("--secret", "names", multiple=True, metavar="NAME", help="Try HMSPLAN_SECRET_NAME too. Repeatable.")
@click.option("--fixture", is_flag=True, help="Verify a file of `webhook fixtures`, at its own time.")
@click.pass_obj
def verify_command(options: Globals, address: Address | None, names: tuple[str, ...], fixture: bool) -> int:
    """Verify an event that stands on stdin: its headers, an empty line, and the body byte for byte.

    It is held against the secrets of the assistant or workflow at ADDRESS, and against those of --secret, as while a
    secret is being changed. Exits 0 when one of them signed it, at most five minutes ago, and the body is that of an
    event.
    """
    secrets, now = ([messages.FIXTURE_SECRET], float(messages.FIXTURE_TIME)) if fixture else ([], unix_now())
    secrets += [*_of_address(options, address), *map(_of_environment, names)]
    if not secrets:
        raise HmsplanError(
            "Name an assistant whose webhook_secret signs, or a --secret.", summary="No secret to verify with"
        )
    hide(secrets)
    try:
        message = messages.read(sys.stdin.buffer.read(messages.MOST_BYTES))
    except messages.NotAMessage as error:
        raise HmsplanError(f"What stands on stdin is not an event: {error}.", summary="Not an event") from None
    fault = fault_of(message.headers, message.body, secrets, now=now)
    problems = [*event_problems(message.headers, message.body)]
    if options.json:
        body = {"format_version": "1.0", "signed": fault is None, "fault": fault and str(fault), "problems": problems}
        out(orjson.dumps(body).decode())
    else:
        out("Signed." if fault is None else f"Not signed: {fault}.")
        for each in problems:
            out(f"Not as the platform sends it: {plain(each)}")
    return NOT_AS_EXPECTED if fault is not None or problems else 0


def _of_address(options: Globals, address: Address | None) -> list[str]:
    if address is None:
        return []
    found = _cases(options, address)
    _need_secrets(found.cases)
    secrets = (case.receiver.secret for case in found.cases)
    return [*dict.fromkeys(text for each in secrets if each is not None and (text := each.reveal()))]


def _of_environment(name: str) -> str:
    variable = PREFIX + variable_suffix(name)
    if not (found := os.environ.get(variable)):
        raise HmsplanError(f"{variable} is not set.", summary="No secret to verify with")
    return found

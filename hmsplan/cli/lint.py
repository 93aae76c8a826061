"""``hmsplan lint``: what a caller would hear, and what the law minds."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.quoting import Quoting
from hmsplan.cli.session import load
from hmsplan.cli.surfaces import FOUND_FORMATS, print_found
from hmsplan.cli.terminal import out, width
from hmsplan.errors import ConfigError
from hmsplan.lint.rule import Group
from hmsplan.lint.rules import all_rules
from hmsplan.model import Diagnostic, Severity, has_severity
from hmsplan.operations.lint import lint_stack
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.events import diagnostic_json
from hmsplan.output.findings import of_diagnostics
from hmsplan.output.rules import rules_json, rules_text
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.cli.options import Globals

FORMATS: Final = ("text", "json", *FOUND_FORMATS)
_SUITE: Final = "hmsplan lint"
NOT_RUN: Final = Diagnostic(
    "Lint not run",
    "Rules look at a valid stack, so none was asked. When that is corrected: hmsplan lint",
    severity=Severity.INFO,
)
_SILENT: Final = frozenset({"sarif", "junit", "codequality"})
"""Formats whose whole document is on stdout, so that nothing else is said."""


def _chosen(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> frozenset[str]:
    """Return the ids of the rules that *values* name: by id, by a pattern of ids, or by group."""
    found = {
        value: {r.id for r in all_rules().values() if r.group == value or fnmatchcase(r.id, value)} for value in values
    }
    for value, rules in found.items():
        if not rules:
            guess = wording.did_you_mean(value, [*all_rules(), *Group])
            raise click.BadParameter(
                f"there is no rule {value!r}.{guess} To see them: hmsplan lint --rules", ctx, param
            )
    return frozenset().union(*found.values())


@click.command("lint", cls=Command)
@format_option(FORMATS)
@click.option("--rules", "listing", is_flag=True, help="List the rules instead of checking.")
@click.option(
    "--rule",
    "chosen",
    multiple=True,
    callback=_chosen,
    metavar="ID",
    help="Only this rule, those of a group (speech), or those that a pattern fits (spoken-*).",
)
@click.option(
    "--fail-severity",
    type=click.Choice([str(severity) for severity in Severity]),
    help="Exit 3 for findings at least as bad; without it, lint.fail_severity of hmsplan.yaml, or error.",
)
@click.pass_obj
def lint_command(options: Globals, form: str, listing: bool, chosen: frozenset[str], fail_severity: str | None) -> int:
    """Check what a valid stack says: to callers, to models, before the law. Offline, without key or secrets.

    A comment silences a rule at its line, or in the block that begins there:

    \b
      # hmsplan: ignore RULE until 2027-01-01 because REASON
    """  # noqa: D301 -- \b is click's: do not wrap what follows
    form = "json" if options.json else form
    rules = {name: rule for name, rule in all_rules().items() if not chosen or name in chosen}
    if listing:
        out(
            orjson.dumps(rules_json(rules.values())).decode() if form == "json" else rules_text(rules.values(), width())
        )
        return 0
    try:
        stack = load(options)
    except ConfigError as error:
        found = (*error.diagnostics, NOT_RUN)
        if form == "text":
            raise ConfigError(found) from None
        print_findings(options, found, form, suite=_SUITE, well=())
        return error.exit_code
    found = lint_stack(stack, options.directory, rules=rules if chosen else None)
    found = found if chosen else (*stack.warnings, *found)
    fails = has_severity(found, Severity(fail_severity) if fail_severity else stack.lint.fail)
    print_findings(options, found, form, suite=_SUITE, well=list(map(str, stack.resources)))
    if form not in _SILENT and form != "json":
        out(_verdict(found, len(rules), len(stack.resources)))
    return ConfigError.exit_code if fails else 0


def print_findings(
    options: Globals, found: Sequence[Diagnostic], form: str, *, suite: str, well: Sequence[str]
) -> None:
    """Print what was found in one of ``FORMATS``."""
    if form == "json":
        body = {"format_version": "1.0", "findings": [diagnostic_json(each) for each in found]}
        out(orjson.dumps(body).decode())
        return
    if form in FOUND_FORMATS:
        print_found(options, of_diagnostics(found, options.commands), form, suite=suite, well=well)
    if form in _SILENT:
        return
    quote = Quoting(options)
    for each in sorted(found, key=lambda each: each.severity.rank):
        out(format_diagnostic(options.commands.completed(each), width(), quote) + "\n")


def _verdict(found: Sequence[Diagnostic], rules: int, resources: int) -> str:
    counts = {severity: sum(each.severity is severity for each in found) for severity in Severity}
    nothing = f"Nothing found by {wording.count(rules, 'rule')} in {wording.count(resources, 'resource')}."
    told = [wording.count(number, str(severity)) for severity, number in counts.items() if number]
    return f"{wording.listed(told)}. What a rule means: hmsplan explain RULE" if told else nothing

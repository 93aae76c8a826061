"""Which events a stack leads to: for each assistant, tool and number, with values that are made up. Pure.

The people in them are fictional: their numbers are kept for films and examples, so no person has one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from hmsplan.kinds import webhooks
from hmsplan.kinds.fiction import CALLED, CALLER
from hmsplan.model import Diagnostic, Severity
from hmsplan.text import wording
from hmsplan.webhooks.arguments import NoValue, Variant, variants
from hmsplan.webhooks.case import Receiver, Signing, WebhookCase, WebhookEvent
from hmsplan.webhooks.signing import signed_headers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hmsplan.kinds.webhooks import Hook, Line, ToolCall
    from hmsplan.model import Address, FieldPath, Resource, Secret, SourceLine, Stack

AGENT: Final = "hmsplan-webhook-test"
"""By which a service can tell these events from those of real calls."""
OLD_S: Final = 360
"""Six minutes: one more than a service may accept."""
_OTHER: Final = "not-the-secret-of-this-webhook"
_ANALYSES: Final = {Variant.USUAL: "all of the analysis", Variant.LEAST: "the least of the analysis"}
_LENGTH_S: Final = 42


class Cases(NamedTuple):
    """What a stack is tried with.

    Attributes:
        cases: in the order in which they are sent.
        untested: what cannot be tried, and why.
    """

    cases: tuple[WebhookCase, ...]
    untested: tuple[Diagnostic, ...]


def cases_of(stack: Stack, only: Address | None = None) -> Cases:
    """Return every event that the webhooks of a stack are tried with.

    Args:
        stack: as it is declared.
        only: the resource that is tried; None = all of them.
    """
    made = _Maker(stack, only)
    for hook in webhooks.hooks(stack):
        made.of_assistant(hook)
    for call in webhooks.tool_calls(stack):
        made.of_tool(call)
    for line in webhooks.lines(stack):
        made.of_number(line)
    made.with_false_signatures()
    return Cases(tuple(made.cases), tuple(made.untested))


def body_of(case: WebhookCase, at: float) -> bytes:
    """Return the body of an event that happens *at* a time, in Unix seconds."""
    message = {"type": str(case.event), "timestamp": _stamp(at), **_with_times(case.message, at)}
    return orjson.dumps({"message": message})


def headers_of(case: WebhookCase, body: bytes, at: float) -> dict[str, str]:
    """Return the headers that sign *body* as the case says, at a time in Unix seconds."""
    secret = case.receiver.secret.reveal() if case.receiver.secret is not None else None
    match case.signing:
        case Signing.MISSING:
            secret = None
        case Signing.WRONG:
            secret = _OTHER
        case Signing.OLD:
            at -= OLD_S
    about = {"Content-Type": "application/json", "User-Agent": AGENT}
    return {**about, **signed_headers(case.event, body, secret, now=at)}


def selected(stack: Stack, only: Address) -> bool:
    """Say whether a resource is one that can be tried by itself."""
    hooks, lines, calls = webhooks.hooks(stack), webhooks.lines(stack), webhooks.tool_calls(stack)
    found = {hook.assistant.address for hook in hooks} | {line.resource.address for line in lines}
    return only in found | {call.resource.address for call in calls}


class _Maker:
    """Collects the cases of one stack."""

    def __init__(self, stack: Stack, only: Address | None) -> None:
        self._only = only
        self._numbers = {line.hook.assistant.address: line for line in reversed([*webhooks.lines(stack)])}
        self.cases: list[WebhookCase] = []
        self.untested: list[Diagnostic] = []

    def of_assistant(self, hook: Hook) -> None:
        assistant = hook.assistant
        if not self._is_meant(assistant) or hook.url is None:
            return
        receiver, path = Receiver(hook.url, hook.secret), ("webhook_url",)
        if hook.gets(WebhookEvent.STATUS_UPDATE):
            for status in ("in-progress", "ended"):
                ending = {"end_reason": "customer-ended-call"} if status == "ended" else {}
                message = {**self._call(hook, status), **ending}
                self._add(WebhookEvent.STATUS_UPDATE, status, assistant, path, receiver, message, ignored=True)
        if hook.gets(WebhookEvent.END_OF_CALL_REPORT):
            for what, at, analysis in self._analyses(assistant):
                message = {**self._call(hook, "ended"), **_report(assistant), **analysis}
                event = WebhookEvent.END_OF_CALL_REPORT
                self._add(event, what, assistant, at or path, receiver, message, ignored=True)

    def _analyses(self, assistant: Resource) -> Iterator[tuple[str, FieldPath, dict[str, Any]]]:
        found = webhooks.analysis_schema(assistant)
        if found is None:
            yield "", (), {}
            return
        path, schema = found
        try:
            values = [each for each in variants(schema) if each[0] in _ANALYSES]
        except NoValue as error:
            self._cannot(assistant, path, f"No analysis could be made up for the schema: {error}.")
            yield "without analysis", (), {}
            return
        for variant, value in values:
            yield _ANALYSES[variant], path, {"analysis": value}

    def of_tool(self, call: ToolCall) -> None:
        if not self._is_meant(call.resource):
            return
        if call.target is None:
            why = (
                f"{call.name} has no url, and its assistant no webhook_url, so it is called at the webhook of the "
                "account, which is set in the dashboard."
                if call.hook is not None
                else f"{call.name} has no url, and no number runs this workflow for an assistant with a webhook_url."
            )
            self._cannot(call.resource, call.path, why)
            return
        if call.hook is None and call.own_secret is None:
            self._cannot(call.resource, call.path, f"No number runs this workflow, so no secret signs {call.name}.")
            return
        receiver = Receiver(call.target, call.secret)
        try:
            arguments = [*self._arguments(call)]
        except NoValue as error:
            self._cannot(
                call.resource, (*call.path, "parameters"), f"No arguments of {call.name} could be made up: {error}."
            )
            return
        for what, values in arguments:
            called = self._tool_call(call, what, values)
            message = {**self._call(call.hook, "in-progress"), "tool_call_list": [called]}
            name = f"{call.name}, {what}" if what else call.name
            event, ids = WebhookEvent.TOOL_CALLS, (called["id"],)
            self._add(event, name, call.resource, call.path, receiver, message, ids, call.named, ignored=call.is_async)

    def _arguments(self, call: ToolCall) -> Iterator[tuple[str, Any]]:
        if call.arguments is not None:
            yield "", dict(call.arguments)
        elif call.parameters is None:
            yield "", {}
        else:
            yield from ((variant.value, values) for variant, values in variants(call.parameters))

    def of_number(self, line: Line) -> None:
        if line.hook.url is None or not line.hook.gets(WebhookEvent.ASSISTANT_REQUEST):
            return
        if not self._is_meant(line.resource) and not self._is_meant(line.hook.assistant):
            return
        receiver = Receiver(line.hook.url, line.hook.secret)
        message = self._call(line.hook, "connecting", line)
        event = WebhookEvent.ASSISTANT_REQUEST
        self._add(event, f"a call to {line.number}", line.resource, ("phone_number",), receiver, message)

    def with_false_signatures(self) -> None:
        """Add, for each receiver and secret, what a service has to refuse; tell where nothing is signed."""
        seen: set[tuple[str, Secret | None]] = set()
        for case in [*self.cases]:
            secret = case.receiver.secret
            if (case.receiver.url, secret) in seen:
                continue
            seen.add((case.receiver.url, secret))
            if secret is None:
                self.untested.append(
                    Diagnostic(
                        "Webhook is not signed",
                        "What is sent there is not signed, so anyone can call it, and no false signature was tried. "
                        "Write webhook_secret: ${secret:name}.",
                        case.source,
                        case.address,
                        case.path,
                        Severity.WARNING,
                    )
                )
                continue
            for signing in (Signing.WRONG, Signing.MISSING, Signing.OLD):
                self.cases.append(_falsely(case, signing))

    def _is_meant(self, resource: Resource) -> bool:
        return self._only is None or resource.address == self._only

    def _cannot(self, resource: Resource, path: FieldPath, why: str) -> None:
        source = _source(resource, path)
        self.untested.append(Diagnostic("Webhook not tested", why, source, resource.address, path, Severity.WARNING))

    def _call(self, hook: Hook | None, status: str, line: Line | None = None) -> dict[str, Any]:
        """Return what every message has: the call, the number and who calls."""
        if line is None and hook is not None:
            line = self._numbers.get(hook.assistant.address)
        number = line.number if line is not None else CALLED
        assistant = {"name": hook.assistant.spec.get("name")} if hook is not None else {}
        return {
            "call": {"id": f"call-_{CALLER}_hmsplan", "type": "inbound_phone_call", "status": status},
            "phone_number": {"id": None, "number": number, "name": None},
            "customer": {"number": CALLER},
            "assistant": assistant,
        }

    def _tool_call(self, call: ToolCall, what: str, values: Any) -> dict[str, Any]:
        about = f"{call.resource.address} {call.name} {what}"
        mark = hashlib.sha256(about.encode()).hexdigest()[:16]
        return {"id": f"call_{mark}", "type": "function", "function": {"name": call.name, "arguments": values}}

    def _add(
        self,
        event: WebhookEvent,
        what: str,
        resource: Resource,
        path: FieldPath,
        receiver: Receiver,
        message: Mapping[str, Any],
        ids: tuple[str, ...] = (),
        place: FieldPath | None = None,
        *,
        ignored: bool = False,
    ) -> None:
        source = _source(resource, place or path)
        case = WebhookCase(event, what, resource.address, path, receiver, message, source, Signing.VALID, ids, ignored)
        if not any(_same(case, other) for other in self.cases):
            self.cases.append(case)


def receivers(cases: Iterable[WebhookCase]) -> Collection[str]:
    """Return the URLs that events are sent to, each once."""
    return dict.fromkeys(case.receiver.url for case in cases)


def _same(one: WebhookCase, other: WebhookCase) -> bool:
    """Say whether two cases send the same to the same: a workflow whose tools two numbers lead to."""
    return (one.event, one.what, one.address, one.path, one.receiver) == (
        *(other.event, other.what, other.address, other.path, other.receiver),
    )


_FALSE: Final = {
    Signing.WRONG: "signed with another secret",
    Signing.MISSING: "without a signature",
    Signing.OLD: "signed six minutes ago",
}


def _falsely(case: WebhookCase, signing: Signing) -> WebhookCase:
    what = f"{case.what}, {_FALSE[signing]}" if case.what else _FALSE[signing]
    return WebhookCase(
        case.event, what, case.address, case.path, case.receiver, case.message, case.source, signing, case.tool_call_ids
    )


def _report(assistant: Resource) -> dict[str, Any]:
    first = webhooks.first_message(assistant) or "Hello, how can I help you?"
    return {
        "duration_seconds": _LENGTH_S,
        "end_reason": "customer-ended-call",
        "started_at": -_LENGTH_S,
        "ended_at": 0,
        "summary": f"A call that hmsplan made up to test this webhook ({wording.count(2, 'message')}).",
        "messages": [
            {"role": "assistant", "content": first},
            {"role": "user", "content": "This is a test call, and I am not a person."},
        ],
    }


def _with_times(message: Mapping[str, Any], at: float) -> dict[str, Any]:
    """Put times in place of the seconds that a report counts from its end."""
    times = {key: _stamp(at + message[key]) for key in ("started_at", "ended_at") if key in message}
    return {**message, **times}


def _stamp(at: float) -> str:
    return dt.datetime.fromtimestamp(int(at), dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _source(resource: Resource, path: FieldPath) -> SourceLine | None:
    return resource.locate(path) if resource.locate is not None else resource.source

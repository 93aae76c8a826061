"""What is wrong with the answer to an event. Pure.

What is quoted of an answer is short, and without the secret; a surface that prints it escapes it.
"""

from __future__ import annotations

import codecs
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import jsonschema_rs

from hmsplan.config.requests import refused_in_a_call
from hmsplan.kinds.webhooks import OVERRIDDEN, TRANSIENT
from hmsplan.model import Diagnostic, Severity, dotted
from hmsplan.secrets.encodings import searched
from hmsplan.text import strict_json, wording
from hmsplan.webhooks import description
from hmsplan.webhooks.case import Signing, WebhookEvent
from hmsplan.webhooks.send import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.model import Address, FieldPath, Secret
    from hmsplan.webhooks.case import WebhookCase, WebhookResult
    from hmsplan.webhooks.send import Answer

_OVERRIDES: Final = ("assistant", "assistant_override")
_FALSE: Final = {
    Signing.WRONG: "an event that another secret signed",
    Signing.MISSING: "an event without a signature",
    Signing.OLD: "an event that was signed six minutes ago",
}
ONLY_ERRORS: Final = "Tool answers with an error"
_ALL: Final = (
    "It answers all other calls of the tool like this, too. Does the service know the tool by this name? If it does "
    "not know the values, write some that it knows as examples: into the schema."
)
_MOST: Final = 5
"""Problems of one answer that are told."""


def problems_of(case: WebhookCase, answer: Answer) -> Iterator[Diagnostic]:
    """Yield what is wrong with the answer to *case*."""
    for problem in _problems(case, answer):
        detail = without_secret(problem.detail, case.receiver.secret)
        yield Diagnostic(
            problem.summary, f"{case.name}: {detail}", case.source, case.address, case.path, problem.severity
        )


def without_secret(text: str, secret: Secret | None) -> str:
    """Return what a service said without the secret that it shares with the platform, in whatever form."""
    value = secret.reveal() if secret is not None else None
    return searched(value).sub("(sensitive value)", text) if value else text


class Problem(NamedTuple):
    """One thing that is wrong; *detail* may quote the answer."""

    case: WebhookCase
    summary: str
    detail: str
    severity: Severity = Severity.ERROR


def _problems(case: WebhookCase, answer: Answer) -> Iterator[Problem]:
    found = _trouble(case, answer) or _status(case, answer)
    if found is not None:
        yield found
    elif case.signing is Signing.VALID and not case.is_answer_ignored and description.forms(case.event):
        yield from _content(case, answer)


def _trouble(case: WebhookCase, answer: Answer) -> Problem | None:
    match answer.trouble:
        case None:
            return None
        case Trouble.TOO_LATE:
            limit = f"{description.answer_within_s(case.event):g} s"
            instead = {
                WebhookEvent.ASSISTANT_REQUEST: "After that the platform uses the stored assistant.",
                WebhookEvent.TOOL_CALLS: "The tool has failed for the caller. Answer sooner, or make it async.",
            }.get(case.event, "The platform waits no longer than it waits for a tool. Answer first, work afterwards.")
            return Problem(case, "Webhook answers too late", f"there is no complete answer within {limit}. {instead}")
        case Trouble.TOO_LARGE:
            return Problem(
                case, "Webhook answer is too large", "it has more than a million bytes, and was not read to its end."
            )
        case Trouble.PRIVATE:
            return Problem(case, "Webhook is not public", f"{answer.trouble.value}. Nothing was sent.")
        case _:
            return Problem(case, "Webhook does not answer", f"{answer.trouble.value}.")


def _status(case: WebhookCase, answer: Answer) -> Problem | None:
    status = answer.status or 0
    if 300 <= status < 400:  # noqa: PLR2004
        detail = f"it answers {status}, and a redirect is not followed. Declare the URL it leads to."
        return Problem(case, "Webhook redirects", detail)
    is_taken, is_refused = 200 <= status < 300, 400 <= status < 500  # noqa: PLR2004
    if case.signing is not Signing.VALID and is_taken:
        advice = (
            "Anyone who knows the URL can report calls that never took place. Compare X-Webhook-Signature, and its age."
        )
        detail = f"it answers {status} to {_FALSE[case.signing]}. {advice}"
        return Problem(case, "Webhook takes a false signature", detail)
    if is_taken or (is_refused and case.signing is not Signing.VALID):
        return None
    if status in {401, 403}:
        why = "Is its secret the one that the stack declares, and does it sign the raw body?"
        return Problem(case, "Webhook refuses a true signature", f"it answers {status}. {why}")
    why = "The event is valid under its schema." if case.signing is Signing.VALID else "Answer 401 to it."
    why = "Does the service have this path, and take POST?" if status in {404, 405} else why
    return Problem(case, "Webhook fails", f"it answers {status}{_quoted(case, answer)}. {why}")


def _content(case: WebhookCase, answer: Answer) -> Iterator[Problem]:
    if not answer.body.strip():
        if not description.may_be_empty(case.event):
            yield Problem(case, "Webhook answer is not JSON", "it is empty, and the model waits for a result.")
        return
    try:
        value = strict_json.read(answer.body)
    except strict_json.NotJson:
        said = _quoted(case, answer)
        packed = " It is compressed, which was not asked for." if "content-encoding" in answer.headers else ""
        yield Problem(case, "Webhook answer is not JSON", f"it answers {answer.status}{said}.{packed}")
        return
    problems = [*_of_form(case, value)] or [
        *_of_ids(case, value),
        *_of_errors(case, value),
        *_of_overrides(case, value),
    ]
    yield from problems[:_MOST]


def _of_form(case: WebhookCase, value: Any) -> Iterator[Problem]:
    form = description.form_of(case.event, value)
    known = wording.either([each["form"] for each in description.forms(case.event)])
    for error in jsonschema_rs.Draft202012Validator(form["schema"]).iter_errors(value):
        where = dotted(tuple(error.instance_path)) or "the answer"
        detail = f"read as {form['form']}, {where} is wrong ({error.kind.name}). It may be {known}."
        yield Problem(case, "Wrong form of an answer", detail)


def _of_ids(case: WebhookCase, value: Any) -> Iterator[Problem]:
    """Tell results of calls that were not made, and calls without a result."""
    if case.event is not WebhookEvent.TOOL_CALLS or "results" not in value:
        return
    given = [each["tool_call_id"] for each in value["results"]]
    for name in given:
        if name not in case.tool_call_ids:
            wanted = wording.listed(case.tool_call_ids)
            detail = f"a result is for the call {wording.shown(name)}, and the call was {wanted}."
            yield Problem(case, "Answer to another call", detail)
    for name in case.tool_call_ids:
        if given.count(name) != 1:
            many = "no result" if name not in given else f"{given.count(name)} results"
            yield Problem(case, "Answer to another call", f"{many} for the call {name}.")


def _of_errors(case: WebhookCase, value: Any) -> Iterator[Problem]:
    """Tell an error in the place of a result: alone, in the results, or as the result itself."""
    if case.event is not WebhookEvent.TOOL_CALLS:
        return
    answers = [
        value,
        value.get("result"),
        *(part for each in value.get("results", ()) for part in (each, each.get("result"))),
    ]
    for each in answers:
        if isinstance(each, dict) and "error" in each and each.keys() <= {"error", "tool_call_id"}:
            said = wording.shown(each["error"]) if isinstance(each["error"], str) else "an error"
            yield Problem(
                case,
                "Tool answers with an error",
                f"it answers {said} to arguments that its schema allows.",
                Severity.WARNING,
            )
            return


def with_errors_of_whole_tools(results: Sequence[WebhookResult]) -> list[WebhookResult]:
    """Return results in which a tool that answers nothing but errors has failed.

    One error may be what there is to say of somebody who is made up. All of them are a tool that the service does not
    know under that name.
    """
    answered: dict[tuple[Address, FieldPath], set[bool]] = {}
    for each in results:
        if each.case.event is WebhookEvent.TOOL_CALLS and each.case.signing is Signing.VALID and each.is_sent:
            answered.setdefault((each.case.address, each.case.path), set()).add(_is_error(each))
    failed = {tool for tool, errors in answered.items() if errors == {True}}
    return [_failed(each) if (each.case.address, each.case.path) in failed else each for each in results]


def _is_error(result: WebhookResult) -> bool:
    return any(problem.summary == ONLY_ERRORS for problem in result.problems)


def _failed(result: WebhookResult) -> WebhookResult:
    problems = [
        replace(problem, severity=Severity.ERROR, detail=f"{problem.detail} {_ALL}")
        if problem.summary == ONLY_ERRORS
        else problem
        for problem in result.problems
    ]
    return replace(result, problems=tuple(problems))


def _of_overrides(case: WebhookCase, value: Any) -> Iterator[Problem]:
    if case.event is not WebhookEvent.ASSISTANT_REQUEST:
        return
    if "error" in value:
        detail = f"it rejects the call: {wording.shown(value['error'])}. The caller hears nothing else."
        yield Problem(case, "Call is rejected", detail, Severity.WARNING)
        return
    for name in _OVERRIDES:
        for violation in refused_in_a_call(OVERRIDDEN, TRANSIENT, value.get(name, {})):
            path = dotted((name, *violation.path, *([violation.key] if violation.key is not None else [])))
            yield Problem(case, "Invalid assistant in an answer", f"{path}: {violation.summary}. {violation.detail}")


def _quoted(case: WebhookCase, answer: Answer) -> str:
    """Return ", and …" with the beginning of an answer; "" when there is none."""
    text = codecs.decode(answer.body[:4096], "utf-8", "replace")
    text = " ".join(without_secret(text, case.receiver.secret).split())
    return f" and says {wording.shown(text)}" if text else ""

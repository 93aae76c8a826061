"""What came of the events that webhooks were tried with, as text and as JSON. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from hmsplan.output.events import diagnostic_json
from hmsplan.secrets.urls import told
from hmsplan.text import wording
from hmsplan.text.escape import plain
from hmsplan.webhooks.case import WebhookOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.model import Diagnostic
    from hmsplan.webhooks.case import WebhookResult

_MARKS: Final = {WebhookOutcome.PASSED: "ok  ", WebhookOutcome.FAILED: "FAIL", WebhookOutcome.SKIPPED: "-   "}
_MOST_SHOWN: Final = 4000
_ENDS: Final = {WebhookOutcome.PASSED: "as expected", WebhookOutcome.FAILED: "not", WebhookOutcome.SKIPPED: "not sent"}


def shown_url(url: str) -> str:
    """Return where a webhook is, without what may be a credential in its query."""
    return plain(told(url.partition("?")[0].partition("#")[0]))


def results_text(results: Sequence[WebhookResult]) -> str:
    """Return a line for each event, by URL, and how many were answered as they should be."""
    if not results:
        return "No webhook of this stack gets an event: no assistant has a webhook_url, and no tool a url."
    lines: list[str] = []
    for url, group in groupby(sorted(results, key=lambda each: each.case.receiver.url), lambda r: r.case.receiver.url):
        lines += ["", shown_url(url)] if lines else [shown_url(url)]
        lines += [f"  {_MARKS[each.outcome]}  {each.case.address}  {plain(each.case.name)}" for each in group]
    return "\n".join([*lines, "", _verdict(results)])


def _verdict(results: Sequence[WebhookResult]) -> str:
    counts = {outcome: sum(each.outcome is outcome for each in results) for outcome in WebhookOutcome}
    told_counts = [f"{number:,} {_ENDS[outcome]}" for outcome, number in counts.items() if number]
    sent = len(results) - counts[WebhookOutcome.SKIPPED]
    return f"{wording.count(sent, 'event')} sent: {', '.join(told_counts)}."


def results_json(results: Sequence[WebhookResult], untested: Sequence[Diagnostic]) -> dict[str, Any]:
    """Return all of it for programs."""
    return {
        "format_version": "1.0",
        "results": [_result_json(each) for each in results],
        "untested": [diagnostic_json(each) for each in untested],
    }


def _result_json(result: WebhookResult) -> dict[str, Any]:
    case = result.case
    return {
        "address": str(case.address),
        "event": str(case.event),
        "case": case.what,
        "url": shown_url(case.receiver.url),
        "signing": str(case.signing),
        "outcome": str(result.outcome),
        "status": result.status,
        "took_ms": round(result.took_s * 1000),
        "problems": [diagnostic_json(each) for each in result.problems],
    }


def well(results: Sequence[WebhookResult]) -> Iterator[str]:
    """Yield the names of what was answered as it should be, for JUnit."""
    return (f"{r.case.address} {r.case.name}" for r in results if r.outcome is WebhookOutcome.PASSED and not r.problems)


def answer_text(status: int | None, body: str) -> str:
    """Return what a webhook answered, escaped and cut short."""
    shown = [plain(line) for line in body[:_MOST_SHOWN].splitlines()]
    more = [f"… and {len(body) - _MOST_SHOWN:,} characters more"] if len(body) > _MOST_SHOWN else []
    return "\n".join([f"Answer: {'none' if status is None else status}", *(f"  {line}" for line in [*shown, *more])])

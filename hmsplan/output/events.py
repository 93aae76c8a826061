"""What happens during an apply as events for machines, in the manner of ``terraform apply -json``. Pure.

One JSON object a line: ``version``, then ``resource_drift``, ``planned_change`` and ``change_summary`` for the plan,
``apply_start``, ``apply_progress``, ``apply_complete`` and ``apply_errored`` for the steps, ``diagnostic`` for what
people should know, and ``change_summary`` for the end. What Terraform has no word for lies under ``hmsplan``, as in the
JSON of a plan. ``docs/events.md`` describes it to its readers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.formats.blast_radius_json import blast_radius_json
from hmsplan.formats.terraform_json import action_reason, beyond, resource_type
from hmsplan.model import (
    Action,
    ApprovalStatus,
    Diagnostic,
    DriftKind,
    Severity,
    Status,
    Verb,
    dotted,
    is_written,
    tally,
)
from hmsplan.output.changes import headline
from hmsplan.output.commands import BARE
from hmsplan.output.diagnostics import diagnostics_of
from hmsplan.output.report import all_done, progress_line, report_json, summary, totals
from hmsplan.output.words import plan_line
from hmsplan.text.escape import plain
from hmsplan.text.timestamps import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.errors import HmsplanError
    from hmsplan.model import Address, Outcome, Plan, Report, ResourceChange, Step
    from hmsplan.output.commands import CommandLine

Event: TypeAlias = dict[str, Any]

UI: Final = "1.2"
"""Version of Terraform's format."""
_ACTIONS: Final = {
    Action.NO_OP: "noop",
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "delete",
    Action.ADOPT: "import",
    Action.FORGET: "remove",
}
_SILENT: Final = frozenset({Verb.BIND, Verb.FORGET})


def line(event: Event, timestamp: str) -> str:
    """Return *event* as one line; *timestamp* in ISO 8601, of when it happened."""
    head = {"@level": event.pop("@level", "info"), "@message": event.pop("@message"), "@module": "hmsplan.ui"}
    return json.dumps(head | {"@timestamp": timestamp} | event, separators=(",", ":"))


def version_event(tool_version: str) -> Event:
    """Return the first event, which says who speaks and in which version."""
    return {"@message": f"hmsplan {tool_version}", "type": "version", "hmsplan": tool_version, "ui": UI}


def planned(plan: Plan, commands: CommandLine = BARE) -> Iterator[Event]:
    """Yield what changed outside, what is going to happen and whom it reaches, and how much it is."""
    yield from (diagnostic(commands.completed(warning)) for warning in plan.warnings)
    yield from (
        note(f"{use.approval.address}: {use.told}") for use in plan.approvals if use.status is ApprovalStatus.USED
    )
    yield from (_drifted(drift.address, drift.drift) for drift in plan.drift if drift.address is not None)
    for change in plan.pending:
        change_: Event = {"resource": _resource(change.address), "action": _action(change)}
        if change.moved_from is not None:
            change_["previous_resource"] = _resource(change.moved_from)
        if reason := action_reason(change):
            change_["reason"] = reason.removeprefix("replace_because_")
        if change.action is Action.ADOPT:
            change_["importing"] = {"id": change.id}
        yield {"@message": headline(change), "type": "planned_change", "change": change_, "hmsplan": beyond(change)}
    counts = tally(plan)
    yield {
        "@message": plan_line(plan),
        "type": "change_summary",
        "changes": _changes(
            counts["add"], counts["change"], counts["adopt"], counts["destroy"], counts["forget"], "plan"
        ),
        "hmsplan": {"digest": plan.digest, "intent": plan.intent, "counts": counts, "reach": blast_radius_json(plan)},
    }


def _drifted(address: Address, drift: DriftKind) -> Event:
    gone = drift is DriftKind.GONE
    change: Event = {"resource": _resource(address), "action": "delete" if gone else "update"}
    verb = "is gone" if gone else "changed outside"
    return {"@message": f"{address}: {verb}", "type": "resource_drift", "change": change}


def _action(change: ResourceChange) -> str:
    """Name the action in Terraform's words: an import that is written to as well is an update."""
    if change.action is Action.ADOPT and is_written(change):
        return "update"
    return "move" if change.action is Action.NO_OP and change.moved_from is not None else _ACTIONS[change.action]


def _changes(add: int, change: int, adopt: int, remove: int, forget: int, operation: str) -> Event:
    counted = {"add": add, "change": change, "import": adopt, "remove": remove, "forget": forget}
    return counted | {"operation": operation}


def started(step: Step) -> Event | None:
    """Return the beginning of a step; None for one that only touches the state."""
    if step.verb in _SILENT:
        return None
    return {"@message": progress_line(step), "type": "apply_start", "hook": _hook(step)}


def running(step: Step, elapsed_s: float) -> Event | None:
    """Return that a step is still on its way."""
    if step.verb in _SILENT:
        return None
    message = f"{step.address}: still going on, {duration(elapsed_s)} elapsed"
    return {"@message": message, "type": "apply_progress", "hook": _hook(step, elapsed_s)}


def finished(outcome: Outcome, elapsed_s: float) -> Iterator[Event]:
    """Yield how a step ended, and what people should know about that."""
    step = outcome.step
    message = progress_line(step, outcome, elapsed_s)
    if outcome.status is Status.DONE:
        if step.verb not in _SILENT:
            named = {"id_key": "id", "id_value": outcome.id} if outcome.id is not None else {}
            yield {"@message": message, "type": "apply_complete", "hook": _hook(step, elapsed_s) | named}
        for note in outcome.notes:
            yield diagnostic(Diagnostic("Note", note, address=step.address, severity=Severity.WARNING))
        return
    yield {"@level": "error", "@message": message, "type": "apply_errored", "hook": _hook(step, elapsed_s)}
    words = {Status.FAILED: "Step failed", Status.UNSETTLED: "Unknown outcome"}.get(outcome.status, "Step not done")
    for complaint in outcome.complaints:
        text = f"the API says: {complaint.text}"
        yield diagnostic(Diagnostic(words, text, complaint.source, step.address, complaint.path))
    if not outcome.complaints:
        yield diagnostic(Diagnostic(words, outcome.error or message, address=step.address))


def ended(report: Report, plan: Plan) -> Event:
    """Return the end of the run with the whole report."""
    done = totals(report, plan)
    return {
        "@level": "info" if all_done(report) else "error",
        "@message": summary(report, plan),
        "type": "change_summary",
        "changes": _changes(
            done["added"], done["changed"], done["adopted"], done["destroyed"], done["forgotten"], "apply"
        ),
        "hmsplan": {"report": report_json(report, plan)},
    }


def _hook(step: Step, elapsed_s: float | None = None) -> Event:
    hook: Event = {"resource": _resource(step.address), "action": str(step.verb)}
    if elapsed_s is not None:
        hook["elapsed_seconds"] = round(elapsed_s, 3)
    half = {"other_half": step.other_half} if step.other_half else {}
    return hook | {"hmsplan": {"step": step.key, "member": step.member} | half}


def _resource(address: Address) -> Event:
    return {
        "addr": str(address),
        "module": "",
        "resource": str(address),
        "implied_provider": "hms",
        "resource_type": resource_type(address.kind),
        "resource_name": address.key,
        "resource_key": None,
    }


def note(text: str) -> Event:
    """Return something that is said about the run."""
    return {"@message": plain(text), "type": "log"}


def of_error(error: HmsplanError, commands: CommandLine = BARE) -> Iterator[Event]:
    """Yield the diagnostics of an error that ends the run."""
    yield from (diagnostic(commands.completed(found)) for found in diagnostics_of(error))


def diagnostic(found: Diagnostic) -> Event:
    """Return one problem in the manner of ``terraform validate -json``."""
    level = "warn" if found.severity is Severity.WARNING else str(found.severity)
    return {
        "@level": level,
        "@message": f"{found.severity.capitalize()}: {plain(found.summary)}",
        "type": "diagnostic",
        "diagnostic": diagnostic_json(found),
    }


def diagnostic_json(found: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as Terraform writes it; texts are as they are, for JSON holds anything."""
    place = found.source
    shown = {"rule": found.rule} if found.rule else {}
    return shown | {
        "severity": str(found.severity),
        "summary": found.summary,
        "detail": found.detail,
        "address": str(found.address) if found.address else None,
        "path": dotted(found.path) or None,
        "range": {"filename": place.file, "start": {"line": place.line, "column": place.column}} if place else None,
    }

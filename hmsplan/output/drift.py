"""What changed outside, as a report and not as a proposal. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.formats.redact import public_value, shown_field
from hmsplan.formats.terraform_json import resource_type
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, DriftKind, dotted
from hmsplan.output.commands import BARE
from hmsplan.output.fields import field_lines
from hmsplan.output.flow import flow_lines
from hmsplan.output.lines import Line, Tone, safe
from hmsplan.output.values import path_text
from hmsplan.output.words import some
from hmsplan.planner.flow import flow_in
from hmsplan.text.timestamps import for_people, iso
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Diagnostic, Drift, FieldChange, FieldPath
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.values import Look

FORMAT_VERSION: Final = "1.0"
NO_DRIFT: Final = "No drift. Every managed object is as the last apply left it, or as the stack declares it."
NOT_SETTLED: Final = "No drift was found, but not every managed object could be compared, see above."
NOTHING_KNOWN: Final = "Nothing was compared, because no earlier apply is known here."
HAPPENED: Final = {
    DriftKind.GONE: "is gone",
    DriftKind.TWIN: "has a twin",
    DriftKind.CHANGED: "was changed",
    DriftKind.UNMANAGED: "is not managed",
}
"""What is said behind the name of an object."""


Unseen: TypeAlias = "Mapping[Address, tuple[FieldPath, ...]]"
"""Address to its applied fields whose live value the API does not tell."""
Coverage: TypeAlias = "Mapping[str, tuple[int, int]]"
"""Kind to (managed objects, all objects); a kind that was not read is absent."""


def worst_first(drifts: Iterable[Drift]) -> list[Drift]:
    """Return what is gone before what is there twice, and that before what changed."""
    order = {DriftKind.GONE: 0, DriftKind.TWIN: 1}
    return sorted(drifts, key=lambda drift: order.get(drift.drift, len(order)))


def drift_line(drifts: Sequence[Drift]) -> str:
    """Return the last line of a drift report."""
    number = Counter(drift.drift for drift in drifts)
    parts = [f"{number[DriftKind.CHANGED]} changed", f"{number[DriftKind.GONE]} gone"]
    if number[DriftKind.TWIN]:
        parts.append(count(number[DriftKind.TWIN], "twin"))
    if number[DriftKind.UNMANAGED]:
        parts.append(f"{number[DriftKind.UNMANAGED]} unmanaged")
    return f"Drift: {', '.join(parts)}."


def coverage_text(coverage: Coverage, unsettled: int = 0) -> str:
    """Write ``38 of 41 objects managed (numbers 2 of 3)``: the kinds that are not managed whole are named."""
    partly = [f"{name} {have} of {total}" for name, (have, total) in sorted(coverage.items()) if have < total]
    managed, total = _sums(coverage)
    more = f", {unsettled} not settled" if unsettled else ""
    return f"{managed} of {total} objects managed{more}" + (f" ({', '.join(partly)})" if partly else "")


def _sums(coverage: Coverage) -> tuple[int, int]:
    return sum(managed for managed, _ in coverage.values()), sum(total for _, total in coverage.values())


def unseen_text(unseen: Unseen) -> str:
    """Name the applied fields that the API does not show, by their object: whether they changed is not known."""
    return "; ".join(
        f"{address} {some(path_text(KINDS[address.kind], path) for path in paths)}"
        for address, paths in sorted(unseen.items())
    )


def drift_lines(drift: Drift, look: Look, run: CommandLine = BARE) -> Iterator[Line]:
    """Yield what happened to one managed object."""
    name = str(drift.address) if drift.address is not None else f"{drift.kind} {safe(drift.id)}"
    yield Line(f"{name} {HAPPENED[drift.drift]}", "#")
    if when := between(drift):
        yield Line(f"({when})", "#", tone=Tone.QUIET)
    if drift.drift is DriftKind.GONE:
        yield Line(f'({look.kind.singular} "{safe(drift.name)}", {safe(drift.id)})', "#", tone=Tone.QUIET)
        return
    if drift.drift is DriftKind.TWIN:
        yield Line(f"it is {safe(drift.id)}; {safe(twin_text(drift))}", "#", tone=Tone.QUIET)
        advice, *commands = twin_advice(drift, run)
        yield Line(safe(advice), "#", tone=Tone.QUIET)
        yield from (Line(safe(command), whole=True) for command in commands)
        return
    fields = [shown_field(field) for field in drift.fields]
    graph = flow_in(look.kind, fields)
    if graph is not None and look.kind.flow is not None:
        yield from flow_lines(look, graph, look.kind.flow)
    for field in fields if graph is None else ():
        yield from field_lines(look, field)
    if drift.unseen:
        names = some(path_text(look.kind, path) for path in drift.unseen)
        yield Line(f"(cannot be seen: {names})", "#", tone=Tone.QUIET)


def drift_told(drift: Drift) -> str:
    """Return what happened to one managed object in one line: the fields that changed, without their values."""
    name = str(drift.address) if drift.address is not None else f"{drift.kind} {drift.id}"
    fields = some(path_text(KINDS[drift.kind], field.path) for field in drift.fields)
    return f"{name} {HAPPENED[drift.drift]}" + (f": {fields}" if fields else "")


def between(drift: Drift) -> str:
    """Say between what times it changed, and by whom it was applied last; "" where no apply is remembered."""
    if drift.applied is None or drift.since is None or drift.until is None:
        return ""
    author = drift.applied.author
    when = f"between {for_people(drift.since)} and {for_people(drift.until)}, not by an apply"
    commit = f", commit {safe(author.short_commit)}" if author.commit else ""
    return f"{when}; last applied by {safe(author.name)}, @{drift.applied.number}{commit}"


def twin_text(drift: Drift) -> str:
    """Say which object has the identity of a managed one, too; foreign text."""
    where = f", which is bound in environment {drift.environment}" if drift.environment else ", which no state binds"
    return f'{drift.other}{where}, has the {KINDS[drift.kind].identity} "{drift.name}" too'


def twin_advice(drift: Drift, run: CommandLine = BARE) -> tuple[str, ...]:
    """Say what to do about a twin: a sentence, then the commands that it ends with."""
    if drift.environment:
        return ("Give the two different names, or leave one out with exclude: in its environment.",)
    return (
        f"Delete the one that was made by mistake, in the dashboard. If that is {drift.id}, first type:",
        run.command("state", "rm", str(drift.address)),
        run.command("import", str(drift.address), drift.other),
    )


def drift_json(
    drifts: Sequence[Drift],
    coverage: Coverage,
    unseen: Unseen | None = None,
    warnings: Iterable[Diagnostic] = (),
) -> dict[str, Any]:
    """Return the same report as JSON; secrets are redacted."""
    managed, total = _sums(coverage)
    kinds = {name: {"managed": have, "total": all_} for name, (have, all_) in sorted(coverage.items())}
    return {
        "format_version": FORMAT_VERSION,
        "drift": [_drift_json(drift) for drift in drifts],
        "coverage": {"managed": managed, "total": total, "kinds": kinds},
        "unseen": {str(address): [dotted(path) for path in paths] for address, paths in sorted((unseen or {}).items())},
        "warnings": [
            {"address": str(each.address), "summary": each.summary, "detail": each.detail} for each in warnings
        ],
    }


def _drift_json(drift: Drift) -> dict[str, Any]:
    kind = KINDS[drift.kind]
    return {
        "drift": str(drift.drift),
        "address": str(drift.address) if drift.address is not None else None,
        "kind": drift.kind,
        "type": resource_type(drift.kind),
        "id": drift.id,
        "name": drift.name,
        "fields": [_field_json(kind, shown_field(field)) for field in drift.fields],
        "unseen": [dotted(path) for path in drift.unseen],
        **({"other": drift.other, "environment": drift.environment or None} if drift.other else {}),
        **_when_json(drift),
    }


def _when_json(drift: Drift) -> dict[str, Any]:
    """Return the last apply that touched it, and between what times it changed."""
    found: dict[str, Any] = {}
    if drift.applied is not None:
        head, author = drift.applied, drift.applied.author
        found["last_apply"] = {
            "number": head.number,
            "at": iso(head.at),
            "user": author.user or None,
            "commit": author.commit or None,
            "run": author.run or None,
        }
    if drift.since is not None and drift.until is not None:
        found["between"] = {"since": iso(drift.since), "until": iso(drift.until)}
    return found | ({"updated_at": iso(drift.updated)} if drift.updated is not None else {})


def _field_json(kind: Kind, field: FieldChange) -> dict[str, Any]:
    """Return one field; a side on which there is no such field has no key."""
    sides = {"applied": field.before, "live": field.after}
    values = {name: public_value(kind, field.path, value) for name, value in sides.items() if value is not MISSING}
    return {"path": list(field.path), "field": path_text(kind, field.path), **values}

"""What differs between two environments as people and programs read it. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from hmsplan.formats.redact import public_value, shown_field
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, CauseKind, FieldChange
from hmsplan.output.fields import field_lines
from hmsplan.output.lines import BLANK, Line, paint, safe, title
from hmsplan.output.values import Look, brief, path_text
from hmsplan.planner.diff import pattern_of
from hmsplan.text.escape import markdown
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Cause, Comparison, Difference, Value

FORMAT_VERSION: Final = "1.0"
_SHORT: Final = 5
_WORDS: Final = {
    CauseKind.OVERRIDE: "override",
    CauseKind.NOT_APPLIED: "not applied yet in {}",
    CauseKind.DRIFT: "changed outside in {}",
    CauseKind.EXCLUDE: "excluded in {}",
    CauseKind.FILE: "file of {}",
    CauseKind.NOT_DECLARED: "the files do not say what it should be",
}


def compare_text(found: Comparison, *, width: int, color: bool) -> str:
    """Return what differs, an object a block, what is accidental marked; the last line counts."""
    lines = [title(_title(found)), BLANK]
    for address, differences in groupby(found.differences, key=lambda each: each.address):
        look = Look(KINDS[address.kind], width)
        for each in differences:
            if not each.path:
                lines.append(Line(f"{address} is {_where(each, found)}", "#"))
            elif lines[-1] is BLANK:
                lines.append(Line(f"{address} differs", "#"))
            lines += _lines(each, look)
        lines.append(BLANK)
    lines += [title(line) for line in _unmanaged(found)]
    return paint([*lines, title(compare_line(found))], width=width, color=color)


def _unmanaged(found: Comparison) -> Iterator[str]:
    """Say in a line an environment what no stack manages there; safe to show."""
    for environment, objects in found.unmanaged.items():
        names = [safe(f"{each.kind} {each.name or each.id}") for each in objects[:_SHORT]]
        more = [f"{len(objects) - _SHORT} more"] if len(objects) > _SHORT else []
        told = ", ".join([*names, *more])
        yield f"Not managed in {safe(environment)}: {count(len(objects), 'object')} ({told})."


def _title(found: Comparison) -> str:
    what = "what is declared, and what is live" if found.is_live else "what is declared"
    return f"{safe(found.left)} -> {safe(found.right)}: {what}"


def compare_line(found: Comparison) -> str:
    """Return the last line: how much was compared, and how many differences are meant."""
    parts = [f"{found.meant} meant", *([f"{len(found.late)} not applied yet"] if found.late else [])]
    told = ", ".join([*parts, f"{len(found.accidental)} accidental"])
    return f"Compared: {count(found.objects, 'object')}, {found.alike} alike; {told}."


def _where(each: Difference, found: Comparison) -> str:
    if each.left is MISSING and each.right is MISSING:
        return "in neither"
    if MISSING not in (each.left, each.right):
        return "in both"
    return f"in {safe(found.left if each.right is MISSING else found.right)} only"


def _lines(each: Difference, look: Look) -> Iterator[Line]:
    if each.path:
        field = shown_field(FieldChange(each.path, each.left, each.right))
        if _is_count(each):
            yield Line(f"{path_text(look.kind, each.path)} = {_counts(each)}", "~")
        else:
            yield from field_lines(look, field)
    for text in _why(each):
        yield Line(text, "!" if each.is_accidental else "#", 0 if each.is_accidental else 1)


def _is_count(each: Difference) -> bool:
    members = KINDS[each.address.kind].members
    return members is not None and each.path == (members.name,)


def _counts(each: Difference) -> str:
    left, right = (_count(each, value) for value in (each.left, each.right))
    return f"{left} -> {right}" if left != right else f"{left}, not the same"


def _count(each: Difference, value: Value) -> str:
    members = KINDS[each.address.kind].members
    return "(not declared)" if members is None or value is MISSING else count(value, members.singular)


def _why(each: Difference) -> list[str]:
    """Say in a line each why it differs; safe to show."""
    head = "meant: " if each.is_meant else "" if each.is_late else "accidental: "
    return [f"{head}{_cause(cause)}" for cause in each.causes] or [f"{head}the files say the same in both"]


def _cause(cause: Cause) -> str:
    if cause.kind is CauseKind.VARIABLE:
        text = f"${{var:{cause.name}}} in {cause.environment}"
    elif cause.kind is CauseKind.COPY:
        text = f"${{{cause.name}}}"
    elif cause.kind is CauseKind.NOT_APPLIED and not cause.environment:
        text = "not applied yet in either"
    else:
        text = _WORDS[cause.kind].format(cause.environment)
    place = f", {cause.source.file}:{cause.source.line}" if cause.source is not None else ""
    return safe(f"{text}{place}")


def compare_markdown(found: Comparison) -> str:
    """Return the same as a table, what is accidental first."""
    left, right = markdown(found.left), markdown(found.right)
    rows = [f"**{markdown(compare_line(found))}**", ""]
    if found.differences:
        rows += [f"| | object | field | {left} | {right} | why |", "|---|---|---|---|---|---|"]
    for each in sorted(found.differences, key=lambda each: (each.is_meant, each.is_late)):
        kind = KINDS[each.address.kind]
        field = path_text(kind, each.path) if each.path else ""
        cells = [str(each.address), field, *_cells(each), "; ".join(_why(each))]
        rows.append(f"| {'⚠' if each.is_accidental else ''} | {' | '.join(map(markdown, cells))} |")
    rows += [f"\n{markdown(line)}" for line in _unmanaged(found)]
    return "\n".join(rows) + "\n"


def _cells(each: Difference) -> list[str]:
    if not each.path:
        return ["" if value is MISSING else "there" for value in (each.left, each.right)]
    if _is_count(each):
        return [_count(each, value) for value in (each.left, each.right)]
    kind = KINDS[each.address.kind]
    field = shown_field(FieldChange(each.path, each.left, each.right))
    return [brief(Look(kind), value, pattern_of(kind, each.path)) for value in (field.before, field.after)]


def compare_json(found: Comparison) -> dict[str, Any]:
    """Return the same for a program; a secret is "(sensitive value)"."""
    return {
        "format_version": FORMAT_VERSION,
        "left": found.left,
        "right": found.right,
        "live": found.is_live,
        "objects": found.objects,
        "alike": found.alike,
        "meant": found.meant,
        "not_applied": len(found.late),
        "accidental": len(found.accidental),
        "differences": [_difference_json(each) for each in found.differences],
        "unmanaged": {
            environment: [{"kind": each.kind, "id": each.id, "name": each.name or None} for each in objects]
            for environment, objects in found.unmanaged.items()
        },
    }


def _difference_json(each: Difference) -> dict[str, Any]:
    kind = KINDS[each.address.kind]
    field = shown_field(FieldChange(each.path, each.left, each.right))
    sides = {"left": field.before, "right": field.after}
    if each.path:
        values = {name: public_value(kind, each.path, value) for name, value in sides.items() if value is not MISSING}
    else:
        values = {name: value is not MISSING for name, value in sides.items()}
    return {
        "address": str(each.address),
        "path": list(each.path),
        "field": path_text(kind, each.path) if each.path else None,
        "meant": each.is_meant,
        "not_applied": each.is_late,
        "live": each.is_live,
        **values,
        "causes": [_cause_json(cause) for cause in each.causes],
    }


def _cause_json(cause: Cause) -> dict[str, Any]:
    source = cause.source
    return {
        "cause": str(cause.kind),
        "environment": cause.environment or None,
        "name": cause.name or None,
        "filename": source.file if source is not None else None,
        "line": source.line if source is not None else None,
    }

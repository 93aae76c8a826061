"""Field changes as lines: ``~ llm_config.model = "gpt-5.4" -> "gpt-5.4-mini"``. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from hmsplan.formats.redact import SENSITIVE
from hmsplan.model import ANY, MISSING, Ref, Secret
from hmsplan.output.inside import aligned, inside
from hmsplan.output.lines import INDENT, Line, Tone, columns, safe
from hmsplan.output.prose.drawing import LONG, compared, is_long
from hmsplan.output.values import brief, inline, path_text, quoted, remark, value_lines
from hmsplan.planner.diff import pattern_of
from hmsplan.text.escape import apart
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.model import FieldChange, Pattern, Value
    from hmsplan.output.values import Look

_MOST_SHOWN: Final = 2_000
_FORCES: Final = ("forces replacement",)


def field_lines(look: Look, change: FieldChange, *, forces: bool = False, depth: int = 0) -> Iterator[Line]:
    """Yield one changed field of an object that exists; *forces*: it is a reason to replace the object."""
    pat = pattern_of(look.kind, change.path)
    head = path_text(look.kind, change.path)
    notes = _FORCES if forces else ()
    before, after = change.before, change.after
    if isinstance(after, Secret) or look.kind.is_secret(pat):
        yield _secret_line(head, before, after, notes, depth)
    elif after is MISSING:
        yield Line(f"{head} = {brief(look, before, pat)}", "-", depth, notes=(*notes, *remark(look, before, pat)))
    elif before is MISSING:
        yield from value_lines(look, f"{head} = ", after, pat, "+", depth, notes=notes)
    elif pat in look.kind.atomic and _is_nest(before) and _is_nest(after):
        yield Line(f"{head} = (JSON, sent whole)", "~", depth, notes=notes)
        yield from _inside_lines(look, before, after, pat, depth)
    elif isinstance(before, str) and isinstance(after, str) and (is_long(before) or is_long(after)):
        summary, lines = compared(before, after, depth, look.width, look.tools)
        yield Line(f"{head} = ({summary})", "~", depth, notes=notes)
        yield from lines
    elif isinstance(before, list) and isinstance(after, list):
        yield Line(f"{head} = [", "~", depth, notes=notes)
        yield from _list_lines(look, before, after, pat, depth + 1)
        yield Line("]", "", depth)
    else:
        yield from _scalar_lines(look, head, before, after, pat, notes, depth)


def _is_nest(value: Value) -> bool:
    return isinstance(value, Mapping | list)


def _secret_line(head: str, before: Value, after: Value, notes: tuple[str, ...], depth: int) -> Line:
    """Say that a secret is sent and why, as far as that can be known."""
    if after is MISSING or after is None:
        return Line(f"{head} = {SENSITIVE}{' -> null' if after is None else ''}", "-", depth, notes=notes)
    name = safe(after.name) if isinstance(after, Secret) else ""
    mark = "+" if before is MISSING else "~"
    if not name or name == Secret.LIVE:  # only that there is one is known
        return Line(f"{head} = {SENSITIVE}", mark, depth, notes=notes)
    if not isinstance(before, Secret):
        why = f"${{secret:{name}}}, not sent before"
    elif before.name == name and before.fingerprint == getattr(after, "fingerprint", None):
        why = f"${{secret:{name}}}, sent again"
    elif before.name == name:
        why = f"new value of ${{secret:{name}}}"
    else:
        why = f"${{secret:{name}}} in place of ${{secret:{safe(before.name)}}}"
    return Line(f"{head} = {SENSITIVE}", mark, depth, notes=(*notes, why))


def _scalar_lines(
    look: Look, head: str, before: Value, after: Value, pat: Pattern, notes: tuple[str, ...], depth: int
) -> Iterator[Line]:
    """Yield both values on one line, or below each other when they do not fit or one of them is a block."""
    old, new = brief(look, before, pat), inline(look, after, pat)
    if new is None:
        yield from value_lines(look, f"{head} = {old} -> ", after, pat, "~", depth, notes=notes)
        return
    was, will = remark(look, before, pat), remark(look, after, pat)
    old, new = apart(old, new)
    if isinstance(after, Ref) and was == will:
        was, will = (), (f"the new {after.address}",)
    line = f"{head} = {old} -> {new}"
    if columns(line) + INDENT * (depth + 1) <= look.width and not (was and will):
        yield Line(line, "~", depth, notes=(*notes, *(f"was {name}" for name in was), *will))
        return
    yield from _below(f"{head} =", old, "~", depth, look.width, was)
    yield Line(f"-> {new}", "", depth + 1, notes=(*notes, *will))


def _list_lines(look: Look, before: list[Any], after: list[Any], pat: Pattern, depth: int) -> Iterator[Line]:
    """Yield the items that come and go, in the order of the list, and a count of the others."""
    item_pat = (*pat, ANY)
    kept = 0
    for tag, old_from, old_to, new_from, new_to in aligned(before, after):
        if tag == "equal":
            kept += old_to - old_from
            continue
        for item in before[old_from:old_to]:
            yield Line(f"{brief(look, item, item_pat)},", "-", depth)
        for item in after[new_from:new_to]:
            yield from value_lines(look, "", item, item_pat, "+", depth, ",")
    if kept:
        yield Line(f"({count(kept, 'unchanged item')} hidden)", "#", depth, Tone.QUIET)


def _inside_lines(look: Look, before: Value, after: Value, pat: Pattern, depth: int) -> Iterator[Line]:
    """Yield the places inside a value that is compared and sent whole."""
    for mark, place, old, new, member in inside(before, after):
        if mark != "~" and mark:
            head = f"{place}: " if member else f"{place} = "
            value = new if mark == "+" else old
            if len(json.dumps(value)) > _MOST_SHOWN:
                yield Line(f"{head}{_json(value)}", mark, depth + 1)
            else:
                yield from value_lines(look, head, value, pat, mark, depth + 1)
        elif not mark:
            yield Line(f"{place} = (the same {count(len(new), 'item')} in another order)", "~", depth + 1)
        elif isinstance(old, str) and isinstance(new, str) and (is_long(old) or is_long(new)):
            summary, lines = compared(old, new, depth + 1, look.width)
            yield Line(f"{place} = ({summary})", mark, depth + 1)
            yield from lines
        else:
            one, other = apart(_json(old), _json(new))
            line = f"{place} = {one} -> {other}"
            if columns(line) + INDENT * (depth + 2) <= look.width:
                yield Line(line, mark, depth + 1)
            else:
                yield from _below(f"{place} =", one, mark, depth + 1, look.width)
                yield Line(f"-> {other}", "", depth + 2)


def _below(head: str, old: str, mark: str, depth: int, width: int, notes: tuple[str, ...] = ()) -> Iterator[Line]:
    """Yield the old value behind *head*, or below it when it does not fit, and so above the new one."""
    if columns(f"{head} {old}") + INDENT * (depth + 1) <= width:
        yield Line(f"{head} {old}", mark, depth, notes=notes)
        return
    yield Line(head, mark, depth, notes=notes)
    yield Line(old, "", depth + 1)


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{…}} ({count(len(value), 'field')})" if value else "{}"
    if isinstance(value, list):
        text = json.dumps(value, ensure_ascii=False)
        return quoted(text)[1:-1].replace('\\"', '"') if len(text) <= LONG else f"[…] ({count(len(value), 'item')})"
    return quoted(value) if isinstance(value, str) else json.dumps(value)

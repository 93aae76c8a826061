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
from hmsplan.output.prose.parts import first_changed_line
from hmsplan.output.values import brief, inline, path_text, quoted, remark, value_lines
from hmsplan.planner.diff import pattern_of
from hmsplan.text.escape import apart
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.model import FieldChange, Pattern, Value
    from hmsplan.output.values import Look

_MOST_SHOWN: Final = 2_000
_FORCES: Final = ("forces replacement",)


def field_lines(look: Look, change: FieldChange, *, forces: bool = False) -> Iterator[Line]:
    """Yield one changed field of an object that exists; *forces*: it is a reason to replace the object."""
    pat = pattern_of(look.kind, change.path)
    head = path_text(look.kind, change.path)
    notes = _FORCES if forces else ()
    before, after = change.before, change.after
    if isinstance(after, Secret) or look.kind.is_secret(pat):
        yield _secret_line(head, before, after, notes)
    elif after is MISSING:
        yield Line(f"{head} = {brief(look, before, pat)}", "-", notes=(*notes, *remark(look, before, pat)))
    elif before is MISSING:
        yield from value_lines(look, f"{head} = ", after, pat, "+", 0, notes=notes)
    elif isinstance(after, str) and before == after:  # but for what is hidden of both
        yield Line(f"{head} = {brief(look, after, pat)}", "~", notes=(*notes, "another value where it is hidden"))
    elif pat in look.kind.atomic and _is_nest(before) and _is_nest(after):
        yield Line(f"{head} = (JSON, sent whole)", "~", notes=notes)
        yield from _inside_lines(look, before, after, pat)
    elif isinstance(before, str) and isinstance(after, str) and (is_long(before) or is_long(after)):
        summary, lines = compared(before, after, 0, look.width, look.tools)
        place = look.place(change.path, first_changed_line(before, after))
        yield Line(f"{head} = ({summary})", "~", notes=(*notes, place) if place else notes)
        yield from lines
    elif isinstance(before, list) and isinstance(after, list):
        yield Line(f"{head} = [", "~", notes=notes)
        yield from _list_lines(look, before, after, pat)
        yield Line("]")
    else:
        yield from _scalar_lines(look, head, before, after, pat, notes)


def _is_nest(value: Value) -> bool:
    return isinstance(value, Mapping | list)


def _secret_line(head: str, before: Value, after: Value, notes: tuple[str, ...]) -> Line:
    """Say that a secret is sent and why, as far as that can be known."""
    if after is MISSING or after is None:
        return Line(f"{head} = {SENSITIVE}{' -> null' if after is None else ''}", "-", notes=notes)
    name = safe(after.name) if isinstance(after, Secret) else ""
    mark = "+" if before is MISSING else "~"
    if not name or name == Secret.LIVE:  # only that there is one is known
        return Line(f"{head} = {SENSITIVE}", mark, notes=notes)
    if not isinstance(before, Secret):
        why = f"${{secret:{name}}}, not sent before"
    elif before.name == name and before.fingerprint == getattr(after, "fingerprint", None):
        why = f"${{secret:{name}}}, sent again"
    elif before.name == name:
        why = f"new value of ${{secret:{name}}}"
    else:
        why = f"${{secret:{name}}} in place of ${{secret:{safe(before.name)}}}"
    return Line(f"{head} = {SENSITIVE}", mark, notes=(*notes, why))


def _scalar_lines(
    look: Look, head: str, before: Value, after: Value, pat: Pattern, notes: tuple[str, ...]
) -> Iterator[Line]:
    """Yield both values, with what they mean beside them; the new one may be a block."""
    old, new = brief(look, before, pat), inline(look, after, pat)
    if new is None:
        yield from value_lines(look, f"{head} = {old} -> ", after, pat, "~", 0, notes=notes)
        return
    was, will = remark(look, before, pat), remark(look, after, pat)
    if isinstance(after, Ref) and was == will:
        was, will = (), (f"the new {after.address}",)
    yield from _both(look, head, old, new, 0, was, will, notes)


def _both(
    look: Look,
    head: str,
    before: str,
    after: str,
    depth: int,
    was: tuple[str, ...] = (),
    will: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Iterator[Line]:
    """Yield two values on one line, or below each other when they do not fit or both have a remark."""
    old, new = apart(before, after)
    room = look.width - INDENT * (depth + 1)
    line = f"{head} = {old} -> {new}"
    if columns(line) <= room and not (was and will):
        yield Line(line, "~", depth, notes=(*notes, *(f"was {name}" for name in was), *will))
        return
    if columns(f"{head} = {old}") <= room:
        yield Line(f"{head} = {old}", "~", depth, notes=was)
    else:
        yield Line(f"{head} =", "~", depth, notes=was)
        yield Line(old, "", depth + 1)
    yield Line(f"-> {new}", "", depth + 1, notes=(*notes, *will))


def _list_lines(look: Look, before: list[Any], after: list[Any], pat: Pattern) -> Iterator[Line]:
    """Yield the items that come and go, in the order of the list, and a count of the others."""
    item_pat = (*pat, ANY)
    kept = 0
    for tag, old_from, old_to, new_from, new_to in aligned(before, after):
        if tag == "equal":
            kept += old_to - old_from
            continue
        for item in before[old_from:old_to]:
            yield Line(f"{brief(look, item, item_pat)},", "-", 1)
        for item in after[new_from:new_to]:
            yield from value_lines(look, "", item, item_pat, "+", 1, ",")
    if kept:
        yield Line(f"({count(kept, 'unchanged item')} hidden)", "#", 1, Tone.QUIET)


def _inside_lines(look: Look, before: Value, after: Value, pat: Pattern) -> Iterator[Line]:
    """Yield the places inside a value that is compared and sent whole."""
    for mark, place, old, new, member in inside(before, after):
        if mark != "~" and mark:
            head = f"{place}: " if member else f"{place} = "
            value = new if mark == "+" else old
            if len(json.dumps(value)) > _MOST_SHOWN:
                yield Line(f"{head}{_json(value)}", mark, 1)
            else:
                yield from value_lines(look, head, value, pat, mark, 1)
        elif not mark:
            yield Line(f"{place} = (the same {count(len(new), 'item')} in another order)", "~", 1)
        elif isinstance(old, str) and isinstance(new, str) and (is_long(old) or is_long(new)):
            summary, lines = compared(old, new, 1, look.width)
            yield Line(f"{place} = ({summary})", mark, 1)
            yield from lines
        else:
            yield from _both(look, place, _json(old), _json(new), 1)


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{…}} ({count(len(value), 'field')})" if value else "{}"
    if isinstance(value, list):
        text = json.dumps(value, ensure_ascii=False)
        return quoted(text)[1:-1].replace('\\"', '"') if len(text) <= LONG else f"[…] ({count(len(value), 'item')})"
    return quoted(value) if isinstance(value, str) else json.dumps(value)

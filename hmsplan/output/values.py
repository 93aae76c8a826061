"""Values and paths as lines: quoted, nested, with what an id means beside it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hmsplan.formats.redact import SENSITIVE, UNKNOWN
from hmsplan.model import ANY, EMPTY, MISSING, Pattern, Ref, Secret, Unsendable
from hmsplan.output.lines import INDENT, Line, columns, safe
from hmsplan.output.prose.drawing import excerpt, is_long, size
from hmsplan.planner.diff import pattern_of
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldPath, SourceLine, Value

Locate: TypeAlias = "Callable[[Address, FieldPath, int], SourceLine | None]"
"""Where a field is declared, see ``model.Locate``; None when it is not declared."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_HALF: Final = re.compile(r"\\(\\u[dD][89a-fA-F][0-9a-fA-F]{2})")
"""An escape in an ``Unsendable``, escaped once more."""
_SHORT_LIST: Final = 50
_WIDEST_KEY: Final = 28
_TEXT_LINES: Final = 12
"""So many lines of a new long text are shown."""


def unknown_tools() -> frozenset[str] | None:
    """Return None: which tools there are is not known."""
    return None


def nowhere(_path: FieldPath, _line: int) -> str:
    """Return "": where a text stands is unknown."""
    return ""


def no_template(_pattern: Pattern, _value: Mapping[str, Any]) -> None:
    """Return None: the block is written out."""


def place_in(locate: Locate, address: Address) -> Callable[[FieldPath, int], str]:
    """Return what names the place of a text of *address*, where that has a file of its own; safe to show."""

    def place(path: FieldPath, line: int) -> str:
        own, named = locate(address, path, line), locate(address, path, 0)
        if own is None or named is None or own.file == named.file:
            return ""
        return safe(f"{own.file}:{own.line}")

    return place


@dataclass(frozen=True, slots=True)
class Look:
    """How the values of one kind are shown.

    Attributes:
        width: columns there are; what does not fit beside its name gets lines of its own.
        names: id to the address it belongs to.
        tools: returns the names that a prompt may mention, see ``tools_of``.
        place: returns the file and line of a text in a file of its own, "" for one that is not known; see ``place_in``.
        template: returns the template that a block is a copy of; None for a block of its own.
    """

    kind: Kind
    width: int = 80
    names: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    tools: Callable[[], frozenset[str] | None] = unknown_tools
    place: Callable[[FieldPath, int], str] = nowhere
    template: Callable[[Pattern, Mapping[str, Any]], Address | None] = no_template


def tools_of(*specs: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the names of an assistant's tools and of their parameters, from the first of *specs* that lists any.

    None = no assistant.
    """
    blocks = [block for spec in specs if isinstance(block := spec.get("llm_config"), Mapping)]
    tools: list[Any] = next((block["tools"] for block in blocks if isinstance(block.get("tools"), list)), [])
    return frozenset(_keys_and_names(tools)) if blocks else None


def _keys_and_names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (str(value[key]) for key in ("name", "type") if isinstance(value.get(key), str))
        for key, item in value.items():
            yield key
            yield from _keys_and_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys_and_names(item)


def path_text(kind: Kind | None, path: FieldPath) -> str:
    """Write a path as people do: ``llm_config.tools["lookup"].description``; safe to show.

    *kind* knows which keys are names that people gave; None = of a value that no kind describes.
    """
    text = ""
    pat: Pattern = ()
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _NAME.fullmatch(part) or (kind is not None and pat in kind.keyed):
            text += f"[{quoted(part)}]"
        else:
            text += f".{part}" if text else part
        pat = pattern_of(kind, (*pat, part)) if kind is not None else ()
    return text


def quoted(text: str) -> str:
    """Return *text* between double quotes, escaped as in JSON; safe to show."""
    shown = json.dumps(text, ensure_ascii=False)
    return safe(_HALF.sub(r"\1", shown) if isinstance(text, Unsendable) else shown)


def inline(look: Look, value: Value, pat: Pattern) -> str | None:
    """Return *value* as it stands on one line, or None when it needs several."""
    if isinstance(value, Secret) or (look.kind.is_secret(pat) and value is not None and value is not MISSING):
        return SENSITIVE
    if isinstance(value, str):
        return None if is_long(value) else quoted(value)
    if isinstance(value, list | tuple):
        return _short_list(look, value, pat)
    if isinstance(value, Mapping):
        return None if value else "{}"
    return UNKNOWN if isinstance(value, Ref) else "(not set)" if value is MISSING else json.dumps(value, default=repr)


def _short_list(look: Look, items: list[Any] | tuple[Any, ...], pat: Pattern) -> str | None:
    if any(isinstance(item, Mapping | list | tuple) for item in items):
        return None
    parts = [inline(look, item, (*pat, ANY)) for item in items]
    text = f"[{', '.join(part or '' for part in parts)}]"
    return text if None not in parts and columns(text) <= _SHORT_LIST else None


def brief(look: Look, value: Value, pat: Pattern) -> str:
    """Return *value* on one line at any price; what is not shown is counted."""
    text = inline(look, value, pat)
    if text is not None:
        return text
    if isinstance(value, str):
        return f"({size(value)})"
    return (
        f"{{…}} ({count(len(value), 'field')})" if isinstance(value, Mapping) else f"[…] ({count(len(value), 'item')})"
    )


def remark(look: Look, value: Value, pat: Pattern) -> tuple[str, ...]:
    """Return what people want to know beside a value; mostly nothing."""
    if isinstance(value, Ref):
        return (str(value.address),)
    if isinstance(value, str) and pat in look.kind.refs and value in look.names:
        return (look.names[value],)
    if isinstance(value, Secret) and value.name != Secret.LIVE:
        return (f"${{secret:{safe(value.name)}}}",)
    return ()


def value_lines(
    look: Look, head: str, value: Value, pat: Pattern, mark: str, depth: int, end: str = "", notes: tuple[str, ...] = ()
) -> Iterator[Line]:
    """Yield *value* after *head* (``name = ``, or nothing for an item of a list), nested blocks indented.

    *end* is a comma behind an item of a list.
    """
    text = inline(look, value, pat)
    room = look.width - INDENT * (depth + 1) - columns(head) - columns(end)
    if text is not None and not (columns(text) > room and isinstance(value, str | list) and value):
        yield Line(f"{head}{text}{end}", mark, depth, notes=(*notes, *remark(look, value, pat)))
    elif isinstance(value, str):
        yield Line(f"{head}({size(value)}){end}", mark, depth, notes=notes)
        yield from excerpt(value, _TEXT_LINES, mark, depth)
    elif isinstance(value, Mapping) and (template := look.template(pat, value)) is not None:
        yield Line(f"{head}{brief(look, value, pat)}{end}", mark, depth, notes=(*notes, str(template)))
    elif isinstance(value, Mapping):
        yield Line(f"{head}{{", mark, depth, notes=notes)
        yield from _pairs(look, value, pat, mark, depth + 1)
        yield Line(f"}}{end}", "", depth)
    else:
        yield Line(f"{head}[", mark, depth, notes=notes)
        for item in value:
            yield from value_lines(look, "", item, (*pat, ANY), mark, depth + 1, ",")
        yield Line(f"]{end}", "", depth)


def _pairs(look: Look, value: Mapping[str, Any], pat: Pattern, mark: str, depth: int) -> Iterator[Line]:
    for (key, item), head in zip(value.items(), heads(list(value)), strict=True):
        yield from value_lines(look, head, item, (*pat, key), mark, depth)


def heads(keys: list[str]) -> list[str]:
    """Return ``key = `` for every key, the equals signs below each other."""
    names = [key if _NAME.fullmatch(key) else quoted(key) for key in keys]
    widest = max((columns(name) for name in names if columns(name) <= _WIDEST_KEY), default=0)
    return [f"{name}{' ' * (widest - columns(name))} = " for name in names]

"""What changed inside a value that is compared and sent whole: a tool's parameters, an analysis schema. Pure.

DeepDiff explains, it decides nothing: that the value changed is known already. Only its comparison is used, never Delta
or pickle, and never on a value that is big or holds anything but JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hmsplan.model import Ref, Secret
from hmsplan.render.lines import safe
from hmsplan.render.values import quoted
from hmsplan.render.words import SENSITIVE, UNKNOWN

_MOST_NODES: Final = 4000
_KINDS: Final = {
    "dictionary_item_added": "+",
    "iterable_item_added": "+",
    "dictionary_item_removed": "-",
    "iterable_item_removed": "-",
    "values_changed": "~",
    "type_changes": "~",
}


def inside(before: Any, after: Any) -> list[tuple[str, str, Any, Any]] | None:
    """Return (mark, place, before, after) of every difference by place, or None when the value is too big."""
    if _nodes(before, _MOST_NODES) <= 0 or _nodes(after, _MOST_NODES) <= 0:
        return None
    from deepdiff import DeepDiff  # noqa: PLC0415 -- slow to import and seldom needed

    tree = DeepDiff(_bare(before), _bare(after), view="tree", ignore_order=False)
    found = []
    for name, mark in _KINDS.items():
        for item in tree.get(name, ()):
            path = item.path(output_format="list")
            found.append((mark, _place(path), item.t1, item.t2))
    return sorted(found, key=lambda entry: (entry[1], entry[0] != "-"))


def _nodes(value: Any, budget: int) -> int:
    """Return what is left of *budget* after every node of *value* has taken one; stops when there is none."""
    budget -= 1
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in items:
        if budget <= 0:
            break
        budget = _nodes(item, budget)
    return budget


def _bare(value: Any) -> Any:
    """Return *value* as plain JSON: DeepDiff looks into objects, and a secret is one."""
    if isinstance(value, Secret):
        return SENSITIVE
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _place(path: list[str | int]) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "a").isalnum() and part.isascii():
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return safe(text) or "(all of it)"

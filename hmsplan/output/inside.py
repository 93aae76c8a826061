"""What changed inside a value that is compared and sent whole: a tool's parameters, an analysis schema. Pure.

Objects are compared by key, lists by the name of their items or as sets where that is what they are. In any other list
the items that stay are found by ``difflib``, as in a list that is a field of its own. It decides nothing: that the
value changed is known already. DeepDiff had this last branch and no other, for it knows neither names nor sets of JSON
Schema and pairs objects by their place, so that one more at the front of a list changed all of them.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.formats.redact import SENSITIVE, UNKNOWN
from hmsplan.model import Ref, Secret
from hmsplan.output.values import path_text
from hmsplan.planner.diff import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.model import FieldPath

_MOST_ITEMS: Final = 4000
_NOTHING: Final = object()
_SETS: Final = frozenset({"required", "enum", "type", "examples", "dependentRequired"})
_NAMES: Final = ("name", "key", "id")


class Found(NamedTuple):
    """One difference inside a value.

    Attributes:
        mark: ``+``, ``-``, ``~``; "" where only the order differs.
        place: of the difference, safe to show.
        before: None if it is added.
        after: None if it is removed.
        member: it is one of the items of the set at *place*.
    """

    mark: str
    place: str
    before: Any
    after: Any
    member: bool = False


def inside(before: Any, after: Any) -> list[Found]:
    """Return every difference, by place; a stretch that is too big to compare is one difference as a whole."""
    found: list[Found] = []
    if not same(before, after):
        _walk(_bare(before), _bare(after), (), found)
    return sorted(found, key=lambda each: (each.place, each.mark != "-"))


def _walk(before: Any, after: Any, at: FieldPath, found: list[Found]) -> None:
    """Go down to where both sides stop being alike."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            if key not in before:
                found.append(Found("+", _place((*at, key)), None, after[key]))
            elif key not in after:
                found.append(Found("-", _place((*at, key)), before[key], None))
            elif not same(before[key], after[key]):
                _walk(before[key], after[key], (*at, key), found)
    elif isinstance(before, list) and isinstance(after, list):
        _lists(before, after, at, found)
    else:
        found.append(Found("~", _place(at), before, after))


def _lists(before: list[Any], after: list[Any], at: FieldPath, found: list[Found]) -> None:
    """Compare two lists as sets where order means nothing, by name where every item has one, else by place."""
    old, new = _named(before), _named(after)
    if old is not None and new is not None:
        size = len(found)
        _walk(old, new, at, found)
        if len(found) == size or [key for key in old if key in new] != [key for key in new if key in old]:
            found.append(Found("", _place(at), before, after))
        return
    if at and at[-1] in _SETS and _distinct(before) and _distinct(after):
        found += [Found("-", _place(at), item, None, member=True) for item in before if item not in after]
        found += [Found("+", _place(at), None, item, member=True) for item in after if item not in before]
        if set(before) == set(after):
            found.append(Found("", _place(at), before, after))
        return
    if max(len(before), len(after)) > _MOST_ITEMS:
        found.append(Found("~", _place(at), before, after))
        return
    _by_place(before, after, at, found)


def _by_place(before: list[Any], after: list[Any], at: FieldPath, found: list[Found]) -> None:
    """Compare two lists of which every item means something where it stands."""
    for tag, old_from, old_to, new_from, new_to in aligned(before, after):
        if tag == "equal":
            continue
        pairs = zip_longest(before[old_from:old_to], after[new_from:new_to], fillvalue=_NOTHING)
        for number, (old, new) in enumerate(pairs):
            if old is _NOTHING:
                found.append(Found("+", _place((*at, new_from + number)), None, new))
            elif new is _NOTHING:
                found.append(Found("-", _place((*at, old_from + number)), old, None))
            elif not same(old, new):
                _walk(old, new, (*at, new_from + number), found)


def aligned(before: Sequence[Any], after: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    """Return the stretches of two lists that are equal and those that are not, as ``difflib`` does."""
    old, new = ([json.dumps(item, sort_keys=True, default=repr) for item in items] for items in (before, after))
    return difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Return the items by their name, if each is an object that has one of its own."""
    for key in _NAMES:
        named = {item[key]: item for item in items if isinstance(item, dict) and isinstance(item.get(key), str)}
        if items and len(named) == len(items):
            return named
    return None


def _distinct(items: list[Any]) -> bool:
    """Say whether *items* are plain values, none of them twice."""
    plain = all(isinstance(item, str | int | float | None) and not isinstance(item, bool) for item in items)
    return plain and len(set(items)) == len(items)


def _bare(value: Any) -> Any:
    """Return *value* as plain JSON."""
    if isinstance(value, Secret):
        return SENSITIVE
    if isinstance(value, Ref):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _bare(item) for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _place(path: FieldPath) -> str:
    return path_text(None, path) or "(all of it)"

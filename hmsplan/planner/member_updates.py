"""Which members to add are members to remove under other variables: for a reader one member that changes. Pure.

The API can only remove a member and add it, so what is written stays two requests; see ``MembersChange.updates``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Final

from hmsplan.model import MemberUpdate
from hmsplan.text.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Members
    from hmsplan.model import RemoteObject, Spec

_MOST_PAIRS: Final = 100


def updates_of(members: Members, add: Sequence[Spec], remove: Sequence[RemoteObject]) -> tuple[MemberUpdate, ...]:
    """Pair members of *add* and *remove* of one number, as many as there are of both; in the order of *add*.

    Where a number stands there several times, those that differ least are one; no order of rows decides.
    """
    old = _by_number(members, [item.fields for item in remove])
    new = _by_number(members, add) if old else {}
    pairs: list[MemberUpdate] = []
    for number in new.keys() & old.keys():
        found = [
            MemberUpdate(coming, going, _names(members, remove[going].fields, add[coming]))
            for coming, going in _candidates(new[number], old[number])
        ]
        pairs += _closest(found) if len(found) > 1 else found
    return tuple(sorted(pairs, key=lambda update: update.add))


def _candidates(new: Sequence[int], old: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return who may be whom: all with all, unless that is too much to look at."""
    return product(new, old) if len(new) * len(old) <= _MOST_PAIRS else zip(new, old, strict=False)


def _closest(found: Sequence[MemberUpdate]) -> Iterator[MemberUpdate]:
    """Yield pairs of *found*, those with the fewest differences first, in which each member stands once."""
    coming, going = set[int](), set[int]()
    for update in sorted(found, key=lambda update: len(update.names)):
        if update.add not in coming and update.remove not in going:
            coming.add(update.add)
            going.add(update.remove)
            yield update


def _by_number(members: Members, specs: Sequence[Spec]) -> dict[object, list[int]]:
    """Return the indexes of *specs* by number, those of one number by their variables; without a number, none."""
    first = members.identity[0]
    found: defaultdict[object, list[int]] = defaultdict(list)
    for index, spec in enumerate(specs):
        if (number := spec.get(first)) is not None:
            found[members.canonical[first](number)].append(index)
    for indexes in found.values():
        if len(indexes) > 1:
            indexes.sort(key=lambda index: _order(members, specs[index]))
    return found


def _order(members: Members, spec: Spec) -> bytes:
    variables = spec.get(members.identity[-1])
    return canonical_json(variables) if isinstance(variables, Mapping) else b""


def _names(members: Members, before: Spec, after: Spec) -> tuple[str, ...]:
    old, new = (spec.get(members.identity[-1]) or {} for spec in (before, after))
    return tuple(sorted(_differing(old, new))) if isinstance(old, Mapping) and isinstance(new, Mapping) else ()


def _differing(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in old.keys() | new.keys():
        before, after = (canonical_json({name: side[name]} if name in side else {}) for side in (old, new))
        if before != after:
            yield name

"""Why members of one number go and come in the same plan: what differs between the old ones and the new ones. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Members
    from hmsplan.model import RemoteObject, Spec

_MAX_REASONS: Final = 5
_Variables: TypeAlias = Mapping[str, object]


def why_added_again(members: Members, add: Iterable[Spec], remove: Iterable[RemoteObject]) -> list[str]:
    """Return a note for each way in which members of *add* differ from those of *remove* with the same number.

    Their numbers are masked and their other fields not shown, so without this both look alike. Names of variables are
    told, values are not. Of a member whose fields a snapshot does not hold nothing can be said.
    """
    old = _by_number(members, (item.fields for item in remove))
    new = _by_number(members, add)
    found = Counter[str]()
    for number in new.keys() & old.keys():
        found[_difference(old[number], new[number])] += len(new[number])
    told = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    notes = [f"{_go_and_come(members, how_many)}: {reason}" for reason, how_many in told[:_MAX_REASONS]]
    if more := sum(how_many for _, how_many in told[_MAX_REASONS:]):
        notes.append(f"{_go_and_come(members, more)}, for other reasons")
    return notes


def _by_number(members: Members, specs: Iterable[Spec]) -> dict[object, list[_Variables]]:
    first, last = members.identity[0], members.identity[-1]
    found: dict[object, list[_Variables]] = defaultdict(list)
    for spec in specs:
        number, variables = spec.get(first), spec.get(last) or {}
        if number is not None and isinstance(variables, Mapping):
            found[members.canonical[first](number)].append(variables)
    return found


def _difference(old: Sequence[_Variables], new: Sequence[_Variables]) -> str:
    before, after = ({name for each in side for name in each} for side in (old, new))
    other = {name for name in before & after if _values(old, name) != _values(new, name)}
    parts = [*_say(after - before, "is", "are", "new"), *_say(before - after, "is", "are", "gone")]
    parts += _say(other, "has", "have", "other values" if len(other) > 1 else "another value")
    return ", ".join(parts) or f"there were {len(old)} and will be {len(new)} of the same number"


def _values(side: Sequence[_Variables], name: str) -> Counter[object]:
    return Counter(repr(each.get(name)) for each in side)


def _say(names: set[str], one: str, many: str, what: str) -> Iterator[str]:
    if names:
        noun, verb = ("variable", one) if len(names) == 1 else ("variables", many)
        yield f"the {noun} {wording.listed(sorted(names))} {verb} {what}"


def _go_and_come(members: Members, how_many: int) -> str:
    return f"{wording.count(how_many, members.singular)} {'is' if how_many == 1 else 'are'} removed and added again"

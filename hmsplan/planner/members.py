"""The members of an object (the leads of a campaign): which are the same, which are ours, what happened to them. Pure.

Members form a multiset. A member is recognised by all of its identity (a phone number and its variables), a person by
the first field of it alone: who is called is the same whatever the variables say.
"""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.model import EMPTY, MEMBER_HALF, Anonymous, MembersChange, RemoteObject
from hmsplan.planner.member_reasons import why_added_again
from hmsplan.planner.member_updates import updates_of
from hmsplan.text.canonical_json import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.kinds import Members
    from hmsplan.model import SourceLine, Spec


def member_key(members: Members, spec: Spec) -> str:
    """Return what tells one member from another, canonical; equal members have equal keys."""
    return canonical_json(
        [
            members.canonical[name](spec.get(name)) if name in members.canonical else spec.get(name) or {}
            for name in members.identity
        ]
    ).decode()


def fingerprint(members: Members, spec: Spec, lineage: str) -> str:
    """Return 32 hex digits that recognise a person and a member without telling the phone number.

    They are keyed by the state's lineage. Of a member that a saved snapshot does not name it is "".
    """
    mark = spec.get(members.identity[-1])
    if isinstance(mark, Anonymous):
        return mark.fingerprint
    return number_fingerprint(members, spec, lineage) + _keyed(lineage, member_key(members, spec))


def number_fingerprint(members: Members, spec: Spec, lineage: str) -> str:
    """Return the half that is of the person: of the phone number alone, in any spelling."""
    first = members.identity[0]
    return _keyed(lineage, f"{first} {members.canonical[first](spec.get(first))}")


def _keyed(lineage: str, text: str) -> str:
    return hmac.digest(lineage.encode(), text.encode(), "sha256").hex()[:MEMBER_HALF]


def by_member(owned: Mapping[str, int]) -> Counter[str]:
    """Count remembered fingerprints by their second half, which every version wrote."""
    counted: Counter[str] = Counter()
    for mark, count in owned.items():
        counted[mark[-MEMBER_HALF:]] += count
    return counted


def merged(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    """Return the fingerprints of both, each as often as the one that has more of it."""
    known = by_member(one)
    return {**one, **{mark: count for mark, count in other.items() if count > known[mark[-MEMBER_HALF:]]}}


def carried(owned: Mapping[str, int], leaving: Mapping[str, int], coming: Mapping[str, int]) -> Mapping[str, int]:
    """Return the fingerprints that a successor remembers: those *coming*, and who was called or taken off before.

    *owned* are those that we added to the object that stood there, of which *leaving* left with it by our hand.
    """
    people = {mark[:MEMBER_HALF] for mark in coming}
    left = {mark: count - leaving.get(mark, 0) for mark, count in owned.items() if mark[:MEMBER_HALF] not in people}
    return {**{mark: count for mark, count in left.items() if count > 0}, **coming}


def is_untouched(members: Members, item: RemoteObject) -> bool:
    """Say whether nothing has happened to a member yet."""
    return bool(item.fields.get(members.untouched[0]) == members.untouched[1])


def person(members: Members, spec: Spec) -> str:
    """Return what tells one person from another: the phone number, in one spelling."""
    first = members.identity[0]
    return str(members.canonical[first](spec.get(first)))


def people(members: Members, specs: Iterable[Spec]) -> int:
    """Count the people among *specs*: one that stands there twice is one."""
    return len({person(members, spec) for spec in specs})


def compare_members(
    members: Members,
    declared: Sequence[Spec],
    live: Sequence[RemoteObject],
    owned: Mapping[str, int],
    lineage: str,
    leaving: Mapping[str, int] = EMPTY,
    sources: Sequence[SourceLine] = (),
) -> tuple[MembersChange | None, list[str]]:
    """Compare two multisets of members; progress and order take no part.

    Only a member that we added (*owned*, by fingerprint) and that nothing has happened to is removed: one that was
    called is history, and one that somebody else added is not ours. Of those *leaving*, who is gone left by our hand.
    *sources* says where each of the *declared* ones is written.
    """
    new, extra = _unmatched(members, declared, live)
    add = [declared[index] for index in new]
    remove, notes = _removable(members, extra, owned, lineage)
    if not add and not remove:
        return None, notes
    notes += why_added_again(members, add, remove)
    owned = _without_leaving(members, live, owned, leaving, lineage)
    change = _change(members, add, remove, live, owned, lineage)
    places = _places([sources[index] for index in new]) if sources else ()
    return replace(change, updates=updates_of(members, add, remove), places=places), notes


def _places(sources: Iterable[SourceLine]) -> tuple[str, ...]:
    return tuple(f"{source.file}:{source.line}" for source in sources)


def _without_leaving(
    members: Members, live: Sequence[RemoteObject], owned: Mapping[str, int], leaving: Mapping[str, int], lineage: str
) -> Mapping[str, int]:
    gone = gone_of(members, live, owned, leaving, lineage)
    return {mark: count - gone.get(mark, 0) for mark, count in owned.items()} if gone else owned


def gone_of(
    members: Members, live: Sequence[RemoteObject], owned: Mapping[str, int], leaving: Mapping[str, int], lineage: str
) -> Mapping[str, int]:
    """Count those of *leaving* who are gone."""
    if not leaving:
        return leaving
    there = Counter(fingerprint(members, item.fields, lineage)[-MEMBER_HALF:] for item in live)
    gone = {mark: min(count, owned.get(mark, 0) - there[mark[-MEMBER_HALF:]]) for mark, count in leaving.items()}
    return {mark: count for mark, count in gone.items() if count > 0}


def _unmatched(
    members: Members, declared: Sequence[Spec], live: Sequence[RemoteObject]
) -> tuple[list[int], list[RemoteObject]]:
    """Return the indexes of the declared members without a live one, and the live ones that are not declared."""
    keys = [member_key(members, spec) for spec in declared]
    missing = Counter(keys)
    extra: list[RemoteObject] = []
    for item in live:
        key = member_key(members, item.fields)
        if missing[key] > 0:
            missing[key] -= 1
        else:
            extra.append(item)
    add = []
    for index, key in enumerate(keys):
        if missing[key] > 0:
            missing[key] -= 1
            add.append(index)
    return add, extra


def _change(
    members: Members,
    add: Sequence[Spec],
    remove: Sequence[RemoteObject],
    live: Sequence[RemoteObject],
    owned: Mapping[str, int],
    lineage: str,
) -> MembersChange:
    going = {item.id for item in remove}
    here = [(_person(members, item, lineage), item) for item in live]
    waiting = {person for person, item in here if is_untouched(members, item)}
    staying = {person for person, item in here if is_untouched(members, item) and item.id not in going}
    called = {person for person, item in here if not is_untouched(members, item)}
    coming = Counter(number_fingerprint(members, spec, lineage) for spec in add)
    return MembersChange(
        add=tuple(add),
        remove=tuple(remove),
        pending=len(staying | coming.keys()),
        exposed=len(coming.keys() - waiting),
        called=len(coming.keys() & called),
        taken=len(_taken(members, add, here, going, owned, lineage) - called),
    )


def _person(members: Members, item: RemoteObject, lineage: str) -> str:
    """Return the fingerprint of the person behind a live member; one of its own where a saved snapshot hides it."""
    mark = item.fields.get(members.identity[-1])
    if not isinstance(mark, Anonymous):
        return number_fingerprint(members, item.fields, lineage)
    return mark.fingerprint[:MEMBER_HALF] or mark.called or item.id


def _taken(
    members: Members,
    add: Sequence[Spec],
    here: Sequence[tuple[str, RemoteObject]],
    going: set[str],
    owned: Mapping[str, int],
    lineage: str,
) -> set[str]:
    """Name the people to be added whom we added before, and whom a person took off the list since."""
    ours = Counter({mark[:MEMBER_HALF]: 0 for mark in owned})
    for mark, count in owned.items():
        ours[mark[:MEMBER_HALF] if len(mark) > MEMBER_HALF else ""] += count
    there = Counter(person for person, _ in here)
    leaving = Counter(person for person, item in here if item.id in going)
    old = {mark for mark in owned if len(mark) == MEMBER_HALF}
    if old:
        old -= {fingerprint(members, item.fields, lineage)[-MEMBER_HALF:] for _, item in here}
    coming: Counter[str] = Counter()
    found: set[str] = set()
    for spec in add:
        mark = fingerprint(members, spec, lineage)
        coming[mark[:MEMBER_HALF]] += 1
        if mark[MEMBER_HALF:] in old:
            found.add(mark[:MEMBER_HALF])
    return found | {who for who, count in coming.items() if ours[who] > there[who] and count > leaving[who]}


def beginning(
    members: Members,
    declared: Sequence[Spec],
    owned: Mapping[str, int],
    called: Sequence[RemoteObject],
    lineage: str,
    leaving: Mapping[str, int] = EMPTY,
    sources: Sequence[SourceLine] = (),
) -> MembersChange:
    """Return the members with which an object begins: all of them are added.

    *owned* are those that we added to the object that stood there before, and *called* what its list shows: those who
    are gone from it were taken away, or went with it. Of those *leaving*, who is gone left by our hand.
    """
    owned = _without_leaving(members, called, owned, leaving, lineage)
    count, places = people(members, declared), _places(sources)
    begun = MembersChange(add=tuple(declared), pending=count, exposed=count, places=places)
    if not owned and not called:
        return begun
    change = _change(members, declared, (), called, owned, lineage)
    return replace(begun, called=change.called, taken=change.taken)


def waiting(members: Members, live: Iterable[RemoteObject], lineage: str) -> MembersChange:
    """Return the change of an object whose members stay as they are: how many people it has still to call."""
    return MembersChange(pending=len({_person(members, item, lineage) for item in live if is_untouched(members, item)}))


def _removable(
    members: Members, extra: list[RemoteObject], owned: Mapping[str, int], lineage: str
) -> tuple[list[RemoteObject], list[str]]:
    left = by_member(owned)
    remove: list[RemoteObject] = []
    kept = 0
    for item in extra:
        mark = fingerprint(members, item.fields, lineage)[-MEMBER_HALF:]
        if left[mark] <= 0:
            continue
        left[mark] -= 1
        if is_untouched(members, item):
            remove.append(item)
        else:
            kept += 1
    subject, verb, it_is = (members.singular, "stays", "it is") if kept == 1 else (members.name, "stay", "they are")
    note = f"{kept} {subject} taken out of the stack {verb}: already called, so {it_is} history"
    return remove, [note] if kept else []


def gone_with(members: Members, parent: RemoteObject, listed: Sequence[RemoteObject] | None) -> str:
    """Say how many members go with their parent; "" when it has none. *listed* is None where they were not read."""
    total = parent.fields.get(members.total)
    if not isinstance(total, int):
        total = len(listed or ())
    if total < 1:
        return ""
    left, is_most = still_to_call(members, parent, listed)
    go = f"its {members.singular} goes" if total == 1 else f"its {total:,} {members.name} go"
    waiting = f", {'at most ' if is_most else ''}{left:,} of them still to be called" if left else ""
    return f"{go} with it{waiting}"


def still_to_call(
    members: Members, parent: RemoteObject, listed: Sequence[RemoteObject] | None
) -> tuple[int | None, bool]:
    """Return how many members were not called yet, None = unknown, and whether it may be fewer.

    The counters of the parent say it where not all were *listed*; they do not count who was skipped or is on the line.
    """
    total, *over = (parent.fields.get(name) for name in (members.total, *members.over))
    if listed is not None and not (isinstance(total, int) and len(listed) < total):
        return sum(is_untouched(members, item) for item in listed), False
    if not isinstance(total, int):
        return None, False
    return max(total - sum(count for count in over if isinstance(count, int)), 0), True

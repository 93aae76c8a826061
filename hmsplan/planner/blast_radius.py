"""Whom a change reaches, in callers' terms: active numbers, campaigns that dial, other users of a template. Pure.

The references of what is live are read backwards, from the object that changes to the numbers and campaigns people meet
it through; those that the plan itself points at it count as well. Nothing is read for it: a kind that is not in the
snapshot is not known, and ``unread`` names it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.kinds.expand import expanded
from hmsplan.kinds.identity import canonical, identity_of
from hmsplan.kinds.references import lets_go, references
from hmsplan.model import Action, Reached, is_pending, values_at
from hmsplan.planner.copies import copied_from, copying
from hmsplan.planner.members import still_to_call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, Pattern, RemoteObject, ResourceChange, Snapshot, Spec, Stack, Value

_WRITING = frozenset({Action.UPDATE, Action.REPLACE, Action.DELETE})


def writes(change: ResourceChange) -> bool:
    """Say whether *change* tells the API anything about an object that is there, or soon will be."""
    adopts = change.action is Action.ADOPT and bool(change.fields or change.members)
    return change.action in {*_WRITING, Action.CREATE} or adopts


def with_blast_radius(
    changes: tuple[ResourceChange, ...],
    stack: Stack,
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    kinds: Kinds = KINDS,
) -> tuple[ResourceChange, ...]:
    """Say on each change whom it reaches."""
    if not any(map(writes, changes)):
        return changes
    find = _Finder(changes, stack, snapshot, bindings, kinds)
    return tuple(find.told(change) if writes(change) else change for change in changes)


def unread(changes: Iterable[ResourceChange], snapshot: Snapshot, kinds: Kinds = KINDS) -> tuple[str, ...]:
    """Name the kinds that were not read and whose objects may use one that changes, in the table's order."""
    queue = list({change.address.kind for change in changes if change.id is not None and writes(change)})
    using: set[str] = set()
    while queue:
        target = queue.pop()
        users = {kind.name for kind in kinds.values() if target in kind.targets} - using
        using |= users
        queue += users
    return tuple(name for name in kinds if name in using and name not in snapshot.objects)


def users_of(
    snapshot: Snapshot, kinds: Kinds = KINDS, *, needing: bool = False
) -> dict[str | Address, list[RemoteObject]]:
    """Return id to the live objects that refer to it; with *needing*, to those that cannot be without it."""
    users: defaultdict[str | Address, list[RemoteObject]] = defaultdict(list)
    for name, objects in snapshot.objects.items():
        if kinds[name].targets:
            for live in objects.values():
                found = references(kinds[name], live.fields)
                for target in {each.target for each in found if each.is_needed or not needing}:
                    users[target].append(live)
    return dict(users)


def staying_users(
    changes: Iterable[ResourceChange], snapshot: Snapshot, kinds: Kinds = KINDS, *, needing: bool = True
) -> dict[str, list[RemoteObject]]:
    """Return, for the id of each object that goes away, the live objects that go on using it.

    With *needing*, those that cannot be without it; else also those for which the platform has a substitute.
    """
    changes = tuple(changes)
    going = {c.id for c in changes if c.action in {Action.DELETE, Action.REPLACE} and c.id is not None}
    if not going:
        return {}
    changed = {change.id: change for change in changes if is_pending(change) and change.id is not None}
    staying = {
        target: [live for live in users if not _ends_use(changed.get(live.id), target, kinds)]
        for target, users in users_of(snapshot, kinds, needing=needing).items()
        if isinstance(target, str) and target in going
    }
    return {target: users for target, users in staying.items() if users}


def _ends_use(change: ResourceChange | None, target: str, kinds: Kinds) -> bool:
    """Say whether *change* ends the use of the object *target*."""
    if change is None:
        return False
    if change.action in {Action.DELETE, Action.REPLACE}:
        return True
    return lets_go(kinds[change.address.kind], change.before, change.fields, target)


class _Finder:
    """Follows references backwards through one plan."""

    def __init__(
        self,
        changes: tuple[ResourceChange, ...],
        stack: Stack,
        snapshot: Snapshot,
        bindings: Mapping[Address, Binding],
        kinds: Kinds,
    ) -> None:
        self._kinds = kinds
        self._snapshot = snapshot
        self._bindings = bindings
        self._owner = {binding.id: address for address, binding in bindings.items()}
        self._change = {change.id: change for change in changes if change.id is not None and writes(change)}
        self._users = users_of(snapshot, kinds)
        for user, target in self._pointed():
            self._users.setdefault(target, []).append(user)
        self._via: defaultdict[Address, list[Address]] = defaultdict(list)
        for address, resource in stack.resources.items():
            for template in {template for _, template in resource.via}:
                self._via[template].append(address)
        self._copying = copying(stack)

    def _pointed(self) -> Iterator[tuple[RemoteObject, str | Address]]:
        """Yield the live objects that the plan points at another one, and which."""
        for object_id, change in self._change.items():
            live = self._snapshot.get(change.address.kind, object_id)
            if live is not None:
                for each in references(self._kinds[live.kind], change.after):
                    yield live, each.target

    def told(self, change: ResourceChange) -> ResourceChange:
        """Return *change* with whom it reaches, and a note of the copies it does not."""
        through = sorted(self._via.get(change.address, ()))
        roots: list[str | Address] = [change.address, *([change.id] if change.id is not None else [])]
        copied = copied_from(change, self._copying)
        users = {*through, *(user for found in copied.values() for user in found)}
        roots += [self._bindings[user].id for user in sorted(users) if user in self._bindings]
        reaches = (
            *(_user(address, self._bindings.get(address)) for address in through),
            *(_user(user, self._bindings.get(user), origin) for origin in copied for user in sorted(copied[origin])),
            *sorted(set(self._met(roots)), key=lambda met: (list(self._kinds).index(met.kind), met.name, met.id)),
        )
        copies = [
            f"{self._kinds[live.kind].singular} {identity_of(self._kinds[live.kind], live.fields)}"
            for live in self._copies(change)
        ]
        if not reaches and not copies:
            return change
        notes = [f"a copy of it stays as it was in {', '.join(sorted(copies))}, not managed here"] if copies else []
        return replace(change, reaches=reaches, notes=(*change.notes, *notes))

    def _met(self, roots: Iterable[str | Address]) -> Iterator[Reached]:
        """Yield the numbers and campaigns that lead to one of *roots*, or are one."""
        queue, seen = list(roots), set(roots)
        while queue:
            here = queue.pop()
            if isinstance(here, str) and (own := self._change.get(here)) is not None:
                live = self._snapshot.get(own.address.kind, here)
                if live is not None and self._is_on(live):
                    yield self._reached(live)
            for user in self._users.get(here, ()):
                if self._is_on(user):
                    yield self._reached(user)
                if user.id not in seen:
                    seen.add(user.id)
                    queue.append(user.id)

    def _is_on(self, live: RemoteObject) -> bool:
        """Say whether people meet the platform through *live*, now or as soon as the plan is applied."""
        kind, change = self._kinds[live.kind], self._change.get(live.id)
        after = change.after if change is not None else {}
        if not kind.meets_people or (live.fields.get(kind.switch) is False and after.get(kind.switch) is not True):
            return False
        dials = kind.status is None or live.fields.get(kind.status[0]) == kind.status[1]
        return dials or (change is not None and change.started)

    def _reached(self, live: RemoteObject) -> Reached:
        kind = self._kinds[live.kind]
        waiting, at_most = self._waiting(live)
        return Reached(
            live.kind, identity_of(kind, live.fields), live.id, self._owner.get(live.id), waiting, at_most=at_most
        )

    def _waiting(self, live: RemoteObject) -> tuple[int | None, bool]:
        """Return how many members of *live* have still to be dialled, and whether it may be fewer."""
        members, change = self._kinds[live.kind].members, self._change.get(live.id)
        if change is not None and change.members is not None:
            return change.members.pending, False
        if members is None:
            return None, False
        return still_to_call(members, live, self._snapshot.members.get(live.id))

    def _copies(self, change: ResourceChange) -> Iterator[RemoteObject]:
        """Yield the unmanaged objects that hold a copy of a template as it is live."""
        template = self._kinds[change.address.kind]
        copied = expanded(template, change.before)
        if not copied or copied.keys() == {"type"}:  # a built-in tool is the same everywhere
            return
        for kind in self._kinds.values():
            places = [place for place, pasted in kind.expands.items() if pasted == template.name]
            for live in self._snapshot.objects.get(kind.name, {}).values() if places else ():
                if live.id not in self._owner and any(_holds(kind, place, copied, live.fields) for place in places):
                    yield live


def _user(address: Address, binding: Binding | None, copies: str = "") -> Reached:
    found = binding.id if binding is not None else None
    return Reached(address.kind, str(address), found, address, copies=copies)


def _holds(kind: Kind, place: Pattern, copied: Spec, live: Spec) -> bool:
    part = canonical(kind, place, copied)
    return any(_within(part, canonical(kind, place, whole)) for _, whole in values_at(live, place))


def _within(part: Spec, whole: Value) -> bool:
    """Say whether *whole* has all that *part* has, down to the blocks."""
    if not isinstance(whole, dict):
        return False
    return all(
        _within(value, whole.get(key)) if isinstance(value, dict) else whole.get(key) == value
        for key, value in part.items()
    )

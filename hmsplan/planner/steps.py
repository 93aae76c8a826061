"""Lower the changes of a plan to steps: one write each, and the steps it needs. Pure.

REPLACE ends here: it becomes create the new one, let its users point at it, delete the old one. The executor knows
three verbs on the API (CREATE, UPDATE, DELETE) and two on the state (BIND, FORGET).
"""

from __future__ import annotations

import graphlib
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.kinds.references import lets_go, references
from hmsplan.model import MISSING, Action, FieldChange, Missing, Ref, ResourceChange, Step, Verb, leaves
from hmsplan.planner.copies import in_order
from hmsplan.planner.last_applied import record, unsent
from hmsplan.planner.members import member_key, person
from hmsplan.planner.request_body import unknown, without
from hmsplan.planner.resource_diff import acts, is_final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind, Kinds, Members
    from hmsplan.model import Address, MembersChange, Resource, Spec, Stack, State, Value
    from hmsplan.planner.matching import Identities


def lower(
    changes: Sequence[ResourceChange],
    stack: Stack,
    found: Identities,
    state: State,
    holders: Mapping[Address, Address],
    kinds: Kinds = KINDS,
) -> tuple[Step, ...]:
    """Return every step of *changes*, each after the steps it needs.

    *holders* says whose delete a create has to wait for (``ordering.identity_needs``).
    """
    steps: list[Step] = []
    for change in changes:
        steps += _steps(change, stack.resources.get(change.address), found, state, kinds)
    steps = _after_settling(steps, found)
    links = _Links(steps, _user_steps(changes, steps, kinds), stack, kinds)
    linked = [_linked(step, links, stack.resources.get(step.address), kinds[step.address.kind]) for step in steps]
    linked = _after_holders(linked, holders, links) if holders else linked
    linked = _after_removals(linked, stack, kinds)
    linked = in_order(linked, changes, stack, kinds)
    by_key = {step.key: step for step in linked}
    order = graphlib.TopologicalSorter({step.key: sorted(step.needs) for step in linked}).static_order()
    return tuple(by_key[key] for key in order)


class _Links:
    """Keys of the steps on objects, members apart, that others may have to wait for.

    Attributes:
        creates: address to the step that makes its object.
        writes: address to the steps that make its object as declared: its create, what follows it, its update.
        deletes: address to the steps that delete an object of it.
        ends: kind to the steps that delete an object of it.
        users: id to the steps after which nothing that changes refers to it any more.
        named: (kind, identity) to the address of what others may use under its name (``Kind.uses``).
    """

    def __init__(self, steps: Iterable[Step], users: Mapping[str, set[str]], stack: Stack, kinds: Kinds) -> None:
        self.creates: defaultdict[Address, set[str]] = defaultdict(set)
        self.writes: defaultdict[Address, set[str]] = defaultdict(set)
        self.deletes: defaultdict[Address, set[str]] = defaultdict(set)
        self.ends: defaultdict[str, set[str]] = defaultdict(set)
        self.users = users
        used = {use.kind for kind in kinds.values() for use in kind.uses.values()}
        self.named = {
            (address.kind, identity_of(kinds[address.kind], resource.spec)): address
            for address, resource in stack.resources.items()
            if address.kind in used
        }
        for step in steps:
            if not step.member:
                self._add(step)

    def _add(self, step: Step) -> None:
        match step.verb:
            case Verb.CREATE:
                self.creates[step.address].add(step.key)
                self.writes[step.address].add(step.key)
            case Verb.UPDATE if not step.rests:
                self.writes[step.address].add(step.key)
            case Verb.DELETE:
                self.deletes[step.address].add(step.key)
                self.ends[step.address.kind].add(step.key)


def _after_holders(steps: list[Step], holders: Mapping[Address, Address], links: _Links) -> list[Step]:
    """Let each create wait for the delete of the object that has its identity; of its own, the old one goes first."""
    ordered = []
    for step in steps:
        holder = holders.get(step.address)
        if holder is not None and step.verb is Verb.CREATE and not step.member:
            left = None if holder == step.address else step.deposes  # its own is gone by then
            ordered.append(replace(step, needs=step.needs | links.deletes[holder], deposes=left))
        elif holder == step.address and step.deposes is not None:
            ordered.append(replace(step, needs=step.needs - links.writes[step.address]))
        else:
            ordered.append(step)
    return ordered


def _after_removals(steps: list[Step], stack: Stack, kinds: Kinds) -> list[Step]:
    """Let a person be called from one list only: who moves to another one leaves the first before.

    Adding a member, and starting what has it, waits for its removal anywhere else. A person who was called meanwhile
    stays there, which fails the removal and blocks what waits for it.
    """
    removals: defaultdict[str, set[str]] = defaultdict(set)
    for step in steps:
        if (members := kinds[step.address.kind].members) and step.member and step.verb is Verb.DELETE:
            removals[person(members, step.spec)].add(step.key)
    if not removals:
        return steps
    ordered = []
    for step in steps:
        found = {key for who in _exposed_by(step, stack, kinds) for key in removals.get(who, ())}
        ordered.append(replace(step, needs=step.needs | found) if found - step.needs else step)
    return ordered


def _exposed_by(step: Step, stack: Stack, kinds: Kinds) -> Iterator[str]:
    """Yield the people whom *step* lets the platform call."""
    members, resource = kinds[step.address.kind].members, stack.resources.get(step.address)
    if members is None:
        return
    if step.member and step.verb is Verb.CREATE:
        yield person(members, step.spec)
    elif step.starts and resource is not None:
        yield from (person(members, spec) for spec in resource.members or ())


def _after_settling(steps: list[Step], found: Identities) -> list[Step]:
    """Bind what earlier runs made, found again, before anything else happens to their addresses."""
    riding = {step.address: step.members for step in steps if step.verb is Verb.BIND}
    firsts = [
        Step(
            f"{address}:settle",
            Verb.BIND,
            address,
            found.bindings[address].id,
            records=intent.applied,
            members=riding.get(address),
            protected=intent.protected,
            deposes=intent.deposes,
            settles=intent.step,
        )
        for address, intent in found.answered.items()
    ]
    firsts += [
        Step(f"{intent.step}:settle", Verb.BIND, intent.address, live.id, live.fields, member=True, settles=intent.step)
        for intent, live in found.counted
    ]
    before: defaultdict[Address, set[str]] = defaultdict(set)
    for step in firsts:
        before[step.address].add(step.key)
    return [*firsts, *(replace(s, needs=s.needs | before[s.address]) if s.address in before else s for s in steps)]


def _steps(
    change: ResourceChange, resource: Resource | None, found: Identities, state: State, kinds: Kinds
) -> Iterator[Step]:
    kind = kinds[change.address.kind]
    match change.action:
        case Action.CREATE if resource is not None:
            yield from _creation(kind, change, resource, tuple(_moving(change, resource, found)))
        case Action.REPLACE if resource is not None and kind.status is not None:
            end = tuple(_ending(kind, change, "-old", deposes=change.id, succeeded=True))
            yield from _creation(kind, change, resource, (*_moving(change, resource, found), *end))
        case Action.REPLACE if resource is not None:
            yield from _creation(kind, change, resource, tuple(_moving(change, resource, found)))
            yield from _ending(kind, change, "-old", deposes=change.id)
        case Action.UPDATE | Action.ADOPT | Action.NO_OP if resource is not None:
            yield from _in_place(kind, change, resource, found, state)
        case Action.DELETE if change.deposed:
            yield from _ending(kind, change, f"-{change.id}", deposes=change.id)
        case Action.DELETE:
            yield from _ending(kind, change, "")
        case Action.FORGET if change.deposed:
            yield Step(
                f"{change.address}:forget-{change.id}", Verb.FORGET, change.address, change.id, deposes=change.id
            )
        case Action.FORGET:
            yield Step(f"{change.address}:forget", Verb.FORGET, change.address, change.id)


def _ending(
    kind: Kind, change: ResourceChange, suffix: str, deposes: str | None = None, *, succeeded: bool = False
) -> Iterator[Step]:
    """DELETE, after the platform was told to stop acting: what still dials may refuse to go, and goes on dialling.

    Where the object is *succeeded* by another, both rest on the status that was planned from: to stop the old one
    meanwhile is to stop the new one.
    """
    key = f"{change.address}:delete{suffix}"
    end = Step(key, Verb.DELETE, change.address, change.id, deposes=deposes)
    if kind.status is None:
        yield end
        return
    field, _ = kind.status
    if not acts(kind, change.before):
        yield replace(end, expects=_unmoved(field, change.before.get(field, MISSING))) if succeeded else end
        return
    rest = Step(
        f"{change.address}:pause{suffix}",
        Verb.UPDATE,
        change.address,
        change.id,
        spec={field: kind.resting},
        expects=_unmoved(field, change.before[field]) if succeeded else (),
        rests=True,
        deposes=deposes,
    )
    yield rest
    yield replace(end, expects=_unmoved(field, kind.resting) if succeeded else (), needs=frozenset({rest.key}))


def _unmoved(field: str, value: Value | Missing) -> tuple[FieldChange, ...]:
    return (FieldChange((field,), value, value),)


def _moving(change: ResourceChange, resource: Resource, found: Identities) -> Iterator[Step]:
    """Clear the old address of a moved object before the new one gets another object."""
    if change.moved_from is None:
        return
    if change.id is None:
        gone = found.bindings[change.address].id
        yield Step(f"{change.moved_from}:forget", Verb.FORGET, change.moved_from, gone)
    else:
        protected = resource.lifecycle.prevent_destroy
        key = f"{change.address}:bind"
        yield Step(key, Verb.BIND, change.address, change.id, protected=protected, moved_from=change.moved_from)


def _creation(kind: Kind, change: ResourceChange, resource: Resource, before: Sequence[Step] = ()) -> Iterator[Step]:
    """POST what a create takes, add the members that do not fit in it, then PATCH the rest; all of it after *before*.

    What acts by itself is deleted before its successor is made, so that whatever happens to the old one until then
    counts for the new one; anything else is deposed, and deleted once its users point at the new one.
    Null is no word of a create ("AssistantCreate"): a field declared null is cleared by the same step if the platform
    filled it in. A campaign starts as draft, and is scheduled when its leads are complete.
    """
    address, spec = change.address, change.after
    ignored = resource.lifecycle.ignore_changes
    later = {
        key: value
        for key, value in spec.items()
        if key in kind.after_create and value is not None and not _is_initial(kind, key, value)
    }
    body = {key: value for key, value in spec.items() if key not in kind.after_create and value is not None}
    nulls = tuple(sorted(key for key, value in spec.items() if value is None)) if kind.patchable else ()
    members = resource.members
    riding = members[: kind.members.on_create] if kind.members is not None and members is not None else None
    yield from before
    yield Step(
        f"{address}:create",
        Verb.CREATE,
        address,
        spec=body,
        records=without({key: value for key, value in spec.items() if key not in later}, ignored),
        clears=nulls,
        members=riding,
        protected=resource.lifecycle.prevent_destroy,
        deposes=change.id if change.action is Action.REPLACE and kind.status is None else None,
        needs=frozenset(step.key for step in before),
    )
    needs = {f"{address}:create"}
    if kind.members is not None and members is not None:
        added = list(_additions(kind.members, address, members[kind.members.on_create :], None, needs))
        yield from added
        needs |= {step.key for step in added}
    if later and kind.patchable:
        yield Step(
            f"{address}:finish",
            Verb.UPDATE,
            address,
            spec=later,
            records=without(spec, ignored),
            protected=resource.lifecycle.prevent_destroy,
            starts=change.started and acts(kind, later),
            calls=change.members.pending if change.members is not None else 0,
            when=_hours(kind, change),
            needs=frozenset(needs),
        )


def _is_initial(kind: Kind, key: str, value: Value) -> bool:
    return kind.status is not None and (key, value) == (kind.status[0], kind.initial)


def _additions(
    members: Members, address: Address, specs: Sequence[Spec], parent: str | None, needs: Iterable[str]
) -> Iterator[Step]:
    for index, spec in enumerate(specs, start=1):
        yield Step(
            f"{address}/{members.name}:add-{index}",
            Verb.CREATE,
            address,
            parent,
            spec=spec,
            member=True,
            needs=frozenset(needs),
        )


def _in_place(
    kind: Kind, change: ResourceChange, resource: Resource, found: Identities, state: State
) -> Iterator[Step]:
    """Bind if state has to learn something, PATCH the fields that differ, add and remove members."""
    address, needs = change.address, set[str]()
    records = without(change.after, resource.lifecycle.ignore_changes)
    protected = resource.lifecycle.prevent_destroy
    update = _update(kind, change, records, protected=protected)
    if _has_to_learn(kind, change, records, resource, found, state, patched=update is not None):
        yield Step(
            f"{address}:bind",
            Verb.BIND,
            address,
            change.id,
            records=None if update is not None else records,
            members=_held(kind.members, change, resource)
            if kind.members is not None and resource.members is not None
            else None,
            protected=protected,
            moved_from=change.moved_from,
        )
        needs.add(f"{address}:bind")
    members = (
        list(_member_steps(kind.members, change, change.members, needs)) if kind.members and change.members else []
    )
    if update is None:
        yield from members
    elif change.started:  # the platform begins to dial once everybody is on the list
        yield from members
        yield replace(update, needs=frozenset(needs | {step.key for step in members}))
    else:
        yield replace(update, needs=frozenset(needs))
        yield from (replace(step, needs=step.needs | {update.key}) for step in members)


def _update(kind: Kind, change: ResourceChange, records: Spec, *, protected: bool) -> Step | None:
    if not change.fields:
        return None
    names = {str(field.path[0]) for field in change.fields}
    names |= {name for top in names for name in kind.together.get(top, ()) if _travels(kind, name, change, records)}
    return Step(
        f"{change.address}:update",
        Verb.UPDATE,
        change.address,
        change.id,
        spec={name: records.get(name) for name in sorted(names)},
        records=records,
        protected=protected,
        removed=tuple(f.path for f in change.fields if f.after is MISSING),
        expects=(*change.fields, *_rests_on(kind, change)),
        starts=change.started and acts(kind, change.after),
        calls=change.members.pending if change.members is not None else None,
        when=_hours(kind, change),
    )


def _travels(kind: Kind, name: str, change: ResourceChange, records: Spec) -> bool:
    """Say whether a field goes along with another one: as it is declared, or to say that there is nothing in it."""
    return name in records or (name in kind.emptied and not change.before.get(name))


def _hours(kind: Kind, change: ResourceChange) -> str:
    """Say at what hours the platform acts, once *change* is done; "" for what never acts."""
    hours = kind.hours({**change.before, **change.after}) if change.started else None
    if hours is None:
        return ""
    start, end, zone = hours
    return f"daily {start[:5]} to {end[:5]} {zone}"


def _rests_on(kind: Kind, change: ResourceChange) -> Iterator[FieldChange]:
    """Name what else may not move before a start: whom it calls, and when."""
    changed = {field.path for field in change.fields}
    for key in sorted(kind.exposing) if change.started else ():
        if (key,) not in changed:
            yield FieldChange((key,), change.before.get(key, MISSING), change.after.get(key, MISSING))


def _has_to_learn(
    kind: Kind,
    change: ResourceChange,
    records: Spec,
    resource: Resource,
    found: Identities,
    state: State,
    *,
    patched: bool,
) -> bool:
    """Say whether the state is behind, apart from what the other steps will tell it."""
    binding = found.bindings[change.address]
    known = binding if change.address in found.answered else state.bindings.get(change.address)
    if known is None or change.moved_from is not None or known.id != binding.id:
        return True
    if is_final(kind, change.before):
        return False  # what is declared of it was not applied, and never will be
    if resource.members and (binding.members != known.members or change.address in found.answered):
        return True  # members that rode on a create of which we learn only now are ours, too
    if patched or (resource.refs and unknown(records)):
        return False
    remembered = record(unsent(kind, records, known.applied)) if resource.secret_paths else records
    return known.applied != remembered or known.protected != resource.lifecycle.prevent_destroy


def _held(members: Members, change: ResourceChange, resource: Resource) -> tuple[Spec, ...]:
    """Return the declared members that are there already, and those that are ours until their removal is done."""
    add = Counter(member_key(members, spec) for spec in (change.members.add if change.members is not None else ()))
    held = [item.fields for item in change.members.remove] if change.members is not None else []
    for spec in resource.members or ():
        key = member_key(members, spec)
        if add[key] > 0:
            add[key] -= 1
        else:
            held.append(spec)
    return tuple(held)


def _member_steps(
    members: Members, change: ResourceChange, moving: MembersChange, needs: Iterable[str]
) -> Iterator[Step]:
    """Remove before adding: whether a campaign may hold the same number twice is unknown."""
    additions = list(_additions(members, change.address, moving.add, change.id, needs))
    halves = {update.remove: additions[update.add].key for update in moving.updates}
    removed: defaultdict[str, set[str]] = defaultdict(set)
    other_halves = {}
    for index, item in enumerate(moving.remove):
        step = Step(
            f"{change.address}/{members.name}:remove-{item.id}",
            Verb.DELETE,
            change.address,
            item.id,
            item.fields,
            member=True,
            other_half=halves.get(index, ""),
            needs=frozenset(needs),
        )
        removed[person(members, item.fields)].add(step.key)
        other_halves[step.other_half] = step.key
        yield step
    for step in additions:
        others = removed[person(members, step.spec)]
        yield replace(step, other_half=other_halves.get(step.key, ""), needs=step.needs | others)


def _user_steps(changes: Sequence[ResourceChange], steps: Sequence[Step], kinds: Kinds) -> Mapping[str, set[str]]:
    """Return, for each live id, the steps after which a changed object no longer uses it."""
    by_address: defaultdict[Address, list[Step]] = defaultdict(list)
    for step in steps:
        by_address[step.address].append(step)
    users: defaultdict[str, set[str]] = defaultdict(set)
    for change in changes:
        gone = change.action in {Action.DELETE, Action.REPLACE}
        if not gone and not change.fields:  # most of a large plan: it goes on using what it uses
            continue
        kind = kinds[change.address.kind]
        for used in {str(each.target) for each in references(kind, change.before)}:
            if gone or lets_go(kind, change.before, change.fields, used):
                verb = Verb.DELETE if gone else Verb.UPDATE
                users[used] |= {s.key for s in by_address[change.address] if s.verb is verb and not s.member}
    return users


def _pointed_at(step: Step, resource: Resource, kind: Kind, named: Mapping[tuple[str, str], Address]) -> set[Address]:
    """Name what has to be as declared before *step*: a call may reach it the moment that something points at it.

    Before a campaign begins to dial, that is everything it uses.
    """
    status = kind.status
    if status is not None and step.spec.get(status[0]) == status[1]:
        return set(resource.refs)
    fields = {name: resource.spec[name] for name in step.spec if name in resource.spec}
    found = {value.address for _, value in leaves(fields) if isinstance(value, Ref)}
    uses = ((use.kind, str(use.target)) for use in references(kind, fields) if kind.uses)
    return found | {named[use] for use in uses if use in named}


def _linked(step: Step, links: _Links, resource: Resource | None, kind: Kind) -> Step:
    """Add the creates that *step* takes an id from, what it points at, and what has to let go before a delete.

    What begins to call people waits until everything of its kind that goes away is gone: never two at once.
    """
    needs = {key for _, value in leaves(step.spec) if isinstance(value, Ref) for key in links.creates[value.address]}
    if resource is not None and step.verb in {Verb.CREATE, Verb.UPDATE} and not step.member:
        needs |= {key for ref in _pointed_at(step, resource, kind, links.named) for key in links.writes[ref]}
    if step.verb is Verb.DELETE and not step.member and step.id is not None:
        needs |= links.users.get(step.id, set())
    if step.starts:
        needs |= links.ends[step.address.kind]
    elif step.deposes is not None and step.verb in {Verb.DELETE, Verb.UPDATE}:
        if kind.status is None:
            needs |= links.writes[step.address]
        elif resource is not None:  # what its successor needs is made first
            needs |= {key for ref in resource.refs for key in links.writes[ref]}
    needs -= {step.key}
    return replace(step, needs=step.needs | needs) if needs - step.needs else step

"""Values that one resource copies from another: what that means for the order of steps, and for what people read. Pure.

Unlike an id, a copied value is known before its object exists, so its order is a wish: a prompt may name the number
whose calls its assistant takes, and then the assistant is made first all the same.
"""

from __future__ import annotations

import graphlib
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.kinds.identity import canonical
from hmsplan.model import MISSING, Action, Diagnostic, Severity, Verb, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import Address, Copy, FieldChange, FieldPath, Resource, ResourceChange, Stack, Step, Value

_GONE = frozenset({Action.DELETE, Action.REPLACE})


class Wish(NamedTuple):
    """The step *later* had better come after the step *earlier*; both by their keys."""

    later: str
    earlier: str


def with_origins(changes: tuple[ResourceChange, ...], stack: Stack) -> tuple[ResourceChange, ...]:
    """Say as the reason of each change which fields of others it takes over as they change; a new object says none."""
    by_address = {change.address: change for change in changes if not change.deposed}
    return tuple(_with_origin(change, stack.resources.get(change.address), by_address) for change in changes)


def _with_origin(
    change: ResourceChange, resource: Resource | None, by_address: Mapping[Address, ResourceChange]
) -> ResourceChange:
    if resource is None or change.action is Action.CREATE or not change.fields:
        return change
    found = [
        copy.origin
        for copy in resource.copies
        if copy.address != change.address
        and changes_field(change, copy.path)
        and changes_field(by_address.get(copy.address), copy.field)
    ]
    if not found:
        return change
    origin = f"the same value through {', '.join(dict.fromkeys(found))}"
    return replace(change, reason="; ".join(filter(None, [change.reason, origin])))


def copied_from(
    change: ResourceChange, copying: Mapping[Address, Sequence[tuple[Address, Copy]]]
) -> dict[str, set[Address]]:
    """Return each field that *change* changes to the addresses that copy it."""
    found: defaultdict[str, set[Address]] = defaultdict(set)
    for user, copy in copying.get(change.address, ()):
        if change.action is not Action.CREATE and user != change.address and changes_field(change, copy.field):
            found[copy.origin].add(user)
    return dict(sorted(found.items()))


def copying(stack: Stack) -> dict[Address, list[tuple[Address, Copy]]]:
    """Return each address to those that copy a value it declares, and which."""
    found: defaultdict[Address, list[tuple[Address, Copy]]] = defaultdict(list)
    for address, resource in stack.resources.items():
        for copy in resource.copies:
            found[copy.address].append((address, copy))
    return dict(found)


def changes_field(change: ResourceChange | None, path: FieldPath) -> bool:
    """Say whether *change* changes what stands at *path*, in which the items of lists have their indexes."""
    return change is not None and any(_meets(field.path, path) for field in change.fields)


def _meets(one: FieldPath, other: FieldPath) -> bool:
    """Say whether one path leads to the other, or beyond it; an item is one in both if either has only its index."""
    return all(str(a) == str(b) or str(b).isdecimal() for a, b in zip(one, other, strict=False))


def in_order(steps: Sequence[Step], changes: Sequence[ResourceChange], stack: Stack, kinds: Kinds) -> list[Step]:
    """Let each step that writes a copy wait for the step that writes its origin, and each delete for who names it.

    An order that cannot be kept, because the origin itself needs what copies from it, is left out: ``too_early`` tells.
    """
    wishes = sorted({*_after_origins(steps, stack), *_before_deletes(steps, changes, kinds)})
    if not wishes:
        return list(steps)
    needs = {step.key: set(step.needs) for step in steps}
    _grant(needs, wishes)
    return [replace(step, needs=frozenset(needs[step.key])) for step in steps]


def too_early(steps: Sequence[Step], stack: Stack) -> Iterator[Diagnostic]:
    """Warn of each copy that is written before its origin, which itself needs what copies it."""
    needs = {step.key: step.needs for step in steps}
    by_key = {step.key: step.address for step in steps}
    early = {wish for wish in _after_origins(steps, stack) if not _waits_for(wish.later, wish.earlier, needs)}
    for user, origin in sorted({(by_key[wish.later], by_key[wish.earlier]) for wish in early}):
        resource = stack.resources[user]
        copy = next(copy for copy in resource.copies if copy.address == origin)
        detail = (
            f"{user} names {copy.origin} and is written first, because {origin} needs it. Until {origin} is written "
            f"too, {user} names a value that is not live yet. If that step fails, it stays so: fix it, and plan again."
        )
        source = resource.locate(copy.path) if resource.locate else resource.source
        yield Diagnostic("Named before it is there", detail, source, user, copy.path, severity=Severity.WARNING)


def _after_origins(steps: Sequence[Step], stack: Stack) -> Iterator[Wish]:
    """Wish that an object is there, and has a value, before another one names that value."""
    if not any(resource.copies for resource in stack.resources.values()):
        return
    writes: defaultdict[Address, list[Step]] = defaultdict(list)
    for step in steps:
        if step.verb in {Verb.CREATE, Verb.UPDATE} and not step.member and not step.rests:
            writes[step.address].append(step)
    for address, own in writes.items():
        resource = stack.resources.get(address)
        for copy in resource.copies if resource is not None else ():
            earlier = [
                step for step in writes.get(copy.address, ()) if step.verb is Verb.CREATE or copy.field[0] in step.spec
            ]
            for step in own:
                if copy.address != address and (step.starts or copy.path[0] in step.spec):
                    yield from (Wish(step.key, each.key) for each in earlier)


def _before_deletes(steps: Sequence[Step], changes: Sequence[ResourceChange], kinds: Kinds) -> Iterator[Wish]:
    """Wish that an object which goes away is not named any more by then.

    What was copied is not remembered, so it is found by its value: an identity that the API has only once.
    """
    deletes = [step for step in steps if step.verb is Verb.DELETE and not step.member]
    by_id = {change.id: change for change in changes if change.action in _GONE and change.id is not None}
    for end in deletes:
        change, kind = by_id.get(end.id or ""), kinds[end.address.kind]
        if change is None or not kind.unique or not (name := change.before.get(kind.identity)):
            continue
        name = str(canonical(kind, (kind.identity,), name))
        names = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)").search
        for user in changes:
            if user is not change:
                yield from (Wish(end.key, step.key) for step in _letting_go(user, steps, names))


def _letting_go(user: ResourceChange, steps: Iterable[Step], names: Callable[[str], object]) -> Iterator[Step]:
    """Yield the steps of *user* after which nothing of it holds a text any more that *names* finds."""
    if user.action is Action.DELETE:
        if _mentions(user.before, names):
            yield from (step for step in steps if step.address == user.address and step.verb is Verb.DELETE)
        return
    fields = {str(field.path[0]) for field in user.fields if _loses(field, names)}
    for step in steps if fields else ():
        if step.address == user.address and step.verb is Verb.UPDATE and fields & step.spec.keys():
            yield step


def _loses(field: FieldChange, names: Callable[[str], object]) -> bool:
    return _mentions(field.before, names) and not _mentions(field.after, names)


def _mentions(value: Value, names: Callable[[str], object]) -> bool:
    return value is not MISSING and any(isinstance(leaf, str) and names(leaf) for _, leaf in leaves(value))


def _grant(needs: dict[str, set[str]], wishes: Sequence[Wish]) -> None:
    """Add each of *wishes* to *needs* that closes no circle; mostly that is all of them."""
    fulfilled = {key: set(own) for key, own in needs.items()}
    for later, earlier in wishes:
        fulfilled[later].add(earlier)
    try:
        graphlib.TopologicalSorter(fulfilled).prepare()
    except graphlib.CycleError:
        for later, earlier in wishes:
            if not _waits_for(earlier, later, needs):
                needs[later].add(earlier)
    else:
        needs.update(fulfilled)


def _waits_for(step: str, other: str, needs: Mapping[str, Collection[str]]) -> bool:
    """Say whether *step* is *other*, or comes after it."""
    queue, seen = [step], {step}
    while queue:
        new = set(needs[queue.pop()]) - seen
        seen |= new
        queue += new
    return other in seen

"""What a rollback cannot bring back, as its plan tells it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, Diagnostic, Secret, dotted, leaves
from hmsplan.planner.diff import at_path, diff
from hmsplan.planner.members import fingerprint, is_untouched
from hmsplan.planner.places import named_path
from hmsplan.planner.resource_diff import is_final
from hmsplan.planner.rollback import lost
from hmsplan.text.wording import count, listed, sentence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, FieldPath, ResourceChange, Snapshot, Value
    from hmsplan.planner.rollback import Past


def losses(
    past: Past,
    changes: Collection[ResourceChange],
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    lineage: str,
    kinds: Kinds = KINDS,
) -> Iterator[Diagnostic]:
    """Yield what does not return, one each: what the history does not keep, and what the platform does not let."""
    planned = {change.address for change in changes}
    yield from (each for each in past.lost if each.address in planned or each.address not in past.stack.resources)
    for change in changes:
        kind = kinds[change.address.kind]
        if change.action in {Action.CREATE, Action.REPLACE}:
            yield _made_again(kind, change)
        elif change.address in past.stack.resources:
            yield from _kept(kind, change, past)
            yield from _called(kind, change, past, snapshot, bindings, lineage)
        elif change.action is Action.FORGET and "DELETE" not in kind.verbs:
            detail = f"{change.address} was not managed then, and no {kind.noun} can be deleted: its settings stay."
            yield lost("Stays as it is", detail, change.address)


def unknown_secrets(changes: Iterable[ResourceChange], kinds: Kinds = KINDS) -> Iterator[Diagnostic]:
    """Name each secret that *changes* send and that nothing gives any more; it would have to be known."""
    for change in changes:
        kind, sent = kinds[change.address.kind], {str(field.path[0]) for field in change.fields}
        sent |= {along for name in sent for along in kind.together.get(name, ())}
        if change.action in {Action.CREATE, Action.REPLACE}:
            sent |= change.after.keys()
        for path, leaf in leaves({name: change.after.get(name) for name in sorted(sent)}):
            if isinstance(leaf, Secret) and leaf.reveal() is None and leaf.name != Secret.LIVE:
                variable = f"HMSPLAN_SECRET_{leaf.name.upper().replace('-', '_')}"
                detail = (
                    f"{dotted(path)} of {change.address} was ${{secret:{leaf.name}}} then, and has to be sent. Set "
                    f"{variable}, or leave the object out: --exclude {change.address}"
                )
                yield Diagnostic("Missing secret", detail, None, change.address, path)


def _made_again(kind: Kind, change: ResourceChange) -> Diagnostic:
    more = f" {sentence(kind.irretrievable)}." if kind.irretrievable else ""
    detail = (
        f"{change.address} comes back as another object: it has a new id, and only the fields that were declared.{more}"
    )
    return lost("Another object", detail, change.address)


def _kept(kind: Kind, change: ResourceChange, past: Past) -> Iterator[Diagnostic]:
    """Yield what an object that stays does not get back."""
    for path in change.released:
        detail = (
            f"{dotted(path)} of {change.address} was not declared then, and cannot be cleared: what is there stays."
        )
        yield lost("Stays as it is", detail, change.address, path)
    merged = [field.path for field in change.fields if field.after is MISSING and field.path[0] in kind.posted_to]
    if merged:
        names = listed(map(dotted, merged))
        detail = f"The platform merges settings, and may keep {names} of {change.address}."
        yield lost("Stays as it is", detail, change.address, merged[0])
    if kind.final is not None and is_final(kind, change.before) and diff(kind, change.after, change.before):
        detail = f"{change.address} is {kind.final[1]}, and the platform lets nothing change any more."
        yield lost("Stays as it is", detail, change.address)
    for name, (number, value) in sorted(past.before.get(change.address, {}).items()):
        if paths := list(_lost_within(kind, change, name, value)):
            names = listed(map(dotted, paths))
            detail = (
                f"{names} of {change.address}: as it was before @{number}, no stack declared it, so it does not come "
                f"back. To see it:\n  hmsplan show @{number}"
            )
            yield lost("Was not declared", detail, change.address, paths[0])


def _lost_within(kind: Kind, change: ResourceChange, name: str, before: Value) -> Iterator[FieldPath]:
    """Yield where a field was otherwise before the first apply since, though nothing declared it then."""
    if name in kind.computed:
        return
    was, now = {name: before}, {name: change.before.get(name, MISSING)}
    places = {named_path(kind, side, path): None for side in (was, now) for path, _ in leaves(side)}
    for path in places:
        then, live = at_path(kind, was, path), at_path(kind, now, path)
        moves = any(field.path == path[: len(field.path)] for field in change.fields)
        left = MISSING if moves else live
        if _covers(kind, change, path) or _is_nothing(then) is _is_nothing(left) is True:
            continue
        if isinstance(then, Secret) and isinstance(left, Secret):
            continue
        if then != left:
            yield path


def _is_nothing(value: Value) -> bool:
    return value is None or value is MISSING


def _covers(kind: Kind, change: ResourceChange, named: FieldPath) -> bool:
    """Say whether *named* is declared: itself, or as a part of JSON of the user's own or of a list."""
    for depth in range(1, len(named) + 1):
        want = at_path(kind, change.after, named[:depth])
        if want is MISSING:
            return isinstance(at_path(kind, change.after, named[: depth - 1]), list)
    return True


def _called(
    kind: Kind,
    change: ResourceChange,
    past: Past,
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    lineage: str,
) -> Iterator[Diagnostic]:
    """Yield the members that were not on the list then, and stay because something has happened to them."""
    declared, binding = past.stack.resources[change.address].members, bindings.get(change.address)
    if kind.members is None or declared is None or binding is None:
        return
    members = kind.members
    over = [item for item in snapshot.members.get(change.id or "", ()) if not is_untouched(members, item)]
    here = Counter(fingerprint(members, item.fields, lineage) for item in over)
    wanted = Counter(fingerprint(members, spec, lineage) for spec in declared)
    if number := sum(((here - wanted) & Counter(dict(binding.members))).values()):
        what = count(number, members.singular)
        detail = f"{what} of {change.address} joined since and was called already, and stays on the list."
        yield lost("Stays as it is", detail, change.address)

"""What a plan has to be made from: which lists, and whose members. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS, Kind, Kinds
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Action, Plan, RemoteObject, Snapshot, Stack, State

if TYPE_CHECKING:
    from collections.abc import Mapping


def kinds_in_use(stack: Stack, state: State, kinds: Kinds = KINDS) -> list[str]:
    """Name the kinds a plan has to read, in the table's order: those that the stack declares or the state knows."""
    known = {*state.bindings, *(d.address for d in state.deposed), *(i.address for i in state.intents)}
    used = {address.kind for address in {*stack.resources, *known}}
    return [name for name in kinds if name in used]


def kinds_to_consult(plan: Plan, snapshot: Snapshot, kinds: Kinds = KINDS) -> list[str]:
    """Name the kinds that have to be read as well before *plan* may be believed.

    Where an object is to go away, those whose objects may still use it, managed or not; where one is to be made, those
    without an object of which it cannot be.
    """
    going = {c.address.kind for c in plan.changes if c.action in {Action.DELETE, Action.REPLACE}}
    users = (kind.name for kind in kinds.values() if going & kind.targets)
    made = [kinds[change.address.kind] for change in plan.changes if change.action is Action.CREATE]
    needed = (use.kind for kind in made for use in kind.uses.values() if use.is_needed)
    return [name for name in dict.fromkeys([*users, *needed]) if name not in snapshot.objects]


def wanted_details(stack: Stack, state: State, kind: Kind, objects: Mapping[str, RemoteObject]) -> list[str]:
    """Name the objects of *kind* of which a plan has to read more than a list shows: their members, or all of them.

    These are bound ones, those it may adopt, those of open creates.
    """
    if kind.members is None and not kind.is_summary:
        return []
    bound = {b.id: a for a, b in state.bindings.items() if a.kind == kind.name}
    origins = {move.target: move.origin for move in stack.moved}
    resources = (r for a, r in stack.resources.items() if a.kind == kind.name)
    declaring = {r.address for r in resources if r.members is not None or kind.members is None}
    names = {identity_of(kind, stack.resources[a].spec) for a in declaring}
    of_creates = [intent.identity for intent in state.intents if intent.kind == kind.name and intent.parent is None]
    names |= {identity[0] for identity in of_creates if identity}
    by_import = {entry.id for entry in stack.imports if entry.target in declaring}
    parents = {intent.parent for intent in state.intents}
    sources = set(declaring)
    while earlier := {origins[a] for a in sources if a in origins} - sources:
        sources |= earlier
    return [
        object_id
        for object_id, live in objects.items()
        if bound.get(object_id) in sources
        or (object_id in bound and (kind.is_summary or state.bindings[bound[object_id]].members))
        or object_id in by_import
        or object_id in parents
        or (object_id not in bound and identity_of(kind, live.fields) in names)
    ]

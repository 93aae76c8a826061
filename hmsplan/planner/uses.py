"""Who uses what under its name (a provider's key): in need of it, or with a substitute for it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.kinds.references import references
from hmsplan.model import Action, Diagnostic
from hmsplan.planner.blast_radius import staying_users
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, RemoteObject, Resource, ResourceChange, Snapshot, Stack


def needed_by(
    kind: Kind, resource: Resource, stack: Stack, kinds: Kinds = KINDS
) -> Iterator[tuple[str, str, Address | None]]:
    """Yield kind, identity and address (None: not declared) of each object that *resource* cannot be without."""
    names = {use.kind for use in kind.uses.values() if use.is_needed}
    used = references(kind, resource.spec) if names else ()
    for name, identity in sorted({(each.kind, str(each.target)) for each in used if each.kind in names}):
        yield name, identity, next((a for a, r in stack.resources.items() if _is(a, r, name, identity, kinds)), None)


def _is(address: Address, resource: Resource, name: str, identity: str, kinds: Kinds) -> bool:
    return address.kind == name and identity_of(kinds[name], resource.spec) == identity


def unmet(
    changes: Iterable[ResourceChange], stack: Stack, snapshot: Snapshot, kinds: Kinds = KINDS
) -> Iterator[Diagnostic]:
    """Name what an object that is created needs and that is neither declared nor live, or goes away."""
    changes = tuple(changes)
    going = {(c.address.kind, c.id) for c in changes if c.action is Action.DELETE}
    for change in changes:
        if change.action is not Action.CREATE:
            continue
        resource = stack.resources[change.address]
        for name, identity, address in needed_by(kinds[change.address.kind], resource, stack, kinds):
            there = snapshot.objects.get(name)
            if address is not None or there is None:
                continue
            same = (each.id for each in there.values() if identity_of(kinds[name], each.fields) == identity)
            if not any((name, object_id) not in going for object_id in same):
                yield _unmet(change, kinds[name], identity)


def _unmet(change: ResourceChange, needed: Kind, identity: str) -> Diagnostic:
    detail = (
        f"{change.address} needs the {needed.noun} of {identity}, which is not declared and will not be there. Declare "
        f"it in {needed.name}, with {needed.identity}: {identity}."
    )
    return Diagnostic(f"{needed.noun.capitalize()} is missing", detail, change.source, change.address)


def with_substitutes(
    changes: tuple[ResourceChange, ...],
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    kinds: Kinds = KINDS,
) -> tuple[ResourceChange, ...]:
    """Say of each object that goes away who goes on with a substitute, managed or not."""
    users = staying_users(changes, snapshot, kinds, needing=False)
    owners = {binding.id: address for address, binding in bindings.items()}
    return tuple(
        replace(change, notes=(*change.notes, *_substitutes(change, users.get(change.id, ()), owners, kinds)))
        if change.action is Action.DELETE and change.id is not None
        else change
        for change in changes
    )


def _substitutes(
    change: ResourceChange, users: Iterable[RemoteObject], owners: Mapping[str, Address], kinds: Kinds
) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    for live in users:
        kind = kinds[live.kind]
        name = str(owners.get(live.id, f"{kind.singular} {identity_of(kind, live.fields)} (not managed)"))
        for text in {use.substitute for use in kind.uses.values() if use.kind == change.address.kind}:
            if text:
                found.setdefault(text, []).append(name)
    for text, names in sorted(found.items()):
        who = listed(sorted(names))
        yield f"{who} {'uses it and goes' if len(names) == 1 else 'use it and go'} on with {text}"

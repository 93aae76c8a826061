"""What differs for one address: declared against live, with what was last applied in between. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.model import EMPTY, MISSING, Action, FieldChange, ResourceChange, Secret, dotted
from hmsplan.planner.diff import at_path, conflicting_fields, diff, dropped, released, sort_key
from hmsplan.planner.last_applied import is_settled
from hmsplan.planner.members import beginning, compare_members, waiting
from hmsplan.planner.request_body import resolve, without
from hmsplan.planner.secret_changes import secret_changes, why_again
from hmsplan.planner.unseen import why_blind, why_unconfirmed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Binding, FieldPath, MembersChange, RemoteObject, Resource, Spec


def creation(
    kind: Kind,
    resource: Resource,
    ids: Mapping[Address, str],
    gone: Binding | None = None,
    lineage: str = "",
) -> ResourceChange:
    """Plan an object that does not exist; *gone* is what state knows of one that was deleted outside hmsplan."""
    spec = resolve(resource.spec, ids) if resource.refs else resource.spec
    return ResourceChange(
        resource.address,
        Action.CREATE,
        None,
        after=spec,
        fields=tuple(FieldChange((key,), MISSING, spec[key]) for key in sorted(spec) if spec[key] is not None),
        members=_beginning(kind, resource, gone, (), lineage),
        reason=_why_gone(gone) if gone is not None else "",
        started=_starts(kind, EMPTY, spec),
        source=resource.source,
        pasted=_pasted(resource),
        copied=resource.copied,
    )


def comparison(
    kind: Kind,
    resource: Resource,
    live: RemoteObject,
    binding: Binding,
    ids: Mapping[Address, str],
    *,
    adopted: str = "",
    live_members: tuple[RemoteObject, ...] = (),
    lineage: str = "",
    resend: bool = False,
) -> ResourceChange:
    """Plan an object that exists.

    *adopted* is why an object that state does not bind is recognised; "" when state binds it. *lineage* is the key of
    the fingerprints in ``binding.members``. *resend* asks for every secret to be sent.
    """
    spec = resolve(resource.spec, ids) if resource.refs else resource.spec
    watched = without(spec, resource.lifecycle.ignore_changes) if resource.lifecycle.ignore_changes else spec
    is_as_applied, is_new = binding.applied == spec, bool(adopted) or not binding.applied
    fields = _compared(kind, resource, live, binding, watched, is_as_applied=is_as_applied, resend=resend)
    notes = _doubts(kind, fields, live, binding, resend=resend) if fields else []
    if not kind.patchable and is_new and not resend:
        fields, unseen = _split_secrets(fields)
        notes += [f"{dotted(path)} cannot be seen; it is taken to be right" for path in unseen]
    members, more = _compared_members(kind, resource, live_members, binding, lineage)
    notes += more
    freed = released(kind, binding.applied, spec)
    if kind.final is not None and is_final(kind, live.fields):
        if fields or members:
            notes.append(f"it is {kind.final[1]}, and the platform lets nothing change any more")
        fields, members, freed = (), None, ()
    replaces = _replaces(kind, fields) if fields else ()
    starts = bool(fields) and _starts(kind, EMPTY if replaces else live.fields, watched)
    if replaces:
        members = _beginning(kind, resource, binding, live_members, lineage)
    elif members is None and (starts or _widens(kind, fields, live.fields, watched)):
        members = _waiting(kind, resource, live_members, lineage)
    return ResourceChange(
        resource.address,
        _action(replaces=bool(replaces), adopted=bool(adopted), differs=bool(fields or members)),
        live.id,
        before=live.fields,
        after=spec,
        fields=fields,
        members=members,
        replaces=replaces,
        released=freed,
        reason=_reason(resource, fields, adopted),
        notes=tuple(notes),
        started=starts,
        source=resource.source,
        pasted=_pasted(resource),
        copied=resource.copied,
    )


def _compared(
    kind: Kind,
    resource: Resource,
    live: RemoteObject,
    binding: Binding,
    watched: Spec,
    *,
    is_as_applied: bool,
    resend: bool,
) -> tuple[FieldChange, ...]:
    """Return what has to change, *watched* being the declared fields whose changes are not ignored.

    *is_as_applied* spares the three-way comparison of what is declared as it was applied.
    """
    known = _as_applied(kind, live, binding, watched) if kind.write_only else live
    fields = diff(kind, watched, known.fields)
    if kind.write_only:
        fields = (*fields, *_unknown(kind, watched, known.fields))
    if is_as_applied and not fields and not resource.secret_paths:
        return fields
    fields = tuple(change for change in fields if not is_settled(kind, change, binding))
    return _three_way(kind, resource, watched, known, binding, fields, resend=resend)


def _as_applied(kind: Kind, live: RemoteObject, binding: Binding, declared: Spec) -> RemoteObject:
    """Return *live* with what was applied last in the place of what its answer leaves out.

    Of a field that is not confirmed nothing is known, but which names may be in it.
    """
    applied, known = binding.applied, kind.write_only & binding.applied.keys() - live.fields.keys()
    unseen = {key: applied[key] for key in sorted(known - binding.unconfirmed)}
    for key in sorted(known & binding.unconfirmed):
        if isinstance(applied[key], Mapping):
            unseen[key] = {**applied[key], **dict.fromkeys(declared.get(key) or (), MISSING)}
    return replace(live, fields={**live.fields, **unseen}) if unseen else live


def _unknown(kind: Kind, declared: Spec, live: Spec) -> Iterator[FieldChange]:
    """Yield the declared write-only fields of which nothing at all is known: they are sent."""
    for key in sorted(kind.write_only & declared.keys() - live.keys()):
        if declared[key] is not None:
            yield FieldChange((key,), MISSING, declared[key])


def _doubts(
    kind: Kind, fields: tuple[FieldChange, ...], live: RemoteObject, binding: Binding, *, resend: bool
) -> list[str]:
    """Say of which fields it is not known whether they are right, and why one is sent again."""
    return [
        *why_again(fields, resend=resend),
        *why_unconfirmed(kind, fields, binding.unconfirmed),
        *why_blind(kind, fields, live.fields, binding.unconfirmed),
    ]


def _compared_members(
    kind: Kind, resource: Resource, live_members: Sequence[RemoteObject], binding: Binding, lineage: str
) -> tuple[MembersChange | None, Sequence[str]]:
    """Return what joins and leaves, and what to say of it; nothing of members that are not declared."""
    if kind.members is None or resource.members is None:
        return None, ()
    declared, sources = resource.members, resource.member_sources
    return compare_members(kind.members, declared, live_members, binding.members, lineage, binding.leaving, sources)


def _waiting(
    kind: Kind, resource: Resource, live_members: Sequence[RemoteObject], lineage: str
) -> MembersChange | None:
    """Return how many people are still to be called, for a change that leaves the members as they are."""
    if kind.members is None or resource.members is None:
        return None
    return waiting(kind.members, live_members, lineage)


def _why_gone(gone: Binding) -> str:
    return "an earlier apply deleted it to recreate it" if gone.leaving else "deleted outside hmsplan"


def _beginning(
    kind: Kind, resource: Resource, bound: Binding | None, live_members: Sequence[RemoteObject], lineage: str
) -> MembersChange | None:
    if kind.members is None or resource.members is None:
        return None
    owned, leaving = (bound.members, bound.leaving) if bound is not None else (EMPTY, EMPTY)
    return beginning(kind.members, resource.members, owned, live_members, lineage, leaving, resource.member_sources)


def acts(kind: Kind, fields: Spec) -> bool:
    """Say whether the platform acts by itself on an object with these fields (a scheduled campaign dials)."""
    return kind.status is not None and fields.get(kind.status[0]) == kind.status[1]


def _widens(kind: Kind, fields: Sequence[FieldChange], live: Spec, after: Spec) -> bool:
    """Say whether an object on which the platform acts already would reach people whom it would not have reached."""
    return acts(kind, live) and acts(kind, {**live, **after}) and any(f.path[0] in kind.exposing for f in fields)


def _three_way(
    kind: Kind,
    resource: Resource,
    spec: Spec,
    live: RemoteObject,
    binding: Binding,
    fields: tuple[FieldChange, ...],
    *,
    resend: bool,
) -> tuple[FieldChange, ...]:
    """Add what the declared fields alone do not show: secrets, fields taken out, and keys that have to leave."""
    found = {change.path: change for change in conflicting_fields(kind, spec, live.fields)}
    applied = without(binding.applied, resource.lifecycle.ignore_changes)
    found |= {change.path: change for change in dropped(kind, applied, spec, live.fields)}
    secrets = secret_changes(kind, resource, spec, binding.applied, resend=resend, unconfirmed=binding.unconfirmed)
    found |= {change.path: _told_of(kind, change, applied) for change in fields}
    found |= {change.path: change for change in secrets}
    return tuple(found[path] for path in sorted(found, key=sort_key))


def _told_of(kind: Kind, change: FieldChange, applied: Spec) -> FieldChange:
    """Return *change* of a secret that is not there any more with the one that was sent as its ``before``."""
    known = at_path(kind, applied, change.path)
    if not isinstance(known, Mapping) or not isinstance(change.after, Secret) or change.before is not MISSING:
        return change
    if known.get("$secret") != change.after.name:
        return change
    return replace(change, before=Secret(change.after.name, None, change.after.fingerprint, known.get("version")))


def _split_secrets(fields: tuple[FieldChange, ...]) -> tuple[tuple[FieldChange, ...], list[FieldPath]]:
    unseen = [change.path for change in fields if isinstance(change.after, Secret) and change.before is MISSING]
    return tuple(change for change in fields if change.path not in unseen), unseen


def _action(*, replaces: bool, adopted: bool, differs: bool) -> Action:
    if replaces:
        return Action.REPLACE
    if adopted:
        return Action.ADOPT
    return Action.UPDATE if differs else Action.NO_OP


def _replaces(kind: Kind, fields: tuple[FieldChange, ...]) -> tuple[FieldPath, ...]:
    return tuple(change.path for change in fields if change.path[0] in kind.immutable or not kind.patchable)


def _starts(kind: Kind, before: Spec, after: Spec) -> bool:
    """Say whether the platform would begin to act by itself."""
    if kind.status is None:
        return False
    field, value = kind.status
    return after.get(field) == value and before.get(field) != value


def is_final(kind: Kind, live: Spec) -> bool:
    """Say whether nothing about an object can change any more."""
    return kind.final is not None and live.get(kind.final[0]) == kind.final[1]


def _reason(resource: Resource, fields: tuple[FieldChange, ...], adopted: str) -> str:
    if not fields:
        return adopted
    through = sorted({str(t) for path, t in resource.via if any(c.path[: len(path)] == path for c in fields)})
    parts = [adopted] if adopted else []
    if through:
        parts.append(f"through {', '.join(through)}")
    return "; ".join(parts)


def _pasted(resource: Resource) -> tuple[Address, ...]:
    return tuple(sorted({template for _, template in resource.via})) if resource.via else ()

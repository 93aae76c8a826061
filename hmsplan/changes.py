"""What differs for one address: declared against live, with what was last applied in between. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from typing import TYPE_CHECKING

from hmsplan.canonical_json import canonical_json
from hmsplan.diff import diff, displaced, dropped, released, sort_key
from hmsplan.model import (
    EMPTY,
    MISSING,
    Action,
    Anonymous,
    FieldChange,
    MembersChange,
    RemoteObject,
    Resource,
    ResourceChange,
    Secret,
    dotted,
)
from hmsplan.overlay import resolve, without
from hmsplan.secrets.changes import secret_changes, why_again

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.kinds import Kind, Members
    from hmsplan.model import Address, Binding, FieldPath, Spec


def creation(kind: Kind, resource: Resource, ids: Mapping[Address, str], reason: str = "") -> ResourceChange:
    """Plan an object that does not exist."""
    spec = resolve(resource.spec, ids) if resource.refs else resource.spec
    return ResourceChange(
        resource.address,
        Action.CREATE,
        None,
        after=spec,
        fields=tuple(FieldChange((key,), MISSING, spec[key]) for key in sorted(spec) if spec[key] is not None),
        members=_met(kind, resource, (), anew=True),
        reason=reason,
        started=_starts(kind, EMPTY, spec),
        source=resource.source,
        pasted=_pasted(resource),
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
    fields = diff(kind, watched, live.fields)
    if fields or resource.secret_paths or binding.applied != spec:
        fields = _three_way(kind, resource, watched, live, binding, fields, resend=resend)
    notes = why_again(fields, resend=resend)
    if not kind.patchable and (adopted or not binding.applied) and not resend:
        fields, unseen = _split_secrets(fields)
        notes += [f"{dotted(path)} cannot be seen; it is taken to be right" for path in unseen]
    members = None
    if kind.members is not None and resource.members is not None:
        members, more = compare_members(kind.members, resource.members, live_members, binding.members, lineage)
        notes += more
    freed = released(kind, binding.applied, spec)
    if kind.final is not None and is_final(kind, live.fields):
        if fields or members:
            notes.append(f"it is {kind.final[1]}, and the platform lets nothing change any more")
        fields, members, freed = (), None, ()
    replaces = _replaces(kind, fields)
    starts = bool(fields) and _starts(kind, EMPTY if replaces else live.fields, watched)
    if replaces or (starts and members is None):
        members = _met(kind, resource, live_members, anew=bool(replaces))
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
    )


def _met(kind: Kind, resource: Resource, live_members: Iterable[RemoteObject], *, anew: bool) -> MembersChange | None:
    """Return the members that the object begins with, *anew*, or those that it will call though none comes or goes."""
    if kind.members is None or resource.members is None:
        return None
    if anew:
        return MembersChange(add=resource.members, pending=len(resource.members))
    return MembersChange(pending=sum(is_untouched(kind.members, item) for item in live_members))


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
    found = {change.path: change for change in displaced(kind, spec, live.fields)}
    applied = without(binding.applied, resource.lifecycle.ignore_changes)
    found |= {change.path: change for change in dropped(kind, applied, spec, live.fields)}
    secrets = secret_changes(kind, resource, spec, binding.applied, resend=resend)
    found |= {change.path: change for change in secrets}
    found |= {change.path: change for change in fields}
    return tuple(found[path] for path in sorted(found, key=sort_key))


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
    through = sorted({str(t) for path, t in resource.via if any(c.path[: len(path)] == path for c in fields)})
    parts = [adopted] if adopted else []
    if through:
        parts.append(f"through {', '.join(through)}")
    return "; ".join(parts)


def _pasted(resource: Resource) -> tuple[Address, ...]:
    return tuple(sorted({template for _, template in resource.via}))


def member_key(members: Members, spec: Spec) -> str:
    """Return what tells one member from another, canonical; equal members have equal keys."""
    return canonical_json(
        [
            members.canonical[name](spec.get(name)) if name in members.canonical else spec.get(name) or {}
            for name in members.identity
        ]
    ).decode()


def member_fingerprint(members: Members, spec: Spec, lineage: str) -> str:
    """Return 16 hex digits that recognise a member without telling its phone number, keyed by the state's lineage."""
    mark = spec.get(members.identity[-1])
    return mark.fingerprint if isinstance(mark, Anonymous) else _keyed(lineage, member_key(members, spec))


def number_fingerprint(members: Members, spec: Spec, lineage: str) -> str:
    """Return the same for the phone number alone, in any spelling."""
    first = members.identity[0]
    return _keyed(lineage, f"{first} {members.canonical[first](spec.get(first))}")


def _keyed(lineage: str, text: str) -> str:
    return hmac.new(lineage.encode(), text.encode(), hashlib.sha256).hexdigest()[:16]


def compare_members(
    members: Members,
    declared: Sequence[Spec],
    live: Sequence[RemoteObject],
    owned: Mapping[str, int],
    lineage: str,
) -> tuple[MembersChange | None, list[str]]:
    """Compare two multisets of members; progress and order take no part.

    Only a member that we added (*owned*, by fingerprint) and that nothing has happened to is removed: one that was
    called is history, and one that somebody else added is not ours.
    """
    missing = Counter(member_key(members, spec) for spec in declared)
    extra: list[RemoteObject] = []
    for item in live:
        key = member_key(members, item.fields)
        if missing[key] > 0:
            missing[key] -= 1
        else:
            extra.append(item)
    add = []
    for spec in declared:
        key = member_key(members, spec)
        if missing[key] > 0:
            missing[key] -= 1
            add.append(spec)
    remove, notes = _removable(members, extra, owned, lineage)
    if not add and not remove:
        return None, notes
    waiting = sum(is_untouched(members, item) for item in live)
    return MembersChange(tuple(add), tuple(remove), waiting + len(add) - len(remove)), notes


def is_untouched(members: Members, item: RemoteObject) -> bool:
    """Say whether nothing has happened to a member yet."""
    return bool(item.fields.get(members.untouched[0]) == members.untouched[1])


def _removable(
    members: Members, extra: list[RemoteObject], owned: Mapping[str, int], lineage: str
) -> tuple[list[RemoteObject], list[str]]:
    left = Counter(owned)
    remove: list[RemoteObject] = []
    kept = 0
    for item in extra:
        mark = member_fingerprint(members, item.fields, lineage)
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

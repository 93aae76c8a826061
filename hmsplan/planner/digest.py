"""What a plan means, in two digests, and what a single change of it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, MISSING, Action, Digest, Plan, Ref, Secret
from hmsplan.secrets.detect import hidden
from hmsplan.text.canonical_json import canonical_json, digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import MembersChange, RemoteObject, ResourceChange, Value


def with_digests(plan: Plan, kinds: Kinds = KINDS) -> Plan:
    """Return *plan* with the SHA-256 of its semantic changes, in hex: ``digest``, and ``intent``.

    What is read takes part in ``digest`` as far as it is touched (the value before each change), text layout and
    untouched objects do not: an unrelated edit in the dashboard does not block a merge. In ``intent`` the value before
    takes no part either: the same writes to the same objects have the same one, whatever they overwrite. Whose
    organization it is takes part in both: an empty one asks for the same creates as any other.
    """
    pending = plan.pending
    written = [_meaning(change) for change in pending]
    touched = [_with_before(meaning, change, kinds) for meaning, change in zip(written, pending, strict=True)]
    return replace(plan, digest=_digest(plan, touched), intent=_digest(plan, written))


def _digest(plan: Plan, changes: list[dict[str, Any]]) -> str:
    return digest(
        {
            "stack": plan.stack,
            "environment": plan.environment,
            "organization": plan.organization,
            "targets": sorted(plan.targets),
            **({"excluded": sorted(plan.excluded)} if plan.excluded else {}),
            "changes": changes,
        }
    )


def change_digest(
    plan: Plan,
    changes: Iterable[ResourceChange],
    members: Mapping[str, Sequence[RemoteObject]] = EMPTY,
    kinds: Kinds = KINDS,
    *,
    is_again: bool = False,
) -> str:
    """Return the digest of what *plan* does to one object, ``sha256:…``: what an approval holds for.

    Args:
        plan: that the object is a part of.
        changes: those of its address.
        members: the live ones of every object by its id.
        kinds: what is known of the API.
        is_again: it starts once more what somebody stopped, which one approval allows once.

    All that is declared of it takes part, also what does not change: a secret that is kept may have another receiver.
    So does the credential in a URL, which on a shared host is the receiver, and who is there when a start calls them.
    """
    approved = [_with_before(_meaning(change), change, kinds) | _besides(change, members) for change in changes]
    if is_again:
        approved.append({"serial": plan.serial})
    place = {"stack": plan.stack, "environment": plan.environment, "organization": plan.organization}
    return f"{Digest.STRICT}:{digest({**place, 'approved': approved})}"


def change_content(change: ResourceChange, kinds: Kinds = KINDS) -> dict[str, Any]:
    """Return what a change does to an object and what stood there before, whichever object that is, as JSON."""
    content = {key: value for key, value in _meaning(change).items() if key != "id"}
    content["fields"] = [[list(field.path), plain(field.before), plain(field.after)] for field in change.fields]
    if change.action is Action.DELETE:
        computed = kinds[change.address.kind].computed
        content["gone"] = {key: plain(item) for key, item in change.before.items() if key not in computed}
    if change.started and change.members is not None:
        content["calls"] = change.members.pending
    return content


def _besides(change: ResourceChange, members: Mapping[str, Sequence[RemoteObject]]) -> dict[str, Any]:
    again = [change.members.called, change.members.taken] if change.members is not None else []
    there = sorted(member.id for member in members.get(change.id or "", ())) if change.started else []
    texts = [[list(field.path), plain(field.before, str), plain(field.after, str)] for field in change.fields]
    return {"declared": digest([plain(change.after, str), texts]), "again": again, "there": there}


def _meaning(change: ResourceChange) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "action": str(change.action),
        "id": change.id,
        "from": str(change.moved_from) if change.moved_from else None,
        "deposed": change.deposed,
        "fields": [[list(field.path), plain(field.after)] for field in change.fields],
        "released": [list(path) for path in change.released],
        "add": [added(change.members)] if change.members and change.members.add else [],
        "remove": sorted(member.id for member in change.members.remove) if change.members else [],
    }


def added(members: MembersChange) -> str:
    """Return one digest of all members to add, be they whole or masked.

    One for all: of a digest each, the number that it stands for could be tried out.
    """
    return members.mark or digest(sorted(map(plain, members.add), key=canonical_json))


def _with_before(meaning: dict[str, Any], change: ResourceChange, kinds: Kinds) -> dict[str, Any]:
    """Say also what each field was, what an object was that goes away, and how many people a start calls."""
    fields = zip(meaning["fields"], change.fields, strict=True)
    more: dict[str, Any] = {}
    if change.action is Action.DELETE:
        computed = kinds[change.address.kind].computed
        more["gone"] = digest({key: plain(item) for key, item in change.before.items() if key not in computed})
    if change.started and change.members is not None:
        more["calls"] = change.members.pending
    return meaning | more | {"fields": [[path, digest(plain(field.before)), after] for (path, after), field in fields]}


_WHOLE: Final = 2.0**63
"""Below it, a number is written in full; JSON has no larger whole number that every program reads."""


def plain(value: Value, text: Callable[[str], str] = hidden) -> Value:
    """Return *value* as JSON without a secret in it: references by address, secrets by name and fingerprint.

    The credential in a URL takes no part, unless *text* keeps it: the file of a saved plan, which has the same digest,
    does not show it. Equal numbers are equal: 1.0 is 1.
    """
    if value is MISSING:
        return {"$missing": True}
    if isinstance(value, Ref):
        return {"$address": str(value.address)}
    if isinstance(value, Secret):
        return value.recorded()
    if isinstance(value, Mapping):
        return {key: plain(item, text) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, text) for item in value]
    return text(value) if isinstance(value, str) else _number(value)


def _number(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE else value

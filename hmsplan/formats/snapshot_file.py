"""A reading of the live organization <-> JSON, so that a plan needs no key, no network and no state. Pure.

The file holds what a plan is made of: every live object, and the state. What may not leave the organization is not in
it. A secret is wrapped where the schema says so when the API answers, and written without its value; so is an
unknown text under a name that sounds like a secret's, and the credential in a URL (``kinds.conceal``). A lead is its
id, and for one that the stack or the state knows a digest, keyed by the state's lineage: ``offline`` recognises the
declared ones by it. Texts and business numbers are there, as a plan shows them.

It is written by ``codec``, with ``_File`` as its schema; the state in it is the JSON of ``state_file``.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 -- the codec reads the types of _File
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.errors import StateError
from hmsplan.formats import state_file
from hmsplan.formats.codec import decode, encode
from hmsplan.kinds import KINDS
from hmsplan.kinds.conceal import concealed, without_credentials
from hmsplan.model import MEMBER_HALF, Anonymous, RemoteObject, Snapshot, Spec
from hmsplan.planner.members import fingerprint, is_untouched
from hmsplan.text import timestamps
from hmsplan.text.canonical_json import canonical_json, digest
from hmsplan.text.strict_json import read_document

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.kinds import Kind, Members
    from hmsplan.model import Stack, State, Value

FORMAT_VERSION: Final = 1
_SUMMARY: Final = "Not a snapshot"
_TAKE: Final = "Take a new one:\n  hmsplan snapshot -o FILE"
LEADS: Final = "leads"
_OTHER: Final = "0" * MEMBER_HALF  # other variables than the known ones of that person


@dataclass(frozen=True, slots=True)
class _Lead:
    """A lead in the file; *called* as in ``Anonymous``."""

    id: str
    fingerprint: str
    called: str | None = None


@dataclass(frozen=True, slots=True)
class _File:
    """The file, but for its state and digest; an object stands under its kind and id, a lead under its owner."""

    format_version: int
    tool_version: str
    taken: str
    stack: str
    environment: str
    organization: str | None
    objects: Mapping[str, Mapping[str, Spec]]
    leads: Mapping[str, tuple[_Lead, ...]]
    gone: tuple[tuple[str, ...], ...]
    lagging: frozenset[str]


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """One reading of the live organization and the state it was made with.

    Attributes:
        stack: the name of the stack, for people.
        environment: the one whose state it is; no other may be planned against it.
        live: all kinds; its leads are ``Anonymous``.
        taken: Unix seconds, whole.
        digest: SHA-256 of the content, in hex.
    """

    stack: str
    environment: str
    live: Snapshot
    state: State
    taken: int
    tool_version: str = ""
    digest: str = ""


def save(stack: Stack, live: Snapshot, state: State, taken: float, *, tool_version: str = "") -> SavedSnapshot:
    """Return what may be kept of a reading of everything."""
    marks = _known_leads(stack, state)
    kept = replace(
        live,
        objects=MappingProxyType(
            {name: {o.id: _redacted(KINDS[name], o) for o in found.values()} for name, found in live.objects.items()}
        ),
        members=MappingProxyType(
            {
                owner: tuple(_anonymous(item, state.lineage, marks) for item in found)
                for owner, found in live.members.items()
            }
        ),
        requests=0,
        now=float(int(taken)),
    )
    saved = SavedSnapshot(stack.name, stack.environment, kept, _without_credentials(state), int(taken), tool_version)
    return replace(saved, digest=digest(_content(saved)))


def snapshot_to_bytes(saved: SavedSnapshot) -> bytes:
    """Return the file: JSON on one line."""
    document = _content(saved) | {"digest": saved.digest}
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def snapshot_from_bytes(data: bytes) -> SavedSnapshot:
    """Read a saved snapshot.

    Raises:
        StateError: too big, no JSON, no snapshot, of a newer format, or not what its digest says.
    """
    document = read_document(data, "snapshot", _SUMMARY)
    try:
        _check_version(document)
        return _snapshot(document)
    except (ValueError, TypeError, RecursionError) as error:
        detail = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise StateError(f"{detail}. {_TAKE}", summary=_SUMMARY) from None


# To JSON


def _content(saved: SavedSnapshot) -> dict[str, Any]:
    live = saved.live
    file = _File(
        FORMAT_VERSION,
        saved.tool_version,
        timestamps.iso(saved.taken),
        saved.stack,
        saved.environment,
        live.organization,
        {kind: {key: each.fields for key, each in found.items()} for kind, found in live.objects.items()},
        {owner: tuple(map(_lead, found)) for owner, found in live.members.items()},
        tuple(sorted(live.gone)),
        live.lagging,
    )
    return {**encode(file, _File), "state": orjson.loads(state_file.dump(saved.state))}


def _known_leads(stack: Stack, state: State) -> frozenset[str]:
    """Return both halves of the fingerprints of the leads that are declared, or that the state remembers."""
    members = members_of(LEADS)
    declared = (spec for resource in stack.resources.values() for spec in resource.members or ())
    bound = (mark for binding in state.bindings.values() for mark in binding.members)
    sent = (intent.identity[0] for intent in state.intents if intent.parent is not None)
    marks = {*(fingerprint(members, spec, state.lineage) for spec in declared), *bound, *sent}
    return frozenset(half for mark in marks for half in (mark[:-MEMBER_HALF], mark[-MEMBER_HALF:]) if half)


def _without_credentials(state: State) -> State:
    """Return *state* without the credentials in the URLs that were applied."""
    bindings = {a: replace(b, applied=without_credentials(b.applied)) for a, b in state.bindings.items()}
    intents = tuple(replace(each, applied=without_credentials(each.applied)) for each in state.intents)
    return replace(state, bindings=MappingProxyType(bindings), intents=intents)


def _redacted(kind: Kind, live: RemoteObject) -> RemoteObject:
    """Return *live* without secrets, and without members, should the API ever tell them in one breath."""
    told = {key: item for key, item in live.fields.items() if kind.members is None or key != kind.members.name}
    return replace(live, fields=concealed(kind, told))


def _anonymous(item: RemoteObject, lineage: str, known: Collection[str]) -> RemoteObject:
    """Return a lead without its phone number and variables; of one that was called, the number is recognised too.

    Of a person who is not *known* there is no fingerprint: to try all numbers would tell who it is. Of the others it
    tells what the stack says.
    """
    members, mark = members_of(item.kind), fingerprint(members_of(item.kind), item.fields, lineage)
    who, member = mark[:MEMBER_HALF], mark[MEMBER_HALF:]
    if member not in known:
        mark, who = (who + _OTHER, who) if who in known else ("", "")
    return anonymous(members, item.id, Anonymous(mark, None if is_untouched(members, item) else who))


def anonymous(members: Members, object_id: str, mark: Anonymous, **known: Value) -> RemoteObject:
    """Return a lead of which *known* is known."""
    field, untouched = members.untouched
    status = untouched if mark.called is None else None
    return RemoteObject(members.name, object_id, {members.identity[-1]: mark, **known, field: status})


def members_of(name: str) -> Members:
    """Return what is known of the members of that name."""
    return next(kind.members for kind in KINDS.values() if kind.members is not None and kind.members.name == name)


def mark_of(item: RemoteObject) -> Anonymous:
    """Return what is left of a lead."""
    mark = item.fields[members_of(item.kind).identity[-1]]
    if not isinstance(mark, Anonymous):
        msg = f"lead {item.id} has a name"
        raise TypeError(msg)
    return mark


def _lead(item: RemoteObject) -> _Lead:
    mark = mark_of(item)
    return _Lead(item.id, mark.fingerprint, mark.called)


# From JSON


def _check_version(document: Any) -> None:
    """Refuse another format.

    Raises:
        ValueError: it is none of ours.
        StateError: it is newer.
    """
    version = document.get("format_version") if isinstance(document, dict) else None
    if type(version) is not int or "objects" not in document:
        raise ValueError("It has no format_version and objects, which every snapshot has")
    if version > FORMAT_VERSION:
        raise StateError(
            f"It has format {version}, and this hmsplan reads {FORMAT_VERSION}. Type\n  pip install --upgrade hmsplan",
            summary="Snapshot is newer than this hmsplan",
        )


def _snapshot(document: dict[str, Any]) -> SavedSnapshot:
    content = {key: value for key, value in document.items() if key != "digest"}
    if document.get("digest") != digest(content):
        raise ValueError("Its content is not the one of its digest, so it was cut, edited or mixed up")
    state = _state_in(content.pop("state", None))
    file = decode(content, _File, "It")
    if unknown := file.objects.keys() - KINDS.keys():
        raise ValueError(f"This version knows no kind {min(unknown)!r:.60}")
    taken = timestamps.from_iso(file.taken)
    live = Snapshot(
        MappingProxyType({kind: _objects(kind, found) for kind, found in file.objects.items()}),
        MappingProxyType({owner: tuple(map(_remote, found)) for owner, found in file.leads.items()}),
        frozenset((kind, object_id) for kind, object_id in file.gone),
        file.lagging,
        file.organization,
        now=float(taken),
    )
    return SavedSnapshot(file.stack, file.environment, live, state, taken, file.tool_version, document["digest"])


def _state_in(value: Any) -> State:
    try:
        return state_file.parse(canonical_json(value))
    except StateError as error:
        raise ValueError(f"The state in it cannot be used: {error.summary}") from None


def _objects(kind: str, found: Mapping[str, Spec]) -> dict[str, RemoteObject]:
    return {key: RemoteObject(kind, key, fields) for key, fields in found.items()}


def _remote(lead: _Lead) -> RemoteObject:
    return anonymous(members_of(LEADS), lead.id, Anonymous(lead.fingerprint, lead.called))

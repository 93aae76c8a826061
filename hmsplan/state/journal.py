"""What an apply writes down between two compactions, and how it is replayed; pure.

One line is one batch, written with one fsync: all of its entries happened, or none. ``sum`` is a CRC-32 of the rest of
the line. ``serial`` is that of the first entry; each entry raises the serial of the state by one::

    {"sum":"5b1b2c0e","lineage":"0191…","serial":7,"entries":[{"op":"intended","intent":{…}},{"op":"settled",…}]}

Only what cannot be found out by looking at the API is worth an entry. A PATCH or DELETE whose outcome is
not known is planned again from what is live, so there is no entry that it began; but for the fields that no answer
shows.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping  # noqa: TC003 -- the codec reads the type of an entry
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import orjson

from hmsplan.errors import StateError
from hmsplan.formats import codec, state_file
from hmsplan.formats.codec import Newer
from hmsplan.formats.state_file import FORM
from hmsplan.model import (
    MEMBER_HALF,
    Address,
    Author,
    Begun,
    Binding,
    Content,
    Deposed,
    InForce,
    LastEntry,
    PendingCreate,
    RolledBack,
    Spec,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SPENT_KEPT: Final = 1000
"""How many digests of applied plans are remembered; an older plan is stale by its serial."""


@dataclass(frozen=True, slots=True)
class Intended:
    """A POST is about to be sent."""

    intent: PendingCreate


@dataclass(frozen=True, slots=True)
class Bound:
    """An address has this object and these applied fields from now on.

    Attributes:
        settles: key of the step whose intent this answers.
        deposes: the object that was bound before and is still to be deleted.
    """

    binding: Binding
    settles: str | None = None
    deposes: Deposed | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """A member of *address* was added (*by* 1) or removed (*by* -1).

    Not a ``Bound``, for a campaign of 5,000 leads would be written 5,000 times.
    """

    address: Address
    member: str
    by: int = 1
    settles: str | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """The removal of a member of *address* is about to be sent. ``Counted`` by -1 follows when it is proven gone."""

    address: Address
    member: str


@dataclass(frozen=True, slots=True)
class Sending:
    """Fields of which no answer shows the value are about to be sent. ``Bound`` follows when the outcome is known.

    Attributes:
        fields: top-level names, for ``Binding.unconfirmed``.
        kept: those of them of which more may be stored now than was applied, with all of it; they go to ``applied``.
    """

    address: Address
    fields: frozenset[str]
    kept: Spec


@dataclass(frozen=True, slots=True)
class Settled:
    """The intent of *step* is answered, and there is no object.

    Attributes:
        why: fixed words for people ("refused", "proven absent"); no foreign text.
    """

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Unbound:
    """An address has no object any more, or is forgotten."""

    address: Address


@dataclass(frozen=True, slots=True)
class Moved:
    """The object of *origin* is from now on the one of *target*."""

    origin: Address
    target: Address


@dataclass(frozen=True, slots=True)
class DeposedGone:
    """A replaced object is deleted."""

    id: str


@dataclass(frozen=True, slots=True)
class OrganizationKnown:
    """An answer told which organization this is."""

    id: str


@dataclass(frozen=True, slots=True)
class StackKnown:
    """Whose state it is: the name of the stack."""

    name: str


@dataclass(frozen=True, slots=True)
class Consented:
    """Which limits and approvals are in force from now on."""

    in_force: InForce


@dataclass(frozen=True, slots=True)
class WentBack:
    """A rollback begins; or None: the repository is applied to all that the last one changed."""

    rolled_back: RolledBack | None


@dataclass(frozen=True, slots=True)
class ContentApplied:
    """Which content of each address is applied from now on; None = it is about to change."""

    contents: Mapping[Address, Content | None]


@dataclass(frozen=True, slots=True)
class Spent:
    """The saved plan of this digest was applied; a plan applies once."""

    digest: str


@dataclass(frozen=True, slots=True)
class Began:
    """An apply is about to write to the API; ``Remembered`` follows when it has ended."""

    author: Author
    at: float
    digest: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """An apply has ended. *last* is the last entry of the history; None where there is none."""

    last: LastEntry | None


Entry: TypeAlias = (
    Intended
    | Bound
    | Counted
    | Leaving
    | Sending
    | Settled
    | Unbound
    | Moved
    | DeposedGone
    | OrganizationKnown
    | StackKnown
    | Consented
    | WentBack
    | ContentApplied
    | Spent
    | Began
    | Remembered
)


_ENTRIES: Final[Mapping[str, tuple[type[Entry], str]]] = {
    "intended": (Intended, "intends {0.intent.step}"),
    "bound": (Bound, "bound {0.binding.address} to {0.binding.id}"),
    "counted": (Counted, "members of {0.address}: {0.by:+d}"),
    "leaving": (Leaving, "removes a member of {0.address}"),
    "sending": (Sending, "sends what cannot be seen of {0.address}"),
    "settled": (Settled, "settled {0.step}: {0.why}"),
    "unbound": (Unbound, "unbound {0.address}"),
    "moved": (Moved, "moved {0.origin} to {0.target}"),
    "deposed-gone": (DeposedGone, "{0.id} is gone"),
    "organization": (OrganizationKnown, "organization {0.id}"),
    "stack": (StackKnown, "stack {0.name}"),
    "consented": (Consented, "limits and approvals in force"),
    "went-back": (WentBack, "what the last rollback left to the repository"),
    "content": (ContentApplied, "the content of what is applied"),
    "spent": (Spent, "applied plan {0.digest}"),
    "began": (Began, "an apply begins"),
    "remembered": (Remembered, "the apply has ended"),
}
"""What each entry is called in the file, and in a log, where no id of a person may stand."""

_OPS: Final = {entry: op for op, (entry, _) in _ENTRIES.items()}
_SUM: Final = b'{"sum":"%08x",'
_SUM_LENGTH: Final = len(_SUM % 0)


class Draft:
    """A state that can be changed, entry by entry, each in constant time."""

    def __init__(self, state: State) -> None:
        self.serial = state.serial
        self.bindings = dict(state.bindings)
        self.intents = {intent.step: intent for intent in state.intents}
        self.lineage = state.lineage
        self.organization = state.organization
        self.stack = state.stack
        self.in_force = state.in_force
        self.last = state.last
        self._begun = state.begun
        self._touched = set(state.begun.touched) if state.begun is not None else set()
        self.rolled_back = state.rolled_back
        self._deposed = {(deposed.address.kind, deposed.id): deposed for deposed in state.deposed}
        self._spent = list(state.spent)
        self._owned: set[Address] = set()  # whose members are dicts that only this draft has

    def apply(self, entry: Entry) -> None:  # noqa: C901, PLR0912 -- a table
        """Change the state as *entry* says."""
        self.serial += 1
        if self._begun is not None:
            self._touched |= _addresses(entry)
        match entry:
            case Intended(intent):
                self.intents[intent.step] = intent
            case Bound(binding, settles, deposes):
                self._bind(binding, settles, deposes)
            case Counted(address, member, by, settles):
                self._count(address, member, by)
                self.intents.pop(settles or "", None)
            case Leaving(address, member):
                self._leave(address, member)
            case Sending(address, fields, kept):
                self._send(address, fields, kept)
            case Settled(step):
                self.intents.pop(step, None)
            case Unbound(address):
                self.bindings.pop(address, None)
                self._owned.discard(address)
            case Moved(origin, target):
                self._move(origin, target)
            case DeposedGone(gone):
                self._deposed = {key: deposed for key, deposed in self._deposed.items() if deposed.id != gone}
            case OrganizationKnown(organization):
                self.organization = organization
            case StackKnown(name):
                self.stack = name
            case Consented(in_force):
                self.in_force = in_force
            case WentBack(rolled_back):
                self.rolled_back = rolled_back
            case ContentApplied(contents):
                for address, content in contents.items():
                    self._has_content(address, content)
            case Spent(digest):
                self._spent.append(digest)
            case Began(author, at, digest):
                self._begun, self._touched = Begun(author, at, digest, self.serial), set()
            case Remembered(last):
                self.last, self._begun = last, None

    def _bind(self, binding: Binding, settles: str | None, deposes: Deposed | None) -> None:
        self.bindings[binding.address] = binding
        self._owned.discard(binding.address)
        self.intents.pop(settles or "", None)
        if deposes is not None:
            self._deposed[deposes.address.kind, deposes.id] = deposes

    def _count(self, address: Address, member: str, by: int) -> None:
        if address not in self.bindings:
            return  # its parent went first, and took it along
        members, leaving = self._counted(address)
        if member not in members and member[-MEMBER_HALF:] in members:
            member = member[-MEMBER_HALF:]  # as version 1 wrote it
        _add(members, member, by)
        if by < 0:
            _add(leaving, member, by)

    def _leave(self, address: Address, member: str) -> None:
        if address in self.bindings:
            members, leaving = self._counted(address)
            if leaving.get(member, 0) < members.get(member, 0):
                _add(leaving, member, 1)

    def _send(self, address: Address, fields: frozenset[str], kept: Spec) -> None:
        if (binding := self.bindings.get(address)) is not None:
            applied = {**binding.applied, **kept}
            self.bindings[address] = replace(binding, applied=applied, unconfirmed=binding.unconfirmed | fields)

    def _has_content(self, address: Address, content: Content | None) -> None:
        if (binding := self.bindings.get(address)) is not None:
            self.bindings[address] = replace(binding, content=content)

    def _counted(self, address: Address) -> tuple[dict[str, int], dict[str, int]]:
        """Return members and leaving of a binding, to be changed."""
        binding = self.bindings[address]
        if address not in self._owned:
            binding = replace(binding, members=dict(binding.members), leaving=dict(binding.leaving))
            self.bindings[address] = binding
            self._owned.add(address)
        return cast("dict[str, int]", binding.members), cast("dict[str, int]", binding.leaving)

    def _move(self, origin: Address, target: Address) -> None:
        self._owned -= {origin, target}
        if origin in self.bindings:
            self.bindings[target] = replace(self.bindings.pop(origin), address=target)
        for step, intent in self.intents.items():
            if intent.address == origin:
                self.intents[step] = replace(intent, address=target)
        deposed = [replace(d, address=target) if d.address == origin else d for d in self._deposed.values()]
        self._deposed = {(d.address.kind, d.id): d for d in deposed}

    def binding(self, address: Address) -> Binding | None:
        """Return one binding as it is now; None when there is none. Later entries do not change it."""
        self._owned.discard(address)
        return self.bindings.get(address)

    def freeze(self) -> State:
        """Give the state as it is now; later entries do not change it."""
        self._owned.clear()
        return State(
            lineage=self.lineage,
            serial=self.serial,
            organization=self.organization,
            stack=self.stack,
            in_force=self.in_force,
            rolled_back=self.rolled_back,
            bindings=MappingProxyType(self.bindings.copy()),
            deposed=tuple(self._deposed.values()),
            intents=tuple(self.intents.values()),
            spent=tuple(self._spent[-SPENT_KEPT:]),
            last=self.last,
            begun=self._begun and replace(self._begun, touched=tuple(sorted(self._touched))),
        )


def told(entry: Entry) -> str:
    """Say in a log what was written down."""
    return _ENTRIES[_OPS[type(entry)]][1].format(entry)


def _addresses(entry: Entry) -> frozenset[Address]:
    """Return the addresses that an entry is about."""
    match entry:
        case Bound(binding):
            return frozenset({binding.address})
        case Intended(intent):
            return frozenset({intent.address})
        case Moved(origin, target):
            return frozenset({origin, target})
        case Counted(address) | Leaving(address) | Sending(address) | Unbound(address):
            return frozenset({address})
    return frozenset()


def _add(counts: dict[str, int], key: str, by: int) -> None:
    """Count one more or less; what comes to nothing leaves."""
    counts[key] = counts.get(key, 0) + by
    if counts[key] <= 0:
        del counts[key]


def replay(state: State, entries: Iterable[Entry]) -> State:
    """Give the state that *entries* lead to, in linear time."""
    draft = Draft(state)
    for entry in entries:
        draft.apply(entry)
    return draft.freeze()


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one line says."""

    lineage: str
    serial: int
    entries: list[Any]


@dataclass(frozen=True, slots=True)
class Journal:
    """What is written in a journal.

    Attributes:
        lineage: of the state it continues; None when it is empty.
        first: serial of the first entry.
        end: how many bytes are whole; what follows was torn off by a kill and never acknowledged.
    """

    lineage: str | None = None
    first: int = 0
    entries: tuple[Entry, ...] = ()
    end: int = 0

    @property
    def last(self) -> int:
        """Serial of the last entry."""
        return self.first + len(self.entries) - 1


def join(state: State | None, journal: Journal | None) -> State | None:
    """Give the state that a stored *state* and the *journal* beside it make; None when there is neither.

    Entries that the stored state already contains are passed over: a kill came between writing it and emptying the
    journal.

    Raises:
        StateError: the two do not belong together, or the stored state is lost.
    """
    if journal is None:
        return state
    if state is None:
        if journal.lineage is None or journal.first != 1:
            raise StateError(
                "there is a journal, but the state it continues is gone. Restore state.json from git or a backup, "
                "or delete the whole folder to start again: the next plan then offers to adopt what is live.",
                summary="State is damaged",
            )
        state = State(lineage=journal.lineage)
    if journal.lineage is None:
        return state
    if journal.lineage != state.lineage:
        raise _foreign(f"its lineage is {journal.lineage}, that of the state {state.lineage}")
    if journal.first > state.serial + 1:
        raise _foreign(f"it continues serial {journal.first - 1}, the state has {state.serial}")
    return replay(state, journal.entries[state.serial + 1 - journal.first :])


def _foreign(why: str) -> StateError:
    return StateError(
        f"the journal belongs to another state.json: {why}. Put back the state.json that was here, or, if this one "
        "is right, delete journal.jsonl beside it: what only the journal knew, the next plan offers to adopt.",
        summary="State is damaged",
    )


def encode(lineage: str, serial: int, entries: Sequence[Entry]) -> bytes:
    """Write one batch as a line; *serial* is that of its first entry.

    Raises:
        StateError: an entry cannot be written.
    """
    entries_out = [_entry_out(entry) for entry in entries]
    rest = state_file.line({"lineage": lineage, "serial": serial, "entries": entries_out})[1:]
    return _SUM % zlib.crc32(rest) + rest + b"\n"


def decode(data: bytes, name: str = "journal.jsonl") -> Journal:
    """Read a journal; a torn last line is left out.

    Raises:
        StateError: anything but the end is damaged.
    """
    lines = data.split(b"\n")
    torn = lines.pop()  # b"" when the last line is whole
    if lines and not torn and b"\0" in lines[-1]:
        torn = lines.pop() + b"\n"  # the file grew, its pages never came: a power failure before the fsync returned
    lineage, first, entries = None, 0, list[Entry]()
    for number, line in enumerate(lines, 1):
        try:
            batch = codec.decode(_checked(line), _Batch, "batch", FORM)
            if lineage is None:
                lineage, first = batch.lineage, batch.serial
            if (batch.lineage, batch.serial) != (lineage, first + len(entries)):
                raise ValueError("it does not continue the line before")  # noqa: TRY301 -- one way to tell the line
            entries += map(_entry_in, batch.entries)
        except Newer as error:
            raise state_file.newer(f"{name} line {number}", error) from error
        except ValueError as error:
            raise StateError(
                f"{name} line {number}: {error}. Restore the folder from a backup, or delete this line and all after "
                "it: what they recorded, the next plan offers to adopt.",
                summary="State is damaged",
            ) from error
    return Journal(lineage, first, tuple(entries), len(data) - len(torn))


def _checked(line: bytes) -> Any:
    rest = line[_SUM_LENGTH:]
    if line[:_SUM_LENGTH] != _SUM % zlib.crc32(rest):
        raise ValueError("its checksum is wrong")
    return orjson.loads(b"{" + rest)


def _entry_out(entry: Entry) -> dict[str, Any]:
    """Give the JSON object of an entry; a binding has its address beside it."""
    fields = codec.encode(entry, type(entry), FORM)
    if isinstance(entry, Bound):
        fields = {"address": str(entry.binding.address), **fields, "binding": state_file.binding_out(entry.binding)}
    return {"op": _OPS[type(entry)], **fields}


def _entry_in(value: Any) -> Entry:
    op = value.get("op") if type(value) is dict else None
    if type(op) is not str or op not in _ENTRIES:
        raise Newer(f"{op!r} is not an entry that this version knows")
    fields = {key: field for key, field in value.items() if key != "op"}
    if op == "bound":
        fields["binding"] = state_file.binding_in(fields.pop("address", None), fields.get("binding"))
    return codec.decode(fields, _ENTRIES[op][0], op, FORM)

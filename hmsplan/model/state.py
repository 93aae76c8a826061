"""What earlier applies left behind: the ``State``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from hmsplan.model.address import Address
from hmsplan.model.consent import InForce
from hmsplan.model.head import Author
from hmsplan.model.paths import FieldPath
from hmsplan.model.promotion import Content
from hmsplan.model.value import EMPTY, Spec

MEMBER_HALF: Final = 16
"""Hex digits of each half of a member's fingerprint: of the person, then of all. Version 1 had the second alone."""


@dataclass(frozen=True, slots=True)
class Binding:
    """What state knows of one address.

    Attributes:
        applied: the fields last applied, in the form of ``formats.state_file``: ids in place of references, secrets as
            ``Secret.recorded()``.
        protected: ``prevent_destroy`` was in force when it was last applied.
        members: ``planner.members.fingerprint`` of each member we added to how many there are of it; no phone number is
            stored. One that was added and is not on the list any more was taken away by a person, and is remembered.
        sent: top-level fields that this state has sent: they hold no secret that is unknown here.
        leaving: of those, the ones whose removal was about to be sent: those of them that are gone left by our hand.
        made: Unix seconds, by the API's clock, when we made the object; 0.0 = longer ago than matters, or not by us.
        unkept: dotted path of a field that the API did not store as it was applied to the SHA-256 of the canonical JSON
            of what it has instead. As long as both stay so, the field is neither planned again nor drift.
        unconfirmed: top-level fields that were about to be sent, and of whose values no answer tells whether they
            arrived. What of them cannot be seen is sent again, whatever *applied* has.
        content: of the resource, for the environments that require it to be applied here; None = not known.
    """

    address: Address
    id: str
    applied: Spec = field(default_factory=lambda: EMPTY)
    protected: bool = False
    members: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    made: float = 0.0
    unkept: Mapping[str, str] = field(default_factory=dict)
    leaving: Mapping[str, int] = field(default_factory=dict)
    sent: frozenset[str] = frozenset()
    unconfirmed: frozenset[str] = frozenset()
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Deposed:
    """A replaced object that is still to be deleted."""

    address: Address
    id: str


@dataclass(frozen=True, slots=True)
class PendingCreate:
    """A POST that is about to be sent, written down before it is.

    Attributes:
        step: the key of the step, unique among open intents.
        identity: the natural key of the object, canonical.
        applied: what a binding would record on success; also how a found object is recognised.
        before: ids that already had this identity.
        started: Unix seconds, by the API's clock: when the POST is sent at the latest.
        parent: id of the parent, for a member.
        deposes: id of the object this one replaces, if any.
        members: the members that ride on the POST, as ``Binding.members``.
    """

    step: str
    address: Address
    kind: str
    identity: tuple[str, ...]
    applied: Spec
    before: frozenset[str]
    started: float
    parent: str | None = None
    deposes: str | None = None
    protected: bool = False
    members: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class LastEntry:
    """The entry of the history that was written last, as the state knows it: by its number and its hash."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An apply that began to write, and has not ended as far as is known.

    Attributes:
        at: when, in Unix seconds by the API's clock.
        digest: of its plan.
        serial: of the state with this in it.
        touched: the addresses of which it wrote anything down.
    """

    author: Author
    at: float
    digest: str
    serial: int = 0
    touched: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A value that was applied until a rollback.

    Attributes:
        path: of the field; of the members, the name of their field; empty = whether the object is there at all.
        digest: of the value, in hex; references count by their address, and secrets by their name.
    """

    path: FieldPath
    digest: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback that the repository does not follow yet, as far as is known.

    Attributes:
        number: of the apply that it went back to.
        at: Unix seconds, by the API's clock, when it began.
        addresses: what it was to change, less what a plan of the repository was applied to since, and the values that
            it took back there.
        revert: what to type so that the repository follows; "" where that is not known.
    """

    number: int
    at: float
    addresses: Mapping[Address, tuple[TakenBack, ...]]
    revert: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """All that earlier applies left behind.

    Attributes:
        lineage: a UUID given when the state began; another lineage is another state.
        serial: grows with every write.
        organization: id of the organization the bindings belong to; None until an answer told it.
        stack: name of the stack whose state it is; None until an apply wrote it down.
        in_force: the limits and approvals of the last apply.
        rolled_back: the last rollback; None once the repository was applied to all that it changed.
        spent: ``saved.use_of`` the saved plans that were already applied; a plan applies once.
        last: the last entry of the history beside it; None where none was written yet, or an older version did.
        begun: the apply that is under way, or was killed.
    """

    lineage: str
    serial: int = 0
    organization: str | None = None
    bindings: Mapping[Address, Binding] = field(default_factory=lambda: MappingProxyType({}))
    deposed: tuple[Deposed, ...] = ()
    intents: tuple[PendingCreate, ...] = ()
    spent: tuple[str, ...] = ()
    stack: str | None = None
    in_force: InForce = field(default_factory=InForce)
    last: LastEntry | None = None
    begun: Begun | None = None
    rolled_back: RolledBack | None = None

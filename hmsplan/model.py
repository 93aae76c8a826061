"""The values every stage speaks in; frozen.

Three readings meet in ``plan.make_plan``: what is declared (``Stack``), what is live (``Snapshot``) and what we did
before (``State``). The answer is a ``Plan``; ``apply`` performs exactly that value and returns a ``Report``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from hmsplan.fingerprints import FingerprintKey

Value: TypeAlias = Any
"""Any JSON value, in which a ``Ref`` or a ``Secret`` may stand for a string."""

Spec: TypeAlias = Mapping[str, Any]
"""Field name to ``Value``; the API's own field names."""

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root of an object. An item of a list is named by its index; of a keyed one, by its key."""

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Missing(enum.Enum):
    """The type of ``MISSING``: "there is no such key", which is not the same as a null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


class Address(NamedTuple):
    """Names one declared object: ``assistants.reception``. Ordered by kind, then key."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``kind.key``; whether the kind exists is not checked here.

        Raises:
            ValueError: *text* is not of that form.
        """
        match = _ADDRESS.fullmatch(text)
        if match is None:
            msg = f"not an address: {text!r}; write it as kind.key, such as assistants.support"
            raise ValueError(msg)
        return cls(match[1], match[2])


KEY_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_-]*"
_ADDRESS: Final = re.compile(rf"([a-z_]+)\.({KEY_PATTERN})")


@dataclass(frozen=True, slots=True, order=True)
class SourceLine:
    """A place in a file of the stack. Lines and columns count from 1; ``file`` is relative to the stack's root."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    """How bad a ``Diagnostic`` is; only an error stops a command."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, told so that its reader can mend it.

    Attributes:
        summary: fixed words, without data ("Unknown reference"), so that tools can group by it.
        detail: which, why it matters, and what to type next.
        source: where; None when no file is at fault.
        address: the resource concerned, if one is.
        path: the field concerned; empty for the whole resource.
    """

    summary: str
    detail: str
    source: SourceLine | None = None
    address: Address | None = None
    path: FieldPath = ()
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Ref:
    """The id of *address*, once known. Terraform's "unknown value"."""

    address: Address

    def __str__(self) -> str:
        return f"${{{self.address}}}"


class Secret:
    """A value that is sent to the API and shown nowhere.

    Two secrets are equal when all but their values are: the value never takes part, so that no comparison leaks it.

    Attributes:
        name: the ``x`` of ``${secret:x}``; ``LIVE`` for one that an answer of the API carried.
        fingerprint: keyed digest of the value in its place (``HMSPLAN_FINGERPRINT_KEY``); None without a key.
        version: ``lifecycle.secret_version`` of the resource; None when the author names none.
    """

    __slots__ = ("_key", "_value", "fingerprint", "name", "version")
    LIVE: Final = "(live)"

    def __init__(
        self,
        name: str,
        value: str | None = None,
        fingerprint: str | None = None,
        version: int | None = None,
        *,
        key: FingerprintKey | None = None,
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.version = version
        self._value = value
        self._key = key

    @classmethod
    def remembered(cls, recorded: Mapping[str, Any]) -> Secret:
        """Read what ``recorded`` gave; the value is not known any more."""
        return cls(str(recorded["$secret"]), None, recorded.get("fingerprint"), recorded.get("version"))

    def recorded(self) -> dict[str, Any]:
        """Return what may be written down of it, as JSON."""
        version = {} if self.version is None else {"version": self.version}
        return {"$secret": self.name, "fingerprint": self.fingerprint, **version}

    def placed(self, place: str, version: int | None = None) -> Secret:
        """Return the same secret with its fingerprint in *place*, any text that names where it is sent."""
        known = self._key is not None and self._value is not None
        mark = self._key.fingerprint(self._value, place) if known else self.fingerprint  # type: ignore[union-attr,arg-type]
        return Secret(self.name, self._value, mark, version, key=self._key)

    def is_like(self, fingerprint: str) -> bool | None:
        """Say whether *fingerprint* is one of this value, in whatever place; None when nobody can tell."""
        if self._key is None or self._value is None:
            return None if self.fingerprint is None else self.fingerprint == fingerprint
        again = self._key.again(self._value, fingerprint)
        return None if again is None else again == fingerprint

    def reveal(self) -> str | None:
        """Return the value, for the request body and nothing else; None when it is not known here."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __str__(self) -> str:
        return "(sensitive value)"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self.name, self.fingerprint, self.version))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Secret, (self.name, None, self.fingerprint, self.version))


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What the author says about the life of a resource, not about its fields.

    Attributes:
        prevent_destroy: refuse to delete or replace it; remembered in state, so it outlives the block.
        ignore_changes: dotted paths whose live value is left alone once the object exists.
        secret_version: another number than the one last applied sends all secrets again; None = says nothing.
    """

    prevent_destroy: bool = False
    ignore_changes: tuple[FieldPath, ...] = ()
    secret_version: int | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared object, validated, its templates expanded.

    Attributes:
        spec: the fields the author manages; absent = not managed, None = clear it. ``Ref`` and ``Secret`` stand in it.
        members: declared members (the leads of a campaign); None = not managed.
        refs: every address that ``spec`` refers to by id, sorted.
        via: where a template was pasted in, and which one.
        secret_paths: every path of ``spec`` that holds a ``Secret``.
        locate: the source of a field, found when a message needs it; the resource's own line for the empty path.
    """

    address: Address
    spec: Spec
    source: SourceLine
    lifecycle: Lifecycle = Lifecycle()
    members: tuple[Spec, ...] | None = None
    refs: tuple[Address, ...] = ()
    via: tuple[tuple[FieldPath, Address], ...] = ()
    secret_paths: tuple[FieldPath, ...] = ()
    locate: Callable[[FieldPath], SourceLine] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Move:
    """A ``moved:`` entry: the object of *origin* is from now on the one of *target*."""

    origin: Address
    target: Address
    source: SourceLine


@dataclass(frozen=True, slots=True)
class Import:
    """An ``imports:`` entry: bind *target* to the live object *id*."""

    target: Address
    id: str
    source: SourceLine


@dataclass(frozen=True, slots=True)
class Safety:
    """Limits on one apply, from ``safety:``.

    Attributes:
        max_deletes: deletes in all.
        max_delete_share: 0 to 1, of the objects of one kind that state binds; one delete is always within it.
        settle_grace_s: seconds for a create without an answer to show up in a list.
        plan_ttl_s: seconds after which a saved plan is not applied any more.
    """

    max_deletes: int = 3
    max_delete_share: float = 0.3
    settle_grace_s: float = 30.0
    plan_ttl_s: float = 86_400.0


@dataclass(frozen=True, slots=True)
class Stack:
    """All that is declared for one environment.

    Attributes:
        environment: the name chosen with ``-e``; ``default`` when none was.
        organization: the only organization this may touch; None = any.
        removed: addresses to forget without deleting.
    """

    name: str
    environment: str
    resources: Mapping[Address, Resource]
    organization: str | None = None
    moved: tuple[Move, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: frozenset[Address] = frozenset()
    safety: Safety = Safety()
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """One live object.

    Attributes:
        fields: as the API answered, aliases settled (``Kind.aliases``) and secrets wrapped in ``Secret``.
    """

    kind: str
    id: str
    fields: Spec


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every live object of the kinds that were read, at one moment.

    Attributes:
        objects: kind to id to object. A kind that is absent was not read; one that is empty has no objects.
        members: id of the parent to its members (a campaign's leads); absent = not read.
        gone: (kind, id) that state binds and that a GET by id answered with 404.
        lagging: kinds whose list lacked objects that a GET by id found; what nothing binds may be missing there too.
        organization: the id of the organization, when an answer told it.
        requests: how many HTTP requests the reading took.
    """

    objects: Mapping[str, Mapping[str, RemoteObject]]
    members: Mapping[str, tuple[RemoteObject, ...]] = field(default_factory=lambda: MappingProxyType({}))
    gone: frozenset[tuple[str, str]] = frozenset()
    lagging: frozenset[str] = frozenset()
    organization: str | None = None
    requests: int = 0

    def get(self, kind: str, object_id: str) -> RemoteObject | None:
        """Return the live object, or None when there is none."""
        return self.objects.get(kind, {}).get(object_id)


@dataclass(frozen=True, slots=True)
class Anonymous:
    """What a saved snapshot keeps of a member; stands in the place of the last field that tells it from others.

    Attributes:
        fingerprint: ``changes.member_fingerprint`` of the member it was.
        called: ``changes.number_fingerprint``, for one that something has happened to; None for one still untouched.
    """

    fingerprint: str
    called: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """What state knows of one address.

    Attributes:
        applied: the fields last applied, in the form of ``state.record``: ids in place of references, secrets as
            ``Secret.recorded()``.
        protected: ``prevent_destroy`` was in force when it was last applied.
        members: fingerprint of each member we added to how many there are of it; no phone number is stored.
    """

    address: Address
    id: str
    applied: Spec = field(default_factory=lambda: EMPTY)
    protected: bool = False
    members: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Deposed:
    """A replaced object that is still to be deleted."""

    address: Address
    id: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A POST that is about to be sent, written down before it is.

    Attributes:
        step: the key of the step, unique among open intents.
        identity: the natural key of the object, canonical.
        applied: what a binding would record on success; also how a found object is recognised.
        before: ids that already had this identity.
        started: Unix seconds, our clock.
        parent: id of the parent, for a member.
        deposes: id of the object this one replaces, if any.
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


@dataclass(frozen=True, slots=True)
class State:
    """All that earlier applies left behind.

    Attributes:
        lineage: a UUID given when the state began; another lineage is another state.
        serial: grows with every write.
        organization: id of the organization the bindings belong to; None until an answer told it.
        spent: ``saved.use_of`` the saved plans that were already applied; a plan applies once.
    """

    lineage: str
    serial: int = 0
    organization: str | None = None
    bindings: Mapping[Address, Binding] = field(default_factory=lambda: MappingProxyType({}))
    deposed: tuple[Deposed, ...] = ()
    intents: tuple[Intent, ...] = ()
    spent: tuple[str, ...] = ()


class Action(enum.StrEnum):
    """What happens to one address."""

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One declared field whose live value differs.

    Attributes:
        path: keys from the root of the object, e.g. ``("llm_config", "model")``.
        before: live value; ``MISSING`` when the object has no such key.
        after: declared value; ``None`` asks the API to clear the field; ``MISSING`` takes the key out of its block.
    """

    path: FieldPath
    before: Value | Missing
    after: Value | Missing


@dataclass(frozen=True, slots=True)
class MembersChange:
    """Members to add and to remove; neither order nor progress counts.

    Attributes:
        add: declared members without a live one.
        remove: live members that we added and the author took out.
        pending: members still to be dialled once the change is applied.
    """

    add: tuple[Spec, ...] = ()
    remove: tuple[RemoteObject, ...] = ()
    pending: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """An object through which a change reaches somebody: an active number, a campaign that dials, a template's user.

    Attributes:
        name: the phone number or the campaign's name, foreign; the address of a template's user.
        id: None for a user that does not exist yet.
        address: None when nobody manages it here.
        waiting: people that a campaign has still to call; None when nobody knows, or there are none to call.
        at_most: *waiting* may be fewer: it comes from the campaign's counters, because its leads were not read.
    """

    kind: str
    name: str
    id: str | None = None
    address: Address | None = None
    waiting: int | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one assistant or number when the plan was made.

    Attributes:
        running: in progress.
        recent: begun in the last ``impact.DAYS`` days, those in progress among them.
        at_least: there were too many to read them all.
    """

    running: int
    recent: int
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What is planned for one address.

    Attributes:
        id: the live object; None when it does not exist yet.
        before: live fields; empty when there is no object.
        after: declared fields, references to known objects resolved; empty for a delete or a forget.
        fields: sorted by path; for CREATE every declared field.
        replaces: the paths that force a REPLACE.
        released: fields that were managed, are no longer declared and cannot be cleared; they stay as they are.
        reason: for people; never steers ``apply``.
        notes: further sentences for people (what cannot be seen).
        reaches: other users of a template, then the numbers and campaigns through which people meet the change.
        calls: of the assistant or number; None when nobody asked, or nobody knows.
        moved_from: the earlier address, for a ``moved:`` entry.
        deposed: the object was replaced by an earlier apply and is still to be deleted.
        started: the change makes a campaign dial people.
    """

    address: Address
    action: Action
    id: str | None
    before: Spec = field(default_factory=lambda: EMPTY)
    after: Spec = field(default_factory=lambda: EMPTY)
    fields: tuple[FieldChange, ...] = ()
    members: MembersChange | None = None
    replaces: tuple[FieldPath, ...] = ()
    released: tuple[FieldPath, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    moved_from: Address | None = None
    source: SourceLine | None = None
    deposed: bool = False
    started: bool = False
    reaches: tuple[Reached, ...] = ()
    calls: Calls | None = None


class DriftKind(enum.StrEnum):
    """How a live object left what was last applied."""

    CHANGED = "changed"
    GONE = "gone"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as we left it.

    Attributes:
        address: None for an unmanaged object.
        fields: ``before`` = last applied, ``after`` = live.
        unseen: write-only fields, of which nothing can be said.
    """

    kind: str
    id: str
    drift: DriftKind
    address: Address | None = None
    name: str = ""
    fields: tuple[FieldChange, ...] = ()
    unseen: tuple[FieldPath, ...] = ()


class Risk(enum.StrEnum):
    """What a guard protects from; the word before the colon in ``--allow RISK:ADDRESS``."""

    DELETE = "delete"
    REPLACE = "replace"
    START = "start"
    RECALL = "recall"
    EGRESS = "egress"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One risk that nobody has allowed."""

    risk: Risk
    address: Address
    reason: str

    @property
    def flag(self) -> str:
        """The exact words that allow it."""
        return f"--allow {self.risk}:{self.address}"


class Verb(enum.StrEnum):
    """What one step does. BIND and FORGET touch the state only."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    BIND = "bind"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Step:
    """One write and the steps it needs.

    Attributes:
        key: unique in its plan, stable between runs: ``assistants.support:create``.
        id: the live object; None when an earlier step of *address* makes it.
        spec: CREATE: the body, with a ``Ref`` where an id is not known yet. UPDATE: the declared value of each
            top-level field that is sent.
        records: every declared field that holds once the step is done; becomes ``Binding.applied``. None = keep what
            is recorded.
        members: the same for ``Binding.members``; for a CREATE, the members that ride along.
        protected: becomes ``Binding.protected``.
        removed: UPDATE: nested keys to take out of the blocks in *spec*.
        member: CREATE, DELETE, BIND of one member of *address*; *spec* is the member's.
        deposes: CREATE, BIND: id of the object this one replaces; DELETE, FORGET: the deposed object itself.
        settles: BIND: key of the open intent whose object this is.
        needs: keys of steps that have to be done before.
    """

    key: str
    verb: Verb
    address: Address
    id: str | None = None
    spec: Spec = field(default_factory=lambda: EMPTY)
    records: Spec | None = None
    members: tuple[Spec, ...] | None = None
    protected: bool = False
    removed: tuple[FieldPath, ...] = ()
    member: bool = False
    moved_from: Address | None = None
    deposes: str | None = None
    settles: str | None = None
    needs: frozenset[str] = frozenset()


class Digest(enum.StrEnum):
    """What two plans have to have in common to be the same; the word before the colon of a written digest.

    STRICT is all that was reviewed, the values before each change too. INTENT is only what is done.
    """

    STRICT = "sha256"
    INTENT = "intent"


@dataclass(frozen=True, slots=True)
class Against:
    """The saved snapshot that stood in the place of the live organization.

    Attributes:
        taken: UTC, ISO 8601.
        age_s: its age, in seconds, when it was planned against.
        digest: of its content, in hex.
    """

    taken: str
    age_s: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do, as a value that can be printed, saved, reviewed and tested.

    Attributes:
        changes: one a declared or bound address, NO_OP included, in the order of addresses.
        drift: what changed outside since the last apply; shown apart from what is requested.
        refusals: risks that nobody has allowed; a plan with one is not applied.
        unsettled: creates of an earlier run of which nobody can say whether they happened.
        decided: keys of open intents that need no more watching: their object is there, or was never made.
        digest: SHA-256 of the semantic changes, in hex.
        intent: the same without the values that stood there before.
        serial, lineage: of the state the plan was made from.
        targets: what ``--target`` limited the plan to; empty = everything.
        resend: the patterns of ``--resend``: addresses whose secrets are sent although nothing else changed.
        destroy: it deletes everything that the state binds, whatever is declared.
        against: the saved snapshot it was made against, so that it may not be applied; None = what was live.
        made, expires: Unix seconds, of a plan that is saved; None for one that is not.
        unread: kinds that were not read and may use what changes, so that nobody knows whom it reaches through them.
    """

    stack: str
    environment: str
    changes: tuple[ResourceChange, ...]
    drift: tuple[Drift, ...] = ()
    steps: tuple[Step, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()
    decided: tuple[str, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    digest: str = ""
    intent: str = ""
    organization: str | None = None
    lineage: str = ""
    serial: int = 0
    targets: tuple[Address, ...] = ()
    resend: tuple[str, ...] = ()
    destroy: bool = False
    made: int | None = None
    expires: int | None = None
    unread: tuple[str, ...] = ()
    requests: int = 0
    against: Against | None = None

    @property
    def pending(self) -> tuple[ResourceChange, ...]:
        """The changes that do something, if only to the state."""
        return tuple(change for change in self.changes if is_pending(change))

    def digest_of(self, kind: Digest) -> str:
        """Return a digest as it is written: ``sha256:…`` or ``intent:…``."""
        return f"{kind}:{self.intent if kind is Digest.INTENT else self.digest}"


def is_pending(change: ResourceChange) -> bool:
    """Say whether *change* does something, if only to the state."""
    return change.action is not Action.NO_OP or change.moved_from is not None or bool(change.released)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An open intent that the lists do not decide.

    Attributes:
        candidates: ids that may be the object; empty = none seen yet.
        remaining_s: of the grace time; 0 = it is over, and the list is known to be incomplete.
    """

    intent: Intent
    candidates: tuple[str, ...]
    remaining_s: float = 0.0


class Status(enum.StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_STARTED = "not started"
    UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one step.

    Attributes:
        error: why it did not end well; "" for DONE.
        notes: what people should know although it is done ("the API kept llm_config.temperature").
        blockers: keys of the failed steps that this one waited for.
    """

    step: Step
    status: Status
    id: str | None = None
    error: str = ""
    notes: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of one apply, in the order of the plan's steps.

    Attributes:
        signal: the number of the signal that stopped it; None when none did.
        stopped: why nothing more could succeed, when it was no signal that stopped it.
        requests: HTTP requests sent, by method.
        elapsed_s: seconds, of which *waited_s* were waiting for the rate limit.
    """

    outcomes: tuple[Outcome, ...]
    signal: int | None = None
    stopped: str = ""
    requests: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    elapsed_s: float = 0.0
    waited_s: float = 0.0

    def count(self, status: Status) -> int:
        """Say how many steps ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people do: ``llm_config.messages[0].content``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$-]*", part):
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text

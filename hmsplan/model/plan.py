"""What an apply would do: the ``Plan``."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from hmsplan.model.address import Address
from hmsplan.model.consent import ApprovalUse, Refusal
from hmsplan.model.diagnostic import Diagnostic, SourceLine, Topic
from hmsplan.model.head import Head
from hmsplan.model.paths import FieldPath
from hmsplan.model.policy import Denial
from hmsplan.model.snapshot import RemoteObject
from hmsplan.model.state import PendingCreate
from hmsplan.model.value import EMPTY, Missing, Spec, Value
from hmsplan.model.windows import Opening, Wait


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
class MemberUpdate:
    """A person who is among the members to add and among those to remove: only what is said of them changes.

    Attributes:
        add, remove: their index there.
        names: the variables that differ, sorted; empty where the old ones cannot be seen.
    """

    add: int
    remove: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MembersChange:
    """Members to add and to remove; neither order nor progress counts.

    Attributes:
        add: declared members without a live one.
        remove: live members that we added and the author took out.
        pending: people still to be called once the change is applied; one who stands there twice is one.
        exposed: people among *add* who were not waiting to be called before.
        called: people among *add* who were called already.
        taken: people among *add* whom we added before and whom somebody took off the list since.
        mark: digest of *add*, in a saved plan, which masks them; "" anywhere else.
        updates: the pairs among both that are one member whose variables change; the API can only remove and add it.
        places: ``file:line`` of each of *add*; empty where it is not known.
    """

    add: tuple[Spec, ...] = ()
    remove: tuple[RemoteObject, ...] = ()
    pending: int = 0
    exposed: int = 0
    called: int = 0
    taken: int = 0
    mark: str = ""
    updates: tuple[MemberUpdate, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """An object through which a change reaches somebody: an active number, a campaign that dials, a template's user.

    Attributes:
        name: the phone number or the campaign's name, foreign; the address of a template's user.
        id: None for a user that does not exist yet.
        address: None when it is not managed here.
        waiting: people that a campaign has still to call; None when unknown, or there are none to call.
        at_most: *waiting* may be fewer: it comes from the campaign's counters, because its leads were not read.
        copies: of one that only copies a declared value: which, as in ``numbers.main.phone_number``.
    """

    kind: str
    name: str
    id: str | None = None
    address: Address | None = None
    waiting: int | None = None
    at_most: bool = False
    copies: str = ""


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
class CampaignMinutes:
    """What calling the people of one campaign takes.

    Attributes:
        people: whom the plan newly exposes to being called.
        call_s: seconds of one call: the median of *calls* earlier ones.
        is_own: those were calls of its own assistant.
        last_day: ISO 8601, in the zone of its calling window; "" where that does not tell it.
    """

    address: Address
    people: int
    call_s: float
    calls: int
    is_own: bool
    last_day: str = ""

    @property
    def minutes(self) -> float:
        """Minutes in all."""
        return self.people * self.call_s / 60


@dataclass(frozen=True, slots=True)
class Minutes:
    """What the campaigns of a plan take of the minutes that are left.

    Attributes:
        left: None where the balance is not known.
    """

    campaigns: tuple[CampaignMinutes, ...]
    left: float | None = None

    @property
    def needed(self) -> float:
        """Minutes of all campaigns."""
        return sum(each.minutes for each in self.campaigns)


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
        calls: of the assistant or number; None when it was not asked for, or is unknown.
        moved_from: the earlier address, for a ``moved:`` entry.
        deposed: the object was replaced by an earlier apply and is still to be deleted.
        started: the change makes a campaign dial people.
        pasted: the templates that the declared fields hold a copy of.
        copied: the resources of which they copy single values.
        wait: what the change has to wait for; None = it may be made, or somebody allowed it all the same.
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
    pasted: tuple[Address, ...] = ()
    copied: tuple[Address, ...] = ()
    wait: Wait | None = None


class DriftKind(enum.StrEnum):
    """How a live object left what was last applied."""

    CHANGED = "changed"
    GONE = "gone"
    TWIN = "twin"
    UNMANAGED = "unmanaged"


@dataclass(frozen=True, slots=True)
class Drift:
    """One object that is not as we left it.

    Attributes:
        address: None for an unmanaged object.
        fields: ``before`` = last applied, ``after`` = live.
        unseen: write-only fields, of which nothing can be said.
        other: of a TWIN: id of the other live object with the same identity.
        environment: of a TWIN: the environment of the stack whose state binds *other*; "" = no state that we know does.
        applied: the last apply that touched it; None = none is remembered, or was asked for.
        since: when it was last known to be as applied, in Unix seconds: then an apply wrote it, or looked and found it
            so. None = not known.
        read: when it was found to be otherwise.
        updated: when the API says that it changed last; None = it does not say.
    """

    kind: str
    id: str
    drift: DriftKind
    address: Address | None = None
    name: str = ""
    fields: tuple[FieldChange, ...] = ()
    unseen: tuple[FieldPath, ...] = ()
    other: str = ""
    environment: str = ""
    applied: Head | None = None
    since: float | None = None
    read: float | None = None
    updated: float | None = None

    @property
    def until(self) -> float | None:
        """When it had changed at the latest."""
        is_between = self.updated is not None and self.since is not None and self.since < self.updated
        return self.updated if is_between else self.read


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
        expects: UPDATE: the field changes that it rests on, of which ``before`` has to be there still, or ``after``
            already.
        clears: CREATE: declared null, which a create does not take; a PATCH follows if the platform filled them in.
        starts: UPDATE: it makes the platform act by itself (a campaign dials).
        rests: UPDATE: it makes the platform stop acting on an object that goes away; the state learns nothing by it.
        calls: of a step that *starts*: how many people it calls; None when they are not managed here.
        when: of a step that *starts*: at what hours, for people; foreign text.
        member: CREATE, DELETE, BIND of one member of *address*; *spec* is the member's.
        other_half: of a member that changes, which is to remove it and to add it again: the key of the other step.
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
    expects: tuple[FieldChange, ...] = ()
    clears: tuple[str, ...] = ()
    starts: bool = False
    rests: bool = False
    calls: int | None = None
    when: str = ""
    member: bool = False
    other_half: str = ""
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
class Rollback:
    """The apply that a plan goes back to: the stack is as it was then, and not as the files declare it.

    Attributes:
        to: that apply.
        revert: what to type so that the repository declares the same; "" where that is not known.
        doubt: what *revert* does not take back, or why it is not known; "" for nothing.
    """

    to: Head
    revert: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an apply would do, as a value that can be printed, saved, reviewed and tested.

    Attributes:
        changes: one a declared or bound address, NO_OP included, in the order of addresses.
        drift: what changed outside since the last apply; shown apart from what is requested.
        refusals: risks that are not allowed; a plan with one is not applied.
        denials: what the policies of the stack deny; a plan with one is not applied, whatever is allowed.
        approvals: those of ``approvals.yaml``, and what each does here.
        unsettled: addresses of which the readings do not tell whether their objects exist.
        decided: keys of open intents that need no more watching: their object is there, or was never made.
        digest: SHA-256 of the semantic changes, in hex.
        intent: the same without the values that stood there before.
        serial, lineage: of the state the plan was made from.
        targets: the patterns of ``--target``, which the plan is limited to; empty = everything.
        excluded: the patterns of ``--exclude``, which the plan leaves out with all that refers to them.
        resend: the patterns of ``--resend``: addresses whose secrets are sent although nothing else changed.
        destroy: it deletes everything that the state binds, whatever is declared.
        rollback: the earlier apply that it goes back to; None = the stack is what the files declare.
        against: the saved snapshot it was made against, so that it may not be applied; None = what was live.
        made, expires: Unix seconds, of a plan that is saved; None for one that is not.
        tool_version: of the hmsplan that made a plan that is saved; "" for one that is not.
        minutes: what its campaigns take; None when it was not asked for, is unknown, or it calls no one.
        unread: kinds that were not read and may use what changes, so that whom it reaches through them is unknown.
        opens: when all of it may be done, if a change has to wait and there is such a moment.
        first_in: the environment in which to apply first what it lacks a proof of; "" where that does not help.
        as_of: Unix seconds as of which windows were judged, if that is another time than when it was made.
        as_of_told: the same for people, by the clocks of the windows.
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
    targets: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    resend: tuple[str, ...] = ()
    destroy: bool = False
    made: int | None = None
    expires: int | None = None
    tool_version: str = ""
    unread: tuple[str, ...] = ()
    requests: int = 0
    against: Against | None = None
    approvals: tuple[ApprovalUse, ...] = ()
    denials: tuple[Denial, ...] = ()
    opens: Opening | None = None
    as_of: float | None = None
    as_of_told: str = ""
    rollback: Rollback | None = None
    minutes: Minutes | None = None
    first_in: str = ""

    @property
    def lost(self) -> tuple[Diagnostic, ...]:
        """What a rollback cannot bring back, one each."""
        return tuple(each for each in self.warnings if each.topic is Topic.LOST)

    @property
    def is_refused(self) -> bool:
        """Whether it may not be applied as it is."""
        return bool(self.refusals or self.denials)

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
    """An address of which the readings do not tell whether its object exists.

    Attributes:
        candidates: ids that may be the object of an open create; empty = none seen yet.
        remaining_s: of the grace time; 0 = it is over, and the list does not prove anything.
        intent: the create of an earlier run whose answer was lost; None = the object was made, see *id*.
        id: of the object that we made a moment ago and that no reading shows yet; None for an open create.
    """

    address: Address
    candidates: tuple[str, ...] = ()
    remaining_s: float = 0.0
    intent: PendingCreate | None = None
    id: str | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether time alone may decide it; else a person has to."""
        return not self.candidates and self.remaining_s > 0


def tally(plan: Plan) -> dict[str, int]:
    """Count what the last line of a plan says, in its order; a replace adds and destroys, as in Terraform."""
    pending = plan.pending
    by = {action: sum(change.action is action for change in pending) for action in Action}
    return {
        "add": by[Action.CREATE] + by[Action.REPLACE],
        "change": by[Action.UPDATE] + sum(change.action is Action.ADOPT and is_written(change) for change in pending),
        "destroy": by[Action.DELETE] + by[Action.REPLACE],
        "adopt": by[Action.ADOPT],
        "forget": by[Action.FORGET],
        "move": sum(change.moved_from is not None for change in pending),
        "release": sum(bool(change.released) for change in pending),
    }


def is_written(change: ResourceChange) -> bool:
    """Say whether the API is told anything, apart from a create or a delete of the object itself."""
    return bool(change.fields) or change.members is not None

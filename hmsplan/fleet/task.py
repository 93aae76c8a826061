"""What travels to a worker and what comes back: frozen, without a key or a secret. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from hmsplan.model import UNKNOWN, Author
from hmsplan.output.commands import BARE
from hmsplan.planner.planner import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hmsplan.fleet.values import Member
    from hmsplan.model import Diagnostic, Reached
    from hmsplan.output.commands import CommandLine
    from hmsplan.secrets.source import Source


class Operation(enum.StrEnum):
    """What is done for each member."""

    STATUS = "status"
    DOCTOR = "doctor"
    PLAN = "plan"
    DRIFT = "drift"
    LINT = "lint"
    EXPORT = "export"
    APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Common:
    """What holds for every member of a run.

    Attributes:
        root: the folder of the fleet file, absolute.
        shown_root: the same as it was typed; "" = it is the current folder.
        base_url: where the API is.
        state: URL below which every member has a state of its own; None = what its stack says.
        environment: of the members that name none; None = what their stack says.
        variables: of ``--var``; a member's own win.
        sources: where secrets are kept besides the environment of the worker.
        timeout_s: seconds after which nothing more is sent for a member; None = no limit.
        run: tells this run from others whose tasks the same process performs.
        reading: tells members for which files are read together from those of another wave or run.
        machine: the only one whose folders may be used; "" = the work is done on that which asks.
        salt: makes two keys comparable within this run, and in no other; empty = they are not compared.
    """

    root: Path
    base_url: str
    shown_root: str = ""
    state: str | None = None
    environment: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    allow_host: str | None = None
    ca_bundle: Path | None = None
    timeout_s: int | None = None
    trust_from: str | None = None
    run: str = ""
    reading: str = field(default_factory=lambda: uuid4().hex)
    machine: str = ""
    salt: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed of one member.

    Attributes:
        digest: of its plan, as it is written.
        changes: content of every change of that plan; what is left of them after a kill may be done, too.
        organization: that it is for; None = the API does not tell.
    """

    digest: str
    changes: frozenset[str] = frozenset()
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One operation for one member.

    Attributes:
        folder: of an EXPORT: where the files go, absolute; of a PLAN: where the plans will be saved, None = nowhere.
        reviewed: of an APPLY: what it may do.
        options: targets, what is allowed, whether to destroy.
        author: of an APPLY: who applies, for the history.
    """

    operation: Operation
    member: Member
    common: Common
    options: Options = DEFAULTS
    reviewed: Reviewed | None = None
    author: Author = UNKNOWN
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of one member.

    Attributes:
        file: as ``plan -o`` saves it: without secrets, and without what is not managed; empty when there is
            nothing to show of it, and it is not saved.
        digest: as it is written.
        content: digest of what it changes, ids, organization and the values of variables apart; "" = nothing.
        changes: content of each change.
        counts: what the last line of the plan says, by word.
        drifted: how many objects changed outside.
        refusals: what is refused, each with its flag.
        exact: digest of what it changes, ids and organization apart, but not the values of variables.
        learning: objects of which an apply brings the state up to date, where it changes nothing.
        met: the numbers and campaigns that it reaches.
        is_first: the member has no state yet.
    """

    file: bytes
    digest: str
    content: str = ""
    changes: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    drifted: int = 0
    refusals: tuple[str, ...] = ()
    unsettled: int = 0
    exact: str = ""
    learning: tuple[str, ...] = ()
    met: tuple[Reached, ...] = ()
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Drifted:
    """What changed outside.

    Attributes:
        report: as ``drift --json`` prints it.
        line: the last line of the report.
        told: each object that changed, in one line; foreign.
        is_blind: no apply is remembered, so that nothing was compared.
    """

    report: bytes
    line: str
    told: tuple[str, ...]
    is_blind: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """How the apply of one member ended.

    Attributes:
        summary: the line that says so.
        counts: steps by how they ended.
        totals: what was added, changed, destroyed and so on.
        failed: each step that did not end well, with its error.
    """

    summary: str
    counts: Mapping[str, int]
    totals: Mapping[str, int] = field(default_factory=dict)
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a member without asking the API.

    Attributes:
        bound: how many objects its state binds.
        declared: how many its stack declares.
        serial: of the state; None when there has never been one.
        last: when and by whom it was applied last; "" when no apply is remembered.
        holder: who holds its lock; "" when it is free.
        has_key: its key can be read.
    """

    declared: int
    bound: int = 0
    serial: int | None = None
    last: str = ""
    holder: str = ""
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What a member needs, as far as it is there; what is not is told as a problem.

    Attributes:
        key: where it is; "" when there is none that can be used.
        called: name of the organization; foreign, "" when it is not told.
        state: what is known of it; "" when it cannot be read.
        endpoint: where the API is; "" when it did not answer.
        limit: requests a minute, as the API says; foreign, "" when it does not.
    """

    key: str = ""
    called: str = ""
    state: str = ""
    endpoint: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of one member.

    Attributes:
        folder: as it is shown.
        resources: how many objects they declare.
        left_out: what is live and not in them; foreign.
    """

    folder: str
    resources: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """How one task ended.

    Attributes:
        name: of the member.
        code: the exit code that it would have by itself.
        problems: what is wrong, and warnings, with places as they are from the folder of the fleet.
        commands: what belongs into each command for this member.
        organization: whose key it was; None = not told.
        value: what was found; None when *problems* say why there is nothing.
        key_mark: the same for two members only if they have the same key; "" = not known.
        own: under which names its key and its own secrets are kept.
    """

    name: str
    code: int
    problems: tuple[Diagnostic, ...] = ()
    commands: CommandLine = BARE
    organization: str | None = None
    value: Planned | Drifted | Ended | Standing | Checked | Exported | None = None
    key_mark: str = field(default="", repr=False)
    own: tuple[str, ...] = ()

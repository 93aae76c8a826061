"""What the files declare: the ``Stack``."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hmsplan.model.address import Address
from hmsplan.model.consent import Approval
from hmsplan.model.diagnostic import Diagnostic, Severity, SourceLine
from hmsplan.model.paths import FieldPath
from hmsplan.model.promotion import ContentOf, Requirement
from hmsplan.model.value import Spec, Value
from hmsplan.model.windows import Freeze, Window


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


class Locate(Protocol):
    """Finds the source of a field of one resource."""

    def __call__(self, path: FieldPath, line: int = 0) -> SourceLine:
        """Return where the field at *path* is written; the resource's own line for the empty path.

        Of a text in a file of its own, *line*, from 1, is a line of that file; 0 = where the file is named.
        """


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """One value of a resource, or a part of a text, that another resource declares: ``${numbers.main.phone_number}``.

    Attributes:
        path: of the value that holds the copy.
        address: of the resource that declares it.
        field: path of the declared value there; keyed items by index, as they are written.
    """

    path: FieldPath
    address: Address
    field: tuple[str, ...]

    @property
    def origin(self) -> str:
        """What stands between ``${`` and ``}``."""
        return ".".join([str(self.address), *self.field])


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared object, validated, its templates expanded.

    Attributes:
        spec: the fields the author manages; absent = not managed, None = clear it. ``Ref`` and ``Secret`` stand in it.
        members: declared members (the leads of a campaign); None = not managed.
        member_sources: where each of them is written; empty where it is not known.
        refs: every address that ``spec`` refers to by id, sorted.
        via: where a template was pasted in, and which one.
        secret_paths: every path of ``spec`` that holds a ``Secret``.
        locate: the source of a field, found when a message needs it; see ``Locate``.
        copies: every value that another resource declares, also one that came through a third, a file or a template.
    """

    address: Address
    spec: Spec
    source: SourceLine
    lifecycle: Lifecycle = Lifecycle()
    members: tuple[Spec, ...] | None = None
    refs: tuple[Address, ...] = ()
    via: tuple[tuple[FieldPath, Address], ...] = ()
    secret_paths: tuple[FieldPath, ...] = ()
    locate: Locate | None = field(default=None, compare=False, repr=False)
    member_sources: tuple[SourceLine, ...] = field(default=(), compare=False, repr=False)
    copies: tuple[Copy, ...] = ()

    @property
    def copied(self) -> tuple[Address, ...]:
        """Every address from which it copies a value, sorted."""
        return tuple(sorted({copy.address for copy in self.copies})) if self.copies else ()


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
        max_new_calls: people that one plan may newly expose to being called without ``start:`` being allowed.
        windows, freezes: when what may be changed.
    """

    max_deletes: int = 3
    max_delete_share: float = 0.3
    settle_grace_s: float = 30.0
    plan_ttl_s: float = 86_400.0
    max_new_calls: int = 0
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    @property
    def zone(self) -> str:
        """The time zone by whose clocks moments are told: of the first window or freeze, UTC where there is none."""
        zones = [*(window.zone for window in self.windows), *(freeze.zone for freeze in self.freezes)]
        return zones[0] if zones else "UTC"


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the history of applies is kept, from ``history:``; the last entry is kept in any case.

    Attributes:
        entries: at most so many.
        for_s: seconds after which an entry may go; None = never for its age.
    """

    entries: int = 10_000
    for_s: float | None = None


@dataclass(frozen=True, slots=True)
class LintSettings:
    """What the stack says of lint.

    Attributes:
        severities: rule to how bad it is here; None = off.
        fail: findings at least as bad make lint fail.
        sources: where each rule is named.
        commented: the files of this environment with what may be a comment for lint.
    """

    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    fail: Severity = Severity.ERROR
    sources: Mapping[str, SourceLine] = field(default_factory=dict)
    commented: tuple[str, ...] = ()


class VariableOrigin(enum.StrEnum):
    """What gave a variable its value, the strongest first."""

    FLAG = "flag"
    FLEET = "fleet"
    ENVIRON = "environ"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Variable:
    """The value of a ``${var:x}``.

    Attributes:
        given_by: what a person would look for: ``--var x``, ``HMSPLAN_VAR_X``, ``environment file``, ``default``
            or the file of a fleet.
        source: the line of the value; None when no file of the stack gives it.
    """

    value: Value
    origin: VariableOrigin
    given_by: str
    source: SourceLine | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """All that is declared for one environment.

    Attributes:
        environment: the name chosen with ``-e``; ``default`` when none was.
        organization: the only organization this may touch; None = any.
        member: name and line of the member of a fleet it is read for; "" when for none.
        declared_by: what names *organization*; "" = nothing, or the environment.
        removed: addresses to forget without deleting.
        variables: those that have a value, by name.
        approvals: consent to risks, in the order of ``approvals.yaml``.
        excluded: what the environment does without, and the line that says so.
        requirement: what has to be applied elsewhere first; None = nothing.
        is_required: another environment requires what is applied in this one.
        content_of: see ``ContentOf``.
    """

    name: str
    environment: str
    resources: Mapping[Address, Resource]
    organization: str | None = None
    moved: tuple[Move, ...] = ()
    imports: tuple[Import, ...] = ()
    removed: frozenset[Address] = frozenset()
    safety: Safety = Safety()
    history: Retention = Retention()
    warnings: tuple[Diagnostic, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    lint: LintSettings = LintSettings()
    excluded: Mapping[Address, SourceLine] = field(default_factory=dict)
    requirement: Requirement | None = None
    is_required: bool = False
    content_of: ContentOf = field(default=lambda _: None, compare=False, repr=False)
    member: str = ""
    declared_by: str = ""

"""The other way: what drifted is written into the very place that declares it, or is named with the reason why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.api.client import ReadClient
from hmsplan.config.confined import Folder
from hmsplan.errors import HmsplanError, StateError
from hmsplan.kinds import KINDS
from hmsplan.model import (
    MISSING,
    Address,
    DriftKind,
    FileChange,
    Pulled,
    PullOutcome,
    PullReport,
    Side,
)
from hmsplan.operations.lint import caused
from hmsplan.operations.pull_adopt import Adopted, Adopter
from hmsplan.operations.pull_trial import Live, Reload, Trial, Unit
from hmsplan.operations.pull_ways import WayFinder
from hmsplan.operations.refresh import read
from hmsplan.planner.diff import at_path, differences, overlap, pattern_of
from hmsplan.planner.drift import survey
from hmsplan.planner.matching import NOWHERE, identify
from hmsplan.planner.narrow import nowhere
from hmsplan.planner.request_body import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import Drift, FieldChange, FieldPath, Resource, Snapshot, Spec, Stack, State
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.drift import DriftReport
    from hmsplan.planner.matching import Elsewhere

IGNORED: Final = "ignore_changes leaves it to the platform"
OURS: Final = "the repository is right"
BOTH: Final = "changed in the files and on the platform"
UNDECLARED: Final = "the stack does not declare the object any more"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for.

    Attributes:
        addresses: patterns; empty = all that drifted.
        side: who is right where both sides changed a value; None = that is a conflict.
        shared: a value that others share is written all the same.
        adopt: what nothing manages gets files of its own.
    """

    addresses: tuple[str, ...] = ()
    side: Side | None = None
    shared: bool = False
    adopt: bool = False

    def mean(self, address: Address | None) -> bool:
        """Say whether *address* is asked for."""
        return not self.addresses or any(fnmatchcase(str(address), pattern) for pattern in self.addresses)


async def pull(workspace: Workspace, root: Path, reload: Reload, wishes: Wishes) -> PullReport:
    """Say how the files have to change so that they declare what is live. Reads only, and writes no file.

    Args:
        workspace: the stack, its state and the API.
        root: the folder of the stack.
        reload: reads the stack as it would be with other files.
        wishes: what is asked for.

    Raises:
        ApiError: something could not be read.
        StateError: the state cannot be read, knows no apply, or is another stack's.
        HmsplanError: an address means nothing.
    """
    stack, state, elsewhere = workspace.stack, workspace.state(), workspace.elsewhere()
    async with workspace.client(ReadClient) as client, workspace.reading(client):
        snapshot = await read(client, stack, state, for_any=wishes.adopt)
    return drawn(stack, snapshot, state, Folder(str(root)), reload, wishes, elsewhere)


def drawn(
    stack: Stack,
    snapshot: Snapshot,
    state: State,
    folder: Folder,
    reload: Reload,
    wishes: Wishes,
    elsewhere: Elsewhere = NOWHERE,
) -> PullReport:
    """Say the same of three readings that were made already; see ``pull``."""
    found = survey(stack, snapshot, state, elsewhere)
    if found.is_blind:
        raise StateError("a state without an apply cannot tell what drifted", summary="Nothing compared")
    known = identify(replace(stack, resources={}, imports=()), snapshot, state, elsewhere)
    live = Live(snapshot, known.bindings, state.lineage)
    report = _Pull(stack, folder, reload, live, wishes).run(found)
    if wishes.adopt:
        instead = {path: change.after for path, change in report.files.items()}
        adopter = Adopter(stack, folder, reload, live, state, instead)
        report = _with_adopted(report, adopter.adopt(report.unmanaged, wishes.addresses))
    if report.files:
        instead = {path: change.after for path, change in report.files.items()}
        minded = caused(stack, reload(None, instead), Path(folder.root), instead)
        report = replace(report, findings=tuple(minded))
    _refuse_unknown(wishes.addresses, {*stack.resources, *known.bindings, *report.adopted})
    return report


def _with_adopted(report: PullReport, adopted: Adopted) -> PullReport:
    ids = {object_id for _, object_id in adopted.ids.values()}
    return replace(
        report,
        adopted={address: place for address, (place, _) in adopted.ids.items()},
        unmanaged=tuple(each for each in report.unmanaged if each.id not in ids),
        left_out=adopted.left_out,
        warnings=adopted.warnings,
        is_adopting=True,
        files={**report.files, **{path: FileChange(None, text.encode()) for path, text in adopted.files.items()}},
    )


def _refuse_unknown(patterns: Sequence[str], known: Collection[Address]) -> None:
    for pattern in patterns:
        if not any(fnmatchcase(str(address), pattern) for address in known):
            is_pattern = "*" in pattern or "?" in pattern
            told = f"{pattern}: nothing of that pattern is declared or in the state."
            raise HmsplanError(
                told if is_pattern else nowhere(Address.parse(pattern), known), summary="Nothing to pull"
            )


class _Value(NamedTuple):
    """One drifted value on its way.

    Attributes:
        changes: what drifted in it, last applied and live.
        declared: of the resource, ids in place of references; None when nothing is declared.
        outcome: what is known of it before anything is tried; None = it is to be written.
    """

    unit: Unit
    changes: tuple[FieldChange, ...]
    declared: Spec | None
    outcome: PullOutcome | None = None


@dataclass(slots=True)
class _Pull:
    stack: Stack
    folder: Folder
    reload: Reload
    live: Live
    wishes: Wishes
    trial: Trial = field(init=False)

    def run(self, report: DriftReport) -> PullReport:
        changed = [each for each in report.drifted if each.drift is DriftKind.CHANGED]
        values = [value for each in changed for value in self._values(each)]
        open_units = [value.unit for value in values if value.outcome is None]
        self.trial = Trial(self.folder, self.stack, self.reload, self.live, open_units, shared=self.wishes.shared)
        wanted = [unit for unit in open_units if self.wishes.mean(unit.address)]
        finder = WayFinder(self.trial)
        for unit in wanted:
            finder.find(unit)
        texts = self.trial.accept(wanted)
        bound = {each.other for each in report.drifted if each.drift is DriftKind.TWIN}
        bound |= {each.id for each in self.stack.imports}
        return PullReport(
            tuple(told for value in values if self.wishes.mean(value.unit.address) for told in _told(value)),
            tuple(d for d in report.drifted if d.drift is DriftKind.GONE and self.wishes.mean(d.address)),
            unmanaged=tuple(each for each in report.unmanaged if each.id not in bound),
            files={path: FileChange(old, new) for path, (old, new) in sorted(texts.items()) if old != new},
            unsettled=tuple(each for each in report.unsettled if self.wishes.mean(each.address)),
        )

    def _values(self, drift: Drift) -> Iterator[_Value]:
        """Divide what drifted of one object into values that are written as a whole, and judge who is right."""
        kind, address = KINDS[drift.kind], drift.address
        if address is None:
            return
        resource = self.stack.resources.get(address)
        if resource is None:
            for change in drift.fields:
                unit = Unit(address, change.path, (change.path,), reason=UNDECLARED)
                yield _Value(unit, (change,), None, PullOutcome.REFUSED)
            return
        declared = resolve(resource.spec, self.live.ids)
        ours = differences(kind, declared, self.live.bindings[address].applied)
        for path, changes in _grouped(kind, drift.fields):
            unit = Unit(address, path, tuple(change.path for change in changes))
            unit.places = (resource.locate(path),) if resource.locate is not None else ()
            yield _Value(unit, changes, declared, self._judged(resource, unit, ours))

    def _judged(self, resource: Resource, unit: Unit, ours: set[FieldPath]) -> PullOutcome | None:
        """Say what becomes of a value before anything is tried; *ours* is what the files changed since the apply."""
        ignored = resource.lifecycle.ignore_changes
        if any(path[: len(each)] == each for each in ignored for path in unit.paths):
            unit.reason = IGNORED
            return PullOutcome.KEPT
        by_index = any(isinstance(path[-1], int) for path in unit.paths)
        if self.wishes.side is Side.THEIRS or not any(
            overlap(path, other) for path in ((unit.path,) if by_index else unit.paths) for other in ours
        ):
            return None
        unit.reason = OURS if self.wishes.side is Side.OURS else BOTH
        return PullOutcome.KEPT if self.wishes.side is Side.OURS else PullOutcome.CONFLICT


def _grouped(kind: Kind, fields: Sequence[FieldChange]) -> Iterator[tuple[FieldPath, tuple[FieldChange, ...]]]:
    """Yield what is written as a whole: one value, or a list of which items came or went, with all that is in it.

    Of a list with named items, those that stayed are values of their own.
    """
    uneven = Counter(
        change.path[:-1]
        for change in fields
        if len(change.path) > 1
        and MISSING in (change.before, change.after)
        and (isinstance(change.path[-1], int) or pattern_of(kind, change.path[:-1]) in kind.keyed)
    )
    groups: dict[FieldPath, list[FieldChange]] = {}
    for change in fields:
        groups.setdefault(_group_of(kind, change, uneven), []).append(change)
    yield from ((path, tuple(changes)) for path, changes in groups.items())


def _group_of(kind: Kind, change: FieldChange, uneven: Collection[FieldPath]) -> FieldPath:
    for depth in range(1, len(change.path)):
        above = change.path[:depth]
        is_item = len(change.path) == depth + 1 and MISSING in (change.before, change.after)
        if above in uneven and (is_item or pattern_of(kind, above) not in kind.keyed):
            return above
    return change.path


def _told(value: _Value) -> Iterator[Pulled]:
    unit = value.unit
    outcome = value.outcome or (PullOutcome.REFUSED if unit.reason else PullOutcome.WRITTEN)
    kind = KINDS[unit.address.kind]
    for change in value.changes:
        declared = MISSING if value.declared is None else at_path(kind, value.declared, change.path)
        yield Pulled(unit.address, change, declared, outcome, unit.places, unit.reason, is_shared=unit.is_shared)

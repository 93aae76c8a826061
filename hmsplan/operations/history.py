"""What an apply leaves to be read later: who did what, from which commit, and how each object looked."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hmsplan import __version__
from hmsplan.errors import StateError
from hmsplan.formats.redact import managed_before, sealed
from hmsplan.kinds import KINDS
from hmsplan.kinds.conceal import without_credentials
from hmsplan.model import (
    UNKNOWN,
    Action,
    ApprovalStatus,
    Author,
    Deed,
    Diagnostic,
    DriftKind,
    Head,
    HistoryEntry,
    LastEntry,
    Picture,
    Severity,
    Status,
    Verb,
    is_pending,
)
from hmsplan.planner.members import fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hmsplan.formats.history_file import Line
    from hmsplan.kinds import Kind, Members
    from hmsplan.model import Address, Begun, Plan, Report, ResourceChange, Snapshot, Spec, Stack, State, Value
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.planner import Options
    from hmsplan.state.backend import Backend

FAILED: Final = "failed"
_AT_FIRST: Final = 20
_FURTHER: Final = 8
"""So many times the entries are read where the last ones do not say enough; those are read once more."""
MOVED: Final = frozenset({DriftKind.CHANGED, DriftKind.GONE})
"""What of the drift of a plan says that an object is not as last applied."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What an apply is about to do.

    Attributes:
        snapshot, state: what the plan was made from.
        options: how it was made.
    """

    plan: Plan
    snapshot: Snapshot
    state: State
    options: Options


@dataclass(frozen=True, slots=True)
class Performed:
    """An apply that has ended.

    Attributes:
        stack: what was declared.
        reviewed: what was to be done.
        report: what was done.
        state: as it is now.
        author: who did it.
    """

    stack: Stack
    reviewed: Reviewed
    report: Report
    state: State
    author: Author = UNKNOWN


def remember(workspace: Workspace, run: Performed) -> LastEntry | None:
    """Write an apply into the history beside the state, under the lock; return the last entry now.

    That it cannot be written is told, and changes nothing else.
    """
    return _remembered(workspace, run.state, lambda number: entry_of(run, number))


def remember_begun(workspace: Workspace, state: State) -> LastEntry | None:
    """Write down an apply that was killed, as far as *state* knows it, unless it is in the history; else as above."""
    begun = state.begun
    if begun is None:
        return state.last
    try:
        last = workspace.backend.last_line()
        if last is not None and _tells_of(last, begun):
            return LastEntry(last.number, last.hash)  # it was killed after that
        before = _latest(workspace.backend.lines(), begun.touched)
    except (StateError, ValueError):  # told where it is written
        before = {}
    return _remembered(workspace, state, lambda number: unended(state, begun, workspace.stack, before, number))


def begun_entry(workspace: Workspace, state: State) -> HistoryEntry | None:
    """Return the entry that the next apply writes of one that was killed; None where there is none to write.

    Raises:
        StateError: the history cannot be read.
    """
    begun = state.begun
    last = workspace.backend.last_line() if begun is not None else None
    if begun is None or (last is not None and _tells_of(last, begun)):
        return None
    before = _latest(workspace.backend.lines(), begun.touched)
    return unended(state, begun, workspace.stack, before, 1 if last is None else last.number + 1)


def _tells_of(last: Line, begun: Begun) -> bool:
    """Say whether the last entry is of the apply that began, or of a later one."""
    return not last.is_edited and last.head.serial >= begun.serial


def doubts(backend: Backend, state: State) -> tuple[Diagnostic, ...]:
    """Warn where *state* and the last entry of the history contradict each other; no other entry is read."""
    try:
        last = backend.last_line()
        damage = [*_edited(last), *cut_off(state, last)]
        older = [*_older(state, last)]
        if (damage or older) and (backend.load() or state).serial != state.serial:
            return ()  # an apply has written since
    except (StateError, ValueError) as error:
        return (Diagnostic("History not read", str(error), severity=Severity.WARNING),)
    return (
        *damaged(damage),
        *(Diagnostic("Older state", each, severity=Severity.WARNING) for each in older),
    )


def damaged(problems: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield a warning of each of *problems* of a history."""
    return (Diagnostic("History is damaged", each, severity=Severity.WARNING) for each in problems)


def _put_back(state: State | None, head: Head) -> str:
    if state is None or not state.serial:
        return f"Serial {head.serial} was applied, and there is no state any more."
    return f"Serial {head.serial} was applied, and the state is of serial {state.serial}: an older state was put back."


def _remembered(workspace: Workspace, state: State, make: Callable[[int], HistoryEntry]) -> LastEntry | None:
    try:
        return workspace.backend.remember(make, state.last, workspace.stack.history)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the apply goes on
        detail = f"The apply is done, and the history will not show it: {error}"
        workspace.reporter.warning(Diagnostic("Not in the history", detail, severity=Severity.WARNING))
        return state.last


def entry_of(run: Performed, number: int) -> HistoryEntry:
    """Return the entry of an apply; no secret and no lead is in it. Pure."""
    plan = run.reviewed.plan
    deeds = tuple(_deeds(run.report))
    counts = Counter(str(deed.verb) if deed.status is Status.DONE else FAILED for deed in deeds)
    learned = {deed.address for deed in deeds if _applied(run.reviewed.state, deed) != _applied(run.state, deed)}
    pictures = tuple(_picture(c, run) for c in plan.changes if is_pending(c) or c.address in learned)
    used = [use.approval.allows for use in plan.approvals if use.status is ApprovalStatus.USED]
    failed = {each.address for each in deeds} - {each.address for each in deeds if each.status is Status.DONE}
    head = Head(
        number=number,
        serial=run.state.serial,
        at=round(run.reviewed.snapshot.now + run.report.elapsed_s, 3),
        read=round(run.reviewed.snapshot.now, 3),
        author=run.author,
        environment=plan.environment,
        organization=plan.organization,
        digest=plan.digest,
        tool_version=__version__,
        approvals=tuple(dict.fromkeys([*used, *run.reviewed.options.allowed])),
        counts=dict(sorted(counts.items())),
        touched={each.address: FAILED if each.address in failed else str(each.action) for each in pictures},
        drifted=tuple(sorted(each.address for each in plan.drift if each.address and each.drift in MOVED)),
        is_whole=not (run.reviewed.options.targets or run.reviewed.options.excluded),
        back_to=plan.rollback.to.number if plan.rollback is not None else None,
        moved={change.address: change.moved_from for change in plan.changes if change.moved_from is not None},
    )
    return HistoryEntry(head, deeds, pictures)


def unended(state: State, begun: Begun, stack: Stack, before: Mapping[Address, Picture], number: int) -> HistoryEntry:
    """Return the entry of an apply that was killed: what the journal knew of it. Pure.

    Args:
        state: as it was left behind.
        begun: the apply.
        stack: as it is now; of it only the environment is used.
        before: the latest earlier picture of each object.
        number: of the entry.
    """
    pictures = []
    for address in begun.touched:
        binding, known = state.bindings.get(address), before.get(address)
        was = known is not None and known.action is not Action.DELETE
        action = Action.DELETE if binding is None else Action.UPDATE if was else Action.CREATE
        kind = KINDS[address.kind]
        after = _fields(kind, binding.applied) if binding is not None else {}
        members = dict(binding.members) if binding is not None else {}
        had = dict(known.members) if known is not None and was else {}
        pictures.append(
            Picture(
                address,
                action,
                binding.id if binding is not None else known.id if known is not None else None,
                known.after if known is not None and was else {},
                after,
                members,
                Counter(members) - Counter(had),
                Counter(had) - Counter(members),
            )
        )
    head = Head(
        number=number,
        serial=state.serial,
        at=begun.at,
        author=begun.author,
        environment=stack.environment,
        organization=state.organization,
        digest=begun.digest,
        tool_version=__version__,
        touched={each.address: str(each.action) for each in pictures},
        ended=False,
    )
    return HistoryEntry(head, (), tuple(pictures))


def _latest(lines: Iterable[Line], addresses: Iterable[Address]) -> dict[Address, Picture]:
    """Return the latest picture of each of *addresses*, as far as there is one."""
    found: dict[Address, Picture] = {}
    for line in lines:
        if not line.is_edited and any(map(line.names, addresses)):
            found |= {each.address: each for each in line.entry().pictures}
    return found


def _deeds(report: Report) -> Iterator[Deed]:
    for outcome in report.outcomes:
        step = outcome.step
        yield Deed(step.key, step.verb, step.address, outcome.status, outcome.id or step.id)


def _applied(state: State, deed: Deed) -> Spec | None:
    """Return what a state knows to be applied, which may be news after a kill though nothing was to be sent."""
    binding = state.bindings.get(deed.address)
    return binding.applied if binding is not None else None


def _picture(change: ResourceChange, run: Performed) -> Picture:
    kind, binding = KINDS[change.address.kind], run.state.bindings.get(change.address)
    return Picture(
        change.address,
        change.action,
        binding.id if binding is not None else change.id,
        _fields(kind, managed_before(kind, change)),
        _fields(kind, binding.applied) if binding is not None else {},
        *(_members(kind.members, change, run) if kind.members is not None else ()),
    )


def _fields(kind: Kind, spec: Mapping[str, Value]) -> dict[str, Value]:
    return {name: sealed(kind, value, (name,)) for name, value in without_credentials(spec).items()}


def _members(
    members: Members, change: ResourceChange, run: Performed
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return which managed members an object has now, which of them joined, and which left."""

    def marks(specs: Iterable[Spec]) -> Counter[str]:
        return Counter(fingerprint(members, spec, run.state.lineage) for spec in specs)

    here = marks(item.fields for item in run.reviewed.snapshot.members.get(change.id or "", ()))
    known, declared = run.reviewed.state.bindings.get(change.address), run.stack.resources.get(change.address)
    before = here & (Counter(known.members if known else {}) | marks((declared.members if declared else None) or ()))
    joined, left = Counter[str](), Counter[str]()
    for step in (outcome.step for outcome in run.report.outcomes if outcome.status is Status.DONE):
        if step.address == change.address:
            riding = step.members if step.verb is Verb.CREATE else None
            (left if step.verb is Verb.DELETE else joined).update(
                marks([step.spec] if step.member and step.verb is not Verb.BIND else riding or ())
            )
    binding = run.state.bindings.get(change.address)
    if binding is None or binding.id != change.id:
        left = before
    return before + joined - left, joined, left


@dataclass(frozen=True, slots=True)
class Audit:
    """The history, checked from end to end.

    Attributes:
        lines: those that were asked for, oldest first; one that was edited is none of them.
        earlier: how many more were asked for, before them.
        problems: what is not as it was written, in sentences.
        begun: the apply that is under way or was killed, and is not in the history yet; None = there is none.
    """

    lines: tuple[Line, ...]
    earlier: int = 0
    problems: tuple[str, ...] = ()
    begun: Begun | None = None


def audit(backend: Backend, most: int = 0, wanted: Callable[[Line], bool] | None = None) -> Audit:
    """Read the whole history, and check it against itself and the state.

    Args:
        backend: where both are.
        most: keep the last so many; 0 = all.
        wanted: which ones are asked for; None = all.

    Raises:
        StateError: it cannot be read, or holds what no apply wrote.
    """
    state = backend.load()
    known = state.last if state is not None else None
    kept: deque[Line] = deque(maxlen=most or None)
    ends: deque[Line] = deque(maxlen=2)  # the state may lag by one
    count, problems, first = 0, list[str](), None
    for line in backend.lines():
        if first is None:
            first = line
        ends.append(line)
        if line.problem:
            problems.append(_problem(line))
            if line.is_edited:
                continue
        if wanted is None or wanted(line):
            kept.append(line)
            count += 1
    last = ends[-1] if ends else None
    if last is not None and known is not None and last.number > known.number:
        problems += [problem for line in ends if line.number == known.number for problem in cut_off(state, line)]
    problems += [*cut_off(state, last), *_beginning(first, last), *_older(state, last)]
    begun = state.begun if state is not None else None
    if begun is not None and last is not None and _tells_of(last, begun):
        begun = None
    return Audit(tuple(kept), count - len(kept), tuple(problems), begun)


def latest(backend: Backend, is_enough: Callable[[Sequence[Head]], bool]) -> Audit:
    """Read the history from its end, as far back as *is_enough* asks, and check what is read against itself.

    Raises:
        StateError: it cannot be read, or holds what no apply wrote.
        ValueError: an entry is damaged, or a newer version wrote it.
    """
    last = backend.last_line()
    if last is None:
        return Audit(())
    oldest, size = 1 if last.is_edited else max(last.head.oldest, 1), _AT_FIRST
    while True:
        since = max(last.number - size + 1, oldest)
        found = list(backend.lines(since))
        kept = tuple(line for line in found if not line.is_edited)
        if since == oldest or is_enough([line.head for line in kept]):
            return Audit(kept, problems=tuple(_problem(line) for line in found if line.problem))
        size *= _FURTHER


def _problem(line: Line) -> str:
    return f"@{line.number}: {line.problem}."


def _edited(last: Line | None) -> Iterator[str]:
    if last is not None and last.is_edited:
        yield _problem(last)


def cut_off(state: State | None, last: Line | None) -> Iterator[str]:
    """Say what *state* knows of the end of the history that *last*, the last entry, does not confirm."""
    known = state.last if state is not None else None
    if known is None:
        return
    if last is not None and last.number == known.number and last.hash != known.hash:
        yield f"@{known.number}: it is another one than the state knows."
    if last is None or last.number < known.number:
        here = f"the last one here is @{last.number}" if last is not None else "there is none here"
        yield f"The end is missing: the state knows of @{known.number}, and {here}."


def _older(state: State | None, last: Line | None) -> Iterator[str]:
    """Say whether the state is older than the last apply."""
    if last is None or last.is_edited:
        return
    known = state.last if state is not None else None
    if state is None or state.serial < last.head.serial:
        yield _put_back(state, last.head)
    elif known is not None and last.number > known.number + 1:  # one, whose apply was killed before it could say so
        later = f"The state knows of @{known.number} and not of @{last.number}"
        yield f"{later}: an older state was put back, or entries were added by hand."


def _beginning(first: Line | None, last: Line | None) -> Iterator[str]:
    if first is None or last is None or last.is_edited:
        return
    if first.number > last.head.oldest > 0:
        yield f"The beginning is missing: @{last.head.oldest} is kept, and the first one here is @{first.number}."


def versions_of(entries: Iterable[HistoryEntry], address: Address) -> Iterator[tuple[HistoryEntry, Picture]]:
    """Yield the entries that touched *address*, each with its picture of it."""
    for entry in entries:
        for picture in entry.pictures:
            if picture.address == address:
                yield entry, picture


def version_at(versions: Iterable[tuple[HistoryEntry, Picture]], number: int) -> tuple[HistoryEntry, Picture] | None:
    """Return what of *versions* of an object, oldest first, held after apply *number*; None = it is not known."""
    held = [each for each in versions if each[0].head.number <= number]
    return held[-1] if held else None

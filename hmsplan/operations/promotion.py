"""What an apply proves to the environments that require it, and how a plan of one of those reads that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError
from hmsplan.model import Action, Content, Proof, Status
from hmsplan.state.journal import ContentApplied
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmsplan.model import Address, Head, Plan, Report, Requirement, Stack, State
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.planner import Options
    from hmsplan.state.backend import Backend

_LAST: Final = 1000
"""How many applies are looked through: for their numbers, and for deletes, which a state does not remember."""

_MADE: Final = frozenset({Action.CREATE, Action.REPLACE})


def with_proof(options: Options, workspace: Workspace) -> Options:
    """Return *options* with what is applied in the environment that the stack requires, if it requires one."""
    if workspace.stack.requirement is None:
        return options
    return replace(options, proof=_proof(workspace.backend, workspace.stack.requirement, workspace.stack.name))


def _proof(backend: Backend, requirement: Requirement, stack: str) -> Proof:
    environment = requirement.environment
    try:
        other = backend.environments().get(environment)
        state = other.load() if other is not None else None
        if other is None or state is None:
            place = backend.describe()
            return Proof(problem=f"{environment} has no state beside {place}. Apply it there first")
        if problem := _of_others(state, requirement, stack):
            return Proof(problem=problem)
        heads = _last_heads(other)
    except (StateError, ValueError) as error:
        detail = error.detail if isinstance(error, StateError) else str(error)
        return Proof(problem=f"the state of {environment} could not be read. {detail}")
    return Proof(
        {address: binding.content for address, binding in state.bindings.items()},
        {address: head.at for head in heads for address, what in head.touched.items() if what == Action.DELETE},
        {head.at: head.number for head in heads},
        made=_made(heads),
    )


def _made(heads: Iterable[Head]) -> dict[Address, float]:
    """Return when the object that each address has now was made; no content of it can be older."""
    found: dict[Address, float] = {}
    for head in heads:
        for address, what in head.touched.items():
            if what in _MADE:
                found[address] = head.at
            elif what == Action.DELETE:
                found.pop(address, None)
    return found


def _of_others(state: State, requirement: Requirement, stack: str) -> str:
    """Say why a state tells nothing of the required environment: it is of another stack or organization."""
    place = f"the state of {requirement.environment}"
    if state.stack is not None and state.stack != stack:
        return f"{place} belongs to the stack {plain(state.stack)}, and the stack here is {stack}"
    declared = requirement.organization
    if declared is not None and state.organization not in (None, declared):
        return f"{place} belongs to {plain(str(state.organization))}, and {requirement.environment} declares {declared}"
    return ""


def _last_heads(backend: Backend) -> list[Head]:
    """Return the heads of the last applies, without those that were edited."""
    last = backend.last_line()
    since = max(last.number - _LAST, 0) if last is not None else 0
    return [line.head for line in backend.lines(since) if not line.is_edited]


def about_to_change(plan: Plan, state: State) -> Sequence[ContentApplied]:
    """Return what to write down before the first write: of what changes, which content is applied is not known."""
    gone = {
        change.address: None
        for change in plan.changes
        if change.action is not Action.NO_OP
        and (binding := state.bindings.get(change.address)) is not None
        and binding.content is not None
    }
    return [ContentApplied(gone)] if gone else []


def applied_content(
    plan: Plan, report: Report, stack: Stack, before: State, after: State, at: float
) -> Sequence[ContentApplied]:
    """Return what to write down after an apply that ended *at*, if another environment wants to know it.

    What was applied with this content before keeps its time. What did not become all of what is declared has none.
    """
    if not stack.is_required:
        return []
    unfinished = {outcome.step.address for outcome in report.outcomes if outcome.status is not Status.DONE}
    found: dict[Address, Content | None] = {}
    for change in plan.changes:
        binding, was = after.bindings.get(change.address), before.bindings.get(change.moved_from or change.address)
        if binding is None or change.deposed or change.address in unfinished:
            continue
        digest = stack.content_of(change.address)
        earlier = was.content if was is not None and was.id == binding.id else None
        if digest is None:
            content = None
        elif earlier is not None and earlier.digest == digest:
            content = earlier
        else:
            content = Content(digest, round(at, 3))
        if content != binding.content:
            found[change.address] = content
    return [ContentApplied(found)] if found else []

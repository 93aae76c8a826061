"""A live organization as the files of a stack, whose next plan is empty."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import read_snapshot
from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError, HmsplanError, PlanError
from hmsplan.export.choices import Choices
from hmsplan.export.draft import Drafter, Drafts, left_out
from hmsplan.export.files import all_files
from hmsplan.export.scaffold import IGNORE, create
from hmsplan.kinds import KINDS
from hmsplan.model import Binding, State
from hmsplan.operations.bind import our_members
from hmsplan.planner.last_applied import record
from hmsplan.planner.planner import make_plan
from hmsplan.state.backend import new_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Snapshot, Stack
    from hmsplan.operations.workspace import Connect

ROUNDS: Final = 50


@dataclass(frozen=True, slots=True)
class Exported:
    """A stack that was proved to be valid and to change nothing.

    Attributes:
        files: path to content.
        state: with every object bound to its address.
        left_out: what is live and not in the files, one line each; foreign text.
    """

    files: Mapping[str, str]
    state: State
    left_out: list[str]
    count: int


async def export(connect: Connect, stack: str, environment: str | None = None) -> Exported:
    """Read a whole organization and draft its files. Writes nothing.

    Args:
        connect: opens a client for the organization.
        stack: name of the new stack.
        environment: the environment that the files declare; None = the stack has none.

    Raises:
        ApiError: something could not be read.
    """
    return prove(await _read(connect), stack, environment)


async def _read(connect: Connect) -> Snapshot:
    """Read every object of every kind, members included."""
    async with connect(ReadClient) as client:
        return await read_snapshot(
            client,
            list(KINDS.values()),
            needed=(),
            bound={},
            wanted=lambda _, objects: list(objects),
            expect_organization=True,
        )


def prove(snapshot: Snapshot, stack: str, environment: str | None) -> Exported:
    """Write, load and plan until the stack is valid and the plan is empty.

    Raises:
        HmsplanError: what stands in the way cannot be left out; a bug of ours.
    """
    drafter, choices = Drafter(snapshot), Choices()
    for _ in range(ROUNDS):
        drafts = drafter.draft(choices)
        specs = {draft.address: draft.spec for draft in drafts.drafts}
        files = all_files(drafts, stack=stack, environment=environment, organization=snapshot.organization)
        try:
            loaded = _load(files, environment)
            state = _bound(loaded, drafts, snapshot)
            plan = make_plan(loaded, snapshot, state)
        except (ConfigError, PlanError) as error:
            if not choices.heed(error.diagnostics, specs):
                raise
        else:
            if not choices.heed_plan(plan, specs):
                return Exported(files, state, left_out(drafts, choices), len(specs))
    raise HmsplanError("the exported stack does not become valid; please report this", summary="Cannot export")


def _load(files: Mapping[str, str], environment: str | None) -> Stack:
    """Put the files into a folder that goes away, and read them as every other command would."""
    with tempfile.TemporaryDirectory(prefix="hmsplan-export-") as folder:
        write_files(Path(folder), files)
        return load_stack(Path(folder), environment=environment)


def _bound(stack: Stack, drafts: Drafts, snapshot: Snapshot) -> State:
    """Return the state that an apply of the imports would leave behind."""
    state = new_state()
    ids = {draft.address: draft.id for draft in drafts.drafts}
    bindings = {
        address: Binding(
            address,
            ids[address],
            record(resource.spec, ids),
            members=our_members(resource, snapshot.members.get(ids[address], ()), state.lineage),
        )
        for address, resource in stack.resources.items()
    }
    return replace(state, organization=snapshot.organization, bindings=MappingProxyType(bindings))


def write_files(root: Path, files: Mapping[str, str]) -> None:
    """Write the files of an export below *root*; none that is there is replaced.

    Raises:
        HmsplanError: a file is there already, or cannot be written.
    """
    for path, text in files.items():
        if path != IGNORE or not (root / path).exists():
            create(root / path, text)

"""A live organization as the files of a stack, whose next plan is empty."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import read_snapshot
from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError, HmsplanError, PlanError
from hmsplan.export.choices import Choices
from hmsplan.export.draft import Drafter, Drafts, left_out
from hmsplan.export.editor import SCHEMAS, schema_files
from hmsplan.export.files import all_files
from hmsplan.export.keys import addresses_of
from hmsplan.export.scaffold import IGNORE, create
from hmsplan.export.selection import EVERYTHING, Selection
from hmsplan.kinds import KINDS
from hmsplan.model import Binding, State
from hmsplan.operations.bind import our_members
from hmsplan.operations.checks import readable_credentials
from hmsplan.planner.last_applied import record
from hmsplan.planner.planner import make_plan
from hmsplan.state.backend import new_state
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.model import Diagnostic, RemoteObject, Snapshot, Stack
    from hmsplan.operations.workspace import Connect

ROUNDS: Final = 50


@dataclass(frozen=True, slots=True)
class Exported:
    """A stack that was proved to be valid and to change nothing.

    Attributes:
        files: path to content.
        state: with every object bound to its address.
        left_out: what is live and not in the files, one line each; foreign text.
        warnings: of credentials that are in the files.
    """

    files: Mapping[str, str]
    state: State
    left_out: list[str]
    count: int
    warnings: tuple[Diagnostic, ...] = ()


async def export(
    connect: Connect, stack: str, environment: str | None = None, selection: Selection = EVERYTHING
) -> Exported:
    """Read an organization and draft its files. Writes nothing.

    Args:
        connect: opens a client for the organization.
        stack: name of the new stack.
        environment: the environment that the files declare; None = the stack has none.
        selection: what of the organization.

    Raises:
        HmsplanError: the selection names what there is not.
        ApiError: something could not be read.
    """
    if wrong := list(selection.unknown()):
        raise _no_such(wrong)
    return prove(await _read(connect, selection), stack, environment, selection)


async def _read(connect: Connect, selection: Selection) -> Snapshot:
    """Read every object of the kinds that are selected, members included, and of those that they refer to."""
    async with connect(ReadClient) as client:
        return await read_snapshot(
            client,
            [KINDS[name] for name in selection.kinds()],
            needed=(),
            bound={},
            wanted=partial(_wanted, selection),
            expect_organization=True,
        )


def _wanted(selection: Selection, kind: Kind, objects: Mapping[str, RemoteObject]) -> list[str]:
    """Name the objects of which more than the list shows is written."""
    if not selection.has_kind(kind.name) or (kind.members is not None and selection.without_leads):
        return []
    found = addresses_of(kind, objects.values())
    return [object_id for object_id in objects if kind.is_summary or selection.includes(found[object_id])]


def _no_such(wrong: Iterable[tuple[str, str]]) -> HmsplanError:
    lines = (f"--only {plain(wanted)}: there is no such object or kind.{plain(hint)}" for wanted, hint in wrong)
    return HmsplanError("\n".join(lines), summary="Nothing to export")


def prove(snapshot: Snapshot, stack: str, environment: str | None, selection: Selection = EVERYTHING) -> Exported:
    """Write, load and plan until the stack is valid and the plan is empty.

    Raises:
        HmsplanError: what stands in the way cannot be left out; a bug of ours.
    """
    drafter, choices = Drafter(snapshot, selection), Choices()
    if wrong := list(selection.missed(drafter.addresses.values())):
        raise _no_such(wrong)
    unread = [name for name in KINDS if selection.has_kind(name) and name not in snapshot.objects]
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
                files |= schema_files(specs)
                warnings = readable_credentials(loaded, specs)
                return Exported(files, state, left_out(drafts, choices, unread), len(specs), warnings)
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
    """Write the files of an export below *root*; none that is there is replaced but schemas, which are written by us.

    Raises:
        HmsplanError: a file is there already, or cannot be written.
    """
    for path, text in files.items():
        if path.startswith(SCHEMAS):
            (root / path).unlink(missing_ok=True)
        if path != IGNORE or not (root / path).exists():
            create(root / path, text)

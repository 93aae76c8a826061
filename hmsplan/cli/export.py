"""``hmsplan export``."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.api.client import ReadClient
from hmsplan.api.refresh import read_snapshot
from hmsplan.cli import embedded
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import tell_wait
from hmsplan.cli.session import connect, is_embedded, wait_for
from hmsplan.cli.terminal import err, report
from hmsplan.config.confined import STACK_FILE
from hmsplan.config.interpolation import UNMANAGED_KINDS
from hmsplan.config.load import DEFAULT_ENVIRONMENT, load_stack
from hmsplan.errors import ConfigError, HmsplanError, PlanError
from hmsplan.export.choices import Choices
from hmsplan.export.draft import Drafter, Drafts, left_out
from hmsplan.export.files import all_files
from hmsplan.export.scaffold import IGNORE, stack_name
from hmsplan.kinds import KINDS
from hmsplan.model import Binding, State
from hmsplan.planner.last_applied import record
from hmsplan.planner.members import fingerprint
from hmsplan.planner.planner import make_plan
from hmsplan.state.backend import new_state, open_backend
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import RemoteObject, Resource, Snapshot, Stack
    from hmsplan.state.backend import Backend

ROUNDS: Final = 50
OWNER: Final = "hmsplan export"


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


@click.command("export", cls=Command)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@common_options
@pass_globals
def export_command(options: Globals, folder: Path | None) -> None:
    """Write YAML and prompt files for a whole organization, into DIR or the current folder. Changes nothing in it.

    The next plan is empty: that is tried before anything is written, and what would stand in the way is left out and
    told. Secrets are never written.
    """
    root = options.directory / (folder or "")
    _check_free(root)
    backend = _state_of(options, root)
    backend.load()  # a state that cannot be reached is told before anything is written
    snapshot = wait_for(_read(options))
    exported = prove(snapshot, stack_name(root.resolve().name), options.environment)
    _check_free(root, exported.files)
    _write(root, exported.files)
    bound = _bind(backend, exported.state)
    _tell(options, root, snapshot, exported, bound=bound, state=backend.describe())


def _state_of(options: Globals, root: Path) -> Backend:
    """Open the state of the stack that is written into *root*."""
    environment = options.environment or DEFAULT_ENVIRONMENT
    if is_embedded(options):
        return embedded.open_state(root, environment)
    return open_backend(options.state or "file", root, environment)


def _check_free(root: Path, files: Mapping[str, str] = MappingProxyType({})) -> None:
    """Refuse a folder that has a stack, or YAML that would become a part of it.

    Raises:
        HmsplanError: naming what is in the way.
    """
    there = [path for path in files if (root / path).exists() and path != IGNORE]
    if (root / STACK_FILE).exists():
        there = [STACK_FILE]
    elif not there and root.is_dir():
        found = (path.relative_to(root) for suffix in ("yaml", "yml") for path in root.rglob(f"*.{suffix}"))
        there = [str(path) for path in found if not any(part.startswith(".") for part in path.parts)]
    if there:
        what = f"{plain(str(root))} has {plain(there[0])} already, and nothing is overwritten"
        raise HmsplanError(f"{what}. Name an empty folder:\n  hmsplan export DIR", summary="Folder is not empty")


async def _read(options: Globals) -> Snapshot:
    """Read every object of every kind, members included."""
    async with connect(options, ReadClient, on_wait=tell_wait) as client:
        return await read_snapshot(
            client, list(KINDS.values()), bound={}, parents=lambda _, objects: list(objects), expect_organization=True
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
        _write(Path(folder), files)
        return load_stack(Path(folder), environment=environment)


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        place = root / path
        if path == IGNORE and place.exists():
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
        except OSError as error:
            raise HmsplanError(f"{plain(str(place))}: {error.strerror}", summary="Cannot write") from error


def _bound(stack: Stack, drafts: Drafts, snapshot: Snapshot) -> State:
    """Return the state that an apply of the imports would leave behind."""
    state = new_state()
    ids = {draft.address: draft.id for draft in drafts.drafts}
    bindings = {
        address: Binding(
            address,
            ids[address],
            record(resource.spec, ids),
            members=_ours(resource, snapshot.members.get(ids[address], ()), state.lineage),
        )
        for address, resource in stack.resources.items()
    }
    return replace(state, organization=snapshot.organization, bindings=MappingProxyType(bindings))


def _ours(resource: Resource, live: tuple[RemoteObject, ...], lineage: str) -> Mapping[str, int]:
    """Count the live members that are declared: they are ours from now on."""
    members = KINDS[resource.address.kind].members
    if members is None or resource.members is None:
        return {}
    marks = {fingerprint(members, spec, lineage) for spec in resource.members}
    there = Counter(fingerprint(members, item.fields, lineage) for item in live)
    return {mark: there[mark] for mark in sorted(marks) if there[mark]}


def _bind(backend: Backend, state: State) -> bool:
    """Store the state, unless there is one already; say whether it was stored."""
    with backend.lock(OWNER):
        if backend.load() is not None:
            return False
        backend.save(State(state.lineage))
        backend.save(replace(state, serial=1))
    return True


def _tell(options: Globals, root: Path, snapshot: Snapshot, exported: Exported, *, bound: bool, state: str) -> None:
    if options.json:
        body = {
            "format_version": "1.0",
            "directory": str(root),
            "organization": snapshot.organization,
            "resources": exported.count,
            "files": sorted(exported.files),
            "left_out": exported.left_out,
            "bound": bound,
        }
        report(orjson.dumps(body).decode())
        return
    for path in sorted(exported.files):
        report(f"  written  {plain(path)}")
    if exported.left_out:
        err("\nLive, and not in these files:")
        for line in exported.left_out:
            err(f"  {plain(line)}")
    err(f"\nNot exported: secrets, and what hmsplan does not manage ({', '.join(sorted(UNMANAGED_KINDS))}).")
    report(f"\nExported {count(exported.count, 'object')} of organization {plain(str(snapshot.organization))}.")
    if bound:
        report(f"The state {plain(state)} binds them all, so the next plan is empty.")
    else:
        report(f"The state {plain(state)} was there already and stays as it is: the next plan adopts by imports.yaml.")
    _tell_next(options, root)


def _tell_next(options: Globals, root: Path) -> None:
    err(f"\nNext:\n  {replace(options, directory=root, variables={}).command('plan')}")
    if options.emulator and root != options.directory:
        err("  (not yet: the emulator of the new folder is another one, and knows none of these objects)")

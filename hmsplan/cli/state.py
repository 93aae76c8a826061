"""``hmsplan state …``, ``hmsplan import`` and ``hmsplan resolve``: surgery on what earlier applies left behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.cli.parsing import Command, Group
from hmsplan.cli.session import environment_of, open_state, open_workspace, wait_for
from hmsplan.cli.terminal import err, out, report, wrapped
from hmsplan.config.load import load_settings
from hmsplan.errors import ConfigError, HmsplanError, StateError
from hmsplan.formats.state_file import binding_out, dump, line, parse
from hmsplan.kinds import KINDS
from hmsplan.model import Address
from hmsplan.operations.bind import check_exists, find
from hmsplan.state import edit
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.migrate import migrate
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.cli.options import Globals
    from hmsplan.model import State
    from hmsplan.state.backend import Backend

OWNER: Final = "hmsplan state"


class AddressType(click.ParamType[Address]):
    """An argument that names one declared object."""

    name = "KIND.KEY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read it, or say what is wrong with it."""
        if isinstance(value, Address):
            return value
        try:
            address = Address.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if address.kind not in KINDS:
            self.fail(f"{address.kind} is not a kind. The kinds are {', '.join(KINDS)}", param, ctx)
        return address


ADDRESS: Final = AddressType()


@click.group("state", cls=Group)
def state_command() -> None:
    """Look at the state, or operate on it."""


@state_command.command("list")
@click.pass_obj
def list_command(options: Globals) -> None:
    """List every bound address with its id."""
    state = _loaded(options)
    if options.json:
        out(orjson.dumps({str(a): b.id for a, b in sorted(state.bindings.items())}).decode())
        return
    width = max((len(str(address)) for address in state.bindings), default=0)
    for address, binding in sorted(state.bindings.items()):
        out(f"{address!s:<{width}}  {plain(binding.id)}{'  protected' if binding.protected else ''}")
    for deposed in state.deposed:
        out(f"{deposed.address!s:<{width}}  {plain(deposed.id)}  replaced, still to be deleted")
    for intent in state.intents:
        out(f"{intent.address!s:<{width}}  (open)  {plain(intent.step)}: it is not known yet whether it was created")


@state_command.command("show")
@click.argument("address", type=ADDRESS)
@click.pass_obj
def show_command(options: Globals, address: Address) -> None:
    """Show what is remembered of one address."""
    state = _loaded(options)
    binding = state.bindings.get(address)
    if binding is None:
        raise StateError(f"{address} is not in the state. To see what is, type\n  hmsplan state list")
    body = orjson.dumps(orjson.loads(line(binding_out(binding))), option=0 if options.json else orjson.OPT_INDENT_2)
    out("\n".join(map(plain, body.decode().splitlines())))


@state_command.command("mv")
@click.argument("origin", type=ADDRESS)
@click.argument("target", type=ADDRESS)
@click.pass_obj
def mv_command(options: Globals, origin: Address, target: Address) -> None:
    """Give the object of ORIGIN to TARGET. In git, a moved: entry does the same and is reviewed."""
    _edit(options, lambda state: edit.move(_own(options, state), origin, target))
    _tell(options, f"{origin} is {target} now.", moved={"from": str(origin), "to": str(target)})


@state_command.command("rm")
@click.argument("address", type=ADDRESS, nargs=-1, required=True)
@click.pass_obj
def rm_command(options: Globals, address: tuple[Address, ...]) -> None:
    """Forget objects without deleting them."""

    def forget(state: State) -> State:
        _own(options, state)
        for each in address:
            state = edit.remove(state, each)
        return state

    _edit(options, forget)
    names = list(map(str, address))
    _tell(options, f"Forgotten: {', '.join(names)}. The objects live on.", forgotten=names)


@state_command.command("rename-stack")
@click.argument("name")
@click.pass_obj
def rename_stack_command(options: Globals, name: str) -> None:
    """Say that the stack whose state this is has been renamed to NAME, as hmsplan.yaml has it now."""
    declared = load_settings(options.directory).name
    if name != declared:
        raise StateError(
            f"the stack in hmsplan.yaml is called {declared or '(nothing)'}, not {name}. Rename it there first"
        )
    was = []

    def rename(state: State) -> State:
        was.append(state.stack)
        return edit.rename_stack(state, name)

    _edit(options, rename)
    text = f"This is the state of the stack {name} now{f'; it was {plain(was[0])}' if was[0] else ''}."
    _tell(options, text, stack=name, was=was[0])


@state_command.command("pull")
@click.pass_obj
def pull_command(options: Globals) -> None:
    """Print the whole state, as push takes it."""
    state = _loaded(options)
    out(dump(state).decode().rstrip("\n"), whole=True)


@state_command.command("push")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="Take an older state, or one of another lineage.")
@click.pass_obj
def push_command(options: Globals, file: Path, force: bool) -> None:
    """Put the state of FILE in place of the stored one, of which a backup is kept."""
    state, stack = parse(file.read_bytes()), load_settings(options.directory).name
    edit.refuse_twice(state)
    edit.refuse_other_stack(state, stack)
    backend = open_state(options)
    with backend.lock(OWNER):
        edit.refuse_other_stack(_readable(backend) or state, stack)
        backend.push(state, force=force)
    place, bindings = backend.describe(), len(state.bindings)
    text = f"Pushed serial {state.serial} with {bindings} bindings to {place}."
    _tell(options, text, serial=state.serial, bindings=bindings, place=place)


@state_command.command("migrate")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.pass_obj
def migrate_command(options: Globals, source: str, target: str) -> None:
    """Copy the state from one place to another, both as --state names them, and read it back."""
    places = [open_backend(url, options.directory, environment_of(options)) for url in (source, target)]
    state = migrate(places[0], places[1], OWNER)
    text = (
        f"Copied serial {state.serial} with {len(state.bindings)} bindings to {places[1].describe()}, and read it back."
        f"\nNothing uses it yet. See that nothing changes: {replace(options, state=target).command('plan')}\n"
        "Then set state: in hmsplan.yaml, or HMSPLAN_STATE, to what you gave as TO. The state in "
        f"{places[0].describe()} is as it was. Delete it once everybody has changed over: two states of one "
        "organization do not know of each other."
    )
    _tell(options, text, serial=state.serial, bindings=len(state.bindings), place=places[1].describe())


@state_command.command("unlock")
@click.option("--force", is_flag=True, help="Take the lock away from a run that is alive.")
@click.pass_obj
def unlock_command(options: Globals, force: bool) -> None:
    """Remove the lock that a dead run left behind."""
    backend = open_state(options)
    owner = backend.unlock(force=force)
    text = f"Unlocked; it was held by {plain(str(owner))}." if owner else "It was not locked."
    _tell(options, text, unlocked=owner is not None, holder=str(owner) if owner else None)


@click.command("import", cls=Command)
@click.argument("address", type=ADDRESS)
@click.argument("object_id", metavar="ID")
@click.pass_obj
def import_command(options: Globals, address: Address, object_id: str) -> None:
    """Bind ADDRESS to the live object ID. Nothing is changed but the state; the next plan shows what differs."""
    workspace = open_workspace(options)
    if address not in workspace.stack.resources:
        raise HmsplanError(f"{address} is not declared. Write it first, then import.", summary="Unknown address")
    found, organization = wait_for(find(workspace, address, object_id))

    def bind(now: State) -> State:
        known = now.bindings.get(address, found)
        bound = edit.bind(now, replace(known, id=object_id))
        return replace(bound, organization=bound.organization or organization)

    _edit(options, bind, workspace.backend)
    text = f"{address} is bound to {plain(object_id)}. See what differs: {options.command('plan')}"
    _tell(options, text, address=str(address), id=object_id)


@click.command("resolve", cls=Command)
@click.argument("address", type=ADDRESS)
@click.option("--adopt", "object_id", metavar="ID", help="This object is what the lost create made.")
@click.option("--none", "nothing", is_flag=True, help="It made nothing; it may be created again.")
@click.pass_obj
def resolve_command(options: Globals, address: Address, object_id: str | None, nothing: bool) -> None:
    """Resolve a create whose outcome is unknown."""
    if (object_id is None) != nothing:
        raise click.UsageError("say either --adopt ID or --none")
    workspace = open_workspace(options)
    if object_id is not None:
        wait_for(check_exists(workspace, address, object_id))
    _edit(options, lambda state: edit.resolve(state, address, object_id), workspace.backend)
    text = f"{address}: settled. See what is left to do: {options.command('plan')}"
    _tell(options, text, address=str(address), id=object_id)


def _tell(options: Globals, text: str, **facts: object) -> None:
    """Say what was done: *text* to people, *facts* to machines."""
    if options.json:
        report(orjson.dumps({"format_version": "1.0", **facts}).decode())
    else:
        err(text)


def _loaded(options: Globals) -> State:
    backend = open_state(options)
    state = backend.load()
    if state is None:
        err(wrapped(f"There is no state yet in {plain(backend.describe())}."))
        state = new_state()
    return state


def _readable(backend: Backend) -> State | None:
    """Return what is stored; None when there is nothing, or when it cannot be read."""
    with suppress(StateError):
        return backend.load()
    return None


def _own(options: Globals, state: State) -> State:
    """Return *state*, unless it is that of another stack than the one here; without a readable stack, any is edited.

    Raises:
        StateError: it is.
    """
    with suppress(ConfigError):
        edit.refuse_other_stack(state, load_settings(options.directory).name)
    return state


def _edit(options: Globals, change: Callable[[State], State], backend: Backend | None = None) -> None:
    """Change the state under its lock."""
    backend = backend or open_state(options)
    with backend.lock(OWNER):
        state = backend.load()
        if state is None:
            state = new_state()
            backend.save(state)
        backend.save(change(state))

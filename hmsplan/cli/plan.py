"""``hmsplan plan`` and ``hmsplan show``."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hmsplan.api.client import ReadClient
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.session import Workspace, connect, load, open_workspace, unix_now, wait_for
from hmsplan.cli.surfaces import PLAN_FORMATS, print_plan
from hmsplan.cli.terminal import err
from hmsplan.errors import UnsettledCreate
from hmsplan.impact import plan_with_impact
from hmsplan.live import plan_live
from hmsplan.model import Address, Digest
from hmsplan.offline import plan_against
from hmsplan.plan import Options
from hmsplan.planfile import plan_from_bytes, plan_to_bytes
from hmsplan.snapshotfile import snapshot_from_bytes

if TYPE_CHECKING:
    from hmsplan.model import Plan, Stack

CHANGES: Final = 2
ADDRESS: Final = "KIND.KEY"


def addresses(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[Address, ...]:
    """Read the values of an option as addresses."""
    try:
        return tuple(Address.parse(value) for value in values)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


target_option = click.option(
    "--target", multiple=True, callback=addresses, metavar=ADDRESS, help="Only this, and what it refers to."
)

resend_option = click.option(
    "--resend", multiple=True, metavar=ADDRESS, help="Send its secrets again though nothing changed; * matches any."
)


digest_option = click.option(
    "--digest",
    type=click.Choice(["strict", "intent"]),
    default="strict",
    callback=lambda _ctx, _param, value: Digest[value.upper()],
    help="Which digest to tell: of all that was reviewed, or only of what is done, whatever stood there before.",
)


@click.command("plan")
@click.option("-o", "--out", "file", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan.")
@click.option("--format", "form", type=click.Choice(PLAN_FORMATS), default="text", help="How to print it.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Plan against a saved snapshot: no key, network or state is needed.",
)
@click.option("--show-unchanged", is_flag=True, help="List what stays as it is.")
@click.option("--impact", is_flag=True, help="Read calls too: which are in progress, how many there were in 7 days.")
@click.option("--destroy", is_flag=True, help="Plan to delete everything that the state knows.")
@digest_option
@target_option
@resend_option
@common_options
@pass_globals
def plan_command(
    options: Globals,
    file: Path | None,
    form: str,
    detailed_exitcode: bool,
    against: Path | None,
    show_unchanged: bool,
    impact: bool,
    destroy: bool,
    digest: Digest,
    target: tuple[Address, ...],
    resend: tuple[str, ...],
) -> int:
    """Show what an apply would change. Reads only: nothing but GET leaves this machine.

    With --against nothing leaves it at all. The plan is marked with the age of the snapshot, and apply refuses it.
    """
    if impact and against is not None:
        raise click.UsageError("--impact reads what is live, and --against does not. Leave one of them out.")
    stack, plan = _planned(options, against, Options(target, destroy, resend=resend), impact=impact)
    if file is not None:
        write_private(file, plan_to_bytes(plan, tool_version=version("hmsplan")))
        verb = "To perform exactly this: hmsplan apply" if against is None else "To see it again: hmsplan show"
        err(f"Saved the plan to {file}. {verb} {file}")
    print_plan(options, plan, form, stack=stack, show_unchanged=show_unchanged, digest=digest)
    if any(unsettled.candidates for unsettled in plan.unsettled):
        return UnsettledCreate.exit_code
    return CHANGES if detailed_exitcode and plan.pending else 0


def _planned(options: Globals, against: Path | None, choice: Options, *, impact: bool) -> tuple[Stack, Plan]:
    """Plan against a saved snapshot, if there is one; else read what is live."""
    if against is None:
        workspace = open_workspace(options, need_secrets=True)
        return workspace.stack, wait_for(plan_now(options, workspace, choice, impact=impact))
    stack = load(options)
    return stack, plan_against(snapshot_from_bytes(against.read_bytes()), stack, unix_now(), choice)


async def plan_now(options: Globals, workspace: Workspace, choice: Options, *, impact: bool = False) -> Plan:
    """Read what is live with a client that cannot write, and plan."""
    state = workspace.state()
    async with connect(options, ReadClient, on_wait=tell_wait) as client:
        if impact:
            return await plan_with_impact(client, workspace.stack, state, unix_now(), choice)
        plan, _ = await plan_live(client, workspace.stack, state, unix_now(), choice)
    return plan


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(PLAN_FORMATS), default="text", help="How to print it.")
@digest_option
@common_options
@pass_globals
def show_command(options: Globals, file: Path, form: str, digest: Digest) -> None:
    """Show a saved plan. Needs no key."""
    print_plan(options, plan_from_bytes(file.read_bytes()), form, digest=digest)


def tell_wait(seconds: float) -> None:
    """Say that the rate limit makes us wait."""
    if seconds >= 1:
        err(f"Waiting {seconds:.0f} s for the rate limit ...")


def write_private(file: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    from hmsplan.state.durable import replace_file  # noqa: PLC0415 -- seldom needed

    replace_file(file, data)

"""``hmsplan plan`` and ``hmsplan show``."""

from __future__ import annotations

import shlex
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.api.client import ReadClient
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.session import Workspace, connect, load, open_workspace, unix_now, wait_for
from hmsplan.cli.surfaces import PLAN_FORMATS, print_plan
from hmsplan.cli.terminal import err, out
from hmsplan.errors import StalePlan, UnsettledCreate
from hmsplan.impact import plan_with_impact
from hmsplan.live import plan_live
from hmsplan.model import Address, Digest
from hmsplan.offline import plan_against
from hmsplan.plan import Options
from hmsplan.planfile import plan_from_bytes, plan_to_bytes
from hmsplan.saved import dated, objections, too_old
from hmsplan.snapshotfile import snapshot_from_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Plan, Stack

CHANGES: Final = 2
_EXPIRED: Final = "Saved plan has expired"
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
@click.option(
    "--check",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Plan again and say only whether the saved plan still holds; exit 5 when it does not.",
)
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
    check: Path | None,
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
    _refuse_together({"--against": against, "--impact": impact, "--check": check}, {"--check": check, "--out": file})
    choice = Options(target, destroy, resend=resend)
    if check is not None:
        return _check(options, check, choice, digest)
    stack, plan = _planned(options, against, choice, impact=impact)
    if file is not None or options.json or form == "json":  # what may end as a file
        plan = dated(plan, unix_now(), stack.safety.plan_ttl_s)
    if file is not None:
        write_private(file, plan_to_bytes(plan, tool_version=version("hmsplan")))
        verb = "To perform exactly this: hmsplan apply" if against is None else "To see it again: hmsplan show"
        err(f"Saved the plan to {file}. {verb} {file}")
    print_plan(options, plan, form, stack=stack, show_unchanged=show_unchanged, digest=digest)
    if any(unsettled.candidates for unsettled in plan.unsettled):
        return UnsettledCreate.exit_code
    return CHANGES if detailed_exitcode and plan.pending else 0


def _refuse_together(*groups: Mapping[str, object]) -> None:
    """Refuse options of which each one leaves the others nothing to do."""
    for group in groups:
        given = [name for name, value in group.items() if value]
        if len(given) > 1:
            raise click.UsageError(f"{' and '.join(given)} do not go together. Leave one of them out.")


def _planned(options: Globals, against: Path | None, choice: Options, *, impact: bool) -> tuple[Stack, Plan]:
    """Plan against a saved snapshot, if there is one; else read what is live."""
    if against is None:
        workspace = open_workspace(options, need_secrets=True)
        return workspace.stack, wait_for(plan_now(options, workspace, choice, impact=impact))
    stack = load(options)
    return stack, plan_against(snapshot_from_bytes(against.read_bytes()), stack, unix_now(), choice)


def _check(options: Globals, file: Path, choice: Options, kind: Digest) -> int:
    """Plan again as *file* was planned, and say whether it still holds: for a merge queue.

    Raises:
        StalePlan: it does not, by the digest that was chosen.
    """
    saved = read_saved(options, file)
    choice = Options(
        choice.targets or saved.targets, choice.destroy or saved.destroy, resend=choice.resend or saved.resend
    )
    workspace = open_workspace(options, need_secrets=True)
    fresh = wait_for(plan_now(options, workspace, choice))
    reasons = objections(saved, fresh, workspace.state(), kind)
    told = fresh.digest_of(kind)
    if options.json:
        out(orjson.dumps({"format_version": "1.0", "holds": not reasons, "digest": told, "reasons": reasons}).decode())
    elif not reasons:
        out(f"The saved plan still holds.\nDigest: {told}")
    if reasons:
        raise StalePlan("\n  ".join(reasons))
    return UnsettledCreate.exit_code if any(unsettled.candidates for unsettled in fresh.unsettled) else 0


def read_saved(options: Globals, file: Path) -> Plan:
    """Read a saved plan that is to be applied or checked.

    Raises:
        StateError: it is no saved plan.
        StalePlan: it has expired.
    """
    saved = plan_from_bytes(file.read_bytes())
    if reason := too_old(saved, unix_now()):
        again = ["hmsplan", *(["-C", str(options.directory)] if options.directory != Path() else [])]
        again += ["-e", options.environment] if options.environment else []
        again += ["plan", "-o", str(file), *(["--destroy"] if saved.destroy else [])]
        again += [f"--target={target}" for target in saved.targets] + [f"--resend={each}" for each in saved.resend]
        raise StalePlan(f"{reason}. Make a new one, and have it reviewed:\n  {shlex.join(again)}", summary=_EXPIRED)
    return saved


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

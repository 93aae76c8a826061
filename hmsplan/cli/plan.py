"""``hmsplan plan`` and ``hmsplan show``."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
import orjson

from hmsplan import __version__
from hmsplan.cli.at import at_option, with_moment
from hmsplan.cli.failure import tell
from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import checked, load, open_workspace, unix_now, wait_for
from hmsplan.cli.surfaces import PLAN_FORMATS, print_plan
from hmsplan.cli.terminal import err, out
from hmsplan.errors import HmsplanError, StalePlan, StateError, UnsafePlan, UnsettledCreate
from hmsplan.formats.plan_validity import dated, out_of_date
from hmsplan.model import Digest, is_address_pattern
from hmsplan.operations.plan import plan
from hmsplan.output.plan_page import asking_for, moment_of
from hmsplan.planner.planner import Options
from hmsplan.text.escape import plain
from hmsplan.text.strict_json import MAX_BYTES
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.cli.options import Globals
    from hmsplan.model import Plan, Stack

CHANGES: Final = 2
_EXPIRED: Final = "Saved plan has expired"
ADDRESS: Final = "KIND.KEY"
_APPLY: Final = re.compile(r"@-?[0-9]{1,18}")


def patterns(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a value that can mean no address."""
    for value in values:
        if not is_address_pattern(value):
            such = "write it as kind.key, such as assistants.support or 'assistants.*'"
            raise click.BadParameter(f"not an address: {value!r}; {such}", ctx, param)
    return values


target_option = click.option(
    "--target",
    multiple=True,
    callback=patterns,
    metavar=ADDRESS,
    help="Only this, and what it refers to; * matches any: 'assistants.*'.",
)
exclude_option = click.option(
    "--exclude",
    "excluded",
    multiple=True,
    callback=patterns,
    metavar=ADDRESS,
    help="All but this, and what refers to it; * matches any: '*.desk'.",
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


def new_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """Refuse, before anything is read, a place where no file can be put, or where one would not be the first."""
    if value is None:
        return None
    if value.exists() and not value.is_file():
        raise click.BadParameter(f"{plain(str(value))} is not a regular file, and would be replaced by one", ctx, param)
    if not value.parent.is_dir():
        folder = plain(shlex.quote(str(value.parent)))
        raise click.BadParameter(f"there is no such folder. Make it first: mkdir -p {folder}", ctx, param)
    return value


def refuse_resource_file(options: Globals, file: Path) -> None:
    """Refuse to save what the next run would read as resources, or what stands in the place of such a file.

    Raises:
        HmsplanError: the name is that of a YAML file of the stack.
    """
    root = options.directory.resolve()
    path = file.parent.resolve() / file.name
    if not path.is_relative_to(root) or path.suffix.lower() not in {".yaml", ".yml"}:
        return
    inside = path.relative_to(root)
    if not any(part.startswith(".") for part in inside.parts):
        other = shlex.quote(str(file.with_suffix(".plan" if file.suffix else "")))
        raise HmsplanError(
            f"{plain(str(file))} lies in the stack, and every command reads YAML files there as resources. Save it "
            f"under another name, such as {plain(other)}",
            summary="Name of a resource file",
        )


@click.command("plan", cls=Command)
@click.option(
    "-o", "--out", "file", type=click.Path(path_type=Path), callback=new_file, metavar="FILE", help="Save the plan."
)
@click.option(
    "--check",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Plan again and say only whether the saved plan still holds; exit 5 when it does not.",
)
@format_option(PLAN_FORMATS)
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
@at_option("Judge windows as of then: 18:00, a time in ISO 8601, or window.")
@click.option("--watch", is_flag=True, help="Plan again whenever a file of the stack changes; Ctrl-C ends.")
@digest_option
@target_option
@exclude_option
@resend_option
@click.pass_obj
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
    at: str | None,
    watch: bool,
    digest: Digest,
    target: tuple[str, ...],
    excluded: tuple[str, ...],
    resend: tuple[str, ...],
) -> int:
    """Show what an apply would change. Reads only: nothing but GET leaves this machine.

    Exits 4 while a risk is refused that no entry of approvals.yaml allows, or a policy denies the plan.
    With --against nothing leaves it at all. The plan is marked with the age of the snapshot, and apply refuses it.
    """
    _refuse_together({"--against": against, "--impact": impact, "--check": check})
    _refuse_together({"--at": at, "--watch": watch})
    if file is not None:
        refuse_resource_file(options, file)
    choice = Options(target, destroy, resend=resend, excluded=excluded)
    if check is not None:
        others = {"--out": file, "--detailed-exitcode": detailed_exitcode, "--show-unchanged": show_unchanged}
        others[f"--format {form}"] = form not in {"text", "json"}
        others["--watch"] = watch
        _refuse_together(*({"--check": check, name: value} for name, value in others.items()))
        return _check(options, check, choice, at, digest, as_json=options.json or form == "json")
    if watch:
        others = {"--out": file, "--detailed-exitcode": detailed_exitcode, "--json": options.json}
        others[f"--format {form}"] = form != "text"
        _refuse_together(*({"--watch": watch, name: value} for name, value in others.items()))
        make = partial(_planned, options, against, choice, None, impact=impact, whose=False)
        _watch(options, make, show_unchanged=show_unchanged, digest=digest)
    is_kept = file is not None or options.json or form == "json"  # it may end as a file
    stack, made = _planned(options, against, choice, at, impact=impact, whose=is_kept)
    if is_kept and against is None:  # one against a snapshot is applied at no time
        made = dated(made, unix_now(), stack.safety.plan_ttl_s, __version__)
    if file is not None:
        save_plan(options, made, file)
    print_plan(options, made, form, stack=stack, show_unchanged=show_unchanged, digest=digest)
    return code_of(options, made, form, detailed=detailed_exitcode)


def save_plan(options: Globals, made: Plan, file: Path) -> None:
    """Save a plan, and say what to type to perform or to see it."""
    from hmsplan.formats.plan_file import plan_to_bytes  # noqa: PLC0415 -- most plans are only printed

    write_private(file, plan_to_bytes(made))
    err(f"Saved the plan to {plain(str(file))}.")
    at = moment_of(made)
    if made.against is None and made.expires is not None and (made.as_of or 0) >= made.expires:
        err(
            f"It expires before the moment that it is for, on {for_people(made.expires)}. Raise safety.plan_ttl in "
            f"hmsplan.yaml and save it again, or wait without it:\n  {options.command(*asking_for(made), *at)}"
        )
        options.saved = file
    elif made.against is None:
        options.saved = file
        if not made.is_refused:
            err(f"To perform exactly this:\n  {options.command('apply', *at)}")
    else:
        err(f"To see it again:\n  {options.command('show', str(file))}")


def code_of(options: Globals, made: Plan, form: str, *, detailed: bool) -> int:
    """Return the exit code of a command that shows a plan."""
    if not all(unsettled.is_waiting for unsettled in made.unsettled):
        return UnsettledCreate.exit_code
    if made.is_refused:
        is_told = form in {"text", "github"} and not options.json  # else stderr says why it ends so
        return UnsafePlan.exit_code if is_told else tell(UnsafePlan(made.refusals, made.denials), options)
    return CHANGES if detailed and made.pending else 0


def _watch(
    options: Globals, make: Callable[[], tuple[Stack, Plan]], *, show_unchanged: bool, digest: Digest
) -> NoReturn:
    """Show the plan that *make* returns, and again whenever a file changes."""
    from hmsplan.cli.watch import watch  # noqa: PLC0415 -- most plans are shown once

    def show() -> int:
        stack, made = make()
        print_plan(options, made, stack=stack, show_unchanged=show_unchanged, digest=digest)
        return made.requests

    watch(options, show)


def _refuse_together(*groups: Mapping[str, object]) -> None:
    """Refuse options of which each one leaves the others nothing to do."""
    for group in groups:
        given = [name for name, value in group.items() if value]
        if len(given) > 1:
            raise click.UsageError(f"{' and '.join(given)} do not go together. Leave one of them out.")


def _planned(
    options: Globals, against: Path | None, choice: Options, at: str | None, *, impact: bool, whose: bool
) -> tuple[Stack, Plan]:
    """Plan against a saved snapshot, if there is one; else read what is live."""
    if against is None:
        workspace = open_workspace(options, need_secrets=True)
        choice = with_moment(choice, at, workspace.stack, unix_now())
        made = wait_for(plan(workspace, choice, impact=impact, whose=whose))
        options.kept = workspace.stack, made
        return workspace.stack, made
    from hmsplan.formats.snapshot_file import snapshot_from_bytes  # noqa: PLC0415 -- most plans read what is live
    from hmsplan.operations.offline import plan_against  # noqa: PLC0415

    stack = load(options)
    choice = with_moment(choice, at, stack, unix_now())
    made = plan_against(snapshot_from_bytes(read_whole(against)), stack, unix_now(), choice)
    return stack, checked(options, made, stack)


def _check(options: Globals, file: Path, choice: Options, at: str | None, kind: Digest, *, as_json: bool) -> int:
    """Plan again as *file* was planned, and say whether it still holds: for a merge queue.

    Raises:
        StalePlan: it does not, by the digest that was chosen.
        UnsafePlan: it does, and would be refused.
    """
    from hmsplan.operations.saved_plan import objections, refuse_other_place  # noqa: PLC0415 -- only for a check

    saved = read_saved(options, file)
    choice = as_saved(choice, saved)
    workspace = open_workspace(options, need_secrets=True, rollback=rollback_of(saved))
    refuse_other_place(saved, workspace.stack)
    choice = with_moment(choice, at, workspace.stack, unix_now())
    fresh = wait_for(plan(workspace, choice, whose=True))
    reasons = objections(saved, fresh, workspace.state(), kind)
    told = fresh.digest_of(kind)
    if as_json:
        out(orjson.dumps({"format_version": "1.0", "holds": not reasons, "digest": told, "reasons": reasons}).decode())
    elif not reasons:
        out(f"The saved plan still holds.\nDigest: {told}")
    if reasons:
        raise StalePlan("\n  ".join(reasons))
    if fresh.is_refused:
        raise UnsafePlan(fresh.refusals, fresh.denials)
    return 0 if all(unsettled.is_waiting for unsettled in fresh.unsettled) else UnsettledCreate.exit_code


def as_saved(choice: Options, saved: Plan) -> Options:
    """Return the options that a saved plan was made with, where *choice* has none of its own."""
    return replace(
        choice,
        targets=choice.targets or saved.targets,
        excluded=choice.excluded or saved.excluded,
        destroy=choice.destroy or saved.destroy,
        resend=choice.resend or saved.resend,
    )


def rollback_of(saved: Plan) -> int | None:
    """Return the apply that a saved plan goes back to; None for a plan of the files."""
    return saved.rollback.to.number if saved.rollback is not None else None


def read_saved(options: Globals, file: Path) -> Plan:
    """Read a saved plan that is to be applied or checked.

    Raises:
        StateError: it is no saved plan.
        StalePlan: it has expired, was made against a snapshot, or by another hmsplan.
    """
    from hmsplan.formats.plan_file import plan_from_bytes  # noqa: PLC0415 -- a plan that is made now needs it not

    saved, now = plan_from_bytes(read_whole(file)), unix_now()
    if saved.against is not None:
        raise StalePlan(
            f"it was made against a snapshot of {saved.against.taken}, and what changed since then has no part in it. "
            "Plan against what is live, and review that:\n  hmsplan plan -o FILE",
            summary="Plan of a snapshot",
        )
    if reason := out_of_date(saved, now, __version__):
        again = options.command(*asking_for(saved, "plan", "-o", str(file)))
        summary = _EXPIRED if saved.expires is not None and now >= saved.expires else StalePlan.summary
        raise StalePlan(f"{reason}. Make a new one, and have it reviewed:\n  {again}", summary=summary)
    return saved


class _PlanOrApply(click.Path):
    """The file of a saved plan, or ``@N``, which stays a text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take ``@N`` as it is; anything else has to be a file."""
        return value if isinstance(value, str) and _APPLY.fullmatch(value) else super().convert(value, param, ctx)


@click.command("show", cls=Command)
@click.argument("what", metavar="FILE|@N", type=_PlanOrApply(path_type=Path, exists=True, dir_okay=False))
@format_option(PLAN_FORMATS)
@digest_option
@click.pass_obj
def show_command(options: Globals, what: Path | str, form: str, digest: Digest) -> None:
    """Show a saved plan, or apply @N of the history; @-1 is the last one. Needs no key."""
    if isinstance(what, str):
        from hmsplan.cli.history import FORMATS, show_entry  # noqa: PLC0415 -- a saved plan needs none of it

        if form not in FORMATS:
            raise click.UsageError(f"--format {form} is for saved plans; an apply has {', '.join(FORMATS)}.")
        show_entry(options, what, form)
        return
    from hmsplan.formats.plan_file import plan_from_bytes  # noqa: PLC0415 -- see read_saved

    data = read_whole(what)
    saved = plan_from_bytes(data)
    if options.json or form == "json":
        out(data.decode().rstrip())  # the file holds more than the plan that is read of it
    else:
        options.saved = what
        print_plan(options, saved, form, digest=digest)


def read_whole(file: Path) -> bytes:
    """Read a file of ours, and no more of it than is needed to refuse one that is too big.

    Raises:
        StateError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise StateError(f"{file} cannot be read: {error.strerror}", summary="File not read") from None


def write_private(file: Path, data: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        StateError: the folder or the disk does not let us.
    """
    from hmsplan.state.file.durable import replace_file  # noqa: PLC0415 -- seldom needed

    try:
        replace_file(file, data)
    except OSError as error:
        raise not_saved(file, error) from None


def not_saved(place: Path, error: OSError) -> StateError:
    """Return what is told of a place that cannot be written."""
    return StateError(
        f"{place} could not be written: {error.strerror}. Choose another place with -o", summary="Not saved"
    )

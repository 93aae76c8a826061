"""``hmsplan rollback @N``: the way back to an earlier apply, as a plan like any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hmsplan import __version__
from hmsplan.cli.apply import (
    allow_option,
    call_wait,
    expect_option,
    moment_option,
    perform,
    then_option,
    wait_option,
    yes_option,
)
from hmsplan.cli.at import with_moment
from hmsplan.cli.history import ApplyType
from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import code_of, exclude_option, new_file, refuse_resource_file, save_plan, target_option
from hmsplan.cli.reporter import APPLY_FORMATS
from hmsplan.cli.session import open_state, open_workspace, unix_now, wait_for
from hmsplan.cli.surfaces import PLAN_FORMATS, print_plan
from hmsplan.cli.terminal import err, interactive
from hmsplan.errors import StateError
from hmsplan.formats.plan_validity import dated
from hmsplan.operations.plan import plan
from hmsplan.output.plan_page import asking_for, moment_of, scope_of
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals
    from hmsplan.model import Plan


@click.command("rollback", cls=Command)
@click.argument("to", metavar="@N", type=ApplyType())
@click.option(
    "-o", "--out", "file", type=click.Path(path_type=Path), callback=new_file, metavar="FILE", help="Save the plan."
)
@yes_option
@expect_option
@allow_option
@moment_option
@wait_option
@then_option
@format_option(PLAN_FORMATS)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are changes.")
@target_option
@exclude_option
@click.pass_obj
def rollback_command(
    options: Globals,
    to: int,
    file: Path | None,
    yes: bool,
    expect_digest: str | None,
    allow: tuple[str, ...],
    at: str | None,
    patience_s: int | None,
    then: str | None,
    form: str,
    detailed_exitcode: bool,
    target: tuple[str, ...],
    excluded: tuple[str, ...],
) -> int:
    """Go back to how apply @N left the organization: what was changed, created and deleted since.

    Shows the plan and asks. Without a terminal it only plans, unless -y is given; -o saves the plan for apply.
    @-2 is the apply before the last one. What cannot return is named, and how git follows.
    """
    if file is not None:
        refuse_resource_file(options, file)
        if yes:
            raise click.UsageError("-y performs the plan, and -o saves it for later. Leave one of them out.")
    choice, calls = Options(target, allowed=allow, excluded=excluded), call_wait(patience_s, then)
    if yes or (file is None and interactive() and form in APPLY_FORMATS and not options.json):
        if form not in APPLY_FORMATS:
            names = " and ".join(APPLY_FORMATS)
            raise click.UsageError(f"--format {form} shows a plan; what is performed has {names}, and --json.")
        code, made = perform(
            options, form, choice, yes=yes, expect_digest=expect_digest, at=at, calls=calls, rollback=to
        )
        return code or _refuse_nothing(options, made)
    return _show(options, to, file, choice, form, at, detailed=detailed_exitcode)


def _show(
    options: Globals, to: int, file: Path | None, choice: Options, form: str, at: str | None, *, detailed: bool
) -> int:
    workspace = open_workspace(options, need_secrets=True, rollback=to)
    choice = with_moment(choice, at, workspace.stack, unix_now())
    is_kept = file is not None or options.json or form == "json"
    made = wait_for(plan(workspace, choice, whose=is_kept))
    if is_kept:
        made = dated(made, unix_now(), workspace.stack.safety.plan_ttl_s, __version__)
    if file is not None and made.pending:
        save_plan(options, made, file)
    print_plan(options, made, form)
    code = code_of(options, made, form, detailed=detailed) or _refuse_nothing(options, made)
    if file is None and made.pending and not made.is_refused:
        words = [*asking_for(made), *(f"--allow={each}" for each in choice.allowed), *moment_of(made)]
        err(f"To perform exactly this:\n  {options.command(*words, '-y', '--expect-digest', f'sha256:{made.digest}')}")
    return code


def _refuse_nothing(options: Globals, made: Plan) -> int:
    """Refuse to go back to the last apply while everything is as it left it: the one before is meant.

    Raises:
        StateError: says what to type for that.
    """
    lines = open_state(options).history() if made.rollback and not (made.pending or scope_of(made)) else []
    if made.rollback is None or not lines or made.rollback.to.number != lines[-1].number:
        return 0
    again = options.command("rollback", f"@{lines[-2].number}") if lines[1:] else ""
    before = f" To go back to before it, type\n  {again}" if again else " The history begins with it."
    detail = f"@{lines[-1].number} is the last apply, and everything is as it left it.{before}"
    raise StateError(detail, summary="Nothing to roll back")

"""``hmsplan drift``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import open_workspace, wait_for
from hmsplan.cli.surfaces import DRIFT_FORMATS, print_drift
from hmsplan.errors import StateError, UnsettledCreate
from hmsplan.operations.drift import drift

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals

DRIFTED = 2


@click.command("drift", cls=Command)
@format_option(DRIFT_FORMATS)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit 2 when something drifted.",
)
@click.option("--unmanaged", is_flag=True, help="Also list the live objects that are not managed.")
@click.pass_obj
def drift_command(options: Globals, form: str, detailed_exitcode: bool, unmanaged: bool) -> int:
    """Show what changed outside hmsplan since the last apply. Reads only."""
    workspace = open_workspace(options)
    report = wait_for(drift(workspace))
    drifts = report.drifted + (report.unmanaged if unmanaged else ())
    print_drift(options, report, drifts, form, workspace.stack)
    if detailed_exitcode and report.is_blind:
        raise StateError("a state without an apply cannot tell whether something drifted", summary="Nothing compared")
    if not detailed_exitcode:
        return 0
    return DRIFTED if report.drifted else UnsettledCreate.exit_code if report.unsettled else 0

"""``hmsplan drift``."""

from __future__ import annotations

import click
import orjson

from hmsplan.api.client import ReadClient
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.plan import tell_wait
from hmsplan.cli.session import Workspace, connect, open_workspace, unix_now, wait_for
from hmsplan.cli.terminal import color, out, width
from hmsplan.drift import DriftReport, survey
from hmsplan.live import read
from hmsplan.render.drift import Coverage, drift_json, render_drift

DRIFTED = 2


@click.command("drift")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when something drifted.")
@click.option("--unmanaged", is_flag=True, help="List the live objects that nobody manages, too.")
@common_options
@pass_globals
def drift_command(options: Globals, form: str, detailed_exitcode: bool, unmanaged: bool) -> int:
    """Show what changed outside hmsplan since the last apply. Reads only."""
    workspace = open_workspace(options)
    report = wait_for(_drift(options, workspace))
    drifts = report.drifted + (report.unmanaged if unmanaged else ())
    coverage = Coverage(report.coverage)
    if options.json or form == "json":
        out(orjson.dumps(drift_json(drifts, coverage)).decode())
    else:
        out(render_drift(drifts, coverage, width=width(), color=color(options)).rstrip("\n"))
    return DRIFTED if detailed_exitcode and report.drifted else 0


async def _drift(options: Globals, workspace: Workspace) -> DriftReport:
    state = workspace.state()
    async with connect(options, ReadClient, on_wait=tell_wait) as client:
        snapshot = await read(client, workspace.stack, state)
    return survey(workspace.stack, snapshot, state, unix_now())

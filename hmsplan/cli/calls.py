"""``hmsplan calls``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.plan import patterns
from hmsplan.cli.session import open_workspace, wait_for
from hmsplan.cli.terminal import color, out, width
from hmsplan.operations.calls import calls_in_progress
from hmsplan.output.calls import calls_json, calls_text

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


@click.command("calls", cls=Command)
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1, callback=patterns)
@format_option(("text", "json"))
@click.pass_obj
def calls_command(options: Globals, addresses: tuple[str, ...], form: str) -> None:
    """Show the calls in progress: since when, in which direction, and on what of the stack. Reads only.

    With ADDRESS only those on it; * matches any: 'assistants.*'. Of the callers' numbers two digits are shown.
    """
    now, calls = wait_for(calls_in_progress(open_workspace(options), addresses))
    if options.json or form == "json":
        out(orjson.dumps(calls_json(now, calls)).decode())
    else:
        out(calls_text(now, calls, width=width(), color=color(options.color)).rstrip("\n"))

"""``hmsplan version``."""

from __future__ import annotations

from importlib.metadata import version

import click

from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out


@click.command("version", cls=Command)
@common_options
@pass_globals
def version_command(options: Globals) -> None:
    """Print the version, on one line."""
    number = version("hmsplan")
    out(f'{{"version":"{number}"}}' if options.json else f"hmsplan {number}")

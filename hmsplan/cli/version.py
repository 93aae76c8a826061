"""``hmsplan version``."""

from __future__ import annotations

import click

from hmsplan import __version__
from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out


@click.command("version", cls=Command)
@common_options
@pass_globals
def version_command(options: Globals) -> None:
    """Print the version, on one line."""
    out(f'{{"version":"{__version__}"}}' if options.json else f"hmsplan {__version__}")

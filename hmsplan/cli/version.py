"""``hmsplan version``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hmsplan import __version__
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


@click.command("version", cls=Command)
@click.pass_obj
def version_command(options: Globals) -> None:
    """Print the version, on one line."""
    out(f'{{"version":"{__version__}"}}' if options.json else f"hmsplan {__version__}")

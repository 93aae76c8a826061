"""``hmsplan emulator``."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from hmsplan.cli.embedded import NoEmulator
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import err, report
from hmsplan.errors import HmsplanError
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


@click.command("emulator", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 takes a free one.")
@click.option("--db", type=click.Path(path_type=Path), metavar="FILE", help="Keep everything in this file.")
@click.option("--faults", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="What is to go wrong.")
@click.option(
    "--settings", type=click.Path(path_type=Path, exists=True), metavar="FILE", help="Stance on open questions."
)
@click.pass_obj
def emulator_command(options: Globals, port: int, db: Path | None, faults: Path | None, settings: Path | None) -> None:
    """Run the API on this machine, until it is stopped. Any key that starts with fl_ has an organization of its own."""
    try:
        from hmsplan.emulator import Emulator, Settings, read_faults, serve  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise NoEmulator(error) from error
    try:
        rules = read_faults(faults) if faults else ()
        stance = Settings.from_dict(orjson.loads(settings.read_bytes())) if settings else Settings()
    except (ValueError, OSError) as error:
        raise HmsplanError(plain(str(error)), summary="Cannot start the emulator") from error
    try:
        emulator = Emulator(db or ":memory:", stance, rules)
    except sqlite3.Error as error:
        raise HmsplanError(
            f"It cannot keep its data in {plain(str(db))}: {plain(str(error))}. Name a file in a folder that you may "
            "write to with --db; without it, nothing is kept",
            summary="Cannot start the emulator",
        ) from error

    def started(url: str) -> None:
        if options.json:
            report(f'{{"url":"{url}"}}')
        else:
            report(f"The emulator listens. In another shell:\n\n  export HMS_SOVEREIGN_BASE_URL={url}")
            report("  export HMS_SOVEREIGN_API_KEY=fl_test\n")

    try:
        serve(emulator, port=port, on_start=started)
    except OSError as error:
        raise HmsplanError(
            f"port {port}: {error.strerror}. Choose another: --port 0", summary="Cannot listen"
        ) from error
    finally:
        emulator.close()
    err("The emulator has stopped.")

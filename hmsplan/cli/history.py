"""``hmsplan history``, and ``show @N``: what earlier applies did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import open_state
from hmsplan.cli.state import ADDRESS
from hmsplan.cli.terminal import color, out, width
from hmsplan.errors import StateError
from hmsplan.operations.history import versions_of
from hmsplan.output.history import (
    entry_json,
    entry_text,
    history_json,
    history_markdown,
    history_text,
    picture_json,
    versions_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.formats.history_file import Line
    from hmsplan.model import Address, HistoryEntry
    from hmsplan.state.backend import Backend

FORMATS: Final = ("text", "json", "markdown")
ENTRY_FORMATS: Final = ("text", "json")


@click.command("history", cls=Command)
@click.argument("address", type=ADDRESS, required=False)
@format_option(FORMATS)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the last N.")
@click.pass_obj
def history_command(options: Globals, address: Address | None, form: str, limit: int | None) -> None:
    """List the applies of this environment: who, when, from which commit, and what they did.

    With ADDRESS, what happened to that object, with the difference of each text. Needs no key.
    """
    form = "json" if options.json else form
    backend = open_state(options)
    lines = backend.history()
    if address is not None:
        _versions(options, lines, address, form, limit)
        return
    problems = _problems(backend, lines)
    heads = [line.head for line in lines][-(limit or 0) :]
    match form:
        case "json":
            out(orjson.dumps(history_json(heads, problems)).decode())
        case "markdown":
            out(history_markdown(heads, problems).rstrip("\n"))
        case _:
            out(history_text(heads, problems, width=width(), color=color(options.color)).rstrip("\n"))


def _versions(options: Globals, lines: Sequence[Line], address: Address, form: str, limit: int | None) -> None:
    if form == "markdown":
        raise click.UsageError("--format markdown lists applies. Leave out the address, or the format.")
    touching = [_read(line) for line in lines if address in line.head.touched][-(limit or 0) :]
    versions = list(versions_of(touching, address))
    if not versions:
        raise StateError(f"no apply that is remembered touched {address}", summary="Not in the history")
    if form == "json":
        applies = [{"number": entry.head.number, **picture_json(picture)} for entry, picture in versions]
        out(orjson.dumps({"format_version": "1.0", "versions": applies}).decode())
    else:
        out(versions_text(versions, width=width(), color=color(options.color)).rstrip("\n"))


def show_entry(options: Globals, asked: str, form: str) -> None:
    """Show the apply that is named as ``@12``, or ``@-1`` for the last one.

    Raises:
        StateError: there is none of that number.
    """
    lines = open_state(options).history()
    number = int(asked[1:])
    number = number if number > 0 else (lines[-1].head.number if lines else 0) + 1 + number
    line = next((line for line in lines if line.head.number == number), None)
    if line is None:
        detail = f"no apply {asked} is remembered. To see those that are, type\n  hmsplan history"
        raise StateError(detail, summary="No such apply")
    entry = _read(line)
    if options.json or form == "json":
        out(orjson.dumps(entry_json(entry)).decode())
    else:
        out(entry_text(entry, width=width(), color=color(options.color)).rstrip("\n"))


def _read(line: Line) -> HistoryEntry:
    if line.problem:
        raise StateError(f"@{line.head.number} is not to be believed: {line.problem}", summary="History is damaged")
    try:
        return line.entry()
    except ValueError as error:
        raise StateError(f"@{line.head.number} cannot be read: {error}", summary="History is damaged") from error


def _problems(backend: Backend, lines: Sequence[Line]) -> list[str]:
    """Say what is not as it was written, and whether the state is older than the last apply."""
    found = [f"@{line.head.number}: {line.problem}." for line in lines if line.problem]
    state = backend.load() if lines else None
    last = lines[-1].head.serial if lines else 0
    if lines and (state is None or state.serial < last):
        now = "there is no state" if state is None else f"the state is of serial {state.serial}"
        found.append(f"Serial {last} was applied, and {now}: an older state was put back.")
    return found

"""``hmsplan history``, and ``show @N``: what earlier applies did."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import open_state
from hmsplan.cli.state import AddressType
from hmsplan.cli.terminal import color, out, width
from hmsplan.errors import StateError
from hmsplan.formats.history_file import EDITED
from hmsplan.operations.history import audit, version_at, versions_of
from hmsplan.operations.rollback import number_of
from hmsplan.output.history import (
    between_json,
    between_markdown,
    between_text,
    entry_json,
    entry_markdown,
    entry_text,
    history_json,
    history_markdown,
    history_text,
    versions_json,
    versions_markdown,
    versions_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.formats.history_file import Line
    from hmsplan.model import Address, HistoryEntry
    from hmsplan.operations.history import Audit
    from hmsplan.output.history import Version
    from hmsplan.state.backend import Backend

FORMATS: Final = ("text", "json", "markdown")
MOST: Final = 30
"""How many applies are listed unless more are asked for."""
_BETWEEN: Final = 2
_APPLY: Final = re.compile(r"@-?[1-9][0-9]{0,14}")


class ApplyType(click.ParamType[int]):
    """The number of an apply: ``@12``, or ``@-1`` for the last one."""

    name = "@N"

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002 -- of click
        """Say where the numbers are found."""
        return "The applies and their numbers: hmsplan history"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        if isinstance(value, int):
            return value
        if not _APPLY.fullmatch(value):
            guess = f" Did you mean @{value}?" if _APPLY.fullmatch(f"@{value}") else ""
            self.fail(f"{value!r} is not an apply. Write @12, or @-1 for the last one.{guess}", param, ctx)
        return int(value[1:])


class _WhoseHistory(AddressType):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        if isinstance(value, str) and _APPLY.fullmatch(value):
            self.fail(f"the versions of which object? To see what that apply did: hmsplan show {value}", param, ctx)
        return super().convert(value, param, ctx)


@click.command("history", cls=Command)
@click.argument("address", type=_WhoseHistory(), required=False)
@click.argument("applies", metavar="[@N [@M]]", type=ApplyType(), nargs=-1)
@format_option(FORMATS)
@click.option("--limit", type=click.IntRange(0), metavar="N", help=f"Only the last N; 0 = all. Default {MOST}.")
@click.pass_obj
def history_command(
    options: Globals, address: Address | None, applies: tuple[int, ...], form: str, limit: int | None
) -> int:
    """List the applies of this environment: who, when, from which commit, and what they did.

    With ADDRESS, the versions of that object, with the difference of each text; with @N and @M, the difference between
    what it was after these two applies. Ends with 1 where the history is not as it was written. Needs no key.
    """
    if len(applies) > _BETWEEN:
        raise click.UsageError("A difference is between two applies. Leave out the others.")
    form = "json" if options.json else form
    backend = open_state(options)
    most = MOST if limit is None else limit
    if address is None:
        found = audit(backend, most)
        _print(form, history_json, history_text, history_markdown, options, found)
        return int(bool(found.problems))
    found = audit(backend, 0 if applies else most, lambda line: line.names(address))
    versions = list(versions_of(map(_read, found.lines), address))
    if not versions:
        raise StateError(f"no apply that is remembered touched {address}", summary="Not in the history")
    if applies:
        pair = _between(backend, versions, applies, address)
        _print(form, between_json, between_text, between_markdown, options, found, pair)
    else:
        _print(form, versions_json, versions_text, versions_markdown, options, found, versions)
    return int(bool(found.problems))


def _print(
    form: str,
    to_json: Callable[..., object],
    to_text: Callable[..., str],
    to_markdown: Callable[..., str],
    options: Globals,
    found: Audit,
    *what: object,
) -> None:
    match form:
        case "json":
            out(orjson.dumps(to_json(found, *what)).decode())
        case "markdown":
            out(to_markdown(found, *what).rstrip("\n"))
        case _:
            shown = to_text(found, *what, width=width(), color=color(options.color))
            out(options.commands.complete(shown).rstrip("\n"))


def _between(
    backend: Backend, versions: Sequence[Version], applies: Sequence[int], address: Address
) -> tuple[Version, Version]:
    """Return what an object was after two applies; the second is by default the last one."""
    first, second = (version_at(versions, number_of(backend, each)) for each in (*applies, -1)[:_BETWEEN])
    if first is None or second is None:
        numbers = ", ".join(f"@{entry.head.number}" for entry, _ in versions)
        raise StateError(
            f"{address} is not remembered as of then; it was touched in {numbers}", summary="No such version"
        )
    return first, second


def show_entry(options: Globals, asked: str, form: str) -> None:
    """Show the apply that is named as ``@12``, or ``@-1`` for the last one.

    Raises:
        StateError: there is none of that number, or it was edited.
    """
    backend = open_state(options)
    number = number_of(backend, int(asked[1:]))
    found = audit(backend, 0, lambda line: line.number == number)
    if not found.lines:
        if f"@{number}: {EDITED}." in found.problems:
            raise StateError(f"@{number} is not to be believed: {EDITED}", summary="History is damaged")
        detail = f"no apply {asked} is remembered. To see those that are, type\n  hmsplan history"
        raise StateError(detail, summary="No such apply")
    entry = _read(found.lines[0])
    if options.json or form == "json":
        out(orjson.dumps(entry_json(entry, found.problems)).decode())
    elif form == "markdown":
        out(entry_markdown(entry, found.problems).rstrip("\n"))
    else:
        out(entry_text(entry, found.problems, width=width(), color=color(options.color)).rstrip("\n"))


def _read(line: Line) -> HistoryEntry:
    try:
        return line.entry()
    except ValueError as error:
        raise StateError(f"@{line.number} cannot be read: {error}", summary="History is damaged") from error

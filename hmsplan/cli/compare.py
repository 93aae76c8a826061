"""``hmsplan compare``: what differs between two environments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import key_of, load, open_workspace, wait_for
from hmsplan.cli.terminal import color, out, width
from hmsplan.config.confined import Folder
from hmsplan.operations.compare import compare, compare_live
from hmsplan.output.compare import compare_json, compare_markdown, compare_text

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals
    from hmsplan.model import Comparison

FORMATS: Final = ("text", "json", "markdown")
DIFFERENT: Final = 2
_TWO: Final = 2


class _OfTwo(Command):
    """Takes ``-e`` twice."""

    def __init__(self, name: str | None, params: list[click.Parameter] | None = None, **attributes: Any) -> None:
        super().__init__(name, params, **attributes)
        both = click.Option(
            ["-e", "--env", "environments"], multiple=True, metavar="ENV", help="One of the two environments."
        )
        self.params = [both if each.name == "environment" else each for each in self.params]


@click.command("compare", cls=_OfTwo)
@click.argument("named", metavar="[ENV ENV]", nargs=-1)
@format_option(FORMATS)
@click.option("--live", is_flag=True, help="Compare what the platform has, too: needs the key of each environment.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 when there are differences that are not meant.")
@click.pass_obj
def compare_command(
    options: Globals,
    environments: tuple[str, ...],
    named: tuple[str, ...],
    form: str,
    live: bool,
    detailed_exitcode: bool,
) -> int:
    """Show what differs between two environments, and where that comes from: variables, overrides, excluded resources
    and files of one environment are meant. Offline; with --live also what is on the platform, where a difference that
    the files do not say is not applied yet, or accidental.

    Each environment's key is HMS_SOVEREIGN_API_KEY_STAGING for one called staging, or else HMS_SOVEREIGN_API_KEY.
    """  # noqa: D205
    before = [options.environment] if options.environment is not None and "environment" in options.typed else []
    found = _compared(options, *_two([*before, *environments, *named]), live=live)
    form = "json" if options.json else form
    match form:
        case "json":
            out(orjson.dumps(compare_json(found)).decode())
        case "markdown":
            out(compare_markdown(found).rstrip("\n"))
        case _:
            out(compare_text(found, width=width(), color=color(options.color)).rstrip("\n"))
    return DIFFERENT if detailed_exitcode and (found.accidental or found.late) else 0


def _two(names: list[str]) -> tuple[str, str]:
    if len(names) != _TWO:
        given = f"{len(names)} {'is' if len(names) == 1 else 'are'} named" if names else "None is named"
        raise click.UsageError(f"Name two environments. {given}. Type: compare -e staging -e production")
    if names[0] == names[1]:
        raise click.UsageError(f"Both environments are {names[0]}. Name another one.")
    return names[0], names[1]


def _compared(options: Globals, left: str, right: str, *, live: bool) -> Comparison:
    chosen = [replace(options, environment=name, key=key_of(name)) for name in (left, right)]
    read_text = Folder(str(options.directory)).read_text
    if not live:
        stacks = [load(each) for each in chosen]
        return compare(stacks[0], stacks[1], read_text)
    spaces = [open_workspace(each, need_secrets=True) for each in chosen]
    declared = compare(spaces[0].stack, spaces[1].stack, read_text)
    return wait_for(compare_live(declared, spaces[0], spaces[1]))

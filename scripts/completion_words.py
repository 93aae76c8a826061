"""Writes ``hmsplan/cli/words.json``: commands, options and what their values are, for completion without any import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from hmsplan.cli.root import COMMANDS, hmsplan
from hmsplan.cli.state import AddressType
from hmsplan.fleet.cluster import SCHEME
from hmsplan.fleet.executors import PROCESSES, THREADS
from hmsplan.kinds import KINDS
from hmsplan.model import Risk

FILE = Path(__file__).parents[1] / "hmsplan" / "cli" / "words.json"
VALUES: dict[str, str | list[str]] = {
    **dict.fromkeys(("target", "excluded", "resend"), "address"),
    "allow": "risk",
    "environment": "environment",
    "against": "snapshot",
    "check": "plan",
    "words": "command",
    "executor": [PROCESSES, THREADS, f"{SCHEME}://"],
}
"""Name of a parameter to what its values are, where its type does not tell."""


def value_of(parameter: click.Parameter, command: str) -> str | list[str]:
    """Return what is offered for a value: a list, or the name of a source in ``hmsplan/cli/completing.py``."""
    if isinstance(parameter.type, click.Choice):
        return list(parameter.type.choices)
    if isinstance(parameter.type, AddressType):
        return "address"
    if parameter.name == "file" and command in {"apply", "show"}:
        return "plan"
    if isinstance(parameter.type, click.Path):
        return "file" if parameter.type.file_okay else "folder"
    return VALUES.get(parameter.name or "", "file" if parameter.name == "files" else "text")


def shape_of(command: click.Command, ctx: click.Context, line: str, *, whole: bool = True) -> dict[str, Any]:
    """Return what can stand behind a command; its options are those that the program itself has not."""
    path = " ".join(ctx.command_path.split()[1:])
    options: dict[str, Any] = {}
    for option in command.get_params(ctx):
        if isinstance(option, click.Option):
            takes = None if option.is_flag or option.count else value_of(option, path)
            options |= {name: {"help": option.help or "", "takes": takes} for name in option.opts}
    if ctx.parent is not None:
        known = shape_of(ctx.find_root().command, ctx.find_root(), "", whole=False)["options"]
        options = {name: each for name, each in options.items() if known.get(name) != each}
    found: dict[str, Any] = {
        "help": line,
        "options": dict(sorted(options.items())),
        "arguments": [value_of(each, path) for each in command.params if isinstance(each, click.Argument)],
    }
    if isinstance(command, click.Group) and whole:
        below = {name: command.get_command(ctx, name) for name in command.list_commands(ctx)}
        found["commands"] = {
            name: shape_of(each, click.Context(each, ctx, name), line_of(ctx, name, each))
            for name, each in below.items()
            if each is not None
        }
    return found


def line_of(ctx: click.Context, name: str, command: click.Command) -> str:
    """Return the one line that explains a command."""
    return COMMANDS[name][1] if ctx.parent is None else command.get_short_help_str(200)


def words() -> str:
    """Return the file."""
    root = click.Context(hmsplan, info_name="hmsplan", **hmsplan.context_settings)
    document = {"kinds": list(KINDS), "risks": list(Risk), **shape_of(hmsplan, root, "")}
    return json.dumps(document, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(words(), "utf-8")

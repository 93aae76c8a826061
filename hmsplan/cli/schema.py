"""``hmsplan schema``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out
from hmsplan.config import schema

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.cli.options import Globals


def files() -> dict[str, Path]:
    """Return every schema that ships with hmsplan, by the name it is asked for; parts of others are left out."""
    found = {path.name.removesuffix(".schema.json"): path for path in sorted(schema.folder().rglob("*.schema.json"))}
    del found["common"]
    found["stack"] = found.pop("hmsplan")
    return dict(sorted(found.items()))


@click.command("schema", cls=Command)
@click.argument("kind", metavar="[KIND]", type=click.Choice(list(files())), default="resources")
@click.pass_obj
def schema_command(options: Globals, kind: str) -> None:  # noqa: ARG001 -- a schema is JSON with --json and without
    """Print a JSON Schema: of one kind, of a resource file (the default), of another file of a stack, or of ours.

    KIND is a kind such as assistants, or resources, stack, environment, approvals, plan, state.
    Editors need no copy of it: hmsplan init writes its address into the first line of every file.
    """
    out(files()[kind].read_text("utf-8").rstrip("\n"))

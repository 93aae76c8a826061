"""``hmsplan schema``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from hmsplan.cli.parsing import Command
from hmsplan.cli.stack_files import replace, writable
from hmsplan.cli.terminal import err, out, report
from hmsplan.config import schema
from hmsplan.config.confined import Folder
from hmsplan.config.load import load_settings
from hmsplan.config.schema_bundle import bundled
from hmsplan.errors import HmsplanError
from hmsplan.export.editor import SCHEMAS, declared_in, schema_files, with_modeline
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals


def names() -> dict[str, str]:
    """Return every schema that ships with hmsplan, by the word it is asked for; parts of others are left out."""
    found = {name.rpartition("/")[2].removesuffix(".schema.json"): name for name in schema.documents()}
    del found["common"]
    found["stack"] = found.pop("hmsplan")
    return dict(sorted(found.items()))


@click.command("schema", cls=Command)
@click.argument("kind", metavar="[KIND]", type=click.Choice(list(names())), required=False)
@click.option(
    "--write",
    "folder",
    is_flag=False,
    flag_value=SCHEMAS,
    metavar="[FOLDER]",
    help=f"Write the schemas into FOLDER of the stack ({SCHEMAS}), and their place into the first line of its files.",
)
@click.pass_obj
def schema_command(options: Globals, kind: str | None, folder: str | None) -> None:
    """Print a JSON Schema: of one kind, of a resource file (the default), of another file of a stack, or of ours.

    KIND is a kind such as assistants, or resources, stack, environment, approvals, plan, state. The schema is whole: it
    refers to no other file.

    hmsplan init and export write the schemas that editors need. For a stack that has none, or after addresses were
    added that an editor should offer: hmsplan schema --write
    """
    if folder is None:
        body = bundled(names()[kind or "resources"])
        out(orjson.dumps(body, option=orjson.OPT_INDENT_2).decode())
        return
    if kind is not None:
        raise click.UsageError("--write writes all schemas that an editor needs. Leave out KIND.")
    _write(options, folder)


def schemas_of(folder: Folder, where: str = SCHEMAS) -> dict[str, str]:
    """Return path to content of the schemas of a stack, which offer its addresses."""
    return schema_files(set(declared_in(folder, load_settings(Path(folder.root)).include)), where)


def _write(options: Globals, where: str) -> None:
    folder = Folder(str(options.directory))
    where = _inside(folder, where)
    changed = write_schemas(folder, where)
    if options.json:
        report(orjson.dumps({"format_version": "1.0", "folder": where, "written": changed}).decode())
        return
    for path in changed:
        report(f"  written  {plain(path)}")
    err(f"{count(len(changed), 'file')} written." if changed else f"{plain(where)} and every first line is up to date.")


def write_schemas(folder: Folder, where: str = SCHEMAS) -> list[str]:
    """Write the schemas of a stack, and into each of its YAML files where they are; return the files that changed."""
    files = {path: text.encode() for path, text in schemas_of(folder, where).items()}
    for path in writable(folder):
        files[path] = with_modeline(Path(folder.root, path).read_bytes(), path, where)
    return [path for path, data in files.items() if _put(folder, path, data)]


def _inside(folder: Folder, where: str) -> str:
    """Return a folder of the stack by its path from the root.

    Raises:
        HmsplanError: it is another place.
    """
    real = os.path.realpath(Path(folder.root, where))
    if Path(real) == Path(folder.root) or not Path(real).is_relative_to(folder.root):
        detail = f"{plain(where)} is not a folder below {plain(folder.root)}. Type: hmsplan schema --write"
        raise HmsplanError(detail, summary="Path outside the stack")
    return Path(real).relative_to(folder.root).as_posix()


def _put(folder: Folder, path: str, data: bytes) -> bool:
    """Write a file unless that is what it holds; say whether it was written."""
    place = Path(folder.root, path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and place.read_bytes() == data:
            return False
    except OSError as error:
        raise HmsplanError(f"{plain(str(place))}: {error.strerror}.", summary="Cannot write") from error
    replace(place, data, "make the folder writable, or name another one: hmsplan schema --write FOLDER")
    return True

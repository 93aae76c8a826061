"""What an editor needs beside the files of a stack: the schemas, and in each file the line that names one of them."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import orjson

from hmsplan.config import schema
from hmsplan.config.confined import APPROVALS_FILE, ENVIRONMENTS, STACK_FILE
from hmsplan.config.environments import environments, files_below
from hmsplan.config.files import is_yaml, list_files
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.schema_bundle import bundled
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import KEY_PATTERN, Address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hmsplan.config.confined import Folder

SCHEMAS: Final = ".hmsplan/schemas"
_NAMES: Final = (schema.STACK, schema.ENVIRONMENT, schema.RESOURCES, schema.APPROVALS)
_OF_FILES: Final = {STACK_FILE: schema.STACK, APPROVALS_FILE: schema.APPROVALS}
_BOM: Final = b"\xef\xbb\xbf"
_MODELINE: Final = re.compile(rb"^#[ \t]*yaml-language-server:[ \t]*\$schema=(\S*)[^\r\n]*", re.MULTILINE)


def schema_files(addresses: Collection[Address] = (), folder: str = SCHEMAS) -> dict[str, str]:
    """Return path to content of the schemas that a stack keeps; *addresses* are offered by the editor."""
    return {
        f"{folder}/{name}": orjson.dumps(bundled(name, addresses), option=orjson.OPT_APPEND_NEWLINE).decode()
        for name in _NAMES
    }


def modeline(path: str, folder: str = SCHEMAS) -> str:
    """Return the line that names the schema of the file at *path* to an editor, from where the file lies."""
    at = posixpath.relpath(folder, posixpath.dirname(path) or ".")
    return f"# yaml-language-server: $schema={at}/{_schema_of(path)}"


def _schema_of(path: str) -> str:
    if path in _OF_FILES:
        return _OF_FILES[path]
    return schema.ENVIRONMENT if posixpath.dirname(path) == ENVIRONMENTS else schema.RESOURCES


def with_modeline(data: bytes, path: str, folder: str = SCHEMAS) -> bytes:
    """Return the file at *path* with its modeline, and every other byte as it is.

    A modeline that names a schema of hmsplan, wherever it was, is put right; one that names another is left.
    """
    line = modeline(path, folder).encode()
    text = data.removeprefix(_BOM)
    mark = data[: len(data) - len(text)]
    if (found := _MODELINE.search(text)) is not None:
        ours = found[1].rpartition(b"/")[2].decode("ascii", "replace") in _NAMES
        return mark + text[: found.start()] + line + text[found.end() :] if ours else data
    end = b"\r\n" if b"\r\n" in text else b"\n"
    return mark + line + end + (end if text else b"") + text


def declared_in(folder: Folder, include: Sequence[str]) -> Iterator[Address]:
    """Yield the addresses of a stack, as far as its files can be read: a schema is most wanted while one is broken."""
    for path in _resource_files(folder, include):
        try:
            resources = parse(folder.read_bytes(folder.real(path), path), path).value
        except (ConfigError, FileProblem):
            continue
        for kind, block in resources.items() if isinstance(resources, dict) else ():
            if kind in KINDS and isinstance(block, dict):
                yield from (Address(kind, key) for key in block if re.fullmatch(KEY_PATTERN, key))


def yaml_files(folder: Folder, include: Sequence[str]) -> Iterator[str]:
    """Yield the files of settings, the resource files and all environments."""
    yield from (name for name in _OF_FILES if name in folder.names(""))
    yield from (f"{ENVIRONMENTS}/{name}" for name in folder.names(ENVIRONMENTS) if is_yaml(name))
    yield from _resource_files(folder, include)


def _resource_files(folder: Folder, include: Sequence[str]) -> Iterator[str]:
    """Yield the resource files, those of every environment too."""
    yield from (path for path, _ in list_files(folder, include).files)
    for each in environments(folder).values():
        with suppress(FileProblem):  # a link, or nothing that can be read
            yield from (path for path, _ in files_below(folder, each).files)

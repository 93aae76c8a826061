"""The YAML files of a stack, for commands that write into them."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from hmsplan.config.load import load_settings
from hmsplan.errors import HmsplanError
from hmsplan.export.editor import yaml_files
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.config.confined import Folder


def writable(folder: Folder) -> Iterator[str]:
    """Yield the stack file, the environments and the resource files; symbolic links are left to what they lead to."""
    for path in yaml_files(folder, load_settings(Path(folder.root)).include):
        if os.path.realpath(f"{folder.root}/{path}") == f"{folder.root}/{path}":  # the root itself holds no link
            yield path


def replace(path: Path, data: bytes, advice: str) -> None:
    """Put *data* in place of a file, whole or not at all; it keeps its permissions.

    Raises:
        HmsplanError: file or folder may not be written; *advice* says what to do then.
    """
    temporary = path.with_name(f".{path.name}.hmsplan-new")
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as file:
            if path.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise HmsplanError(
            f"{plain(str(path))} cannot be written: {error.strerror}. It is as it was; {advice}",
            summary="Cannot write",
        ) from error

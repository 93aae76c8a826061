"""The emulator of ``--emulator``: a database and a state of its own for each environment, apart from those of a key.

Whatever is tried with it never takes part in what a run with a key reads, remembers or deletes.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from hmsplan.cli.terminal import err
from hmsplan.errors import HmsplanError
from hmsplan.state.backend import LOCAL_FOLDER, Backend, local_folder
from hmsplan.state.file.durable import PRIVATE_FILE, PRIVATE_FOLDER
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = f"{LOCAL_FOLDER}/emulator"
"""Below the root of a stack: one folder for each environment, with ``emulator.db`` and a state."""

KEY: Final = "fl_emulator"
URL: Final = "http://127.0.0.1/api/v1"
_DATABASE: Final = "emulator.db"
_IGNORED: Final = "*\n"


class NoEmulator(HmsplanError):
    """What the emulator is made of is not installed."""

    summary = "Not installed"

    def __init__(self, missing: ImportError) -> None:
        super().__init__(f"{missing.name} is missing. Type: pip install 'hmsplan[emulator]'")


class NotWritable(HmsplanError):
    """The emulator cannot keep its data where it should."""

    summary = "The emulator cannot keep its data"


def database(root: Path, environment: str) -> Path:
    """Return where the emulator of an environment keeps everything."""
    return root / FOLDER / environment / _DATABASE


def is_embedded(file: Path) -> bool:
    """Say whether *file* is the database of an environment's emulator, whose data only ``KEY`` opens."""
    parts = file.resolve().parts
    return parts[-4:-2] == tuple(FOLDER.split("/")) and parts[-1] == _DATABASE


def open_state(root: Path, environment: str) -> Backend:
    """Open the state of what an environment's emulator holds."""
    from hmsplan.state.file.storage import FileStorage  # noqa: PLC0415 -- a storage is loaded only when it is chosen

    return Backend(FileStorage(local_folder(root, FOLDER, environment), ignored=_IGNORED))


def open_embedded(root: Path, environment: str) -> Any:
    """Open the emulator of an environment, empty when there has never been one.

    Raises:
        NoEmulator: it is not installed.
        NotWritable: its folder is read-only, or another user's.
    """
    import sqlite3  # noqa: PLC0415 -- only for the emulator

    try:
        from hmsplan.emulator import Emulator, Settings  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as error:
        raise NoEmulator(error) from error
    file = local_folder(root, FOLDER, environment) / _DATABASE
    _tell_of_an_older_one(root, file)
    try:
        _prepare(file)
        return Emulator(file, Settings(rate_limit=None))  # no other user has to be spared
    except (OSError, sqlite3.Error) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NotWritable(
            f"It keeps what it knows in {plain(str(file))}, which cannot be written: {plain(reason)}. Run it on a copy "
            "of the stack in a folder that you may write to, and name that with -C; or start one that keeps its data "
            "elsewhere:\n  hmsplan emulator --db FILE"
        ) from error


def _prepare(file: Path) -> None:
    """Make folder and file, for their owner alone: it is the API, so it holds secrets."""
    ignored = file.parents[1] / ".gitignore"
    file.parent.mkdir(PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(FileExistsError), ignored.open("x") as opened:
        opened.write(_IGNORED)
    file.touch(PRIVATE_FILE)


def _tell_of_an_older_one(root: Path, file: Path) -> None:
    """Say once that the database of an older version is not used any more."""
    old = root / LOCAL_FOLDER / _DATABASE
    if old.is_file() and not file.exists():
        err(
            f"The emulator keeps its data in {plain(str(file.parent))} now. {plain(str(old))}, of an older version, is "
            "left as it is and not used; you may delete it."
        )

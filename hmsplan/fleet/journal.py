"""What a rollout was allowed to do and how far it has come: one fsynced line an event, below the folder of the fleet.

The first line says what was reviewed of every member. A line that a kill cut short says nothing, and is cut off.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.errors import StateError
from hmsplan.fleet.task import Reviewed
from hmsplan.planner.planner import DEFAULTS, Options
from hmsplan.state.backend import LOCAL_FOLDER, local_folder
from hmsplan.state.file import durable
from hmsplan.state.file.lock import IGNORED, FolderLock

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from hmsplan.state.lock_owner import Owner

FORMAT_VERSION: Final = "1.3"
_FOLDER: Final = "fleet"


class NothingToContinue(StateError):
    """There is no rollout that ended before its last wave."""

    summary = "Nothing to continue"


@dataclass(slots=True)
class Progress:
    """A rollout as its journal tells it.

    Attributes:
        digest: of the fleet plan that was reviewed; "" when a member could not be planned.
        reviewed: member to what it may do.
        waves: the members of each wave.
        after_s: seconds that each wave waits after the one before.
        options: targets, what is allowed and what is sent again.
        members: the patterns that chose the members, as they were typed.
        unplanned: members that could not be planned when it began, of which nothing was reviewed.
        environment: of ``-e``; None = none was given.
        state: of ``--state``, without its password; None = none was given.
        begun: when each wave began, in Unix seconds.
        ended: when the last member so far ended; None = none has.
        codes: member to the exit code it ended with last.
        started: members that were handed to a worker.
        is_over: the last wave ended well, or another rollout took its place.
    """

    digest: str
    reviewed: dict[str, Reviewed]
    waves: tuple[tuple[str, ...], ...]
    after_s: tuple[int, ...]
    options: Options = DEFAULTS
    members: tuple[str, ...] = ()
    unplanned: frozenset[str] = frozenset()
    environment: str | None = None
    state: str | None = None
    begun: dict[int, float] = field(default_factory=dict)
    ended: float | None = None
    codes: dict[str, int] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    is_over: bool = False

    @property
    def done(self) -> frozenset[str]:
        """The members that need nothing more."""
        return frozenset(name for name, code in self.codes.items() if code == 0)


class FleetJournal:
    """The journal of one fleet file."""

    def __init__(self, root: Path, file: str) -> None:
        self._folder = local_folder(root, LOCAL_FOLDER, _FOLDER, file.rsplit(".", 1)[0])
        self._file = self._folder / "journal.jsonl"
        self._lock = FolderLock(self._folder, IGNORED, "fleet unlock --force")
        self._size = 0

    def lock(self, owner: str) -> AbstractContextManager[None]:
        """Hold the fleet against every other rollout.

        Raises:
            StateLocked: another one holds it.
        """
        return self._lock.hold(owner)

    def begin(
        self,
        digest: str,
        reviewed: Mapping[str, Reviewed],
        waves: Sequence[Sequence[str]],
        after_s: Sequence[int],
        options: Options,
        members: Sequence[str] = (),
        unplanned: Collection[str] = (),
        place: tuple[str | None, str | None] = (None, None),
    ) -> Progress:
        """Begin a rollout, in place of the one before; *place* is its environment and state."""
        self._lock.require()
        head = {
            "format_version": FORMAT_VERSION,
            "digest": digest,
            "reviewed": _told(reviewed),
            "waves": [list(wave) for wave in waves],
            "after_s": list(after_s),
            "options": [options.targets, options.excluded, options.allowed, options.resend],
            "members": list(members),
            "unplanned": sorted(unplanned),
            "place": list(place),
        }
        data = orjson.dumps(head, option=orjson.OPT_APPEND_NEWLINE)
        with durable.failing("write", self._folder):
            durable.replace_file(self._file, data)
        self._size = len(data)
        return _head(head)

    def review(self, progress: Progress, reviewed: Mapping[str, Reviewed]) -> None:
        """Write down, also in *progress*, what was reviewed of more members."""
        self.add({"reviewed": _told(reviewed)})
        progress.reviewed |= reviewed

    def add(self, event: Mapping[str, Any]) -> None:
        """Write down an event; it outlives a power failure once this returns.

        Raises:
            StateError: the lock is not ours any more, or the disk does not let us.
        """
        self._lock.require()
        data = orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
        with durable.failing("write", self._folder):
            durable.append(self._file, self._size, data)
        self._size += len(data)

    def unlock(self, *, force: bool) -> Owner | None:
        """Remove the lock of a rollout that is dead, with *force* of any, and return whose it was.

        Raises:
            StateLocked: that rollout is alive.
        """
        return self._lock.unlock(force=force)

    def holder(self) -> Owner | None:
        """Return the rollout that is under way; None when none is."""
        return self._lock.holder()

    def unfinished(self) -> Progress | None:
        """Return the last rollout; None when there is none that can be continued."""
        with suppress(StateError):
            return self.load()
        return None

    def load(self) -> Progress:
        """Read how far the last rollout has come.

        Raises:
            NothingToContinue: there is none, or it is over.
            StateError: the journal cannot be read.
        """
        with durable.failing("read", self._folder):
            found = durable.read(self._file)
        lines = found[0].splitlines(keepends=True) if found else []
        whole = [line for line in lines if line.endswith(b"\n")]
        if not whole:
            raise NothingToContinue("there is no unfinished apply of this fleet. To start one: hmsplan fleet apply")
        self._size = sum(map(len, whole))
        try:
            head, *events = map(orjson.loads, whole)
            progress = _head(head)
            for event in events:
                _take(progress, event)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(
                f"{self._file} cannot be read ({error}). Move it away, and start again: hmsplan fleet apply",
                summary="Journal is damaged",
            ) from None
        if progress.is_over:
            raise NothingToContinue("the last apply of this fleet has ended. To start another one: hmsplan fleet apply")
        return progress


def _head(head: Mapping[str, Any]) -> Progress:
    if head["format_version"] != FORMAT_VERSION:
        raise ValueError(f"format {head['format_version']}, and this version reads {FORMAT_VERSION}")
    targets, excluded, allowed, resend = map(tuple, head["options"])
    environment, state = head["place"]
    return Progress(
        head["digest"],
        _reviewed(head["reviewed"]),
        tuple(map(tuple, head["waves"])),
        tuple(head["after_s"]),
        Options(targets, allowed=allowed, resend=resend, excluded=excluded),
        tuple(head["members"]),
        frozenset(head["unplanned"]),
        environment,
        state,
    )


def _told(reviewed: Mapping[str, Reviewed]) -> dict[str, list[Any]]:
    return {name: [each.digest, sorted(each.changes), each.organization] for name, each in reviewed.items()}


def _reviewed(told: Mapping[str, Any]) -> dict[str, Reviewed]:
    return {name: Reviewed(digest, frozenset(changes), of) for name, (digest, changes, of) in told.items()}


def _take(progress: Progress, event: Mapping[str, Any]) -> None:
    match event:
        case {"reviewed": dict(told)}:
            progress.reviewed |= _reviewed(told)
        case {"wave": int(number), "at": at}:
            progress.begun[number] = at
        case {"started": list(names)}:
            progress.started.update(names)
        case {"ended": str(name), "code": int(code), "at": at}:
            progress.codes[name] = code
            progress.ended = at
        case {"over": True}:
            progress.is_over = True
        case _:
            raise ValueError("an event that this version does not know")

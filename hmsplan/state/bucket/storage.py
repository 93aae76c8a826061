"""The state in an object store: ``state.json``, ``journal/FENCE/NUMBER.json`` and ``lock.json`` below one prefix.

``state.json`` is written by compare-and-swap alone. Each write of it has a new ``fence``, and with it begins an empty
journal: batches are read only from the folder of the fence that ``state.json`` names. So one write replaces state and
journal at once, a kill at any moment leaves both whole, and old folders are rubbish that the next write sweeps away.

A batch is one object, created under a number that must be free, and counts once the lock is seen to be ours after it.
A run that takes the lock from a holder that did not give it back first writes ``state.json`` under a new fence. A
holder that was only paused then writes nothing any more: its ``state.json`` is another one by now, and its journal is
not read any more.
"""

from __future__ import annotations

import contextlib
import re
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import orjson

from hmsplan.errors import StateError
from hmsplan.formats.state_file import dump
from hmsplan.state.bucket.lease import LEASE_S, Lease
from hmsplan.state.bucket.objects import Conflict, InDoubt, Objects
from hmsplan.state.environment_name import NAME
from hmsplan.state.storage import Content, Seen, StoreError, own, read
from hmsplan.state.succession import NEVER, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hmsplan.state.bucket.objects import Tag

STATE: Final = "state.json"
BACKUP: Final = "state.json.backup"
JOURNAL: Final = "journal"
HISTORY: Final = "history"
LOOKS: Final = 6
"""How often a reader looks again while somebody writes."""
_AT_A_TIME: Final = 100
"""Objects of the history."""
_PAUSE_S: Final = 0.05
"""Before the second look; each further pause is twice as long."""

_FENCE: Final = re.compile(r"\d{8}-[0-9a-f]{8}")
_FENCED: Final = re.compile(rb'\{\n  "fence": "(\d{8}-[0-9a-f]{8})",\n')
_UNFENCED: Final = f"{0:08}-{0:08}"
"""The fence of a ``state.json`` that a person put there."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Recognises what the store holds.

    Attributes:
        tag: of ``state.json``; None when there is none.
        fence: names the folder of its journal.
        batches: how many are in it.
        holding: token of the lock under which this was seen; None = without one, so that it may have changed.
        body: the state file, without its fence.
    """

    tag: Tag | None
    fence: str
    batches: int
    holding: str | None
    body: bytes | None = None


class BucketStorage:
    """A ``Storage`` below a prefix of its own; the protocol says what its methods promise.

    Args:
        url: ``s3://``, ``gs://`` or ``az://``, then ``BUCKET/PREFIX``.
        environment: becomes the last part of the prefix.
        clock: seconds since 1970.
        sleep: waits so many seconds.
        lease_s: how long the lock of a run that died keeps the others out.
    """

    is_local: Final = False

    def __init__(
        self,
        url: str,
        environment: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        lease_s: float = LEASE_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._environment = environment
        self._objects = Objects(f"{self._url}/{environment}")
        self._sleep = sleep
        self.lock: Final = Lease(self._objects, self._fence_off, clock=clock, lease_s=lease_s)

    def describe(self) -> str:
        """Name ``state.json``."""
        return self._objects.where(STATE)

    def get(self) -> Content[Spot]:
        """Read state and journal, and again when another run wrote meanwhile: the batches would not be all."""
        for attempt in range(1, LOOKS + 1):
            found = self._objects.get(STATE)
            data, tag = (found.data, found.tag) if found else (None, None)
            fence = _fence_of(data) if data else ""
            names = self._objects.names(f"{JOURNAL}/{fence}")
            batches = [batch for batch in self._objects.get_all(names) if batch is not None]
            if self._objects.tag(STATE) == tag and len(batches) == len(names):
                return self._content(data, batches, Spot(tag, fence or _UNFENCED, len(batches), self.lock.token))
            if attempt == LOOKS:
                raise StoreError(f"{self.describe()} changes all the time. Run the command again")
            self._sleep(_PAUSE_S * 2**attempt)
        raise AssertionError

    def holds(self, at: Spot) -> bool:
        """Say whether it was seen under the lock that this run holds: then only this run has written."""
        return at.holding == self.lock.token

    def put(self, seen: Seen[Spot], new: Version, body: bytes, backup: bytes | None) -> Spot:  # noqa: ARG002 -- only a database notes versions
        """Write ``state.json`` under a new fence, with which an empty journal begins."""
        at = seen.at
        if at.batches == 0 and at.tag is not None and body == at.body:
            return at
        if backup is not None:
            self._objects.overwrite(BACKUP, backup)
        fence = _next(at.fence)
        data = _fence(fence, body)
        with self._contested():
            tag = self._objects.put(STATE, data, at.tag)
        with contextlib.suppress(StoreError):  # rubbish, which the next write sweeps away
            self._sweep(fence)
        return Spot(tag, fence, 0, self.lock.token, body)

    def append(self, seen: Seen[Spot], batch: bytes, count: int) -> Spot:  # noqa: ARG002 -- the batch holds its serial
        """Write the batch as the next object of its fence; it counts because the lock is still this run's after it."""
        number = seen.at.batches + 1
        with self._contested():
            self._objects.put(f"{JOURNAL}/{seen.at.fence}/{number:08}.json", batch, None)
        self.lock.confirm()
        return replace(seen.at, batches=number)

    def set_aside(self) -> Seen[Spot]:
        """Copy ``state.json``; its journal is left behind by the fence of the next write."""
        found = self._objects.get(STATE)
        if found is not None:
            self._objects.overwrite(BACKUP, found.data)
        fences = [name.split("/")[1] for name in self._objects.names(JOURNAL)]
        fence = max([*fences, _fence_of(found.data) if found else _UNFENCED])
        return Seen(NEVER, Spot(found.tag if found else None, fence, 0, self.lock.token))

    def history(self, since: int = 0) -> Iterator[bytes]:
        """Read the objects of ``history/``, whose names are the numbers, some at a time."""
        names = [name for name in self._objects.names(HISTORY) if name >= _remembered(since)]
        for at in range(0, len(names), _AT_A_TIME):
            some = names[at : at + _AT_A_TIME]
            for name, data in zip(some, self._objects.get_all(some), strict=True):
                if data is not None:
                    yield own(data, self._objects.where(name))

    def last_line(self) -> bytes | None:
        """Read the object of the greatest number."""
        found = self._objects.get(names[-1]) if (names := self._objects.names(HISTORY)) else None
        return own(found.data, self._objects.where(names[-1])) if found else None

    def remember(self, number: int, line: bytes, oldest: int) -> None:
        """Write the object, then delete those that are too old."""
        self.lock.require()
        with self._contested():
            self._objects.put(_remembered(number), line, None)
        with contextlib.suppress(StoreError):  # the next run forgets them
            self._objects.delete([name for name in self._objects.names(HISTORY) if name < _remembered(oldest)])

    def environments(self) -> Mapping[str, BucketStorage]:
        """List the folders below the same prefix."""
        names = Objects(self._url).folders()
        others = [name for name in names if NAME.fullmatch(name) and name != self._environment]
        return {name: BucketStorage(self._url, name) for name in others}

    def _fence_off(self) -> None:
        """Write the state again under a new fence, so that an earlier holder can write nothing more."""
        for attempt in range(1, LOOKS + 1):
            try:
                state, seen = read(self)
            except StoreError:
                raise
            except StateError:
                return  # damaged: it cannot be loaded, hence only push --force writes over it
            if state is None or seen.at.tag is None:
                return
            try:
                self._objects.put(STATE, _fence(_next(seen.at.fence), dump(state)), seen.at.tag)
            except Conflict:
                if attempt == LOOKS:
                    raise
            else:
                return

    def _content(self, data: bytes | None, batches: list[bytes], at: Spot) -> Content[Spot]:
        if data is None and batches:
            raise StateError(
                f"{self.describe()} is gone, and its journal is there. Restore the object from a backup or an "
                "older version, or put a state there:\n  hmsplan state push --force FILE",
                summary="State is damaged",
            )
        body, journal = (None, None) if data is None else (_unfenced(data), b"".join(batches))
        journal_name = self._objects.where(f"{JOURNAL}/{at.fence}")
        return Content(body, journal, replace(at, body=body), self.describe(), journal_name)

    @contextlib.contextmanager
    def _contested(self) -> Iterator[None]:
        """Say what it means when a write is refused or unanswered."""
        try:
            yield
        except Conflict:
            self.lock.confirm()
            raise StateError(
                f"{self.describe()} is not what this run had read: another run wrote in between. Run the command again"
            ) from None
        except InDoubt:
            self.lock.doubt()
            raise

    def _sweep(self, fence: str) -> None:
        """Delete the journals of earlier fences, which are not read any more, and no later one's."""
        names = self._objects.names(JOURNAL)
        self._objects.delete([name for name in names if name.split("/")[1] < fence[: fence.index("-")]])


def _remembered(number: int) -> str:
    return f"{HISTORY}/{number:08}.json"


def _next(fence: str) -> str:
    """Give the fence after *fence*, which no other run ever gives."""
    return f"{int(fence.partition('-')[0]) + 1:08}-{uuid.uuid4().hex[:8]}"


def _fence(fence: str, body: bytes) -> bytes:
    """Write the fence into a state file, as its first key."""
    return b'{\n  "fence": "%s",\n' % fence.encode() + body.removeprefix(b"{\n")


def _unfenced(data: bytes) -> bytes:
    """Take the fence out of a state file, as far as it stands where ``_fence`` writes it."""
    found = _FENCED.match(data)
    return b"{\n" + data[found.end() :] if found else data


def _fence_of(data: bytes) -> str:
    """Read the fence of a ``state.json``, in whatever layout; one without counts as the first."""
    found = _FENCED.match(data)
    if found:
        return found[1].decode()
    with contextlib.suppress(ValueError):
        document = orjson.loads(data)
        written = document.get("fence") if isinstance(document, dict) else None
        if isinstance(written, str) and _FENCE.fullmatch(written):
            return written
    return _UNFENCED

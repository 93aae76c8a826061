"""The state in an object store: ``state.json``, ``journal/FENCE/NUMBER.json`` and ``lock.json`` below one prefix.

``state.json`` is written by compare-and-swap alone. Each write of it has a new ``fence``, and with it begins an empty
journal: batches are read only from the folder of the fence that ``state.json`` names. So one write replaces state and
journal at once, a kill at any moment leaves both whole, and old folders are rubbish that the next write sweeps away.

A batch is one object, created under a number that must be free, and counts once the lock is seen to be ours after it.
Whoever takes the lock from a holder that did not give it back first writes ``state.json`` under a new fence. A holder
that was only paused then writes nothing any more: its ``state.json`` is another one by now, and its journal is read by
nobody.
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
from hmsplan.formats.state_file import dump, parse
from hmsplan.state.bucket.lease import LEASE_S, Lease
from hmsplan.state.bucket.objects import Conflict, InDoubt, Objects, StoreError
from hmsplan.state.environment_name import NAME
from hmsplan.state.journal import decode, encode, join
from hmsplan.state.log import loaded
from hmsplan.state.succession import changed_meanwhile, refuse_backward, refuse_older

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hmsplan.model import State
    from hmsplan.state.bucket.objects import Tag
    from hmsplan.state.journal import Entry
    from hmsplan.state.lock_owner import Owner

STATE: Final = "state.json"
BACKUP: Final = "state.json.backup"
JOURNAL: Final = "journal"
LOOKS: Final = 6
"""How often a reader looks again while somebody writes."""
_PAUSE_S: Final = 0.05
"""Before the second look; each further pause is twice as long."""

_FENCE: Final = re.compile(r"\d{8}-[0-9a-f]{8}")
_FENCED: Final = re.compile(rb'\{\n  "fence": "(\d{8}-[0-9a-f]{8})",\n')
_UNFENCED: Final = f"{0:08}-{0:08}"
"""The fence of a ``state.json`` that a person put there."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store held when this backend last read or wrote it.

    Attributes:
        lineage, serial: of the state, journal included; None and -1 when there has never been one.
        tag: of ``state.json``; None when there is none.
        fence: names the folder of its journal.
        end: number of the last batch in it.
        holding: token of the lock under which this was seen; None = without one, so that it may have changed.
        state: the state, as far as nothing was appended since.
    """

    lineage: str | None
    serial: int
    tag: Tag | None = None
    fence: str = _UNFENCED
    end: int = 0
    holding: str | None = None
    state: State | None = None


class BucketBackend:
    """A ``Backend`` below a prefix of its own; the protocol says what its methods promise.

    Args:
        url: ``s3://``, ``gs://`` or ``az://``, then ``BUCKET/PREFIX``.
        environment: becomes the last part of the prefix.
        clock: seconds since 1970.
        sleep: waits so many seconds.
        lease_s: how long the lock of a run that died keeps the others out.
    """

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
        self._lease = Lease(self._objects, environment, clock=clock, sleep=sleep, lease_s=lease_s)
        self._seen: _Seen | None = None

    def describe(self) -> str:
        """Say where the state is, for people."""
        return self._objects.where(STATE)

    def load(self) -> State | None:
        """Read the state, the journal included; None = there has never been one."""
        self._seen = self._look()
        return loaded(self._seen.state, self.describe())

    def append(self, entries: Sequence[Entry]) -> None:
        """Add entries, all or none; they outlive this process once this returns."""
        seen = self._current()
        if seen.lineage is None:
            raise StateError("a state begins with save()")
        line = encode(seen.lineage, seen.serial + 1, entries)
        end = seen.end + 1
        with self._contested():
            self._objects.create(f"{JOURNAL}/{seen.fence}/{end:08}.json", line)
        self._lease.confirm()
        self._seen = replace(seen, serial=seen.serial + len(entries), end=end, state=None)

    def save(self, state: State) -> None:
        """Put *state* in place of what is stored. Its serial is the stored one (compaction) or greater (an edit)."""
        seen = self._current()
        refuse_backward(state, seen.lineage, seen.serial, self.describe())
        if not (seen.end == 0 and seen.tag is not None and state == seen.state):
            self._write(state, seen)

    def push(self, state: State, *, force: bool = False) -> None:
        """Put a state from elsewhere in place of the stored one, of which ``state.json.backup`` is kept."""
        self._lease.require()
        try:
            stored = self.load()
        except StoreError:
            raise
        except StateError:
            if not force:
                raise
            stored = None
            self._seen = self._set_aside()
        seen = self._current()
        if stored is not None:
            if not force:
                refuse_older(state, stored)
            self._objects.overwrite(BACKUP, dump(stored))
            state = replace(state, serial=max(state.serial, stored.serial + 1))
        self._write(state, seen)

    @contextlib.contextmanager
    def lock(self, owner: str, *, timeout_s: float = 0.0) -> Iterator[None]:
        """Hold the state against every other run; the lock of a process that dies ends by itself."""
        with self._fenced(owner, timeout_s):
            yield

    def unlock(self, *, force: bool = False) -> Owner | None:
        """Take away what a dead run left of its lock, and say whose it was; None when nothing was left."""
        owner = self._lease.holder()
        if owner is not None:
            with self._fenced("hmsplan state unlock", 0.0, force=force):
                pass
        return owner

    def confirm_lock(self) -> None:
        """Read ``lock.json``; a lease that ran out is renewed first, so that nobody may take it during the write."""
        self._lease.require()
        self._lease.confirm()

    def holder(self) -> Owner | None:
        """Say who holds the lock, or did not give it back; None when nobody."""
        return self._lease.holder()

    def environments(self) -> Mapping[str, BucketBackend]:
        """Open the states below the same prefix."""
        names = Objects(self._url).folders()
        others = [name for name in names if NAME.fullmatch(name) and name != self._environment]
        return {name: BucketBackend(self._url, name) for name in others}

    @contextlib.contextmanager
    def _fenced(self, owner: str, timeout_s: float, *, force: bool = False) -> Iterator[None]:
        with self._lease.hold(owner, timeout_s, force=force) as was_given_back:
            if not was_given_back:
                try:
                    self._fence_off()
                except StoreError:
                    self._lease.doubt()  # whoever is next has to
                    raise
            yield

    def _fence_off(self) -> None:
        """Write the state again under a new fence, so that an earlier holder can write nothing more."""
        for attempt in range(1, LOOKS + 1):
            try:
                seen = self._look()
            except StoreError:
                raise
            except StateError:
                return  # damaged: nobody can load it, hence nobody writes over it but push --force
            if seen.state is None or seen.tag is None:
                return
            try:
                self._objects.change(STATE, _fence(_next(seen.fence), seen.state), seen.tag)
            except Conflict:
                if attempt == LOOKS:
                    raise
            else:
                return

    def _look(self) -> _Seen:
        """Read state and journal, and again when another run wrote meanwhile: what looks damaged may be half new."""
        for attempt in range(1, LOOKS + 1):
            found = self._objects.get(STATE)
            data, tag = (found.data, found.tag) if found else (None, None)
            fence = _fence_of(data) if data else ""
            names = self._objects.names(f"{JOURNAL}/{fence}")
            batches = self._objects.get_all(names)
            if self._objects.tag(STATE) == tag and None not in batches:
                return self._understand(data, tag, fence, [batch for batch in batches if batch is not None])
            if attempt == LOOKS:
                raise StoreError(f"{self.describe()} changes all the time. Run the command again")
            self._sleep(_PAUSE_S * 2**attempt)
        raise AssertionError

    def _understand(self, data: bytes | None, tag: Tag | None, fence: str, batches: list[bytes]) -> _Seen:
        if data is None:
            if batches:
                raise StateError(
                    f"{self.describe()} is gone, and its journal is there. Restore the object from a backup or an "
                    "older version, or put a state there:\n  hmsplan state push --force FILE",
                    summary="State is damaged",
                )
            return _Seen(None, -1, holding=self._lease.token)
        journal = decode(b"".join(batches), self._objects.where(f"{JOURNAL}/{fence}"))
        state = join(_parse(data, self.describe()), journal)
        if state is None:
            raise AssertionError
        return _Seen(state.lineage, state.serial, tag, fence, len(batches), self._lease.token, state)

    def _current(self) -> _Seen:
        """Give what is stored, which must be what this backend knows of."""
        self._lease.require()
        known = self._seen
        if known is None:
            raise StateError("a state is loaded before it is written")
        if known.holding == self._lease.token:
            return known  # under this lock nobody else writes
        found = self._look()
        if (found.lineage, found.serial) != (known.lineage, known.serial):
            raise changed_meanwhile(self.describe(), (found.lineage, found.serial), (known.lineage, known.serial))
        self._seen = found
        return found

    def _write(self, state: State, seen: _Seen) -> None:
        fence = _next(seen.fence)
        data = _fence(fence, state)
        with self._contested():
            tag = self._objects.create(STATE, data) if seen.tag is None else self._objects.change(STATE, data, seen.tag)
        self._seen = _Seen(state.lineage, state.serial, tag, fence, 0, self._lease.token, state)
        with contextlib.suppress(StoreError):  # rubbish, which the next write sweeps away
            self._sweep(fence)

    @contextlib.contextmanager
    def _contested(self) -> Iterator[None]:
        """Say what it means when a write is refused or unanswered."""
        try:
            yield
        except Conflict:
            self._lease.confirm()
            raise StateError(
                f"{self.describe()} is not what this run had read: another run wrote in between. Run the command again"
            ) from None
        except InDoubt:
            self._lease.doubt()
            raise

    def _sweep(self, fence: str) -> None:
        """Delete the journals of earlier fences, which nobody reads any more, and no later one's."""
        names = self._objects.names(JOURNAL)
        self._objects.delete([name for name in names if name.split("/")[1] < fence[: fence.index("-")]])

    def _set_aside(self) -> _Seen:
        """Keep what cannot be read as the backup, and say what is to be written over."""
        found = self._objects.get(STATE)
        if found is not None:
            self._objects.overwrite(BACKUP, found.data)
        fences = [name.split("/")[1] for name in self._objects.names(JOURNAL)]
        fence = max([*fences, _fence_of(found.data) if found else _UNFENCED])
        return _Seen(None, -1, found.tag if found else None, fence, 0, self._lease.token)


def _next(fence: str) -> str:
    """Give the fence after *fence*, which nobody else ever gives."""
    return f"{int(fence.partition('-')[0]) + 1:08}-{uuid.uuid4().hex[:8]}"


def _fence(fence: str, state: State) -> bytes:
    """Write *state* as its file, the fence first."""
    return b'{\n  "fence": "%s",\n' % fence.encode() + dump(state)[2:]


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


def _parse(data: bytes, name: str) -> State:
    found = _FENCED.match(data)
    return parse(b"{\n" + data[found.end() :] if found else data, name)

"""The lock of a state in an object store: a lease, which its holder renews and which ends by itself when it dies.

The object ``lock.json`` is never deleted, and every write of it is compare-and-swap. It says either that the lock is
free, or who holds it and until when. A run that takes it from a holder that did not give it back has to fence that one
off before writing: a process that is merely paused may wake up and go on. No safety depends on the clocks of the
machines, only how long others wait.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from hmsplan.errors import StateError, StateLocked
from hmsplan.state.bucket.objects import Conflict, Found, Objects
from hmsplan.state.lock_owner import Owner, lock_taken, not_locked
from hmsplan.state.log import LOG
from hmsplan.state.storage import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.state.bucket.objects import Tag

LOCK: Final = "lock.json"
LEASE_S: Final = 60.0
_RENEWALS: Final = 3
"""How often a lease is renewed in its time: two renewals may fail before it ends."""
_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class _Record:
    """What ``lock.json`` says.

    Attributes:
        owner: None = it is free, and its last holder gave it back.
        expires: in seconds since 1970.
    """

    owner: Owner | None
    expires: float

    def to_bytes(self) -> bytes:
        return json.dumps({"owner": asdict(self.owner) if self.owner else None, "expires": self.expires}).encode()


class Lease:
    """The lock of *objects*, as one run sees it.

    Args:
        objects: where it is.
        fence_off: makes worthless what an earlier holder still writes.
        clock: seconds since 1970.
        lease_s: how long a holder that died keeps the others out.
    """

    def __init__(
        self,
        objects: Objects,
        fence_off: Callable[[], None],
        *,
        clock: Callable[[], float] = time.time,
        lease_s: float = LEASE_S,
    ) -> None:
        self._objects = objects
        self._fence_off = fence_off
        self._clock = clock
        self._lease_s = lease_s
        self._guard = threading.RLock()  # the run and its renewals write the same object
        self._held: tuple[_Record, Tag] | None = None
        self._is_lost = False
        self._is_doubtful = False

    @property
    def token(self) -> str | None:
        """The token of the lock that this run holds; None when it holds none."""
        return self._held[0].owner.token if self._held and self._held[0].owner else None

    @contextlib.contextmanager
    def hold(self, owner: str, *, force: bool = False) -> Iterator[None]:
        """Hold a lease, which ends by itself when this process dies; with *force*, take it from a living holder.

        Raises:
            StateLocked: another run holds it.
        """
        was_given_back = self._acquire(owner, force=force)
        ended = threading.Event()
        renewing = threading.Thread(target=self._keep, args=(ended,), daemon=True, name="lease")
        renewing.start()
        try:
            self._refuse_unconditional()
            LOG.debug("holds %s for %.0f s, and renews it", self._where, self._lease_s)
            if not was_given_back:
                self._end_earlier()
            yield
        finally:
            LOG.debug("gives %s back", self._where)
            ended.set()
            renewing.join()
            self._release()

    def require(self) -> None:
        """Refuse to go on without the lock; a lease that ran out is renewed first, if no other run took it.

        Raises:
            StateError: this run does not hold it, or no longer.
        """
        with self._guard:
            if self._held is None:
                raise not_locked()
            if self._is_lost:
                raise self._lost()
            if self._clock() >= self._held[0].expires:
                self._renew()

    def confirm(self) -> None:
        """Ask the store whether the lock is still this run's: what was written until now then counts."""
        self.require()
        with self._guard:
            self._refresh()

    def unlock(self, *, force: bool) -> Owner | None:
        """Take the lock as any run would, and give it back."""
        owner = self.holder()
        if owner is not None:
            with self.hold("hmsplan state unlock", force=force):
                pass
        return owner

    def doubt(self) -> None:
        """Remember that a write of this run may still come: the next run has to fence it off."""
        self._is_doubtful = True

    def holder(self) -> Owner | None:
        """Say who holds the lock, or did not give it back; None when it is free."""
        record = self._read(self._objects.get(LOCK))
        return record.owner if record else None

    def _end_earlier(self) -> None:
        try:
            self._fence_off()
        except StoreError:
            self.doubt()  # the next run has to
            raise

    def _acquire(self, owner: str, *, force: bool) -> bool:
        for _ in range(_TRIES):
            found = self._objects.get(LOCK)
            record = self._read(found)
            if record is not None and record.owner and record.expires > self._clock() and not force:
                raise self._locked(record)
            ours = _Record(Owner.here(owner), self._clock() + self._lease_s)
            with contextlib.suppress(Conflict):  # somebody was quicker: look again
                tag = self._objects.put(LOCK, ours.to_bytes(), found.tag if found else None)
                self._held, self._is_lost, self._is_doubtful = (ours, tag), False, False
                return record is None or record.owner is None
        raise StateLocked(f"{self._where} is taken again and again by others. Run the command again")

    def _refuse_unconditional(self) -> None:
        with self._guard:
            if self._held is not None:
                self._objects.refuse_unconditional(LOCK, self._held[0].to_bytes(), self._held[1])

    def _keep(self, ended: threading.Event) -> None:
        """Renew the lease until the run ends or has lost it."""
        while not ended.wait(self._lease_s / _RENEWALS):
            with contextlib.suppress(StateError), self._guard:  # no answer: the lease may outlast that
                if self._is_lost:
                    return
                self._renew()

    def _renew(self) -> None:
        if self._held is None:
            return
        record = replace(self._held[0], expires=self._clock() + self._lease_s)
        try:
            self._held = record, self._objects.put(LOCK, record.to_bytes(), self._held[1])
        except Conflict:
            self._refresh()

    def _refresh(self) -> None:
        """Look who has the lock: an earlier renewal of ours, of which no answer came, or somebody else."""
        found = self._objects.get(LOCK)
        record = self._read(found)
        if found is None or record is None or record.owner is None or record.owner.token != self.token:
            self._is_lost = True
            raise self._lost()
        self._held = record, found.tag

    def _release(self) -> None:
        """Give the lock back, if it is ours and nothing is in doubt; otherwise end its lease."""
        with self._guard:
            held, self._held = self._held, None
            if held is None or self._is_lost:
                return
            owner = held[0].owner if self._is_doubtful else None
            with contextlib.suppress(StoreError):  # then it ends by itself
                self._objects.put(LOCK, _Record(owner, 0.0).to_bytes(), held[1])

    def _locked(self, record: _Record) -> StateLocked:
        left_s = max(record.expires - self._clock(), 0.0)
        return StateLocked(
            f"{record.owner} holds {self._where}. Wait until it ends; if it died, its lock ends by itself in "
            f"{left_s:.0f} s. If it is stuck for ever, type\n  hmsplan state unlock --force"
        )

    def _lost(self) -> StateError:
        by: Owner | None = None
        with contextlib.suppress(StoreError):
            by = self.holder()
        return lock_taken(by)

    @property
    def _where(self) -> str:
        return self._objects.where(LOCK)

    def _read(self, found: Found | None) -> _Record | None:
        if found is None:
            return None
        try:
            record: Any = json.loads(found.data)
            owner = Owner(**record["owner"]) if record["owner"] else None
            return _Record(owner, float(record["expires"]))
        except (ValueError, TypeError, KeyError):
            raise StateError(
                f"{self._where} is not a lock of hmsplan. If no apply is running, delete it", summary="State is damaged"
            ) from None

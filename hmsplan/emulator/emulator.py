"""The emulator as a whole, and what people do in the dashboard, past the API's rules, limits and logs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from hmsplan.emulator.app import Application, Record
from hmsplan.emulator.context import stamp
from hmsplan.emulator.faults import Fault, FaultPlan
from hmsplan.emulator.inprocess import Transport
from hmsplan.emulator.resources import Document, blank
from hmsplan.emulator.routes import RESOURCES
from hmsplan.emulator.settings import Settings
from hmsplan.emulator.store import Row, Store, key_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_DEFAULTS = Settings()


class Emulator:
    """The API in this process.

    Objects may be read and changed directly, as people do in the dashboard. ``kind`` is the plural with underscores
    (``sip_trunks``), ``leads`` for leads and ``calls`` for calls. With one organization in the store its key need not
    be named.

    Args:
        db: SQLite file in which everything is kept, or ":memory:".
        settings: the stance on the open questions.
        faults: what goes wrong.
        clock: Unix seconds.

    Attributes:
        app: the ASGI application.
    """

    def __init__(
        self,
        db: str | Path = ":memory:",
        settings: Settings = _DEFAULTS,
        faults: Sequence[Fault] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = Application(Store(db), settings, clock)
        self.inject(*faults)

    @property
    def settings(self) -> Settings:
        """The stance on the open questions."""
        return self.app.settings

    @property
    def requests(self) -> list[Record]:
        """Every request so far, oldest first."""
        return self.app.requests

    @property
    def writes(self) -> list[Record]:
        """Every request so far that was no GET."""
        return [record for record in self.app.requests if record.method != "GET"]

    def inject(self, *faults: Fault) -> None:
        """Replace the faults by others, whose counts start again; none at all repairs everything."""
        self.app.faults = FaultPlan(faults)
        self.app.store.keep_past = self.app.store.keep_past or self.app.faults.keeps_past

    def transport(self) -> Transport:
        """Return a new httpx transport to this emulator."""
        return Transport(self.app)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.app.store.close()

    # --- the dashboard ------------------------------------------------------------------------------------

    def organization(self, key: str | None = None) -> str:
        """Return the id of a key's organization, opened now if the key is new; without a key, of the only one."""
        if key is not None:
            return self.app.open_organization(key, self.app.clock())
        with self.app.store.transaction(write=False):
            organizations = self.app.store.organizations()
        if len(organizations) != 1:
            raise LookupError(f"there are {len(organizations)} organizations; name a key")
        return organizations[0]

    def all(self, kind: str, *, key: str | None = None, parent: str = "") -> list[Document]:
        """Return the stored documents of a kind, oldest first; leads are found by their campaign, the *parent*."""
        org = self.organization(key)
        with self.app.store.transaction(write=False):
            return [row.doc for row in self.app.store.rows(org, kind, parent=parent)]

    def get(self, kind: str, object_id: str) -> Document:
        """Return one stored document, derived fields not included."""
        return self._find(kind, object_id).doc

    def hidden(self, kind: str, object_id: str) -> Document:
        """Return what is stored of an object and never answered, such as passwords."""
        return self._find(kind, object_id).hidden

    def add(
        self,
        kind: str,
        fields: Mapping[str, Any],
        *,
        key: str | None = None,
        hidden: Mapping[str, Any] | None = None,
    ) -> str:
        """Store an object, unchecked; what the fields leave out is as in a new object. Return its id.

        Leads name their ``campaign_id``. *hidden* is what reading never shows, such as ``auth_password``.
        """
        org = self.organization(key)
        now = self.app.clock()
        resource = RESOURCES[kind]
        doc = {**resource.new(org, stamp(now), blank(resource)), **fields}
        parent = doc["campaign_id"] if resource.parent else ""
        with self.app.store.transaction(write=True):
            self.app.store.insert([resource.entry(org, doc, dict(hidden or {}), parent)], now)
        return str(doc["id"])

    def edit(
        self, kind: str, object_id: str, fields: Mapping[str, Any], *, hidden: Mapping[str, Any] | None = None
    ) -> Document:
        """Set fields of an object, any of them, to anything; return the document."""
        with self.app.store.transaction(write=True):
            row = self._find(kind, object_id)
            now = self.app.clock()
            touched = {"updated_at": stamp(now)} if "updated_at" in row.doc else {}
            doc = {**row.doc, **touched, **fields}
            hidden = {**row.hidden, **(hidden or {})}
            self.app.store.replace(RESOURCES[kind].entry(row.org, doc, hidden, row.parent), now)
            return doc

    def remove(self, kind: str, object_id: str) -> None:
        """Remove an object with what is below it; what points at it goes on pointing."""
        with self.app.store.transaction(write=True):
            row = self._find(kind, object_id)
            self.app.store.remove(row.org, row.id, self.app.clock())

    def set_credits(self, minutes: float, *, key: str | None = None) -> None:
        """Set the balance of an organization."""
        org = self.organization(key)
        with self.app.store.transaction(write=True):
            self.app.store.edit_organization(org, "credits", minutes)

    def expire_key(self, key: str) -> None:
        """Make the API answer 401 "expired" to a key."""
        self._set_key_state(key, "expired")

    def revoke_key(self, key: str) -> None:
        """Make the API answer 401 "revoked" to a key."""
        self._set_key_state(key, "revoked")

    def _set_key_state(self, key: str, state: str) -> None:
        self.organization(key)
        with self.app.store.transaction(write=True):
            self.app.store.set_key_state(key_hash(key), state)

    def _find(self, kind: str, object_id: str) -> Row:
        with self.app.store.transaction(write=False):
            row = self.app.store.get(kind, object_id)
        if row is None:
            raise LookupError(f"no {kind} {object_id}")
        return row

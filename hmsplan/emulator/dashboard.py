"""The operator's door: what people do in the dashboard, past the API's rules, limits and logs."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.assistants import ASSISTANTS
from hmsplan.emulator.campaigns import CAMPAIGNS, lead_entry, new_lead
from hmsplan.emulator.context import stamp
from hmsplan.emulator.mcp import MCP_SERVERS
from hmsplan.emulator.numbers import NUMBERS, SIP_TRUNKS
from hmsplan.emulator.resources import Document, Draft, Resource
from hmsplan.emulator.store import Entry, Row, key_hash
from hmsplan.emulator.templates import ANALYSIS_TEMPLATES, TOOL_TEMPLATES
from hmsplan.emulator.workflows import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.emulator.app import Application

RESOURCES: Mapping[str, Resource] = {
    resource.kind: resource
    for resource in (
        ASSISTANTS,
        NUMBERS,
        SIP_TRUNKS,
        TOOL_TEMPLATES,
        ANALYSIS_TEMPLATES,
        CAMPAIGNS,
        WORKFLOWS,
        MCP_SERVERS,
    )
}


class Dashboard:
    """Acts on the stored objects directly.

    ``kind`` is the plural with underscores (``sip_trunks``), ``leads`` for leads and ``calls`` for calls. With one
    organization in the store its key need not be named.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    def organization(self, key: str | None = None) -> str:
        """Return the id of a key's organization, opened now if the key is new; without a key, of the only one."""
        if key is not None:
            return self._app.open_organization(key, self._app.clock())
        with self._app.store.transaction(write=False):
            organizations = self._app.store.organizations()
        if len(organizations) != 1:
            raise LookupError(f"there are {len(organizations)} organizations; name a key")
        return organizations[0]

    def all(self, kind: str, *, key: str | None = None, parent: str = "") -> list[Document]:
        """Return the stored documents of a kind, oldest first; leads are found by their campaign, the *parent*."""
        org = self.organization(key)
        with self._app.store.transaction(write=False):
            return [row.doc for row in self._app.store.rows(org, kind, parent=parent)]

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
        now = self._app.clock()
        if kind == "leads":
            doc = {**new_lead(fields["campaign_id"], {}, stamp(now)), **fields}
        else:
            resource = RESOURCES.get(kind)
            blank = {
                **({"org_id": org} if resource and resource.org_id else {}),
                **(resource.blank if resource else {}),
            }
            times = {"created_at": stamp(now), "updated_at": stamp(now)}
            doc = {"id": str(uuid.uuid4()), **blank, **times, **fields}
        draft = Draft(doc, dict(hidden) if hidden else None)
        with self._app.store.transaction(write=True):
            self._app.store.insert([self._entry(kind, doc["id"], org, draft, "")], now)
        return str(doc["id"])

    def edit(
        self, kind: str, object_id: str, fields: Mapping[str, Any], *, hidden: Mapping[str, Any] | None = None
    ) -> Document:
        """Set fields of an object, any of them, to anything; return the document."""
        with self._app.store.transaction(write=True):
            row = self._find(kind, object_id)
            now = self._app.clock()
            touched = {"updated_at": stamp(now)} if "updated_at" in row.doc else {}
            draft = Draft({**row.doc, **touched, **fields}, {**row.hidden, **(hidden or {})})
            self._app.store.replace(self._entry(kind, row.id, row.org, draft, row.parent), now)
            return draft.doc

    def remove(self, kind: str, object_id: str) -> None:
        """Remove an object with what is below it; what points at it goes on pointing."""
        with self._app.store.transaction(write=True):
            row = self._find(kind, object_id)
            self._app.store.remove(row.org, row.id, self._app.clock())

    def set_credits(self, minutes: float, *, key: str | None = None) -> None:
        """Set the balance of an organization."""
        org = self.organization(key)
        with self._app.store.transaction(write=True):
            self._app.store.edit_organization(org, "credits", minutes)

    def expire_key(self, key: str) -> None:
        """Make the API answer 401 "expired" to a key."""
        self._set_key_state(key, "expired")

    def revoke_key(self, key: str) -> None:
        """Make the API answer 401 "revoked" to a key."""
        self._set_key_state(key, "revoked")

    def _set_key_state(self, key: str, state: str) -> None:
        self.organization(key)
        with self._app.store.transaction(write=True):
            self._app.store.set_key_state(key_hash(key), state)

    def _find(self, kind: str, object_id: str) -> Row:
        with self._app.store.transaction(write=False):
            row = self._app.store.find(kind, object_id)
        if row is None:
            raise LookupError(f"no {kind} {object_id}")
        return row

    def _entry(self, kind: str, object_id: str, org: str, draft: Draft, parent: str) -> Entry:
        if kind == "leads":
            return lead_entry(org, draft.doc)
        if kind in RESOURCES:
            return RESOURCES[kind].entry(object_id, org, draft, parent)
        doc, name, mark = draft.doc, str(draft.doc.get("provider", "")), str(draft.doc.get("status", ""))
        return Entry(id=object_id, org=org, kind=kind, doc=doc, name=name, mark=mark, hidden=draft.hidden)

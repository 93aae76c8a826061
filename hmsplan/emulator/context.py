"""Context: what one request knows of itself, from its arrival to its answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import RefusalError, invalid, not_found
from hmsplan.emulator.description import Reading, schema_of
from hmsplan.emulator.jsonio import parse
from hmsplan.emulator.ratelimit import Limiter, too_many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.emulator.description import Schema
    from hmsplan.emulator.settings import Settings
    from hmsplan.emulator.store import Row, Store


def stamp(seconds: float) -> str:
    """Write a Unix time as the API does, in UTC with milliseconds."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(slots=True, kw_only=True)
class Context:
    """One request; inside its organization and transaction once the application has let it in.

    Attributes:
        path: path without ``/api/v1``.
        query: the query string, last value of each name.
        key: the API key; empty without one.
        content_type: media type of the body, without parameters; empty without the header.
        content: the body as received.
        oversize: the body was too large to be kept.
        now: the clock when the request came in, Unix seconds; moved on when a fault holds the request up.
        control: limit of the commands a call takes.
        org: id of the organization that the key opens; empty for requests without one.
        params: values of the path's placeholders.
        options: values of the query string that the operation knows.
        as_of: number of the write after which lists stand still; None for lists as they are.
    """

    method: str
    path: str
    query: Mapping[str, str]
    query_string: str
    key: str
    content_type: str
    content: bytes
    oversize: bool
    now: float
    store: Store
    settings: Settings
    control: Limiter
    org: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    as_of: int | None = None
    looked_up: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The clock as the API writes it."""
        return stamp(self.now)

    def body(self, schema: str) -> Any:
        """Parse the body and read it as a schema of the description has it."""
        return self.read(schema_of(schema), self.payload())

    def payload(self) -> Any:
        """Parse the body.

        Raises:
            RefusalError: 400 for another media type or for anything but strict JSON.
        """
        if self.content_type != "application/json":
            raise RefusalError(400, "Content-Type must be application/json")
        try:
            return parse(self.content)
        except ValueError as error:
            raise RefusalError(400, "Invalid JSON", details=[str(error)]) from error

    def read(self, schema: Schema, value: Any, *, merged: bool = False) -> Any:
        """Read a value as a schema has it.

        Raises:
            RefusalError: 400 with every problem.
        """
        reading = Reading(self.settings, merged)
        found = reading.read(schema, value)
        self.refuse_if(reading.problems)
        return found

    def refuse_if(self, problems: list[str]) -> None:
        """Refuse the request when there are problems."""
        if problems:
            raise invalid(*problems)

    def fetch(self, kind: str, object_id: str, what: str) -> Row:
        """Return an object of this organization, or refuse with 404."""
        row = self.store.get(kind, object_id.lower(), self.org)
        if row is None:
            raise not_found(what)
        return row

    def document_of(self, kind: str, object_id: str | None) -> dict[str, Any]:
        """Return the document an object points at, empty when there is none; looked up once a request."""
        if object_id is None:
            return {}
        if object_id not in self.looked_up:
            row = self.store.get(kind, object_id, self.org)
            self.looked_up[object_id] = row.doc if row else {}
        return self.looked_up[object_id]

    def take_control(self, call_id: str) -> None:
        """Count a control command; 429 when the call has had too many."""
        standing = self.control.take(call_id, self.now)
        if standing.refused:
            raise too_many(self.settings, standing, self.now)

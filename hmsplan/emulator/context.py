"""Context: what one request knows of itself while it is handled."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.answers import RefusalError, invalid, not_found
from hmsplan.emulator.description import Reading, schema_of
from hmsplan.emulator.jsonio import JsonError, parse
from hmsplan.emulator.ratelimit import Limiter, too_many

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.emulator.settings import Settings
    from hmsplan.emulator.store import Row, Store


def stamp(seconds: float) -> str:
    """Write a Unix time as the API does, in UTC with milliseconds."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(slots=True)
class Context:
    """One request inside its organization and transaction.

    Attributes:
        org: id of the organization that the key opens; empty for requests without one.
        now: the clock when the request came in, Unix seconds.
        params: values of the path's placeholders.
        query: the query string, last value of each name.
        content_type: media type of the body, without parameters; empty without the header.
        content: the body as received.
        control: limit of the commands a call takes.
        as_of: number of the write after which lists stand still; None for lists as they are.
    """

    org: str
    store: Store
    settings: Settings
    now: float
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    content: bytes = b""
    as_of: int | None = None
    control: Limiter | None = None
    looked_up: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The clock as the API writes it."""
        return stamp(self.now)

    def payload(self) -> Any:
        """Parse the body.

        Raises:
            RefusalError: 400 for another media type or for anything but strict JSON.
        """
        if self.content_type != "application/json":
            raise RefusalError(400, "Content-Type must be application/json")
        try:
            return parse(self.content)
        except JsonError as error:
            raise RefusalError(400, "Invalid JSON", details=[str(error)]) from error

    def body(self, schema: str) -> Any:
        """Parse the body and read it as a schema of the description has it."""
        return self.read(schema, self.payload())

    def read(self, schema: str, value: Any, *, merged: bool = False) -> Any:
        """Read a value as a schema of the description has it.

        Raises:
            RefusalError: 400 with every problem.
        """
        reading = Reading(self.settings, merged)
        found = reading.read(schema_of(schema), value)
        self.refuse_if(reading.problems)
        return found

    def refuse_if(self, problems: list[str]) -> None:
        """Refuse the request when there are problems."""
        if problems:
            raise invalid(*problems)

    def fetch(self, kind: str, object_id: str, what: str = "Object") -> Row:
        """Return an object of this organization, or refuse with 404."""
        row = self.store.get(self.org, kind, object_id.lower())
        if row is None:
            raise not_found(what)
        return row

    def document_of(self, kind: str, object_id: str | None) -> dict[str, Any]:
        """Return the document an object points at, empty when there is none; looked up once a request."""
        if object_id is None:
            return {}
        if object_id not in self.looked_up:
            row = self.store.get(self.org, kind, object_id)
            self.looked_up[object_id] = row.doc if row else {}
        return self.looked_up[object_id]

    def number(self, name: str, *, default: int, least: int, most: int | None = None) -> int:
        """Return a whole number of the query string.

        Raises:
            RefusalError: 400 when it is none, or out of range.
        """
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.lstrip("-").isdigit():
            raise invalid(f"{name}: must be a whole number")
        value = int(text[:19])
        if value < least or (most is not None and value > most):
            upper = "" if most is None else f" and at most {most}"
            raise invalid(f"{name}: must be at least {least}{upper}")
        return value

    def moment(self, name: str) -> dt.datetime | None:
        """Return a date and time of the query string; a date alone means its first second, in UTC.

        Raises:
            RefusalError: 400 when it is none.
        """
        text = self.query.get(name)
        if text is None:
            return None
        try:
            moment = dt.datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError as error:
            raise invalid(f"{name}: must be a date and time") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

    def take_control(self, call_id: str) -> None:
        """Count a control command; 429 when the call has had too many."""
        if self.control is not None:
            standing = self.control.take(call_id, self.now)
            if standing.refused:
                raise too_many(self.settings, standing, self.now)

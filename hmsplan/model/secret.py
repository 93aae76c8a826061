"""Values that are sent to the API and shown nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol


class Fingerprints(Protocol):
    """Makes keyed fingerprints of secrets: ``secrets.fingerprints.FingerprintKey``."""

    def fingerprint(self, value: str, place: str) -> str:
        """Return the fingerprint of *value* in *place*."""

    def again(self, value: str, fingerprint: str) -> str | None:
        """Return the fingerprint of *value* in the place of *fingerprint*; None when another key made that one."""


class Secret:
    """A value that is sent to the API and shown nowhere.

    Two secrets are equal when all but their values are: the value never takes part, so that no comparison leaks it.

    Attributes:
        name: the ``x`` of ``${secret:x}``; ``LIVE`` for one that an answer of the API carried.
        fingerprint: keyed digest of the value in its place (``HMSPLAN_FINGERPRINT_KEY``); None without a key.
        version: ``lifecycle.secret_version`` of the resource; None when the author names none.
    """

    __slots__ = ("_key", "_value", "fingerprint", "name", "version")
    LIVE: Final = "(live)"

    def __init__(
        self,
        name: str,
        value: str | None = None,
        fingerprint: str | None = None,
        version: int | None = None,
        *,
        key: Fingerprints | None = None,
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.version = version
        self._value = value
        self._key = key

    @classmethod
    def remembered(cls, recorded: Mapping[str, Any]) -> Secret:
        """Read what ``planner.last_applied`` gave; the value is not known any more."""
        return cls(str(recorded["$secret"]), None, recorded.get("fingerprint"), recorded.get("version"))

    def recorded(self) -> dict[str, Any]:
        """Return what may be written down of it, as JSON."""
        version = {} if self.version is None else {"version": self.version}
        return {"$secret": self.name, "fingerprint": self.fingerprint, **version}

    def placed(self, place: str, version: int | None = None) -> Secret:
        """Return the same secret with its fingerprint in *place*, any text that names where it is sent."""
        known = self._key is not None and self._value is not None
        mark = self._key.fingerprint(self._value, place) if known else self.fingerprint  # type: ignore[union-attr,arg-type]
        return Secret(self.name, self._value, mark, version, key=self._key)

    def is_like(self, fingerprint: str) -> bool | None:
        """Say whether *fingerprint* is one of this value, in whatever place; None when that cannot be told."""
        if self._key is None or self._value is None:
            return None if self.fingerprint is None else self.fingerprint == fingerprint
        again = self._key.again(self._value, fingerprint)
        return None if again is None else again == fingerprint

    def reveal(self) -> str | None:
        """Return the value, for the request body and nothing else; None when it is not known here."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __str__(self) -> str:
        return "(sensitive value)"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__reduce__() == other.__reduce__()

    def __hash__(self) -> int:
        return hash((self.name, self.fingerprint, self.version))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Secret, (self.name, None, self.fingerprint, self.version))

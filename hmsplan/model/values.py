"""What all other values are made of: fields and their paths, addresses, references, secrets, and what is wrong."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from hmsplan.model.paths import FieldPath

Value: TypeAlias = Any
"""Any JSON value, in which a ``Ref`` or a ``Secret`` may stand for a string."""

Spec: TypeAlias = Mapping[str, Any]
"""Field name to ``Value``; the API's own field names."""


EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class Missing(enum.Enum):
    """The type of ``MISSING``: "there is no such key", which is not the same as a null."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing.MISSING


class Address(NamedTuple):
    """Names one declared object: ``assistants.reception``. Ordered by kind, then key."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``kind.key``; whether the kind exists is not checked here.

        Raises:
            ValueError: *text* is not of that form.
        """
        match = _ADDRESS.fullmatch(text)
        if match is None:
            msg = f"not an address: {text!r}; write it as kind.key, such as assistants.support"
            raise ValueError(msg)
        return cls(match[1], match[2])


KEY_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_-]*"

_ADDRESS: Final = re.compile(rf"([a-z_]+)\.({KEY_PATTERN})")


@dataclass(frozen=True, slots=True, order=True)
class SourceLine:
    """A place in a file of the stack. Lines and columns count from 1; ``file`` is relative to the stack's root."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Severity(enum.StrEnum):
    """How bad a ``Diagnostic`` is; only an error stops a command."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem, told so that its reader can mend it.

    Attributes:
        summary: fixed words, without data ("Unknown reference"), so that tools can group by it.
        detail: which, why it matters, and what to type next.
        source: where; None when no file is at fault.
        address: the resource concerned, if one is.
        path: the field concerned; empty for the whole resource.
    """

    summary: str
    detail: str
    source: SourceLine | None = None
    address: Address | None = None
    path: FieldPath = ()
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Ref:
    """The id of *address*, once known. Terraform's "unknown value"."""

    address: Address

    def __str__(self) -> str:
        return f"${{{self.address}}}"


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
        """Say whether *fingerprint* is one of this value, in whatever place; None when nobody can tell."""
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


class Unsendable(str):
    r"""What the API answered and no request can carry, as people read it: ``Practice \ud83e``, ``1e400``.

    It equals no text that only reads the same, so nobody declares it; ``api.client`` refuses to send it.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unsendable) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Unsendable, str.__hash__(self)))

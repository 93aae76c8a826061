"""The values of fields: JSON, in which a reference, a secret or an absence may stand."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from hmsplan.model.address import Address

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


@dataclass(frozen=True, slots=True)
class Ref:
    """The id of *address*, once known. Terraform's "unknown value"."""

    address: Address

    def __str__(self) -> str:
        return f"${{{self.address}}}"


class Unsendable(str):
    r"""What the API answered and no request can carry, as people read it: ``Practice \ud83e``, ``1e400``.

    It equals no text that only reads the same, so it is never declared; ``api.client`` refuses to send it.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unsendable) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((Unsendable, str.__hash__(self)))

"""What a schema says by ``format``: texts of a form that no pattern holds. Pure."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import phone, time_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PATTERN: Final = re.compile(r"\+[1-9][0-9]{1,14}")


def _phone_number(text: str) -> str:
    return phone.why_not(text) if _PATTERN.fullmatch(text) else ""  # anything else has broken the pattern beside it


def _time_zone(text: str) -> str:
    return time_zones.why_not(text) if text else ""  # minLength stands beside it


FORMATS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"phone-number": _phone_number, "time-zone": _time_zone}
)
"""Name of each format to what is wrong with a text; "" when nothing is."""

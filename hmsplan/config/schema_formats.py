"""What a schema says by ``format``: texts of a form that no pattern holds. Pure."""

from __future__ import annotations

import datetime as dt
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.config import windows
from hmsplan.kinds import KINDS, phone, time_zones
from hmsplan.model import Risk
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PATTERN: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_RISK: Final = re.compile(r"([^:*\s]+):([^:.*\s]+)\.[A-Za-z][A-Za-z0-9_-]*")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _phone_number(text: str) -> str:
    return phone.why_not(text) if _PATTERN.fullmatch(text) else ""  # anything else has broken the pattern beside it


def _time_zone(text: str) -> str:
    return time_zones.why_not(text) if text else ""  # minLength stands beside it


def _date(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return f"{wording.shown(text)} is not a day of the calendar." if _DAY.fullmatch(text) else ""
    return ""


def _risk_of_address(text: str) -> str:
    found = _RISK.fullmatch(text)
    if found is None:
        return ""
    for what, name, known in (("risk", found[1], list(Risk)), ("kind", found[2], list(KINDS))):
        if name not in known:
            near = wording.did_you_mean(name, known) or f" There are: {wording.listed(known)}."
            return f"{wording.shown(name)} is not a {what}.{near}"
    return ""


FORMATS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "addresses": windows.why_no_addresses,
        "date": _date,
        "day-or-time": windows.why_no_day,
        "hours": windows.why_no_hours,
        "phone-number": _phone_number,
        "risk-of-address": _risk_of_address,
        "time-zone": _time_zone,
    }
)
"""Name of each format to what is wrong with a text; "" when nothing is."""

"""Time zones: which names there are, what was meant by another, and which ones surprise people."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from hmsplan.kinds import time_zones

SLIPS = {
    "Amsterdam": "Did you mean Europe/Amsterdam?",
    "new york": "Did you mean America/New_York?",
    "America/New York": "Did you mean America/New_York?",
    "Europe/Amsterdm": "Did you mean Europe/Amsterdam?",
    "europe/amsterdam": "Did you mean Europe/Amsterdam?",
    "utc": "Did you mean UTC?",
    " Europe/Amsterdam": "Write Europe/Amsterdam.",
    "Europe/Amsterdam\n": "Write Europe/Amsterdam.",
    "posix/Europe/Amsterdam": "Did you mean Europe/Amsterdam?",
    "W. Europe Standard Time": "Did you mean Europe/Berlin?",
    "eastern daylight time": "Did you mean America/New_York?",
    "Mars Standard Time": "how Windows names",
    "CEST": "Did you mean Europe/Amsterdam?",
    "UTC+1": "distance from UTC",
    "GMT-03:30": "distance from UTC",
    "+01:00": "distance from UTC",
    "(UTC+01:00) Amsterdam, Berlin, Bern": "distance from UTC",
    "../../etc/passwd": "is not a time zone",
    "/usr/share/zoneinfo/UTC": "is not a time zone",
    "Factory": "is not a time zone",
    "localtime": "is not a time zone",
    "x" * 100_000: "is not a time zone",
}


@pytest.mark.parametrize("text", SLIPS, ids=[text[:30] for text in SLIPS])
def test_a_text_that_is_no_time_zone(text: str) -> None:
    assert SLIPS[text] in time_zones.why_not(text)


@pytest.mark.parametrize("text", ["Europe/Amsterdam", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "UTC", "CET"])
def test_a_time_zone(text: str) -> None:
    """Old names, and those that have summer time without a place, are as good as others."""
    assert time_zones.why_not(text) == time_zones.unwise(text) == ""


@pytest.mark.parametrize(
    ("text", "surprise"),
    [
        ("EST", "such as America/New_York"),
        ("HST", "such as Pacific/Honolulu"),
        ("GMT", "such as Europe/London"),
        ("Etc/GMT0", "such as Europe/London"),
        ("Etc/GMT-2", "2 hours ahead of UTC"),
        ("Etc/GMT+5", "5 hours behind UTC"),
    ],
)
def test_a_time_zone_that_surprises(text: str, surprise: str) -> None:
    assert time_zones.why_not(text) == ""
    assert surprise in time_zones.unwise(text)


def test_what_is_meant_by_another_name_exists() -> None:
    """Every name that is suggested is one that is accepted."""
    written = Path(time_zones.__file__).read_text("utf-8")
    named = re.findall(r'"((?:Africa|America|Asia|Atlantic|Australia|Europe|Pacific)/\w+(?:/\w+)?)"', written)
    assert len(named) > 60
    assert set(named) - time_zones.names() == set()


def test_the_zones_of_a_country() -> None:
    """The one of most people first; a country that there is not has none."""
    assert time_zones.of_country("NL") == ("Europe/Amsterdam",)
    assert time_zones.of_country("ES") == ("Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary")
    assert time_zones.of_country("XX") == ()
    assert {zone for each in ("US", "CA", "AU", "PT") for zone in time_zones.of_country(each)} <= time_zones.names()


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Amsterdam", "2026-01-15", 60),
        ("Europe/Amsterdam", "2026-07-15", 120),
        ("America/New_York", "2026-01-15", -300),
        ("Asia/Kolkata", "2026-01-15", 330),
        ("UTC", "2026-07-15", 0),
    ],
)
def test_how_far_the_clocks_are_ahead(zone: str, day: str, minutes: int) -> None:
    assert time_zones.minutes_from_utc(zone, dt.date.fromisoformat(day)) == minutes

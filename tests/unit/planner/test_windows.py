"""Windows and freezes: when a change may be made, in every zone and on the nights when the clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmsplan.config.windows import BadHours, hours_of
from hmsplan.kinds import time_zones
from hmsplan.model import Address, Freeze, Safety, Window
from hmsplan.planner.windows import FARTHEST_S, first_opening, next_time, opening, wait_of

DESK = Address("assistants", "desk")
AMSTERDAM = "Europe/Amsterdam"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def at(text: str, zone: str = AMSTERDAM, *, fold: int = 0) -> float:
    """Return the moment at which the clocks of *zone* show *text*."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def window(allow: str, zone: str = AMSTERDAM, *patterns: str) -> Safety:
    return Safety(windows=(Window(allow, hours_of(allow), zone, patterns or ("*",)),))


def freeze(begins: str, ends: str, *patterns: str) -> Freeze:
    first, last = map(dt.datetime.fromisoformat, (begins, ends))
    return Freeze(first, last, AMSTERDAM, "holidays", f"from {begins} to {ends}", patterns or ("*",))


def is_open(safety: Safety, moment: float, address: Address = DESK) -> bool:
    return wait_of(safety, address, moment) is None


NIGHTS = window("Mon-Fri 18:00-08:00")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-30 17:59:59", False),  # a Monday
        ("2026-11-30 18:00", True),
        ("2026-12-01 00:00", True),
        ("2026-12-01 07:59:59", True),
        ("2026-12-01 08:00", False),
        ("2026-12-05 07:59", True),  # Saturday morning belongs to Friday
        ("2026-12-05 18:00", False),
        ("2026-12-07 07:59", False),  # Monday morning would belong to Sunday
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opens(moment: str, expected: bool) -> None:
    assert is_open(NIGHTS, at(moment)) is expected


def test_what_no_window_is_for_may_always_be_changed() -> None:
    safety = window("Mon 18:00-19:00", AMSTERDAM, "numbers.*")
    assert is_open(safety, at("2026-11-30 12:00"))
    assert not is_open(safety, at("2026-11-30 12:00"), Address("numbers", "main"))


def test_of_several_windows_one_has_to_be_open() -> None:
    both = Safety(windows=(*NIGHTS.windows, *window("Mon 12:00-13:00").windows))
    assert is_open(both, at("2026-11-30 12:30"))
    wait = wait_of(both, DESK, at("2026-11-30 11:00"))
    assert wait is not None
    assert wait.told == "waits for 12:00 Europe/Amsterdam"
    assert "Mon-Fri 18:00-08:00 Europe/Amsterdam and Mon 12:00-13:00 Europe/Amsterdam" in wait.reason


def test_a_freeze_closes_an_open_window_and_says_why() -> None:
    safety = Safety(windows=NIGHTS.windows, freezes=(freeze("2026-12-24", "2026-12-28"),))
    wait = wait_of(safety, DESK, at("2026-12-24 19:00"))
    assert wait is not None
    assert wait.told == "waits for 2026-12-28 18:00 Europe/Amsterdam"
    assert wait.reason == "frozen from 2026-12-24 to 2026-12-28 Europe/Amsterdam: holidays"
    assert wait.opening is not None
    assert wait.opening.typed == "2026-12-28T18:00+01:00"


def test_freezes_in_a_row_are_all_passed() -> None:
    safety = Safety(freezes=(freeze("2026-12-24", "2026-12-28"), freeze("2026-12-27", "2027-01-02")))
    assert first_opening(safety, [DESK], at("2026-12-25 12:00")) == at("2027-01-02 00:00")


def test_all_changes_together_wait_for_a_moment_at_which_each_is_open() -> None:
    number = Address("numbers", "main")
    safety = Safety(
        windows=(
            *window("Mon-Fri 18:00-08:00", AMSTERDAM, "assistants.*").windows,
            *window("Tue 07:00-09:00", AMSTERDAM, "numbers.*").windows,
        )
    )
    assert first_opening(safety, [DESK, number], at("2026-11-30 12:00")) == at("2026-12-01 07:00")


def test_windows_that_never_meet_are_said_and_not_looked_for_without_end() -> None:
    number = Address("numbers", "main")
    safety = Safety(
        windows=(
            *window("08:00-09:00", AMSTERDAM, "assistants.*").windows,
            *window("09:00-10:00", AMSTERDAM, "numbers.*").windows,
        )
    )
    assert first_opening(safety, [DESK, number], at("2026-11-30 12:00")) is None


def test_a_freeze_of_years_opens_at_no_moment_worth_to_wait_for() -> None:
    wait = wait_of(Safety(freezes=(freeze("2026-01-01", "2036-01-01"),)), DESK, at("2026-11-30 12:00"))
    assert wait is not None
    assert wait.told == "waits, and no window opens within a year"


SPRING = "2026-03-29"
"""The clocks jump from 02:00 to 03:00."""
AUTUMN = "2026-10-25"
"""They show 02:00 to 03:00 twice."""


def test_hours_that_the_clocks_skip_are_not_there() -> None:
    safety = window("Sun 02:15-02:45")
    day = [at(f"{SPRING} 00:00") + minute * 60 for minute in range(23 * 60)]
    assert not any(is_open(safety, moment) for moment in day)
    assert first_opening(safety, [DESK], day[0]) == at("2026-04-05 02:15")


def test_hours_of_which_the_clocks_skip_the_beginning_open_when_they_jump() -> None:
    safety = window("Sun 02:30-04:00")
    assert first_opening(safety, [DESK], at(f"{SPRING} 00:00")) == at(f"{SPRING} 03:00")
    assert not is_open(safety, at(f"{SPRING} 03:00") - 1)


def test_a_night_over_the_jump_is_an_hour_shorter() -> None:
    assert at(f"{SPRING} 08:00") - at("2026-03-28 18:00") == 13 * 3600
    safety = window("Sat 18:00-08:00")
    assert is_open(safety, at("2026-03-28 18:00") + 13 * 3600 - 1)
    assert not is_open(safety, at("2026-03-28 18:00") + 13 * 3600)


def test_hours_that_the_clocks_repeat_are_there_twice() -> None:
    safety = window("Sun 02:00-02:30")
    first, second = (at(f"{AUTUMN} 02:00", fold=fold) for fold in (0, 1))
    assert second - first == 3600
    assert [is_open(safety, moment) for moment in (first, first + 1800, second - 1, second, second + 1800)] == [
        *(True, False, False),
        *(True, False),
    ]
    assert first_opening(safety, [DESK], first + 1800) == second


def test_a_freeze_does_not_open_in_the_hour_that_is_repeated() -> None:
    safety = Safety(freezes=(freeze(f"{AUTUMN} 00:00", f"{AUTUMN} 02:30"),))
    assert first_opening(safety, [DESK], at(f"{AUTUMN} 01:00")) == at(f"{AUTUMN} 02:30", fold=1)


def test_a_day_that_its_zone_left_out_is_passed() -> None:
    """Samoa had no 30 December in 2011, a Friday."""
    safety = window("Fri 12:00-13:00", "Pacific/Apia")
    thursday = at("2011-12-29 12:00", "Pacific/Apia")
    assert first_opening(safety, [DESK], thursday) == at("2012-01-06 12:00", "Pacific/Apia")


zones = st.sampled_from(sorted(time_zones.names()))
minutes = st.integers(0, 24 * 60 - 1)
moments = st.integers(1_770_000_000, 1_900_000_000).map(float)


@st.composite
def hours(draw: st.DrawFn) -> str:
    days = draw(st.lists(st.sampled_from(DAYS), min_size=0, max_size=3, unique=True))
    begin = draw(minutes)
    end = (begin + draw(st.integers(1, 24 * 60 - 1))) % (24 * 60)
    return " ".join([*days, f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"])


@settings(deadline=None)  # the first look at a zone reads its file
@given(st.lists(st.tuples(hours(), zones), min_size=1, max_size=2), moments)
def test_the_next_opening_is_open_and_nothing_before_it(written: list[tuple[str, str]], now: float) -> None:
    """Tried at every quarter of an hour in between, and right before."""
    safety = Safety(windows=tuple(Window(allow, hours_of(allow), zone) for allow, zone in written))
    found = first_opening(safety, [DESK], now)
    assert found is not None
    assert is_open(safety, found)
    if found > now:
        between = [now + step * 900 for step in range(int((found - now) // 900) + 1)]
        assert not any(is_open(safety, moment) for moment in [*between, found - 1] if moment < found)


@settings(deadline=None)  # the first look at a zone reads its file
@given(zones, st.integers(0, 3 * 366 * 24 * 60), st.integers(1, 5000))
def test_a_freeze_ends_once(zone: str, later: int, length: int) -> None:
    begins = dt.datetime.fromisoformat("2026-01-01") + dt.timedelta(minutes=later)
    ends = begins + dt.timedelta(minutes=length)
    safety = Safety(freezes=(Freeze(begins, ends, zone, "holidays", ""),))
    inside = begins.replace(tzinfo=ZoneInfo(zone)).timestamp() + 1
    end = first_opening(safety, [DESK], inside)
    assert end is not None
    assert is_open(safety, end)
    assert end == inside or not is_open(safety, end - 1)
    assert all(is_open(safety, end + 600 * step) for step in range(12))


@settings(deadline=None)  # the first look at a zone reads its file
@given(zones, minutes, moments)
def test_the_next_such_time_is_shown_by_the_clocks_within_two_days(zone: str, minute: int, now: float) -> None:
    found = next_time(minute // 60, minute % 60, zone, now)
    assert now < found <= now + 2 * 86_400 + 3600
    shown = dt.datetime.fromtimestamp(found, ZoneInfo(zone))
    assert (shown.hour, shown.minute) == (minute // 60, minute % 60)


def test_a_moment_has_its_day_where_that_is_another_one() -> None:
    now = at("2026-11-30 12:00")
    assert opening(at("2026-11-30 18:00"), AMSTERDAM, now).told == "18:00 Europe/Amsterdam"
    assert opening(at("2026-12-01 08:00"), AMSTERDAM, now).told == "2026-12-01 08:00 Europe/Amsterdam"
    assert FARTHEST_S > 365 * 86_400


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Mon-Fri 18:00-08:00, Sat-Sun 00:00-24:00", "Mon - Fri 18:00 - 08:00 Sat Sun 00:00-24:00"),
        ("18:00-20:00", "Mon-Sun 18:00-20:00"),
        ("Fri-Mon 01:00-02:00", "Fri, Sat, Sun, Mon 01:00-02:00"),
    ],
)
def test_hours_may_be_written_in_several_ways(text: str, same: str) -> None:
    one, other = (
        {(day, each.opens, each.closes) for each in hours_of(written) for day in each.days} for written in (text, same)
    )
    assert one == other


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a day"),
        ("Mon-Fri", "stands without a time"),
        ("Monday 18:00-20:00", "Did you mean Mon?"),
        ("mon 18:00-20:00", "Did you mean Mon?"),
        ("Mo 18:00-20:00", "Did you mean Mon?"),
        ("weekdays 18:00-20:00", "There are: Mon, Tue"),
        ("Mon 18:00", "does not say until when"),
        ("Mon 18-20", "is not a time of the day"),
        ("Mon 24:30-02:00", "is not a time of the day"),
        ("Mon 18:60-20:00", "is not a time of the day"),
        ("Mon 24:00-02:00", "begins at the end of the day"),
        ("Mon 18:00-18:00", "ends when it begins"),
        ("Mon 18:00-20:00, Tue", "Tue stands without a time"),
    ],
)
def test_hours_that_cannot_be_read_say_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(BadHours, match=words):
        hours_of(text)

"""Times and lengths of time as text."""

from __future__ import annotations

import pytest

from hmsplan.text.timestamps import from_iso, iso, seconds


@pytest.mark.parametrize(("length", "expected"), [("30s", 30), ("20m", 1200), ("2h", 7200), ("7d", 604_800)])
def test_a_length_is_a_number_and_its_unit(length: str, expected: int) -> None:
    assert seconds(length) == expected


def test_a_moment_is_read_as_it_was_written() -> None:
    """In UTC wherever the machine stands, to the second."""
    assert iso(1_800_000_000.75) == "2027-01-15T08:00:00Z"
    assert from_iso("2027-01-15T08:00:00Z") == 1_800_000_000


@pytest.mark.parametrize("text", ["2027-01-15", "2027-01-15T08:00:00+01:00", "2027-13-15T08:00:00Z", ""])
def test_another_spelling_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not match format|unconverted"):
        from_iso(text)

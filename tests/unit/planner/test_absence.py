"""What a list proves of an object that is not on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.readings import LEADS, lead, remote

from hmsplan.kinds import ANALYSIS_TEMPLATES, ASSISTANTS
from hmsplan.planner.absence import is_whole, may_be_cut, proves_absence

if TYPE_CHECKING:
    from hmsplan.model import RemoteObject

POST = 1_000_000_000.0  # 2001-09-09 01:46:40 UTC


def many(count: int, created_at: object = "2001-09-09T01:46:39Z") -> list[RemoteObject]:
    return [remote("assistants", f"a{number}", created_at=created_at) for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 49, 51, 99, 101])
def test_a_list_that_is_not_round_is_whole(count: int) -> None:
    assert proves_absence(ASSISTANTS, many(count), POST)


@pytest.mark.parametrize("count", [50, 100, 1000])
@pytest.mark.parametrize("created_at", ["2001-09-09T01:46:39Z", None, "yesterday", 7])
def test_a_round_list_of_what_is_older_than_the_post_proves_nothing(count: int, created_at: object) -> None:
    """A cap that keeps the oldest would hide it."""
    assert may_be_cut(ASSISTANTS, many(count))
    assert not proves_absence(ASSISTANTS, many(count, created_at), POST)


@pytest.mark.parametrize(
    "created_at", ["2001-09-09T01:46:42Z", "2001-09-09T01:46:41.5+00:00", "2001-09-09T03:46:42+02:00"]
)
def test_a_round_list_that_shows_something_younger_than_the_post_would_show_it_too(created_at: str) -> None:
    listed = [*many(49), remote("assistants", "young", created_at=created_at)]
    assert proves_absence(ASSISTANTS, listed, POST)


def test_a_list_that_pages_was_read_to_its_end() -> None:
    assert not may_be_cut(ANALYSIS_TEMPLATES, many(100))
    assert proves_absence(ANALYSIS_TEMPLATES, many(100), POST)


@pytest.mark.parametrize(
    ("total", "shown", "whole"),
    [(11, 8, False), (8, 8, True), (0, 0, True), (7, 8, True), (None, 8, True), (None, 50, False), (True, 100, False)],
)
def test_a_list_of_members_is_believed_when_it_has_as_many_as_the_parent_counts(
    total: int | None, shown: int, whole: bool
) -> None:
    """A counter that lags behind the list hides nobody."""
    assert LEADS is not None
    parent = remote("campaigns", "c1", name="C", total_leads=total)
    assert is_whole(LEADS, parent, [lead(f"l{number}", f"+3161234{number:04}") for number in range(shown)]) is whole

"""When an object was last known to be as it was applied."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.model import UNKNOWN, Address, Drift, DriftKind, Head
from hmsplan.operations.drift import known_since, last_writes

DESK, OTHER = Address("assistants", "desk"), Address("assistants", "other")


def head(at: float, **more: Any) -> Head:
    """Return the head of an apply that read at *at* and ended a second later."""
    return Head(1, 1, at + 1, UNKNOWN, "live", None, "d" * 64, read=at, **more)


@pytest.mark.parametrize(
    ("applies", "since"),
    [
        ([], None),
        ([head(10, touched={OTHER: "create"}, is_whole=True)], None),
        ([head(10, touched={DESK: "create"})], 11),
        ([head(10, touched={DESK: "create"}), head(20, touched={OTHER: "update"}, is_whole=True)], 20),
        ([head(10, touched={DESK: "create"}), head(20, touched={OTHER: "update"})], 11),
        ([head(10, touched={DESK: "create"}), head(20, touched={DESK: "failed"})], 11),
        ([head(10, touched={DESK: "create"}), head(20, touched={DESK: "no-op"}, drifted=(DESK,))], 20),
        ([head(10, touched={DESK: "create"}), head(20, is_whole=True, drifted=(DESK,))], 11),
        ([head(10, touched={DESK: "create"}), head(20, touched={DESK: "update"}, is_whole=True, drifted=(DESK,))], 21),
    ],
)
def test_an_object_is_as_applied_where_an_apply_wrote_it_or_found_it_so(applies: list[Head], since: float) -> None:
    assert known_since(applies, DESK) == since


@pytest.mark.parametrize(("updated", "until"), [(None, 30), (15, 15), (5, 30), (10, 30)])
def test_the_time_of_the_api_counts_if_it_is_after_that(updated: float | None, until: float) -> None:
    """An older one is not of this change."""
    assert Drift("assistants", "1", DriftKind.CHANGED, DESK, since=10, read=30, updated=updated).until == until


def test_the_last_apply_of_an_object_is_the_last_one_that_wrote_it() -> None:
    """One that only brought the state up to date sent nothing, so what it found was not its work."""
    made, failed, noted = (
        head(at, touched={DESK: what}) for at, what in ((10, "create"), (20, "failed"), (30, "no-op"))
    )
    assert last_writes([made, failed, noted]) == {DESK: made}
    assert last_writes([noted]) == {}

"""A saved plan grows old, applies once, and holds as long as nothing moved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.readings import bound, declared, live, planned, remembered, remote, resource

from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes
from hmsplan.formats.plan_validity import dated, out_of_date, use_of
from hmsplan.model import Digest, Plan, State
from hmsplan.operations.saved_plan import objections

NOW = 1_790_000_000.7
TOOL = "1.2.3"


def plan_of(before: str = "Old") -> Plan:
    state = remembered(bound("assistants.a", "a1", name="Old"))
    return planned(declared(resource("assistants.a", name="New")), live(remote("assistants", "a1", name=before)), state)


def test_the_clock_is_in_no_digest() -> None:
    """The same plan an hour later is the same plan."""
    one, other = dated(plan_of(), NOW, 60, TOOL), dated(plan_of(), NOW + 3600, 60, TOOL)
    assert (one.digest, one.intent) == (other.digest, other.intent)
    assert objections(one, other, State("x")) == []


def test_equal_plans_give_equal_files() -> None:
    """Made at the same second, or not dated at all."""
    assert plan_to_bytes(plan_of()) == plan_to_bytes(plan_of())
    assert plan_to_bytes(dated(plan_of(), NOW, 60, TOOL)) == plan_to_bytes(dated(plan_of(), NOW, 60, TOOL))


def test_the_dates_come_back() -> None:
    saved = plan_from_bytes(plan_to_bytes(dated(plan_of(), NOW, 60, TOOL)))
    assert (saved.made, saved.expires) == (1_790_000_000, 1_790_000_060)


@pytest.mark.parametrize(("after_s", "is_old"), [(0, False), (59, False), (60, True), (10**6, True), (-10, False)])
def test_a_plan_is_out_of_date_from_the_end_of_its_time_on(after_s: float, is_old: bool) -> None:
    assert bool(out_of_date(dated(plan_of(), NOW, 60, TOOL), NOW + after_s, TOOL)) is is_old


def test_a_plan_without_a_date_is_out_of_date() -> None:
    assert "does not say when" in out_of_date(plan_of(), NOW, TOOL)


def test_a_plan_of_the_future_is_refused() -> None:
    """A clock that was set back would keep it good for ever."""
    assert "is in the future" in out_of_date(dated(plan_of(), NOW, 60, TOOL), NOW - 3600, TOOL)


@pytest.mark.parametrize("other", ["1.2.4", "", "\x1b[2J"])
def test_a_plan_applies_with_the_hmsplan_that_made_it(other: str) -> None:
    """Another one may take other steps for what reads the same."""
    reason = out_of_date(dated(plan_of(), NOW, 60, other), NOW, TOOL)
    assert f"this is {TOOL}" in reason
    assert reason.isprintable()


@pytest.mark.parametrize(
    ("saved", "fresh", "said"),
    [
        ({"organization": "o1"}, {"organization": "o2"}, "for organization o1, this is organization o2"),
        ({"lineage": "l", "serial": 3}, {"lineage": "m", "serial": 1}, "from another state"),
        ({"organization": None}, {"organization": "o2"}, ""),
        ({"lineage": "l", "serial": 0}, {"lineage": "m", "serial": 0}, ""),
        ({"lineage": "l", "serial": 1}, {"lineage": "l", "serial": 9}, ""),
    ],
)
def test_the_same_deeds_elsewhere_are_another_plan(saved: dict[str, Any], fresh: dict[str, Any], said: str) -> None:
    """Two empty accounts need the same creates. A state that nobody wrote has no lineage that means something."""
    reasons = objections(replace(plan_of(), **saved), replace(plan_of(), **fresh), State("x"))
    assert said in "".join(reasons)
    assert bool(reasons) is bool(said)


def test_a_plan_that_was_applied_is_refused_and_a_new_one_is_not() -> None:
    saved = dated(plan_of(), NOW, 60, TOOL)
    state = State("x", spent=(use_of(saved),))
    assert "a plan applies once" in objections(saved, plan_of(), state)[0]
    assert objections(dated(plan_of(), NOW + 1, 60, TOOL), plan_of(), state) == []


def test_another_value_before_moves_the_plan_but_not_its_intent() -> None:
    saved, fresh = dated(plan_of(), NOW, 60, TOOL), plan_of("Somebody's")
    assert objections(saved, fresh, State("x")) == ['assistants.a name: was "Old" when planned, is "Somebody\'s" now']
    assert objections(saved, fresh, State("x"), Digest.INTENT) == []

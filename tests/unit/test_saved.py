"""A saved plan grows old, applies once, and holds as long as nothing moved."""

from __future__ import annotations

import pytest
from readings import bound, declared, live, planned, remembered, remote, resource

from hmsplan.model import Digest, Plan, State
from hmsplan.planfile import plan_from_bytes, plan_to_bytes
from hmsplan.saved import dated, objections, too_old, use_of

NOW = 1_790_000_000.7


def plan_of(before: str = "Old") -> Plan:
    state = remembered(bound("assistants.a", "a1", name="Old"))
    return planned(declared(resource("assistants.a", name="New")), live(remote("assistants", "a1", name=before)), state)


def test_the_clock_is_in_no_digest() -> None:
    """The same plan an hour later is the same plan."""
    one, other = dated(plan_of(), NOW, 60), dated(plan_of(), NOW + 3600, 60)
    assert (one.digest, one.intent) == (other.digest, other.intent)
    assert objections(one, other, State("x")) == []


def test_equal_plans_give_equal_files() -> None:
    """Made at the same second, or not dated at all."""
    assert plan_to_bytes(plan_of()) == plan_to_bytes(plan_of())
    assert plan_to_bytes(dated(plan_of(), NOW, 60)) == plan_to_bytes(dated(plan_of(), NOW, 60))


def test_the_dates_come_back() -> None:
    saved = plan_from_bytes(plan_to_bytes(dated(plan_of(), NOW, 60)))
    assert (saved.made, saved.expires) == (1_790_000_000, 1_790_000_060)


@pytest.mark.parametrize(("after_s", "is_old"), [(0, False), (59, False), (60, True), (10**6, True), (-10, False)])
def test_a_plan_is_too_old_from_the_end_of_its_time_on(after_s: float, is_old: bool) -> None:
    assert bool(too_old(dated(plan_of(), NOW, 60), NOW + after_s)) is is_old


def test_a_plan_without_a_date_is_too_old() -> None:
    assert "does not say when" in too_old(plan_of(), NOW)


def test_a_plan_that_was_applied_is_refused_and_a_new_one_is_not() -> None:
    saved = dated(plan_of(), NOW, 60)
    state = State("x", spent=(use_of(saved),))
    assert "a plan applies once" in objections(saved, plan_of(), state)[0]
    assert objections(dated(plan_of(), NOW + 1, 60), plan_of(), state) == []


def test_another_value_before_moves_the_plan_but_not_its_intent() -> None:
    saved, fresh = dated(plan_of(), NOW, 60), plan_of("Somebody's")
    assert objections(saved, fresh, State("x")) == ['assistants.a name: was "Old" when planned, is "Somebody\'s" now']
    assert objections(saved, fresh, State("x"), Digest.INTENT) == []

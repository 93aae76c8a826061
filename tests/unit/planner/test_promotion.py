"""What an environment may not have yet, because the one that it requires has not proven it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest
from support.readings import LINE, at, bound, declared, live, planned, remembered, remote, resource

from hmsplan.model import Content, Hours, Proof, Requirement, Risk, Safety, Window

DAY_S: Final = 86_400.0
A: Final = at("assistants.a")


def missing(proof: Proof | None, *, has: str = "A", digest: str | None = "d", now: float = 0.0) -> str:
    """Return why the only change, of a name, is refused; "" if it is not."""
    stack = declared(
        resource("assistants.a", name="A"),
        requirement=Requirement("staging", DAY_S, LINE),
        content_of=lambda _: digest,
    )
    there = remembered(bound("assistants.a", "a1", name=has))
    plan = planned(stack, live(remote("assistants", "a1", name=has)), there, proof=proof, now=now)
    reasons = [each.reason for each in plan.refusals if each.risk is Risk.UNPROVEN]
    return "; ".join(reasons)


def proven(digest: str = "d", **more: Any) -> Proof:
    return Proof({A: Content(digest, 1000.0)}, **more)


def test_the_time_is_over_to_the_second() -> None:
    assert missing(proven(), has="B", now=1000.0 + DAY_S - 1) == (
        "applied in staging 23 hours ago, and has to be for 24 hours: 1 s to go"
    )
    assert missing(proven(), has="B", now=1000.0 + DAY_S) == ""


def test_a_clock_that_went_back_is_no_proof() -> None:
    assert "to go" in missing(proven(), has="B", now=0.0)


def test_what_changes_nothing_needs_no_proof() -> None:
    assert missing(Proof()) == ""
    assert missing(Proof(problem="it is gone")) == ""


def test_what_is_not_asked_is_not_refused() -> None:
    """A plan against a snapshot, which apply refuses anyway."""
    assert missing(None, has="B") == ""


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        (Proof(), "not applied in staging"),
        (Proof({A: None}), "not known to be applied in staging"),
        (proven("e"), "not applied in staging, which has another version of it"),
        (Proof(problem="it is gone"), "whether staging has it is not known: it is gone"),
        (proven(applies={1000.0: 7}), "applied in staging 1 s ago (@7)"),
    ],
)
def test_each_way_in_which_it_is_missing(proof: Proof, told: str) -> None:
    assert missing(proof, has="B", now=1001.0).startswith(told)


def test_of_what_only_this_environment_has_nothing_is_asked() -> None:
    assert missing(Proof(), has="B", digest=None) == ""


def test_a_delete_that_is_older_than_what_is_remembered_is_done() -> None:
    stack = declared(resource("assistants.b", name="B"), requirement=Requirement("staging", DAY_S, LINE))
    there = remembered(bound("assistants.a", "a1", name="A"), bound("assistants.b", "b1", name="B"))
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "b1", name="B"))
    assert planned(stack, snapshot, there, proof=Proof()).refusals == ()
    (refusal,) = planned(stack, snapshot, there, proof=Proof({A: None})).refusals
    assert (refusal.flag, refusal.reason) == ("--allow unproven:assistants.a", "not deleted in staging yet")
    (refusal,) = planned(stack, snapshot, there, proof=Proof(deletions={A: 5.0}), now=5.0 + DAY_S / 2).refusals
    assert refusal.reason == "deleted in staging 12 hours ago, and has to be for 24 hours: 12 hours to go"


def test_a_change_that_only_lacks_its_proof_waits_for_no_window() -> None:
    """And what allows the one does not allow the other."""
    other = resource("assistants.b", name="B")
    windows = Safety(windows=(Window("", (), "UTC", ("assistants.b",)),))
    stack = declared(resource("assistants.a", name="A"), other, safety=windows, content_of=str)
    stack = replace(stack, requirement=Requirement("staging", DAY_S, LINE))
    plan = planned(stack, proof=Proof())
    assert [(str(each.address), each.reason[:22]) for each in plan.refusals] == [
        ("assistants.b", "outside its window,  U"),
        ("assistants.a", "not applied in staging"),
        ("assistants.b", "not applied in staging"),
    ]
    assert [change.wait is None for change in plan.changes] == [True, False]
    alone = planned(stack, proof=Proof(), targets=["assistants.a"])
    assert (alone.opens, alone.changes[0].wait) == (None, None)
    emergency = planned(stack, proof=Proof(), targets=["assistants.b"], allowed=("override:*",))
    assert [each.flag for each in emergency.refusals] == ["--allow unproven:assistants.b"]


def test_a_short_time_is_told_to_the_second() -> None:
    stack = declared(
        resource("assistants.a", name="A"), requirement=Requirement("staging", 60.0, LINE), content_of=lambda _: "d"
    )
    (refusal,) = planned(stack, proof=proven(), now=1020.0).refusals
    assert refusal.reason == "applied in staging 20 s ago, and has to be for 1 minute: 40 s to go"


def test_the_first_opening_waits_for_the_proof_too() -> None:
    """It is unknown where time alone does not help."""
    night = Safety(windows=(Window("", (Hours(frozenset(range(7)), 18 * 60, 19 * 60),), "UTC"),))
    stack = declared(
        resource("assistants.a", name="A"),
        requirement=Requirement("staging", DAY_S, LINE),
        content_of=lambda _: "d",
        safety=night,
    )
    plan = planned(stack, proof=proven(), now=1000.0, at_opening=True)
    assert (plan.as_of, plan.refusals, plan.first_in) == (DAY_S + 18 * 3600, (), "")
    shut = planned(stack, proof=proven(), now=1000.0)
    assert shut.opens is not None
    assert shut.opens.at == DAY_S + 18 * 3600
    other = planned(stack, proof=proven("e"), now=1000.0, at_opening=True)
    assert (other.as_of, [str(each.risk) for each in other.refusals]) == (18 * 3600.0, ["unproven"])
    assert other.first_in == "staging"
    plain = planned(replace(stack, safety=Safety()), proof=proven(), now=1001.0, at_opening=True)
    assert (plain.as_of, plain.refusals) == (1020.0 + DAY_S, ())

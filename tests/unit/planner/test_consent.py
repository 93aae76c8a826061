"""An approval allows one risk of one change, until it expires; what is wrong with it is said where it matters."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import NOW, SPRING, at, bound, declared, lead, live, planned, remembered, remote, resource

from hmsplan.config.windows import hours_of
from hmsplan.model import (
    Approval,
    ApprovalStatus,
    Freeze,
    InForce,
    Risk,
    Safety,
    Secret,
    SourceLine,
    Topic,
    Window,
)
from hmsplan.planner.consent import in_force
from hmsplan.text.timestamps import day

if TYPE_CHECKING:
    from hmsplan.model import Plan, Snapshot, Stack, State

ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {}}
STACK = declared(
    resource("campaigns.c", [ANNA], **SPRING, status="scheduled"), resource("assistants.support", name="A")
)
LIVE = live(
    remote("campaigns", "c1", **SPRING, status="draft"), remote("assistants", "a1", name="A"),
    leads={"c1": [lead("l1", "+31201234567")]},
)  # fmt: skip
STATE = remembered(bound("campaigns.c", "c1", **SPRING, status="draft"), bound("assistants.support", "a1", name="A"))


def approval(allows: str = "start:campaigns.c", change: str = "", *, line: int = 2, expires: str = "") -> Approval:
    risk, _, address = allows.partition(":")
    where = SourceLine("approvals.yaml", line, 5)
    return Approval(Risk(risk), at(address), change or wanted(), "agreed", expires or day(NOW), where)


def wanted(stack: Stack = STACK, snapshot: Snapshot = LIVE, state: State = STATE) -> str:
    (refusal,) = planned(stack, snapshot, state).refusals
    return refusal.change


def plan_with(*approvals: Approval, stack: Stack = STACK, state: State = STATE, **options: Any) -> Plan:
    return planned(replace(stack, approvals=approvals), LIVE, state, **options)


def summaries(plan: Plan) -> list[str]:
    return [warning.summary for warning in plan.warnings]


def test_an_approval_allows_what_it_names_and_says_so() -> None:
    plan = plan_with(approval())
    assert plan.refusals == ()
    (use,) = plan.approvals
    assert use.status is ApprovalStatus.USED
    assert use.told == (
        "it would begin to call 1 person, daily between 09:00:00 and 17:00:00 Europe/Amsterdam; "
        f"allowed by approvals.yaml:2: agreed, until {day(NOW)}"
    )


def test_a_refusal_names_the_entry_that_allows_it() -> None:
    (refusal,) = plan_with().refusals
    assert refusal.approval == (
        "  - allow: start:campaigns.c",
        f"    change: {refusal.change}",
        '    reason: ""',
        f"    expires: {day(NOW, 14)}",
    )


def test_consent_changes_nothing_else_of_the_plan() -> None:
    plan, allowed = plan_with(), plan_with(approval())
    assert (plan.steps, plan.changes, plan.digest) == (allowed.steps, allowed.changes, allowed.digest)


@pytest.mark.parametrize(
    ("days", "status"), [(0, ApprovalStatus.USED), (1, ApprovalStatus.USED), (-1, ApprovalStatus.EXPIRED)]
)
def test_it_holds_to_the_end_of_its_last_day(days: int, status: ApprovalStatus) -> None:
    plan = plan_with(approval(expires=day(NOW, days)))
    assert [each.status for each in plan.approvals] == [status]
    assert bool(plan.refusals) is (status is ApprovalStatus.EXPIRED)
    later = plan_with(approval(expires=day(NOW)), now=NOW + 86_400)
    assert f"approvals.yaml:2 expired on {day(NOW)}" in later.refusals[0].void


def test_it_is_counted_by_the_clock_of_the_reading_and_at_the_last_second_of_the_day() -> None:
    midnight = NOW - NOW % 86_400
    for at_, refused in ((midnight - 1, False), (midnight, True)):
        plan = plan_with(approval(expires=day(midnight - 1)), now=at_)
        assert bool(plan.refusals) is refused


def test_one_that_expires_before_the_moment_that_is_planned_for_does_not_hold_then() -> None:
    """``plan --at`` is green only if an apply at that moment would be."""
    given = approval(expires=day(NOW))
    assert plan_with(given, at=NOW + 60).refusals == ()
    (refusal,) = plan_with(given, at=NOW + 86_400).refusals
    assert f"approvals.yaml:2 ends on {day(NOW)}, before the moment that is planned for" in refusal.void
    assert refusal.expires == day(NOW + 86_400, 14)


@pytest.mark.parametrize("allows", ["recall:campaigns.c", "start:campaigns.d", "delete:campaigns.c"])
def test_another_risk_or_object_is_not_allowed(allows: str) -> None:
    plan = plan_with(approval(allows))
    assert [refusal.flag for refusal in plan.refusals] == ["--allow start:campaigns.c"]
    assert [use.status for use in plan.approvals] == [ApprovalStatus.UNNEEDED]


def test_one_for_another_change_is_told_at_the_refusal_and_warned_of_when_nothing_is_refused() -> None:
    other = approval(change=f"sha256:{'0a' * 32}", line=6)
    plan = plan_with(other)
    assert (
        plan.refusals[0].void == "the approval at approvals.yaml:6 is for another change, environment or organization"
    )
    assert "Unneeded approval" not in summaries(plan)
    both = plan_with(other, approval())
    assert both.refusals == ()
    (unneeded,) = (warning for warning in both.warnings if warning.summary == "Unneeded approval")
    assert unneeded.source == other.source


def test_of_two_the_one_that_holds_counts() -> None:
    expired = approval(expires=day(NOW, -1), line=6)
    assert plan_with(expired, replace(approval(), reason="renewed")).refusals == ()


def test_a_flag_allows_beside_an_approval_that_does_not_hold() -> None:
    assert plan_with(approval(expires=day(NOW, -1)), allowed=("start:campaigns.c",)).refusals == ()


def test_an_unneeded_one_is_a_warning_with_its_line_and_a_guess() -> None:
    (warning,) = (
        warning for warning in plan_with(approval("delete:assistants.suport", line=9)).warnings if warning.topic is None
    )
    assert (warning.summary, str(warning.source)) == ("Unneeded approval", "approvals.yaml:9:5")
    assert "assistants.suport is neither declared nor in the state. Did you mean assistants.support?" in warning.detail


def test_with_targets_an_approval_of_the_rest_is_not_called_unneeded() -> None:
    assert "Unneeded approval" not in summaries(plan_with(approval(), targets=["assistants.support"]))


def test_a_limit_is_lifted_for_the_addresses_that_are_approved_only() -> None:
    names = [f"t{n}" for n in range(4)]
    snapshot = live(*(remote("tool_templates", name, name=name) for name in names))
    state = remembered(*(bound(f"tool_templates.{name}", name, name=name) for name in names))
    stack = declared(resource("assistants.other", name="Other"))
    refused = planned(stack, snapshot, state).refusals
    given = [approval(f"{each.risk}:{each.address}", each.change) for each in refused]
    assert planned(replace(stack, approvals=tuple(given)), snapshot, state).refusals == ()
    (left,) = planned(replace(stack, approvals=tuple(given[1:])), snapshot, state).refusals
    assert left.flag == refused[0].flag


# What became looser since the last apply


def head(plan: Plan) -> list[str]:
    return [f"{each.summary}: {each.detail}" for each in plan.warnings if each.topic is Topic.CONSENT]


def test_an_approval_is_new_until_an_apply_knew_it() -> None:
    given = approval()
    assert head(plan_with(given)) == [
        f"New approval: start:campaigns.c, until {day(NOW)}: agreed. It is new since the last apply."
    ]
    known = replace(STATE, in_force=in_force(replace(STACK, approvals=(given,))))
    assert head(plan_with(given, state=known)) == []
    assert len(head(plan_with(replace(given, expires=day(NOW, 1)), state=known))) == 1


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ({}, Safety(), []),
        ({}, Safety(max_deletes=1, max_delete_share=0.1), []),
        ({}, Safety(max_deletes=9), ["max_deletes is 9 (at the last apply: 3)"]),
        ({"max_deletes": 9}, Safety(max_deletes=9), []),
        ({"max_deletes": 0}, Safety(), ["max_deletes is 3 (at the last apply: 0)"]),
        (
            {"max_delete_share": 0.1},
            Safety(max_delete_share=0.5, max_new_calls=20),
            ["max_delete_share is 50% (at the last apply: 10%), max_new_calls is 20 (at the last apply: 0)"],
        ),
    ],
)
def test_limits_that_let_more_pass_than_at_the_last_apply_are_told(
    was: dict[str, float], now: Safety, told: list[str]
) -> None:
    stack, state = replace(STACK, safety=now), replace(STATE, in_force=InForce(was))
    assert head(plan_with(stack=stack, state=state)) == [f"Limits are looser: {text}." for text in told]


def test_before_the_first_apply_the_usual_limits_are_what_they_are_compared_with() -> None:
    plan = plan_with(stack=replace(STACK, safety=Safety(max_new_calls=5)), state=replace(STATE, serial=0))
    assert head(plan) == ["Limits are looser: max_new_calls is 5 (by default: 0)."]


def test_what_is_in_force_names_only_what_is_not_usual() -> None:
    assert in_force(STACK) == InForce()
    assert in_force(replace(STACK, safety=Safety(max_deletes=9, settle_grace_s=1))) == InForce({"max_deletes": 9})


HOOK = "https://hooks.slack.com/services/T00000000/B00000000/{}"


@pytest.mark.parametrize("other", ["YYYYaaaaBBBBcccc2222eeee", "XXXXaaaaBBBBcccc1111dddd"])
def test_the_hidden_part_of_a_receiver_is_approved_with_it(other: str) -> None:
    """On a host that many share it is the receiver, though no plan shows it."""
    secret = Secret("hook", "f1")
    was: dict[str, Any] = {"name": "A", "webhook_url": "https://own.example/h", "webhook_secret": secret}
    snapshot = live(remote("assistants", "a1", **{**was, "webhook_secret": "s"}))
    state = remembered(bound("assistants.support", "a1", **was))

    def moved(to: str) -> Stack:
        return declared(resource("assistants.support", **{**was, "webhook_url": HOOK.format(to)}))

    approved = "XXXXaaaaBBBBcccc1111dddd"
    entry = approval("egress:assistants.support", wanted(moved(approved), snapshot, state))
    plan = planned(replace(moved(other), approvals=(entry,)), snapshot, state)
    assert bool(plan.refusals) is (other != approved)


def test_an_approval_of_a_start_starts_once() -> None:
    """Somebody stopped it since: to start it again, against that word, is another risk."""
    entry = approval()
    running = replace(STATE, serial=7, bindings={**STATE.bindings, **_bound(status="scheduled")})
    plan = planned(replace(STACK, approvals=(entry,)), LIVE, running)
    assert [refusal.flag for refusal in plan.refusals] == ["--allow start:campaigns.c"]
    again = approval(change=wanted(STACK, LIVE, running))
    assert planned(replace(STACK, approvals=(again,)), LIVE, running).refusals == ()
    assert planned(replace(STACK, approvals=(again,)), LIVE, replace(running, serial=8)).refusals


def _bound(**fields: Any) -> Any:
    return {at("campaigns.c"): bound("campaigns.c", "c1", **SPRING, **fields)}


# Windows and freezes of the last apply

NIGHT = Window("Mon-Fri 18:00-08:00", hours_of("Mon-Fri 18:00-08:00"), "UTC")
NOON = dt.datetime(2026, 9, 21, 12, tzinfo=dt.UTC).timestamp()  # a Monday
FROZEN = Freeze(
    dt.datetime.fromisoformat("2026-09-20"),
    dt.datetime.fromisoformat("2026-09-23"),
    "UTC",
    "fair",
    "from 2026-09-20 to 2026-09-22",
)


def told(was: Safety, now: Safety, when: float = NOON) -> list[str]:
    state = replace(STATE, in_force=in_force(replace(STACK, safety=was)))
    return head(plan_with(stack=replace(STACK, safety=now), state=state, now=when))


def test_a_plan_that_lifts_its_own_freeze_or_window_says_so_and_what_would_wait() -> None:
    held = "By those of the last apply, campaigns.c would have to wait."
    assert told(Safety(freezes=(FROZEN,)), Safety()) == [
        f"Windows are looser: Gone: the freeze from 2026-09-20 to 2026-09-22 UTC: fair. {held}"
    ]
    assert told(Safety(windows=(NIGHT,)), Safety()) == [
        f"Windows are looser: Gone: the window Mon-Fri 18:00-08:00 UTC. {held}"
    ]
    wide = replace(NIGHT, allow="00:00-24:00", hours=hours_of("00:00-24:00"), patterns=("campaigns.*",))
    assert told(Safety(windows=(NIGHT,)), Safety(windows=(NIGHT, wide))) == [
        f"Windows are looser: New: the window 00:00-24:00 UTC for campaigns.*. {held}"
    ]


def test_windows_that_change_without_letting_a_change_pass_are_told_too() -> None:
    """The pull request is planned at night, and its second half may be written for the morning."""
    midnight = NOON + 12 * 3600
    assert told(Safety(windows=(NIGHT,)), Safety(), midnight) == [
        "Windows are not those of the last apply: Gone: the window Mon-Fri 18:00-08:00 UTC."
    ]


def test_windows_that_are_as_they_were_or_the_first_ones_or_a_freeze_that_is_over_are_not_told() -> None:
    both = Safety(windows=(NIGHT,), freezes=(FROZEN,))
    moved = replace(NIGHT, source=SourceLine("hmsplan.yaml", 9, 5))
    assert told(both, replace(both, windows=(moved,))) == []
    assert told(Safety(), both) == []
    assert told(Safety(freezes=(FROZEN,)), Safety(), NOON + 9 * 86_400) == []

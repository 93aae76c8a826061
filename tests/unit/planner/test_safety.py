"""Risks that nobody has allowed, each with the exact flag that allows it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import (
    LINE,
    SPRING,
    TRUNK,
    at,
    bound,
    declared,
    lead,
    live,
    planned,
    ref,
    remembered,
    remote,
    resource,
)

from hmsplan.model import Action, Deposed, Diagnostic, Proof, Refusal, Requirement, Risk, Safety, Secret, Window
from hmsplan.output.html.page import render_html
from hmsplan.output.markdown import render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_text
from hmsplan.planner.consent import is_allowed
from hmsplan.planner.safety import is_protected

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.model import Plan, RemoteObject, Snapshot, State
    from hmsplan.output.page import Page

ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {}}
BEN: dict[str, Any] = {"phone_number": "+31207654321", "variables": {}}
HOOK = Secret("hook", "the-value", "f1")
APPLIED_HOOK = {"$secret": "hook", "fingerprint": "f1"}


def flags(plan: Plan) -> list[str]:
    return [refusal.flag.removeprefix("--allow ") for refusal in plan.refusals]


OTHER = resource("assistants.other", name="Other")
"""Something that is still declared."""


def templates(count: int, kept: int = 0) -> tuple[Snapshot, State, tuple[Any, ...]]:
    """Bind *count* templates of which *kept* are still declared."""
    objects = [remote("tool_templates", f"t{i}", name=f"T{i}") for i in range(count)]
    bindings = [bound(f"tool_templates.t{i}", f"t{i}", name=f"T{i}") for i in range(count)]
    return (
        live(*objects),
        remembered(*bindings),
        tuple(resource(f"tool_templates.t{i}", name=f"T{i}") for i in range(kept)),
    )


# delete:


def test_deleting_a_number_or_a_campaign_is_refused_and_an_assistant_is_not() -> None:
    snapshot = live(
        remote("numbers", "n1", phone_number="+31"),
        remote("campaigns", "c1", name="C"),
        remote("assistants", "a1", name="A"),
    )
    state = remembered(bound("numbers.n", "n1"), bound("campaigns.c", "c1"), bound("assistants.a", "a1"))
    plan = planned(declared(OTHER), snapshot, state)
    assert flags(plan) == ["delete:campaigns.c", "delete:numbers.n"]
    assert plan.refusals[0].reason == "deleting a campaign cannot be undone"


def test_prevent_destroy_refuses_to_delete_and_outlives_its_block() -> None:
    state = remembered(bound("assistants.a", "a1", protected=True))
    plan = planned(declared(OTHER), live(remote("assistants", "a1", name="A")), state)
    assert [(each.flag, each.reason) for each in plan.refusals] == [
        ("--allow delete:assistants.a", "prevent_destroy protects it")
    ]


def test_the_block_lifts_its_own_protection() -> None:
    stack = declared(resource("assistants.a", name="A", prevent_destroy=False))
    bindings = {at("assistants.a"): bound("assistants.a", "a1", protected=True)}
    assert not is_protected(at("assistants.a"), stack, bindings)
    assert is_protected(at("assistants.a"), declared(), bindings)
    assert not is_protected(at("assistants.b"), declared(), bindings)


def test_forgetting_what_is_protected_deletes_nothing() -> None:
    state = remembered(bound("numbers.n", "n1", protected=True))
    plan = planned(declared(removed=["numbers.n"]), live(remote("numbers", "n1", phone_number="+31")), state)
    assert plan.refusals == ()


def test_what_a_replace_left_behind_was_allowed_then() -> None:
    old = tuple(Deposed(at("sip_trunks.t"), f"old{i}") for i in range(5))
    state = remembered(bound("sip_trunks.t", "t2", protected=True, **TRUNK), deposed=old)
    objects = [remote("sip_trunks", f"old{i}", **TRUNK) for i in range(5)]
    stack = declared(resource("sip_trunks.t", prevent_destroy=True, **TRUNK))
    plan = planned(stack, live(remote("sip_trunks", "t2", **TRUNK), *objects), state)
    assert sum(change.action is Action.DELETE for change in plan.changes) == 5
    assert plan.refusals == ()


def test_what_something_else_still_uses_is_not_deleted() -> None:
    snapshot = live(
        remote("assistants", "a1", name="A"),
        remote("numbers", "n1", phone_number="+31850835037", agent_id="a1"),
        remote("campaigns", "c1", name="C", agent_id="a1"),
    )
    state = remembered(bound("assistants.a", "a1"), bound("campaigns.c", "c1", name="C", agent_id="a1"))
    plan = planned(declared(resource("campaigns.c", name="C", agent_id="a1")), snapshot, state)
    assert [refusal.reason for refusal in plan.refusals] == [
        "still used by campaigns.c, number +31850835037 (not managed)"
    ]


def test_what_lets_go_in_the_same_plan_does_not_hold_it_back() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31", agent_id="a1"))
    state = remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1", phone_number="+31", agent_id="a1"))
    for number in (resource("numbers.n", phone_number="+31"), resource("numbers.n", phone_number="+31", agent_id=None)):
        assert planned(declared(number), snapshot, state).refusals == ()


def test_a_user_that_is_only_forgotten_still_uses_it() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31", agent_id="a1"))
    state = remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1", phone_number="+31", agent_id="a1"))
    assert flags(planned(declared(removed=["numbers.n"]), snapshot, state)) == ["delete:assistants.a"]


# The limits


def test_more_deletes_than_the_limit_are_refused_one_by_one() -> None:
    snapshot, state, _ = templates(20)
    stack = declared(*(templates(20, 16)[2]))
    plan = planned(stack, snapshot, state)
    assert len(plan.refusals) == 4
    assert plan.refusals[0].reason == "one of 4 deletes, and safety.max_deletes is 3"
    stack = declared(*(templates(20, 17)[2]))
    assert planned(stack, snapshot, state).refusals == ()


@pytest.mark.parametrize(
    ("count", "gone", "share", "refused"),
    [
        (1, 1, 0.3, False),  # one delete is always within the share
        (2, 1, 0.3, False),
        (3, 2, 0.3, True),
        (10, 3, 0.3, False),
        (10, 4, 0.3, True),
        (100, 57, 0.57, False),  # 0.57 * 100 is a little less than 57
        (100, 58, 0.57, True),
        (4, 1, 0.0, False),
        (4, 2, 0.0, True),
        (4, 4, 1.0, False),
    ],
)
def test_the_share_of_one_kind_that_may_go_at_once(count: int, gone: int, share: float, refused: bool) -> None:
    snapshot, state, kept = templates(count, count - gone)
    stack = declared(OTHER, *kept, safety=Safety(max_deletes=1000, max_delete_share=share))
    plan = planned(stack, snapshot, state)
    assert len(plan.refusals) == (gone if refused else 0)
    if refused:
        reason = f"one of {gone} deletes among {count} tool_templates, and safety.max_delete_share is {share:.0%}"
        assert plan.refusals[0].reason == reason


def test_deletes_that_only_pass_because_the_limits_were_raised_are_warned_of() -> None:
    snapshot, state, kept = templates(20, 15)

    def warned(**safety: Any) -> list[str]:
        stack = declared(*kept, safety=Safety(**safety))
        return [w.detail for w in planned(stack, snapshot, state).warnings if w.summary == "Limits are loosened"]

    assert warned() == []
    assert warned(max_delete_share=0.9) == []  # refused all the same
    (detail,) = warned(max_deletes=1000)
    assert "tool_templates.t15, tool_templates.t16" in detail
    assert "max_deletes 3 and max_delete_share 30%" in detail
    snapshot, state, kept = templates(20, 19)
    assert warned(max_deletes=1000) == []


def test_a_delete_that_somebody_named_still_counts_for_the_others() -> None:
    snapshot, state, _ = templates(5)
    assert flags(planned(declared(), snapshot, state, allowed=("delete:tool_templates.t0",))) == [
        f"delete:tool_templates.t{i}" for i in range(1, 5)
    ]


@pytest.mark.parametrize("count", [1, 5])
def test_a_stack_that_declares_nothing_deletes_nothing(count: int) -> None:
    snapshot, state, _ = templates(count)
    plan = planned(declared(), snapshot, state)
    assert [refusal.reason for refusal in plan.refusals] == [
        "the stack declares nothing at all: a wrong folder? To delete everything, add --destroy"
    ] * count
    assert planned(declared(), snapshot, state, allowed=("delete:*",)).refusals == ()


def test_destroying_needs_no_more_of_an_empty_stack_than_of_any() -> None:
    snapshot, state, _ = templates(1)
    assert planned(declared(), snapshot, state, destroy=True).refusals == ()


def test_what_is_gone_already_is_no_delete() -> None:
    _, state, _ = templates(5)
    assert planned(declared(), live(), state).refusals == ()


def test_destroying_everything_is_past_every_limit() -> None:
    snapshot, state, kept = templates(5, 5)
    assert len(planned(declared(*kept), snapshot, state, destroy=True).refusals) == 5


# replace:


def test_a_number_is_never_replaced_behind_anybodys_back() -> None:
    stack = declared(resource("numbers.n", phone_number="+31850835038"))
    state = remembered(bound("numbers.n", "n1", phone_number="+31850835037"))
    (refusal,) = planned(stack, live(remote("numbers", "n1", phone_number="+31850835037")), state).refusals
    assert refusal.flag == "--allow replace:numbers.n"
    assert refusal.reason == "phone_number cannot change in place: the number would be recreated"


def test_a_trunk_is_replaced_unless_it_is_protected() -> None:
    state = remembered(bound("sip_trunks.t", "t1", **TRUNK))
    snapshot = live(remote("sip_trunks", "t1", **TRUNK))
    assert planned(declared(resource("sip_trunks.t", **{**TRUNK, "name": "New"})), snapshot, state).refusals == ()
    stack = declared(resource("sip_trunks.t", prevent_destroy=True, **{**TRUNK, "name": "New"}))
    assert flags(planned(stack, snapshot, state)) == ["replace:sip_trunks.t"]


def test_a_trunk_that_somebody_else_made_is_not_replaced() -> None:
    stack = declared(resource("sip_trunks.t", **{**TRUNK, "address": "sip.other.example"}))
    snapshot = live(remote("sip_trunks", "t1", **TRUNK))
    for state in (remembered(), remembered(bound("sip_trunks.t", "t1"))):  # found by its name; imported
        (refusal,) = planned(stack, snapshot, state).refusals
        assert refusal.flag == "--allow replace:sip_trunks.t"
        assert refusal.reason == "hmsplan did not make it, and would delete it for a new one"


def test_a_trunk_that_an_unmanaged_number_uses_is_not_replaced() -> None:
    stack = declared(resource("sip_trunks.t", **{**TRUNK, "name": "New"}))
    snapshot = live(
        remote("sip_trunks", "t1", **TRUNK), remote("numbers", "n1", phone_number="+31", transfer_trunk_id="t1")
    )
    (refusal,) = planned(stack, snapshot, remembered(bound("sip_trunks.t", "t1", **TRUNK))).refusals
    assert (refusal.flag, refusal.reason) == ("--allow replace:sip_trunks.t", "still used by number +31 (not managed)")


# start:


def campaign(status: str, *leads: RemoteObject) -> Snapshot:
    return live(remote("campaigns", "c1", **SPRING, status=status), leads={"c1": leads})


@pytest.mark.parametrize("status", ["draft", "paused", "cancelled"])
def test_a_campaign_that_would_begin_to_dial_is_refused_even_when_a_person_paused_it(status: str) -> None:
    state = remembered(bound("campaigns.c", "c1", ANNA, **SPRING, status="scheduled"))
    stack = declared(resource("campaigns.c", [ANNA, BEN], **SPRING, status="scheduled"))
    (refusal,) = planned(stack, campaign(status, lead("l1", "+31201234567")), state).refusals
    assert refusal.flag == "--allow start:campaigns.c"
    assert refusal.reason == (
        "it would begin to call 2 people, daily between 09:00:00 and 17:00:00 Europe/Amsterdam, though it was "
        "stopped outside hmsplan since the last apply"
    )


def test_the_refusal_counts_those_who_wait_though_no_lead_comes_or_goes() -> None:
    state = remembered(bound("campaigns.c", "c1", ANNA, BEN, **SPRING, status="draft"))
    stack = declared(resource("campaigns.c", [ANNA, BEN], **SPRING, status="scheduled"))
    snapshot = campaign("draft", lead("l1", "+31201234567"), lead("l2", "+31207654321", "completed"))
    assert "begin to call 1 person, daily" in planned(stack, snapshot, state).refusals[0].reason


def test_it_says_so_when_nobody_can_count_them() -> None:
    stack = declared(resource("campaigns.c", **SPRING, status="scheduled"))
    plan = planned(stack, campaign("draft"), remembered(bound("campaigns.c", "c1", **SPRING)))
    assert "an unknown number of people" in plan.refusals[0].reason


def test_a_new_campaign_that_is_scheduled_starts_too() -> None:
    stack = declared(resource("campaigns.c", [ANNA], **SPRING, status="scheduled"))
    assert flags(planned(stack)) == ["start:campaigns.c"]


def test_a_campaign_that_dials_already_or_shall_stop_is_no_start() -> None:
    state = remembered(bound("campaigns.c", "c1", **SPRING, status="scheduled"))
    for status in ("scheduled", "paused"):
        stack = declared(resource("campaigns.c", **SPRING, status=status))
        assert planned(stack, campaign("scheduled"), state).refusals == ()


def test_a_campaign_made_anew_needs_all_three_words() -> None:
    """It is another object, it begins to dial, and it calls again whoever was called."""
    state = remembered(bound("campaigns.c", "c1", ANNA, **SPRING, status="scheduled"))
    stack = declared(resource("campaigns.c", [ANNA], **{**SPRING, "agent_id": "a2"}, status="scheduled"))
    plan = planned(stack, campaign("scheduled", lead("l1", "+31201234567", "completed")), state)
    assert flags(plan) == ["replace:campaigns.c", "recall:campaigns.c", "start:campaigns.c"]


# recall:


@pytest.mark.parametrize("status", ["calling", "completed", "failed", "skipped"])
def test_calling_somebody_again_is_refused_under_any_spelling_and_variables(status: str) -> None:
    state = remembered(bound("campaigns.c", "c1", **SPRING))
    again = {"phone_number": "0031 20 123 4567", "variables": {"name": "Anna"}}
    stack = declared(resource("campaigns.c", [again], **SPRING))
    (refusal,) = planned(stack, campaign("draft", lead("l1", "+31201234567", status)), state).refusals
    assert refusal.flag == "--allow recall:campaigns.c"
    assert refusal.reason == "1 person was called already and would be called again"


def test_adding_somebody_who_waits_or_is_new_is_no_recall() -> None:
    state = remembered(bound("campaigns.c", "c1", **SPRING))
    stack = declared(resource("campaigns.c", [ANNA, ANNA, BEN], **SPRING))
    assert planned(stack, campaign("draft", lead("l1", "+31201234567")), state).refusals == ()


def test_several_recalls_are_one_sentence() -> None:
    state = remembered(bound("campaigns.c", "c1", **SPRING))
    stack = declared(
        resource("campaigns.c", [{**ANNA, "variables": {"a": "1"}}, {**BEN, "variables": {"a": "1"}}], **SPRING)
    )
    there = (lead("l1", "+31201234567", "failed"), lead("l2", "+31207654321", "completed"))
    (refusal,) = planned(stack, campaign("draft", *there), state).refusals
    assert refusal.reason == "2 people were called already and would be called again"


# egress:


def hooked(url: str, secret: Any = HOOK) -> Any:
    return declared(resource("assistants.a", name="A", webhook_url=url, webhook_secret=secret))


def hook(url: str, **more: Any) -> Snapshot:
    return live(remote("assistants", "a1", name="A", webhook_url=url, **more))


@pytest.mark.parametrize("shown", [{}, {"webhook_secret": Secret(Secret.LIVE, "x")}, {"webhook_secret": None}])
def test_a_secret_that_is_kept_while_its_receiver_changes_is_refused(shown: dict[str, Any]) -> None:
    state = remembered(
        bound("assistants.a", "a1", name="A", webhook_url="https://old.example/", webhook_secret=APPLIED_HOOK)
    )
    (refusal,) = planned(hooked("https://new.example/"), hook("https://old.example/", **shown), state).refusals
    assert refusal.flag == "--allow egress:assistants.a"
    assert refusal.reason == "webhook_url changes and webhook_secret is kept, so the new receiver gets the old secret"


def test_the_same_receiver_spelled_differently_is_no_egress() -> None:
    state = remembered(bound("assistants.a", "a1", name="A", webhook_secret=APPLIED_HOOK))
    assert planned(hooked("https://OLD.example"), hook("https://old.example/"), state).refusals == ()


def test_a_new_receiver_without_a_secret_is_no_egress() -> None:
    state = remembered(
        bound("assistants.a", "a1", name="A", webhook_url="https://old.example/", webhook_secret=APPLIED_HOOK)
    )
    shown = Secret(Secret.LIVE, "x")
    plan = planned(hooked("https://new.example/", None), hook("https://old.example/", webhook_secret=shown), state)
    assert plan.refusals == ()


def test_a_live_secret_that_nobody_declared_is_kept_too() -> None:
    stack = declared(resource("assistants.a", name="A", webhook_url="https://new.example/"))
    shown = Secret(Secret.LIVE, "x")
    plan = planned(stack, hook("https://old.example/", webhook_secret=shown), remembered(bound("assistants.a", "a1")))
    assert flags(plan) == ["egress:assistants.a"]


@pytest.mark.parametrize("url", [None, "https://old.example/"])
def test_no_new_receiver_no_egress(url: str | None) -> None:
    state = remembered(bound("assistants.a", "a1", name="A", webhook_secret=APPLIED_HOOK))
    stack = declared(resource("assistants.a", name="B", webhook_url=url, webhook_secret=HOOK))
    assert planned(stack, hook("https://old.example/"), state).refusals == ()


def test_a_new_object_hands_a_secret_in_use_to_no_new_receiver() -> None:
    assert planned(hooked("https://new.example/")).refusals == ()  # nobody has got it yet
    state = remembered(
        bound("assistants.a", "a1", name="A", webhook_url="https://old.example/", webhook_secret=APPLIED_HOOK)
    )
    (refusal,) = planned(hooked("https://new.example/"), live(), state).refusals  # made once more
    assert refusal.flag == "--allow egress:assistants.a"
    assert refusal.reason == "webhook_secret would go to new.example/; so far it went to old.example/"
    another = declared(resource("assistants.b", name="B", webhook_url="https://new.example/", webhook_secret=HOOK))
    (refusal,) = (each for each in planned(another, live(), state).refusals if each.risk is Risk.EGRESS)
    assert refusal.reason == "${secret:hook} went to old.example, and would go to new.example"


def test_a_tool_that_moves_to_another_host_with_its_secret_is_refused_by_its_name() -> None:
    def assistant(url: str, secret: Any) -> dict[str, Any]:
        return {"name": "A", "llm_config": {"tools": [{"name": "lookup", "server": {"url": url, "secret": secret}}]}}

    stack = declared(resource("assistants.a", **assistant("https://new.example/", HOOK)))
    state = remembered(bound("assistants.a", "a1", **assistant("https://old.example/", APPLIED_HOOK)))
    snapshot = live(remote("assistants", "a1", **assistant("https://old.example/", "***")))
    (refusal,) = planned(stack, snapshot, state).refusals
    assert refusal.reason == (
        "llm_config.tools.lookup.server.url changes and llm_config.tools.lookup.server.secret is kept, "
        "so the new receiver gets the old secret"
    )


def test_the_password_of_a_trunk_goes_to_its_address() -> None:
    stack = declared(resource("sip_trunks.t", **{**TRUNK, "address": "sip.other"}, auth_password=HOOK))
    snapshot = live(remote("sip_trunks", "t1", **TRUNK))
    state = remembered(bound("sip_trunks.t", "t1", **TRUNK, auth_password=APPLIED_HOOK))
    assert flags(planned(stack, snapshot, state)) == ["egress:sip_trunks.t"]
    named_again = declared(
        resource("sip_trunks.t", **{**TRUNK, "address": "sip.other"}, auth_password=Secret("new", "v"))
    )
    assert flags(planned(named_again, snapshot, state)) == ["egress:sip_trunks.t"]


# No state


def warnings(plan: Plan) -> list[str]:
    return [warning.summary for warning in plan.warnings]


def test_a_state_that_is_empty_while_declared_objects_are_live_is_said_first() -> None:
    stack = replace(declared(resource("assistants.a", name="A")), warnings=(Diagnostic("Another", ""),))
    plan = planned(stack, live(remote("assistants", "a1", name="A")))
    assert warnings(plan) == ["No state", "Another"]
    assert plan.warnings[0].detail.startswith("egress and prevent_destroy are not remembered")
    assert "and yet a live object is what this stack declares" in plan.warnings[0].detail


def test_nothing_live_or_a_state_that_knows_something_is_no_warning() -> None:
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="B"))
    assert warnings(planned(stack)) == []
    assert warnings(planned(stack, live(remote("assistants", "c1", name="C")))) == []
    two = live(remote("assistants", "a1", name="A"), remote("assistants", "b1", name="B"))
    assert warnings(planned(stack, two, remembered(bound("assistants.a", "a1", name="A")))) == []


@pytest.mark.parametrize("shown", [lambda page: render_text(page, color=False), render_markdown, render_html])
def test_no_state_is_said_at_the_head_of_every_surface(shown: Callable[[Page], str]) -> None:
    plan = planned(declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A")))
    text = shown(page_of(plan, 80))
    assert 0 < text.index("No state: egress and ") < text.index("adopt")
    assert text.count("No state") == 1


# --allow


@pytest.mark.parametrize(
    ("pattern", "covers"),
    [
        ("delete:numbers.main", True),
        ("delete:numbers.*", True),
        ("delete:*", True),
        ("*:numbers.main", True),
        ("*", True),
        ("delete:numbers.mai", False),
        ("delete:numbers", False),
        ("replace:numbers.main", False),
        ("DELETE:numbers.main", False),
        ("", False),
    ],
)
def test_a_flag_allows_one_risk_of_one_address_and_a_star_any(pattern: str, covers: bool) -> None:
    assert is_allowed(Refusal(Risk.DELETE, at("numbers.main"), ""), [pattern]) is covers


def test_every_refusal_is_lifted_by_the_flag_it_prints() -> None:
    state = remembered(
        bound("campaigns.c", "c1", ANNA, **SPRING, status="scheduled"),
        *(bound(f"numbers.n{i}", f"n{i}", protected=i == 1) for i in range(4)),
        bound("assistants.a", "a1", name="A", webhook_url="https://old.example/", webhook_secret=APPLIED_HOOK),
    )
    anew = resource("campaigns.c", [ANNA], **{**SPRING, "agent_id": "a2"}, status="scheduled")
    hooks = resource("assistants.a", name="A", webhook_url="https://new.example/", webhook_secret=HOOK)
    snapshot = live(
        remote("campaigns", "c1", **SPRING, status="scheduled"),
        *(remote("numbers", f"n{i}", phone_number=f"+{i}") for i in range(4)),
        remote("assistants", "a1", name="A", webhook_url="https://old.example/"),
        leads={"c1": [lead("l1", "+31201234567", "completed")]},
    )
    stack = declared(anew, hooks, requirement=Requirement("staging", 0.0, LINE), content_of=str)
    stack = replace(stack, safety=Safety(windows=(Window("", (), "UTC", ("assistants.*",)),)))
    plan = planned(stack, snapshot, state, proof=Proof())
    assert {refusal.risk for refusal in plan.refusals} == set(Risk)
    allowed = tuple(flags(plan))
    assert planned(stack, snapshot, state, allowed=allowed, proof=Proof()).refusals == ()
    for left_out in allowed:
        rest = tuple(flag for flag in allowed if flag != left_out)
        assert set(flags(planned(stack, snapshot, state, allowed=rest, proof=Proof()))) == {left_out}


def test_what_is_allowed_changes_nothing_else_of_the_plan() -> None:
    snapshot, state, _ = templates(5)
    plan, allowed = planned(declared(), snapshot, state), planned(declared(), snapshot, state, allowed=("*",))
    assert (plan.steps, plan.changes, plan.digest) == (allowed.steps, allowed.changes, allowed.digest)


def test_nobody_refers_to_what_goes_by_chance() -> None:
    """An id is compared as an id of the kind it refers to, never with free text."""
    stack = declared(
        resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a")), resource("assistants.a", name="t1")
    )
    snapshot = live(
        remote("assistants", "a1", name="t1"),
        remote("numbers", "n1", phone_number="+31", agent_id="a1", source="t1"),
        remote("sip_trunks", "t1", **TRUNK),
    )
    assert planned(stack, snapshot, remembered(bound("sip_trunks.t", "t1"))).refusals == ()


@pytest.mark.parametrize(("people", "refused"), [(3, False), (4, True)])
def test_a_long_list_of_leads_becomes_empty_only_when_somebody_allows_it(people: int, *, refused: bool) -> None:
    """An export that failed looks the same as nobody left to call."""
    leads = [{"phone_number": f"+3120123450{number}", "variables": {}} for number in range(people)]
    there = [lead(f"l{number}", f"+3120123450{number}") for number in range(people)]
    state = remembered(bound("campaigns.c", "c1", *leads, **SPRING))
    plan = planned(declared(resource("campaigns.c", [], **SPRING)), campaign("draft", *there), state)
    assert flags(plan) == (["delete:campaigns.c"] if refused else [])
    fewer = planned(declared(resource("campaigns.c", leads[:1], **SPRING)), campaign("draft", *there), state)
    assert flags(fewer) == []

"""Which writes a plan makes, what each carries, and what has to be done before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import (
    NOW,
    SPRING,
    TRUNK,
    at,
    bound,
    declared,
    keys,
    lead,
    live,
    mark,
    open_create,
    planned,
    ref,
    remembered,
    remote,
    resource,
    step_of,
)

from hmsplan.model import EMPTY, Deposed, FieldChange, PendingCreate, Secret, Verb

if TYPE_CHECKING:
    from hmsplan.model import Plan, Snapshot, Stack, State

ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {}}
BEN: dict[str, Any] = {"phone_number": "+31207654321", "variables": {}}
CARL: dict[str, Any] = {"phone_number": "+31611111111", "variables": {}}
HOOK = {"$secret": "hook", "fingerprint": "f1"}


def needs(plan: Plan, key: str) -> set[str]:
    return set(step_of(plan, key).needs)


def one(stack: Stack, snapshot: Snapshot, state: State) -> Plan:
    """Plan, and hold what is true of every plan: each step is named once and stands after what it needs."""
    plan = planned(stack, snapshot, state)
    done: set[str] = set()
    for step in plan.steps:
        assert step.key not in done
        assert step.needs <= done
        done.add(step.key)
    return plan


# Create


def test_a_create_carries_the_body_and_what_state_will_remember() -> None:
    spec: dict[str, Any] = {"name": "A", "llm_config": {"provider": "openai", "model": "m"}}
    plan = one(declared(resource("assistants.a", prevent_destroy=True, **spec)), live(), remembered())
    (step,) = plan.steps
    assert (step.key, step.verb, step.id) == ("assistants.a:create", Verb.CREATE, None)
    assert (step.spec, step.records, step.protected) == (spec, spec, True)
    assert (step.members, step.deposes, step.needs) == (None, None, frozenset())


def test_what_a_create_does_not_take_follows_as_a_patch() -> None:
    spec: dict[str, Any] = {"name": "A", "notification_emails": ["a@b.example"], "first_message": None}
    plan = one(declared(resource("assistants.a", **spec)), live(), remembered())
    create, finish = plan.steps
    assert (create.spec, create.records) == ({"name": "A"}, {"name": "A", "first_message": None})
    assert create.clears == ("first_message",)
    assert (finish.key, finish.verb, finish.id) == ("assistants.a:finish", Verb.UPDATE, None)
    assert finish.spec == {"notification_emails": ["a@b.example"]}
    assert finish.records == spec
    assert finish.needs == {"assistants.a:create"}


def test_a_null_in_a_create_of_what_cannot_be_patched_is_left_out() -> None:
    plan = one(declared(resource("sip_trunks.t", **TRUNK, auth_username=None)), live(), remembered())
    (step,) = plan.steps
    assert step.spec == TRUNK


def test_what_is_made_needs_the_makers_of_its_ids_and_no_others() -> None:
    stack = declared(
        resource("assistants.a", name="A"),
        resource("assistants.b", name="B"),
        resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"), transfer_trunk_id=ref("sip_trunks.t")),
        resource("sip_trunks.t", **TRUNK),
    )
    plan = one(stack, live(remote("sip_trunks", "t1", **TRUNK)), remembered(bound("sip_trunks.t", "t1", **TRUNK)))
    step = step_of(plan, "numbers.n:create")
    assert step.spec["agent_id"] == ref("assistants.a")
    assert step.spec["transfer_trunk_id"] == "t1"
    assert step.needs == {"assistants.a:create"}


def test_ignored_fields_are_sent_on_create_and_not_remembered() -> None:
    ignored = [("llm_config", "temperature"), ("first_message",)]
    llm = {"provider": "openai", "model": "m"}
    spec: dict[str, Any] = {"name": "A", "llm_config": {**llm, "temperature": 1}, "first_message": "Hi"}
    (step,) = one(declared(resource("assistants.a", ignore_changes=ignored, **spec)), live(), remembered()).steps
    assert step.spec == spec
    assert step.records == {"name": "A", "llm_config": llm}


def test_a_campaign_is_scheduled_when_all_of_its_leads_are_there() -> None:
    many = [{"phone_number": f"+316{i:08}", "variables": {}} for i in range(1002)]
    stack = declared(resource("campaigns.c", many, **SPRING, status="scheduled"))
    plan = one(stack, live(), remembered())
    create = step_of(plan, "campaigns.c:create")
    assert create.members == tuple(many[:1000])
    assert "status" not in create.spec
    added = [step for step in plan.steps if step.member]
    assert [(step.key, step.spec, step.id) for step in added] == [
        ("campaigns.c/leads:add-1", many[1000], None),
        ("campaigns.c/leads:add-2", many[1001], None),
    ]
    assert all(step.needs == {"campaigns.c:create"} for step in added)
    finish = step_of(plan, "campaigns.c:finish")
    assert finish.spec == {"status": "scheduled"}
    assert finish.needs == {"campaigns.c:create", "campaigns.c/leads:add-1", "campaigns.c/leads:add-2"}


def test_no_declared_leads_is_not_an_empty_list_of_leads() -> None:
    assert one(declared(resource("campaigns.c", **SPRING)), live(), remembered()).steps[0].members is None
    assert one(declared(resource("campaigns.c", [], **SPRING)), live(), remembered()).steps[0].members == ()


# Update


def test_an_update_sends_whole_top_level_fields_that_differ_and_no_others() -> None:
    spec: dict[str, Any] = {"name": "A", "first_message": "new", "llm_config": {"model": "m", "temperature": 1}}
    old: dict[str, Any] = {"name": "A", "first_message": "old", "llm_config": {"model": "m", "temperature": 0}}
    state = remembered(bound("assistants.a", "a1", **old))
    (step,) = one(declared(resource("assistants.a", **spec)), live(remote("assistants", "a1", **old)), state).steps
    assert (step.key, step.verb, step.id) == ("assistants.a:update", Verb.UPDATE, "a1")
    assert step.spec == {"first_message": "new", "llm_config": spec["llm_config"]}
    assert step.records == spec
    assert step.removed == ()


def test_a_field_taken_out_is_sent_as_null_and_a_nested_key_is_named_as_removed() -> None:
    old: dict[str, Any] = {"name": "A", "first_message": "Hi", "llm_config": {"model": "m", "temperature": 0}}
    stack = declared(resource("assistants.a", name="A", llm_config={"model": "m"}))
    (step,) = one(stack, live(remote("assistants", "a1", **old)), remembered(bound("assistants.a", "a1", **old))).steps
    assert step.spec == {"first_message": None, "llm_config": {"model": "m"}}
    assert step.removed == (("llm_config", "temperature"),)
    assert step.records == {"name": "A", "llm_config": {"model": "m"}}


def test_fields_that_have_to_travel_together_do() -> None:
    old: dict[str, Any] = {
        "name": "T",
        "tool_type": "function",
        "tool_config": {"name": "t", "url": "https://old.example/"},
    }
    new = {**old, "tool_config": {"name": "t", "url": "https://new.example/"}}
    state = remembered(bound("tool_templates.t", "t1", **old))
    (step,) = one(
        declared(resource("tool_templates.t", **new)), live(remote("tool_templates", "t1", **old)), state
    ).steps
    assert step.spec == {"tool_config": new["tool_config"], "tool_type": "function"}


def test_a_companion_that_nobody_declared_stays_at_home() -> None:
    old: dict[str, Any] = {"name": "T", "tool_type": "function", "tool_config": {"name": "t"}}
    stack = declared(resource("tool_templates.t", name="T", tool_config={"name": "new"}))
    (step,) = one(stack, live(remote("tool_templates", "t1", **old)), remembered(bound("tool_templates.t", "t1"))).steps
    assert step.spec == {"tool_config": {"name": "new"}}


def test_an_ignored_key_is_not_sent_when_its_block_is() -> None:
    """The live value is left alone, so it has to be the one under the declared block."""
    spec: dict[str, Any] = {"name": "A", "llm_config": {"model": "new", "temperature": 0.1}}
    old: dict[str, Any] = {"name": "A", "llm_config": {"model": "old", "temperature": 0.9}}
    stack = declared(resource("assistants.a", ignore_changes=[("llm_config", "temperature")], **spec))
    state = remembered(bound("assistants.a", "a1", name="A", llm_config={"model": "old"}))
    (step,) = one(stack, live(remote("assistants", "a1", **old)), state).steps
    assert step.spec == {"llm_config": {"model": "new"}}
    assert step.records == {"name": "A", "llm_config": {"model": "new"}}


def test_a_repointed_number_waits_for_the_new_assistant() -> None:
    stack = declared(
        resource("assistants.b", name="B"), resource("numbers.n", phone_number="+31", agent_id=ref("assistants.b"))
    )
    state = remembered(bound("numbers.n", "n1", phone_number="+31", agent_id="a1"))
    plan = one(stack, live(remote("numbers", "n1", phone_number="+31", agent_id="a1")), state)
    assert needs(plan, "numbers.n:update") == {"assistants.b:create"}


# What state has to learn


def test_nothing_to_do_is_no_step() -> None:
    state = remembered(bound("assistants.a", "a1", name="A"))
    assert (
        one(declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A")), state).steps == ()
    )


def test_an_adopted_object_that_is_as_declared_is_only_bound() -> None:
    stack = declared(resource("assistants.a", name="A", prevent_destroy=True))
    (step,) = one(stack, live(remote("assistants", "a1", name="A")), remembered()).steps
    assert (step.key, step.verb, step.id) == ("assistants.a:bind", Verb.BIND, "a1")
    assert (step.records, step.protected, step.moved_from) == ({"name": "A"}, True, None)


def test_an_adopted_object_that_differs_is_bound_before_it_is_changed() -> None:
    """What is bound but not yet changed is remembered as it was: a run that dies in between has applied nothing."""
    stack = declared(resource("assistants.a", name="A", first_message="Hi"))
    plan = one(stack, live(remote("assistants", "a1", name="A")), remembered())
    assert keys(plan) == ["assistants.a:bind", "assistants.a:update"]
    assert step_of(plan, "assistants.a:bind").records is None
    assert needs(plan, "assistants.a:update") == {"assistants.a:bind"}


def test_a_moved_object_is_bound_anew_and_nothing_is_written() -> None:
    stack = declared(resource("assistants.b", name="A"), moved=[("assistants.a", "assistants.b")])
    state = remembered(bound("assistants.a", "a1", name="A"))
    (step,) = one(stack, live(remote("assistants", "a1", name="A")), state).steps
    assert (step.key, step.verb, step.moved_from) == ("assistants.b:bind", Verb.BIND, at("assistants.a"))


@pytest.mark.parametrize(
    ("applied", "more", "learns"),
    [
        ({"name": "A"}, {}, False),
        ({"name": "Old"}, {}, True),  # somebody changed it to what is declared now
        ({"name": "A", "stt_config": {"model": "m"}}, {}, True),  # released
        ({"name": "A"}, {"prevent_destroy": True}, True),
    ],
)
def test_state_is_told_what_it_does_not_know_yet(applied: dict[str, Any], more: dict[str, Any], learns: bool) -> None:
    stack = declared(resource("assistants.a", name="A", **more))
    state = remembered(bound("assistants.a", "a1", **applied))
    plan = one(stack, live(remote("assistants", "a1", name="A", stt_config={"model": "m"})), state)
    assert keys(plan) == (["assistants.a:bind"] if learns else [])


@pytest.mark.parametrize(("print_", "steps"), [("f1", []), ("f2", ["assistants.a:update"])])
def test_a_secret_that_was_applied_is_nothing_to_learn(print_: str, steps: list[str]) -> None:
    stack = declared(resource("assistants.a", name="A", webhook_secret=Secret("hook", "v", print_)))
    state = remembered(bound("assistants.a", "a1", name="A", webhook_secret=HOOK))
    assert keys(one(stack, live(remote("assistants", "a1", name="A")), state)) == steps


def test_a_fingerprint_is_learned_once_there_is_a_key() -> None:
    stack = declared(resource("assistants.a", name="A", webhook_secret=Secret("hook", "v", "f1")))
    state = remembered(bound("assistants.a", "a1", name="A", webhook_secret={"$secret": "hook", "fingerprint": None}))
    assert keys(one(stack, live(remote("assistants", "a1", name="A")), state)) == ["assistants.a:bind"]


def test_what_an_update_will_remember_needs_no_bind() -> None:
    stack = declared(resource("assistants.a", name="A", first_message="Hi", prevent_destroy=True))
    state = remembered(bound("assistants.a", "a1", name="Old"))
    assert keys(one(stack, live(remote("assistants", "a1", name="Old")), state)) == ["assistants.a:update"]


def test_references_are_remembered_as_ids() -> None:
    stack = declared(
        resource("assistants.a", name="A"), resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"))
    )
    snapshot = live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31", agent_id="a1"))
    known = (bound("assistants.a", "a1", name="A"), bound("numbers.n", "n1", phone_number="+31", agent_id="a1"))
    assert one(stack, snapshot, remembered(*known)).steps == ()


# Members


def campaign(stack: Stack, state: State, *leads: Any, status: str = "draft") -> Plan:
    return one(stack, live(remote("campaigns", "c1", **SPRING, status=status), leads={"c1": leads}), state)


def test_leads_are_removed_and_added_under_the_campaign_that_is_there() -> None:
    state = remembered(bound("campaigns.c", "c1", ANNA, **SPRING))
    plan = campaign(declared(resource("campaigns.c", [BEN], **SPRING)), state, lead("l1", "+31201234567"))
    assert keys(plan) == ["campaigns.c/leads:remove-l1", "campaigns.c/leads:add-1"]
    remove, add = plan.steps
    assert (remove.verb, remove.id, remove.member) == (Verb.DELETE, "l1", True)
    assert remove.spec["phone_number"] == "+31201234567"
    assert (add.verb, add.id, add.spec, add.member) == (Verb.CREATE, "c1", BEN, True)
    assert add.needs == frozenset()


@pytest.mark.parametrize("declared_as", ["+31201234567", "0031 20 123 4567", "+31 (0)20-1234567"])
@pytest.mark.parametrize("live_as", ["+31201234567", "0031201234567", "+31 (0)20 123 4567"])
def test_the_same_number_leaves_before_it_comes_back_in_any_spelling(declared_as: str, live_as: str) -> None:
    """Whether a campaign takes the same number twice is not known."""
    state = remembered(bound("campaigns.c", "c1", ANNA, BEN, **SPRING))
    again = {"phone_number": declared_as, "variables": {"a": "1"}}
    stack = declared(resource("campaigns.c", [again, CARL], **SPRING))
    plan = campaign(stack, state, lead("l1", live_as), lead("l2", "+31207654321"))
    assert needs(plan, "campaigns.c/leads:add-1") == {"campaigns.c/leads:remove-l1"}
    assert needs(plan, "campaigns.c/leads:add-2") == set()


def test_a_campaign_begins_to_dial_once_everybody_is_on_the_list() -> None:
    state = remembered(bound("campaigns.c", "c1", **SPRING))
    plan = campaign(declared(resource("campaigns.c", [ANNA], **SPRING, status="scheduled")), state)
    assert keys(plan) == ["campaigns.c/leads:add-1", "campaigns.c:update"]
    assert needs(plan, "campaigns.c:update") == {"campaigns.c/leads:add-1"}


def test_a_campaign_that_is_paused_stops_before_its_leads_change() -> None:
    state = remembered(bound("campaigns.c", "c1", ANNA, **SPRING))
    stack = declared(resource("campaigns.c", [BEN], **SPRING, status="paused"))
    plan = campaign(stack, state, lead("l1", "+31201234567"), status="scheduled")
    assert keys(plan)[0] == "campaigns.c:update"
    assert needs(plan, "campaigns.c/leads:remove-l1") == {"campaigns.c:update"}
    assert needs(plan, "campaigns.c/leads:add-1") == {"campaigns.c:update"}


def test_an_adopted_campaign_counts_the_declared_leads_that_are_there_as_ours() -> None:
    plan = campaign(
        declared(resource("campaigns.c", [ANNA, BEN], **SPRING)),
        remembered(),
        lead("l1", "+31201234567"),
        lead("l9", "+31699999999"),
    )
    bind = step_of(plan, "campaigns.c:bind")
    assert bind.members == (ANNA,)
    assert needs(plan, "campaigns.c/leads:add-1") == {"campaigns.c:bind"}


def test_a_campaign_whose_leads_nobody_declared_keeps_what_state_counts() -> None:
    stack = declared(resource("campaigns.b", **SPRING), moved=[("campaigns.c", "campaigns.b")])
    plan = campaign(stack, remembered(bound("campaigns.c", "c1", ANNA, **SPRING)), lead("l1", "+31201234567"))
    assert step_of(plan, "campaigns.b:bind").members is None


def test_leads_that_are_about_to_be_removed_are_ours_until_they_are() -> None:
    """Were the run to die after the bind, the next one would take them for somebody else's and call them."""
    stack = declared(resource("campaigns.b", [BEN], **SPRING), moved=[("campaigns.c", "campaigns.b")])
    state = remembered(bound("campaigns.c", "c1", ANNA, BEN, **SPRING))
    plan = campaign(stack, state, lead("l1", "+31201234567"), lead("l2", "+31207654321"))
    members = step_of(plan, "campaigns.b:bind").members
    assert members is not None
    assert sorted(map(mark, members)) == sorted([mark(ANNA), mark(BEN)])
    assert needs(plan, "campaigns.b/leads:remove-l1") == {"campaigns.b:bind"}


def test_leads_found_again_are_settled_before_a_bind_claims_the_rest() -> None:
    found = PendingCreate(
        "campaigns.c/leads:add-1", at("campaigns.c"), "campaigns", (mark(ANNA),), {}, frozenset(), NOW, "c1"
    )
    state = remembered(bound("campaigns.c", "c1", **SPRING), intents=(found,))
    plan = campaign(declared(resource("campaigns.c", [ANNA], **SPRING)), state, lead("l1", "+31201234567"))
    assert keys(plan) == ["campaigns.c/leads:add-1:settle", "campaigns.c:bind"]
    assert plan.steps[0].settles == "campaigns.c/leads:add-1"
    assert plan.steps[1].members == (ANNA,)


# Replace


def trunk_replaced(**more: Any) -> Plan:
    stack = declared(
        resource("sip_trunks.t", **{**TRUNK, "address": "sip.new"}),
        resource("numbers.n", phone_number="+31", transfer_trunk_id=ref("sip_trunks.t")),
        resource("numbers.m", phone_number="+32", transfer_trunk_id=ref("sip_trunks.t"), **more),
        resource("numbers.x", phone_number="+33"),
    )
    numbers = {"n": "+31", "m": "+32", "x": "+33"}
    uses: dict[str, Any] = {"transfer_trunk_id": "t1"}
    snapshot = live(
        remote("sip_trunks", "t1", **TRUNK),
        *(
            remote("numbers", key, phone_number=number, **(uses if key != "x" else {}))
            for key, number in numbers.items()
        ),
    )
    state = remembered(
        bound("sip_trunks.t", "t1", **TRUNK),
        *(bound(f"numbers.{k}", k, phone_number=number, **(uses if k != "x" else {})) for k, number in numbers.items()),
    )
    return one(stack, snapshot, state)


def test_a_trunk_is_replaced_by_create_repoint_delete() -> None:
    plan = trunk_replaced()
    assert keys(plan) == [
        "sip_trunks.t:create",
        "numbers.m:update",
        "numbers.n:update",
        "sip_trunks.t:delete-old",
    ]
    create, old = step_of(plan, "sip_trunks.t:create"), step_of(plan, "sip_trunks.t:delete-old")
    assert (create.spec["address"], create.deposes) == ("sip.new", "t1")
    assert (old.verb, old.id, old.deposes) == (Verb.DELETE, "t1", "t1")
    assert step_of(plan, "numbers.n:update").spec == {"transfer_trunk_id": ref("sip_trunks.t")}
    assert needs(plan, "numbers.n:update") == {"sip_trunks.t:create"}
    assert old.needs == {"sip_trunks.t:create", "numbers.m:update", "numbers.n:update"}


def test_a_campaign_is_deleted_before_its_successor_is_made_and_started() -> None:
    """Whatever happens to its list until then counts for the new one."""
    many = [{"phone_number": f"+316{i:08}", "variables": {}} for i in range(1001)]
    stack = declared(resource("campaigns.c", many, **{**SPRING, "agent_id": "a2"}, status="scheduled"))
    plan = campaign(stack, remembered(bound("campaigns.c", "c1", **SPRING)))
    assert keys(plan) == [
        "campaigns.c:delete-old",
        "campaigns.c:create",
        "campaigns.c/leads:add-1",
        "campaigns.c:finish",
    ]
    assert needs(plan, "campaigns.c:create") == {"campaigns.c:delete-old"}
    assert step_of(plan, "campaigns.c:finish").starts
    assert step_of(plan, "campaigns.c:finish").calls == 1001
    assert step_of(plan, "campaigns.c:create").deposes is None
    assert step_of(plan, "campaigns.c/leads:add-1").id is None


def test_what_still_dials_is_paused_before_it_goes_and_the_new_one_starts_after_that() -> None:
    """Never do two campaigns dial the same people, wherever the run is killed and whatever DELETE is answered."""
    stack = declared(resource("campaigns.c", [ANNA], **{**SPRING, "agent_id": "a2"}, status="scheduled"))
    plan = campaign(stack, remembered(bound("campaigns.c", "c1", **SPRING)), status="scheduled")
    assert keys(plan) == ["campaigns.c:pause-old", "campaigns.c:delete-old", "campaigns.c:create", "campaigns.c:finish"]
    pause = step_of(plan, "campaigns.c:pause-old")
    assert (pause.id, pause.spec, pause.records) == ("c1", {"status": "paused"}, None)
    assert pause.expects == (FieldChange(("status",), "scheduled", "scheduled"),)
    assert step_of(plan, "campaigns.c:delete-old").expects == (FieldChange(("status",), "paused", "paused"),)
    assert needs(plan, "campaigns.c:delete-old") == {"campaigns.c:pause-old"}
    assert "campaigns.c:delete-old" in needs(plan, "campaigns.c:finish")


def test_a_campaign_starts_after_every_other_that_goes_away() -> None:
    stack = declared(resource("campaigns.c", [ANNA], **SPRING, status="scheduled"))
    old = remote("campaigns", "c1", **{**SPRING, "name": "Old"}, status="scheduled")
    plan = one(stack, live(old), remembered(bound("campaigns.old", "c1", **{**SPRING, "name": "Old"})))
    assert keys(plan)[-2:] == ["campaigns.old:delete", "campaigns.c:finish"]


def test_a_number_takes_the_place_of_another_once_that_one_is_free() -> None:
    """1 becomes 2 and 2 becomes 3: the second has to move first."""
    stack = declared(
        resource("numbers.a", phone_number="+31202222222"), resource("numbers.b", phone_number="+31203333333")
    )
    there = live(
        remote("numbers", "n1", phone_number="+31201111111"), remote("numbers", "n2", phone_number="+31202222222")
    )
    state = remembered(
        bound("numbers.a", "n1", phone_number="+31201111111"), bound("numbers.b", "n2", phone_number="+31202222222")
    )
    plan = one(stack, there, state)
    assert "numbers.b:delete-old" in needs(plan, "numbers.a:create")
    assert keys(plan) == ["numbers.b:create", "numbers.b:delete-old", "numbers.a:create", "numbers.a:delete-old"]


def test_an_object_that_is_moved_and_replaced_at_once_is_moved_first() -> None:
    """Else state would keep the old address, and the next plan would find both bound."""
    stack = declared(
        resource("sip_trunks.new", **{**TRUNK, "address": "sip.new"}), moved=[("sip_trunks.old", "sip_trunks.new")]
    )
    state = remembered(bound("sip_trunks.old", "t1", **TRUNK))
    plan = one(stack, live(remote("sip_trunks", "t1", **TRUNK)), state)
    assert keys(plan) == ["sip_trunks.new:bind", "sip_trunks.new:create", "sip_trunks.new:delete-old"]
    bind = step_of(plan, "sip_trunks.new:bind")
    assert (bind.id, bind.moved_from, bind.records) == ("t1", at("sip_trunks.old"), None)
    assert needs(plan, "sip_trunks.new:create") == {"sip_trunks.new:bind"}


def test_an_object_that_is_moved_and_gone_is_forgotten_under_its_old_address() -> None:
    stack = declared(resource("assistants.b", name="A"), moved=[("assistants.a", "assistants.b")])
    plan = one(stack, live(), remembered(bound("assistants.a", "a1", name="A")))
    assert keys(plan) == ["assistants.a:forget", "assistants.b:create"]
    forget = step_of(plan, "assistants.a:forget")
    assert (forget.verb, forget.address, forget.id) == (Verb.FORGET, at("assistants.a"), "a1")
    assert needs(plan, "assistants.b:create") == {"assistants.a:forget"}


# Delete and forget


def test_a_delete_waits_until_nobody_uses_the_object_any_more() -> None:
    snapshot = live(
        remote("assistants", "a1", name="A"),
        remote("numbers", "n1", phone_number="+31", agent_id="a1"),
        remote("numbers", "n2", phone_number="+32", agent_id="a1"),
        remote("campaigns", "c1", **SPRING),
    )
    state = remembered(
        bound("assistants.a", "a1", name="A"),
        bound("numbers.stays", "n1", phone_number="+31", agent_id="a1"),
        bound("numbers.goes", "n2", phone_number="+32", agent_id="a1"),
        bound("campaigns.c", "c1", **SPRING),
    )
    plan = one(declared(resource("numbers.stays", phone_number="+31")), snapshot, state)
    assert step_of(plan, "numbers.stays:update").spec == {"agent_id": None}
    assert needs(plan, "assistants.a:delete") == {"numbers.stays:update", "numbers.goes:delete", "campaigns.c:delete"}
    delete = step_of(plan, "assistants.a:delete")
    assert (delete.verb, delete.id, delete.spec, delete.deposes) == (Verb.DELETE, "a1", EMPTY, None)


def test_an_update_that_keeps_the_reference_is_not_waited_for() -> None:
    """Such a plan is refused by a guard; that is not the business of the order."""
    snapshot = live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31", agent_id="a1"))
    state = remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1", phone_number="+31"))
    plan = one(declared(resource("numbers.n", phone_number="+31", is_active=True)), snapshot, state)
    assert needs(plan, "assistants.a:delete") == set()


def test_what_is_forgotten_is_only_forgotten() -> None:
    state = remembered(bound("assistants.a", "a1"), bound("assistants.b", "b1"))
    plan = one(declared(removed=["assistants.a"]), live(remote("assistants", "a1", name="A")), state)
    assert [(step.key, step.verb, step.id) for step in plan.steps] == [
        ("assistants.a:forget", Verb.FORGET, "a1"),
        ("assistants.b:forget", Verb.FORGET, "b1"),
    ]


def test_what_a_replace_left_behind_is_deleted_or_forgotten() -> None:
    state = remembered(
        bound("sip_trunks.t", "t3", **TRUNK),
        deposed=(Deposed(at("sip_trunks.t"), "t1"), Deposed(at("sip_trunks.t"), "t2")),
    )
    snapshot = live(remote("sip_trunks", "t3", **TRUNK), remote("sip_trunks", "t2", **TRUNK))
    plan = one(declared(resource("sip_trunks.t", **TRUNK)), snapshot, state)
    assert {(step.key, step.verb, step.deposes) for step in plan.steps} == {
        ("sip_trunks.t:forget-t1", Verb.FORGET, "t1"),
        ("sip_trunks.t:delete-t2", Verb.DELETE, "t2"),
    }


# Creates of earlier runs


def test_a_create_found_again_is_settled_before_anything_else_happens_to_it() -> None:
    intent = replace(open_create("assistants.a", "A", name="A"), protected=True)
    stack = declared(resource("assistants.a", name="A", first_message="Hi", notification_emails=["a@b.example"]))
    plan = one(stack, live(remote("assistants", "a1", name="A")), remembered(intents=(intent,)))
    assert keys(plan) == ["assistants.a:settle", "assistants.a:update"]
    settle = plan.steps[0]
    assert (settle.verb, settle.id, settle.settles, settle.protected) == (Verb.BIND, "a1", intent.step, True)
    assert settle.records == {"name": "A"}


def test_a_create_found_again_that_is_not_wanted_any_more_is_settled_and_deleted() -> None:
    intent = open_create("assistants.a", "A", name="A")
    plan = one(declared(), live(remote("assistants", "a1", name="A")), remembered(intents=(intent,)))
    assert keys(plan) == ["assistants.a:settle", "assistants.a:delete"]


def test_a_replace_that_was_cut_short_goes_on_where_it_stopped() -> None:
    new = {**TRUNK, "address": "sip.new"}
    intent = replace(open_create("sip_trunks.t", "VoIP", **new), deposes="t1", before=frozenset({"t1"}))
    stack = declared(
        resource("sip_trunks.t", **new),
        resource("numbers.n", phone_number="+31", transfer_trunk_id=ref("sip_trunks.t")),
    )
    snapshot = live(
        remote("sip_trunks", "t1", **TRUNK),
        remote("sip_trunks", "t2", **new),
        remote("numbers", "n1", phone_number="+31", transfer_trunk_id="t1"),
    )
    number = bound("numbers.n", "n1", phone_number="+31", transfer_trunk_id="t1")
    plan = one(stack, snapshot, remembered(bound("sip_trunks.t", "t1", **TRUNK), number, intents=(intent,)))
    assert keys(plan) == ["sip_trunks.t:settle", "numbers.n:update", "sip_trunks.t:delete-t1"] or keys(plan) == [
        "numbers.n:update",
        "sip_trunks.t:settle",
        "sip_trunks.t:delete-t1",
    ]
    assert step_of(plan, "sip_trunks.t:settle").deposes == "t1"
    assert step_of(plan, "numbers.n:update").spec == {"transfer_trunk_id": "t2"}
    assert needs(plan, "sip_trunks.t:delete-t1") == {"sip_trunks.t:settle", "numbers.n:update"}

"""The planner: Stack, Snapshot and State in, one Plan out, the same for the same readings."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import (
    LINE,
    NOW,
    SPRING,
    TRUNK,
    at,
    bound,
    change_of,
    declared,
    doubt,
    keys,
    lead,
    live,
    open_create,
    planned,
    ref,
    remembered,
    remote,
    resource,
    step_of,
)

from hmsplan.errors import ConfigError, PlanError
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.kinds import KINDS
from hmsplan.model import (
    Action,
    Deposed,
    Diagnostic,
    Plan,
    ResourceChange,
    Secret,
    Severity,
    Snapshot,
    SourceLine,
    Topic,
)
from hmsplan.output.text import render_plan
from hmsplan.planner.inputs import kinds_in_use, kinds_to_consult, wanted_details

if TYPE_CHECKING:
    from hmsplan.model import Stack, State

ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {"name": "Anna"}}
BEN: dict[str, Any] = {"phone_number": "+31207654321", "variables": {}}


def actions(plan: Plan) -> dict[str, str]:
    return {str(change.address): str(change.action) for change in plan.changes}


def everything() -> tuple[Stack, Snapshot, State]:
    """Three readings from which every action follows."""
    stack = declared(
        resource("assistants.same", name="Same"),
        resource("assistants.changed", name="New"),
        resource("assistants.found", name="Found"),
        resource("assistants.made", name="Made", llm_config={"provider": "p", "model": "m", "tools": [{"name": "t"}]}),
        resource("assistants.after", name="Moved"),
        resource("sip_trunks.t", **{**TRUNK, "address": "sip.new"}),
        resource(
            "numbers.n", phone_number="+31", agent_id=ref("assistants.made"), transfer_trunk_id=ref("sip_trunks.t")
        ),
        resource("campaigns.c", [ANNA, BEN], **SPRING),
        moved=[("assistants.before", "assistants.after")],
        removed=["assistants.let_go"],
    )
    snapshot = live(
        *(remote("assistants", key, name=key.title()) for key in ("same", "found", "moved", "left", "let_go")),
        remote("assistants", "changed", name="Old"),
        remote("sip_trunks", "t1", **TRUNK),
        remote("numbers", "n1", phone_number="+31", agent_id="same", transfer_trunk_id="t1"),
        remote("campaigns", "c1", **SPRING),
        leads={"c1": [lead("l1", "+31611111111")]},
    )
    state = remembered(
        bound("assistants.same", "same", name="Same"),
        bound("assistants.changed", "changed", name="Old"),
        bound("assistants.before", "moved", name="Moved"),
        bound("assistants.left", "left", name="Left"),
        bound("assistants.let_go", "let_go"),
        bound("sip_trunks.t", "t1", **TRUNK),
        bound("numbers.n", "n1", phone_number="+31", agent_id="same", transfer_trunk_id="t1"),
        bound("campaigns.c", "c1", {"phone_number": "+31611111111"}, **SPRING),
        deposed=(Deposed(at("sip_trunks.t"), "t0"),),
    )
    return stack, snapshot, state


# Actions


def test_every_action_follows_from_the_three_readings() -> None:
    plan = planned(*everything())
    assert [(str(c.address), str(c.action), c.deposed) for c in plan.changes] == [
        ("assistants.after", "no-op", False),
        ("assistants.changed", "update", False),
        ("assistants.found", "adopt", False),
        ("assistants.left", "delete", False),
        ("assistants.let_go", "forget", False),
        ("assistants.made", "create", False),
        ("assistants.same", "no-op", False),
        ("campaigns.c", "update", False),
        ("numbers.n", "update", False),
        ("sip_trunks.t", "replace", False),
        ("sip_trunks.t", "forget", True),
    ]
    assert change_of(plan, "assistants.after").moved_from == at("assistants.before")


def test_the_plan_says_which_readings_it_was_made_from() -> None:
    stack = declared(resource("assistants.a", name="A"), warnings=(warning := Diagnostic("W", "d"),))
    snapshot = replace(live(), organization="org", requests=4)
    plan = planned(stack, snapshot, remembered(organization="old"), targets=["assistants.a"])
    assert (plan.stack, plan.environment, plan.organization) == ("acme", "default", "org")
    assert (plan.lineage, plan.serial, plan.requests) == (remembered().lineage, 7, 4)
    assert (plan.warnings, plan.targets, plan.destroy) == ((warning,), ("assistants.a",), False)
    assert planned(stack, live(), remembered(organization="old")).organization == "old"


def test_unmanaged_objects_are_never_touched() -> None:
    plan = planned(declared(), live(remote("assistants", "a1", name="A")), remembered())
    assert (plan.changes, plan.steps) == ((), ())


def test_an_object_deleted_outside_is_made_again_and_says_why() -> None:
    plan = planned(
        declared(resource("assistants.a", name="A")), live(), remembered(bound("assistants.a", "a1", name="A"))
    )
    change = change_of(plan, "assistants.a")
    assert (change.action, change.id, change.reason) == (Action.CREATE, None, "deleted outside hmsplan")


def test_what_is_gone_and_not_declared_is_forgotten() -> None:
    change = change_of(planned(declared(), live(), remembered(bound("assistants.a", "a1"))), "assistants.a")
    assert (change.action, change.id, change.reason) == (Action.FORGET, "a1", "already gone")


@pytest.mark.parametrize(
    "fields",
    [
        {"registration": {"authPassword": "c4nary"}},
        {"headers": {"X-Auth": "c4nary"}},
        {"hook": "https://u:c4nary@example.com"},
        {"api_keys": ["c4nary"]},
    ],
    ids=str,
)
def test_a_delete_shows_no_secret_that_only_its_name_gives_away(fields: dict[str, Any]) -> None:
    """All of the object is shown, also fields that nobody declared and no schema knows."""
    state = remembered(bound("sip_trunks.old", "t1", name="T"))
    plan = planned(declared(), live(remote("sip_trunks", "t1", name="T", **fields)), state)
    assert "c4nary" not in render_plan(plan, width=80, color=False)
    assert b"c4nary" not in plan_to_bytes(plan)
    assert b"(sensitive value)" in plan_to_bytes(plan)


def test_a_delete_shows_what_is_lost() -> None:
    plan = planned(declared(), live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    change = change_of(plan, "assistants.a")
    assert (change.action, change.before["name"], change.after) == (Action.DELETE, "A", {})


def test_an_adoption_is_a_visible_change_with_its_reason() -> None:
    plan = planned(declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A")))
    assert change_of(plan, "assistants.a").reason == "the only live object with the name 'A'"
    assert len(plan.pending) == 1


def test_what_cannot_be_told_apart_is_an_error_and_no_plan() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    with pytest.raises(PlanError, match="a1, a2") as error:
        planned(declared(resource("assistants.a", name="A")), snapshot)
    assert error.value.diagnostics[0].source == LINE


def test_references_resolve_to_what_is_there_and_wait_for_what_is_made() -> None:
    plan = planned(*everything())
    fields = {change.path[0]: change.after for change in change_of(plan, "numbers.n").fields}
    assert fields == {"agent_id": ref("assistants.made"), "transfer_trunk_id": ref("sip_trunks.t")}


def test_whoever_refers_to_what_is_gone_waits_for_the_new_one() -> None:
    stack = declared(
        resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a")), resource("assistants.a", name="A")
    )
    state = remembered(
        bound("assistants.a", "a1", name="A"), bound("numbers.n", "n1", phone_number="+31", agent_id="a1")
    )
    plan = planned(stack, live(remote("numbers", "n1", phone_number="+31", agent_id="a1")), state)
    assert actions(plan) == {"assistants.a": "create", "numbers.n": "update"}
    assert step_of(plan, "numbers.n:update").needs == {"assistants.a:create"}


# What a create needs


@pytest.mark.parametrize(
    ("spec", "missing"),
    [
        ({"llm_config": {"temperature": 1}}, "llm_config needs provider and model"),
        ({"stt_config": {"provider": "deepgram", "model": "nova-3"}}, "stt_config needs language"),
        ({"recording_consent": {"enabled": True}}, "recording_consent needs message"),
    ],
)
def test_a_create_names_what_it_lacks(spec: dict[str, Any], missing: str) -> None:
    with pytest.raises(ConfigError) as error:
        planned(declared(resource("assistants.a", name="A", **spec)))
    assert [(problem.summary, problem.detail) for problem in error.value.diagnostics] == [
        ("Missing field", f"assistants.a does not exist yet, and to create it {missing}.")
    ]


def test_a_key_that_is_stored_may_be_declared_without_its_value() -> None:
    """No answer shows it, so an exported stack cannot know it; a new one has to be given."""
    stack = declared(resource("byok_keys.k", provider="openai"))
    snapshot = live(remote("byok_keys", "openai", provider="openai", secret_id="x"))
    assert actions(planned(stack, snapshot)) == {"byok_keys.k": "adopt"}
    with pytest.raises(ConfigError) as error:
        planned(stack, live())
    assert error.value.diagnostics == (
        Diagnostic(
            "Missing field",
            "byok_keys.k does not exist yet, and to create it a provider key needs api_key.",
            LINE,
            at("byok_keys.k"),
        ),
    )


def test_what_a_create_needs_may_be_left_to_the_object_that_is_there() -> None:
    stack = declared(resource("assistants.a", name="A", llm_config={"temperature": 1}, tts_config=None))
    snapshot = live(remote("assistants", "a1", name="A", llm_config={"provider": "p", "model": "m"}))
    assert actions(planned(stack, snapshot)) == {"assistants.a": "adopt"}


def test_every_lack_is_told_at_once_at_the_line_of_its_block() -> None:
    def locate(path: Any, line: int = 0) -> SourceLine:  # noqa: ARG001 -- what a Locate is called with
        return SourceLine("x.yaml", len(path) + 1)

    one = resource("assistants.a", name="A", llm_config={}, tts_config={"provider": "p"}, locate=locate)
    with pytest.raises(ConfigError) as error:
        planned(declared(one, resource("assistants.b", name="B", llm_config={})))
    found = error.value.diagnostics
    assert [(d.address, d.path) for d in found] == [
        (at("assistants.a"), ("llm_config",)),
        (at("assistants.a"), ("tts_config",)),
        (at("assistants.b"), ("llm_config",)),
    ]
    assert [d.source for d in found] == [SourceLine("x.yaml", 2), SourceLine("x.yaml", 2), LINE]


# Creates of earlier runs


def test_an_unsettled_create_plans_nothing_for_its_address() -> None:
    intent = open_create("assistants.a", "A", name="A")
    stack = declared(
        resource("assistants.a", name="A"), resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"))
    )
    plan = planned(stack, live(), remembered(intents=(intent,)))
    assert plan.unsettled == (doubt(intent, (), 30.0),)
    assert actions(plan) == {"numbers.n": "create"}


def test_a_create_that_never_happened_is_planned_again_and_its_intent_decided() -> None:
    intent = open_create("assistants.a", "A", age_s=60, name="A")
    plan = planned(declared(resource("assistants.a", name="A")), live(), remembered(intents=(intent,)))
    assert (keys(plan), plan.decided, plan.unsettled) == (["assistants.a:create"], ("assistants.a:create",), ())


def test_the_second_half_of_a_replace_found_again_deletes_the_old_object() -> None:
    new = {**TRUNK, "address": "sip.new"}
    intent = replace(open_create("sip_trunks.t", "VoIP", **new), deposes="t1", before=frozenset({"t1"}))
    snapshot = live(remote("sip_trunks", "t1", **TRUNK), remote("sip_trunks", "t2", **new))
    plan = planned(
        declared(resource("sip_trunks.t", **new)), snapshot, remembered(bound("sip_trunks.t", "t1"), intents=(intent,))
    )
    assert [(c.action, c.id, c.deposed) for c in plan.changes] == [
        (Action.ADOPT, "t2", False),
        (Action.DELETE, "t1", True),
    ]


# What goes with what goes away


def test_a_campaign_that_is_deleted_says_how_many_leads_go_with_it() -> None:
    leads = [lead("l1", "+31201234567"), lead("l2", "+31207654321", status="completed")]
    campaign = remote("campaigns", "c1", **SPRING, total_leads=2)
    other = remote("campaigns", "c2", **SPRING, total_leads=7, completed_leads=3, failed_leads=1)
    replaced = (Deposed(at("campaigns.old"), "c2"), Deposed(at("campaigns.older"), "c3"))
    plan = planned(
        declared(),
        live(campaign, other, leads={"c1": leads}),
        remembered(bound("campaigns.c", "c1"), deposed=replaced),
    )
    assert {str(change.address): change.notes for change in plan.changes} == {
        "campaigns.c": ("its 2 leads go with it, 1 of them still to be called",),
        "campaigns.old": ("its 7 leads go with it, at most 3 of them still to be called",),
        "campaigns.older": (),  # gone already
    }


def test_who_was_in_a_campaign_that_somebody_deleted_is_not_called_by_its_next_create_unasked() -> None:
    stack = declared(resource("campaigns.c", [ANNA, BEN], **SPRING))
    plan = planned(stack, live(), remembered(bound("campaigns.c", "c1", ANNA, **SPRING)))
    assert actions(plan) == {"campaigns.c": "create"}
    assert [(str(refusal.risk), refusal.reason) for refusal in plan.refusals] == [
        (
            "recall",
            "1 person whom hmsplan added was taken off the list since, perhaps on request, and would be added again",
        )
    ]


def test_what_has_no_members_says_nothing_of_them() -> None:
    plan = planned(declared(), live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    assert change_of(plan, "assistants.a").notes == ()


def test_what_cannot_be_deleted_is_forgotten_and_says_that_it_stays() -> None:
    settings = remote("organization", "o1", content_retention_days=30)
    plan = planned(declared(), live(settings), remembered(bound("organization.main", "o1", content_retention_days=30)))
    change = change_of(plan, "organization.main")
    assert (change.action, change.id) == (Action.FORGET, "o1")
    assert change.reason == "no organization can be deleted; its settings stay as they are"


# Who would still use it


def test_a_user_that_does_not_declare_the_field_is_told_what_to_declare() -> None:
    number = {"phone_number": "+31201234567", "agent_id": "a1"}
    plan = planned(
        declared(resource("numbers.n", phone_number="+31201234567")),
        live(remote("assistants", "a1", name="A"), remote("numbers", "n1", **number)),
        remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1", phone_number="+31201234567")),
    )
    assert [refusal.reason for refusal in plan.refusals] == [
        (
            "still used by numbers.n (n1), whose agent_id is not declared and stays as it is: declare it there again "
            "without assistants.a, and plan again"
        )
    ]


def test_a_user_that_is_not_managed_is_told_by_what_people_call_it() -> None:
    plan = planned(
        declared(),
        live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31201234567", agent_id="a1")),
        remembered(bound("assistants.a", "a1")),
    )
    assert [refusal.reason for refusal in plan.refusals] == ["still used by number +31201234567 (not managed)"]


def test_while_the_second_half_of_a_replace_is_open_its_users_wait_for_the_new_object() -> None:
    """The id that the state has is that of the old one, which is about to be deleted."""
    new = {**TRUNK, "address": "sip.new"}
    intent = replace(open_create("sip_trunks.t", "VoIP", **new), deposes="t1", before=frozenset({"t1"}))
    number: dict[str, Any] = {"phone_number": "+31", "transfer_trunk_id": "t1"}
    plan = planned(
        declared(
            resource("sip_trunks.t", **new),
            resource("numbers.n", phone_number="+31", transfer_trunk_id=ref("sip_trunks.t")),
        ),
        live(remote("sip_trunks", "t1", **TRUNK), remote("numbers", "n1", **number)),
        remembered(bound("sip_trunks.t", "t1", **TRUNK), bound("numbers.n", "n1", **number), intents=(intent,)),
    )
    assert actions(plan) == {"numbers.n": "update"}
    assert change_of(plan, "numbers.n").after["transfer_trunk_id"] == ref("sip_trunks.t")


# Secrets that are sent again


def secretive(*names: str) -> tuple[Stack, Snapshot, State]:
    """Assistants with a secret, as they were applied."""
    return (
        declared(*(resource(f"assistants.{n}", name=n, webhook_secret=Secret("hook", "v", "f")) for n in names)),
        live(*(remote("assistants", f"{n}1", name=n, webhook_secret="***") for n in names)),
        remembered(
            *(
                bound(f"assistants.{n}", f"{n}1", name=n, webhook_secret={"$secret": "hook", "fingerprint": "f"})
                for n in names
            )
        ),
    )


def test_secrets_are_sent_again_to_the_address_that_was_asked_for_and_no_other() -> None:
    plan = planned(*secretive("desk", "night"), resend=("assistants.d*",))
    assert actions(plan) == {"assistants.desk": "update", "assistants.night": "no-op"}
    assert change_of(plan, "assistants.desk").notes == ("--resend: its secrets are sent again",)
    assert plan.resend == ("assistants.d*",)


def test_to_send_again_what_has_no_secret_is_a_mistake() -> None:
    with pytest.raises(PlanError) as error:
        planned(*secretive("desk"), resend=("assistants.desk", "assistants.dek", "sip_*"))
    assert [(each.summary, each.detail) for each in error.value.diagnostics] == [
        (
            "Nothing to send again",
            "--resend assistants.dek: no declared resource of that address has a secret. Did you mean assistants.desk?",
        ),
        (
            "Nothing to send again",
            "--resend sip_*: no declared resource of that address has a secret. Those that have: assistants.desk.",
        ),
    ]


# Targets


def test_a_target_takes_along_what_it_refers_to_and_nothing_else() -> None:
    plan = planned(*everything(), targets=["numbers.n"])
    assert sorted(actions(plan)) == ["assistants.made", "numbers.n", "sip_trunks.t"]
    assert not [step for step in plan.steps if step.address.key not in {"made", "n", "t"}]


def test_what_two_targets_share_is_planned_once() -> None:
    plan = planned(*everything(), targets=["numbers.n", "sip_trunks.t"])
    assert sorted(actions(plan)) == ["assistants.made", "numbers.n", "sip_trunks.t"]


def test_a_target_may_be_something_that_is_to_be_deleted() -> None:
    assert actions(planned(*everything(), targets=["assistants.left"])) == {"assistants.left": "delete"}


def test_what_targets_keep_out_holds_back_the_delete_of_what_it_uses() -> None:
    plan = planned(*everything(), targets=["sip_trunks.t"])
    assert [refusal.reason for refusal in plan.refusals] == ["still used by numbers.n"]


def test_targets_that_nobody_knows_are_told_at_once() -> None:
    with pytest.raises(PlanError) as error:
        planned(*everything(), targets=["assistants.same", "assistants.y", "assistants.x"])
    assert [d.detail for d in error.value.diagnostics] == [
        "assistants.x is neither declared nor in the state.",
        "assistants.y is neither declared nor in the state.",
    ]
    assert {d.summary for d in error.value.diagnostics} == {"Unknown target"}


def test_a_target_takes_along_what_that_refers_to_in_turn() -> None:
    stack = declared(
        resource("tool_templates.t", name="T"),
        resource("assistants.a", name="A", first_message=ref("tool_templates.t")),
        resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a")),
        resource("assistants.b", name="B"),
    )
    plan = planned(stack, targets=["numbers.n"])
    assert sorted(actions(plan)) == ["assistants.a", "numbers.n", "tool_templates.t"]


def test_a_pattern_means_every_address_that_fits() -> None:
    plan = planned(*everything(), targets=["numbers.*"])
    assert sorted(actions(plan)) == ["assistants.made", "numbers.n", "sip_trunks.t"]
    assert actions(planned(*everything(), targets=["*.le?t"])) == {"assistants.left": "delete"}
    assert planned(*everything(), targets=["*"]).changes == planned(*everything()).changes


def test_what_needs_something_excluded_is_left_out_with_it() -> None:
    """As OpenTofu does: a number whose assistant is not made would have nothing to point to."""
    every = actions(planned(*everything()))
    left = actions(planned(*everything(), excluded=["assistants.made"]))
    assert every.keys() - left.keys() == {"assistants.made", "numbers.n"}
    assert not [s for s in planned(*everything(), excluded=["assistants.made"]).steps if s.address.key == "n"]


def test_with_a_template_go_those_who_have_a_copy_of_it() -> None:
    """Or its change would be sent to them, without it; and a target takes its templates along."""
    template = {"name": "t", "tool_type": "function", "tool_config": {"url": "https://a.example/"}}
    via = ((("llm_config", "tools", "t"), at("tool_templates.t")),)
    stack = declared(resource("tool_templates.t", **template), resource("assistants.a", name="A", via=via))
    assert actions(planned(stack, live(), excluded=["tool_templates.t"])) == {}
    assert sorted(actions(planned(stack, live(), targets=["assistants.a"]))) == ["assistants.a", "tool_templates.t"]


def test_what_something_excluded_needs_stays() -> None:
    assert actions(planned(*everything())).keys() - actions(planned(*everything(), excluded=["*.n"])).keys() == {
        "numbers.n"
    }


def test_an_exclusion_is_taken_from_the_targets() -> None:
    plan = planned(*everything(), targets=["numbers.n"], excluded=["sip_trunks.t"])
    assert sorted(actions(plan)) == ["assistants.made"]


def test_a_pattern_that_means_nothing_is_an_error_of_its_own_option() -> None:
    with pytest.raises(PlanError) as error:
        planned(*everything(), targets=["assistants.z*"], excluded=["assistants.mad", "?.x"])
    assert [(d.summary, d.detail) for d in error.value.diagnostics] == [
        ("Unknown target", "--target assistants.z*: nothing of that pattern is declared or in the state."),
        ("Unknown exclusion", "--exclude ?.x: nothing of that pattern is declared or in the state."),
        ("Unknown exclusion", "assistants.mad is neither declared nor in the state. Did you mean assistants.made?"),
    ]


def test_whoever_leaves_is_shown_with_the_reason_and_what_it_was() -> None:
    old = remote("sip_trunks", "t1", **TRUNK)
    state = remembered(
        bound("assistants.gone", "a1"),
        bound("assistants.left", "a2"),
        bound("assistants.lost", "a3"),
        deposed=(Deposed(at("sip_trunks.t"), "t1"), Deposed(at("sip_trunks.u"), "t2")),
    )
    left = remote("assistants", "a2", name="Left")
    stack = declared(resource("assistants.new", name="New"), removed=["assistants.gone"])
    plan = planned(stack, live(old, left, remote("assistants", "a1", name="Gone")), state)
    assert {str(c.address): (c.action, c.reason, c.before) for c in plan.changes} == {
        "assistants.gone": (Action.FORGET, "removed entry", {}),
        "assistants.left": (Action.DELETE, "not declared any more", left.fields),
        "assistants.lost": (Action.FORGET, "already gone", {}),
        "assistants.new": (Action.CREATE, "", {}),
        "sip_trunks.t": (Action.DELETE, "replaced by an earlier apply", old.fields),
        "sip_trunks.u": (Action.FORGET, "replaced, and already gone", {}),
    }


def test_what_was_deleted_outside_says_so_when_it_is_made_again() -> None:
    stack = declared(resource("assistants.a", name="A"))
    change = change_of(planned(stack, live(), remembered(bound("assistants.a", "a1"))), "assistants.a")
    assert (change.action, change.reason) == (Action.CREATE, "deleted outside hmsplan")


def test_whoever_is_deleted_with_it_holds_nothing_back() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("numbers", "n1", phone_number="+31", agent_id="a1"))
    state = remembered(bound("assistants.a", "a1"), bound("numbers.n", "n1"))
    plan = planned(declared(resource("assistants.b", name="B")), snapshot, state, allowed=("delete:numbers.n",))
    assert plan.refusals == ()


def test_to_destroy_everything_nothing_is_imported_or_moved_first() -> None:
    snapshot, state = live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1"))
    for stack in (
        declared(resource("assistants.b", name="B"), imports=[("assistants.b", "nobody")]),
        declared(resource("assistants.b", name="B"), moved=[("assistants.a", "assistants.b")]),
    ):
        plan = planned(stack, snapshot, state, destroy=True, allowed=("*",))
        assert actions(plan) == {"assistants.a": "delete"}


# Destroy


def test_destroy_deletes_everything_that_state_binds_and_nothing_else() -> None:
    stack, snapshot, state = everything()
    plan = planned(stack, snapshot, state, destroy=True, allowed=("*",))
    assert set(actions(plan).values()) == {"delete", "forget"}
    assert {c.id for c in plan.changes if c.action is Action.DELETE} == {b.id for b in state.bindings.values()}
    assert "found" not in {step.id for step in plan.steps}
    assert plan.destroy


def test_what_is_destroyed_while_it_is_declared_says_who_wants_that() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "b1", name="B"))
    state = remembered(bound("assistants.a", "a1"), bound("assistants.b", "b1"))
    plan = planned(declared(resource("assistants.a", name="A")), snapshot, state, destroy=True, allowed=("*",))
    assert {str(change.address): change.reason for change in plan.changes} == {
        "assistants.a": "asked for with --destroy",
        "assistants.b": "not declared any more",
    }


def test_destroy_deletes_users_first() -> None:
    order = keys(planned(*everything(), destroy=True))
    assert order.index("numbers.n:delete") < order.index("sip_trunks.t:delete")
    assert order.index("numbers.n:delete") < order.index("assistants.same:delete")


# Drift stands apart


def test_what_changed_outside_is_shown_apart_from_what_is_requested() -> None:
    snapshot = live(remote("assistants", "a1", name="A", first_message="theirs"))
    state = remembered(bound("assistants.a", "a1", name="A", first_message="ours"))
    plan = planned(declared(resource("assistants.a", name="B", first_message="ours")), snapshot, state)
    assert [field.path for field in change_of(plan, "assistants.a").fields] == [("first_message",), ("name",)]
    assert [field.path for field in plan.drift[0].fields] == [("first_message",)]


# The same readings, the same plan


def test_the_order_of_the_readings_changes_nothing() -> None:
    stack, snapshot, state = everything()
    backwards = (
        replace(stack, resources=dict(reversed([*stack.resources.items()]))),
        replace(snapshot, objects={k: dict(reversed([*v.items()])) for k, v in reversed([*snapshot.objects.items()])}),
        replace(state, bindings=dict(reversed([*state.bindings.items()]))),
    )
    assert planned(stack, snapshot, state) == planned(*backwards)


def test_planning_changes_none_of_its_readings() -> None:
    readings = everything()
    before = copy.deepcopy(readings)
    planned(*readings)
    assert readings == before


# The digest


def digest(*readings: Any, **options: Any) -> str:
    return planned(*readings, **options).digest


def test_the_digest_is_the_same_for_the_same_meaning() -> None:
    stack, snapshot, state = everything()
    wordy = replace(
        stack,
        warnings=(Diagnostic("W", "d"),),
        resources={
            a: replace(r, source=SourceLine("other.yaml", 99), via=(((), at("tool_templates.t")),))
            for a, r in stack.resources.items()
        },
    )
    later = replace(state, serial=99, lineage=state.lineage)
    assert digest(stack, snapshot, state) == digest(wordy, replace(snapshot, requests=9), later)


def test_the_digest_knows_neither_the_order_of_keys_nor_of_targets_nor_of_leads() -> None:
    stack, snapshot, state = everything()
    resources = dict(stack.resources)
    made, campaign = resources[at("assistants.made")], resources[at("campaigns.c")]
    resources[at("assistants.made")] = replace(made, spec=dict(reversed([*made.spec.items()])))
    resources[at("campaigns.c")] = replace(campaign, members=(BEN, ANNA))
    assert digest(stack, snapshot, state) == digest(replace(stack, resources=resources), snapshot, state)
    both = ["assistants.changed", "campaigns.c"]
    assert digest(stack, snapshot, state, targets=both) == digest(stack, snapshot, state, targets=both[::-1])


def test_the_digest_ignores_what_the_plan_does_not_touch() -> None:
    stack, snapshot, state = everything()
    objects = {kind: dict(found) for kind, found in snapshot.objects.items()}
    objects["assistants"]["same"] = remote("assistants", "same", name="Same", first_message="edited in the dashboard")
    objects["assistants"]["new"] = remote("assistants", "new", name="Somebody's")
    assert digest(stack, snapshot, state) == digest(stack, replace(snapshot, objects=objects), state)


@pytest.mark.parametrize(
    ("kind", "object_id", "fields", "same_intent"),
    [
        ("assistants", "changed", {"name": "Older"}, True),  # another value before
        ("sip_trunks", "t1", {**TRUNK, "address": "sip.new"}, False),  # nothing to replace any more
        ("numbers", "n1", {"phone_number": "+31", "agent_id": "other", "transfer_trunk_id": "t1"}, True),
    ],
)
def test_the_digest_changes_with_what_is_live_where_it_is_touched(
    kind: str, object_id: str, fields: Any, same_intent: bool
) -> None:
    """That of the intent only where something else is done."""
    stack, snapshot, state = everything()
    objects = {name: dict(found) for name, found in snapshot.objects.items()}
    objects[kind][object_id] = remote(kind, object_id, **fields)
    one, other = planned(stack, snapshot, state), planned(stack, replace(snapshot, objects=objects), state)
    assert one.digest != other.digest
    assert (one.intent == other.intent) is same_intent


@pytest.mark.parametrize(
    "change",
    [
        resource("assistants.changed", name="Newer"),
        resource("assistants.made", name="Made"),
        resource("campaigns.c", [ANNA], **SPRING),
        resource("assistants.extra", name="Extra"),
    ],
    ids=lambda change: str(change.address),
)
def test_the_digest_changes_with_what_is_declared(change: Any) -> None:
    stack, snapshot, state = everything()
    other = replace(stack, resources={**stack.resources, change.address: change})
    assert digest(stack, snapshot, state) != digest(other, snapshot, state)
    assert planned(stack, snapshot, state).intent != planned(other, snapshot, state).intent


def test_the_digest_belongs_to_one_stack_environment_and_choice_of_targets() -> None:
    stack, snapshot, state = everything()
    digests = [
        digest(stack, snapshot, state),
        digest(replace(stack, name="other"), snapshot, state),
        digest(replace(stack, environment="staging"), snapshot, state),
        digest(stack, snapshot, state, targets=["assistants.changed"]),
        digest(stack, snapshot, state, excluded=["assistants.changed"]),
        digest(stack, snapshot, state, destroy=True),
    ]
    assert len(set(digests)) == len(digests)


def test_what_is_forgotten_moved_or_released_takes_part_in_the_digest() -> None:
    state = remembered(bound("assistants.a", "a1", name="A", stt_config={"model": "m"}))
    snapshot = live(remote("assistants", "a1", name="A", stt_config={"model": "m"}))
    plans = [
        planned(declared(resource("assistants.a", name="A", stt_config={"model": "m"})), snapshot, state),
        planned(declared(resource("assistants.a", name="A")), snapshot, state),
        planned(declared(removed=["assistants.a"]), snapshot, state),
        planned(
            declared(
                resource("assistants.b", name="A", stt_config={"model": "m"}), moved=[("assistants.a", "assistants.b")]
            ),
            snapshot,
            state,
        ),
    ]
    assert len({plan.digest for plan in plans}) == len(plans)


# What a plan has to read


def test_a_plan_reads_what_is_declared_and_what_state_knows() -> None:
    state = remembered(
        bound("campaigns.c", "c1"),
        deposed=(Deposed(at("sip_trunks.t"), "t1"),),
        intents=(open_create("tool_templates.t", "T"),),
    )
    assert kinds_in_use(declared(resource("analysis_templates.x", name="X")), state) == [
        "tool_templates",
        "analysis_templates",
        "sip_trunks",
        "campaigns",
    ]
    assert kinds_in_use(declared(), remembered()) == []


def test_only_what_goes_away_makes_a_plan_read_who_may_use_it() -> None:
    """Else a trunk is replaced under a number that nobody manages; and every other plan costs one list a kind."""
    snapshot = Snapshot({"assistants": {}, "sip_trunks": {}, "campaigns": {}})

    def consulted(action: Action, address: str) -> list[str]:
        return kinds_to_consult(Plan("s", "default", (ResourceChange(at(address), action, "x"),)), snapshot)

    assert consulted(Action.REPLACE, "sip_trunks.t") == ["numbers"]
    assert consulted(Action.DELETE, "assistants.a") == ["numbers"]
    assert consulted(Action.UPDATE, "assistants.a") == []
    assert consulted(Action.DELETE, "numbers.n") == []


def test_kinds_come_in_the_order_of_the_table() -> None:
    stack = declared(resource("campaigns.c", **SPRING), resource("tool_templates.t", name="T"))
    assert kinds_in_use(stack, remembered(bound("assistants.a", "a1"))) == [
        "tool_templates",
        "assistants",
        "campaigns",
    ]


@pytest.mark.parametrize(
    ("stack", "state", "wanted"),
    [
        (declared(resource("campaigns.c", [ANNA], **SPRING)), remembered(), ["by_name"]),
        (
            declared(resource("campaigns.c", [], **SPRING)),
            remembered(bound("campaigns.c", "other")),
            ["by_name", "other"],
        ),
        (declared(resource("campaigns.c", **SPRING)), remembered(bound("campaigns.c", "other")), []),
        (declared(), remembered(bound("campaigns.c", "other", ANNA)), ["other"]),
        (declared(), remembered(bound("campaigns.c", "other")), []),
        (
            declared(resource("campaigns.c", [ANNA], **{**SPRING, "name": "X"}), imports=[("campaigns.c", "other")]),
            remembered(),
            ["other"],
        ),
        (
            declared(
                resource("campaigns.c", [ANNA], **{**SPRING, "name": "X"}), moved=[("campaigns.b", "campaigns.c")]
            ),
            remembered(bound("campaigns.b", "other")),
            ["other"],
        ),
        (
            declared(
                resource("campaigns.c", [ANNA], **{**SPRING, "name": "X"}),
                moved=[("campaigns.b", "campaigns.c"), ("campaigns.a", "campaigns.b")],
            ),
            remembered(bound("campaigns.a", "other")),
            ["other"],
        ),
        (
            declared(
                resource("campaigns.c", [ANNA], **{**SPRING, "name": "X"}), moved=[("campaigns.b", "campaigns.c")]
            ),
            remembered(bound("campaigns.c", "other")),
            ["other"],
        ),
    ],
    ids=[
        "adoptable",
        "bound",
        "undeclared leads",
        "leads of ours",
        "none of ours",
        "imported",
        "moved",
        "moved on",
        "moved before",
    ],
)
def test_leads_are_read_where_the_plan_compares_them(stack: Stack, state: State, wanted: list[str]) -> None:
    objects = {
        "by_name": remote("campaigns", "by_name", **SPRING),
        "other": remote("campaigns", "other", name="Other"),
        "third": remote("campaigns", "third", name="Third"),
    }
    assert wanted_details(stack, state, KINDS["campaigns"], objects) == wanted


def test_only_campaigns_have_members() -> None:
    objects = {"a1": remote("assistants", "a1", name="A")}
    stack = declared(resource("assistants.a", name="A"))
    assert wanted_details(stack, remembered(bound("assistants.a", "a1")), KINDS["assistants"], objects) == []


# Twins


def warnings(plan: Plan, summary: str) -> list[str]:
    return [warning.detail for warning in plan.warnings if warning.summary == summary]


TWIN = "Two live objects of one name"


def test_a_live_object_with_the_name_of_a_bound_one_is_named_with_both_ids_and_what_to_type() -> None:
    """After a list that lagged longer than the grace time, or two copies of a folder that were applied at once."""
    stack = declared(resource("assistants.a", name="A"))
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    plan = planned(stack, snapshot, remembered(bound("assistants.a", "a1", name="A")))
    (warning,) = warnings(plan, TWIN)
    assert "assistants.a is a1, and a2 has the name 'A' too; no state binds it" in warning
    assert "hmsplan state rm assistants.a\n  hmsplan import assistants.a a2" in warning
    assert actions(plan) == {"assistants.a": "no-op"}


def test_a_twin_in_another_environment_is_named_with_its_environment() -> None:
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="B"))
    snapshot = live(*(remote("assistants", each, name=each[0].upper()) for each in ("a1", "a2", "b2")))
    state = remembered(bound("assistants.a", "a1", name="A"))
    plan = planned(stack, snapshot, state, {("assistants", "a2"): "staging", ("assistants", "b2"): "staging"})
    one, other = warnings(plan, TWIN)
    assert "assistants.a is a1, and a2 has the name 'A' too; it is bound in environment staging" in one
    assert "assistants.b would be created, and b2 has the name 'B' too; it is bound in environment staging" in other
    assert actions(plan) == {"assistants.a": "no-op", "assistants.b": "create"}


def test_an_object_that_would_get_a_twin_by_its_new_name_is_named() -> None:
    stack = declared(resource("assistants.a", name="New"))
    snapshot = live(remote("assistants", "a1", name="Old"), remote("assistants", "a2", name="New"))
    (warning,) = warnings(planned(stack, snapshot, remembered(bound("assistants.a", "a1", name="Old"))), TWIN)
    assert "a2 has the name 'New' too" in warning


@pytest.mark.parametrize(
    ("stack", "state"),
    [
        (
            declared(resource("assistants.a", name="A"), resource("assistants.b", name="A")),
            remembered(bound("assistants.a", "a1"), bound("assistants.b", "a2")),
        ),
        (
            declared(resource("assistants.a", name="A")),
            remembered(bound("assistants.a", "a1"), bound("assistants.b", "a2")),
        ),
        (
            declared(resource("assistants.a", name="A")),
            remembered(bound("assistants.a", "a1"), deposed=(Deposed(at("assistants.a"), "a2"),)),
        ),
    ],
    ids=["both declared", "one to be deleted", "one replaced"],
)
def test_two_objects_that_we_manage_are_no_twins(stack: Stack, state: State) -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    assert warnings(planned(stack, snapshot, state), TWIN) == []


def test_objects_without_a_name_are_no_twins() -> None:
    stack = declared(resource("assistants.a", name="A"))
    snapshot = live(remote("assistants", "a1"), remote("assistants", "a2"))
    assert warnings(planned(stack, snapshot, remembered(bound("assistants.a", "a1", name="A"))), TWIN) == []


@pytest.mark.parametrize(("ids", "told"), [(("a1",), 1), (("a1", "a2"), 0)])
def test_two_declared_objects_of_one_name_are_told_of_until_both_are_bound(ids: tuple[str, ...], told: int) -> None:
    """Then neither is recognised by its name any more."""
    warning = Diagnostic(
        "Same name twice", "two", LINE, at("assistants.b"), ("name",), Severity.WARNING, Topic.SAME_NAME
    )
    other = Diagnostic("Unused variable", "x", severity=Severity.WARNING)
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="A"), warnings=(warning, other))
    snapshot = live(*(remote("assistants", each, name="A") for each in ids))
    state = remembered(*(bound(f"assistants.{key}", each) for key, each in zip("ab", ids, strict=False)))
    plan = planned(stack, snapshot, state)
    assert len(warnings(plan, "Same name twice")) == told
    assert warnings(plan, "Unused variable") == ["x"]


def test_a_pair_of_one_name_that_is_bound_is_told_apart_from_another_pair_that_is_not() -> None:
    def twice(address: str) -> Diagnostic:
        return Diagnostic("Same name twice", address, LINE, at(address), ("name",), Severity.WARNING, Topic.SAME_NAME)

    stack = declared(
        *(resource(f"assistants.{key}", name=key[0].upper()) for key in ("a1", "a2", "b1", "b2")),
        warnings=(twice("assistants.a2"), twice("assistants.b2")),
    )
    snapshot = live(remote("assistants", "x1", name="A"), remote("assistants", "x2", name="A"))
    plan = planned(stack, snapshot, remembered(bound("assistants.a1", "x1"), bound("assistants.a2", "x2")))
    assert warnings(plan, "Same name twice") == ["assistants.b2"]


# Warnings about the stack


def test_a_warning_about_leads_is_passed_on_without_their_whole_numbers() -> None:
    """More people read a plan than the stack."""
    text = "+31201234567 is declared twice"
    about_leads = Diagnostic("Lead twice", text, LINE, at("campaigns.c"), ("leads", 0, "phone_number"))
    about_name = Diagnostic("Odd name", text, LINE, at("campaigns.c"), ("name",))
    of_another_kind = Diagnostic("Odd leads", text, LINE, at("assistants.a"), ("leads", 0))
    of_all = Diagnostic("Odd stack", text)
    found = (about_leads, about_name, of_another_kind, of_all)
    plan = planned(declared(warnings=found))
    assert plan.warnings == (replace(about_leads, detail="…67 is declared twice"), *found[1:])


# Lists that prove nothing


def test_an_incomplete_list_of_leads_stops_nothing_that_does_not_rest_on_it() -> None:
    stack = declared(resource("campaigns.c", [ANNA], **SPRING))
    snapshot = live(
        remote("campaigns", "c1", **SPRING, total_leads=9), leads={"c1": [lead("l1", "+31201234567", name="Anna")]}
    )
    plan = planned(stack, snapshot, remembered(bound("campaigns.c", "c1", ANNA, **SPRING)))
    assert (actions(plan), plan.drift) == ({"campaigns.c": "no-op"}, ())


@pytest.mark.parametrize(("count", "told"), [(49, 0), (50, 1), (51, 0)])
def test_an_object_that_is_created_beside_a_list_of_a_round_length_may_be_there_already(count: int, told: int) -> None:
    stack = declared(resource("assistants.a", name="A"))
    plan = planned(stack, live(*(remote("assistants", f"x{n}", name=f"X{n}") for n in range(count))))
    assert len(warnings(plan, "List may be cut off")) == told
    assert actions(plan) == {"assistants.a": "create"}


def test_a_list_that_was_not_read_is_not_called_cut() -> None:
    plan = planned(declared(resource("assistants.a", name="A")), live(kinds=["numbers"]))
    assert (actions(plan), plan.warnings) == ({"assistants.a": "create"}, ())


def test_each_list_that_may_be_cut_names_all_that_would_be_created_and_how_to_bind_one() -> None:
    stack = declared(
        *(resource(f"assistants.{key}", name=key.upper()) for key in "ba"),
        resource("assistants.known", name="X0"),
        resource("mcp_servers.m", name="M", url="https://m.example"),
        resource("sip_trunks.t", **TRUNK),
    )
    crowd = [remote(kind, f"{kind}{n}", name=f"X{n}") for kind in ("assistants", "sip_trunks") for n in range(50)]
    plan = planned(stack, live(*crowd))
    found = [warning for warning in plan.warnings if warning.summary == "List may be cut off"]
    assert [(warning.address, warning.severity) for warning in found] == [
        (at("assistants.a"), Severity.WARNING),
        (at("sip_trunks.t"), Severity.WARNING),
    ]
    assert found[0].detail == (
        "The list of assistants shows 50, a round number, and the API may have more than it lists. assistants.a, "
        "assistants.b would be created; if one of them is there already, bind it instead: "
        "hmsplan import assistants.a ID"
    )
    assert found[1].detail == (
        "The list of sip_trunks shows 50, a round number, and the API may have more than it lists. sip_trunks.t would "
        "be created; if one of them is there already, bind it instead: hmsplan import sip_trunks.t ID"
    )


# What was made a moment ago


def test_what_was_made_a_moment_ago_and_cannot_be_seen_is_neither_made_again_nor_forgotten_nor_drift() -> None:
    new = [replace(bound(f"assistants.{key}", f"{key}1", name=key.upper()), made=NOW - 5) for key in "ab"]
    stack = declared(
        resource("assistants.a", name="A"), resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"))
    )
    plan = planned(
        stack,
        live(remote("numbers", "n1", phone_number="+31", agent_id="a1")),
        remembered(*new, bound("numbers.n", "n1", phone_number="+31", agent_id="a1")),
    )
    assert (actions(plan), plan.drift, plan.steps) == ({"numbers.n": "no-op"}, (), ())
    assert [(str(each.address), each.id, each.is_waiting) for each in plan.unsettled] == [
        ("assistants.a", "a1", True),
        ("assistants.b", "b1", True),
    ]


# Whose organization


def test_both_digests_know_whose_organization_it_is() -> None:
    """An empty one asks for the same creates as any other."""
    stack = declared(resource("assistants.a", name="A"))
    one, other = (planned(stack, replace(live(), organization=each)) for each in ("org-1", "org-2"))
    assert one.digest != other.digest
    assert one.intent != other.intent
    assert one.digest == planned(stack, live(), remembered(organization="org-1")).digest

"""What is planned for one address: declared fields, those that were applied, secrets, and the leads of a campaign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import LEADS, LINE, LINEAGE, SPRING, TRUNK, at, bound, lead, mark, ref, remote, resource

from hmsplan.kinds import ASSISTANTS, CAMPAIGNS, KINDS, NUMBERS
from hmsplan.model import EMPTY, MISSING, Action, Binding, FieldChange, MembersChange, RemoteObject, Secret
from hmsplan.planner.members import compare_members, fingerprint, is_untouched, member_key
from hmsplan.planner.resource_diff import comparison, creation
from hmsplan.planner.secret_changes import secret_changes

if TYPE_CHECKING:
    from hmsplan.model import FieldPath, Resource, ResourceChange

ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {"name": "Anna"}}
BEN: dict[str, Any] = {"phone_number": "+31207654321"}


def compare(declared: Resource, live: RemoteObject, binding: Binding | None = None, **more: Any) -> ResourceChange:
    """Compare one object; without a binding, state knows its id only."""
    kind = KINDS[declared.address.kind]
    ids = more.pop("ids", {})
    return comparison(kind, declared, live, binding or Binding(declared.address, live.id), ids, lineage=LINEAGE, **more)


def paths(change: ResourceChange) -> list[FieldPath]:
    return [field.path for field in change.fields]


# Creation


def test_a_create_shows_every_field_that_has_a_value() -> None:
    declared = resource("assistants.a", name="A", first_message=None, llm_config={"model": "m"})
    change = creation(ASSISTANTS, declared, {}, Binding(declared.address, "gone"))
    assert (change.action, change.id, change.before) == (Action.CREATE, None, EMPTY)
    assert change.after == declared.spec
    assert change.fields == (
        FieldChange(("llm_config",), MISSING, {"model": "m"}),
        FieldChange(("name",), MISSING, "A"),
    )
    assert (change.reason, change.source) == ("deleted outside hmsplan", LINE)


def test_a_create_knows_the_ids_that_are_known_already() -> None:
    declared = resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"), workflow_id=ref("assistants.b"))
    change = creation(NUMBERS, declared, {at("assistants.a"): "a1"})
    assert change.after["agent_id"] == "a1"
    assert change.after["workflow_id"] == ref("assistants.b")


def test_a_create_adds_all_leads_and_counts_who_is_to_be_called() -> None:
    change = creation(CAMPAIGNS, resource("campaigns.c", [ANNA, BEN], **SPRING, status="scheduled"), {})
    assert change.members == MembersChange(add=(ANNA, BEN), pending=2, exposed=2)
    assert change.started


def test_a_create_without_a_schedule_starts_nothing_and_without_leads_manages_none() -> None:
    change = creation(CAMPAIGNS, resource("campaigns.c", **SPRING, status="draft"), {})
    assert not change.started
    assert change.members is None


# Comparison


def test_nothing_differs_nothing_happens() -> None:
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", name="A", extra=1))
    assert (change.action, change.fields, change.members) == (Action.NO_OP, (), None)
    assert (change.id, change.before["extra"], change.after) == ("a1", 1, {"name": "A"})


def test_a_field_that_differs_is_an_update() -> None:
    change = compare(resource("assistants.a", name="B"), remote("assistants", "a1", name="A"))
    assert (change.action, change.fields) == (Action.UPDATE, (FieldChange(("name",), "A", "B"),))


def test_an_object_that_state_does_not_bind_is_adopted_even_when_nothing_differs() -> None:
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", name="A"), adopted="only one")
    assert (change.action, change.reason) == (Action.ADOPT, "only one")


def test_a_reference_to_an_object_that_is_there_is_its_id() -> None:
    declared = resource("numbers.n", phone_number="+31", agent_id=ref("assistants.a"))
    live = remote("numbers", "n1", phone_number="+31", agent_id="a1")
    assert compare(declared, live, ids={at("assistants.a"): "a1"}).action is Action.NO_OP
    assert compare(declared, live).fields == (FieldChange(("agent_id",), "a1", ref("assistants.a")),)


def test_fields_taken_out_are_cleared_or_released() -> None:
    applied = bound("assistants.a", "a1", name="A", first_message="Hi", stt_config={"model": "m"})
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", **applied.applied), applied)
    assert change.fields == (FieldChange(("first_message",), "Hi", None),)
    assert change.released == (("stt_config",),)


def test_a_field_that_is_only_released_needs_no_write() -> None:
    applied = bound("assistants.a", "a1", name="A", stt_config={"model": "m"})
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", **applied.applied), applied)
    assert (change.action, change.released) == (Action.NO_OP, (("stt_config",),))


def test_without_a_record_nothing_is_taken_away() -> None:
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", name="A", first_message="Hi"))
    assert (change.action, change.released) == (Action.NO_OP, ())


def test_what_is_dropped_displaced_secret_and_different_comes_in_one_sorted_list() -> None:
    applied = bound("assistants.a", "a1", name="A", first_message="Hi", tts_config={"provider": "elevenlabs"})
    live = remote("assistants", "a1", **{**applied.applied, "tts_config": {"provider": "elevenlabs", "speed": 1}})
    declared = resource("assistants.a", name="B", tts_config={"provider": "cartesia"}, webhook_secret=Secret("s"))
    assert paths(compare(declared, live, applied)) == [
        ("first_message",),
        ("name",),
        ("tts_config", "provider"),
        ("tts_config", "speed"),
        ("webhook_secret",),
    ]


def test_a_declared_value_beats_the_same_path_dropped_or_displaced() -> None:
    applied = bound("assistants.a", "a1", tts_config={"provider": "elevenlabs", "speed": 1})
    live = remote("assistants", "a1", tts_config={"provider": "elevenlabs", "speed": 1})
    declared = resource("assistants.a", tts_config={"provider": "elevenlabs", "model": "eleven_v3", "speed": 2})
    change = compare(declared, live, applied)
    assert FieldChange(("tts_config", "speed"), 1, 2) in change.fields
    assert len(paths(change)) == len(set(paths(change)))


def test_a_change_says_through_which_templates_it_came() -> None:
    tool = {"name": "lookup", "description": "new"}
    via = (
        (("llm_config", "tools", "lookup"), at("tool_templates.t")),
        (("analysis_plan",), at("analysis_templates.x")),
    )
    declared = resource("assistants.a", name="A", llm_config={"tools": [tool]}, analysis_plan={"a": 1}, via=via)
    old = {"tools": [{**tool, "description": "old"}]}
    live = remote("assistants", "a1", name="A", llm_config=old, analysis_plan={"a": 1})
    assert compare(declared, live).reason == "through tool_templates.t"
    both = remote("assistants", "a1", name="A", llm_config=old, analysis_plan={"a": 2})
    assert compare(declared, both, adopted="found").reason == "found; through analysis_templates.x, tool_templates.t"
    other = remote("assistants", "a1", name="B", llm_config={"tools": [tool]}, analysis_plan={"a": 1})
    assert compare(declared, other).reason == ""


# ignore_changes


def test_an_ignored_field_is_neither_compared_nor_taken_away() -> None:
    ignored = [("llm_config", "temperature"), ("first_message",)]
    llm = {"model": "m", "temperature": 0.1}
    declared = resource("assistants.a", name="A", llm_config=llm, ignore_changes=ignored)
    applied = bound("assistants.a", "a1", name="A", first_message="Hi", llm_config={**llm})
    live = remote("assistants", "a1", name="A", first_message="Hey", llm_config={"model": "m", "temperature": 0.9})
    change = compare(declared, live, applied)
    assert (change.action, change.fields) == (Action.NO_OP, ())


def test_an_ignored_secret_is_not_sent_again() -> None:
    declared = resource(
        "assistants.a", name="A", webhook_secret=Secret("s", "v", "f"), ignore_changes=[("webhook_secret",)]
    )
    assert compare(declared, remote("assistants", "a1", name="A")).action is Action.NO_OP


def test_a_schedule_that_is_ignored_starts_nothing() -> None:
    declared = resource("campaigns.c", **{**SPRING, "name": "New"}, status="scheduled", ignore_changes=[("status",)])
    change = compare(declared, remote("campaigns", "c1", **SPRING, status="paused"))
    assert paths(change) == [("name",)]
    assert not change.started


# Secrets


def secret(name: str = "hook", print_: str | None = "f1") -> Secret:
    return Secret(name, "the-value", print_)


@pytest.mark.parametrize(
    ("had", "want", "sent"),
    [
        (None, secret(), True),  # never applied
        ({"$secret": "hook", "fingerprint": "f1"}, secret(), False),
        ({"$secret": "hook", "fingerprint": "f0"}, secret(), True),  # another value
        ({"$secret": "other", "fingerprint": "f1"}, secret(), True),  # another name
        ({"$secret": "hook", "fingerprint": None}, secret(), False),  # no key then
        ({"$secret": "hook", "fingerprint": "f1"}, secret(print_=None), False),  # no key now
        ({"$secret": "other", "fingerprint": None}, secret(print_=None), True),
        ("a text from before it was a secret", secret(), True),
    ],
)
def test_a_secret_is_sent_when_name_or_fingerprint_is_new(had: Any, want: Secret, sent: bool) -> None:
    applied = {"webhook_secret": had} if had is not None else {}
    declared = resource("assistants.a", name="A", webhook_secret=want)
    found = secret_changes(ASSISTANTS, declared, declared.spec, applied)
    assert bool(found) is sent
    assert all(change.after is want for change in found)


@pytest.mark.parametrize("live", [{}, {"webhook_secret": None}, {"webhook_secret": Secret(Secret.LIVE, "other")}])
def test_the_live_value_of_a_secret_takes_no_part(live: dict[str, Any]) -> None:
    declared = resource("assistants.a", name="A", webhook_secret=secret())
    applied = bound("assistants.a", "a1", name="A", webhook_secret={"$secret": "hook", "fingerprint": "f1"})
    assert compare(declared, remote("assistants", "a1", name="A", **live), applied).action is Action.NO_OP


def test_a_changed_secret_shows_names_and_never_values() -> None:
    declared = resource("assistants.a", name="A", webhook_secret=secret("new", "f2"))
    applied = bound("assistants.a", "a1", name="A", webhook_secret={"$secret": "old", "fingerprint": "f1"})
    (field,) = compare(declared, remote("assistants", "a1", name="A"), applied).fields
    assert field == FieldChange(("webhook_secret",), Secret("old", fingerprint="f1"), Secret("new", fingerprint="f2"))
    assert isinstance(field.before, Secret)
    assert field.before.reveal() is None


def test_a_secret_inside_a_tool_is_found_by_the_name_of_the_tool() -> None:
    def tools(*items: Any) -> dict[str, Any]:
        return {"tools": list(items)}

    tool = {"name": "lookup", "server": {"url": "https://a.example/", "secret": secret()}}
    declared = resource("assistants.a", name="A", llm_config=tools({"type": "end_call"}, tool))
    plain = {"name": "lookup", "url": "https://a.example/"}
    live = remote("assistants", "a1", name="A", llm_config=tools(plain, {"type": "end_call"}))
    assert paths(compare(declared, live)) == [("llm_config", "tools", "lookup", "server", "secret")]
    known = {
        "name": "lookup",
        "server": {"url": "https://a.example/", "secret": {"$secret": "hook", "fingerprint": "f1"}},
    }
    applied = bound("assistants.a", "a1", name="A", llm_config=tools(known, {"type": "end_call"}))
    assert compare(declared, live, applied).action is Action.NO_OP


def test_a_secret_taken_out_is_cleared() -> None:
    applied = bound("assistants.a", "a1", name="A", webhook_secret={"$secret": "hook", "fingerprint": "f1"})
    change = compare(resource("assistants.a", name="A"), remote("assistants", "a1", name="A"), applied)
    assert change.fields == (FieldChange(("webhook_secret",), MISSING, None),)


# What cannot change in place


@pytest.mark.parametrize("name", [*TRUNK, "transport"])
def test_every_change_of_a_trunk_makes_it_anew(name: str) -> None:
    declared = resource("sip_trunks.t", **{**TRUNK, "transport": "udp", name: "new"})
    change = compare(declared, remote("sip_trunks", "t1", **TRUNK, transport="udp"))
    assert (change.action, change.replaces) == (Action.REPLACE, ((name,),))


def test_a_field_taken_out_of_a_trunk_is_released_because_nothing_clears_it() -> None:
    applied = bound("sip_trunks.t", "t1", **TRUNK, transport="tls")
    change = compare(resource("sip_trunks.t", **TRUNK), remote("sip_trunks", "t1", **applied.applied), applied)
    assert (change.action, change.released) == (Action.NO_OP, (("transport",),))


def test_another_phone_number_is_another_number() -> None:
    change = compare(
        resource("numbers.n", phone_number="+31850835038", agent_id="a2"),
        remote("numbers", "n1", phone_number="+31850835037", agent_id="a1"),
    )
    assert (change.action, change.replaces) == (Action.REPLACE, (("phone_number",),))
    assert paths(change) == [("agent_id",), ("phone_number",)]


def test_the_password_of_an_adopted_trunk_cannot_be_seen_and_is_taken_to_be_right() -> None:
    declared = resource("sip_trunks.t", **TRUNK, auth_password=secret())
    change = compare(declared, remote("sip_trunks", "t1", **TRUNK), adopted="imports entry")
    assert (change.action, change.fields) == (Action.ADOPT, ())
    assert change.notes == ("auth_password cannot be seen; it is taken to be right",)


def test_the_same_holds_for_a_trunk_that_the_import_command_bound() -> None:
    """Its binding records nothing as applied; nobody wants a new trunk for a password that is right."""
    declared = resource("sip_trunks.t", **TRUNK, auth_password=secret())
    change = compare(declared, remote("sip_trunks", "t1", **TRUNK), bound("sip_trunks.t", "t1"))
    assert (change.action, change.fields) == (Action.NO_OP, ())
    assert change.notes == ("auth_password cannot be seen; it is taken to be right",)


def test_a_password_that_is_new_to_a_trunk_of_ours_makes_it_anew() -> None:
    declared = resource("sip_trunks.t", **TRUNK, auth_password=secret())
    change = compare(declared, remote("sip_trunks", "t1", **TRUNK), bound("sip_trunks.t", "t1", **TRUNK))
    assert (change.action, change.replaces) == (Action.REPLACE, (("auth_password",),))


def test_the_secret_of_an_adopted_object_that_can_be_patched_is_sent() -> None:
    declared = resource("assistants.a", name="A", webhook_secret=secret())
    change = compare(declared, remote("assistants", "a1", name="A"), adopted="imports entry")
    assert (change.action, paths(change)) == (Action.ADOPT, [("webhook_secret",)])


# Campaigns


def test_entering_the_schedule_starts_a_campaign_and_leaving_it_does_not() -> None:
    scheduled = resource("campaigns.c", **SPRING, status="scheduled")
    for status, started in (("draft", True), ("paused", True), ("scheduled", False)):
        assert compare(scheduled, remote("campaigns", "c1", **SPRING, status=status)).started is started
    paused = resource("campaigns.c", **SPRING, status="paused")
    assert not compare(paused, remote("campaigns", "c1", **SPRING, status="scheduled")).started


def test_only_campaigns_start() -> None:
    change = compare(resource("assistants.a", name="B", status="scheduled"), remote("assistants", "a1", name="A"))
    assert not change.started


def test_a_completed_campaign_is_reported_and_not_fought() -> None:
    applied = bound("campaigns.c", "c1", **SPRING, status="scheduled", system_message_template="x")
    declared = resource("campaigns.c", [ANNA], **{**SPRING, "name": "New"}, status="scheduled")
    change = compare(declared, remote("campaigns", "c1", **SPRING, status="completed"), applied)
    assert (change.action, change.fields, change.members, change.released) == (Action.NO_OP, (), None, ())
    assert not change.started
    assert change.notes == ("it is completed, and the platform lets nothing change any more",)


def test_a_completed_campaign_that_is_as_declared_needs_no_note() -> None:
    change = compare(resource("campaigns.c", **SPRING), remote("campaigns", "c1", **SPRING, status="completed"))
    assert (change.action, change.notes) == (Action.NO_OP, ())


def test_a_campaign_that_starts_counts_the_leads_that_wait_though_none_comes_or_goes() -> None:
    declared = resource("campaigns.c", [ANNA, BEN], **SPRING, status="scheduled")
    there = (lead("l1", "+31201234567", name="Anna"), lead("l2", "+31207654321", "completed"))
    change = compare(declared, remote("campaigns", "c1", **SPRING, status="draft"), live_members=there)
    assert change.started
    assert change.members == MembersChange(pending=1)


def test_a_campaign_that_starts_without_declared_leads_counts_nobody() -> None:
    declared = resource("campaigns.c", **SPRING, status="scheduled")
    assert compare(declared, remote("campaigns", "c1", **SPRING, status="draft")).members is None


def test_a_campaign_made_anew_calls_everybody_and_starts_again() -> None:
    """The old one's progress is lost with it, so whoever was called already is called once more."""
    declared = resource("campaigns.c", [ANNA, BEN], **{**SPRING, "agent_id": "a2"}, status="scheduled")
    there = (lead("l1", "+31201234567", "completed", name="Anna"), lead("l2", "+31207654321"))
    change = compare(declared, remote("campaigns", "c1", **SPRING, status="scheduled"), live_members=there)
    assert (change.action, change.replaces) == (Action.REPLACE, (("agent_id",),))
    assert change.started
    assert change.members == MembersChange(add=(ANNA, BEN), pending=2, exposed=2, called=1)


# Members


def members(
    declared: list[dict[str, Any]], live: list[RemoteObject], owned: dict[str, int] | None = None
) -> tuple[MembersChange | None, list[str]]:
    assert LEADS is not None
    return compare_members(LEADS, declared, live, owned or {}, LINEAGE)


def test_leads_are_the_same_whatever_their_order_spelling_and_progress() -> None:
    there = [lead("l2", "+31207654321", "completed"), lead("l1", "+31201234567", "calling", name="Anna")]
    assert members([{**ANNA, "phone_number": "0031 20 123 4567"}, {**BEN, "variables": {}}], there) == (None, [])


def test_a_lead_with_other_variables_is_another_lead() -> None:
    change, _ = members([ANNA], [lead("l1", "+31201234567", name="Bob")])
    assert change == MembersChange(add=(ANNA,), pending=1)  # one person, who waits already


def test_leads_form_a_multiset() -> None:
    change, _ = members([BEN, BEN, BEN], [lead("l1", "+31207654321"), lead("l2", "+31207654321")])
    assert change == MembersChange(add=(BEN,), pending=1)
    change, _ = members([BEN], [lead("l1", "+31207654321"), lead("l2", "+31207654321")], {mark(BEN): 2})
    assert change is not None
    assert [item.id for item in change.remove] == ["l2"]


def test_a_lead_taken_out_is_removed_when_it_is_ours_and_nobody_called_it() -> None:
    there = [lead("l1", "+31201234567", name="Anna"), lead("l2", "+31207654321")]
    change, notes = members([ANNA], there, {mark(ANNA): 1, mark(BEN): 1})
    assert change == MembersChange(remove=(there[1],), pending=1)
    assert notes == []


def test_a_lead_that_somebody_else_added_is_left_alone() -> None:
    assert members([], [lead("l1", "+31207654321")]) == (None, [])
    change, _ = members([], [lead("l1", "+31207654321"), lead("l2", "+31207654321")], {mark(BEN): 1})
    assert change is not None
    assert len(change.remove) == 1


@pytest.mark.parametrize("status", ["calling", "completed", "failed", "skipped"])
def test_a_lead_that_was_called_is_history(status: str) -> None:
    assert LEADS is not None
    there = [lead("l1", "+31207654321", status)]
    assert not is_untouched(LEADS, there[0])
    change, notes = members([], there, {mark(BEN): 1})
    assert change is None
    assert notes == ["1 lead taken out of the stack stays: already called, so it is history"]


def test_history_is_counted_in_one_sentence() -> None:
    there = [lead("l1", "+31207654321", "failed"), lead("l2", "+31201234567", "completed", name="Anna")]
    assert members([], there, {mark(BEN): 1, mark(ANNA): 1})[1] == [
        "2 leads taken out of the stack stay: already called, so they are history"
    ]


def test_who_is_still_to_be_called_counts_the_untouched_and_what_comes_and_goes() -> None:
    there = [lead("l1", "+31201234567", "completed", name="Anna"), lead("l2", "+31207654321"), lead("l3", "+3120")]
    change, _ = members([ANNA, {"phone_number": "+31611111111"}], there, {mark(BEN): 1})
    assert change is not None
    assert change.pending == 2  # l3 of somebody else, and the new one


def test_the_key_of_a_lead_ignores_what_is_not_its_identity() -> None:
    assert LEADS is not None
    plain = member_key(LEADS, {"phone_number": "+31201234567"})
    assert plain == member_key(LEADS, {"phone_number": "+31 20 1234567", "variables": None, "status": "x", "id": "l"})
    assert member_key(LEADS, {**BEN, "variables": {"a": "1", "b": "2"}}) == member_key(
        LEADS, {**BEN, "variables": {"b": "2", "a": "1"}}
    )


def test_a_fingerprint_recognises_a_lead_and_tells_no_phone_number() -> None:
    assert LEADS is not None
    assert re.fullmatch("[0-9a-f]{32}", mark(ANNA))
    assert mark(ANNA) == fingerprint(LEADS, {**ANNA, "status": "completed"}, LINEAGE)
    assert mark(ANNA) != fingerprint(LEADS, ANNA, "another lineage")
    assert mark(ANNA) != mark(BEN)

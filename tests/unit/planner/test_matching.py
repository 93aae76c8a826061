"""Which live object is which address: bound, moved, found again, imported, recognised, or nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from support.readings import (
    LINE,
    NOW,
    at,
    bound,
    declared,
    doubt,
    lead,
    live,
    mark,
    open_create,
    remembered,
    remote,
    resource,
)

from hmsplan.kinds import ASSISTANTS, CAMPAIGNS, NUMBERS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Binding, Deposed, PendingCreate, Safety, Unsettled
from hmsplan.planner.matching import identify, matches, same_identity
from hmsplan.text.timestamps import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import RemoteObject, Snapshot, Stack, State
    from hmsplan.planner.matching import Identities

A, B, C = at("assistants.a"), at("assistants.b"), at("assistants.c")
ANNA: dict[str, Any] = {"phone_number": "+31201234567", "variables": {"name": "Anna"}}


def found(
    stack: Stack, snapshot: Snapshot, state: State | None = None, elsewhere: Mapping[tuple[str, str], str] | None = None
) -> Identities:
    return identify(stack, snapshot, state or remembered(), elsewhere or {})


def ids(identities: Identities) -> dict[str, str]:
    return {str(address): binding.id for address, binding in identities.bindings.items()}


# 1. A binding in state


def test_a_binding_beats_every_name() -> None:
    stack = declared(resource("assistants.a", name="A"))
    snapshot = live(remote("assistants", "a1", name="Renamed"), remote("assistants", "a2", name="A"))
    known = found(stack, snapshot, remembered(bound("assistants.a", "a1")))
    assert ids(known) == {"assistants.a": "a1"}
    assert (known.adopted, known.gone, known.problems) == ({}, set(), [])


def test_a_bound_object_that_the_api_does_not_have_is_gone() -> None:
    known = found(declared(), live(), remembered(bound("assistants.a", "a1")))
    assert known.gone == {A}
    assert ids(known) == {"assistants.a": "a1"}


def test_state_itself_is_left_alone() -> None:
    state = remembered(bound("assistants.a", "a1"))
    found(declared(resource("assistants.b", name="B"), moved=[("assistants.a", "assistants.b")]), live(), state)
    assert list(state.bindings) == [A]


# The moved block


def test_a_move_takes_the_binding_along() -> None:
    stack = declared(resource("assistants.b", name="A"), moved=[("assistants.a", "assistants.b")])
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1", name="A")))
    assert known.bindings == {B: Binding(B, "a1", {"name": "A"})}
    assert known.moved == {B: A}


def test_a_move_that_was_done_already_is_silent() -> None:
    stack = declared(resource("assistants.b", name="A"), moved=[("assistants.a", "assistants.b")])
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.b", "a1")))
    assert (known.moved, known.problems) == ({}, [])


@pytest.mark.parametrize(
    "entries", list(permutations([("assistants.a", "assistants.b"), ("assistants.b", "assistants.c")]))
)
def test_a_chain_of_moves_leads_to_its_end_in_whatever_order_it_is_written(entries: Any) -> None:
    """Entries pile up over the years and over files; an environment that lags behind goes all the way."""
    stack = declared(resource("assistants.c", name="A"), moved=entries)
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    assert ids(known) == {"assistants.c": "a1"}
    assert known.moved == {C: A}


def test_a_chain_is_entered_in_its_middle_by_whoever_is_there() -> None:
    entries = [("assistants.a", "assistants.b"), ("assistants.b", "assistants.c")]
    stack = declared(resource("assistants.c", name="A"), moved=entries)
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.b", "a1")))
    assert known.moved == {C: B}


def test_a_move_onto_a_bound_address_is_a_problem_and_moves_nothing() -> None:
    stack = declared(resource("assistants.b", name="B"), moved=[("assistants.a", "assistants.b")])
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "b1", name="B"))
    known = found(stack, snapshot, remembered(bound("assistants.a", "a1"), bound("assistants.b", "b1")))
    assert ids(known) == {"assistants.a": "a1", "assistants.b": "b1"}
    (problem,) = known.problems
    assert (problem.summary, problem.source, problem.address) == ("Move onto a bound address", LINE, B)
    assert "Both assistants.a and assistants.b have a live object" in problem.detail


# The imports block


def test_an_import_binds_whatever_its_name() -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", "x1")])
    known = found(stack, live(remote("assistants", "x1", name="Other"), remote("assistants", "x2", name="A")))
    assert ids(known) == {"assistants.a": "x1"}
    assert known.adopted == {A: "imports entry"}


def test_an_import_that_was_done_already_is_silent() -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", "a1")])
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    assert (known.adopted, known.problems) == ({}, [])


@pytest.mark.parametrize(
    ("object_id", "words"),
    [
        ("a2", "assistants.a is bound to a1, not to a2. Take the entry out, or forget it first."),
        ("nowhere", "assistants.a is bound to a1, not to nowhere"),
    ],
)
def test_an_import_over_another_binding_is_a_problem(object_id: str, words: str) -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", object_id)])
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="B"))
    known = found(stack, snapshot, remembered(bound("assistants.a", "a1")))
    assert words in known.problems[0].detail
    assert ids(known) == {"assistants.a": "a1"}


def test_an_import_of_nothing_is_a_problem() -> None:
    stack = declared(resource("numbers.n", phone_number="+31"), imports=[("numbers.n", "nowhere")])
    (problem,) = found(stack, live()).problems
    assert problem.summary == "Cannot import"
    assert problem.detail == "The organization has no number with the id nowhere."


@pytest.mark.parametrize("still", [True, False])
def test_an_import_of_what_another_address_has_is_a_problem(still: bool) -> None:
    """Two addresses would fight over one object; were the other not declared any more, the import would delete it."""
    others = [resource("assistants.b", name="B")] if still else []
    stack = declared(resource("assistants.a", name="A"), *others, imports=[("assistants.a", "b1")])
    known = found(stack, live(remote("assistants", "b1", name="B")), remembered(bound("assistants.b", "b1")))
    (problem,) = known.problems
    assert problem.summary == "Cannot import"
    assert "b1 is assistants.b already" in problem.detail
    assert "moved: [{from: assistants.b, to: assistants.a}]" in problem.detail
    assert ids(known) == {"assistants.b": "b1"}


def test_an_import_of_what_another_address_lets_go_of_is_fine() -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", "b1")], removed=["assistants.b"])
    known = found(stack, live(remote("assistants", "b1", name="B")), remembered(bound("assistants.b", "b1")))
    assert known.problems == []
    assert known.adopted == {A: "imports entry"}


# A unique natural key


def test_the_only_live_object_of_that_name_is_recognised_and_says_so() -> None:
    stack = declared(resource("assistants.a", name="A"))
    known = found(stack, live(remote("assistants", "a1", name="A"), remote("assistants", "b1", name="B")))
    assert ids(known) == {"assistants.a": "a1"}
    assert known.adopted == {A: "the only live object with the name 'A'"}


def test_a_name_differs_by_case_and_a_number_not_by_spelling() -> None:
    assert (
        found(declared(resource("assistants.a", name="a")), live(remote("assistants", "a1", name="A"))).bindings == {}
    )
    stack = declared(resource("numbers.n", phone_number="+31 85 083 5037"))
    assert ids(found(stack, live(remote("numbers", "n1", phone_number="+31850835037")))) == {"numbers.n": "n1"}


def test_what_another_address_binds_is_not_adopted() -> None:
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="A"))
    known = found(stack, live(remote("assistants", "b1", name="A")), remembered(bound("assistants.b", "b1")))
    assert ids(known) == {"assistants.b": "b1"}
    assert known.problems == []


def test_two_candidates_are_an_error_that_lists_both_ids() -> None:
    stack = declared(resource("assistants.a", name="A"))
    known = found(stack, live(remote("assistants", "a2", name="A"), remote("assistants", "a1", name="A")))
    (problem,) = known.problems
    assert problem.summary == "Ambiguous identity"
    assert "2 live objects have the name 'A': a1, a2" in problem.detail
    assert "hmsplan import assistants.a ID" in problem.detail
    assert known.bindings == {}


def test_two_declarations_of_one_live_name_are_an_error_that_names_both() -> None:
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="A"))
    (problem,) = found(stack, live(remote("assistants", "a1", name="A"))).problems
    assert problem.detail == "assistants.a and assistants.b have the same name, 'A'. Give each its own."


def test_two_declarations_of_one_name_are_fine_while_nothing_live_has_it() -> None:
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="A"))
    assert found(stack, live()).problems == []


def test_two_declarations_of_one_phone_number_never_are() -> None:
    stack = declared(resource("numbers.a", phone_number="+31"), resource("numbers.b", phone_number="+31"))
    assert [problem.summary for problem in found(stack, live()).problems] == ["Ambiguous identity"]


def test_a_rename_without_a_moved_entry_is_an_error_that_shows_the_entry() -> None:
    stack = declared(resource("assistants.b", name="A"))
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    (problem,) = known.problems
    assert problem.summary == "Renamed without a moved entry"
    assert "moved: [{from: assistants.a, to: assistants.b}]" in problem.detail
    assert "removed: [assistants.a]" in problem.detail


def test_what_is_forgotten_on_purpose_is_no_rename() -> None:
    stack = declared(resource("assistants.b", name="A"), removed=["assistants.a"])
    known = found(stack, live(remote("assistants", "a1", name="A")), remembered(bound("assistants.a", "a1")))
    assert known.problems == []
    assert ids(known) == {"assistants.a": "a1"}  # a twin is made, as asked for


def test_names_are_compared_within_a_kind() -> None:
    stack = declared(resource("tool_templates.a", name="A"))
    assert found(stack, live(remote("assistants", "a1", name="A"))).bindings == {}


def test_the_natural_key_is_canonical() -> None:
    assert identity_of(NUMBERS, {"phone_number": "0031 85 083 5037"}) == "+31850835037"
    assert identity_of(ASSISTANTS, {"name": "A"}) == "A"


# Open intents


def test_a_create_whose_answer_was_lost_is_found_by_its_body() -> None:
    intent = replace(open_create("assistants.a", "A", name="A", llm_config={"model": "m"}), protected=True)
    snapshot = live(remote("assistants", "a1", name="A", llm_config={"model": "m", "temperature": 0.7}))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)))
    sent = frozenset(intent.applied)
    assert known.bindings == {A: Binding(A, "a1", intent.applied, protected=True, made=intent.started, sent=sent)}
    assert known.answered == {A: intent}
    assert known.adopted == {A: "an earlier run created it; the answer was lost"}
    assert (known.unsettled, known.decided) == ([], [])


def test_what_was_there_before_the_create_is_not_it() -> None:
    intent = replace(open_create("assistants.a", "A", name="A"), before=frozenset({"old"}))
    objects = [remote("assistants", "old", name="A"), remote("assistants", "new", name="A"), remote("assistants", "x")]
    assert [o.id for o in same_identity(ASSISTANTS, intent, objects)] == ["new"]
    known = found(declared(resource("assistants.a", name="A")), live(*objects), remembered(intents=(intent,)))
    assert ids(known) == {"assistants.a": "new"}


def test_what_another_address_binds_is_not_it() -> None:
    intent = open_create("assistants.a", "A", name="A")
    state = remembered(bound("assistants.b", "b1"), intents=(intent,))
    stack = declared(resource("assistants.a", name="A"), resource("assistants.b", name="A"))
    known = found(stack, live(remote("assistants", "b1", name="A")), state)
    assert [u.candidates for u in known.unsettled] == [()]


def test_a_body_that_differs_leaves_a_candidate_that_only_a_person_can_judge() -> None:
    intent = open_create("assistants.a", "A", age_s=3600, name="A", first_message="Hi")
    snapshot = live(remote("assistants", "a1", name="A", first_message="Hey"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)))
    assert known.unsettled == [doubt(intent, ("a1",))]
    assert (known.bindings, known.adopted) == ({}, {})


def test_two_that_fit_are_listed_and_nothing_is_chosen() -> None:
    intent = open_create("assistants.a", "A", name="A")
    snapshot = live(remote("assistants", "a2", name="A"), remote("assistants", "a1", name="A"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)))
    assert known.unsettled == [doubt(intent, ("a1", "a2"))]
    assert known.problems == []


def test_one_of_two_that_fits_is_chosen() -> None:
    intent = open_create("assistants.a", "A", name="A", first_message="Hi")
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A", first_message="Hi"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)))
    assert ids(known) == {"assistants.a": "a2"}


def test_a_unique_key_decides_alone() -> None:
    intent = open_create("numbers.n", "+31850835037", phone_number="+31850835037", agent_id="a1")
    snapshot = live(remote("numbers", "n1", phone_number="+31850835037", agent_id=None))
    known = found(declared(resource("numbers.n", phone_number="+31850835037")), snapshot, remembered(intents=(intent,)))
    assert ids(known) == {"numbers.n": "n1"}


def test_what_a_create_does_not_take_need_not_match() -> None:
    intent = open_create("campaigns.c", "C", name="C", status="scheduled", max_calls=None)
    assert matches(CAMPAIGNS, intent, remote("campaigns", "c1", name="C", status="draft", max_calls=3))
    assert not matches(CAMPAIGNS, intent, remote("campaigns", "c1", name="D"))


@pytest.mark.parametrize(("age_s", "grace_s", "left"), [(0, 30, 30.0), (20, 30, 10.0), (50, 60, 10.0)])
def test_nothing_to_be_seen_within_the_grace_time_is_no_answer(age_s: float, grace_s: float, left: float) -> None:
    intent = open_create("assistants.a", "A", age_s=age_s, name="A")
    stack = declared(resource("assistants.a", name="A"), safety=Safety(settle_grace_s=grace_s))
    known = found(stack, live(), remembered(intents=(intent,)))
    assert known.unsettled == [doubt(intent, (), left)]
    assert known.decided == []


@pytest.mark.parametrize("age_s", [30, 3600])
def test_nothing_to_be_seen_after_the_grace_time_proves_that_it_was_never_made(age_s: float) -> None:
    intent = open_create("assistants.a", "A", age_s=age_s, name="A")
    known = found(declared(resource("assistants.a", name="A")), live(), remembered(intents=(intent,)))
    assert (known.unsettled, known.decided) == ([], ["assistants.a:create"])


def test_an_address_with_an_open_create_adopts_nothing_meanwhile() -> None:
    intent = open_create("assistants.a", "A", name="A", first_message="Hi")
    stack = declared(resource("assistants.a", name="Other"))
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "o1", name="Other"))
    assert found(stack, snapshot, remembered(intents=(intent,))).bindings == {}


def test_the_new_one_of_a_replace_takes_the_address_over() -> None:
    intent = replace(open_create("sip_trunks.t", "T", name="T", address="new"), deposes="t1", before=frozenset({"t1"}))
    snapshot = live(
        remote("sip_trunks", "t1", name="T", address="old"), remote("sip_trunks", "t2", name="T", address="new")
    )
    state = remembered(bound("sip_trunks.t", "t1", name="T"), intents=(intent,))
    known = found(declared(resource("sip_trunks.t", name="T", address="new")), snapshot, state)
    assert ids(known) == {"sip_trunks.t": "t2"}
    assert known.answered[at("sip_trunks.t")].deposes == "t1"


# Open intents of members


def added(*, age_s: float = 0.0, before: frozenset[str] = frozenset(), parent: str = "c1") -> PendingCreate:
    address = at("campaigns.c")
    return PendingCreate(
        "campaigns.c/leads:add-1", address, "campaigns", (mark(ANNA),), {}, before, NOW - age_s, parent
    )


def campaign(state: State, *leads: Any) -> Identities:
    snapshot = live(remote("campaigns", "c1", name="C"), leads={"c1": leads})
    return found(declared(resource("campaigns.c", [ANNA], name="C")), snapshot, state)


def test_a_lead_that_showed_up_is_counted_as_ours() -> None:
    state = remembered(bound("campaigns.c", "c1", ANNA), intents=(added(before=frozenset({"l1"})),))
    known = campaign(state, lead("l1", "+31201234567", name="Anna"), lead("l2", "+31201234567", name="Anna"))
    assert known.bindings[at("campaigns.c")].members == {mark(ANNA): 2}
    assert [(intent.step, found.id) for intent, found in known.counted] == [("campaigns.c/leads:add-1", "l2")]
    assert known.decided == []


@pytest.mark.parametrize(("age_s", "unsettled"), [(0, True), (30, False)])
def test_a_lead_that_did_not_show_up_may_still_come_within_the_grace_time(age_s: float, unsettled: bool) -> None:
    intent = added(age_s=age_s)
    known = campaign(remembered(bound("campaigns.c", "c1"), intents=(intent,)))
    assert known.unsettled == ([doubt(intent, (), 30.0)] if unsettled else [])
    assert known.decided == ([] if unsettled else [intent.step])
    assert known.bindings[at("campaigns.c")].members == {}


@pytest.mark.parametrize(
    "state", [remembered(intents=(added(),)), remembered(bound("campaigns.c", "c2"), intents=(added(),))]
)
def test_a_lead_whose_campaign_is_not_ours_any_more_needs_no_watching(state: State) -> None:
    known = campaign(state, lead("l1", "+31201234567", name="Anna"))
    assert known.decided == ["campaigns.c/leads:add-1"]
    assert known.unsettled == []


# A list that may be cut off proves nothing


def old(count: int) -> list[RemoteObject]:
    return [
        remote("assistants", f"x{number}", name=f"X{number}", created_at="2001-09-09T01:46:40Z")
        for number in range(count)
    ]


@pytest.mark.parametrize(("listed", "proven"), [(49, True), (50, False), (100, False)])
def test_a_create_that_a_list_of_a_round_length_lacks_stays_open(listed: int, proven: bool) -> None:
    """A cap that keeps the oldest hides exactly what was made last."""
    intent = open_create("assistants.a", "A", age_s=3600, name="A")
    known = found(declared(resource("assistants.a", name="A")), live(*old(listed)), remembered(intents=(intent,)))
    assert known.decided == ([intent.step] if proven else [])
    assert known.unsettled == ([] if proven else [doubt(intent)])
    assert not any(each.is_waiting for each in known.unsettled)


@pytest.mark.parametrize(("total", "proven"), [(0, True), (1, False), (None, True)])
def test_a_lead_that_a_list_lacks_was_not_added_only_if_the_list_has_all_that_the_campaign_counts(
    total: int | None, proven: bool
) -> None:
    intent = added(age_s=3600)
    snapshot = live(remote("campaigns", "c1", name="C", total_leads=total), leads={"c1": []})
    stack = declared(resource("campaigns.c", [ANNA], name="C"))
    known = found(stack, snapshot, remembered(bound("campaigns.c", "c1"), intents=(intent,)))
    assert known.decided == ([intent.step] if proven else [])
    assert known.unsettled == ([] if proven else [doubt(intent)])


def test_what_rode_on_a_create_whose_answer_was_lost_is_ours() -> None:
    """The people who were on it, and were taken out of the file since, can be taken off the list."""
    intent = replace(open_create("campaigns.c", "C", name="C"), members={mark(ANNA): 1})
    known = found(
        declared(resource("campaigns.c", [], name="C")),
        live(remote("campaigns", "c1", name="C")),
        remembered(intents=(intent,)),
    )
    assert known.bindings[at("campaigns.c")].members == {mark(ANNA): 1}


# The clocks of two machines


@pytest.mark.parametrize(("age_s", "left"), [(-86_400.0, 30.0), (-1.0, 30.0), (10.0, 20.0), (1e9, 0.0)])
def test_no_wait_is_longer_than_the_grace_time(age_s: float, left: float) -> None:
    """A create that was sent in the future was sent now."""
    intent = open_create("assistants.a", "A", age_s=age_s, name="A")
    known = found(declared(resource("assistants.a", name="A")), live(), remembered(intents=(intent,)))
    assert [each.remaining_s for each in known.unsettled] == ([left] if left else [])


def test_the_time_is_that_of_the_reading() -> None:
    intent = open_create("assistants.a", "A", name="A")
    snapshot = replace(live(), now=NOW + 12)
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)))
    assert [each.remaining_s for each in known.unsettled] == [18.0]


# What we made a moment ago


@pytest.mark.parametrize(("age_s", "left"), [(0.0, 30.0), (12.0, 18.0), (-500.0, 30.0)])
def test_what_we_made_a_moment_ago_and_cannot_see_is_waited_for(age_s: float, left: float) -> None:
    """A list and a GET that lag behind do not prove that somebody deleted it."""
    binding = replace(bound("assistants.a", "a1", name="A"), made=NOW - age_s)
    known = found(declared(resource("assistants.a", name="A")), live(), remembered(binding))
    assert known.unsettled == [Unsettled(A, (), left, id="a1")]
    assert known.gone == set()


@pytest.mark.parametrize("made", [0.0, NOW - 30, NOW - 86_400])
def test_what_was_made_longer_ago_is_gone(made: float) -> None:
    known = found(declared(), live(), remembered(replace(bound("assistants.a", "a1"), made=made)))
    assert (known.unsettled, known.gone) == ([], {A})


def test_what_can_be_seen_needs_no_waiting() -> None:
    binding = replace(bound("assistants.a", "a1", name="A"), made=NOW)
    known = found(
        declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A")), remembered(binding)
    )
    assert (known.unsettled, known.gone) == ([], set())


@pytest.mark.parametrize(("created_at", "waits"), [(NOW - 4, False), (NOW - 6, True), (None, True)])
def test_what_was_made_again_since_need_not_be_waited_for(created_at: float | None, waits: bool) -> None:
    """The list is not behind: it shows an object of that name that is younger than ours."""
    binding = replace(bound("assistants.a", "a1", name="A"), made=NOW - 5)
    shown = iso(created_at) if created_at is not None else None
    snapshot = live(
        remote("assistants", "a2", name="A", created_at=shown), remote("assistants", "b", name="B", created_at=iso(NOW))
    )
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(binding))
    assert ids(known) == {"assistants.a": "a1" if waits else "a2"}
    assert [each.id for each in known.unsettled] == (["a1"] if waits else [])


def test_a_number_that_is_visible_under_another_id_was_made_again() -> None:
    """The API has it once."""
    binding = replace(bound("numbers.n", "n1", phone_number="+31850835037"), made=NOW - 5)
    stack = declared(resource("numbers.n", phone_number="+31850835037"))
    known = found(stack, live(remote("numbers", "n2", phone_number="+31850835037")), remembered(binding))
    assert ids(known) == {"numbers.n": "n2"}


def test_an_address_that_waits_adopts_nothing_meanwhile() -> None:
    binding = replace(bound("assistants.a", "a1", name="A"), made=NOW)
    snapshot = live(remote("assistants", "a2", name="A"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(binding))
    assert ids(known) == {"assistants.a": "a1"}


# A bound object that is gone


def test_the_only_live_object_of_the_name_takes_the_place_of_one_that_is_gone() -> None:
    """A state restored from a backup, or an object that was made again by hand: never a second one."""
    binding = replace(bound("assistants.a", "lost", protected=True, name="A", first_message="Hi"), made=5.0)
    known = found(
        declared(resource("assistants.a", name="A")), live(remote("assistants", "a2", name="A")), remembered(binding)
    )
    assert known.bindings == {A: Binding(A, "a2", {}, protected=True)}
    assert known.adopted == {A: "its object lost is gone; the only live object with the name 'A'"}
    assert known.gone == set()


def test_the_people_who_were_added_to_a_campaign_that_is_gone_stay_remembered() -> None:
    """To call one of them again is a decision, on a new campaign as well."""
    known = found(
        declared(resource("campaigns.c", [], name="C")),
        live(remote("campaigns", "c2", name="C")),
        remembered(bound("campaigns.c", "c1", ANNA)),
    )
    assert known.bindings[at("campaigns.c")].members == {mark(ANNA): 1}


def test_several_that_may_take_its_place_are_an_error_that_lists_them() -> None:
    snapshot = live(remote("assistants", "a3", name="A"), remote("assistants", "a2", name="A"))
    (problem,) = found(
        declared(resource("assistants.a", name="A")), snapshot, remembered(bound("assistants.a", "lost"))
    ).problems
    assert problem.summary == "Ambiguous identity"
    assert "its object lost is gone; 2 live objects have the name 'A': a2, a3" in problem.detail
    assert "hmsplan state rm assistants.a\n  hmsplan import assistants.a ID" in problem.detail


def test_what_is_still_to_be_deleted_takes_no_place() -> None:
    state = remembered(bound("sip_trunks.t", "t2", name="T"), deposed=(Deposed(at("sip_trunks.t"), "t1"),))
    known = found(declared(resource("sip_trunks.t", name="T")), live(remote("sip_trunks", "t1", name="T")), state)
    assert (ids(known), known.gone, known.adopted) == ({"sip_trunks.t": "t2"}, {at("sip_trunks.t")}, {})


# What another environment of the stack binds

STAGING = {("assistants", "a1"): "staging", ("numbers", "n1"): "staging"}


def test_what_another_environment_binds_is_not_offered() -> None:
    known = found(
        declared(resource("assistants.a", name="A")), live(remote("assistants", "a1", name="A")), elsewhere=STAGING
    )
    assert (known.bindings, known.problems) == ({}, [])


def test_nor_does_it_make_a_choice_ambiguous() -> None:
    snapshot = live(remote("assistants", "a1", name="A"), remote("assistants", "a2", name="A"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, elsewhere=STAGING)
    assert ids(known) == {"assistants.a": "a2"}


def test_nor_is_it_the_object_of_a_lost_create() -> None:
    intent = open_create("assistants.a", "A", name="A")
    snapshot = live(remote("assistants", "a1", name="A"))
    known = found(declared(resource("assistants.a", name="A")), snapshot, remembered(intents=(intent,)), STAGING)
    assert known.unsettled == [doubt(intent, (), 30.0)]


def test_what_exists_only_once_cannot_be_in_two_environments() -> None:
    stack = declared(resource("numbers.n", phone_number="+31850835037"))
    (problem,) = found(stack, live(remote("numbers", "n1", phone_number="+31850835037")), elsewhere=STAGING).problems
    assert problem.summary == "Bound in another environment"
    assert "+31850835037, which is bound in environment staging (n1)" in problem.detail


def test_it_cannot_be_imported_either() -> None:
    stack = declared(resource("assistants.a", name="A"), imports=[("assistants.a", "a1")])
    (problem,) = found(stack, live(remote("assistants", "a1", name="A")), elsewhere=STAGING).problems
    assert "a1 is bound in environment staging" in problem.detail


# One object, one address


def test_two_imports_of_one_object_are_a_problem() -> None:
    stack = declared(
        resource("assistants.a", name="A"),
        resource("assistants.b", name="B"),
        imports=[("assistants.a", "x1"), ("assistants.b", "x1")],
    )
    known = found(stack, live(remote("assistants", "x1", name="X")))
    assert ids(known) == {"assistants.a": "x1"}
    assert ["x1 is assistants.a already" in problem.detail for problem in known.problems] == [True]


def test_what_is_still_to_be_deleted_cannot_be_imported() -> None:
    trunks = [resource("sip_trunks.new", name="New"), resource("sip_trunks.t", name="T")]
    stack = declared(*trunks, imports=[("sip_trunks.new", "t1")])
    state = remembered(bound("sip_trunks.t", "t2", name="T"), deposed=(Deposed(at("sip_trunks.t"), "t1"),))
    (problem,) = found(
        stack, live(remote("sip_trunks", "t1", name="T"), remote("sip_trunks", "t2", name="T")), state
    ).problems
    assert "t1 was replaced by an earlier apply and is still to be deleted" in problem.detail


def test_a_state_that_binds_one_object_twice_is_a_problem_that_says_what_to_do() -> None:
    """By hand, or by an hmsplan of before."""
    state = remembered(bound("assistants.a", "a1"), bound("assistants.b", "a1"))
    (problem,) = found(declared(), live(remote("assistants", "a1", name="A")), state).problems
    assert problem.summary == "Bound twice"
    assert "assistants.a and assistants.b both are a1" in problem.detail
    assert "hmsplan state rm assistants.b" in problem.detail


def test_forgetting_one_of_the_two_mends_it() -> None:
    state = remembered(bound("assistants.a", "a1"), bound("assistants.b", "a1"))
    known = found(declared(removed=["assistants.b"]), live(remote("assistants", "a1", name="A")), state)
    assert known.problems == []


def test_one_id_of_two_kinds_is_two_objects() -> None:
    state = remembered(bound("assistants.a", "1"), bound("numbers.n", "1"))
    assert found(declared(), live(remote("assistants", "1"), remote("numbers", "1")), state).problems == []

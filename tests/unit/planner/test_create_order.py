"""What has to be deleted before something else may be created, because the API has a phone number only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.readings import at, bound, change_of, declared, live, planned, remembered, remote, resource

from hmsplan.errors import ConfigError
from hmsplan.model import Action, ResourceChange
from hmsplan.planner.create_order import identity_needs

if TYPE_CHECKING:
    from hmsplan.model import Diagnostic, Plan

ONE, TWO, THREE, FOUR = (f"+3120123450{number}" for number in range(1, 5))
A, B, C = at("numbers.a"), at("numbers.b"), at("numbers.c")
LIVE = live(*(remote("numbers", key, phone_number=phone) for key, phone in zip("abc", (ONE, TWO, THREE), strict=True)))


def change(address: str, action: Action, object_id: str | None, phone_number: str = "") -> ResourceChange:
    after = {"phone_number": phone_number} if phone_number else {}
    return ResourceChange(at(address), action, object_id, after=after)


def replaced(key: str, phone_number: str) -> ResourceChange:
    return change(f"numbers.{key}", Action.REPLACE, key, phone_number)


def problem(*changes: ResourceChange) -> Diagnostic:
    with pytest.raises(ConfigError) as caught:
        identity_needs(changes, LIVE)
    (found,) = caught.value.diagnostics
    return found


def test_a_shift_begins_where_a_number_is_let_go_of() -> None:
    """1 -> 2, 2 -> 3, 3 -> 4: the last one needs nothing."""
    assert identity_needs([replaced("a", TWO), replaced("b", THREE), replaced("c", FOUR)], LIVE) == {A: B, B: C}


def test_spelling_does_not_hide_a_number() -> None:
    assert identity_needs([replaced("a", "0031 20 123 4502"), replaced("b", FOUR)], LIVE) == {A: B}


@pytest.mark.parametrize("action", [Action.CREATE, Action.REPLACE])
def test_the_number_of_what_is_deleted_is_free_after_that(action: Action) -> None:
    old = "c" if action is Action.REPLACE else None
    assert identity_needs([change("numbers.new", action, old, TWO), change("numbers.b", Action.DELETE, "b")], LIVE) == {
        at("numbers.new"): B
    }


def test_what_an_earlier_apply_replaced_has_to_go_first() -> None:
    """Its step is of the same address."""
    left = ResourceChange(A, Action.DELETE, "b", deposed=True)
    assert identity_needs([replaced("a", TWO), left], LIVE) == {A: A}


@pytest.mark.parametrize("action", [Action.NO_OP, Action.UPDATE, Action.ADOPT, Action.DELETE])
def test_what_is_not_created_needs_nothing(action: Action) -> None:
    assert identity_needs([change("numbers.a", action, "a", ONE)], LIVE) == {}


def test_names_may_be_shared() -> None:
    trunks = live(remote("sip_trunks", "t1", name="T"))
    new = ResourceChange(at("sip_trunks.t"), Action.REPLACE, "t1", after={"name": "T"})
    assert identity_needs([new], trunks) == {}


def test_a_swap_is_refused_with_what_to_do_instead() -> None:
    found = problem(replaced("a", TWO), replaced("b", ONE))
    assert (found.summary, found.address, found.path) == ("Circle of identities", A, ("phone_number",))
    assert "numbers.a and numbers.b would exchange their phone_number" in found.detail
    assert "exchange the other fields (agent_id and transfer_trunk_id and workflow_id)" in found.detail
    assert found.detail.splitlines()[1:] == [
        "  hmsplan state mv numbers.a numbers.a_moved",
        "  hmsplan state mv numbers.b numbers.a",
        "  hmsplan state mv numbers.a_moved numbers.b",
    ]


def test_a_circle_of_three_is_one_problem_and_what_leads_into_it_is_none() -> None:
    found = problem(
        replaced("a", TWO), replaced("b", THREE), replaced("c", ONE), change("numbers.d", Action.CREATE, None)
    )
    assert "numbers.a and numbers.b and numbers.c would exchange" in found.detail


def test_the_moves_that_are_proposed_leave_nothing_to_do() -> None:
    """Each key gets the object that has its number."""
    bindings = {"numbers.a": ONE, "numbers.b": TWO, "numbers.c": THREE}
    wanted = {"numbers.a": TWO, "numbers.b": THREE, "numbers.c": ONE}
    for line in problem(replaced("a", TWO), replaced("b", THREE), replaced("c", ONE)).detail.splitlines()[1:]:
        origin, target = line.split()[-2:]
        assert target not in bindings
        bindings[target] = bindings.pop(origin)
    assert bindings == wanted


def test_a_number_that_another_address_keeps_is_refused() -> None:
    found = problem(replaced("a", TWO), change("numbers.b", Action.NO_OP, "b", TWO))
    assert found.summary == "Identity is taken"
    assert "numbers.b has it (b) and keeps it" in found.detail


def test_a_number_that_nothing_here_manages_is_refused_with_what_to_type() -> None:
    found = problem(replaced("a", TWO))
    assert "b has it, and this plan does not change that one" in found.detail
    assert "hmsplan state rm numbers.a\n  hmsplan import numbers.a b" in found.detail


def shift() -> Plan:
    stack = declared(resource("numbers.a", phone_number=TWO), resource("numbers.b", phone_number=FOUR))
    state = remembered(bound("numbers.a", "a", phone_number=ONE), bound("numbers.b", "b", phone_number=TWO))
    return planned(stack, live(*list(LIVE.objects["numbers"].values())[:2]), state)


def test_the_plan_says_that_the_number_cannot_be_reached_in_between() -> None:
    assert change_of(shift(), "numbers.a").notes == (
        f"{TWO} is deleted at numbers.b before it is created here: in between it cannot be reached",
    )
    assert change_of(shift(), "numbers.b").notes == ()

"""State surgery: what each command changes, and what it says when it cannot."""

from __future__ import annotations

import pytest

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate, State
from hmsplan.state import edit

A, B, N = Address("assistants", "a"), Address("assistants", "b"), Address("numbers", "n")
BOUND = State("l", 3, bindings={A: Binding(A, "1", {"name": "A"})})


def intent(step: str = "assistants.a:create", deposes: str | None = None) -> PendingCreate:
    return PendingCreate(
        step, A, "assistants", ("A",), {"name": "new"}, frozenset(), 1.0, None, deposes, protected=True
    )


def test_a_move_takes_object_intents_and_deposed_along() -> None:
    state = State("l", 3, bindings=BOUND.bindings, deposed=(Deposed(A, "0"),), intents=(intent(),))
    moved = edit.move(state, A, B)
    assert moved.serial == 4
    assert moved.bindings == {B: Binding(B, "1", {"name": "A"})}
    assert moved.deposed == (Deposed(B, "0"),)
    assert [i.address for i in moved.intents] == [B]


@pytest.mark.parametrize(
    ("origin", "target", "words"),
    [(B, A, "assistants.b is not in the state"), (A, A, "is bound already"), (A, N, "kind of an object never changes")],
)
def test_a_move_that_makes_no_sense_is_refused(origin: Address, target: Address, words: str) -> None:
    with pytest.raises(StateError, match=words):
        edit.move(BOUND, origin, target)


def test_a_removed_address_is_forgotten() -> None:
    assert edit.remove(BOUND, A) == State("l", 4)


def test_only_what_is_bound_can_be_removed() -> None:
    with pytest.raises(StateError, match="hmsplan state list"):
        edit.remove(BOUND, B)


def test_an_import_binds_and_can_be_repeated() -> None:
    binding = Binding(B, "2", {"name": "B"})
    once = edit.bind(BOUND, binding)
    assert once.bindings[B] == binding
    assert edit.bind(once, binding).bindings == once.bindings


def test_one_address_has_one_object_and_one_object_one_address() -> None:
    with pytest.raises(StateError, match=r"bound to 1 already(?s:.+)state rm assistants.a"):
        edit.bind(BOUND, Binding(A, "2"))
    with pytest.raises(StateError, match=r"bound to assistants.a already(?s:.+)state mv assistants.a assistants.b"):
        edit.bind(BOUND, Binding(B, "1"))
    assert edit.bind(BOUND, Binding(N, "1")).bindings[N].id == "1"


def test_what_is_still_to_be_deleted_is_not_bound_again() -> None:
    """The next apply would delete it."""
    state = State("l", 3, bindings=BOUND.bindings, deposed=(Deposed(A, "0"),))
    with pytest.raises(StateError, match=r"0 was replaced as assistants.a"):
        edit.bind(state, Binding(B, "0"))
    assert edit.bind(state, Binding(N, "0")).bindings[N].id == "0"


def test_a_lost_create_did_not_make_what_another_address_has() -> None:
    other = PendingCreate("assistants.b:create", B, "assistants", ("B",), {}, frozenset(), 1.0)
    with pytest.raises(StateError, match=r"1 is bound to assistants.a already"):
        edit.resolve(State("l", 3, bindings=BOUND.bindings, intents=(other,)), B, "1")


def test_a_state_from_elsewhere_binds_each_object_once() -> None:
    with pytest.raises(StateError, match=r"assistants.a and assistants.b both are 1 in it"):
        edit.refuse_twice(State("l", 3, bindings={**BOUND.bindings, B: Binding(B, "1"), N: Binding(N, "1")}))
    edit.refuse_twice(State("l", 3, bindings={**BOUND.bindings, B: Binding(B, "2"), N: Binding(N, "1")}))


def test_the_state_of_another_stack_is_refused_until_it_is_renamed() -> None:
    state = State("l", 3, stack="clinic")
    edit.refuse_other_stack(State("l", 3), "garage")  # nobody's yet
    edit.refuse_other_stack(state, "clinic")
    with pytest.raises(
        StateError, match=r"belongs to the stack clinic(?s:.+)hmsplan state rename-stack garage"
    ) as caught:
        edit.refuse_other_stack(state, "garage")
    assert (caught.value.summary, caught.value.exit_code) == ("State of another stack", 1)
    edit.refuse_other_stack(edit.rename_stack(state, "garage"), "garage")


def test_what_a_fast_clock_dated_begins_now() -> None:
    """Else a run would wait for the grace time of a year to come."""
    state = State("l", 3, bindings={A: Binding(A, "1", made=99.0), B: Binding(B, "2", made=5.0)}, intents=(intent(),))
    now = edit.not_of_the_future(state, 10.0)
    assert [binding.made for binding in now.bindings.values()] == [10.0, 5.0]
    assert [each.started for each in now.intents] == [1.0]
    assert [each.started for each in edit.not_of_the_future(state, 0.5).intents] == [0.5]
    assert (now.lineage, now.serial) == ("l", 3)


def test_an_adopted_create_binds_what_was_intended_and_deposes_the_old() -> None:
    state = State("l", 3, bindings=BOUND.bindings, intents=(intent(deposes="1"),))
    resolved = edit.resolve(state, A, "2")
    assert resolved.bindings[A] == Binding(A, "2", {"name": "new"}, protected=True, made=1.0, sent=frozenset({"name"}))
    assert resolved.deposed == (Deposed(A, "1"),)
    assert resolved.intents == ()


def test_a_create_that_made_nothing_is_closed() -> None:
    assert edit.resolve(State("l", 3, intents=(intent(), intent("other"))), A, None) == State("l", 5)


def test_an_adopted_member_is_counted() -> None:
    member = PendingCreate("lead", A, "leads", ("f" * 16,), {}, frozenset(), 1.0, parent="1")
    state = State("l", 3, bindings=BOUND.bindings, intents=(member,))
    assert edit.resolve(state, A, "lead-1").bindings[A].members == {"f" * 16: 1}


def test_a_create_that_cannot_be_resolved_so_is_left_open() -> None:
    with pytest.raises(StateError, match="no open create"):
        edit.resolve(BOUND, A, "2")
    with pytest.raises(StateError, match="several open creates"):
        edit.resolve(State("l", 3, intents=(intent(), intent("other"))), A, "2")

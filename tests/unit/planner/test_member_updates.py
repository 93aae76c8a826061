"""Which leads of a plan are one lead that changes."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st
from support.readings import LINEAGE

from hmsplan.kinds import KINDS
from hmsplan.model import Anonymous, MembersChange, MemberUpdate, RemoteObject, SourceLine
from hmsplan.planner.member_updates import updates_of
from hmsplan.planner.members import compare_members, fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEADS = KINDS["campaigns"].members
assert LEADS is not None
MEMBERS = LEADS
Lead = dict[str, Any]


def lead(number: str, **variables: object) -> Lead:
    return {"phone_number": number, "variables": variables}


def updates(add: Sequence[Lead], remove: Sequence[Mapping[str, Any]]) -> tuple[MemberUpdate, ...]:
    return updates_of(MEMBERS, add, [RemoteObject("leads", f"l{n}", fields) for n, fields in enumerate(remove)])


def test_a_lead_whose_variables_change_is_one_lead() -> None:
    """In whatever spelling its number lives; a variable that is new or gone differs, too."""
    add = [lead("+31612345601", a="1", b="2"), lead("+31612345602", a="1", c="3")]
    remove = [lead("+31612345609"), lead("+31 6 1234 5602", a="1", b="2"), lead("+31612345601", a="1", b="x")]
    assert updates(add, remove) == (MemberUpdate(0, 2, ("b",)), MemberUpdate(1, 1, ("b", "c")))


def test_values_of_another_type_differ() -> None:
    """1, 1.0, "1" and true are not the same in JSON, and the text of a prompt is not either."""
    one = "+31612345601"
    assert updates([lead(one, a=1)], [lead(one, a=True)]) == (MemberUpdate(0, 0, ("a",)),)
    assert updates([lead(one, a=1)], [lead(one, a="1")]) == (MemberUpdate(0, 0, ("a",)),)


def test_of_a_household_as_many_change_as_there_are_of_both() -> None:
    """Those that differ least are one: a person whose time moves, not another person at that time."""
    one = "+31612345601"
    add = [lead(one, name="A", at="1"), lead(one, name="B", at="2")]
    assert updates(add, [lead(one, name="B", at="1")]) == (MemberUpdate(0, 0, ("name",)),)
    assert updates(add, [lead(one, name="A", at="1", town="x")]) == (MemberUpdate(0, 0, ("town",)),)
    assert updates(add, [lead(one, name="B", at="3", town="x")]) == (MemberUpdate(1, 0, ("at", "town")),)


def test_thousands_of_one_number_are_not_compared_with_each_other() -> None:
    many = [lead("+31612345601", id=str(number)) for number in range(5000)]
    began = time.perf_counter()
    assert len(updates(many, [lead("+31612345601", id=f"x{number}") for number in range(5000)])) == 5000
    assert time.perf_counter() - began < 5


def test_what_a_snapshot_hides_changes_in_variables_that_cannot_be_seen() -> None:
    hidden = {"phone_number": "+31612345601", "variables": Anonymous("0" * 32)}
    assert updates([lead("+31612345601", a="1")], [hidden]) == (MemberUpdate(0, 0),)
    assert updates([lead("+31612345601", a="1")], [{"variables": Anonymous("0" * 32)}]) == ()


NUMBERS = [f"+3161234560{index}" for index in range(4)]
ROWS = st.lists(
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from("abc"), st.sampled_from("xy")), unique=True, max_size=8
).map(lambda rows: [lead(number, name=name, slot=slot) for number, name, slot in rows])


def change(declared: Sequence[Lead], live: Sequence[Lead]) -> MembersChange:
    there = [
        RemoteObject("leads", f"l{n}", {**each, "id": f"l{n}", "status": "pending"}) for n, each in enumerate(live)
    ]
    owned = Counter(fingerprint(MEMBERS, each, LINEAGE) for each in live)
    sources = [SourceLine("a.csv", line) for line in range(2, len(declared) + 2)]
    found, _ = compare_members(MEMBERS, declared, there, owned, LINEAGE, sources=sources)
    return found or MembersChange()


def told(found: MembersChange) -> tuple[Any, ...]:
    """Return what a reader learns, the lines apart."""
    number = [spec["phone_number"] for spec in found.add]
    return (
        sorted((number[each.add], each.names) for each in found.updates),
        sorted(map(repr, found.add)),
        sorted(repr(item.fields["variables"]) for item in found.remove),
        found.pending,
        found.exposed,
        found.called,
        found.taken,
    )


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(declared: list[Lead], live: list[Lead], random: Any) -> None:
    other, otherwise = list(declared), list(live)
    random.shuffle(other)
    random.shuffle(otherwise)
    assert told(change(declared, live)) == told(change(other, otherwise))


@given(ROWS, ROWS)
def test_a_change_is_an_add_and_a_remove_of_one_number(declared: list[Lead], live: list[Lead]) -> None:
    """As many as there can be, each in one pair, named by what differs; and each lead to add stands on its line."""
    found = change(declared, live)
    add = Counter(spec["phone_number"] for spec in found.add)
    remove = Counter(item.fields["phone_number"] for item in found.remove)
    assert Counter(found.add[each.add]["phone_number"] for each in found.updates) == add & remove
    assert (
        len({each.add for each in found.updates}) == len({each.remove for each in found.updates}) == len(found.updates)
    )
    for each in found.updates:
        new, old = found.add[each.add], found.remove[each.remove].fields
        assert new["phone_number"] == old["phone_number"]
        assert each.names == tuple(sorted(k for k, v in new["variables"].items() if old["variables"][k] != v)) != ()
    assert [declared[int(place.partition(":")[2]) - 2] for place in found.places] == list(found.add)

"""What the plan says of leads that go and come with the same number."""

from __future__ import annotations

from typing import Any

from hmsplan.kinds import KINDS
from hmsplan.model import Anonymous, RemoteObject
from hmsplan.planner.member_reasons import why_added_again

LEADS = KINDS["campaigns"].members


def why(old: list[tuple[str, Any]], new: list[tuple[str, Any]]) -> list[str]:
    assert LEADS is not None
    remove = [
        RemoteObject("leads", f"l{index}", {"phone_number": number, "variables": variables})
        for index, (number, variables) in enumerate(old)
    ]
    return why_added_again(LEADS, [{"phone_number": number, "variables": them} for number, them in new], remove)


def test_a_column_is_added_to_the_file() -> None:
    """In whatever spelling the numbers live."""
    old = [("+31 6 1234 5601", {"name": "Jan"}), ("+31612345601", {"name": "Mrs Jansen"}), ("+31612345602", {})]
    new = [("+31612345601", {"name": name, "notes": ""}) for name in ("Jan", "Mrs Jansen")]
    assert why(old, [*new, ("+31612345602", {"notes": ""})]) == [
        "3 leads are removed and added again: the variable notes is new"
    ]


def test_each_way_to_differ_is_told_with_the_names_of_the_variables_and_no_value() -> None:
    old = [("+31612345601", {"name": "Jan", "town": "Edam", "day": "mon"}), ("+31612345602", {"name": "Piet"})]
    new = [("+31612345601", {"name": "Piet", "city": "Edam", "day": "tue"}), ("+31612345602", {"name": "Pieter"})]
    changed = "the variable city is new, the variable town is gone, the variables day, name have other values"
    assert why(old, new) == [
        f"1 lead is removed and added again: {changed}",
        "1 lead is removed and added again: the variable name has another value",
    ]


def test_many_ways_to_differ_are_counted() -> None:
    old: list[tuple[str, Any]] = [(f"+3161234560{index}", {}) for index in range(9)]
    new = [(f"+3161234560{index}", {f"v{index}": "x"}) for index in range(9)]
    notes = why(old, new)
    assert len(notes) == 6
    assert notes[-1] == "4 leads are removed and added again, for other reasons"


def test_other_people_need_no_reason() -> None:
    """Nor can one be given for a lead of which a snapshot keeps only a fingerprint, or that has odd variables."""
    new = [("+31612345601", {"name": "Jan"})]
    assert why([("+31612345602", {"name": "Piet"})], new) == []
    assert why([("+31612345601", Anonymous("0" * 16))], new) == []
    assert why([("+31612345601", ["name"])], new) == []
    assert why([], new) == []


def test_one_of_several_with_the_same_number_and_the_same_variables() -> None:
    """The API may hold a lead twice; the stack may not."""
    old = [("+31612345601", {"name": "Jan"}), ("+31612345601", {"name": "Jan"})]
    assert why(old, [("+31612345601", {"name": "Jan"})]) == [
        "1 lead is removed and added again: the variable name has another value"
    ]

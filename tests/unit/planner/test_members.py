"""Who is on a list, who would be called because of a change, and whom somebody took off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.readings import LINEAGE

from hmsplan.kinds import KINDS
from hmsplan.model import MEMBER_HALF, MembersChange, RemoteObject
from hmsplan.planner.members import (
    beginning,
    compare_members,
    fingerprint,
    gone_with,
    merged,
    number_fingerprint,
    people,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEADS = KINDS["campaigns"].members
assert LEADS is not None
MEMBERS = LEADS
ANNA = {"phone_number": "+31201234567", "variables": {"name": "Anna"}}
ANNE = {"phone_number": "+31201234567", "variables": {"name": "Anne"}}
BEN = {"phone_number": "+31207654321", "variables": {}}


def mark(spec: Mapping[str, Any]) -> str:
    return fingerprint(MEMBERS, spec, LINEAGE)


def live(object_id: str, spec: Mapping[str, Any], status: str = "pending") -> RemoteObject:
    return RemoteObject("leads", object_id, {**spec, "id": object_id, "status": status})


def change(
    declared: Sequence[Mapping[str, Any]],
    there: Sequence[RemoteObject],
    owned: Mapping[str, int] | None = None,
    leaving: Mapping[str, int] | None = None,
) -> MembersChange:
    found, _ = compare_members(MEMBERS, declared, there, owned or {}, LINEAGE, leaving or {})
    assert found is not None
    return found


def test_a_fingerprint_begins_with_that_of_the_person() -> None:
    assert mark(ANNA)[:MEMBER_HALF] == mark(ANNE)[:MEMBER_HALF] == number_fingerprint(MEMBERS, ANNA, LINEAGE)
    assert mark(ANNA)[MEMBER_HALF:] != mark(ANNE)[MEMBER_HALF:]


def test_a_lead_that_we_added_and_that_is_gone_was_taken_off() -> None:
    assert change([ANNA, BEN], [live("l2", BEN)], {mark(ANNA): 1, mark(BEN): 1}).taken == 1


def test_a_person_who_was_taken_off_is_known_again_under_other_variables() -> None:
    found = change([ANNE], [], {mark(ANNA): 1})
    assert (found.add, found.taken) == ((ANNE,), 1)


def test_one_of_two_entries_of_a_person_may_have_been_taken_off() -> None:
    assert change([ANNA, ANNE], [live("l1", ANNA)], {mark(ANNA): 1, mark(ANNE): 1}).taken == 1


def test_a_change_of_variables_takes_nobody_off() -> None:
    found = change([ANNE], [live("l1", ANNA)], {mark(ANNA): 1})
    assert (found.taken, found.exposed, found.pending) == (0, 0, 1)


def test_who_is_gone_by_our_own_hand_was_not_taken_off() -> None:
    """The removal was written down before it was sent, and the run died before it could write down the rest."""
    assert change([ANNE], [], {mark(ANNA): 1}, {mark(ANNA): 1}).taken == 0
    assert change([ANNE, ANNA], [live("l1", ANNA)], {mark(ANNA): 2}, {mark(ANNA): 1}).taken == 0


def test_version_1_remembers_the_member_alone() -> None:
    assert change([ANNA], [], {mark(ANNA)[-MEMBER_HALF:]: 1}).taken == 1
    assert change([], [live("l1", ANNA)], {mark(ANNA)[-MEMBER_HALF:]: 1}).remove == (live("l1", ANNA),)


def test_who_was_called_is_counted_as_called_and_not_as_taken_off() -> None:
    found = change([ANNE], [live("l1", ANNA, "completed")], {mark(ANNA): 1})
    assert (found.called, found.taken) == (1, 0)


def test_people_are_counted_by_number() -> None:
    assert people(MEMBERS, [ANNA, ANNE, BEN]) == 2
    found = change([ANNA, ANNE, BEN], [])
    assert (found.pending, found.exposed) == (2, 2)


def test_a_campaign_that_was_deleted_by_hand_begins_with_people_who_were_taken_off() -> None:
    found = beginning(MEMBERS, [ANNA, BEN], {mark(ANNA): 1}, (), LINEAGE)
    assert (len(found.add), found.exposed, found.taken) == (2, 2, 1)


def test_what_two_readings_remember_is_joined_without_counting_twice() -> None:
    assert merged({mark(ANNA): 1}, {mark(ANNA): 1, mark(BEN): 2}) == {mark(ANNA): 1, mark(BEN): 2}
    assert merged({mark(ANNA)[-MEMBER_HALF:]: 1}, {mark(ANNA): 1}) == {mark(ANNA)[-MEMBER_HALF:]: 1}


@pytest.mark.parametrize(
    ("counters", "listed", "said"),
    [
        ({"total_leads": 0}, None, ""),
        ({}, None, ""),
        ({"total_leads": 1}, None, "its lead goes with it, at most 1 of them still to be called"),
        (
            {"total_leads": 1200, "completed_leads": 150, "failed_leads": 50},
            None,
            "its 1,200 leads go with it, at most 1,000 of them still to be called",
        ),
        ({"total_leads": 2}, ["pending", "completed"], "its 2 leads go with it, 1 of them still to be called"),
        ({"total_leads": 2}, ["failed", "completed"], "its 2 leads go with it"),
        ({"total_leads": 9}, ["failed", "completed"], "its 9 leads go with it, at most 9 of them still to be called"),
        ({}, ["pending"], "its lead goes with it, 1 of them still to be called"),
    ],
)
def test_how_many_members_go_with_their_parent(counters: dict[str, int], listed: list[str] | None, said: str) -> None:
    there = [live(f"l{index}", BEN, status) for index, status in enumerate(listed)] if listed is not None else None
    assert gone_with(MEMBERS, RemoteObject("campaigns", "c", counters), there) == said

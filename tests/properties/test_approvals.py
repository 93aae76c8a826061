"""An approval holds for the change that was approved: whatever else would be done is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.readings import (
    NOW,
    SPRING,
    at,
    bound,
    change_of,
    declared,
    lead,
    live,
    planned,
    remembered,
    remote,
    resource,
)

from hmsplan.model import Action, Approval, FieldChange, Plan, ResourceChange, Risk, SourceLine
from hmsplan.planner.digest import change_digest
from hmsplan.text.timestamps import day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Stack

BOUNDED = settings(max_examples=100, deadline=None, derandomize=True, database=None)
C = "campaigns.c"
CLOCK = st.sampled_from(["08:00:00", "09:00:00", "12:30:00", "17:00:00"])
NUMBER = st.sampled_from(["+31201234567", "+31207654321", "+31209999999"])
LEADS = st.lists(
    st.fixed_dictionaries(
        {"phone_number": NUMBER, "variables": st.dictionaries(st.sampled_from("ab"), st.text(max_size=3), max_size=2)}
    ),
    max_size=3,
    unique_by=lambda each: str(each["phone_number"]),
)
CASE = st.fixed_dictionaries(
    {
        "fields": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["Spring", "Autumn"]),
                "schedule_start_time": CLOCK,
                "schedule_end_time": CLOCK,
                "timezone": st.sampled_from(["Europe/Amsterdam", "Europe/London"]),
            },
            optional={"system_message_template": st.text(max_size=4)},
        ),
        "leads": LEADS,
        "there": LEADS,
        "was": st.sampled_from(["draft", "paused"]),
        "id": st.sampled_from(["c1", "c2"]),
        "environment": st.sampled_from(["default", "production"]),
        "organization": st.sampled_from(["o1", "o2", None]),
        "name": st.sampled_from(["acme", "other"]),
    }
)


def plan_of(case: Mapping[str, Any], *approvals: Approval) -> Plan:
    """Plan the start of a campaign."""
    fields = {**SPRING, **case["fields"]}
    stack: Stack = declared(resource(C, case["leads"], **fields, status="scheduled"), approvals=approvals)
    stack = replace(stack, name=case["name"], environment=case["environment"])
    there = [lead(f"l{n}", each["phone_number"], **each["variables"]) for n, each in enumerate(case["there"])]
    snapshot = live(remote("campaigns", case["id"], **SPRING, status=case["was"]), leads={case["id"]: there})
    state = remembered(bound(C, case["id"], **SPRING, status=case["was"]))
    return planned(stack, replace(snapshot, organization=case["organization"]), state)


def approval(plan: Plan) -> Approval:
    (refusal,) = (each for each in plan.refusals if each.risk is Risk.START)
    return Approval(Risk.START, at(C), refusal.change, "agreed", day(NOW), SourceLine("approvals.yaml", 2))


def starts(plan: Plan) -> bool:
    return all(refusal.risk is not Risk.START for refusal in plan.refusals)


@BOUNDED
@given(CASE)
def test_it_holds_for_the_same_change_however_often_it_is_planned(case: Mapping[str, Any]) -> None:
    given_ = approval(plan_of(case))
    assert starts(plan_of(case, given_))
    assert starts(plan_of(case, given_))


@BOUNDED
@given(CASE, CASE, st.data())
def test_one_thing_that_is_another_voids_it(case: dict[str, Any], other: dict[str, Any], data: st.DataObject) -> None:
    """A field, leads that come or go, the live value, the object, the stack, the environment, the organization.

    A lead that is declared no more and that somebody else added stays, so the change is the same one.
    """
    given_ = approval(plan_of(case))
    what = data.draw(st.sampled_from(sorted(set(case) - {"there"})))
    assume(case[what] != other[what])
    changed = {**case, what: other[what]}
    assume(what != "leads" or change_of(plan_of(case), C).members != change_of(plan_of(changed), C).members)
    assert not starts(plan_of(changed, given_)), what


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=3), JSON, min_size=1, max_size=4)


@BOUNDED
@given(FIELDS, FIELDS)
def test_a_field_that_stays_as_it_is_takes_part(fields: dict[str, Any], others: dict[str, Any]) -> None:
    """A secret may be kept while the address that receives it, which was changed elsewhere, is approved as it is."""
    assume(fields != others)
    field = FieldChange(("name",), "A", "B")
    plan = Plan("acme", "default", ())
    one, other = (
        change_digest(plan, [ResourceChange(at("assistants.a"), Action.UPDATE, "a1", after=spec, fields=(field,))])
        for spec in (fields, others)
    )
    assert one != other

"""The report of a fleet at a thousand members: within the limits of its surfaces, and in one order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from hmsplan.fleet.groups import contents, likeness
from hmsplan.fleet.html import render_html
from hmsplan.fleet.markdown import render_markdown
from hmsplan.fleet.report import WORST_FIRST, plan_json, plan_report, worst
from hmsplan.fleet.task import Planned, Result
from hmsplan.fleet.text import render_plan
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.model import (
    Action,
    Address,
    Diagnostic,
    FieldChange,
    Plan,
    ResourceChange,
    Variable,
    VariableOrigin,
    tally,
)
from hmsplan.output.commands import BARE
from hmsplan.output.markdown import COMMENT
from hmsplan.planner.digest import with_digests

if TYPE_CHECKING:
    from collections.abc import Mapping

DESK = Address("assistants", "desk")


def variables(**values: str) -> Mapping[str, Variable]:
    return {name: Variable(value, VariableOrigin.FLEET, "clients.csv") for name, value in values.items()}


def plan_of(text: str, *, object_id: str = "id", organization: str = "org", before: str = "Hello") -> Plan:
    change = ResourceChange(
        DESK,
        Action.UPDATE,
        object_id,
        {"first_message": before},
        {"first_message": text},
        (FieldChange(("first_message",), before, text),),
    )
    return with_digests(Plan("clinics", "default", (change,), organization=organization))


def result(name: str, text: str) -> Result:
    made = plan_of(text.replace("NAME", name), object_id=f"id-{name}", organization=f"org-{name}")
    own = variables(business_name=name)
    planned = Planned(
        plan_to_bytes(made), f"sha256:{made.digest}", likeness(made, own), frozenset(contents(made)), tally(made)
    )
    return Result(name, 0, value=planned)


def test_ids_organizations_and_values_of_variables_make_no_difference() -> None:
    one, other = result("acme-dental", "Hello, this is NAME."), result("bright", "Hello, this is NAME.")
    assert one.value is not None
    report = plan_report([one, other])
    assert [group.names for group in report.groups] == [("acme-dental", "bright")]
    assert plan_report([one, result("bright", "Hi, this is NAME.")]).verdict.endswith("no two alike.")


def test_what_stood_there_before_makes_a_difference() -> None:
    own = variables()
    assert likeness(plan_of("x"), own) != likeness(plan_of("x", before="Hi"), own)
    assert likeness(plan_of("x", object_id="1"), own) == likeness(plan_of("x", object_id="2"), own)


def test_a_short_value_is_not_taken_for_a_part_of_a_word() -> None:
    """The value "nl" of a variable stands in other words by chance, and so does a name inside a longer word."""
    one = likeness(plan_of("channel of annex"), variables(code="nl", name="ann"))
    assert one == likeness(plan_of("channel of annex"), variables(code="de", name="bob"))


THOUSAND = [result(f"member-{number:04}", "Hello, this is NAME.") for number in range(900)] + [
    result(f"other-{number:04}", f"Text {number}: {'long words ' * 200}NAME") for number in range(100)
]
BROKEN = [Result(f"broken-{n:04}", 9, (Diagnostic("No API key", f"KEY_{n} is not set"),)) for n in range(300)]


@pytest.mark.parametrize("results", [THOUSAND, [*THOUSAND, *BROKEN], BROKEN, THOUSAND[-100:]])
def test_markdown_fits_a_comment(results: list[Result]) -> None:
    text = render_markdown(plan_report(results), BARE)
    assert len(text.encode()) <= COMMENT
    assert len(text) <= 65_536
    assert text.count("```") % 2 == 0


def test_a_large_fleet_is_told_in_few_lines() -> None:
    report = plan_report([*THOUSAND, *BROKEN])
    assert report.verdict == "1,000 members of 1,300 would change: 900 the same change, 100 different."
    text = render_plan(report, BARE, width=80, color=False)
    assert "900 members, the same change" in text
    assert "81 more changes without details for lack of room" in text
    assert len(render_html(report, BARE)) < 6_000_000


def test_no_order_of_results_changes_a_report() -> None:
    mixed = [*THOUSAND[:50], *BROKEN[:20], *THOUSAND[-20:]]
    one = plan_report(mixed)
    random.Random(7).shuffle(mixed)
    other = plan_report(mixed)
    assert plan_json(one) == plan_json(other)
    assert render_plan(one, BARE, width=80, color=False) == render_plan(other, BARE, width=80, color=False)


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 2], 2),
        ([3, 4], 4),
        ([4, 9, 0], 9),
        ([9, 1], 1),
        ([1, 6], 6),
        ([6, 8], 8),
        ([77, 4], 1),
    ],
)
def test_the_worst_code_counts(codes: list[int], code: int) -> None:
    assert worst(codes) == code
    assert len(set(WORST_FIRST)) == len(WORST_FIRST)

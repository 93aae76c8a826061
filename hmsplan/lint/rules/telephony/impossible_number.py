"""A number of ours, or one that calls are passed on to, that is in no numbering plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.numbering import Rate, country_name, is_in_no_plan, look_up
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import TRANSFERRING, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    found: list[tuple[FieldPath, str]] = [*transfers(resource, view)]
    if resource.address.kind == "numbers" and isinstance(number := resource.spec.get("phone_number"), str):
        found = [(("phone_number",), number)]
    for path, number in found:
        country, rate = look_up(number)
        if rate is Rate.UNKNOWN and is_in_no_plan(number):
            plan = f"the numbering plan of {country_name(country)}" if country else "the numbering plan of its country"
            detail = f"{number} has a possible length, and is of no range in {plan}. Compare it with its source."
            yield Hit(detail, path)


RULE: Final = Rule(
    id="impossible-number",
    group=Group.TELEPHONY,
    title="Number in no numbering plan",
    severity=Severity.WARNING,
    why="The carrier refuses such a number, so the caller who should be passed on to it hears an error or silence.",
    bad="""
tool_templates:
  to_desk:
    name: To the desk
    tool_type: transfer_call
    tool_config: {destinations: [{type: number, number: "+31999999999", description: The desk.}]}
""",
    good="""
tool_templates:
  to_desk:
    name: To the desk
    tool_type: transfer_call
    tool_config: {destinations: [{type: number, number: "+31201234567", description: The desk.}]}
""",
    kinds=(*TRANSFERRING, "numbers"),
    check=_check,
    source="Numbering plans as libphonenumber has them, in the release of phonenumberslite that is installed",
)

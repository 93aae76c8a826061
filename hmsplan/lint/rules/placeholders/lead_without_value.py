"""A lead that lacks what a text asks for, where others have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.examples import RECALL
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    leads, sources = campaign.members or (), campaign.member_sources
    spoken = placeholders.used(campaign, view, spoken=True)
    for name in placeholders.used(campaign, view):
        lacking = [index for index, lead in enumerate(leads) if _lacks(lead["variables"].get(name), name in spoken)]
        if lacking and len(lacking) < len(leads):
            who = f"{len(lacking):,} of {wording.count(len(leads), 'lead')}"
            where = f" ({placeholders.of_lines(sources, lacking)})" if sources else ""
            detail = f"{{{{{name}}}}} has no value for {who}{where}. Give one, or take these leads off the list."
            yield Hit(detail, ("leads",), source=sources[lacking[0]] if sources else None)


def _lacks(value: str | None, is_spoken: bool) -> bool:
    """Say whether a lead lacks a value; a model can do with an empty one, people cannot."""
    return value is None or (is_spoken and not value.strip())


RULE: Final = Rule(
    id="lead-without-value",
    group=Group.PLACEHOLDERS,
    title="Lead without a value that is spoken",
    severity=Severity.WARNING,
    why="The people whose cell is empty hear a gap or the braces where the others hear their name.",
    bad=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
+31201234568,
""",
    good=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
+31201234568,Bob
""",
    kinds=("campaigns",),
    check=_check,
)

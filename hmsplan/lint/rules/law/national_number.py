"""A number by which a state knows a person, in a text or a list of leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.people import PLACES, in_texts
from hmsplan.lint.personal import What, in_column, mask
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_ADVICE: Final = "Take it out, and clean the history of the repository."


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    yield from in_texts(resource, view, What.NATIONAL, _ADVICE)
    yield from _in_leads(resource)


def _in_leads(campaign: Resource) -> Iterator[Hit]:
    """Yield the first place of each column that holds such numbers, or numbers of cards."""
    told: set[str] = set()
    harmless: dict[str, int] = {}
    for at, lead in enumerate(campaign.members or ()):
        for column, value in lead["variables"].items():
            if harmless.get(column, 0) >= _TRIES or column in told or not isinstance(value, str):
                continue
            kind = in_column(column, value)
            if kind:
                told.add(column)
                source = campaign.member_sources[at] if campaign.member_sources else None
                yield Hit(f"{column} holds {mask(value)}, which looks like a {kind}. {_ADVICE}", source=source)
            else:
                harmless[column] = harmless.get(column, 0) + 1


_TRIES: Final = 20
"""Values of a column of which none is one, after which none of the others is looked at."""


RULE: Final = Rule(
    id="national-number",
    group=Group.LAW,
    title="National number of a person",
    severity=Severity.WARNING,
    why="National numbers may be used only as the law of the country allows, and a prompt goes to every provider.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "The caller has BSN 111222333."}]}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "Never ask for a BSN."}]}
""",
    kinds=PLACES,
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 87; in the Netherlands Art. 46 of the UAVG",
)

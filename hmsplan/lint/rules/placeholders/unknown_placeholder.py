"""A name in double braces that no lead gives: people would hear the braces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.examples import RECALL
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_OVER: Final = frozenset({"cancelled", "completed"})


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    if not campaign.members or campaign.spec.get("status") in _OVER:
        return
    given = {**placeholders.given(campaign, view), placeholders.NUMBER: None}
    for resource, text in placeholders.texts_filled(campaign, view):
        for name, offset in placeholders.doubled(text.text):
            if name not in given and placeholders.is_name(name) and not _is_of_another(name, campaign, resource, view):
                detail = f"No lead of {campaign.address} gives {{{{{name}}}}}."
                detail += _guess(name, given) or (_elsewhere(name, resource, view) if resource is not campaign else "")
                yield Hit(detail, text.path, *text.place(offset), address=resource.address)


def _is_of_another(name: str, campaign: Resource, resource: Resource, view: View) -> bool:
    """Say whether a campaign that is paused shares its assistant with one whose leads give *name*."""
    return campaign.spec.get("status") == "paused" and any(
        name in placeholders.given(other, view) for other in placeholders.campaigns_of(resource, view)
    )


def _guess(name: str, given: Collection[str]) -> str:
    meant = wording.nearest(name, given)
    if meant is None:
        known = name in placeholders.IN_ANALYSES
        return f" The platform fills in {name} only in an analysis, when the call is over." if known else ""
    if wording.plain_name(meant) == wording.plain_name(name):
        return f" Write {{{{{meant}}}}}, letter by letter as the leads have it."
    return f" Did you mean {meant}?"


def _elsewhere(name: str, assistant: Resource, view: View) -> str:
    others = [str(each.address) for each in placeholders.campaigns_of(assistant, view)]
    giving = [
        other.address for other in placeholders.campaigns_of(assistant, view) if name in placeholders.given(other, view)
    ]
    if not giving or len(others) == 1:
        return ""
    return f" Those of {wording.listed(map(str, giving))} do, which has the same assistant."


RULE: Final = Rule(
    id="unknown-placeholder",
    group=Group.PLACEHOLDERS,
    title="Placeholder without a value",
    severity=Severity.ERROR,
    why="A placeholder that nothing fills in is spoken as it stands, to everyone on the list.",
    bad=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{frist_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
""",
    good=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 7: {{variable}} in campaign messages",
)

"""A name in double braces that no lead gives: people would hear the braces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Ref, Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_NAME: Final = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    if not campaign.members:
        return
    given = {name for lead in campaign.members for name in lead["variables"]} | {"phone_number"}
    agent = campaign.spec.get("agent_id")
    called = view.stack.resources.get(agent.address) if isinstance(agent, Ref) else None
    for resource in filter(None, (campaign, called)):
        for text in view.texts(resource):
            for found in _NAME.finditer(text.text):
                if found[1] not in given:
                    guess = wording.did_you_mean(found[1], given)
                    detail = f"No lead of {campaign.address} gives {{{{{found[1]}}}}}.{guess}"
                    yield Hit(detail, text.path, *text.place(found.start()), address=resource.address)


RULE: Final = Rule(
    id="unknown-placeholder",
    group=Group.PLACEHOLDERS,
    title="Placeholder without a value",
    severity=Severity.ERROR,
    why="A placeholder that nothing fills in is spoken as it stands, to everyone on the list.",
    bad="""
assistants:
  caller: {name: Caller, first_message: "Hello {{frist_name}}, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
phone_number,first_name
+31201234567,Ann
""",
    good="""
assistants:
  caller: {name: Caller, first_message: "Hello {{first_name}}, this is the assistant of the practice."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
phone_number,first_name
+31201234567,Ann
""",
    kinds=("campaigns",),
    check=_check,
    source="API behaviour, 7: {{variable}} in campaign messages",
)

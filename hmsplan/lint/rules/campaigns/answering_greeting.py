"""A campaign whose assistant greets those it calls like those who call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import caller, numbers_of
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    found = caller(view, campaign)
    if found is None or not found.spec.get("first_message"):
        return
    outbound = (found.spec.get("speech_config") or {}).get("first_message_outbound")
    number = None if outbound else next(numbers_of(view, found), None)
    if number is not None:
        detail = (
            f"{found.address} answers {number.address} as well, and says the same first_message in both. Write what "
            "people hear who are called: speech_config.first_message_outbound"
        )
        yield Hit(detail, ("agent_id",))


RULE: Final = Rule(
    id="answering-greeting",
    group=Group.CAMPAIGNS,
    title="Answering greeting in outbound calls",
    severity=Severity.INFO,
    why='Who is called and hears "how can I help you?" does not know who it is, and hangs up.',
    bad="""
assistants:
  caller: {name: Caller, first_message: "How can I help you?"}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}
""",
    good="""
assistants:
  caller:
    name: Caller
    first_message: How can I help you?
    speech_config: {first_message_outbound: "Hello, this is the assistant of the practice, about your check-up."}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.caller}"}
""",
    kinds=("campaigns",),
    check=_check,
)

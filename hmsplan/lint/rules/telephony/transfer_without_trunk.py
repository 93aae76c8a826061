"""A number without a trunk, whose assistant or workflow passes calls on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import answering, is_off, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(number: Resource, view: View) -> Iterator[Hit]:
    if is_off(number) or number.spec.get("transfer_trunk_id") is not None:
        return
    found = answering(view, number)
    if found is not None and transfers(found, view):
        detail = (
            f"{found.address} may pass calls on, and this number names no trunk over which they would leave. Set "
            "transfer_trunk_id: ${sip_trunks.KEY}, unless your account passes calls on without one."
        )
        yield Hit(detail, ("transfer_trunk_id",) if "transfer_trunk_id" in number.spec else ("phone_number",))


RULE: Final = Rule(
    id="transfer-without-trunk",
    group=Group.TELEPHONY,
    title="Transfer from a number without a trunk",
    severity=Severity.INFO,
    why="A call that is passed on leaves over the number's trunk; that it can without one is documented nowhere.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31201234567", description: A person.}]}]
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31201234567", description: A person.}]}]
sip_trunks:
  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}", transfer_trunk_id: "${sip_trunks.voip}"}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 7: sip trunk to number.transfer_trunk_id; what happens without one is not said",
)

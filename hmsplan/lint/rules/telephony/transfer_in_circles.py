"""Assistants and workflows that can pass one caller round and round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import answering, is_off, own_numbers, transfers
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.lint.telephony import Transfer
    from hmsplan.lint.view import View
    from hmsplan.model import Address, Resource

    Ways = Mapping[Address, Mapping[Address, Transfer]]


def _check(view: View) -> Iterator[Hit]:
    if not own_numbers(view):
        return
    passing = (resource for kind in ("assistants", "workflows") for resource in view.of_kind(kind))
    ways = {resource.address: found for resource in passing if (found := dict(_ways(resource, view)))}
    for start, found in ways.items():
        for target, transfer in found.items():
            back = _way_back(target, start, ways)
            if back and start == min(back):
                detail = (
                    f"From {transfer.number} the caller can come back here: {start} to {' to '.join(map(str, back))}. "
                    "Let one of them pass the call on to a person, and say in the descriptions when."
                )
                yield Hit(detail, transfer.path, address=start)


def _ways(resource: Resource, view: View) -> Iterator[tuple[Address, Transfer]]:
    own = own_numbers(view)
    for transfer in transfers(resource, view):
        number = own.get(transfer.number)
        target = answering(view, number) if number is not None and not is_off(number) else None
        if target is not None and target is not resource:
            yield target.address, transfer


def _way_back(begin: Address, end: Address, ways: Ways) -> Sequence[Address]:
    """Return the shortest way from *begin* to *end*, both included; empty when there is none."""
    paths: list[tuple[Address, ...]] = [(begin,)]
    seen = {begin}
    for path in paths:
        if path[-1] == end:
            return path
        for target in ways.get(path[-1], {}):
            if target not in seen:
                seen.add(target)
                paths.append((*path, target))
    return ()


RULE: Final = Rule(
    id="transfer-in-circles",
    group=Group.TELEPHONY,
    title="Transfers that lead back",
    severity=Severity.INFO,
    why="Two assistants that pass calls to each other can do so until the caller hangs up, and no person ever answers.",
    bad="""
assistants:
  dutch:
    name: Dutch desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850835038", description: English.}]}]
  english:
    name: English desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850835037", description: Dutch.}]}]
numbers:
  dutch: {phone_number: "+31850835037", agent_id: "${assistants.dutch}"}
  english: {phone_number: "+31850835038", agent_id: "${assistants.english}"}
""",
    good="""
assistants:
  dutch:
    name: Dutch desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31850835038", description: English.}]}]
  english:
    name: English desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{type: transfer_call, destinations: [{type: number, number: "+31201234567", description: A person.}]}]
numbers:
  dutch: {phone_number: "+31850835037", agent_id: "${assistants.dutch}"}
  english: {phone_number: "+31850835038", agent_id: "${assistants.english}"}
""",
    check_all=_check,
)

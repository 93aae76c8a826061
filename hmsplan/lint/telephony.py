"""Who answers which number, and where calls are passed on to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.lint.calling_hours import is_over
from hmsplan.lint.tools import tools_of
from hmsplan.model import Ref, pattern, value_at, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

TRANSFERRING: Final = ("tool_templates", "assistants", "workflows")
"""Kinds that pass calls on; templates come first, so that what is pasted from one is told of the template."""

_NODES: Final = pattern("definition.nodes[].destination")


class Transfer(NamedTuple):
    """One telephone that calls may be passed on to."""

    path: FieldPath
    number: str


def transfers(resource: Resource, view: View) -> Sequence[Transfer]:
    """Return where a resource may pass calls on to."""
    return view.once(_transfers, resource)


def _transfers(resource: Resource, view: View) -> Sequence[Transfer]:
    found = list(values_at(resource.spec, _NODES)) if resource.address.kind == "workflows" else []
    for tool in tools_of(resource, view):
        if isinstance(destinations := tool.written.get("destinations"), list):
            at = (*tool.path, "destinations")
            found += [((*at, index, "number"), value_at(each, ("number",))) for index, each in enumerate(destinations)]
    return [Transfer(path, number) for path, number in found if isinstance(number, str)]


def declared(view: View, value: object) -> Resource | None:
    """Return the resource that a reference means; None for an id, null, or nothing."""
    return view.stack.resources.get(value.address) if isinstance(value, Ref) else None


def caller(view: View, campaign: Resource) -> Resource | None:
    """Return the declared assistant that a campaign calls with; None for a campaign that is over."""
    return None if is_over(campaign) else declared(view, campaign.spec.get("agent_id"))


def is_off(resource: Resource) -> bool:
    """Say whether it is switched off; what is not said is on."""
    return resource.spec.get("is_active") is False


def answering(view: View, number: Resource) -> Resource | None:
    """Return the declared workflow or assistant that takes the calls of a number; None where it is not known."""
    workflow = number.spec.get("workflow_id")
    found = declared(view, workflow)
    if found is not None and not is_off(found):
        return found
    return declared(view, number.spec.get("agent_id")) if workflow is None or found is not None else None


def own_numbers(view: View) -> Mapping[str, Resource]:
    """Return the numbers of the stack by what is dialled."""
    return view.once_for_all(_own_numbers)


def _own_numbers(view: View) -> Mapping[str, Resource]:
    return {str(number.spec.get("phone_number")): number for number in view.of_kind("numbers")}


def numbers_of(view: View, resource: Resource) -> Iterator[Resource]:
    """Yield the active numbers whose calls a workflow or assistant takes."""
    for user in view.users(resource.address):
        if user.address.kind == "numbers" and not is_off(user) and answering(view, user) is resource:
            yield user

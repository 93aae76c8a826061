"""Which members change alike: the content of a plan without what is a member's own. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hmsplan.model import EMPTY, Action, is_written
from hmsplan.planner.digest import change_content
from hmsplan.text.canonical_json import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hmsplan.fleet.task import Planned, Result
    from hmsplan.model import Plan, Variable

_SHORTEST: Final = 3
"""Characters of a variable's value. A shorter one stands in other texts by chance."""


def contents(plan: Plan) -> dict[str, str]:
    """Return a digest of the content of each change of *plan*, with what the change is called.

    The content is what it does to which address in which environment, whatever the ids are; the values of variables
    count, for they were reviewed, too. To bind the object of a create that was cut short is not a change of its own.
    """
    if not (pending := plan.pending):
        return {}
    own = _own(plan, {})
    ours = {step.address for step in plan.steps if step.settles is not None}
    return {
        digest([plan.environment, _without(change_content(change), own)]): f"{change.action} {change.address}"
        for change in pending
        if change.action is not Action.ADOPT or is_written(change) or change.address not in ours
    }


def likeness(plan: Plan, variables: Mapping[str, Variable], secrets: Mapping[str, str] = EMPTY) -> str:
    """Return one digest for all changes of *plan*, the same for all members that change alike; "" for none.

    The id of an object is written as its address, the value of a variable as the variable, and a secret as its name: a
    greeting that names the customer is one greeting. People who leave a list are counted.

    Args:
        plan: of one member.
        variables: whose values are the member's own.
        secrets: the name under which the member keeps a secret of its own, to that which the stack has for it.
    """
    if not (pending := plan.pending):
        return ""
    own = _own(plan, variables)
    found = [_without(change_content(change), own, secrets) for change in pending]
    return digest(sorted(digest({**each, "remove": len(each["remove"])}) for each in found))


def _own(plan: Plan, variables: Mapping[str, Variable]) -> Callable[[str], str]:
    """Return what puts a name in place of everything in a text that is a member's own."""
    names = {change.id: f"${{{change.address}}}" for change in plan.changes if change.id is not None}
    texts = {name: variable.value for name, variable in variables.items() if isinstance(variable.value, str)}
    names |= {text: f"${{var:{name}}}" for name, text in sorted(texts.items()) if len(text) >= _SHORTEST}
    longest_first = sorted(names, key=lambda text: (-len(text), text))

    def written(text: str) -> str:
        present = [name for name in longest_first if name in text]
        if not present:  # a pattern of hundreds of ids takes longer to compile than to plan them
            return text
        pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in present)
        return re.sub(pattern, lambda match: names[match[0]], text)

    return written


def _without(value: Any, own: Callable[[str], str], secrets: Mapping[str, str] = EMPTY) -> Any:
    if isinstance(value, str):
        return own(value)
    if isinstance(value, Mapping):
        if "$secret" in value:
            return {"$secret": secrets.get(value["$secret"], value["$secret"])}
        return {key: _without(item, own, secrets) for key, item in value.items()}
    return [_without(item, own, secrets) for item in value] if isinstance(value, list | tuple) else value


def fleet_digest(results: Iterable[Result]) -> str:
    """Return one digest of the plans of all members: it stands for exactly these members and what each would do."""
    return f"fleet:{digest(sorted([each.name, _planned(each)] for each in results))}"


def _planned(result: Result) -> str:
    planned: Planned | None = result.value  # type: ignore[assignment]  # of a plan
    return planned.digest if planned is not None else ""

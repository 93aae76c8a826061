"""What stands between braces, and who fills it in. Pure.

"{transcript} in analysis templates, {{transcript}} in analysis_plan, {{variable}} in campaign messages."
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.lint.texts import Role, Text
from hmsplan.model import Ref, pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.lint.view import View
    from hmsplan.model import Resource, SourceLine

IN_PLANS: Final = ("transcript", "schema", "ended_reason")
IN_TEMPLATES: Final = ("transcript", "summary", "duration", "caller_number")
IN_ANALYSES: Final = frozenset({*IN_PLANS, *IN_TEMPLATES})
"""In one of the two: a template that hmsplan pastes becomes a part of a plan, with its braces doubled."""
NUMBER: Final = "phone_number"

_DOUBLE: Final = re.compile(r"\{\{([^{}]*)\}\}")
_SINGLE: Final = re.compile(r"(?<![{$#%])\{([^{}\n]{1,64})\}(?!\})")
_NAME: Final = re.compile(r"[^\W\d_]\w*(?:[ -]\w+)*")
_SYSTEM: Final = frozenset(
    {
        *("now", "date", "time", "today", "day", "year", "weekday", "datetime", "timestamp", "call_id", "agent_id"),
        *("current_date", "current_time", "current_datetime", "current_day", "current_year", "current_date_time"),
        *("conversation_id", "direction", "user_number", "agent_number", "call_type", "from_number", "to_number"),
    }
)
"""What other platforms fill in by themselves."""
_IN_PLAN: Final = pattern("analysis_plan.structured_data_plan.messages[].content")
_MOST: Final = 8


class Found(NamedTuple):
    """One name between braces.

    Attributes:
        offset: in the text, of the first brace.
    """

    name: str
    offset: int


def doubled(text: str) -> Iterator[Found]:
    """Yield what stands in ``{{…}}``, white space around it apart."""
    if "{" in text and "{{" in text:  # one character is found ten times as fast as two
        for found in _DOUBLE.finditer(text):
            yield Found(found[1].strip(), found.start())


def single(text: str) -> Iterator[Found]:
    """Yield what stands in ``{…}`` and not in ``{{…}}``, white space around it apart."""
    if "{" in text:
        for found in _SINGLE.finditer(text):
            yield Found(found[1].strip(), found.start())


def is_name(text: str) -> bool:
    """Say whether *text* can be the name of a variable, and is none that another platform fills in by itself."""
    return "__" not in text and text.lower() not in _SYSTEM and _NAME.fullmatch(text) is not None


def called(campaign: Resource, view: View) -> Resource | None:
    """Return the assistant that calls for *campaign*; None for one that the stack does not declare."""
    agent = campaign.spec.get("agent_id")
    return view.stack.resources.get(agent.address) if isinstance(agent, Ref) else None


def campaigns_of(assistant: Resource, view: View) -> list[Resource]:
    """Return the campaigns for which *assistant* calls."""
    return [user for user in view.users(assistant.address) if user.address.kind == "campaigns"]


def texts_filled(campaign: Resource, view: View) -> Iterator[tuple[Resource, Text]]:
    """Yield the texts of a campaign and of its assistant, which the variables of its leads are filled into."""
    for resource in filter(None, (campaign, called(campaign, view))):
        yield from ((resource, text) for text in view.texts(resource) if not is_inbound(text))


def is_inbound(text: Text) -> bool:
    """Say whether only callers hear a text: "recording consent: inbound phone calls only"."""
    return text.path[0] == "recording_consent"


def used(campaign: Resource, view: View, *, spoken: bool = False) -> dict[str, None]:
    """Return the names in double braces in what leads are told; *spoken*: in what they hear word for word."""
    return {
        found.name: None
        for _, text in texts_filled(campaign, view)
        if not spoken or text.role is Role.SPOKEN
        for found in doubled(text.text)
    }


def given(campaign: Resource, view: View) -> Mapping[str, None]:
    """Return the names of the variables that a lead of *campaign* has, in their order; one may lack some of them."""
    return view.once(_given, campaign)


def _given(campaign: Resource, _view: View) -> Mapping[str, None]:
    return {name: None for lead in campaign.members or () for name in lead["variables"]}


def analysis_texts(resource: Resource, view: View) -> Sequence[Text]:
    """Return the prompts of an analysis that stand in *resource* itself and were not pasted in."""
    return view.once(_analysis_texts, resource)


def _analysis_texts(resource: Resource, _view: View) -> Sequence[Text]:
    return tuple(_of_analysis(resource))


def _of_analysis(resource: Resource) -> Iterator[Text]:
    if resource.address.kind == "analysis_templates":
        for name in ("system_prompt", "user_prompt"):
            if isinstance(text := resource.spec.get(name), str):
                yield Text((name,), Role.PROMPT, text)
    elif resource.spec.get("analysis_plan") and not any(path == ("analysis_plan",) for path, _ in resource.via):
        for path, text in values_at(resource.spec, _IN_PLAN):
            if isinstance(text, str):
                yield Text(path, Role.PROMPT, text)


def of_lines(sources: Sequence[SourceLine], some: Iterable[int]) -> str:
    """Name the leads at the indexes *some* by line: "lines 2, 5 and 9", the first ones of many."""
    numbers = [str(sources[index].line) for index in some if index < len(sources)]
    if len(numbers) > _MOST:
        return f"lines {', '.join(numbers[:_MOST])} and {len(numbers) - _MOST} more"
    if len(numbers) < 2:  # noqa: PLR2004 -- one line, not lines
        return f"line {''.join(numbers)}"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"

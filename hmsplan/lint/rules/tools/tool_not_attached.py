"""A prompt that sends the model to a tool it does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hmsplan.lint import placeholders
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.texts import Role
from hmsplan.lint.tools import END_CALL, TRANSFER, Tool, functions_named, names_in, tools_of
from hmsplan.model import Severity, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.lint.texts import Text
    from hmsplan.lint.tools import Named
    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_BUILT_IN: Final = frozenset({END_CALL, TRANSFER, "endCall", "transferCall"})
_DOES: Final = re.compile(
    r"(?:get|check|book|create|make|find|look_?up|search|send|cancel|update|schedule|reschedule|verify|fetch|list|add|log"
    r"|save|submit|record|query|validate|confirm|request|retrieve|place|open|start|notify|register)(?:_|(?=[A-Z]))"
)

_SURELY: Final = re.compile(
    r"(?:get|create|find|look_?up|send|cancel|reschedule|verify|fetch|submit|validate|retrieve|delete)(?:_|(?=[A-Z]))"
)
"""Verbs that are hardly a noun too, as record, list and book are: the name of a tool also without an order."""


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text, assistants, tools in _prompts(resource, view):
        if "_" not in text.text and "`" not in text.text:
            continue
        has = _BUILT_IN.union(name for tool in tools for name in _names(tool))
        if words := [word for word in names_in(text.text, has) if not word.is_denied]:
            others = _run_by_provider(assistants) | _not_tools(tools, assistants, view)
            for word in {word.name: word for word in reversed(words) if word.name not in others}.values():
                if detail := _detail(word, has, view):
                    yield Hit(detail, text.path, *text.place(word.offset))


def _prompts(resource: Resource, view: View) -> Iterator[tuple[Text, list[Resource], Sequence[Tool]]]:
    """Yield each prompt with the assistants that follow it, and the tools that it can mean."""
    prompts = [text for text in view.texts(resource) if text.role is Role.PROMPT]
    if not prompts:
        return
    if resource.address.kind == "workflows":
        numbers = view.users(resource.address)
        assistants = [each for number in numbers if (each := placeholders.called(number, view)) is not None]
        nodes = tools_of(resource, view)
        rest = [tool for each in assistants for tool in tools_of(each, view)]
        for text in prompts:
            at = text.path[:3]  # a node, or the global prompt, which holds in all of them
            own = [tool for tool in nodes if tool.path[:3] == at] if len(text.path) > len(at) else nodes
            yield text, assistants, [*own, *rest]
        return
    assistant = placeholders.called(resource, view) if resource.address.kind == "campaigns" else resource
    if assistant is not None and isinstance(assistant.spec.get("llm_config"), dict):
        yield from ((text, [assistant], tools_of(assistant, view)) for text in prompts)


def _names(tool: Tool) -> Iterator[str]:
    yield tool.name
    yield from (name for name in tool.form.get("allowed_tools") or () if isinstance(name, str))


def _run_by_provider(assistants: Sequence[Resource]) -> set[str]:
    blocks = (value_at(each.spec, ("llm_config", "provider_tools")) or () for each in assistants)
    return {str(tool.get("type")) for block in blocks for tool in block if isinstance(tool, dict)}


def _not_tools(tools: Sequence[Tool], assistants: Sequence[Resource], view: View) -> set[str]:
    """Return the names that are something else: of arguments and their values, and of variables of leads."""
    found = {name for tool in tools for name in _arguments(tool.form.get("parameters"))}
    campaigns = (campaign for each in assistants for campaign in placeholders.campaigns_of(each, view))
    return found.union(*(placeholders.given(campaign, view) for campaign in campaigns))


def _arguments(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                yield from value
            if key == "enum" and isinstance(value, list):
                yield from filter(lambda each: isinstance(each, str), value)
            yield from _arguments(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _arguments(value)


def _detail(word: Named, has: frozenset[str], view: View) -> str:
    owner = functions_named(view).get(word.name)
    if owner is not None:
        way = f"${{{owner}}}" if owner.kind == "tool_templates" else f"the tool as {owner} has it"
        return f"The model has no tool {word.name} here. Add {way} to the tools."
    meant = wording.nearest(word.name, has - _BUILT_IN)
    if meant is not None and (word.is_order or abs(len(meant) - len(word.name)) <= 2):  # noqa: PLR2004 -- a slip of the finger
        return f"The model has no tool {word.name} here. Did you mean {meant}?"
    does, surely = _DOES.match(word.name), _SURELY.match(word.name)
    if word.is_called or (word.is_order and does) or (word.is_code and surely):
        return f"The model has no tool {word.name} here. Add it to the tools, or take it out of the prompt."
    return ""


RULE: Final = Rule(
    id="tool-not-attached",
    group=Group.TOOLS,
    title="Tool in a prompt that is not attached",
    severity=Severity.WARNING,
    why="A model that is told to use a tool it does not have tells the caller that it did.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "To find an appointment, call the `lookup_apointment` tool."}]
      tools: ["${tool_templates.lookup}"]
tool_templates:
  lookup:
    name: Look up
    tool_type: function
    tool_config: {name: lookup_appointment, description: Finds the next appointment of a patient.}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "To find an appointment, call the `lookup_appointment` tool."}]
      tools: ["${tool_templates.lookup}"]
tool_templates:
  lookup:
    name: Look up
    tool_type: function
    tool_config: {name: lookup_appointment, description: Finds the next appointment of a patient.}
""",
    kinds=("assistants", "campaigns", "workflows"),
    check=_check,
)

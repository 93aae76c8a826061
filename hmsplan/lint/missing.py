"""What a prompt asks of an assistant that lacks the tool for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.lint import placeholders
from hmsplan.lint.orders import orders
from hmsplan.lint.rule import Hit
from hmsplan.lint.tools import FUNCTION, tools_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.lint.texts import Text
    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def asked_without(
    kind: str, names: Sequence[str], phrases: Sequence[str], resource: Resource, view: View
) -> Iterator[tuple[Text, str, int]]:
    """Yield the first place of each prompt of *resource* that asks for a tool of *kind* which its assistant lacks.

    Args:
        kind: the type of a built-in tool.
        names: under which prompts know it; they are sure signs.
        phrases: that ask for it in words; a webhook or an MCP server could do it too, so then they say nothing.
        resource: an assistant, or a campaign, whose prompt an assistant follows.
        view: what is declared.
    """
    assistant = placeholders.called(resource, view) if resource.address.kind == "campaigns" else resource
    if assistant is None or not isinstance(assistant.spec.get("llm_config"), dict):
        return
    tools = tools_of(assistant, view)
    if any(tool.kind == kind for tool in tools):
        return
    others = any(tool.kind in {FUNCTION, "mcp"} for tool in tools)
    for text in view.prompts(resource):
        found = next(((name, text.text.find(name)) for name in names if name in text.text), None)
        if found is None and not others:
            found = next(orders(text.text, phrases), None)
        if found is not None:
            yield text, *found


def hits(found: Iterator[tuple[Text, str, int]], better: str) -> Iterator[Hit]:
    """Yield what was found as hits, each with what it says and what is *better*."""
    for text, words, offset in found:
        yield Hit(
            f'The prompt says "{words}", and the assistant has no tool for it. {better}', text.path, *text.place(offset)
        )

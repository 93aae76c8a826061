"""A tool whose webhook cannot tell the platform from a stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import FUNCTION, tools_of
from hmsplan.model import Severity, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    if assistant.spec.get("webhook_secret") is not None or assistant.spec.get("webhook_url") is not None:
        return  # webhook-without-secret tells of it, and what it asks for signs these calls too
    tools = [tool for tool in tools_of(assistant, view) if tool.kind == FUNCTION and tool.text("url")]
    unsigned = [tool for tool in tools if value_at(tool.form, ("server", "secret")) is None]
    if unsigned:
        calls = f"Calls of {wording.listed(tool.name for tool in unsigned)} are not signed."
        detail = f"{calls} Write webhook_secret: ${{secret:name}}, with which the platform signs them."
        yield Hit(detail, unsigned[0].at("url"))


RULE: Final = Rule(
    id="unsigned-tool-call",
    group=Group.TOOLS,
    title="Tool whose calls are not signed",
    severity=Severity.INFO,
    why="Anyone who learns the address can call it too, and is told what the assistant would be told of a customer.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - {name: find_slot, description: Finds a free slot in the diary., url: "https://api.acme.example/slots"}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - name: find_slot
          description: Finds a free slot in the diary.
          server: {url: "https://api.acme.example/slots", secret: "${secret:slots}"}
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 12: X-Webhook-Signature, absent without a secret",
)

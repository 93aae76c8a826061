"""A node with a model of its own, on the number of a realtime assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import is_realtime
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Ref, Severity, pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource, Value

_NODES: Final = pattern("definition.nodes[]")
_OVERRIDES: Final = ("llm_config", "tts_config", "stt_config", "voice")


def _check(number: Resource, view: View) -> Iterator[Hit]:
    workflow, assistant = (_used(number.spec.get(name), view) for name in ("workflow_id", "agent_id"))
    if workflow is None or assistant is None or workflow.spec.get("is_active") is False or not is_realtime(assistant):
        return
    for path, node in values_at(workflow.spec, _NODES):
        for name in _OVERRIDES:
            if isinstance(node, dict) and node.get(name) is not None:
                detail = (
                    f"{number.address} runs this workflow with {assistant.address}, a realtime assistant: each call is "
                    f"rejected. Take {name} out, or give the number a pipeline assistant."
                )
                yield Hit(detail, (*path, name), address=workflow.address)


def _used(value: Value, view: View) -> Resource | None:
    return view.stack.resources.get(value.address) if isinstance(value, Ref) else None


RULE: Final = Rule(
    id="node-override-on-realtime",
    group=Group.CONTRADICTION,
    title="Node override on a realtime assistant",
    severity=Severity.ERROR,
    why="The platform rejects each call to the number before it is picked up.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai_live, model: gpt-live-1}}
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}", workflow_id: "${workflows.triage}"}
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Help., llm_config: {provider: openai, model: gpt-5.4}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4-mini}}
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}", workflow_id: "${workflows.triage}"}
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Help., llm_config: {provider: openai, model: gpt-5.4}}
""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 8: node overrides need a pipeline assistant on the number, else the call is rejected",
)

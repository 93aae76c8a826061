"""A workflow that changes voice or model in a node, on a number whose assistant cannot follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import is_realtime
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.telephony import answering, declared, is_off
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_OVERRIDES: Final = ("llm_config", "voice", "tts_config", "stt_config")


def _check(number: Resource, view: View) -> Iterator[Hit]:
    workflow = None if is_off(number) else answering(view, number)
    if workflow is None or workflow.address.kind != "workflows" or "agent_id" not in number.spec:
        return
    assistant = declared(view, number.spec["agent_id"])
    if assistant is not None and is_realtime(assistant):
        reason = f"{assistant.address} is a realtime assistant ({assistant.spec['llm_config']['provider']})"
    elif number.spec["agent_id"] is None:
        reason = "the number has none"
    else:
        return
    definition = workflow.spec.get("definition") or {}
    for node in definition.get("nodes") or ():
        if changed := [name for name in _OVERRIDES if node.get(name) is not None]:
            detail = (
                f"Node {node.get('id')} of {workflow.address} has its own {changed[0]}, which needs a pipeline "
                f"assistant, and {reason}: the platform rejects every call before it is answered. Give the number a "
                f"pipeline assistant, or take {changed[0]} out of the node."
            )
            yield Hit(detail, ("agent_id",))
            return


_GRAPH: Final = """
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about., voice: JBFqnCBsd6RMkjVDRZzb}]
      edges: []
numbers:
  main: {phone_number: "+31850835037", workflow_id: "${workflows.triage}", agent_id: "${assistants.desk}"}
"""

RULE: Final = Rule(
    id="rejected-before-pickup",
    group=Group.TELEPHONY,
    title="Workflow that needs a pipeline assistant",
    severity=Severity.ERROR,
    why="The platform rejects every call to such a number before it is answered.",
    bad=f"""
assistants:
  desk: {{name: Desk, llm_config: {{provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: ara}}}}
{_GRAPH.lstrip()}""",
    good=f"""
assistants:
  desk:
    name: Desk
    stt_config: {{provider: deepgram, model: nova-3, language: nl}}
    llm_config: {{provider: openai, model: gpt-5.4}}
    tts_config: {{provider: elevenlabs, model: eleven_flash_v2_5, voice_id: JBFqnCBsd6RMkjVDRZzb}}
{_GRAPH.lstrip()}""",
    kinds=("numbers",),
    check=_check,
    source="API behaviour, 8: node overrides need a pipeline assistant, otherwise the call is rejected before pickup",
)

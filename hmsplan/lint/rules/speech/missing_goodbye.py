"""An assistant that cannot end a call, and is not told how to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import words
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import language, lowered, orders
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HANGS_UP: Final = frozenset({"end_call", "endCall"})


def _check(assistant: Resource, view: View) -> Iterator[Hit]:
    prompts = list(orders(assistant, view))
    if not prompts or _ends_calls(assistant):
        return
    spoken, lows = language(assistant, view), [lowered(text.text) for text in prompts]
    if not any(phrase in low for low in lows for phrase in words.of(words.GOODBYE, spoken)):
        yield Hit(
            "No tool, message or word of the prompt ends a call. Add the tool {type: end_call}, and say in the prompt "
            "when to say goodbye and use it.",
            prompts[0].path,
        )


def _ends_calls(assistant: Resource) -> bool:
    """Say whether something else than the prompt ends a call."""
    tools = value_at(assistant.spec, ("llm_config", "tools"))
    speech = assistant.spec.get("speech_config")
    return (
        bool(assistant.spec.get("autonomous_silence_handling"))
        or (isinstance(speech, dict) and bool(speech.get("end_call_message") or speech.get("end_call_phrases")))
        or any(isinstance(tool, dict) and tool.get("type") in _HANGS_UP for tool in tools or ())
    )


RULE: Final = Rule(
    id="missing-goodbye",
    group=Group.SPEECH,
    title="Assistant that cannot end a call",
    severity=Severity.INFO,
    why="Without a way to hang up a call goes on until the caller or the limit ends it: silence that is paid for.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "Answer questions about bills."}]}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "Answer questions about bills. Then say goodbye and use `end_call`."}]
      tools: [{type: end_call}]
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 3: autonomous_silence_handling adds an end_call tool",
)

"""A text without a word in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, pattern, pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_NEVER_EMPTY: Final = frozenset(
    map(
        pattern,
        (
            "llm_config.messages[].content",
            "recording_consent.message",
            "speech_config.silence.messages[]",
            "llm_config.delegation.instructions",
            "system_message_template",
        ),
    )
)
"""Texts that have no sense without words; others may be empty to say nothing."""


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.blank(resource):
        if text.text:
            yield Hit("It has nothing but white space. Write the text; null says nothing.", text.path)
        elif pattern_of(text.path) in _NEVER_EMPTY:
            yield Hit("It is empty. Write the text, or take the field out.", text.path)


RULE: Final = Rule(
    id="empty-text",
    group=Group.SPEECH,
    title="Text without a word",
    severity=Severity.WARNING,
    why="An assistant without a prompt makes one up, and a voice without words leaves the caller in silence.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "  "}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: null}
""",
    kinds=("assistants", "campaigns", "tool_templates", "workflows"),
    check=_check,
)

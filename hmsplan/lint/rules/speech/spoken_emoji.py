"""An emoji in a text that is spoken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import SPEAKERS, in_spoken
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_EMOJI: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\ufe0f]")


def _tell(found: re.Match[str]) -> str:
    return f"It has {found[0]}. Leave it out."


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    return (hit for hit in in_spoken(resource, view, (), _EMOJI, _tell))


RULE: Final = Rule(
    id="spoken-emoji",
    group=Group.SPEECH,
    title="Emoji in a spoken text",
    severity=Severity.WARNING,
    why="A voice leaves an emoji out, stops at it, or says its name: welcome smiling face with smiling eyes.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "Welcome to the practice 😊 How can I help you?"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Welcome to the practice! How can I help you?"}
""",
    kinds=SPEAKERS,
    check=_check,
)

"""A web address in a text that is spoken."""

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

_HINTS: Final = ("://", "www.")
_URL: Final = re.compile(r"https?://(?!\s)|\bwww\.(?=\w)")


def _tell(_: re.Match[str]) -> str:
    return 'It has a web address. Write it as it is said ("acme dot com"), or offer to send a message.'


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    return in_spoken(resource, view, _HINTS, _URL, _tell)


RULE: Final = Rule(
    id="spoken-url",
    group=Group.SPEECH,
    title="Web address in a spoken text",
    severity=Severity.WARNING,
    why="A voice reads an address letter by letter, slashes and all; people cannot write it down, or click on it.",
    bad="""
assistants:
  desk: {name: Desk, voicemail_message: "Make an appointment at https://www.acme.example/appointments."}
""",
    good="""
assistants:
  desk: {name: Desk, voicemail_message: "You can make an appointment on our website, acme dot example."}
""",
    kinds=SPEAKERS,
    check=_check,
)

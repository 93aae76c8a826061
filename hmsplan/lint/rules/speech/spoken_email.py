"""An e-mail address in a text that is spoken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import SPEAKERS, in_spoken
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_HINTS: Final = ("@",)
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w")


def _tell(_: re.Match[str]) -> str:
    return 'It has an e-mail address. Write it as it is said: "info at acme dot com".'


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    return in_spoken(resource, view, _HINTS, _EMAIL, _tell)


RULE: Final = Rule(
    id="spoken-email",
    group=Group.SPEECH,
    title="E-mail address in a spoken text",
    severity=Severity.INFO,
    why="Some voices read an e-mail address well, and some run it together so that it cannot be written down.",
    bad="""
assistants:
  desk: {name: Desk, voicemail_message: "Please write to info@acme.example."}
""",
    good="""
assistants:
  desk: {name: Desk, voicemail_message: "Please write to info at acme dot example."}
""",
    kinds=SPEAKERS,
    check=_check,
    marks="@",
    role=Role.SPOKEN,
)

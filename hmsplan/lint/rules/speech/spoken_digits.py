"""A long run of digits in a text that is spoken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.speaking import SPEAKERS, digits_of_lines, in_spoken
from hmsplan.lint.texts import Role
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_FEWEST: Final = 7
_RUN: Final = re.compile(r"(?<![\w/=.,-])\+?[0-9]{7,}(?![\w/])|\b[A-Z]{2}[0-9]{2} ?(?:[A-Z]{4}|[0-9]{4}) ?[0-9]{4}")


def _tell(found: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, found[0]))
    return (
        f"It has {digits} digits or more in a row. Write them in groups, with commas where a person pauses: "
        '"085, 000, 00 11".'
    )


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    if max(digits_of_lines(view.as_one(resource, Role.SPOKEN))) >= _FEWEST:
        yield from in_spoken(resource, view, (), _RUN, _tell)


RULE: Final = Rule(
    id="spoken-digits",
    group=Group.SPEECH,
    title="Long run of digits in a spoken text",
    severity=Severity.WARNING,
    why="A voice may read a telephone number as one number, eight hundred and fifty million, or too fast.",
    bad="""
assistants:
  desk: {name: Desk, voicemail_message: "Please call us back on 0850000011."}
""",
    good="""
assistants:
  desk: {name: Desk, voicemail_message: "Please call us back on 085, 000, 00 11."}
""",
    kinds=SPEAKERS,
    check=_check,
    marks="0123456789",
    role=Role.SPOKEN,
)

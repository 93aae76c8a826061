"""Words in capitals in a text that is spoken."""

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

_NOT_ASCII: Final = 0x80
_UPPER: Final = "A-ZÀ-ÖØ-ÞĄĆĘŁŃŚŹŻ"
_SHOUTED: Final = re.compile(rf"(?<![\w{{])[{_UPPER}]{{4,}}(?:[ \t]+[{_UPPER}]{{2,}})+(?![\w}}])")

_CAPITALS: Final = bytes(ord("A") if chr(byte).isupper() or byte >= _NOT_ASCII else ord(" ") for byte in range(256))
"""Byte to A for what may be a capital: to see quickly that there is no word of them."""


def _tell(found: re.Match[str]) -> str:
    return (
        f"{found[0][:40]} is in capitals. Write it as other words, and letters that are spelled with dots between them."
    )


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    if b"AAAA" in view.as_one(resource, Role.SPOKEN).encode().translate(_CAPITALS):
        yield from in_spoken(resource, view, (), _SHOUTED, _tell)


RULE: Final = Rule(
    id="spoken-capitals",
    group=Group.SPEECH,
    title="Words in capitals in a spoken text",
    severity=Severity.INFO,
    why="A voice does not hear emphasis in capitals: it may spell such words letter by letter, or shout.",
    bad="""
assistants:
  desk: {name: Desk, first_message: "PLEASE NOTE that the practice is closed today. How can I help you?"}
""",
    good="""
assistants:
  desk: {name: Desk, first_message: "Please note that the practice is closed today. How can I help you?"}
""",
    kinds=SPEAKERS,
    check=_check,
)

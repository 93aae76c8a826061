"""A webhook that is called without TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS
from hmsplan.lint.urls import webhooks
from hmsplan.model import Severity
from hmsplan.secrets.urls import in_clear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for path, url in webhooks(resource, view):
        if in_clear(url):
            yield Hit("It begins with http://. Write https://, and have the receiver answer there.", path)


RULE: Final = Rule(
    id="url-without-encryption",
    group=Group.TOOLS,
    title="URL without encryption",
    severity=Severity.WARNING,
    why="Anyone on the way reads and changes what callers say, and what the assistant is answered.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "http://hooks.acme.example/voice"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://hooks.acme.example/voice"}
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
    source="API behaviour, 12: the platform posts to the tool's url, else to webhook_url",
)

"""What the description of the API refuses: an apply would stop half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.config import requests
from hmsplan.kinds import KINDS
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _: View) -> Iterator[Hit]:
    for violation in requests.refused(KINDS[resource.address.kind], resource.spec):
        at = violation.path if violation.key is None else (*violation.path, violation.key)
        yield Hit(f"{violation.summary}: {violation.detail}", at)


RULE: Final = Rule(
    id="refused-by-api",
    group=Group.CONTRADICTION,
    title="Refused by the API",
    severity=Severity.ERROR,
    why="An apply stops half-way: callers meet what was written before the API refused, and not the rest.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://example.com/events/{id}"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://example.com/events/desk"}
""",
    kinds=tuple(KINDS),
    check=_check,
    source="OpenAPI description of the API, request bodies",
)

"""A webhook at an address that only this machine or this office knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS
from hmsplan.lint.urls import host_of, webhooks
from hmsplan.model import Severity
from hmsplan.secrets.hosts import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for path, url in webhooks(resource, view):
        host = host_of(url)
        if host and not is_public(host):
            yield Hit(
                f"{host} cannot be reached from the internet. Write the address that the platform can call.", path
            )


RULE: Final = Rule(
    id="webhook-not-public",
    group=Group.TOOLS,
    title="Webhook that the platform cannot reach",
    severity=Severity.WARNING,
    why="Every call of the tool fails, and the caller hears that it did not work.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://192.168.1.20/voice"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://api.acme.example/voice"}
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
    source="API behaviour, 12: the platform posts to the tool's url, else to webhook_url",
)

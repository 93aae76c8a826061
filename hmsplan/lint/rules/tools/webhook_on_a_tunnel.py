"""A webhook that leads to a person's computer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import KINDS_WITH_TOOLS
from hmsplan.lint.urls import host_of, webhooks
from hmsplan.model import Severity
from hmsplan.secrets.hosts import is_tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for path, url in webhooks(resource, view):
        if is_tunnel(host := host_of(url)):
            detail = (
                f"{host} is a tunnel to a computer, for trying things out. In production write the service's own host."
            )
            yield Hit(detail, path)


RULE: Final = Rule(
    id="webhook-on-a-tunnel",
    group=Group.TOOLS,
    title="Webhook on a developer's tunnel",
    severity=Severity.INFO,
    why="When the computer behind the tunnel sleeps, tools fail and the reports of calls are lost.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://f00.ngrok-free.app/voice"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://api.acme.example/voice"}
""",
    kinds=KINDS_WITH_TOOLS,
    check=_check,
)

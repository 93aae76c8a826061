"""A webhook of which the stack does not say whether its messages are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _: View) -> Iterator[Hit]:
    spec = assistant.spec
    if isinstance(spec.get("webhook_url"), str) and "webhook_secret" not in spec:
        yield Hit(
            "Add webhook_secret: ${secret:webhook}, and check X-Webhook-Signature where it is received. What the "
            "platform has, if it has one, is not managed here.",
            ("webhook_url",),
        )


RULE: Final = Rule(
    id="webhook-secret-not-declared",
    group=Group.SECRETS,
    title="Webhook whose secret is not declared",
    severity=Severity.INFO,
    why="An assistant that is made from this stack sends unsigned events, and anybody can make such up.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://hooks.acme.example/voice"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://hooks.acme.example/voice", webhook_secret: "${secret:webhook}"}
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 12: X-Webhook-Signature is an HMAC with webhook_secret",
)

"""A webhook whose messages are not signed."""

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
    if isinstance(spec.get("webhook_url"), str) and spec.get("webhook_secret", ...) is None:
        yield Hit(
            "webhook_secret is null. Write ${secret:webhook}, and check X-Webhook-Signature where it is received.",
            ("webhook_secret",),
        )


RULE: Final = Rule(
    id="webhook-without-secret",
    group=Group.SECRETS,
    title="Webhook without a secret",
    severity=Severity.WARNING,
    why="Anyone who learns the address can report calls that never were, which the receiver takes for real ones.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://hooks.acme.example/voice", webhook_secret: null}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://hooks.acme.example/voice", webhook_secret: "${secret:webhook}"}
""",
    kinds=("assistants",),
    check=_check,
    source="API behaviour, 12: X-Webhook-Signature is an HMAC with webhook_secret",
)

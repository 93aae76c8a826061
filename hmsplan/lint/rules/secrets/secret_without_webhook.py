"""A secret that signs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Secret, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _: View) -> Iterator[Hit]:
    spec = assistant.spec
    if isinstance(spec.get("webhook_secret"), Secret) and "webhook_url" in spec and spec["webhook_url"] is None:
        yield Hit(
            "webhook_url is null, so the account's webhook is called. Take one of the two out.", ("webhook_secret",)
        )


RULE: Final = Rule(
    id="secret-without-webhook",
    group=Group.SECRETS,
    title="Webhook secret without a webhook",
    severity=Severity.INFO,
    why="The secret of an assistant is sent along for a webhook that it does not have; the next reader looks for it.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: null, webhook_secret: "${secret:webhook}"}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: null, webhook_secret: null}
""",
    kinds=("assistants",),
    check=_check,
    source="API: Assistant, webhook_url falls back to the account webhook when null",
)

"""One secret that signs, and that is sent as a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.receivers import Purpose, uses
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View


def _check(view: View) -> Iterator[Hit]:
    for name, all_uses in uses(view).items():
        signing = next((use for use in all_uses if use.purpose is Purpose.SIGNS), None)
        sent = next((use for use in all_uses if use.purpose is Purpose.OPENS), None)
        if signing is not None and sent is not None:
            yield Hit(
                f"{name} also is {dotted(sent.path)} of {sent.resource.address}, which is sent as it is. Give the "
                f"signature a secret of its own: ${{secret:{name}_signing}}.",
                signing.path,
                address=signing.resource.address,
            )


RULE: Final = Rule(
    id="secret-for-two-purposes",
    group=Group.SECRETS,
    title="One secret for two purposes",
    severity=Severity.WARNING,
    why="A key that is sent to one party signs what another trusts, so the first can forge what the second receives.",
    bad="""
assistants:
  desk: {name: Desk, webhook_url: "https://acme.example/x", webhook_secret: "${secret:acme}"}
mcp_servers:
  crm: {name: CRM, url: "https://mcp.acme.example/v1", headers: {Authorization: "${secret:acme}"}}
""",
    good="""
assistants:
  desk: {name: Desk, webhook_url: "https://acme.example/x", webhook_secret: "${secret:signing}"}
mcp_servers:
  crm: {name: CRM, url: "https://mcp.acme.example/v1", headers: {Authorization: "${secret:acme}"}}
""",
    check_all=_check,
)

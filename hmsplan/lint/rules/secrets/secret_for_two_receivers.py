"""One secret that several others get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.receivers import Purpose, uses
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View


def _check(view: View) -> Iterator[Hit]:
    for name, all_uses in uses(view).items():
        for purpose in Purpose:
            told = [use for use in all_uses if use.purpose is purpose and use.receiver]
            for use in told:
                if _owner(use.receiver) != _owner(told[0].receiver):
                    yield Hit(
                        f"{name} goes to {told[0].receiver} and to {use.receiver}. Give each a secret of its own: "
                        f"${{secret:{name}_2}}.",
                        use.path,
                        address=use.resource.address,
                    )
                    break


def _owner(receiver: str) -> str:
    """Return the end of a host, by which hosts of one owner are alike: acme.example of hooks.acme.example."""
    host = receiver.removeprefix("http://").split("/")[0].split(":")[0]
    return ".".join(host.rsplit(".", 2)[-2:])


RULE: Final = Rule(
    id="secret-for-two-receivers",
    group=Group.SECRETS,
    title="One secret for two receivers",
    severity=Severity.WARNING,
    why="Each receiver can act as the other one: sign its events, or open what the other guards.",
    bad="""
assistants:
  one: {name: One, webhook_url: "https://hooks.acme.example/voice", webhook_secret: "${secret:webhook}"}
  two: {name: Two, webhook_url: "https://hooks.other.example/voice", webhook_secret: "${secret:webhook}"}
""",
    good="""
assistants:
  one: {name: One, webhook_url: "https://hooks.acme.example/voice", webhook_secret: "${secret:webhook}"}
  two: {name: Two, webhook_url: "https://hooks.acme.example/calls", webhook_secret: "${secret:webhook}"}
""",
    check_all=_check,
)

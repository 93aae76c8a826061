"""An entry of approvals.yaml whose last day is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View


def _check_all(view: View) -> Iterator[Hit]:
    for approval in view.stack.approvals:
        if approval.expires < view.today.isoformat():
            detail = f"{approval.allows} was approved until {approval.expires}. Take the entry out, or renew it."
            yield Hit(detail, source=approval.source)


_STACK: Final = f"""
assistants:
  desk: {{name: Desk}}
# file: approvals.yaml
approvals:
  - allow: delete:assistants.desk
    change: sha256:{"0" * 64}
    reason: The desk closes.
    expires: "%s"
"""

RULE: Final = Rule(
    id="expired-approval",
    group=Group.HOUSE,
    title="Approval has expired",
    severity=Severity.WARNING,
    why="An approval that is over allows nothing, and the next reader takes it for one that does.",
    bad=_STACK % "2020-01-31",
    good=_STACK % "2999-01-31",
    check_all=_check_all,
)

"""A privacy mode beside a long retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_SHORT_DAYS: Final = 90


def _check(organization: Resource, view: View) -> Iterator[Hit]:
    days = organization.spec.get("content_retention_days")
    if isinstance(days, int) and days > _SHORT_DAYS:
        private = [str(each.address) for each in view.of_kind("assistants") if each.spec.get("gdpr_mode") is True]
        if private:
            told = wording.listed([*private[:3], *(["others"] if len(private) > 3 else [])])  # noqa: PLR2004 -- a line
            yield Hit(
                f"What is said is kept for {days} days, while {told} set gdpr_mode, which is to keep less. Write 30 or "
                "90, or say in a comment why it is more.",
                ("content_retention_days",),
            )


RULE: Final = Rule(
    id="gdpr-mode-retention",
    group=Group.LAW,
    title="Privacy mode with a long retention",
    severity=Severity.INFO,
    why="Privacy mode promises callers that little is kept; the retention of the organization decides for how long.",
    bad="""
assistants:
  desk: {name: Desk, gdpr_mode: true}
organization:
  main: {content_retention_days: 180, metadata_retention_days: 365}
""",
    good="""
assistants:
  desk: {name: Desk, gdpr_mode: true}
organization:
  main: {content_retention_days: 30, metadata_retention_days: 365}
""",
    kinds=("organization",),
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(c) and (e); API: OrganizationRetention",
)

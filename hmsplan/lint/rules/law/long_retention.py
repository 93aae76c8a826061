"""Calls that are kept as long as the platform keeps any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_LONG: Final = {"content_retention_days": 365, "metadata_retention_days": 730}
"""The longest that the API takes."""
_KEPT: Final = {
    "content_retention_days": "Transcripts, summaries and recordings",
    "metadata_retention_days": "Numbers of callers and events of calls",
}


def _check(organization: Resource, _: View) -> Iterator[Hit]:
    for name, longest in _LONG.items():
        days = organization.spec.get(name)
        if isinstance(days, int) and days >= longest:
            detail = f"{_KEPT[name]} are kept for {days} days. If no purpose needs that long, write a shorter time."
            yield Hit(detail, (name,))


RULE: Final = Rule(
    id="long-retention",
    group=Group.LAW,
    title="Calls kept for the longest time there is",
    severity=Severity.INFO,
    why="Personal data may be kept no longer than its purpose needs, and the organization has to be able to say why.",
    bad="""
organization:
  main: {content_retention_days: 365, metadata_retention_days: 365}
""",
    good="""
organization:
  main: {content_retention_days: 90, metadata_retention_days: 365}
""",
    kinds=("organization",),
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 5(1)(e), storage limitation; API: OrganizationRetention",
)

"""A privacy mode beside a region outside the EEA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.residency import Verdict, handled_by_models
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(assistant: Resource, _view: View) -> Iterator[Hit]:
    if assistant.spec.get("gdpr_mode") is not True:
        return
    for flow in handled_by_models(assistant):
        if flow.verdict is Verdict.OUTSIDE:
            yield Hit(
                f"{flow.receiver} handles the {flow.carries} of calls in {flow.region}. Choose a region of the EEA, or "
                "see to a transfer tool (an adequacy decision, or standard contractual clauses).",
                flow.path,
            )


RULE: Final = Rule(
    id="privacy-mode-outside-eea",
    group=Group.LAW,
    title="Privacy mode with a region outside the EEA",
    severity=Severity.WARNING,
    why="Privacy mode is about what is kept: where speech is handled is another question, which the GDPR asks as well.",
    bad="""
assistants:
  desk:
    name: Desk
    gdpr_mode: true
    stt_config: {provider: gladia, model: solaria-1, language: nl, region: us-west}
""",
    good="""
assistants:
  desk:
    name: Desk
    gdpr_mode: true
    stt_config: {provider: gladia, model: solaria-1, language: nl, region: eu-west}
""",
    kinds=("assistants",),
    check=_check,
    source="Regulation (EU) 2016/679 (GDPR), Art. 44 to 46",
)

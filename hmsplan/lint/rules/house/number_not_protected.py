"""A telephone number that a wrong line can give back for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    if not resource.lifecycle.prevent_destroy:
        yield Hit("Write lifecycle: {prevent_destroy: true}, here or under defaults.numbers of hmsplan.yaml.")


RULE: Final = Rule(
    id="number-not-protected",
    group=Group.HOUSE,
    title="Number is not protected",
    severity=Severity.INFO,
    why="A number that was deleted may never come back, and it stands on every letter and van of the business.",
    bad="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31201234567", agent_id: "${assistants.desk}"}
""",
    good="""
assistants:
  desk: {name: Desk}
numbers:
  main: {phone_number: "+31201234567", agent_id: "${assistants.desk}", lifecycle: {prevent_destroy: true}}
""",
    kinds=("numbers",),
    check=_check,
)

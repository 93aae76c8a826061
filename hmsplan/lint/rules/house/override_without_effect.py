"""An override that says what stands below it already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.config.layers import Role
from hmsplan.kinds import KINDS
from hmsplan.lint.layers import repeated
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    for path, source, below in repeated(resource, Role.OVERRIDE):
        yield Hit(f"{dotted(path)} is the same at {below}. Take the override out.", path, source=source)


_STACK: Final = """
assistants:
  desk: {name: Desk, max_duration_seconds: 300}
# file: hmsplan.yaml
version: 1
stack: acme
default_environment: live
# file: environments/live.yaml
overrides:
  assistants.desk: {max_duration_seconds: %d}
"""

RULE: Final = Rule(
    id="override-without-effect",
    group=Group.HOUSE,
    title="Override without effect",
    severity=Severity.WARNING,
    why="An override that repeats what it lies over hides that, one day, only one of the two will be changed.",
    bad=_STACK % 300,
    good=_STACK % 600,
    kinds=tuple(KINDS),
    check=_check,
)

"""A field that says what the defaults or a base say already."""

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
    for path, source, below in repeated(resource, Role.DECLARED):
        yield Hit(f"{dotted(path)} is the same at {below}, under it. Take it out here.", path, source=source)


_STACK: Final = """
assistants:
  desk: {name: Desk, max_duration_seconds: %d}
# file: hmsplan.yaml
version: 1
stack: acme
defaults:
  assistants: {max_duration_seconds: 300}
"""

RULE: Final = Rule(
    id="repeated-default",
    group=Group.HOUSE,
    title="Field repeats a default",
    severity=Severity.INFO,
    why="When the default changes, a field that repeats it stays behind, and a reader cannot tell whether it should.",
    bad=_STACK % 300,
    good=_STACK % 600,
    kinds=tuple(KINDS),
    check=_check,
)

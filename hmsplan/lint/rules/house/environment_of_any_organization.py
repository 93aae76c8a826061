"""An environment that does not say which organization it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.config.load import DEFAULT_ENVIRONMENT
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, SourceLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View


def _check_all(view: View) -> Iterator[Hit]:
    stack = view.stack
    if stack.member and stack.organization is None:
        yield Hit(
            "The fleet does not say which organization these members may touch, so each takes any key. Write "
            "organization: ID beside its key in fleet.yaml, or in a column organization of the table."
        )
    elif stack.environment != DEFAULT_ENVIRONMENT and stack.organization is None:
        file = f"environments/{stack.environment}.yaml"
        detail = (
            f"{file} does not say which organization it may touch. Write organization: ID into it. With the right key "
            "set, this prints the id: hmsplan doctor"
        )
        yield Hit(detail, source=SourceLine(file, 1))


_STACK: Final = """
assistants:
  desk: {name: Desk}
# file: hmsplan.yaml
version: 1
stack: acme
default_environment: live
# file: environments/live.yaml
%svariables: {}
"""

RULE: Final = Rule(
    id="environment-of-any-organization",
    group=Group.HOUSE,
    title="Environment of any organization",
    severity=Severity.INFO,
    why="With the key of another customer in the shell, the first apply would go to that customer's phones.",
    bad=_STACK % "",
    good=_STACK % "organization: 3f0c0d5e-0000-4000-8000-000000000000\n",
    check_all=_check_all,
)

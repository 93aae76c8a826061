"""A value that a program wrote because it had none: ``#REF!``, ``null``, ``[object Object]``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.examples import RECALL
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_NONE: Final = frozenset({"null", "NULL", "N/A", "n/a", "NaN", "nan", "nil", "undefined", "(null)", "(blank)", "TBD"})
_BROKEN: Final = re.compile(
    r"#(?:REF!|N/A|N/B|VALUE!|WAARDE!|WERT!|BEZUG!|NAME\?|NAAM\?|DIV/0!|DEEL/0!|NUM!|NULL!|SPILL!)"
    r"|\[object Object\]|[0-9][.,][0-9]+E\+[0-9]{2}|.*\{\{.*",
    re.DOTALL,
)


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    sources = campaign.member_sources
    for name in placeholders.used(campaign, view):
        wrong = [
            (index, value)
            for index, lead in enumerate(campaign.members or ())
            if (value := lead["variables"].get(name, "").strip()) and _is_wrong(value)
        ]
        if wrong:
            index, value = wrong[0]
            more = f", and {placeholders.of_lines(sources, [at for at, _ in wrong[1:]])} like it" if wrong[1:] else ""
            detail = (
                f"{{{{{name}}}}} becomes {wording.shown(value)} for this lead{more}. Correct the list where it is made."
            )
            yield Hit(detail, ("leads",), source=sources[index] if sources else None)


def _is_wrong(value: str) -> bool:
    return value in _NONE or ((value[0] in "#[0123456789" or "{{" in value) and _BROKEN.fullmatch(value) is not None)


RULE: Final = Rule(
    id="lead-value-not-real",
    group=Group.PLACEHOLDERS,
    title="Value of a lead that a program left behind",
    severity=Severity.WARNING,
    why="A person is greeted as null, or hears the error of a spreadsheet read out.",
    bad=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
+31201234568,#REF!
""",
    good=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
+31201234568,Bob
""",
    kinds=("campaigns",),
    check=_check,
)

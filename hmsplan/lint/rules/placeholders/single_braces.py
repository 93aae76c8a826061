"""``{name}`` where the platform fills in ``{{name}}`` only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.examples import RECALL
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    if resource.address.kind == "campaigns":
        names: AbstractSet[str] = placeholders.given(resource, view).keys()
        texts = list(placeholders.texts_filled(resource, view))
    else:
        names = _analysed(resource)
        texts = [(resource, text) for text in placeholders.analysis_texts(resource, view)]
    for owner, text in texts:
        for name, offset in placeholders.single(text.text):
            if name in names:
                detail = f"{{{name}}} stays as it is; write {{{{{name}}}}}."
                yield Hit(detail, text.path, *text.place(offset), address=owner.address)


def _analysed(resource: Resource) -> AbstractSet[str]:
    """Return what an analysis of *resource* is given in double braces alone."""
    if resource.address.kind == "assistants":
        return frozenset(placeholders.IN_PLANS)
    return frozenset(placeholders.IN_PLANS) - frozenset(placeholders.IN_TEMPLATES)


RULE: Final = Rule(
    id="single-braces",
    group=Group.PLACEHOLDERS,
    title="Single braces where double ones are filled in",
    severity=Severity.WARNING,
    why="Nothing replaces a name in single braces in a call, so people hear the name of the column.",
    bad=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{first_name}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
""",
    good=f"""
assistants:
  caller: {{name: Caller, first_message: "Hello {{{{first_name}}}}, this is the assistant of the practice."}}
{RECALL.strip()}
phone_number,first_name
+31201234567,Ann
""",
    kinds=("campaigns", "assistants", "analysis_templates"),
    check=_check,
    source="API behaviour, 7: {transcript} in analysis templates, {{transcript}} in analysis_plan",
)

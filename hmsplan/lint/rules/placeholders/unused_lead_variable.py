"""A column of the leads that no text asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint import placeholders
from hmsplan.lint.consent import consent_columns, refusal_columns
from hmsplan.lint.examples import RECALL_PROMPT
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(campaign: Resource, view: View) -> Iterator[Hit]:
    assistant = placeholders.called(campaign, view)
    if assistant is None or not isinstance(campaign.spec.get("system_message_template"), str):
        return  # a text that git does not have may ask for it
    used = set(placeholders.used(campaign, view))
    used |= {
        name for text in placeholders.analysis_texts(assistant, view) for name, _ in placeholders.doubled(text.text)
    }
    single = {
        name for _, text in placeholders.texts_filled(campaign, view) for name, _ in placeholders.single(text.text)
    }
    columns = placeholders.given(campaign, view)
    read = {*used, *single, *consent_columns(columns), *refusal_columns(columns)}  # the last two by other rules
    unused = [name for name in columns if name not in read]
    if unused:
        each = "is filled in" if len(unused) == 1 else "are filled in"
        detail = f"{wording.listed(unused)} {each} nowhere. Take it off the list, or use it in a text."
        yield Hit(detail, ("leads",), source=_header(campaign))


def _header(campaign: Resource) -> SourceLine | None:
    """Return the first line of the file that the leads come from; None for leads in YAML."""
    file = campaign.member_sources[0].file if campaign.member_sources else ""
    return None if not file or file.endswith((".yaml", ".yml")) else SourceLine(file, 1)


RULE: Final = Rule(
    id="unused-lead-variable",
    group=Group.PLACEHOLDERS,
    title="Variable of leads that nothing uses",
    severity=Severity.INFO,
    why="What is known of a person and not needed for the call should not leave for the platform (GDPR, Art. 5(1)(c)).",
    bad=f"""
assistants:
  caller: {{name: Caller}}
{RECALL_PROMPT.strip()}
phone_number,first_name,birthday
+31201234567,Ann,1 May
# file: recall.md
You call {{{{first_name}}}} for a check-up.
""",
    good=f"""
assistants:
  caller: {{name: Caller}}
{RECALL_PROMPT.strip()}
phone_number,first_name
+31201234567,Ann
# file: recall.md
You call {{{{first_name}}}} for a check-up.
""",
    kinds=("campaigns",),
    check=_check,
    source="Regulation (EU) 2016/679, Art. 5(1)(c), data minimisation",
)

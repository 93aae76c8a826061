"""The rules of lint as people and programs read them: a list, and a page for one. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from hmsplan.lint.rule import shown
from hmsplan.model import Severity
from hmsplan.text.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.lint.rule import Rule


def rules_text(rules: Iterable[Rule], width: int) -> str:
    """Return the rules by group, each with its severity and its reason."""
    rules = list(rules)
    counts = Counter(rule.severity for rule in rules)
    told = listed([count(counts[severity], str(severity)) for severity in Severity if counts[severity]])
    ending = f"{count(len(rules), 'rule')}: {told}. One of them, with an example: hmsplan explain RULE"
    return "\n".join([*_listed(rules, width), "", *textwrap.wrap(ending, width)]).strip("\n")


def _listed(rules: Iterable[Rule], width: int) -> Iterator[str]:
    group = None
    for rule in rules:
        if rule.group is not group:
            group = rule.group
            yield ""
            yield group.capitalize()
        yield f"  {rule.id} ({rule.severity}{f'; needs hmsplan[{rule.needs}]' if rule.needs else ''})"
        yield from textwrap.wrap(rule.why, width, initial_indent="    ", subsequent_indent="    ")


def rules_json(rules: Iterable[Rule]) -> dict[str, Any]:
    """Return the rules for a program."""
    return {"format_version": "1.0", "rules": [rule_json(rule) for rule in rules]}


def rule_json(rule: Rule) -> dict[str, Any]:
    """Return one rule for a program."""
    return {
        "id": rule.id,
        "group": str(rule.group),
        "title": rule.title,
        "severity": str(rule.severity),
        "why": rule.why,
        "bad": rule.bad,
        "good": rule.good,
        "source": rule.source or None,
        "needs": rule.needs or None,
    }


def rule_page(rule: Rule, width: int) -> str:
    """Return all that there is to know of a rule."""
    place = f"# hmsplan: ignore {rule.id} until 2027-01-01 because REASON"
    parts = [
        f"{rule.id} ({rule.severity}, {rule.group})\n{rule.title}",
        textwrap.fill(rule.why, width),
        f"Found in:\n{textwrap.indent(shown(rule.bad), '  ')}",
        f"Better:\n{textwrap.indent(shown(rule.good), '  ')}",
        textwrap.fill(f"Source: {rule.source}", width) if rule.source else "",
        textwrap.fill(f"It needs: pip install 'hmsplan[{rule.needs}]'", width) if rule.needs else "",
        f"To silence it at one place, write on the line, or above it:\n  {place}",
        f"For the whole stack, under rules of lint in hmsplan.yaml:\n  {rule.id}: off      (or error, warning, info)",
    ]
    return "\n\n".join(filter(None, parts))

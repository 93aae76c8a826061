"""Every rule of lint: it finds its bad example, passes its good one, and is told as a rule should be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from support.lint import linted

from hmsplan.kinds import KINDS
from hmsplan.lint import rules as package
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from hmsplan.lint.rule import Rule

RULES: Final = all_rules()
ROOT: Final = Path(package.__file__).parent


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_finds_its_bad_example(rule: Rule, tmp_path: Path) -> None:
    found = linted(tmp_path, rule.bad, rule)
    assert {each.rule for each in found} == {rule.id}
    assert all(each.source is not None and each.summary == rule.title for each in found)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_rule_finds_the_good_example_of_a_rule(rule: Rule, tmp_path: Path) -> None:
    """Only what is worth knowing may be found in it, by other rules: an example is short."""
    found = linted(tmp_path, rule.good)
    assert [each for each in found if each.rule == rule.id] == []
    assert [each for each in found if each.severity == "error"] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_told_as_rules_are(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", rule.id)
    assert re.fullmatch(r"[A-Z][^.]{5,60}", rule.title)
    assert re.fullmatch(r"[A-Z][^\n]{20,240}\.", rule.why)
    assert (rule.check is None) == (not rule.kinds)
    assert rule.check is not None or rule.check_all is not None
    assert set(rule.kinds) <= set(KINDS)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_lies_where_it_is_looked_for(rule: Rule) -> None:
    assert (ROOT / rule.group / f"{rule.id.replace('-', '_')}.py").is_file()


def test_every_module_holds_a_rule() -> None:
    modules = {path.stem.replace("_", "-") for path in ROOT.glob("*/*.py") if not path.stem.startswith("_")}
    assert modules == set(RULES)


def test_no_two_rules_have_one_title() -> None:
    titles = [rule.title for rule in RULES.values()]
    assert sorted(set(titles)) == sorted(titles)

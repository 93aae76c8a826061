"""Lint over stacks that people would have written with care: what it says of them has to be right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from support.lint import TODAY

from hmsplan.config.load import load_stack
from hmsplan.model import Severity
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import Diagnostic

_CORPUS: Final = Path(__file__).parents[2] / "lint_corpus"

WARNINGS: Final[Mapping[str, frozenset[str]]] = {
    "foreign-placeholder": frozenset({"vapi_appointments"}),
    "unfilled-placeholder": frozenset({"vapi_appointments"}),
}
"""Rules that rightly warn of prompts in the style of other platforms: id to the keys of the assistants."""


def _found(name: str) -> tuple[Diagnostic, ...]:
    root = _CORPUS / name
    return lint_stack(load_stack(root, environ={}), root, today=TODAY)


def test_nothing_is_found_in_an_organization_made_with_care() -> None:
    assert [_line(each) for each in _found("organization")] == []


def test_prompts_in_the_style_of_other_platforms_give_no_error() -> None:
    assert [_line(each) for each in _found("platforms") if each.severity is Severity.ERROR] == []


def test_prompts_in_the_style_of_other_platforms_give_only_warnings_that_are_right() -> None:
    listed = {(rule, key) for rule, keys in WARNINGS.items() for key in keys}
    warned = [each for each in _found("platforms") if each.severity is Severity.WARNING]
    assert [_line(each) for each in warned if (each.rule, _key(each)) not in listed] == []
    assert listed - {(each.rule, _key(each)) for each in warned} == set()


def _key(problem: Diagnostic) -> str:
    return problem.address.key if problem.address is not None else ""


def _line(problem: Diagnostic) -> str:
    """Return all that a person needs to judge a finding."""
    return f"{problem.source} {problem.rule} [{problem.severity}] {problem.address} {problem.path}: {problem.detail}"

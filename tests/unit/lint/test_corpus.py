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

_CORPUS: Final = Path(__file__).parents[2] / "lint_corpus"

REMARKS: Final[Mapping[str, str]] = {}
"""Rules that may remark something about the organization, at the severity INFO, and why that is right."""


def test_nothing_is_wrong_with_an_organization_made_with_care() -> None:
    root = _CORPUS / "organization"
    found = lint_stack(load_stack(root, environ={}), root, today=TODAY)
    assert [str(each) for each in found if each.severity is not Severity.INFO or each.rule not in REMARKS] == []


def test_every_remark_that_is_let_pass_is_still_made() -> None:
    root = _CORPUS / "organization"
    found = lint_stack(load_stack(root, environ={}), root, today=TODAY)
    assert {each.rule for each in found} >= REMARKS.keys()

"""The pages of promises and of mutants name tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
MUTANTS = (ROOT / "docs" / "mutants.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE + MUTANTS)


def test_every_promise_has_its_limit_and_its_test() -> None:
    sections = re.split(r"^## (P\d+) ", PAGE, flags=re.MULTILINE)
    promises = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert list(promises) == [f"P{number}" for number in range(1, 14)]
    assert [name for name, text in promises.items() if "**Held by** `tests/" not in text] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file: str, name: str) -> None:
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE)

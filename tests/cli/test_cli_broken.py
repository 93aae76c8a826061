"""What ``hmsplan validate`` says of some mistakes of tests/broken to machines; ``expected.txt`` is what people read."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import pytest
from support.golden import expect

from .helpers import REPOSITORY, Cli

if TYPE_CHECKING:
    from pathlib import Path

BROKEN: Final = REPOSITORY / "tests" / "broken"
CASES: Final = (
    "broken_file_hides_no_other",
    "colon_in_a_text",
    "csv_with_bad_rows",
    "escaped_control_character",
    "missing_required_fields",
)
FILES: Final = {
    "json": "expected.json",
    "sarif": "expected.sarif",
    "junit": "expected.junit.xml",
    "github": "expected.github",
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", FILES)
def test_message(case: str, form: str, cli: Cli, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake is told to each machine exactly as it was reviewed, at its place in the repository."""
    monkeypatch.chdir(REPOSITORY)
    folder = (BROKEN / case).relative_to(REPOSITORY)
    said = cli("-C", folder, "validate", "--format", form)
    assert said.code == 3
    expect(BROKEN / case / FILES[form], pretty(said.out, folder), update=update)


def pretty(text: str, folder: Path) -> str:
    """Return JSON with indents, and without what differs between machines."""
    if not text.startswith("{"):
        return text
    shown = text.replace(str(REPOSITORY / folder), "STACK").replace(f'"{version("hmsplan")}"', '"VERSION"')
    return json.dumps(json.loads(shown), indent=1, ensure_ascii=False) + "\n"

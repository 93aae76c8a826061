"""Each folder of tests/broken is a stack with one mistake that people make, and the message they get for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan import __version__
from hmsplan.config.excerpt import Excerpts
from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError
from hmsplan.output.diagnostics import WIDTH, format_diagnostic

if TYPE_CHECKING:
    from hmsplan.model import Diagnostic

BROKEN = Path(__file__).parents[2] / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())


def call_of(folder: Path) -> dict[str, Any]:
    file = folder / "call.json"
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def message_of(folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_stack(folder, **call_of(folder))
    assert caught.value.exit_code == 3
    quote = Excerpts(folder)
    return (
        "\n\n".join(format_diagnostic(_anywhere(found, folder), quote=quote) for found in caught.value.diagnostics)
        + "\n"
    )


def _anywhere(found: Diagnostic, folder: Path) -> Diagnostic:
    """Return a problem as it is in every folder and version; lines are broken after that."""
    detail = found.detail.replace(str(folder), "STACK").replace(f"hmsplan {__version__}", "hmsplan VERSION")
    return replace(found, detail=detail)


@pytest.mark.parametrize("case", CASES)
def test_message(case: str, request: pytest.FixtureRequest) -> None:
    """A mistake gets exactly the message that was reviewed for it."""
    folder = BROKEN / case
    message = message_of(folder)
    if request.config.getoption("--update-golden"):
        (folder / "expected.txt").write_text(message, "utf-8")
    assert message == (folder / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_message_is_safe_and_readable(case: str) -> None:
    """A message holds no control character, no line that is too long for a terminal, and no secret."""
    message = message_of(BROKEN / case)
    assert "hunter2" not in message
    for line in message.splitlines():
        assert line.isprintable()
        assert len(line) <= WIDTH or " " not in line.strip()


def test_there_are_enough() -> None:
    """Nobody thins the collection out unnoticed."""
    assert len(CASES) >= 100

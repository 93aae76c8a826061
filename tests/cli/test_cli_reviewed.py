"""What was reviewed is what is applied: whatever moves in between, the plan is refused and nothing is written."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest

from .helpers import Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

PROMPT = """
assistants:
  support:
    name: Support
    first_message: ${var:greeting}
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "${file:prompt.md}"}]
"""


@pytest.fixture
def reviewed(stack: Path) -> Path:
    """Return a stack with a prompt file and a variable."""
    head = "version: 1\nstack: acme\nvariables: {greeting: {default: Hello}}\n"
    return write(stack, {"hmsplan.yaml": head, "a.yaml": PROMPT, "prompt.md": "Be kind.\n"})


@pytest.fixture
def live(online: Callable[..., Result], reviewed: Path) -> Callable[..., Result]:
    """Return a function that runs a command on that stack against an API with a socket."""
    return functools.partial(online, "-C", reviewed)


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


MOVES: dict[str, Callable[[Path, Emulator, Callable[..., Result]], Any]] = {
    "the dashboard": lambda _, emulator, __: emulator.edit(
        "assistants", emulator.all("assistants")[0]["id"], {"first_message": "Somebody's"}
    ),
    "an object deleted by hand": lambda _, emulator, __: emulator.remove(
        "assistants", emulator.all("assistants")[0]["id"]
    ),
    "the YAML": lambda stack, *_: _edit(stack / "a.yaml", "gpt-5.4", "gpt-5.4-mini"),
    "a prompt file": lambda stack, *_: _edit(stack / "prompt.md", "kind", "brief"),
    "a resource that is added": lambda stack, *_: write(stack, {"b.yaml": "assistants: {more: {name: More}}"}),
    "the default of a variable": lambda stack, *_: _edit(stack / "hmsplan.yaml", "Hello", "Goodbye"),
    "the name of the stack": lambda stack, *_: _edit(stack / "hmsplan.yaml", "acme", "other"),
    "the state": lambda _, __, live: live("state", "rm", "assistants.support"),
}


@pytest.mark.parametrize("consent", ["saved", "digest"])
@pytest.mark.parametrize("move", MOVES)
def test_what_moved_since_the_review_is_not_applied(
    live: Callable[..., Result], emulator: Emulator, reviewed: Path, tmp_path: Path, move: str, consent: str
) -> None:
    assert live("apply", "-y").code == 0
    _edit(reviewed / "prompt.md", "Be kind.", "Be kind and quick.")
    saved = tmp_path / "saved.plan"
    plan = json.loads(live("plan", "-o", str(saved), "--json").out)
    written = len(emulator.writes)
    MOVES[move](reviewed, emulator, live)
    given = [str(saved)] if consent == "saved" else ["--expect-digest", plan["hmsplan"]["digest"]]
    assert live("apply", "-y", *given).code == 5
    assert len(emulator.writes) == written


def test_a_variable_of_the_machine_that_applies_takes_part(live: Callable[..., Result], emulator: Emulator) -> None:
    plan = json.loads(live("plan", "--json").out)
    digest = plan["hmsplan"]["digest"]
    assert live("apply", "-y", "--expect-digest", digest, HMSPLAN_VAR_GREETING="Other").code == 5
    assert emulator.writes == []
    assert live("apply", "-y", "--expect-digest", digest).code == 0


@pytest.mark.parametrize("way", ["truncated", "garbage", "another tool's", "a newer version", "another digest inside"])
def test_a_saved_plan_that_was_touched_is_not_applied(
    live: Callable[..., Result], emulator: Emulator, tmp_path: Path, way: str
) -> None:
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    whole = json.loads(saved.read_bytes())
    match way:
        case "truncated":
            saved.write_bytes(saved.read_bytes()[:-20])
        case "garbage":
            saved.write_bytes(b"\x00\xff not a plan")
        case "another tool's":
            saved.write_text(json.dumps({"format_version": "1.2", "resource_changes": []}))
        case "a newer version":
            whole["hmsplan"]["version"] = 99
            saved.write_text(json.dumps(whole))
        case _:
            whole["hmsplan"]["digest"] = whole["hmsplan"]["plan"]["digest"] = "0" * 64
            saved.write_text(json.dumps(whole))
    result = live("apply", "-y", str(saved))
    assert result.code in {1, 5}
    assert "Traceback" not in result.err
    assert emulator.writes == []

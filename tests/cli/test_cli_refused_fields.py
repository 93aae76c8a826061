"""A field that the API refuses is shown with the line that declares it, on every surface of an apply."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from hmsplan.emulator import Emulator, Settings

from .helpers import STACK, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Result

FILES: Final = {
    "hmsplan.yaml": STACK,
    "a.yaml": """\
assistants:
  support:
    name: The desk of customer support
    llm_config:
      provider: openai
      model: gpt-5.4
      messages:
        - {role: system, content: "${file:prompts/support.md}"}
    extra: {voice_mode: warm}
""",
    "w.yaml": """\
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: desk, type: transfer, destination: "+31850000001"}
        - id: hello
          type: conversation
          instructions: Ask what it is about, and be brief and kind.
      edges: [{from: hello, to: desk, description: a person}]
""",
    "prompts/support.md": "You are kind, and you never say a word too many.\n",
}
PLACES: Final = {
    "assistants.support name": ("a.yaml", 3),
    "assistants.support llm_config.messages[0].content": ("prompts/support.md", 1),
    "assistants.support voice_mode": ("a.yaml", 9),
    "workflows.triage definition.nodes[1].instructions": ("w.yaml", 11),
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None, name_max=20, prompt_max=30, unknown_fields="refused")) as made:
        yield made


@pytest.fixture
def refused(online: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    stack = write(tmp_path / "stack", FILES)
    return lambda *args, **env: online("-C", stack, *args, **env)


def test_the_table_names_the_line_of_each_field(refused: Callable[..., Result]) -> None:
    result = refused("apply", "-y")
    assert result.code == 1
    rows = " ".join(result.out.split())
    for name, (file, line) in PLACES.items():
        path = name.split()[1]
        assert f"- {path}: " in rows
        assert f"({file}:{line}:" in rows


def test_events_have_a_diagnostic_for_each_field(refused: Callable[..., Result]) -> None:
    found = [json.loads(line) for line in refused("--json", "apply", "-y").out.splitlines()]
    told = [event["diagnostic"] for event in found if event["type"] == "diagnostic" and event["@level"] == "error"]
    assert {
        f"{each['address']} {each['path']}": (each["range"]["filename"], each["range"]["start"]["line"])
        for each in told
    } == PLACES
    steps = found[-1]["hmsplan"]["report"]["steps"]
    assert sum(len(step["complaints"]) for step in steps) == len(PLACES)
    assert {complaint["path"] for step in steps for complaint in step["complaints"]} == {
        name.split()[1] for name in PLACES
    }


def test_annotations_stand_on_the_lines(refused: Callable[..., Result]) -> None:
    out = refused("apply", "-y", "--format", "github").out
    errors = [line for line in out.splitlines() if line.startswith("::error ")]
    assert len(errors) == len(PLACES)
    for file, line in PLACES.values():
        assert any(f"{file},line={line}," in error for error in errors), errors

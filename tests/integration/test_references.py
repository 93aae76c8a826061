"""Values that one resource copies from another, all the way to the API and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.world import UNLIMITED, World

from hmsplan.errors import ConfigError
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = Options(allowed=("*",))


def stack(number: str, destination: str = "${numbers.desk.phone_number}") -> dict[str, Any]:
    """Declare an assistant whose prompt names the number that it answers, and a workflow that transfers to another."""
    prompt = [{"role": "system", "content": "${file:prompt.tmpl.md}"}]
    nodes = [
        {"id": "hello", "type": "conversation", "instructions": "Ask what it is about."},
        {"id": "desk", "type": "transfer", "destination": destination},
    ]
    edges = [{"from": "hello", "to": "desk", "description": "a person"}]
    return {
        "assistants": {
            "bot": {"name": "Bot", "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": prompt}}
        },
        "numbers": {
            "main": {"phone_number": "+31850000010", "agent_id": "${assistants.bot}"},
            **({"desk": {"phone_number": number}} if number else {}),
        },
        "workflows": {
            "triage": {
                "name": "Triage",
                "definition": {"version": 1, "entry_node": "hello", "nodes": nodes, "edges": edges},
            }
        },
    }


@pytest.fixture
def prompt(tmp_path: Path) -> Path:
    (tmp_path / "prompt.tmpl.md").write_text("You answer ${numbers.main.phone_number}.\n", "utf-8")
    return tmp_path


def test_a_number_is_made_named_replaced_and_deleted_in_order(prompt: Path) -> None:
    """At no time does a transfer lead to a number that is not there."""
    with World(prompt, UNLIMITED) as world:
        world.declare(stack("+31850000011"))
        assert world.apply().bad == []
        world.check_at_rest()
        (bot,) = world.emulator.all("assistants")
        assert bot["llm_config"]["messages"][0]["content"] == "You answer +31850000010.\n"

        begun = len(world.emulator.writes)
        world.declare(stack("+31850000012"))
        assert world.apply(ALLOWED).bad == []
        world.check_at_rest()
        assert [each.method for each in world.emulator.writes[begun:]] == ["POST", "PATCH", "DELETE"]

        world.declare(stack("", "+31850000019"))
        begun = len(world.emulator.writes)
        assert world.apply(ALLOWED).bad == []
        world.check_at_rest()
        assert [each.method for each in world.emulator.writes[begun:]] == ["PATCH", "DELETE"]


def test_a_number_that_is_named_cannot_be_taken_out(prompt: Path) -> None:
    """Nothing is planned until what names it is changed, too."""
    with World(prompt, UNLIMITED) as world:
        world.declare(stack("+31850000011"))
        world.apply()
        with pytest.raises(ConfigError, match=r"There is no numbers\.desk"):
            world.declare(stack(""))


def test_a_target_makes_the_number_that_it_names(prompt: Path) -> None:
    with World(prompt, UNLIMITED) as world:
        world.declare(stack("+31850000011"))
        workflow = next(address for address in world.stack().resources if address.kind == "workflows")
        first = world.apply(Options(targets=(str(workflow),)))
        assert [outcome.step.key for outcome in first.report.outcomes] == [
            "numbers.desk:create",
            "workflows.triage:create",
        ]

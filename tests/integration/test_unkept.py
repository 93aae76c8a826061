"""What the API accepts and does not store as it was sent: said once, remembered, and no drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.world import UNLIMITED, World

from hmsplan.emulator import Settings

if TYPE_CHECKING:
    from pathlib import Path


def number(name: str) -> dict[str, Any]:
    return {"numbers": {"main": {"phone_number": "+31850000010", "name": name}}}


def test_a_field_that_is_not_stored_is_said_once_and_not_planned_again(tmp_path: Path) -> None:
    """No type of the newest SDK has a name of numbers: it is accepted, and nothing comes back."""
    with World(tmp_path, UNLIMITED) as world:
        world.declare(number("Main"))
        first = world.apply()
        assert first.bad == []
        (remark,) = first.remarks
        assert remark.startswith("the API did not keep name: sent 'Main', has nothing.")
        plan = world.plan()
        assert (plan.pending, plan.steps, plan.drift) == ((), (), ())
        assert world.drift().drifted == ()
        written = len(world.emulator.writes)
        assert world.apply().remarks == []
        assert len(world.emulator.writes) == written


def test_another_value_of_such_a_field_is_sent_once_more(tmp_path: Path) -> None:
    with World(tmp_path, UNLIMITED) as world:
        world.declare(number("Main"))
        world.apply()
        world.declare(number("Desk"))
        assert [field.path for change in world.plan().pending for field in change.fields] == [("name",)]
        assert len(world.apply().remarks) == 1
        assert world.plan().pending == ()


def test_such_a_field_is_drift_once_somebody_gives_it_a_value(tmp_path: Path) -> None:
    with World(tmp_path, UNLIMITED) as world:
        world.declare(number("Main"))
        world.apply()
        world.emulator.edit("numbers", world.id("numbers.main"), {"name": "Of the dashboard"})
        assert [field.path for found in world.drift().drifted for field in found.fields] == [("name",)]
        assert [field.path for change in world.plan().pending for field in change.fields] == [("name",)]


PROMPT = "Rol  \r\nJe bent cafe\u0301.\n\n"


@pytest.mark.parametrize("again", [PROMPT, "Rol\nJe bent caf\u00e9."])
def test_text_that_the_platform_tidies_is_made_and_left_alone(tmp_path: Path, again: str) -> None:
    """Every prompt file ends with a line break, and nothing says that texts are stored byte for byte."""

    def stack(text: str) -> dict[str, Any]:
        llm = {"provider": "openai", "model": "gpt-5.4", "temperature": 0.7}
        messages = [{"role": "system", "content": text}]
        desk = {"name": "Desk", "first_message": text, "llm_config": {**llm, "messages": messages}}
        main = {"phone_number": "+31850000010", "agent_id": "${assistants.desk}"}
        return {"assistants": {"desk": desk}, "numbers": {"main": main}}

    with World(tmp_path, Settings(rate_limit=None, tidies=True)) as world:
        world.declare(stack(PROMPT))
        first = world.apply()
        assert (first.bad, first.remarks) == ([], [])
        world.check_at_rest()
        assert world.drift().drifted == ()
        world.declare(stack(again))
        assert not world.apply().bad
        world.check_at_rest()

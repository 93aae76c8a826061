"""Scenarios whose readings are too big to keep: they are made here, and only what is shown is kept.

Their folders in tests/golden have no ``stack/``. Of the plan that outgrows a comment, the comment alone is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.golden import GOLDEN, expect, numbered
from support.prompts import DUTCH, long_prompt
from support.world import World, allowing

from hmsplan.output.lines import columns
from hmsplan.output.markdown import COMMENT, SUMMARY, render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.model import Plan

MANY: Final = 150


def assistant(name: str, prompt: str) -> dict[str, Any]:
    messages = [{"role": "system", "content": prompt}]
    return {
        "name": name,
        "first_message": "Goedendag.",
        "llm_config": {"provider": "openai", "model": "gpt-5.4", "messages": messages},
    }


def campaign(numbers: range) -> dict[str, Any]:
    return {
        "name": "Voorjaarscontrole",
        "agent_id": "${assistants.balie}",
        "status": "draft",
        "system_message_template": "Je belt {{first_name}}.",
        "schedule_start_time": "17:00:00",
        "schedule_end_time": "19:30:00",
        "timezone": "Europe/Amsterdam",
        "leads": [
            {"phone_number": f"+3161{number:07}", "variables": {"first_name": f"Naam {number}"}} for number in numbers
        ],
    }


def one_word(world: World) -> Plan:
    """One word of a prompt of 6,000 changes, in its middle."""
    prompt = long_prompt()
    first, last = prompt[: len(prompt) // 2], prompt[len(prompt) // 2 :]
    word = next(word for word in last.split() if len(word) > 6 and word.isalpha())
    return after(
        world,
        {"assistants": {"balie": assistant("Balie", prompt)}},
        {"assistants": {"balie": assistant("Balie", first + last.replace(word, "NIEUW", 1))}},
    )


def thousand_leads(world: World) -> Plan:
    """Of 1,000 leads 200 go, and 300 come."""
    balie = {"balie": assistant("Balie", "Je bent de receptionist.")}
    old, new = campaign(range(1000)), campaign(range(200, 1300))
    return after(
        world, {"assistants": balie, "campaigns": {"recall": old}}, {"assistants": balie, "campaigns": {"recall": new}}
    )


def outgrown(world: World) -> Plan:
    """Somebody rewrites what 150 desks say of their opening hours, and gives up a number and four desks."""
    old = {f"desk_{n:03}": assistant(f"Desk {n}", DUTCH) for n in range(MANY)}
    new = {f"desk_{n:03}": assistant(f"Desk {n}", rewritten(n)) for n in range(4, MANY + 4)}
    number = {"phone_number": "+31850000010", "agent_id": "${assistants.desk_000}", "is_active": True}
    return after(world, {"assistants": old, "numbers": {"main": number}}, {"assistants": new})


def rewritten(desk: int) -> str:
    return DUTCH.replace("08:00", f"{desk % 3 + 7:02}:30").replace(
        "Op feestdagen", f"Desk {desk} is op feestdagen open"
    )


def after(world: World, old: dict[str, Any], new: dict[str, Any]) -> Plan:
    world.declare(old)
    world.apply(allowing())
    world.declare(new)
    return world.plan()


SCENARIOS: Final = {"one_word_in_a_long_prompt": one_word, "a_thousand_leads": thousand_leads}
SURFACES: Final[dict[str, Callable[[Plan], str]]] = {
    "plan.txt": lambda plan: render_plan(plan, width=80, color=False),
    "plan.md": lambda plan: render_markdown(page_of(plan, 100)),
}


@pytest.mark.parametrize("case", SCENARIOS)
def test_surfaces(case: str, tmp_path: Path, update: bool) -> None:
    """What is small in something big is shown small, and nothing of the rest."""
    with World(tmp_path) as world:
        plan = SCENARIOS[case](world)
    for file, draw in SURFACES.items():
        text = numbered(plan, draw(plan))
        expect(GOLDEN / case / file, text, update=update)
        assert len(text) < 2500
    assert max(map(columns, render_plan(plan, width=80, color=False).splitlines())) <= 80


def test_a_plan_that_outgrows_the_comment(tmp_path: Path, update: bool) -> None:
    """What is refused and what goes away is there in full; of the rest as much as fits, and the others by name."""
    with World(tmp_path) as world:
        plan = outgrown(world)
    page = page_of(plan, 100)
    text = numbered(plan, render_markdown(page))
    expect(GOLDEN / "outgrown" / "plan.md", text, update=update)
    assert COMMENT * 0.9 < len(render_markdown(page).encode()) <= COMMENT
    for name in ("assistants.desk_000", "numbers.main"):
        assert f"<code>{name}</code> will be destroyed</summary>" in text
    summary = render_markdown(page, budget=SUMMARY)
    assert "without details for lack of room" not in summary
    assert summary.count("<code>~</code> <code>") == MANY - 4

"""What ``validate`` and ``plan`` say of the leads in a CSV file, with the real API beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .helpers import STACK, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

    from .helpers import Cli, Result

CAMPAIGN = """\
assistants: {a: {name: A, first_message: hi}}
campaigns:
  c:
    name: C
    agent_id: ${assistants.a}
    system_message_template: "hi {{name}}"
    schedule_start_time: "09:00"
    schedule_end_time: "17:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
"""
HOUSEHOLD = "phone_number,name\n+31612345601,Jan\n+31 6 1234 5601,Mrs Jansen\n0031612345602,Piet\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", {"hmsplan.yaml": STACK, "r.yaml": CAMPAIGN, "leads.csv": HOUSEHOLD})


def test_validate_names_the_number_and_a_plan_hides_its_end(
    folder: Path, cli: Cli, online: Callable[..., Result]
) -> None:
    """Whoever has the file may see it; the comment of a pull request, and a saved plan, are read by others."""
    assert "+31612345601 stands on lines 2 and 3" in cli("-C", folder, "validate").err
    for form in ("text", "json", "markdown", "html"):
        planned = online("-C", folder, "plan", "--format", form)
        assert "3161234•••• stands on lines 2 and 3" in " ".join((planned.out + planned.err).split())
        assert "31612345601" not in planned.out + planned.err
    online("-C", folder, "plan", "-o", folder / "saved")
    assert b"2345601" not in (folder / "saved").read_bytes()


def test_a_cell_that_is_no_number_stops_everything(
    folder: Path, emulator: Emulator, online: Callable[..., Result]
) -> None:
    (folder / "leads.csv").write_text(HOUSEHOLD + "+31612345O78,Bea\n", "utf-8")
    result = online("-C", folder, "apply", "-y")
    assert result.code == 3
    assert "leads.csv:5:1" in result.err
    assert not emulator.writes


def test_why_leads_go_and_come(folder: Path, online: Callable[..., Result]) -> None:
    """Their masked numbers alone look the same under + and -."""
    assert online("-C", folder, "apply", "-y").code == 0
    lines = HOUSEHOLD.splitlines()
    (folder / "leads.csv").write_text("\n".join([lines[0] + ",notes", *(f"{line}," for line in lines[1:])]), "utf-8")
    planned = online("-C", folder, "plan")
    assert "3 leads are removed and added again: the variable notes is new" in planned.out
    notes = json.loads(online("-C", folder, "plan", "--format", "json").out)["hmsplan"]["changes"]
    assert ["3 leads are removed and added again: the variable notes is new"] in [change["notes"] for change in notes]

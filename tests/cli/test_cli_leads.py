"""What ``validate`` and ``plan`` say of the leads in a CSV file, with the real API beside them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Fault

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


def test_validate_names_the_number_and_a_plan_its_last_two_digits(
    folder: Path, cli: Cli, online: Callable[..., Result]
) -> None:
    """Whoever has the file may see it; the comment of a pull request, and a saved plan, are read by others."""
    assert "+31612345601 stands on lines 2 and 3" in cli("-C", folder, "validate").err
    for form in ("text", "json", "markdown", "html"):
        planned = online("-C", folder, "plan", "--format", form)
        assert "…01 stands on lines 2 and 3" in " ".join((planned.out + planned.err).split())
        assert "5601" not in planned.out + planned.err
    online("-C", folder, "plan", "-o", folder / "saved")
    assert b"5601" not in (folder / "saved").read_bytes()


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


SPRING = """\
name;phone_number;slot
Jan;+31612345601;09:00
Piet;+31612345702;10:00
Bea;+31612345803;11:00
Cor;+31612345904;12:00
"""
LATER = SPRING.replace("Piet;+31612345702;10:00", "Pieter;0031 6 1234 5702;10:30").replace(
    "Cor;+31612345904;12:00", "Dora;+31612345905;13:00"
)


def test_only_what_changes_is_written(folder: Path, emulator: Emulator, online: Callable[..., Result]) -> None:
    """A lead that changes is removed and added, as the API wants it; of all others nothing is sent, in any order."""
    (folder / "leads.csv").write_text(SPRING, "utf-8")
    assert online("-C", folder, "apply", "-y").code == 0
    (campaign,) = emulator.all("campaigns")
    before = {lead["phone_number"]: lead["id"] for lead in emulator.all("leads", parent=campaign["id"])}
    header, *rows = LATER.splitlines(keepends=True)
    (folder / "leads.csv").write_text("".join([header, *reversed(rows)]), "utf-8")
    already = len(emulator.writes)
    planned = online("-C", folder, "plan").out
    assert "leads: 1 to add, 1 to change, 1 to remove; then 4 still to be called" in planned
    assert planned.splitlines()[-1] == "Plan: 0 to add, 1 to change, 0 to destroy, 0 to adopt."
    assert online("-C", folder, "apply", "-y").code == 0
    base = f"/campaigns/{campaign['id']}/leads"
    gone = sorted(before[number] for number in ("+31612345702", "+31612345904"))
    wanted = [*(("DELETE", f"{base}/{lead_id}") for lead_id in gone), ("POST", base), ("POST", base)]
    sent = sorted((each.method, each.path.partition("/v1")[2] or each.path) for each in emulator.writes[already:])
    assert sent == wanted
    after = {lead["phone_number"]: lead["id"] for lead in emulator.all("leads", parent=campaign["id"])}
    assert [number for number in before if after.get(number) == before[number]] == ["+31612345601", "+31612345803"]
    assert online("-C", folder, "plan").code == 0


def test_a_changed_lead_is_told_as_one_change_after_the_apply_too(
    folder: Path, emulator: Emulator, online: Callable[..., Result]
) -> None:
    """One add and one remove are sent for it, of which the plan said "1 to change"."""
    (folder / "leads.csv").write_text(SPRING, "utf-8")
    assert online("-C", folder, "apply", "-y").code == 0
    changed = SPRING.replace("09:00", "09:30").replace("Cor;+31612345904;12:00\n", "Dee;+31612345005;13:00\n")
    (folder / "leads.csv").write_text(changed, "utf-8")
    result = online("-C", folder, "apply", "-y")
    assert "leads: 1 to add, 1 to change, 1 to remove" in result.out
    done = result.out[result.out.index("Apply complete") - 400 :]
    rows = [" ".join(row.split()) for row in done.splitlines() if row.split()[1:2] == ["done"]]
    assert sorted(rows) == [
        "+ done add 1 lead to campaigns.c",
        "- done remove 1 lead from campaigns.c",
        "~ done change 1 lead of campaigns.c",
    ]
    (folder / "leads.csv").write_text(changed.replace("10:00", "10:30"), "utf-8")
    emulator.inject(Fault(do="status", method="POST", status=400, path="re:.*/leads"))
    failed = online("-C", folder, "apply", "-y")
    emulator.inject()
    assert "! failed       add 1 lead to campaigns.c" in failed.out
    assert "- done         remove 1 lead from campaigns.c" in failed.out


def test_events_of_a_changed_lead_name_its_other_half(folder: Path, online: Callable[..., Result]) -> None:
    (folder / "leads.csv").write_text(SPRING, "utf-8")
    assert online("-C", folder, "apply", "-y").code == 0
    (folder / "leads.csv").write_text(SPRING.replace("09:00", "09:30"), "utf-8")
    events = [json.loads(row) for row in online("-C", folder, "apply", "-y", "--json").out.splitlines()]
    first, second = (each for each in events if each["type"] == "apply_complete")
    assert first["@message"].startswith("campaigns.c: Removing a lead, to change it complete")
    halves = [each["hook"]["hmsplan"] for each in (first, second)]
    assert [each["other_half"] for each in halves] == [halves[1]["step"], halves[0]["step"]]
    report = events[-1]["hmsplan"]["report"]
    assert report["members"] == {"campaigns.c": {"added": 0, "changed": 1, "removed": 0}}
    assert [each["other_half"] for each in report["steps"]] == [each["other_half"] for each in halves]


def test_a_lead_is_named_by_its_line_and_two_digits_on_every_surface(
    folder: Path, online: Callable[..., Result]
) -> None:
    """The names of the variables that change are told; no value, and no third digit, in any file or output."""
    (folder / "leads.csv").write_text(SPRING, "utf-8")
    assert online("-C", folder, "apply", "-y").code == 0
    (folder / "leads.csv").write_text(LATER, "utf-8")
    told = [online("-C", folder, "plan", "--format", form) for form in ("text", "markdown", "html", "json", "github")]
    told += [
        online("-vvv", "-C", folder, "plan", "-o", folder / "saved"),
        online("-C", folder, "show", folder / "saved"),
    ]
    text = told[0].out
    for row in ("+ leads.csv:5 …05", "~ leads.csv:3 …02 (name, slot)", "- …04"):
        assert row in text
        assert row in told[-1].out
    members = [change["members"] for change in json.loads(told[3].out)["hmsplan"]["changes"]]
    assert members == [
        {
            "add": 2,
            "change": 1,
            "remove": 2,
            "pending": 4,
            "list": [
                {"action": "add", "source": "leads.csv:5", "number": "…05"},
                {"action": "change", "source": "leads.csv:3", "number": "…02", "variables": ["name", "slot"]},
                {"action": "remove", "source": None, "number": "…04"},
            ],
        }
    ]
    told.append(online("-vvv", "-C", folder, "apply", "--json", "-y"))
    written = "".join(each.out + each.err for each in told) + (folder / "saved").read_text("utf-8")
    written += "".join(file.read_text("utf-8") for file in (folder / ".hmsplan").rglob("*") if file.is_file())
    numbers = {number for row in (SPRING + LATER).splitlines() for number in re.findall(r";([\d+ ]{9,});", row)}
    digits = {form for number in numbers for form in (number, re.sub(r"\D", "", number)[-6:], f"…{number[-3:]}")}
    assert len(numbers) == 6
    for private in (*digits, "Piet", "Dora", "Cor", "10:30", "13:00"):
        assert private not in written, private


def test_a_campaign_that_goes_away_says_how_many_leads_go_with_it(
    folder: Path, emulator: Emulator, online: Callable[..., Result]
) -> None:
    (folder / "leads.csv").write_text(SPRING, "utf-8")
    assert online("-C", folder, "apply", "-y").code == 0
    (campaign,) = emulator.all("campaigns")
    emulator.edit("leads", emulator.all("leads", parent=campaign["id"])[0]["id"], {"status": "completed"})
    planned = online("-C", folder, "plan", "--destroy").out
    assert "its 4 leads go with it, 3 of them still to be called" in planned

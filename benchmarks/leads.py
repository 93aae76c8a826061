"""A campaign of 50,000 leads from a CSV file, validated and compared, against a floor that reads the same.

The floor is ``lead_floor.py``. The campaign is live in an emulator whose database is filled directly, and the state
remembers each lead as ours.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import lead_floor
from benchmarks.measure import PYTHON, Taken, line, run
from benchmarks.startup import HMSPLAN
from hmsplan.emulator import Emulator, running
from hmsplan.emulator.resources import blank
from hmsplan.emulator.routes import RESOURCES
from hmsplan.formats.state_file import dump
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Binding, State
from hmsplan.planner.members import fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.model import Spec

COUNTS: Final = (5_000, 50_000)
CHANGED: Final = 10
KEY: Final = "fl_bench"
HEADER: Final = "phone_number,first_name,slot,practice\n"
ASSISTANT: Final = {"name": "Balie", "first_message": "Goedendag."}
CAMPAIGN: Final = {
    "name": "Voorjaar",
    "system_message_template": "Je belt {{first_name}}.",
    "schedule_start_time": "17:00:00",
    "schedule_end_time": "19:30:00",
    "timezone": "Europe/Amsterdam",
}
STACK: Final = "version: 1\nstack: bench\n"
OBJECTS: Final = """\
assistants:
  balie: {name: Balie, first_message: Goedendag.}
campaigns:
  spring:
    name: Voorjaar
    agent_id: ${assistants.balie}
    system_message_template: Je belt {{first_name}}.
    schedule_start_time: "17:00:00"
    schedule_end_time: "19:30:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads/spring.csv}
"""
_VALIDATE: Final = 6.0
_PLAN: Final = 7.5
_FEW: Final = 1.3
_LINEAR: Final = 0.8
"""Below 1, because what a command takes before it does its work is in both."""


def lead(number: int) -> Spec:
    """Return one lead of a list of which no two are alike."""
    variables = {
        "first_name": f"Naam {number}",
        "slot": f"{number % 12 + 8:02}:30",
        "practice": f"Praktijk {number % 40}",
    }
    return {"phone_number": f"+316{10_000_000 + number}", "variables": variables}


def csv_of(leads: Sequence[Spec]) -> str:
    """Return the file that declares *leads*."""
    rows = (",".join([each["phone_number"], *each["variables"].values()]) for each in leads)
    return HEADER + "".join(f"{row}\n" for row in rows)


def fill(emulator: Emulator, root: Path, leads: Sequence[Spec]) -> str:
    """Make the campaign of *leads* live, and write the stack and the state below *root*; return the campaign's id."""
    org = emulator.organization(KEY)
    assistant = emulator.add("assistants", ASSISTANT)
    campaign = emulator.add("campaigns", {**CAMPAIGN, "agent_id": assistant})
    resource = RESOURCES["leads"]
    base = {**blank(resource), "campaign_id": campaign}
    entries = [resource.entry(org, resource.new(org, "", {**base, **each}), {}, campaign) for each in leads]
    with emulator.app.store.transaction(write=True):
        emulator.app.store.insert(entries, time.time())
    (root / "leads").mkdir(parents=True)
    (root / "hmsplan.yaml").write_text(STACK)
    (root / "campaigns.yaml").write_text(OBJECTS)
    (root / "leads" / "spring.csv").write_text(csv_of(leads))
    state = State("bench", serial=1)
    members = KINDS["campaigns"].members
    assert members is not None
    marks = {fingerprint(members, each, state.lineage): 1 for each in leads}
    balie, spring = Address("assistants", "balie"), Address("campaigns", "spring")
    bindings = {
        balie: Binding(balie, assistant, ASSISTANT),
        spring: Binding(spring, campaign, {**CAMPAIGN, "agent_id": assistant}, members=marks),
    }
    (root / ".hmsplan" / "default").mkdir(parents=True)
    (root / ".hmsplan" / "default" / "state.json").write_bytes(dump(State("bench", serial=1, bindings=bindings)))
    return campaign


def edited(leads: Sequence[Spec]) -> list[Spec]:
    """Return *leads* with ``CHANGED`` changed, as many gone from the middle, and as many new at the end."""
    half, count = len(leads) // 2, len(leads)
    changed = [{**each, "variables": {**each["variables"], "slot": "07:15"}} for each in leads[:CHANGED]]
    return [*changed, *leads[CHANGED:half], *leads[half + CHANGED :], *map(lead, range(count, count + CHANGED))]


def measured(count: int) -> dict[str, Taken]:
    """Return what each command and each floor takes with *count* leads, by turns."""
    leads = [*map(lead, range(count))]
    found: dict[str, list[Taken]] = {}
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        root = Path(folder, "stack")
        campaign = fill(emulator, root, leads)
        file = root / "leads" / "spring.csv"
        texts = {"unchanged": csv_of(leads), "edited": csv_of(edited(leads))}
        with running(emulator) as url:
            env = {"HMS_SOVEREIGN_API_KEY": KEY, "HMS_SOVEREIGN_BASE_URL": url}
            commands = {
                "floor of the file": ("unchanged", [PYTHON, lead_floor.__file__, file]),
                "validate": ("unchanged", [HMSPLAN, "-C", root, "validate"]),
                "floor of both": (
                    "unchanged",
                    [PYTHON, lead_floor.__file__, file, f"{url}/campaigns/{campaign}/leads"],
                ),
                "plan": ("unchanged", [HMSPLAN, "-C", root, "plan"]),
                "plan of a few": ("edited", [HMSPLAN, "-C", root, "plan"]),
            }
            for _ in range(3):
                for name, (text, command) in commands.items():
                    file.write_text(texts[text])
                    found.setdefault(name, []).append(run(command, env=env))
    _check(found)
    return {name: min(taken, key=lambda each: each.seconds) for name, taken in found.items()}


def _check(found: dict[str, list[Taken]]) -> None:
    wanted = {
        "plan": "No changes",
        "plan of a few": f"{CHANGED} to add, {CHANGED} to change, {CHANGED} to remove",
    }
    for name, text in wanted.items():
        if text not in found[name][0].output:
            raise SystemExit(found[name][0].output)


def main() -> bool:
    small, large = (measured(count) for count in COUNTS)
    few, many = COUNTS
    for name, taken in large.items():
        print(f"      {name:<20} of {many:,} leads: {taken.seconds:6.2f} s")
    good = [
        line(
            f"validate of {many:,} leads / floor",
            large["validate"].seconds / large["floor of the file"].seconds,
            _VALIDATE,
        ),
        line(
            f"plan of {many:,} unchanged leads / floor", large["plan"].seconds / large["floor of both"].seconds, _PLAN
        ),
        line(
            f"plan of {CHANGED} changed of {many:,} leads / plan of them unchanged",
            large["plan of a few"].seconds / large["plan"].seconds,
            _FEW,
        ),
        line(
            f"plan of {many:,} / {many // few} x plan of {few:,} leads (linear)",
            large["plan"].seconds / (small["plan"].seconds * (many // few)),
            _LINEAR,
        ),
    ]
    return all(good)

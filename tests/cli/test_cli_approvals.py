"""A plan that is refused is red, and approvals.yaml allows exactly what was reviewed."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from typing import TYPE_CHECKING

import pytest

from .helpers import KEY, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

CAMPAIGN = """
campaigns:
  recall: {name: Recall, agent_id: "${assistants.support}", status: paused, timezone: Europe/Amsterdam,
    schedule_start_time: "09:00", schedule_end_time: "17:00", leads: [{phone_number: "+31612345678"}]}
"""
START = CAMPAIGN.replace("paused", "scheduled")
NEXT_WEEK = (dt.datetime.now(dt.UTC) + dt.timedelta(days=7)).strftime("%Y-%m-%d")


@pytest.fixture
def refused(live: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    """Return what runs a command on a stack that would start a campaign, which is there and paused."""
    write(stack, {"c.yaml": CAMPAIGN})
    assert live("apply", "-y").code == 0
    write(stack, {"c.yaml": START})
    return live


def block_of(text: str) -> str:
    """Return the entry that a plan prints, without its indentation, and with a reason."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if line.strip() == "approvals:")
    indent = len(lines[start]) - len(lines[start].lstrip())
    found = lines[start : start + 5]
    return "\n".join(line[indent:] for line in found).replace('""', "agreed with the customer") + "\n"


def approve(run: Callable[..., Result], stack: Path) -> None:
    """Paste what the plan prints."""
    write(stack, {"approvals.yaml": block_of(run("plan").out)})


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--detailed-exitcode",),
        ("--json",),
        ("--format", "markdown"),
        ("--format", "html", "--detailed-exitcode"),
        ("--format", "github"),
        ("--target", "campaigns.recall"),
    ],
)
def test_a_plan_that_is_refused_ends_with_4(
    refused: Callable[..., Result], emulator: Emulator, options: tuple[str, ...]
) -> None:
    """Whatever else was asked for: the pull request is red, and says how to allow it."""
    result = refused("plan", *options)
    assert result.code == 4
    assert "--allow start:campaigns.recall" in result.out
    assert "- allow: start:campaigns.recall" in result.out
    assert emulator.all("campaigns")[0]["status"] == "paused"


def test_what_is_read_by_a_program_is_explained_on_stderr(refused: Callable[..., Result]) -> None:
    result = refused("plan", "--json")
    assert result.err.startswith("Refused: campaigns.recall: it would begin to call 1 person")
    (risk,) = result.json["hmsplan"]["refusals"]
    assert risk["approval"].splitlines()[1] == f"    change: {risk['change']}"


def test_it_is_saved_all_the_same(refused: Callable[..., Result], tmp_path: Path) -> None:
    saved = tmp_path / "saved.plan"
    assert refused("plan", "-o", saved).code == 4
    assert refused("show", saved).code == 0
    assert refused("plan", "--check", saved).code == 4


def test_a_plan_without_risks_ends_as_before(live: Callable[..., Result]) -> None:
    assert live("plan").code == 0
    assert live("plan", "--detailed-exitcode").code == 2


def test_the_printed_entry_is_all_that_it_takes(
    refused: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    """Pasted with a reason, it makes the plan green, the apply go on, and is not needed any more afterwards."""
    approve(refused, stack)
    planned = refused("plan", "--detailed-exitcode")
    assert planned.code == 2
    words = " ".join(planned.out.split())
    assert "allowed by approvals.yaml:2: agreed with the customer, until " in words
    assert words.index("New approval (approvals.yaml:2)") < words.index("update 1 campaigns.recall")
    applied = refused("apply", "-y")
    assert applied.code == 0
    assert "allowed by approvals.yaml:2" in " ".join(applied.out.split())
    assert emulator.all("campaigns")[0]["status"] == "scheduled"
    after = refused("plan", "--detailed-exitcode")
    assert after.code == 0
    assert "Unneeded approval\n  approvals.yaml:2:5, campaigns.recall" in after.out
    assert "New approval" not in after.out


def test_without_its_reason_it_is_not_taken(refused: Callable[..., Result], stack: Path) -> None:
    write(stack, {"approvals.yaml": block_of(refused("plan").out).replace("agreed with the customer", '""')})
    result = refused("plan")
    assert result.code == 3
    assert "Write who agreed, and why" in " ".join(result.err.split())


VOIDED = {
    "another field": {"c.yaml": START.replace("09:00", "08:00")},
    "another lead": {"c.yaml": START.replace("345678", "345679")},
    "one lead more": {"c.yaml": START.replace("leads: [", 'leads: [{phone_number: "+31612345670"}, ')},
    "expired": {},
}


@pytest.mark.parametrize("what", VOIDED)
def test_an_apply_does_not_take_it_for_another_change(
    refused: Callable[..., Result], stack: Path, emulator: Emulator, what: str
) -> None:
    approve(refused, stack)
    write(stack, VOIDED[what])
    if what == "expired":
        file = stack / "approvals.yaml"
        file.write_text(re.sub("expires: .*", "expires: 2026-01-31", file.read_text("utf-8")), "utf-8")
    result = refused("apply", "-y")
    assert result.code == 4
    told = " ".join(result.err.split())
    why = "expired on 2026-01-31" if what == "expired" else "is for another change, environment or organization"
    assert f"the approval at approvals.yaml:2 {why}" in told
    assert emulator.all("campaigns")[0]["status"] == "paused"


def test_people_who_came_in_the_dashboard_void_it(
    refused: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    """Consent to one call is none to two, also where the files say the same."""
    approve(refused, stack)
    (made,) = emulator.all("campaigns")
    emulator.add("leads", {"phone_number": "+31612345679", "campaign_id": made["id"]})
    assert refused("apply", "-y").code == 4
    assert emulator.all("campaigns")[0]["status"] == "paused"


def test_another_person_in_the_place_of_one_voids_it(
    refused: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    """As many people as were approved, and not the same ones."""
    (made,) = emulator.all("campaigns")
    guest = emulator.add("leads", {"phone_number": "+31612345679", "campaign_id": made["id"]})
    approve(refused, stack)
    assert refused("plan").code == 0
    emulator.remove("leads", guest)
    emulator.add("leads", {"phone_number": "+31612345680", "campaign_id": made["id"]})
    assert refused("plan").code == 4


def test_a_saved_plan_needs_the_approval_that_it_was_saved_with(
    refused: Callable[..., Result], stack: Path, emulator: Emulator, tmp_path: Path
) -> None:
    """It is read again at the apply: taken out of git, or expired, it allows nothing."""
    saved = tmp_path / "saved.plan"
    approve(refused, stack)
    assert refused("plan", "-o", saved).code == 0
    (use,) = json.loads(saved.read_text("utf-8"))["hmsplan"]["approvals"]
    assert (use["status"], use["is_new"]) == ("used", True)
    text = (stack / "approvals.yaml").read_text("utf-8")
    for changed in ("approvals: []\n", re.sub("expires: .*", "expires: 2026-01-31", text)):
        write(stack, {"approvals.yaml": changed})
        assert refused("apply", saved).code == 4
        assert emulator.all("campaigns")[0]["status"] == "paused"
    write(stack, {"approvals.yaml": text})
    assert refused("apply", saved).code == 0
    assert emulator.all("campaigns")[0]["status"] == "scheduled"


def test_one_environment_does_not_consent_for_another(online: Callable[..., Result], stack: Path) -> None:
    """Two environments with the same change: the entry of one allows nothing in the other."""
    (stack / "n.yaml").unlink()  # no number is in two organizations
    write(stack, {"environments/a.yaml": "variables: {}\n", "environments/b.yaml": "variables: {}\n"})
    runs = [
        functools.partial(online, "-C", stack, "-e", name, HMS_SOVEREIGN_API_KEY=key)
        for name, key in (("a", KEY), ("b", f"{KEY}x"))
    ]
    write(stack, {"c.yaml": CAMPAIGN})
    assert [run("apply", "-y").code for run in runs] == [0, 0]
    write(stack, {"c.yaml": START})
    approve(runs[0], stack)
    assert [run("plan").code for run in runs] == [0, 4]


def test_a_fork_plans_with_the_approvals_of_its_files(
    refused: Callable[..., Result], stack: Path, tmp_path: Path
) -> None:
    """The entry that a live plan prints is the one that a plan against a snapshot takes."""
    file = tmp_path / "snapshot.json"
    assert refused("snapshot", "-o", file).code == 0
    assert refused("plan", "--against", file).code == 4
    approve(refused, stack)
    assert refused("plan", "--against", file).code == 0


def test_raised_limits_are_said_first_until_an_apply_has_taken_them(live: Callable[..., Result], stack: Path) -> None:
    """Also where nothing else is to be applied."""
    assert live("apply", "-y").code == 0
    write(stack, {"hmsplan.yaml": "version: 1\nstack: small\nsafety: {settle_grace: 0s, max_deletes: 50}\n"})
    said = "Limits are looser: max_deletes is 50 (at the last apply: 3)."
    assert live("plan").out.splitlines()[1] == said
    assert live("apply", "-y").code == 0
    assert said not in live("plan").out


def test_fmt_and_schema_know_the_file(live: Callable[..., Result], stack: Path) -> None:
    write(stack, {"approvals.yaml": "approvals:\n    - {allow: x}\n"})
    assert live("fmt").code == 0
    assert (stack / "approvals.yaml").read_text("utf-8") == "approvals:\n  - {allow: x}\n"
    assert live("schema", "approvals").json["properties"].keys() == {"approvals"}

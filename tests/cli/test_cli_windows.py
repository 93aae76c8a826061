"""Windows and freezes at the command line: red outside, green as of ``--at``, and allowed where it has to be."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import pytest

from .helpers import ASSISTANT, STACK, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .helpers import Result

TODAY = dt.datetime.now(dt.UTC).date()


def frozen(stack: Path, *, days: int = 2, patterns: str = "[assistants.*]", **safety: str) -> None:
    """Declare that nothing may be changed until in some days."""
    begins, ends = TODAY - dt.timedelta(2), TODAY + dt.timedelta(days)
    more = "".join(f"  {name}: {value}\n" for name, value in safety.items())
    freeze = f"  freeze: [{{from: {begins}, to: {ends}, reason: the practice moves, for: {patterns}}}]\n"
    write(stack, {"hmsplan.yaml": f"version: 1\nstack: small\nsafety:\n  settle_grace: 0s\n{freeze}{more}"})


@pytest.mark.parametrize("form", ["text", "markdown", "html", "github", "json"])
def test_a_plan_is_red_during_a_freeze_and_says_what_it_waits_for(
    live: Callable[..., Result], stack: Path, form: str
) -> None:
    frozen(stack)
    result = live("plan", "--format", form)
    assert result.code == 4
    day = TODAY + dt.timedelta(3)
    assert f"waits for {day} 00:00 UTC" in re.sub(r"\s+(# +)?", " ", result.out)
    assert "the practice moves" in re.sub(r"\s+(# +)?", " ", result.out)
    assert (f"--at={day}T00:00+00:00" in result.out) is (form != "json")


def test_the_json_of_a_plan_has_the_moments(live: Callable[..., Result], stack: Path) -> None:
    frozen(stack)
    ours = live("plan", "--json").json["hmsplan"]
    opens = f"{TODAY + dt.timedelta(3)}T00:00+00:00"
    assert ours["opens"] == opens
    waits = {change["address"]: change.get("wait", {}).get("until") for change in ours["changes"]}
    assert waits == {"assistants.support": opens, "numbers.main": None}
    later = live("plan", "--json", "--at", "window").json["hmsplan"]
    assert "opens" not in later
    assert later["as_of"].startswith(str(TODAY + dt.timedelta(3)))
    assert later["digest"] == ours["digest"]


def test_as_of_another_moment_it_is_green(live: Callable[..., Result], stack: Path) -> None:
    frozen(stack)
    for at in ("window", f"{TODAY + dt.timedelta(3)}T00:00", f"{TODAY + dt.timedelta(9)}T12:30+05:30"):
        result = live("plan", "--at", at)
        assert result.code == 0, result
        assert "Windows are judged as of" in result.out
    assert live("plan", "--at", f"{TODAY + dt.timedelta(1)}T00:00").code == 4


def test_a_moment_is_told_by_the_clocks_of_the_windows_and_in_utc(live: Callable[..., Result], stack: Path) -> None:
    """In the plan, in what is saved of it, and while it is waited for."""
    window = '{allow: "Mon-Sun 00:00-24:00", zone: Asia/Kolkata}'
    write(stack, {"hmsplan.yaml": f"version: 1\nstack: small\nsafety: {{settle_grace: 0s, windows: [{window}]}}\n"})
    day = TODAY + dt.timedelta(3)
    told = f"as of {day} 12:30 Asia/Kolkata ({day} 07:00:00 UTC)."
    for at in (f"{day}T12:30", f"{day}T09:00+02:00"):
        assert told in " ".join(live("plan", "--at", at, "-o", stack / "plan.json").out.split())
    assert told in " ".join(live("show", stack / "plan.json").out.split())
    over = live("plan", "--at", "2020-02-01T10:00Z")
    assert "it was 2020-02-01 15:30 Asia/Kolkata (2020-02-01 10:00:00 UTC)" in " ".join(over.err.split())
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    waited = live("apply", "-y", "--at", soon.isoformat(timespec="seconds"))
    here = soon + dt.timedelta(hours=5, minutes=30, seconds=1)
    assert f"Waiting until {here:%Y-%m-%d %H:%M} Asia/Kolkata (" in " ".join(waited.err.split())


def test_without_windows_a_moment_changes_nothing(live: Callable[..., Result]) -> None:
    result = live("plan", "--at", "window")
    assert result.code == 0
    assert "judged" not in result.out


@pytest.mark.parametrize("at", ["noon", "0001-01-01T00:00", "25:00", "18", "2026-11-30", "", "18:00:00"])
def test_what_is_no_moment_is_refused_with_an_example(live: Callable[..., Result], at: str) -> None:
    result = live("plan", f"--at={at}")
    assert result.code == 1
    assert "write 18:00, 2026-11-30T18:00" in " ".join(result.err.split())


def test_a_moment_that_is_over_is_refused(live: Callable[..., Result]) -> None:
    for words in (("plan",), ("apply", "-y")):
        result = live(*words, "--at", "2020-02-01T10:00Z")
        assert result.code == 1
        assert "is over: it was 2020-02-01 10:00:00 UTC" in result.err


@pytest.mark.parametrize("offset", ["", "-05:00"])
def test_a_moment_that_is_years_away_is_refused(live: Callable[..., Result], offset: str) -> None:
    result = live("plan", "--at", f"9999-12-31T23:59{offset}")
    assert result.code == 1
    assert "is more than a year away" in result.err


def test_an_apply_is_refused_and_writes_nothing_but_what_is_overridden(
    live: Callable[..., Result], stack: Path
) -> None:
    frozen(stack)
    refused = live("apply", "-y")
    assert (refused.code, max(map(len, refused.err.splitlines())) <= 80) == (4, True), refused
    assert live("state", "list").out == ""
    applied = live("apply", "-y", "--allow", "override:assistants.support", COLUMNS="60")
    assert applied.code == 0
    assert re.search(r"^assistants.support: Creation complete after \S+\n  \[id=\S+\]$", applied.err, re.MULTILINE)
    assert "assistants.support" in live("state", "list").out


def test_an_approval_overrides_too(live: Callable[..., Result], stack: Path) -> None:
    frozen(stack)
    (refusal,) = live("plan", "--json").json["hmsplan"]["refusals"]
    entry = refusal["approval"].replace('""', "the greeting names a wrong number")
    write(stack, {"approvals.yaml": f"approvals:\n{entry}\n"})
    result = live("plan")
    assert result.code == 0
    assert "allowed by approvals.yaml:2: the greeting names a wrong number" in " ".join(result.out.split())
    assert live("apply", "-y").code == 0


def test_what_only_the_state_learns_waits_for_nothing(live: Callable[..., Result], stack: Path) -> None:
    assert live("apply", "-y").code == 0
    frozen(stack, patterns="['*']")
    write(stack, {"a.yaml": "assistants: {help: {name: Support, first_message: Hello}}\n"})
    write(stack, {"n.yaml": 'numbers: {main: {phone_number: "+31850000001", agent_id: "${assistants.help}"}}\n'})
    write(stack, {"m.yaml": "moved: [{from: assistants.support, to: assistants.help}]\n"})
    result = live("apply", "-y")
    assert result.code == 0, result
    assert "assistants.help" in live("state", "list").out


def test_an_environment_may_have_windows_of_its_own(live: Callable[..., Result], stack: Path) -> None:
    """They take the place of those of hmsplan.yaml, as each limit does."""
    frozen(stack)
    write(stack, {"environments/staging.yaml": "safety: {freeze: []}\n", "environments/production.yaml": "{}\n"})
    assert live("-e", "production", "plan").code == 4
    assert live("-e", "staging", "plan").code == 0


def test_a_window_for_an_address_that_nothing_declares_is_a_warning(live: Callable[..., Result], stack: Path) -> None:
    frozen(stack, patterns="[assistants.suport]")
    result = live("validate")
    assert result.code == 0
    said = " ".join((result.out + result.err).split())
    assert "The freeze is for assistants.suport, which no file declares. Did you mean assistants.support?" in said


def test_a_saved_plan_decides_whatever_the_clock_says(live: Callable[..., Result], stack: Path, tmp_path: Path) -> None:
    frozen(stack)
    file = tmp_path / "week.plan"
    assert live("plan", "--at", "window", "-o", file).code == 0
    refused = live("apply", file)
    assert refused.code == 4
    assert "frozen from" in refused.err
    expired = live("apply", file, "--at", "window")
    assert expired.code == 5
    assert "Saved plan will have expired" in expired.err
    assert live("plan", "--check", file, "--at", "window").code == 0
    write(stack, {"hmsplan.yaml": STACK})
    assert live("apply", file).code == 0


def test_an_apply_that_is_to_wait_refuses_at_once_what_was_not_reviewed(
    live: Callable[..., Result], stack: Path
) -> None:
    frozen(stack)
    result = live("apply", "-y", "--at", "window", "--expect-digest", f"sha256:{'0' * 64}")
    assert result.code == 5
    assert live("apply", "-y", "--at", f"{TODAY + dt.timedelta(1)}T00:00").code == 4


def test_an_apply_with_nothing_to_do_waits_for_nothing(live: Callable[..., Result], stack: Path) -> None:
    assert live("apply", "-y").code == 0
    frozen(stack)
    assert live("apply", "-y", "--at", f"{TODAY + dt.timedelta(9)}T00:00").code == 0


def test_an_apply_waits_and_then_does_what_was_planned(live: Callable[..., Result]) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    result = live("apply", "-y", "--at", moment.isoformat(timespec="seconds"))
    assert result.code == 0, result
    assert f"Waiting until {moment:%Y-%m-%d %H:%M}" in result.err
    assert dt.datetime.now(dt.UTC) >= moment.replace(microsecond=0)
    assert "Apply complete! 2 added" in result.out


def test_machines_are_told_in_events(live: Callable[..., Result], stack: Path) -> None:
    frozen(stack)
    events = [json.loads(line) for line in live("apply", "-y", "--json").out.splitlines()]
    (found,) = (each for each in events if each["type"] == "planned_change" and "wait" in each["hmsplan"])
    assert found["change"]["resource"]["addr"] == "assistants.support"
    assert found["hmsplan"]["wait"]["reason"].startswith("frozen from")


def test_a_change_that_lifts_its_own_freeze_says_so_until_it_is_applied(
    live: Callable[..., Result], stack: Path
) -> None:
    frozen(stack)
    assert live("apply", "-y", "--allow", "override:assistants.support").code == 0
    write(stack, {"hmsplan.yaml": STACK, "a.yaml": ASSISTANT.replace("Hello", "Hi")})
    said = " ".join(live("plan").out.split())
    assert "Windows are looser: Gone: the freeze from" in said
    assert "for assistants.*: the practice moves. By those of the last apply, assistants.support would have to" in said
    assert live("apply", "-y").code == 0
    assert "Windows" not in live("plan").out


def test_a_saved_plan_for_a_later_moment_says_how_it_is_applied_then(
    live: Callable[..., Result], stack: Path, tmp_path: Path
) -> None:
    frozen(stack, plan_ttl="240h")
    file = tmp_path / "week.plan"
    at = f"--at={TODAY + dt.timedelta(3)}T00:00:00Z"
    saved = live("plan", "--at", "window", "-o", file).err
    assert f" apply {file} {at}\n" in saved or f" apply {at} {file}\n" in saved
    frozen(stack)
    saved = live("plan", "--at", "window", "-o", file).err
    assert "expires before the moment" in saved
    assert f" apply {at}\n" in saved
    assert "To perform exactly this" not in saved

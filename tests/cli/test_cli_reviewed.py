"""What was reviewed is what is applied: whatever moves in between, the plan is refused and nothing is written."""

from __future__ import annotations

import errno
import functools
import json
import os
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.text.canonical_json import digest

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


def _renamed(stack: Path, live: Callable[..., Result]) -> None:
    _edit(stack / "hmsplan.yaml", "acme", "other")
    live("state", "rename-stack", "other")


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
    "the name of the stack": lambda stack, _, live: _renamed(stack, live),
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


WAYS: dict[str, Callable[[Any], Any]] = {
    "another tool's": lambda _: {"format_version": "1.2", "resource_changes": []},
    "a newer version": lambda whole: whole["hmsplan"].update(version=99),
    "another digest inside": lambda whole: [each.update(digest="0" * 64) for each in _parts(whole)],
    "a change taken out": lambda whole: whole["hmsplan"]["plan"]["changes"].clear(),
    "a change that a policy does not see": lambda whole: whole["resource_changes"].clear(),
    "made tomorrow": lambda whole: whole["hmsplan"]["plan"].update(made=whole["hmsplan"]["plan"]["made"] + 86_400),
    "never to expire": lambda whole: whole["hmsplan"]["plan"].update(expires=2**37),
    "of another hmsplan": lambda whole: whole["hmsplan"]["plan"].update(tool_version="9"),
}


def _parts(whole: Any) -> list[Any]:
    return [whole["hmsplan"], whole["hmsplan"]["plan"]]


@pytest.mark.parametrize("way", ["truncated", "garbage", *WAYS])
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
        case _:
            made = WAYS[way](whole)
            saved.write_text(json.dumps(made if isinstance(made, dict) else whole))
    result = live("apply", "-y", str(saved))
    assert result.code in {1, 5}
    assert "Traceback" not in result.err
    assert emulator.writes == []


def _sealed(whole: Any) -> str:
    """Return a plan with the seal that it would have had."""
    whole["hmsplan"].pop("seal")
    whole["hmsplan"]["seal"] = digest(whole)
    return json.dumps(whole)


@pytest.mark.parametrize(
    ("key", "value", "words"), [("tool_version", "0.0.9", "hmsplan 0.0.9 made it"), ("made", 2**33, "in the future")]
)
def test_a_plan_of_another_hmsplan_or_of_the_future_is_not_applied(
    live: Callable[..., Result], emulator: Emulator, tmp_path: Path, key: str, value: Any, words: str
) -> None:
    """However well the file is made."""
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    whole = json.loads(saved.read_bytes())
    whole["hmsplan"]["plan"][key] = value
    saved.write_text(_sealed(whole))
    for command in (("apply", "-y", str(saved)), ("plan", "--check", str(saved))):
        result = live(*command)
        assert result.code == 5
        assert words in " ".join(result.err.split())
    assert live("show", str(saved)).code == 0
    assert emulator.writes == []


def test_a_plan_for_one_account_is_not_applied_to_another(
    live: Callable[..., Result], emulator: Emulator, tmp_path: Path
) -> None:
    """Both are empty and need the same creates, so that the digests are equal."""
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    for command in (("apply", "-y", str(saved)), ("plan", "--check", str(saved))):
        result = live(*command, HMS_SOVEREIGN_API_KEY="fl_test_of_another_account")
        assert result.code == 5
        assert "the plan is for organization" in result.err
    assert emulator.writes == []
    assert live("apply", "-y", str(saved)).code == 0


@pytest.mark.parametrize("command", ["plan", "snapshot"])
@pytest.mark.parametrize("place", ["folder", "missing/x.plan", "pipe"])
def test_a_place_where_no_file_can_be_is_refused_before_anything_is_read(
    live: Callable[..., Result], emulator: Emulator, tmp_path: Path, place: str, command: str
) -> None:
    """A device would be replaced by a file: as root, /dev/null."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    result = live(command, "-o", str(tmp_path / place))
    assert result.code == 1
    assert "Invalid value for '-o'" in result.err
    assert (tmp_path / "pipe").is_fifo()
    assert emulator.app.requests == []


def test_a_disk_without_room_leaves_nothing_and_is_no_bug_of_ours(
    live: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "here").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        result = live("plan", "-o", str(tmp_path / "here" / "saved.plan"))
    assert result.code == 1
    assert "could not be written: No space left on device" in " ".join(result.err.split())
    assert list((tmp_path / "here").iterdir()) == []


def test_a_file_that_is_too_big_is_not_read_whole(
    live: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it take the memory of the machine."""
    monkeypatch.setattr("hmsplan.cli.plan.MAX_BYTES", 1000)
    monkeypatch.setattr("hmsplan.text.strict_json.MAX_BYTES", 1000)
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(2**40)
    for command in (("show",), ("apply", "-y"), ("plan", "--check"), ("plan", "--against")):
        result = live(*command, str(big))
        assert result.code == 1
        assert "1,001 bytes or more" in result.err


def test_show_tells_machines_what_the_plan_told_them(
    live: Callable[..., Result], reviewed: Path, tmp_path: Path
) -> None:
    """Also what does not change: a policy judges the whole organization."""
    assert live("apply", "-y").code == 0
    write(reviewed, {"b.yaml": "assistants: {more: {name: More}}"})
    saved = tmp_path / "saved.plan"
    told = live("plan", "-o", str(saved), "--format", "json").out
    assert live("show", str(saved), "--format", "json").out == told
    assert live("show", str(saved), "--json").out == told == saved.read_text("utf-8")
    values = {
        each["address"]: each["values"] for each in json.loads(told)["planned_values"]["root_module"]["resources"]
    }
    assert values["assistants.support"]["first_message"] == "Hello"


def test_an_object_that_changed_since_its_delete_was_reviewed_stays(
    live: Callable[..., Result], emulator: Emulator, reviewed: Path, tmp_path: Path
) -> None:
    """Somebody makes use of it."""
    write(reviewed, {"b.yaml": "assistants: {more: {name: More}}"})
    assert live("apply", "-y").code == 0
    (reviewed / "b.yaml").unlink()
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    (more,) = [each for each in emulator.all("assistants") if each["name"] == "More"]
    emulator.edit("assistants", more["id"], {"voicemail_message": "Call our new line"})
    result = live("apply", "-y", str(saved))
    assert result.code == 5
    assert 'assistants.more voicemail_message: was null when planned, is "Call our new line" now' in " ".join(
        result.err.split()
    )
    assert len(emulator.all("assistants")) == 2


def test_a_start_that_would_call_more_people_is_another_plan(
    live: Callable[..., Result], emulator: Emulator, reviewed: Path, tmp_path: Path
) -> None:
    """Who approved of one call has not approved of two."""
    campaign = """
campaigns:
  recall: {name: Recall, agent_id: "${assistants.support}", status: paused, timezone: Europe/Amsterdam,
    schedule_start_time: "09:00", schedule_end_time: "17:00", leads: [{phone_number: "+31612345678"}]}
"""
    write(reviewed, {"c.yaml": campaign})
    assert live("apply", "-y").code == 0
    write(reviewed, {"c.yaml": campaign.replace("paused", "scheduled")})
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 4  # it is refused, and saved all the same
    (made,) = emulator.all("campaigns")
    emulator.add("leads", {"phone_number": "+31612345679", "campaign_id": made["id"]})
    result = live("apply", "-y", str(saved), "--allow", "*")
    assert result.code == 5
    assert "campaigns.recall leads: 1 were pending when planned, 2 now" in " ".join(result.err.split())
    assert emulator.all("campaigns")[0]["status"] == "paused"


@pytest.mark.parametrize("more", [("--detailed-exitcode",), ("--show-unchanged",), ("--format", "html"), ("-o", "x")])
def test_a_check_has_its_own_answer(live: Callable[..., Result], tmp_path: Path, more: tuple[str, ...]) -> None:
    """What says nothing of it is not taken in silence; JSON is JSON."""
    saved = tmp_path / "saved.plan"
    assert live("plan", "-o", str(saved)).code == 0
    result = live("plan", "--check", str(saved), *more)
    assert result.code == 1
    assert "do not go together" in result.err
    assert live("plan", "--check", str(saved), "--format", "json").json["holds"] is True


def test_the_next_command_is_for_the_same_stack_and_environment(
    online: Callable[..., Result], reviewed: Path, tmp_path: Path
) -> None:
    """What is printed can be typed as it is, in the folder where the plan was made."""
    write(reviewed, {"environments/production.yaml": "variables: {greeting: Hi}\n"})
    planned = online("-C", reviewed, "-e", "production", "plan", "-o", tmp_path / "a plan")
    told = planned.err.splitlines()[-1]
    hmsplan, *words = shlex.split(told.removeprefix("To perform exactly this: "))
    assert hmsplan == "hmsplan"
    assert online(*words, "-y").code == 0

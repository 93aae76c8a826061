"""``hmsplan rollback @N``: the way back to an earlier apply, and what is said until the repository follows."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.state.backend import open_backend

from .helpers import STACK, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

    from .helpers import Result

ONE = {
    "a.yaml": """
assistants:
  support: {name: Support, first_message: Hello, business_name: Acme}
  old: {name: Old}
""",
    "c.yaml": "",
}
TWO = {
    "a.yaml": """
assistants:
  support: {name: Support, first_message: Buy now, max_duration_seconds: 60}
""",
    "c.yaml": """
campaigns:
  recall: {name: Recall, agent_id: "${assistants.support}", timezone: Europe/Amsterdam,
    schedule_start_time: "09:00", schedule_end_time: "17:00", leads: [{phone_number: "+31612345678"}]}
""",
}
BACK = ("--allow", "delete:campaigns.recall")


@pytest.fixture
def applied(live: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    """Return what runs a command on a stack that was applied as ONE, and then as TWO."""
    for files in (ONE, TWO):
        write(stack, files)
        assert live("apply", "-y").code == 0
    return live


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD")[:8]


@pytest.fixture
def committed(live: Callable[..., Result], stack: Path) -> tuple[str, str]:
    """Apply ONE and TWO, each from a commit of its own; return the two."""
    git(stack, "init", "-q")
    write(stack, {".gitignore": ".hmsplan\n"})
    found = []
    for files in (ONE, TWO):
        write(stack, files)
        found.append(commit(stack))
        assert live("apply", "-y").code == 0
    return found[0], found[1]


def told(result: Result) -> str:
    """Return what was printed, as it is read: without line breaks, tags and entities."""
    return " ".join(html.unescape(re.sub("<[^>]*>", "", result.out)).split())


def content(emulator: Emulator, kind: str) -> dict[str, Any]:
    """Return the live objects by name, without what differs each time one is made."""
    ours = ("id", "org_id", "created_at", "updated_at")
    return {each["name"]: {k: v for k, v in each.items() if k not in ours} for each in emulator.all(kind)}


def test_changes_creates_and_deletes_are_undone(live: Callable[..., Result], stack: Path, emulator: Emulator) -> None:
    write(stack, ONE)
    assert live("apply", "-y").code == 0
    then = content(emulator, "assistants")
    write(stack, TWO)
    assert live("apply", "-y").code == 0
    done = live("rollback", "@1", "-y", *BACK)
    assert done.code == 0, done
    assert "max_duration_seconds of assistants.support: as it was before @2, no stack declared it" in told(done)
    assert content(emulator, "assistants") == {**then, "Support": {**then["Support"], "max_duration_seconds": None}}
    assert emulator.all("campaigns") == []
    again = live("rollback", "@1", "--detailed-exitcode")
    assert (again.code, "No changes. The organization is as @1 left it." in again.out) == (0, True)


def test_it_is_refused_until_it_is_allowed_and_says_what_allows_it(applied: Callable[..., Result], stack: Path) -> None:
    refused = applied("rollback", "@1")
    assert refused.code == 4
    allow = next(line.strip() for line in refused.out.splitlines() if line.strip().startswith("hmsplan "))
    assert shlex.split(allow) == ["hmsplan", "-C", str(stack), "rollback", "@1", *BACK]
    assert applied("rollback", "@1", "-y").code == 4


def test_without_a_terminal_it_only_plans_and_says_what_performs_it(
    applied: Callable[..., Result], emulator: Emulator, online: Callable[..., Result]
) -> None:
    before = len(emulator.writes)
    planned = applied("rollback", "@1", "--target", "assistants.support", "--detailed-exitcode")
    assert (planned.code, len(emulator.writes)) == (2, before)
    assert planned.out.splitlines()[1].startswith("  ") or "Rollback to @1 (" in planned.out
    command = shlex.split(planned.err.splitlines()[-1])
    assert command[-4:-1] == ["--target=assistants.support", "-y", "--expect-digest"]
    assert online(*command[1:]).code == 0
    (desk,) = [each for each in emulator.all("assistants") if each["name"] == "Support"]
    assert [desk["first_message"], desk["business_name"]] == ["Hello", "Acme"]
    assert len(emulator.all("campaigns")) == 1


def test_what_performs_a_plan_of_another_moment_names_the_moment(
    applied: Callable[..., Result], online: Callable[..., Result], stack: Path
) -> None:
    """Typed without it, what is frozen now would be refused."""
    words = ("rollback", "@1", "--target", "assistants.support")
    today = dt.datetime.now(dt.UTC).date()
    freeze = f"freeze: [{{from: {today - dt.timedelta(1)}, to: {today + dt.timedelta(1)}, reason: moving}}]"
    write(stack, {"hmsplan.yaml": STACK.replace("settle_grace: 0s", f"settle_grace: 0s, {freeze}")})
    assert applied(*words).code == 4
    planned = applied(*words, "--at", f"{today + dt.timedelta(3)}T12:00")
    command = shlex.split(planned.err.splitlines()[-1])
    assert (planned.code, command[-4]) == (0, f"--at={today + dt.timedelta(3)}T12:00:00Z")
    write(stack, {"hmsplan.yaml": STACK})
    soon = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=4)).isoformat(timespec="seconds")
    command = shlex.split(applied(*words, "--at", soon).err.splitlines()[-1])
    assert online(*command[1:]).code == 0


def test_every_surface_says_to_which_apply_and_what_does_not_return(applied: Callable[..., Result]) -> None:
    for form in ("text", "markdown", "html"):
        text = told(applied("rollback", "@1", *BACK, "--format", form))
        assert "Rollback to @1 (" in text
        assert "Does not return, or not as it was:" in text
        assert "assistants.old comes back as another object" in text
    ours = applied("rollback", "@1", *BACK, "--json").json["hmsplan"]
    assert ours["rollback"]["number"] == 1
    assert {each["address"]: each["summary"] for each in ours["rollback"]["lost"]}["assistants.old"] == "Another object"


def test_a_saved_plan_of_it_is_applied_and_only_once(applied: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "back.plan"
    saved = applied("rollback", "@1", *BACK, "-o", file)
    assert saved.code == 0
    assert "Rollback to @1 (" in applied("show", file).out
    assert applied("plan", "--check", file).code == 4  # what allowed it is no part of the plan
    done = applied("apply", file, *BACK)
    assert done.code == 0, done
    assert applied("history", "--json").json["applies"][-1]["back_to"] == 1
    assert applied("apply", file, *BACK).code == 5


def test_a_saved_plan_of_it_is_refused_once_something_moved(
    applied: Callable[..., Result], emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "back.plan"
    assert applied("rollback", "@1", *BACK, "-o", file).code == 0
    (desk,) = [each for each in emulator.all("assistants") if each["name"] == "Support"]
    emulator.edit("assistants", desk["id"], {"first_message": "By hand"})
    stale = applied("apply", file, *BACK)
    assert (stale.code, "assistants.support" in stale.err) == (5, True)


def test_the_history_says_that_it_was_one(applied: Callable[..., Result]) -> None:
    assert applied("rollback", "@1", "-y", *BACK).code == 0
    assert "rolled back to @1" in applied("history").out
    assert "rolled back to @1" in applied("history", "assistants.support").out
    assert "rolled back to @1; " in told(applied("history", "--format", "markdown"))


def test_git_follows_with_the_command_that_is_printed(
    live: Callable[..., Result], stack: Path, committed: tuple[str, str]
) -> None:
    done = live("rollback", "@1", "-y", *BACK)
    old, new = committed
    command = f"git -C {stack} revert --no-edit {old}..{new}"
    assert done.code == 0
    assert done.out.splitlines()[-1].strip() == command
    for look in ("plan", "drift"):
        looked = live(look)
        assert "Rolled back" in looked.out
        assert command in looked.out
    git(stack, *shlex.split(command)[3:])
    assert live("plan", "--detailed-exitcode").code == 0
    assert "Rolled back" not in live("plan").out + live("drift").out


def test_a_later_change_of_an_object_that_follows_already_is_no_way_back(
    live: Callable[..., Result], stack: Path, committed: tuple[str, str], emulator: Emulator
) -> None:
    """And what the files still declare is told as ever, whatever else of the object they change."""
    assert live("rollback", "@1", "-y", *BACK).code == 0
    more = "first_message: Buy now, business_name: Acme, stt_config: {language: nl}"
    write(stack, {"a.yaml": ONE["a.yaml"].replace("first_message: Hello, business_name: Acme", more), "c.yaml": ""})
    for look in ("plan", "drift"):
        assert "Rolled back" in live(look).out
    git(stack, "checkout", "-q", ".")
    git(stack, "revert", "--no-edit", "..".join(committed))
    (desk,) = [each for each in emulator.all("assistants") if each["name"] == "Support"]
    emulator.edit("assistants", desk["id"], {"first_message": "By hand"})
    planned = live("plan", "--detailed-exitcode")
    assert (planned.code, "Rolled back" in planned.out) == (2, False)
    new = ONE["a.yaml"].replace("Hello", "Good day, max_duration_seconds: 90")
    write(stack, {"a.yaml": new.replace("  old:", "  third: {name: Third}\n  old:")})
    planned = live("plan", "--detailed-exitcode")
    assert (planned.code, "Rolled back" in planned.out + live("drift").out) == (2, False)


def test_git_follows_where_merges_lie_between(
    live: Callable[..., Result], stack: Path, committed: tuple[str, str]
) -> None:
    """``git revert`` refuses a merge, and each pull request ends with one."""
    git(stack, "checkout", "-q", "-b", "topic")
    write(stack, {"b.yaml": "assistants: {fresh: {name: Fresh}}\n", "c.yaml": ""})
    commit(stack)
    git(stack, "checkout", "-q", "-")
    git(stack, "merge", "--no-ff", "-m", "merge", "topic")
    assert live("apply", "-y", *BACK).code == 0
    done = live("rollback", "@1", "-y")
    assert done.code == 0, done
    command = f"git -C {stack} restore --source={committed[0]} --staged --worktree -- ."
    assert done.out.splitlines()[-1].strip() == command
    assert "Merges lie between, so this restores the files as of then, with what was not applied since." in told(done)
    assert command in live("plan").out
    git(stack, *shlex.split(command)[3:])
    assert live("plan", "--detailed-exitcode").code == 0
    assert not (stack / "b.yaml").exists()
    git(stack, "commit", "-m", "back")
    assert git(stack, "status", "--porcelain") == ""
    assert git(stack, "diff", committed[0], "HEAD") == ""


def test_the_warning_ends_once_the_files_are_applied_again(applied: Callable[..., Result], stack: Path) -> None:
    assert applied("rollback", "@1", "-y", *BACK).code == 0
    assert "would bring back what it took back of assistants.old, assistants.support, campaigns.recall" in told(
        applied("plan")
    )
    assert applied("apply", "-y", "--target", "assistants.support").code == 0
    assert "of assistants.old, campaigns.recall." in told(applied("plan"))
    assert applied("apply", "-y").code == 0
    write(stack, {"a.yaml": ONE["a.yaml"]})
    assert "Rolled back" not in applied("plan").out


def test_what_git_cannot_tell_is_said(live: Callable[..., Result], stack: Path, committed: tuple[str, str]) -> None:
    write(stack, {"a.yaml": TWO["a.yaml"].replace("Buy now", "Buy at once")})
    assert live("apply", "-y").code == 0
    back = live("rollback", "@2", "--target", "assistants.support")
    assert "Local changes of @3 are in no commit." in told(back)
    assert "git revert" not in back.out.replace(f"git -C {stack} revert", "")
    assert "So change the files by hand" in told(back)
    assert "Change: assistants.support (a.yaml:3)." in told(back)
    partly = live("rollback", "@1", "--target", "assistants.support")
    assert "not only what this plan is limited to" in told(partly)
    assert f"{committed[0]}..{committed[1]}" in partly.out


def test_a_rollback_is_rolled_back(live: Callable[..., Result], committed: tuple[str, str]) -> None:
    """Its own commit is not what it left: that is the one of the apply it went back to."""
    assert live("rollback", "@1", "-y", *BACK).code == 0
    forth = live("rollback", "@2", "-y")
    assert forth.code == 0, forth
    assert live("plan", "--detailed-exitcode").code == 0
    again = live("rollback", "@3", *BACK)
    assert f"{committed[0]}..{committed[1]}" in again.out


@pytest.mark.parametrize(
    ("asked", "summary", "detail"),
    [
        ("@2", "Nothing to roll back", "@2 is the last apply, and everything is as it left it."),
        ("@-1", "Nothing to roll back", "rollback @1"),
        ("@9", "No such apply", "there is no @9 yet: the history has @1 to @2."),
        ("@-9", "No such apply", "applies are counted from @1. To delete everything"),
        ("@0", "Invalid value", "'@0' is not an apply."),
    ],
)
def test_what_makes_no_sense_is_refused(applied: Callable[..., Result], asked: str, summary: str, detail: str) -> None:
    refused = applied("rollback", asked)
    assert (refused.code, summary in refused.err) == (1, True)
    assert detail in " ".join(refused.err.split())


def test_a_number_without_its_sign_is_understood(applied: Callable[..., Result]) -> None:
    assert "Did you mean @1?" in " ".join(applied("rollback", "1").err.split())


def test_without_any_apply_there_is_nothing_to_go_back_to(live: Callable[..., Result]) -> None:
    refused = live("rollback", "@1")
    assert (refused.code, "no apply is remembered" in refused.err) == (1, True)


def test_an_edited_history_is_not_gone_back_on(applied: Callable[..., Result], stack: Path) -> None:
    (file,) = stack.rglob("history.jsonl")
    file.write_bytes(file.read_bytes().replace(b"Buy now", b"Buy more"))
    refused = applied("rollback", "@1", "-y", *BACK)
    assert (refused.code, "@2 is not to be believed: it was edited" in refused.err) == (1, True)


def test_an_apply_of_another_organization_is_not_gone_back_to(applied: Callable[..., Result], stack: Path) -> None:
    backend = open_backend("file", stack, "default")
    state = backend.load()
    assert state is not None
    (file,) = stack.rglob("state.json")
    file.write_text(
        json.dumps({**json.loads(file.read_text()), "organization": "00000000-0000-4000-8000-000000000000"})
    )
    refused = applied("rollback", "@1", "-y", *BACK)
    assert (refused.code, "Apply made elsewhere" in refused.err) == (1, True)


def test_what_lint_calls_an_error_does_not_close_the_way_back(
    live: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    def greet(text: str) -> None:
        write(stack, {"a.yaml": ONE["a.yaml"].replace("Hello", text)})

    for hour in ("morning", "day"):
        greet(f"Good {hour} and you are speaking with Acme.")
        assert live("apply", "-y").code == 0
    settings = (stack / "hmsplan.yaml").read_text()
    write(stack, {"hmsplan.yaml": f"{settings}lint: {{rules: {{no-ai-disclosure: error}}}}\n"})
    greet("Good evening and you are speaking with Acme.")
    assert live("plan").code == 3
    back = live("rollback", "@1", "-y")
    assert (back.code, "[no-ai-disclosure]" in back.out) == (0, True)
    assert content(emulator, "assistants")["Support"]["first_message"].startswith("Good morning")


# What does not return


HOOK = """
assistants:
  support: {name: Support, first_message: %s, webhook_url: "https://hooks.example.com/", webhook_secret: "${secret:%s}"}
"""
KEYED = {"HMSPLAN_FINGERPRINT_KEY": "0123456789abcdef0123456789abcdef"}


def lost(result: Result) -> dict[str, str]:
    """Return what a plan in JSON names, by the first words."""
    return {each["summary"]: each["detail"] for each in result.json["hmsplan"]["rollback"]["lost"]}


def test_a_secret_of_another_value_stays_and_is_named(
    live: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    for text, value in (("Hello", "first-value"), ("Buy now", "second-value")):
        write(stack, {"a.yaml": HOOK % (text, "hook")})
        assert live("apply", "-y", HMSPLAN_SECRET_HOOK=value, **KEYED).code == 0
    planned = live("rollback", "@1", "--json", HMSPLAN_SECRET_HOOK="second-value", **KEYED)
    assert "webhook_secret of assistants.support had the present value then" in lost(planned)["Secret is not kept"]
    assert live("rollback", "@1", "-y", HMSPLAN_SECRET_HOOK="second-value", **KEYED).code == 0
    (desk,) = emulator.all("assistants")
    assert [desk["first_message"], desk["webhook_secret"]] == ["Hello", "second-value"]
    planned = live("rollback", "@1", "--json", HMSPLAN_SECRET_HOOK="first-value", **KEYED)
    assert "Secret is not kept" not in lost(planned)


def test_a_secret_that_the_files_do_not_use_any_more_is_asked_for_by_its_name(
    live: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    write(stack, {"a.yaml": HOOK % ("Hello", "old")})
    assert live("apply", "-y", HMSPLAN_SECRET_OLD="old-value", **KEYED).code == 0
    write(stack, {"a.yaml": HOOK % ("Hello", "new")})
    given = {"HMSPLAN_SECRET_NEW": "new-value", **KEYED}
    assert live("apply", "-y", **given).code == 0
    kept = live("rollback", "@1", "--json", **given)
    assert "is not given here. What the platform has stays." in lost(kept)["Secret is not kept"]
    assert live("rollback", "@1", "-y", HMSPLAN_SECRET_OLD="old-value", **given).code == 0
    (desk,) = emulator.all("assistants")
    assert desk["webhook_secret"] == "old-value"


def test_a_secret_that_has_to_be_sent_and_is_not_given_is_an_error_with_a_way_out(
    live: Callable[..., Result], stack: Path
) -> None:
    write(stack, {"a.yaml": HOOK % ("Hello", "old"), "n.yaml": ""})
    assert live("apply", "-y", HMSPLAN_SECRET_OLD="old-value").code == 0
    write(stack, {"a.yaml": "assistants:\n  other: {name: Other}\n"})
    assert live("apply", "-y").code == 0
    refused = live("rollback", "@1", "-y")
    said = " ".join(refused.err.split())
    assert refused.code == 3
    assert "Set HMSPLAN_SECRET_OLD, or leave the object out: --exclude assistants.support" in said
    assert live("rollback", "@1", "--exclude", "assistants.support").code == 0


def test_leads_are_put_back_as_far_as_the_files_name_them(
    applied: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    for number in ("2", "3"):
        write(stack, {"c.yaml": TWO["c.yaml"].replace("+31612345678", f"+3161234567{number}")})
        assert applied("apply", "-y").code == 0
    partly = applied("rollback", "@2", "--json")
    assert "1 lead that campaigns.recall had then cannot be put back" in lost(partly)["Members are not kept"]
    write(stack, {"c.yaml": TWO["c.yaml"]})
    assert "Members are not kept" not in lost(applied("rollback", "@2", "--json", "--allow", "*"))
    assert applied("rollback", "@2", "-y", "--allow", "*").code == 0
    (campaign,) = emulator.all("campaigns")
    assert [each["phone_number"] for each in emulator.all("leads", parent=campaign["id"])] == ["+31612345678"]
    assert "Rolled back" not in applied("plan").out
    write(stack, {"c.yaml": TWO["c.yaml"].replace("+31612345678", "+31612345673")})
    assert "would bring back what it took back of campaigns.recall." in told(applied("plan"))


def test_a_name_that_was_changed_is_changed_back(live: Callable[..., Result], stack: Path, emulator: Emulator) -> None:
    write(stack, ONE)
    assert live("apply", "-y").code == 0
    ids = {each["id"] for each in emulator.all("assistants")}
    new = ONE["a.yaml"].replace("  old:", "  new:") + "moved: [{from: assistants.old, to: assistants.new}]\n"
    write(stack, {"a.yaml": new})
    assert live("apply", "-y").code == 0
    assert live("rollback", "@1", "-y").code == 0
    write(stack, ONE)
    assert live("plan", "--detailed-exitcode").code == 0
    assert {each["id"] for each in emulator.all("assistants")} == ids


def test_what_was_adopted_since_gets_its_fields_back_and_is_not_deleted(
    live: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    assert live("apply", "-y").code == 0
    emulator.add("assistants", {"name": "Theirs", "first_message": "Hi"})
    write(stack, {"t.yaml": "assistants:\n  theirs: {name: Theirs, first_message: Ours}\n"})
    assert live("apply", "-y").code == 0
    assert "state rm assistants.theirs" in lost(live("rollback", "@1", "--json"))["Stays managed"]
    assert live("rollback", "@1", "-y").code == 0
    assert content(emulator, "assistants")["Theirs"]["first_message"] == "Hi"


def test_what_was_put_into_a_block_since_and_let_go_of_goes_too(
    live: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    block = "llm_config: {provider: openai, model: gpt-5.4%s}"
    for fields in (block % "", block % ", temperature: 0.5", "first_message: Hello"):
        write(stack, {"a.yaml": f"assistants:\n  support: {{name: Support, {fields}}}\n"})
        assert live("apply", "-y").code == 0
    assert live("rollback", "@1", "-y").code == 0
    assert "temperature" not in content(emulator, "assistants")["Support"]["llm_config"]


@pytest.fixture
def renamed_then_deleted(live: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    """Return what runs a command on a stack of which a was renamed to b in @2, and b was deleted in @3."""
    kept = "assistants:\n  support: {name: Support}\n"
    moved = "moved: [{from: assistants.a, to: assistants.b}]\n"
    for text in (f"{kept}  a: {{name: A}}\n", f"{kept}  b: {{name: A}}\n{moved}", kept):
        write(stack, {"a.yaml": text})
        assert live("apply", "-y").code == 0
    return live


@pytest.mark.parametrize(("to", "made"), [("@1", ["assistants.a"]), ("@2", ["assistants.b"]), ("@3", [])])
def test_what_was_renamed_and_deleted_since_returns_under_one_name(
    renamed_then_deleted: Callable[..., Result], to: str, made: list[str]
) -> None:
    changes = renamed_then_deleted("rollback", to, "--json").json["resource_changes"]
    assert sorted(each["address"] for each in changes if each["change"]["actions"] == ["create"]) == made


def test_what_was_deleted_before_an_apply_does_not_return_with_it(live: Callable[..., Result], stack: Path) -> None:
    for text in ("  a: {name: A}\n", "", "  b: {name: B}\n"):
        write(stack, {"a.yaml": f"assistants:\n  support: {{name: Support}}\n{text}"})
        assert live("apply", "-y").code == 0
    changes = live("rollback", "@3", "--json").json["resource_changes"]
    assert {each["change"]["actions"][0] for each in changes} <= {"no-op"}


def test_a_history_whose_end_is_missing_is_not_gone_back_on(applied: Callable[..., Result], stack: Path) -> None:
    (file,) = stack.rglob("history.jsonl")
    first, _ = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first)
    refused = applied("rollback", "@1", "-y", *BACK)
    assert refused.code == 1
    assert "the state knows of @2, and the last one here is @1" in " ".join(refused.err.split())


def test_limited_to_nothing_says_nothing_of_the_organization(applied: Callable[..., Result]) -> None:
    for command in (("rollback", "@1"), ("plan",)):
        said = told(applied(*command, "--exclude", "*"))
        assert "Nothing is left to look at" in said
        assert "The organization" not in said

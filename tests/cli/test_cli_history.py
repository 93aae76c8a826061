"""``hmsplan history`` and ``show @N``: who applied what, when, and from which commit."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Fault
from hmsplan.formats.history_file import line_of, read
from hmsplan.model import Address, Author
from hmsplan.state.backend import open_backend
from hmsplan.state.journal import Began, Bound

from .helpers import STACK, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hmsplan.emulator import Emulator
    from hmsplan.model import Picture

    from .helpers import Cli, Result


def saying(text: str) -> str:
    """Return the assistant of the stack with a greeting."""
    return f"assistants:\n  support: {{name: Support, first_message: {text}}}\n"


RECALL = Address("campaigns", "recall")
LEADS = """
campaigns:
  recall: {name: Recall, agent_id: "${assistants.support}", timezone: Europe/Amsterdam,
    schedule_start_time: "09:00", schedule_end_time: "17:00", leads: [{phone_number: "+31612345678"}]}
"""


@pytest.fixture
def applied(live: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    """Return what runs a command on a stack that was applied twice, the second time from another text."""
    assert live("apply", "-y").code == 0
    write(stack, {"a.yaml": saying("Hello there."), "c.yaml": LEADS})
    assert live("apply", "-y").code == 0
    return live


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@example.com", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_history_lists_the_applies_the_latest_first(applied: Callable[..., Result]) -> None:
    out = applied("history").out
    assert out.index("@2  ") < out.index("@1  ")
    assert "created campaigns.recall changed assistants.support @1" in " ".join(out.split())
    assert all(len(line) <= 80 for line in out.splitlines())


def test_an_apply_without_changes_is_not_in_the_history(applied: Callable[..., Result]) -> None:
    assert applied("apply", "-y").code == 0
    assert [each["number"] for each in applied("history", "--json").json["applies"]] == [1, 2]


def test_show_tells_what_an_apply_did_to_each_object(applied: Callable[..., Result]) -> None:
    out = applied("show", "@2").out
    assert "# assistants.support was changed" in out
    assert 'first_message = "Hello" -> "Hello there."' in out
    assert "# campaigns.recall was created" in out
    assert "1 lead added, 0 removed" in out
    assert applied("show", "@-1").out == out
    shown = applied("show", "@1", "--json").json
    assert {each["address"]: each["action"] for each in shown["objects"]}["assistants.support"] == "create"


def test_the_versions_of_an_object_are_its_own(applied: Callable[..., Result]) -> None:
    versions = applied("history", "assistants.support", "--json").json["versions"]
    assert [each["after"].get("first_message") for each in versions] == ["Hello", "Hello there."]
    out = applied("history", "assistants.support").out
    assert "campaigns" not in out
    assert out.count("assistants.support was") == 2
    wrong = applied("history", "assistants.other")
    assert (wrong.code, "no apply that is remembered touched assistants.other" in wrong.err) == (1, True)


def leads(*variables: str) -> str:
    """Return the campaign with one lead a set of variables."""
    rows = ", ".join(f'{{phone_number: "+31612345678", variables: {{name: {name}}}}}' for name in variables)
    return LEADS.replace('[{phone_number: "+31612345678"}]', f"[{rows}]")


def test_who_was_on_the_list_of_a_campaign_is_kept_as_the_state_knows_it(
    applied: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    def told() -> tuple[Picture, Mapping[str, int]]:
        backend = open_backend("file", stack, "default")
        state = backend.load()
        assert state is not None
        picture = next(each for each in list(backend.history())[-1].entry().pictures if each.address == RECALL)
        return picture, state.bindings[RECALL].members if RECALL in state.bindings else {}

    made, owned = told()
    assert made.members == made.joined == owned
    assert (len(owned), made.members_before) == (1, {})

    (campaign,) = emulator.all("campaigns")
    emulator.add("leads", {"campaign_id": campaign["id"], "phone_number": "+31699999999"})  # of a person
    write(stack, {"c.yaml": leads("Annabel", "Bob")})
    assert applied("apply", "-y").code == 0
    changed, owned = told()
    assert (changed.members_before, changed.left, changed.members) == (made.members, made.members, owned)
    assert len(changed.joined) == 2
    (out,) = [each for each in applied("show", "@3", "--json").json["objects"] if each["address"] == str(RECALL)]
    assert [out["members"], out["members_added"], out["members_removed"]] == [2, 2, 1]

    write(stack, {"c.yaml": ""})
    assert applied("apply", "-y", "--allow", "delete:campaigns.recall").code == 0
    deleted, _ = told()
    assert (deleted.members_before, deleted.left, deleted.members) == (changed.members, changed.members, {})


def test_no_lead_is_in_the_history(applied: Callable[..., Result], stack: Path) -> None:
    write(stack, {"c.yaml": leads("Annabel")})
    assert applied("apply", "-y").code == 0
    (file,) = stack.rglob("history.jsonl")
    assert [each for each in (b"612345678", b"Annabel") if each in file.read_bytes()] == []
    assert file.stat().st_mode & 0o077 == 0


def test_who_and_from_what_is_remembered(live: Callable[..., Result], stack: Path) -> None:
    git(stack, "init", "-q")
    git(stack, "add", "-A")
    git(stack, "commit", "-qm", "first")
    run = {"GITHUB_ACTOR": "ann", "GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://git.example"}
    assert live("apply", "-y", GITHUB_REPOSITORY="acme/voice", **run).code == 0
    write(stack, {"a.yaml": saying("Hello there.")})
    assert live("apply", "-y").code == 0
    first, second = live("history", "--json").json["applies"]
    assert first["commit"] == second["commit"] == git(stack, "rev-parse", "HEAD")
    assert (first["is_clean"], second["is_clean"]) == (True, False)
    assert (first["user"], first["run"]) == ("ann", "https://git.example/acme/voice/actions/runs/7")
    assert "with local changes" in live("history").out


def test_an_edited_history_is_told_and_not_believed(applied: Callable[..., Result], stack: Path) -> None:
    (file,) = stack.rglob("history.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"user":', b'"user" :', 1))
    listed = applied("history")
    assert (listed.code, "@1: it was edited." in listed.out) == (1, True)
    shown = applied("show", "@1")
    assert (shown.code, "not to be believed: it was edited" in shown.err) == (1, True)
    assert applied("show", "@2").code == 0


def test_a_plan_tells_that_the_last_apply_is_not_as_it_was_written(applied: Callable[..., Result], stack: Path) -> None:
    assert "History" not in applied("plan").out
    file, lines = lines_of(stack)
    file.write_bytes(lines[0] + lines[1].replace(b'"user":', b'"user" :', 1))
    assert "@2: it was edited." in applied("plan").out


def test_an_older_state_that_was_put_back_is_told(applied: Callable[..., Result], stack: Path) -> None:
    old = applied("state", "pull").out
    write(stack, {"a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    (state,) = stack.rglob("state.json")
    state.write_text(old, "utf-8")
    next(stack.rglob("journal.jsonl")).write_bytes(b"")
    assert "an older state was put back" in " ".join(applied("history").out.split())
    assert "an older state was put back" in " ".join(applied("plan").out.split())
    write(stack, {"a.yaml": saying("Good evening.")})
    result = applied("apply", "-y")
    assert (result.code, "an older state was put back" in " ".join(result.err.split())) == (0, True)
    assert "Older state" not in applied("apply", "-y").err


def lines_of(stack: Path) -> tuple[Path, list[bytes]]:
    (file,) = stack.rglob("history.jsonl")
    return file, file.read_bytes().splitlines(keepends=True)


def test_a_cut_off_end_is_told_and_the_next_apply_does_not_hide_it(applied: Callable[..., Result], stack: Path) -> None:
    file, lines = lines_of(stack)
    file.write_bytes(lines[0])
    problem = "The end is missing: the state knows of @2, and the last one here is @1."
    assert problem in applied("history").out
    assert problem in applied("show", "@1").out
    assert problem in " ".join(applied("plan").out.split())
    assert applied("history", "assistants.support", "--json").json["problems"] == [problem]
    assert "The end is missing" in applied("history", "--format", "markdown").out
    write(stack, {"a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    found = applied("history", "--json").json
    assert [each["number"] for each in found["applies"]] == [1, 3]
    assert found["problems"] == ["@3: it does not follow the one before."]


def test_a_history_that_is_gone_is_told(applied: Callable[..., Result], stack: Path) -> None:
    lines_of(stack)[0].unlink()
    out = applied("history").out
    assert "The end is missing: the state knows of @2, and there is none here." in out
    assert "The end is missing" in applied("plan", "--format", "markdown").out


def test_a_cut_off_beginning_is_told(applied: Callable[..., Result], stack: Path) -> None:
    file, lines = lines_of(stack)
    file.write_bytes(lines[1])
    assert "The beginning is missing: @1 is kept, and the first one here is @2." in applied("history").out


def test_what_retention_forgets_is_not_missing(
    applied: Callable[..., Result], stack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmsplan.state.file.storage._WORTH_FORGETTING", 1)
    write(stack, {"hmsplan.yaml": STACK + "history: {keep: 2, for: 1d}\n", "a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    found = applied("history", "--json").json
    assert ([each["number"] for each in found["applies"]], found["problems"]) == ([2, 3], [])


@pytest.mark.parametrize(("kept", "why"), [("0", "keep"), ("1, for: 3y", "as in 24h or 400d")])
def test_a_retention_that_is_none_is_refused(live: Callable[..., Result], stack: Path, kept: str, why: str) -> None:
    write(stack, {"hmsplan.yaml": STACK + f"history: {{keep: {kept}}}\n"})
    result = live("validate")
    assert (result.code, why in " ".join((result.out + result.err).split())) == (3, True)


def test_another_last_entry_than_the_state_knows_is_told(applied: Callable[..., Result], stack: Path) -> None:
    file, lines = lines_of(stack)
    first, second = read(lines)
    forged = replace(second.entry(), head=replace(second.head, author=Author("somebody else")))
    file.write_bytes(lines[0] + line_of(forged, first.hash))
    assert "@2: it is another one than the state knows." in applied("history").out


def test_a_state_without_the_last_entry_goes_on_working(applied: Callable[..., Result], stack: Path) -> None:
    """As an earlier version wrote it."""
    (file,) = stack.rglob("state.json")
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith('  "last":')), "utf-8")
    assert applied("history", "--json").json["problems"] == []
    write(stack, {"a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    assert [each["number"] for each in applied("history", "--json").json["applies"]] == [1, 2, 3]
    assert '"last": {"number":3' in file.read_text("utf-8")


def test_the_difference_between_any_two_versions(applied: Callable[..., Result], stack: Path) -> None:
    for text in ("Good morning.", "Good evening."):
        write(stack, {"a.yaml": saying(text)})
        assert applied("apply", "-y").code == 0
    out = applied("history", "assistants.support", "@1", "@3").out
    assert "# assistants.support from @1 to @3" in out
    assert 'first_message = "Hello" -> "Good morning."' in out
    assert applied("history", "assistants.support", "@1", "@-2").out == out
    to_the_last = applied("history", "assistants.support", "@3").out
    assert 'first_message = "Good morning." -> "Good evening."' in to_the_last
    told = applied("history", "assistants.support", "@1", "@4", "--json").json
    assert (told["from"]["number"], told["to"]["number"]) == (1, 4)
    assert told["fields"] == [
        {"path": ["first_message"], "field": "first_message", "before": "Hello", "after": "Good evening."}
    ]
    assert "(it was the same)" in applied("history", "assistants.support", "@1", "@1").out
    assert "```diff" in applied("history", "assistants.support", "@1", "@4", "--format", "markdown").out
    assert applied("history", "assistants.support", "--format", "markdown").out.count("```diff") == 4
    early = applied("history", "campaigns.recall", "@1", "@2")
    assert (early.code, "is not remembered as of then; it was touched in @2" in early.err) == (1, True)


@pytest.mark.parametrize("words", [("@1", "@2", "@3"), ("1",), ("@0",), ("@x",)])
def test_what_are_no_two_applies_is_refused(applied: Callable[..., Result], words: tuple[str, ...]) -> None:
    assert applied("history", "assistants.support", *words).code == 1


def test_only_the_last_ones_are_listed_and_how_many_more_there_are(applied: Callable[..., Result]) -> None:
    out = applied("history", "--limit", "1").out
    assert ("@1 " in out, "1 earlier one not shown. To see all, add --limit 0." in out) == (False, True)
    found = applied("history", "--limit", "1", "--json").json
    assert ([each["number"] for each in found["applies"]], found["earlier"]) == ([2], 1)
    assert applied("history", "--limit", "0").out == applied("history").out


def test_an_apply_of_which_every_step_fails_is_told_as_failed(
    applied: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    write(stack, {"a.yaml": saying("Good morning.")})
    emulator.inject(Fault(do="status", method="PATCH", path="/assistants/*", status=400))
    assert applied("apply", "-y").code != 0
    assert applied("history", "--json").json["applies"][-1]["changes"] == {"assistants.support": "failed"}
    assert "failed assistants.support" in applied("history").out


def test_an_apply_that_was_killed_is_told_before_and_after_the_next_one(
    applied: Callable[..., Result], stack: Path
) -> None:
    backend = open_backend("file", stack, "default")
    with backend.lock("test"):
        state = backend.load()
        assert state is not None
        support = state.bindings[Address("assistants", "support")]
        backend.append([Began(Author("ann", "laptop"), 1.8e9, "d" * 64), Bound(support)])
    out = applied("history").out
    assert "2027-01-15 08:00:00 UTC  an apply began that has not ended" in out
    assert "so far it wrote down assistants.support" in out
    assert applied("history", "--json").json["begun"]["touched"] == ["assistants.support"]
    assert applied("apply", "-y").code == 0
    found = applied("history", "--json").json
    assert (found["begun"], found["applies"][-1]["ended"], found["applies"][-1]["user"]) == (None, False, "ann")
    assert "did not end: it was killed" in applied("history").out
    assert "did not end; changed assistants.support" in applied("history", "--format", "markdown").out
    assert "# assistants.support was changed" in applied("show", "@3").out


def test_a_state_that_is_gone_is_told(applied: Callable[..., Result], stack: Path) -> None:
    next(stack.rglob("state.json")).unlink()
    next(stack.rglob("journal.jsonl")).unlink()
    assert "was applied, and there is no state any more." in " ".join(applied("history").out.split())


@pytest.mark.parametrize("tail", [b"\x00\xffrandom", b'{"x":\n'])
def test_what_no_apply_wrote_is_not_written_over(applied: Callable[..., Result], stack: Path, tail: bytes) -> None:
    (file,) = stack.rglob("history.jsonl")
    damaged = file.read_bytes() + tail
    file.write_bytes(damaged)
    told = applied("history")
    assert (told.code, "line 3" in told.err, "head -n 2" in told.err) == (1, True, True)
    write(stack, {"a.yaml": saying("Good morning.")})
    result = applied("apply", "-y")
    assert (result.code, "Not in the history" in result.err) == (0, True)
    assert file.read_bytes() == damaged


def test_a_history_that_is_damaged_in_its_first_line_is_moved_away(applied: Callable[..., Result], stack: Path) -> None:
    (file,) = stack.rglob("history.jsonl")
    file.write_bytes(b"{\n" + file.read_bytes())
    told = applied("history")
    (command,) = (line.strip() for line in told.err.splitlines() if line.startswith("    "))
    assert (told.code, "head" in told.err, command.startswith("mv ")) == (1, False, True)
    subprocess.run(shlex.split(command), check=True)
    write(stack, {"a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    assert "@3" in applied("history").out


def test_a_line_that_a_kill_cut_short_is_written_over(applied: Callable[..., Result], stack: Path) -> None:
    (file,) = stack.rglob("history.jsonl")
    file.write_bytes(file.read_bytes() + b'{"head":{"number":3')
    write(stack, {"a.yaml": saying("Good morning.")})
    assert applied("apply", "-y").code == 0
    assert [each["number"] for each in applied("history", "--json").json["applies"]] == [1, 2, 3]


def test_a_history_that_cannot_be_written_fails_no_apply(live: Callable[..., Result], stack: Path) -> None:
    assert live("apply", "-y").code == 0
    (file,) = stack.rglob("history.jsonl")
    file.unlink()
    file.mkdir()
    write(stack, {"a.yaml": saying("Hello there.")})
    result = live("apply", "-y")
    assert result.code == 0
    assert "Not in the history" in result.err
    assert live("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(
    ("words", "says"), [(("show", "@9"), "no apply @9"), (("show", "missing.plan"), "missing.plan")]
)
def test_what_is_not_there_is_told(applied: Callable[..., Result], words: tuple[str, ...], says: str) -> None:
    result = applied(*words)
    assert (result.code, says in result.err) == (1, True)


def test_an_empty_history_says_so(live: Callable[..., Result]) -> None:
    assert live("history").out == "No apply is remembered here.\n"
    assert live("history", "--json").json == {
        "format_version": "1.0",
        "applies": [],
        "earlier": 0,
        "begun": None,
        "problems": [],
    }
    assert live("history", "--format", "markdown").out.startswith("| apply | when |")


def edit(emulator: Emulator, text: str) -> None:
    """Do what somebody does in the dashboard."""
    (assistant,) = [each for each in emulator.all("assistants") if each["name"] == "Support"]
    emulator.edit("assistants", assistant["id"], {"first_message": text})


def test_drift_says_between_what_times_it_happened_and_by_whom_it_was_applied(
    applied: Callable[..., Result], emulator: Emulator
) -> None:
    applies = applied("history", "--json").json["applies"]
    edit(emulator, "Changed in the dashboard.")
    shown = " ".join(applied("drift").out.replace("#", "").split())
    found = re.search(r"\(between (.*) UTC and (.*) UTC, not by an apply; last applied by (\w+), @2\)", shown)
    assert found is not None, shown
    assert found[3] == applies[-1]["user"]
    (told,) = applied("drift", "--json").json["drift"]
    assert told["last_apply"]["number"] == 2
    assert told["between"]["since"] == applies[-1]["at"]
    assert told["between"]["until"] >= told["between"]["since"]
    assert "not by an apply" in applied("drift", "--format", "markdown").out


def test_an_apply_of_others_that_found_an_object_as_applied_narrows_the_times(
    applied: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    write(stack, {"d.yaml": saying("One.").replace("upport", "ales")})
    assert applied("apply", "-y").code == 0
    narrow = applied("history", "--json").json["applies"][-1]
    edit(emulator, "Changed in the dashboard.")
    write(stack, {"d.yaml": saying("Two.").replace("upport", "ales")})
    assert applied("apply", "-y", "--target", "assistants.sales").code == 0
    (told,) = applied("drift", "--json").json["drift"]
    assert told["last_apply"]["number"] == 2
    assert told["between"]["since"] == narrow["read_at"]


def test_drift_warns_of_a_history_that_was_edited(
    applied: Callable[..., Result], stack: Path, emulator: Emulator
) -> None:
    """As far as it reads it, which is to the last apply of each object that drifted."""
    edit(emulator, "Changed in the dashboard.")
    file, lines = lines_of(stack)
    file.write_bytes(lines[0].replace(b'"user":', b'"user" :', 1) + lines[1])
    assert "@1: it was edited." in applied("drift").err
    file.write_bytes(lines[0] + lines[1].replace(b'"user":', b'"user" :', 1))
    assert applied("drift").err.count("@2: it was edited.") == 1
    file.write_bytes(lines[0])
    result = applied("drift")
    assert (result.code, "The end is missing" in result.err) == (0, True)


def test_a_rename_is_told(applied: Callable[..., Result], stack: Path) -> None:
    before = (stack / "a.yaml").read_text()
    old, new = "assistants.support", "assistants.desk"
    write(stack, {"a.yaml": before.replace("support:", "desk:") + f"moved: [{{from: {old}, to: {new}}}]\n"})
    others = {name: (stack / name).read_text().replace(old, new) for name in ("c.yaml", "n.yaml")}
    write(stack, others)
    assert applied("apply", "-y").code == 0
    for words in (("history",), ("history", "--format", "markdown"), ("show", "@-1")):
        assert f"renamed {old} to {new}" in applied(*words).out.replace("\\", "")
    assert applied("history", "--json").json["applies"][-1]["moved"] == {new: old}
    for told in (("history", new), ("show", "@3"), ("history", new, "--format", "markdown")):
        assert f"# {new} was renamed from {old}\n" in applied(*told).out
    assert [each["moved_from"] for each in applied("history", new, "--json").json["versions"]] == [old]


@pytest.mark.parametrize(
    ("words", "told"),
    [(("history", "@2"), r"^ *hmsplan .*show @2$|: hmsplan show @2$"), (("rollback",), r"hmsplan .*history\.?$")],
)
def test_a_number_in_the_wrong_place_leads_to_the_right_command(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    result = cli(*words, "-C", str(tmp_path))
    assert result.code == 1
    assert re.search(told, result.err, re.MULTILINE), result.err

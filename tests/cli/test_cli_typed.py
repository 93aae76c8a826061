"""Every command that is printed can be typed as it stands, for the same stack, environment, state and secrets."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.emulator import Emulator, Fault
from hmsplan.output.commands import without_password
from hmsplan.state.backend import open_backend

from .helpers import ASSISTANT, Cli, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STACK: Final = """\
version: 1
stack: small
safety: {settle_grace: 0s, max_deletes: 0}
variables: {greeting: {}}
"""
COMMAND: Final = re.compile(r"^.*?(hmsplan (?:-|[a-z]+ |[a-z]+$).*)$", re.MULTILINE)
NOT_OURS: Final = re.compile(r"by hmsplan|hmsplan/|outside hmsplan|brings hmsplan|holds hmsplan")


@pytest.fixture
def many_options(stack: Path, tmp_path: Path) -> tuple[str, ...]:
    """Return the options of a run that needs all of them."""
    secrets = tmp_path / "secrets of mine.env"
    secrets.write_text("HMSPLAN_SECRET_HOOK=0123456789abcdef\n", "utf-8")
    secrets.chmod(0o600)
    kept = tmp_path / "kept elsewhere.json"
    kept.write_text('{"sip": "fedcba9876543210"}', "utf-8")
    hook = "assistants:\n  hook: {name: Hook, webhook_url: 'https://a.example/h', webhook_secret: '${secret:hook}'}\n"
    hook += "sip_trunks:\n  t: {name: T, provider: p, address: sip.example.com, auth_password: '${secret:sip}'}\n"
    write(stack, {"hmsplan.yaml": STACK, "environments/live.yaml": "", "environments/test.yaml": "", "h.yaml": hook})
    write(stack, {"a.yaml": ASSISTANT.replace("Hello", "'${var:greeting}'")})
    state = str(tmp_path / "state of mine")
    return (
        "-C",
        str(stack),
        "-e",
        "live",
        "--state",
        state,
        "--secrets",
        f"exec:cat '{kept}'",
        "--secrets-file",
        str(secrets),
        "--var",
        "greeting=Hi you",
    )


def commands(result: Result) -> list[list[str]]:
    """Return the commands that a run printed, as a shell reads them."""
    lines = (found[1] for found in COMMAND.finditer(result.out + "\n" + result.err))
    return [shlex.split(line)[1:] for line in lines if not NOT_OURS.search(line)]


def last(result: Result, *words: str) -> list[str]:
    """Return the last command that a run printed which holds *words*."""
    found = [command for command in commands(result) if set(words) <= set(command)]
    assert found, result
    return found[-1]


def hold(result: Result, options: tuple[str, ...]) -> None:
    """Hold that every command which a run printed has all of its options."""
    found = commands(result)
    assert found, result
    for command in found:
        assert command[: len(options)] == list(options), command


def test_a_saved_plan_is_applied_by_what_is_printed(
    online: Callable[..., Result], many_options: tuple[str, ...], tmp_path: Path
) -> None:
    saved = online(*many_options, "plan", "-o", tmp_path / "a plan")
    hold(saved, many_options)
    assert online(*last(saved, "apply")).code == 0
    assert online(*many_options, "plan", "--detailed-exitcode").code == 0
    again = online(*many_options, "apply", tmp_path / "a plan")
    hold(again, many_options)
    assert again.code == 5


@pytest.mark.parametrize("form", ["text", "markdown", "github"])
def test_what_is_refused_is_allowed_by_what_is_printed(
    online: Callable[..., Result], many_options: tuple[str, ...], stack: Path, form: str
) -> None:
    """With the targets of the plan: without them, more than was reviewed would be done."""
    assert online(*many_options, "apply", "-y").code == 0
    (stack / "n.yaml").unlink()
    (stack / "h.yaml").unlink()
    refused = online(*many_options, "plan", "--target", "numbers.main", "--format", form)
    assert refused.code in {0, 4}
    hold(refused, many_options)
    allowing = last(refused, "apply", "--target=numbers.main")
    assert online(*allowing, "-y").code == 0
    assert "2 to destroy" in online(*many_options, "plan").out


def test_an_apply_in_part_goes_on_by_what_is_printed(
    online: Callable[..., Result], many_options: tuple[str, ...], emulator: Emulator
) -> None:
    emulator.inject(Fault(do="status", method="POST", path="/numbers", status=400, body={"error": "no"}))
    failed = online(*many_options, "apply", "-y")
    assert failed.code == 6
    hold(failed, many_options)
    emulator.inject()
    assert online(*last(failed, "apply"), "-y").code == 0
    assert online(*many_options, "plan", "--detailed-exitcode").code == 0


def test_an_open_create_is_settled_by_what_is_printed(
    online: Callable[..., Result], many_options: tuple[str, ...], emulator: Emulator
) -> None:
    """By the end of the apply, by the plan after it and by the error of the next apply alike."""
    emulator.inject(
        Fault(do="lost_after", method="POST", path="/numbers", nth=1),
        Fault(do="status", status=403, method="GET", path="/numbers", first=2),
    )
    doubtful = online(*many_options, "apply", "-y")
    assert doubtful.code == 8, doubtful
    hold(doubtful, many_options)
    emulator.inject()
    (made,) = emulator.all("numbers")
    emulator.add("numbers", {key: value for key, value in made.items() if key != "id"})
    asked, refused = online(*many_options, "plan"), online(*many_options, "apply", "-y")
    assert (asked.code, refused.code) == (8, 8)
    hold(asked, many_options)
    hold(refused, many_options)
    assert last(refused, "resolve", "--adopt") == last(asked, "resolve", "--adopt")
    assert online(*last(asked, "resolve", made["id"])).code == 0
    assert "numbers.main" in online(*many_options, "state", "list").out


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (("state", "show", "numbers.gone"), ("state", "list")),
        (("state", "rm", "numbers.gone"), ("state", "list")),
        (("state", "mv", "numbers.main", "numbers.main"), ("state", "rm")),
        (("fmt", "--check"), ("fmt",)),
        (("snapshot", "-o", "{tmp}/picture"), ("plan", "--against")),
        (("import", "assistants.support", "{id}"), ("plan",)),
    ],
)
def test_every_other_hint_has_the_options_that_it_needs(
    online: Callable[..., Result],
    many_options: tuple[str, ...],
    emulator: Emulator,
    stack: Path,
    tmp_path: Path,
    words: tuple[str, ...],
    printed: tuple[str, ...],
) -> None:
    assert online(*many_options, "apply", "-y").code == 0
    write(stack, {"z.yaml": "assistants:\n      z:   {name: Z}\n"})
    live = next(each["id"] for each in emulator.all("assistants") if each["name"] == "Support")
    result = online(*many_options, *(word.format(tmp=tmp_path, id=live) for word in words))
    command = last(result, *printed)
    assert command[:4] == list(many_options[:4])
    assert online(*command).code in {0, 1}
    if "snapshot" not in words:
        hold(result, many_options)


def test_a_lock_is_taken_away_by_what_is_printed(
    online: Callable[..., Result], many_options: tuple[str, ...], tmp_path: Path
) -> None:
    with open_backend(str(tmp_path / "state of mine"), tmp_path, "live").lock("hmsplan apply by a colleague"):
        locked = online(*many_options, "apply", "-y")
        assert locked.code == 7
        unlock = last(locked, "state", "unlock", "--force")
        assert unlock[: len(many_options)] == list(many_options)
        assert "hmsplan apply by a colleague" in online(*unlock).err


@pytest.mark.parametrize("form", [("--json",), ("--format", "github")])
def test_machines_are_told_complete_commands_as_well(
    online: Callable[..., Result], many_options: tuple[str, ...], stack: Path, form: tuple[str, ...]
) -> None:
    """An annotation in a pull request, an event of the apply: somebody will paste them."""
    (stack / "hmsplan.yaml").rename(stack / "elsewhere.yaml")
    result = online(*many_options, "apply", "-y", *form)
    details = [
        event["diagnostic"]["detail"] for line in result.out.splitlines() if form == ("--json",)
        for event in [json.loads(line)] if event["type"] == "diagnostic"
    ]  # fmt: skip
    said = "\n".join(details) if details else result.out.replace("%0A", "\n")
    assert f"  hmsplan {shlex.join(many_options)} init" in said


def test_the_default_environment_is_named_in_what_is_printed(
    live: Callable[..., Result], stack: Path, tmp_path: Path
) -> None:
    """Whoever pastes it elsewhere, where another one is chosen by a variable, gets the same one."""
    write(stack, {"environments/live.yaml": "", "hmsplan.yaml": "version: 1\nstack: s\ndefault_environment: live\n"})
    saved = live("plan", "-o", tmp_path / "saved")
    assert last(saved, "apply")[:4] == ["-C", str(stack), "-e", "live"]


def test_the_state_of_the_emulator_is_not_named(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """A state that a variable names is not the one that was used."""
    saved = cli("-C", stack, "--emulator", "plan", "-o", tmp_path / "saved", HMSPLAN_STATE=str(tmp_path))
    assert last(saved, "apply") == ["-C", str(stack), "--emulator", "apply", str(tmp_path / "saved")]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://hms:c4nary@db.example/x", "postgresql://hms:PASSWORD@db.example/x"),
        ("postgresql://hms:c4n@ry@db.example/x", "postgresql://hms:PASSWORD@db.example/x"),
        ("postgresql://db.example/x?password=c4nary&sslmode=require", "postgresql://db.example/x?password=PASSWORD&sslmode=require"),
        ("postgresql://hms@db.example/x", "postgresql://hms@db.example/x"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("file", "file"),
        ("/a/folder@home:x", "/a/folder@home:x"),
    ],
)  # fmt: skip
def test_no_password_of_a_state_is_printed(url: str, shown: str) -> None:
    """A word stands in its place: without --state, another state would be operated on."""
    assert without_password(url) == shown


def test_what_init_prints_works(cli: Cli, tmp_path: Path) -> None:
    """From wherever it was typed."""
    made: Any = cli("init", tmp_path / "my practice")
    found = commands(made)
    assert len(found) == 3
    for command in found:
        words = command[: command.index(next(w for w in command if w in {"validate", "plan", "apply"})) + 1]
        assert cli(*words, *(["-y"] if "apply" in words else [])).code == 0

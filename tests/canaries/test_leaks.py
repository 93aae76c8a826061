"""No secret is seen but in the requests that carry it to the API: not in what is printed, nor in any file (P5)."""

from __future__ import annotations

import base64
import html
import json
import os
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from canaries import rig
from canaries.leaks import canary, found, found_below
from hmsplan.cli import secret_filter, terminal
from hmsplan.cli.root import COMMANDS
from hmsplan.kinds import KINDS
from hmsplan.model import Secret

if TYPE_CHECKING:
    from canaries.conftest import Rig

READ_ONLY: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("validate", "--json"),
    ("plan",),
    ("plan", "--json", "--show-unchanged"),
    ("plan", "-o", "saved.json", "--resend", "*"),
    ("show", "saved.json"),
    ("show", "saved.json", "--json"),
    ("snapshot", "-o", "picture.json"),
    ("plan", "--against", "picture.json", "--json"),
    ("drift", "--unmanaged"),
    ("drift", "--unmanaged", "--json"),
    ("pull", "--check"),
    ("pull", "--check", "--json"),
    ("graph",),
    ("explain", "assistants.one"),
    ("explain", "assistants.one", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("doctor", "--mcp"),
    ("calls",),
    ("calls", "--json"),
    ("domain", "status"),
    ("domain", "status", "--json"),
    ("lint",),
    ("lint", "--json"),
    ("catalog", "show"),
    ("catalog", "residency"),
    ("catalog", "residency", "--json"),
    ("history",),
    ("history", "--json"),
    ("history", "assistants.one", "--json"),
    ("history", "assistants.one", "@1", "@-1"),
    ("history", "assistants.one", "@1", "@-1", "--json"),
    ("history", "--format", "markdown"),
    ("show", "@1", "--format", "markdown"),
    ("show", "@-1"),
    ("show", "@-1", "--json"),
    ("state", "list"),
    ("state", "show", "assistants.one"),
    ("state", "pull"),
    ("plan", "--impact"),
    ("plan", "--check", "saved.json"),
    ("schema", "assistants"),
    ("fmt", "--check"),
    ("completion", "bash"),
    ("version",),
    ("help", "plan"),
)


# The search itself


@pytest.mark.parametrize("where", range(3))
def test_the_search_finds_a_canary_in_every_form(where: int) -> None:
    bird = canary("a name")
    around = b"xyz"[:where]
    raw = bird.value.encode()
    forms = [
        raw,
        quote(bird.value, safe="").encode(),
        json.dumps(bird.value).encode(),
        json.dumps(json.dumps(bird.value)).encode(),
        html.escape(bird.value).encode(),
        base64.b64encode(around + raw + around),
        base64.urlsafe_b64encode(around + raw),
        raw.hex().encode(),
        repr(bird.value).encode(),
        raw[:14],
        raw[-14:],
    ]
    assert [form for form in forms if not found(b"before" + form + b"after", [bird])] == []
    assert found(b"before, c4nary, after", [bird]) == []


def test_the_search_finds_a_planted_leak(told: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """State that kept the value of a secret would be found, in the state and in what shows it."""
    monkeypatch.setattr(Secret, "recorded", lambda secret: {"$secret": secret.name, "fingerprint": secret.reveal()})
    told.run("apply", "-y")
    leaks = found_below(told.root, rig.ALL, apart_from=[told.secrets_file])
    assert any(".hmsplan/default/" in leak for leak in leaks)
    assert "stack/.hmsplan" in str(leaks)


@pytest.mark.parametrize(
    ("place", "leak"),
    [
        ("hmsplan.api.request_log.shape", lambda value, *_: str(value)),  # a field of an answer
        ("hmsplan.api.request_log.cleaned", lambda text, _: text),  # what an answer says of itself
        ("hmsplan.state.backend.count", lambda *_: rig.FINGERPRINT_KEY.value),  # anything else that is logged
    ],
)
def test_the_search_finds_a_planted_leak_in_the_log(
    told: Rig, monkeypatch: pytest.MonkeyPatch, place: str, leak: Any
) -> None:
    told.telltale.mood, told.telltale.methods = "echoes", frozenset({"POST"})
    told.run("apply", "-y", code=None)
    monkeypatch.setattr(place, leak)
    with pytest.raises(AssertionError):
        told.run("apply", "-y", code=None)


def test_the_log_is_among_what_is_searched(told: Rig) -> None:
    """Each request, and the shape of what it carried."""
    told.run("apply", "-y")
    text = told.run("apply", "-y", "--resend", "assistants.*", "--allow", "*")
    assert "PATCH /assistants/" in text
    assert "sends PATCH" in text
    assert "webhook_secret: secret" in text


def test_every_secret_of_the_table_is_in_the_stack() -> None:
    assert [kind.name for kind in KINDS.values() if kind.secrets and not rig.covers(kind)] == []
    assert len({each.value for each in rig.ALL}) == len(rig.ALL)


# Every command


def formats() -> list[tuple[str, ...]]:
    """Return every command that has a --format, with each of them."""
    found = []
    for name, (module, _) in COMMANDS.items():
        command = getattr(import_module(f"hmsplan.cli.{module}"), f"{name}_command")
        if name == "compare":  # it needs two environments
            continue
        choices = [param.type.choices for param in command.params if "--format" in param.opts]
        words = {
            "show": ("saved.json",),
            "apply": ("-y",),
            "explain": ("assistants.one",),
            "rollback": ("@1", "--allow", "*"),
        }
        found += [(name, *words.get(name, ()), "--format", each) for each in (choices[0] if choices else ())]
    return found


def test_there_are_formats_to_look_at() -> None:
    assert {words[0] for words in formats()} >= {"plan", "validate", "drift", "show", "graph"}


def test_no_command_shows_a_secret(told: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, before anything is there and after everything is, with live answers that carry every secret."""
    told.run("plan", "--json")
    told.run("apply", "-y")
    carried = b"".join(body for _, _, body in told.telltale.heard).decode()
    sent = json.dumps([each.value for each in rig.SECRETS.values()], ensure_ascii=False)
    assert all(json.dumps(each.value, ensure_ascii=False)[1:-1] in carried for each in rig.SECRETS.values()), sent
    for words in READ_ONLY:
        told.run(*words, code=None if "fmt" in words else 0)
    for words in formats():
        told.run(*words, code=1 if words[0] == "rollback" else 0)  # nothing to go back on yet
    told.run("apply", "saved.json", "-y", "--allow", "*")
    (told.root / "pulled.json").write_text(told.run("state", "pull").partition("\n\n")[0], "utf-8")
    told.run("state", "push", str(told.root / "pulled.json"))
    told.run("state", "mv", "numbers.main", "numbers.other")
    told.run("state", "mv", "numbers.other", "numbers.main")
    told.run("state", "unlock")
    told.run("resolve", "assistants.one", "--none", code=1)
    told.run("policy", "test", code=1)
    told.run("webhook", "test", code=4)
    told.run("webhook", "fixtures", str(told.root / "events"))
    theirs = next(each["id"] for each in told.emulator.all("assistants") if each["name"] == "Theirs")
    more = told.stack / "more.yaml"
    more.write_text("assistants:\n  theirs: {name: Theirs, first_message: Hi}\n", "utf-8")
    told.run("import", "assistants.theirs", theirs)
    told.run("plan", "--json")
    told.run("apply", "-y", "--json", "--resend", "*", "--allow", "*")
    for words in formats():
        if words[0] == "rollback":
            told.run(*words)
    told.run("rollback", "@1", "-y", "--allow", "*")
    told.run("export", str(told.root / "exported"))
    told.run("apply", "-y", "--destroy", "--allow", "*")
    told.run("init", str(told.root / "new"))
    for name in ("staging", "production"):
        (told.stack / "environments").mkdir(exist_ok=True)
        (told.stack / "environments" / f"{name}.yaml").write_text("", "utf-8")
    told.run("apply", "-y", "-e", "staging", "--allow", "*")
    monkeypatch.setenv("HMS_SOVEREIGN_API_KEY_PRODUCTION", "fl_live_of_another_organization")
    for form in ("text", "json", "markdown"):
        told.run("compare", "staging", "production", "--format", form)
        told.run("compare", "staging", "production", "--live", "--format", form)
    told.check_files()
    assert told.ran == COMMANDS.keys() - {"emulator", "demo", "mcp", "fleet"}  # see test_agents, test_fleets


@pytest.mark.parametrize("mood", rig.MOODS)
def test_no_answer_makes_a_command_show_a_secret(told: Rig, mood: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API tells its requests back: key, body and what it has stored, as JSON, as a page, cut off, or not at all."""
    told.telltale.mood, told.telltale.methods = mood, frozenset({"POST", "PATCH", "DELETE"})
    told.run("apply", "-y", code=None)
    told.run("apply", "-y", "--json", code=None)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(told.root / "summary.md"))
    told.run("apply", "-y", "--format", "github", code=None)
    assert "### hmsplan apply" in (told.root / "summary.md").read_text("utf-8")
    told.telltale.methods = frozenset({"GET"})
    for words in (("plan",), ("drift",), ("doctor",), ("export", str(told.root / "exported"))):
        told.run(*words, code=None)
    told.telltale.mood = ""
    told.run("plan", "--json", code=None)
    told.run("state", "pull")
    told.check_files()


def test_an_update_whose_answer_echoes_it_shows_no_secret(told: Rig) -> None:
    told.run("apply", "-y")
    told.telltale.mood, told.telltale.methods = "echoes", frozenset({"PATCH"})
    text = told.run("apply", "-y", "--resend", "assistants.*", code=1)
    assert "(sensitive value)" in text
    told.check_files()


def test_nothing_goes_to_another_host(told: Rig) -> None:
    """A redirect is not followed, whatever it promises."""
    heard: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            heard.append("something")

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.telltale.elsewhere = f"http://127.0.0.1:{server.server_port}/"
        told.telltale.mood, told.telltale.methods = "redirect", frozenset({"GET", "POST"})
        told.run("plan", code=None)
        told.telltale.methods = frozenset({"POST"})
        told.run("apply", "-y", code=None)
        server.shutdown()
    assert heard == []
    assert told.telltale.heard


@pytest.mark.parametrize("place", ["hmsplan.apply.actions.record", "hmsplan.api.client._serialised"])
def test_a_bug_of_ours_shows_no_secret(told: Rig, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """The text of an unforeseen exception may hold anything, so it is not told, and a traceback has no locals."""

    def broken(*_: Any, **__: Any) -> Any:
        values = [each.value for each in rig.ALL]
        raise ZeroDivisionError(f"cannot send {values}")

    monkeypatch.setattr(place, broken)
    text = told.run("apply", "-y", code=None)
    assert "ZeroDivisionError" in text
    told.check_files()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("first_message: '${secret:s0}'", "Secret in a readable field"),
        ("first_message: 'Hello ${secret:s0}'", "Secret inside a text"),
        ("webhook_secret: '{literal}'", "Secret in plain text"),
        ("webhook_secret: ['{literal}']", "Secret in plain text"),
        ("webhook_secret: {x: '{literal}'}", "Secret in plain text"),
        ("webhook_secret: '${secret:s0} {literal}'", "Secret"),
    ],
)
def test_no_mistake_in_the_stack_shows_a_secret(told: Rig, fields: str, said: str) -> None:
    literal = rig.DASHBOARD.value.replace("'", "''")
    bad = told.stack / "bad.yaml"
    bad.write_text(f"assistants:\n  bad:\n    name: Bad\n    {fields.replace('{literal}', literal)}\n", "utf-8")
    for words in (("plan",), ("validate", "--json")):
        assert said in told.run(*words, code=3)
    assert found_below(told.root, rig.ALL, apart_from=[told.secrets_file, bad]) == []


# Files


def test_what_is_written_is_for_its_owner_alone(told: Rig) -> None:
    """State, journal, lock, saved plans and the state that could not be stored: no group, no others."""
    told.run("plan", "-o", "saved.json")
    told.run("apply", "-y")
    written = [*(told.stack / ".hmsplan").rglob("*"), told.stack / "saved.json"]
    modes = {str(path.relative_to(told.stack)): stat.S_IMODE(path.stat().st_mode) for path in written}
    assert {name for name in modes if name.startswith(".hmsplan/default/")} >= {
        f".hmsplan/default/{name}" for name in ("state.json", "journal.jsonl")
    }
    assert stat.S_IMODE((told.stack / ".hmsplan").stat().st_mode) == 0o700
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077 and ".gitignore" not in name} == {}


def test_the_emulators_file_is_for_its_owner_alone(told: Rig) -> None:
    """It is the API, so it holds the secrets themselves."""
    told.run("apply", "-y", "--emulator")
    (database,) = told.stack.glob(".hmsplan/emulator/*/emulator.db")
    assert oct(stat.S_IMODE(database.stat().st_mode)) == "0o600"
    assert found_below(told.root, rig.ALL, apart_from=[told.secrets_file, *database.parent.glob("emulator.db*")]) == []


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_secrets_file_that_others_can_read_is_told(told: Rig, mode: int, warned: bool) -> None:
    told.secrets_file.chmod(mode)
    text = told.run("plan", "--json")
    assert ("chmod 600" in text) is warned
    assert (f"mode {mode:04o}" in text) is warned
    assert json.loads(text.partition("\n")[0])["format_version"] == "1.2"  # stderr has the warning


def test_a_bad_line_of_the_secrets_file_is_not_shown(told: Rig) -> None:
    with told.secrets_file.open("a", encoding="utf-8") as file:
        file.write(f"'{rig.DASHBOARD.value}\n")
    told.run("plan", code=3)


def test_a_short_fingerprint_key_is_warned_of_with_its_remedy(told: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMSPLAN_FINGERPRINT_KEY", rig.API_KEY.value[:31])
    assert "openssl rand -hex 32" in told.run("plan")


# The filter


def test_a_secret_that_slips_through_is_cut_out_of_what_is_printed(
    told: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The belt to the braces: what a command printed in spite of everything would not show."""
    told.run("plan")
    monkeypatch.setattr("hmsplan.cli.terminal.cut", secret_filter.cut)
    values = [each.value for each in (*rig.SECRETS.values(), rig.API_KEY, rig.FINGERPRINT_KEY)]
    for value in values:
        packed = base64.b64encode(f"user:{value}".encode()).decode()
        for text in (value, f"x{value}y", quote(value, safe=""), json.dumps(value), html.escape(value), packed):
            terminal.out(text)
            terminal.err(text)
            said = capsys.readouterr()
            assert said.out.count("(sensitive value)") == said.err.count("(sensitive value)") == 1, text
            assert not found((said.out + said.err).encode(), rig.ALL)


def test_a_word_is_not_cut_out_of_other_words(told: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A weak password that is a common word must not garble addresses."""
    name = list(rig.SECRETS)[1]
    monkeypatch.setenv(f"HMSPLAN_SECRET_{name.upper()}", "assistant")
    monkeypatch.setattr("hmsplan.cli.terminal.cut", secret_filter.cut)
    text = told.run("plan", "--json")
    assert "assistants.one" in text
    assert secret_filter.cut("one assistant") == "one (sensitive value)"


# Killed


def test_a_killed_apply_leaves_no_secret_behind(told: Rig) -> None:
    """SIGKILL between a POST and its answer: the intent is on the disk, and no secret is in it."""
    told.telltale.mood, told.telltale.methods = "hangs", frozenset({"POST"})
    command = [sys.executable, "-c", "from hmsplan.cli import main; main()", "apply", "-y", "-vvv"]
    command += ["--secrets-file", str(told.secrets_file)]
    with (told.root / "output").open("wb") as file:
        process = subprocess.Popen(command, cwd=told.stack, env=dict(os.environ), stdout=file, stderr=file)
        try:
            assert told.telltale.arrived.wait(60)
        finally:
            process.kill()
            process.wait()
    told.telltale.mood = ""
    assert b"intent" in (told.stack / ".hmsplan" / "default" / "journal.jsonl").read_bytes()
    told.check_files()
    told.run("plan", code=None)
    told.run("state", "pull")

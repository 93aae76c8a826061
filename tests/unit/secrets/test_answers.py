"""Sources of secrets: each is asked once, for what is needed and nothing before it gave; what fails is told at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from hmsplan.secrets.answers import Answer, ask
from hmsplan.secrets.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOOK = "h00k-of-the-answer"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return a file for the answer of ``cat``; the command notes what it was asked in ``asked``."""
    return tmp_path / "answer.json"


def command(program: Path, answer: object) -> Source:
    program.write_text(answer if isinstance(answer, str) else json.dumps(answer), "utf-8")
    asked = program.with_name("asked")
    return Source("exec", f"cat >> '{asked}'; echo >> '{asked}'; cat '{program}'")


def asked(program: Path) -> list[object]:
    file = program.with_name("asked")
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def dotenv(folder: Path, **values: str) -> Source:
    file = folder / f"{'_'.join(values)}.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), "utf-8")
    return Source("dotenv", str(file))


def told(
    *sources: Source, names: list[str], environ: Mapping[str, str] = MappingProxyType({}), timeout_s: float = 60
) -> list[str]:
    """Return the problems of sources, as ``summary: detail``."""
    _, problems = ask(sources, names, environ, timeout_s)
    return [f"{problem.summary}: {problem.detail}" for problem in problems]


@pytest.mark.parametrize("text", ["dotenv:a b.env", "sops:secrets.yaml", "exec:vault kv get -format=json a:b"])
def test_a_source_is_written_as_it_was_read(text: str) -> None:
    assert str(Source.parse(text)) == text


@pytest.mark.parametrize("text", ["", "a.env", "file:a.env", "exec:", "sops: ", "DOTENV:a"])
def test_what_is_not_a_source_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Source.parse(text)


def test_a_command_is_asked_once_for_what_is_still_needed(program: Path, tmp_path: Path) -> None:
    """Not for what the environment or a source before it gives."""
    names = ["hook", "sip-password", "in_env", "in_file"]
    sources = (dotenv(tmp_path, IN_FILE="f"), command(program, {"hook": HOOK, "sip-password": "s", "more": "m"}))
    answers, problems = ask(sources, names, {"HMSPLAN_SECRET_IN_ENV": "e"})
    assert problems == []
    assert asked(program) == [["hook", "sip-password"]]
    assert answers[1].values == {"HMSPLAN_SECRET_HOOK": HOOK, "HMSPLAN_SECRET_SIP_PASSWORD": "s"}


def test_a_command_that_is_not_needed_is_not_run(program: Path) -> None:
    """A source before it, or the environment, has everything; or the stack needs no secret."""
    source = command(program, {"hook": HOOK})
    assert ask([source], ["hook"], {"HMSPLAN_SECRET_HOOK": "e"}) == ([], [])
    assert ask([source], [], {}) == ([], [])
    assert asked(program) == []


def test_the_first_source_that_has_a_value_wins(program: Path, tmp_path: Path) -> None:
    """An empty value and null are none."""
    sources = (command(program, {"a": "one", "b": "", "c": None}), dotenv(tmp_path, A="two", B="two", C="two"))
    answers, _ = ask(sources, ["a", "b", "c"], {})
    first = {name: next(each.values[key] for each in answers if (key := each.key_of(name))) for name in "abc"}
    assert first == {"a": "one", "b": "two", "c": "two"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("", "is empty"),
        ("{", "is not JSON (line 1, column 2)"),
        (f'{{"hook": "{HOOK}"', "is not JSON"),
        ([HOOK], "is a JSON list"),
        (f'"{HOOK}"', "is a JSON value"),
    ],
)
def test_an_answer_that_is_no_object_is_told_without_a_piece_of_it(program: Path, answer: object, said: str) -> None:
    (problem,) = told(command(program, answer), names=["hook"])
    assert problem.startswith("Unreadable answer: ")
    assert said in problem
    assert HOOK not in problem.replace(str(program), "")


def test_values_that_are_no_texts_are_told_all_at_once(program: Path) -> None:
    found = told(command(program, {"a": 1, "b": {"value": HOOK}, "c": "text", "d": [HOOK]}), names=["a", "b", "c", "d"])
    assert [problem.split(" of ")[0] for problem in found] == [
        f"Secret that is not a text: {name}" for name in ("a", "b", "d")
    ]
    assert HOOK not in "".join(found)


def test_what_a_failing_command_said_is_shown_without_secrets(program: Path, tmp_path: Path) -> None:
    """Neither what the environment, a source before it or its own answer holds, nor in base64; only its last lines."""
    program.write_text(json.dumps({"hook": HOOK}), "utf-8")
    words = f"{HOOK} from-the-env from-the-file $(printf from-the-env | base64)"
    line = f"cat '{program}'; seq 30 >&2; echo denied: {words} >&2; exit 3"
    sources = (dotenv(tmp_path, F="from-the-file"), Source("exec", line))
    (problem,) = told(*sources, names=["hook"], environ={"HMSPLAN_SECRET_E": "from-the-env"})
    head, _, said = problem.partition("It said:\n")
    assert "ended with exit code 3" in head
    assert said.splitlines()[-1] == "  | denied: " + " ".join(["(sensitive value)"] * 4)
    assert len(said.splitlines()) == 10


def test_a_program_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Program not found: exec:no-such-program" in told(Source("exec", "no-such-program"), names=["a"])[0]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs the program sops" in told(Source("sops", "s.yaml"), names=["a"])[0]


def test_a_command_that_a_signal_ended_is_told() -> None:
    assert "ended by signal 9" in told(Source("exec", "kill -9 $$"), names=["a"])[0]


def test_a_command_that_does_not_answer_is_stopped(tmp_path: Path) -> None:
    """Also when something that it started still holds its streams."""
    late = tmp_path / "late"
    line = f"(sleep 30; touch '{late}') & sleep 30; echo done"
    (problem,) = told(Source("exec", line), names=["a"], timeout_s=0.2)
    assert problem.startswith("Secret source timed out: ")
    assert "within 0.2 s" in problem
    assert not late.exists()


def test_one_source_that_fails_stops_no_other(program: Path) -> None:
    """Every problem is told at once, and what the others have is there."""
    sources = [Source("exec", "exit 1"), Source("dotenv", "/none.env"), command(program, {"a": "x"})]
    answers, problems = ask(sources, ["a"], {})
    assert [problem.summary for problem in problems] == ["Secret source failed", "Unreadable file"]
    assert [answer.values for answer in answers] == [{"HMSPLAN_SECRET_A": "x"}]


def test_a_command_gets_neither_our_key_nor_other_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HMS_SOVEREIGN_API_KEY", "HMSPLAN_FINGERPRINT_KEY", "HMSPLAN_SECRET_B"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("VAULT_TOKEN", "t")
    script = tmp_path / "script.py"
    script.write_text("import json, os\nprint(json.dumps({'a': ' '.join(sorted(os.environ))}))\n", "utf-8")
    (answer,), problems = ask([Source("exec", f"'{sys.executable}' '{script}'")], ["a"], {})
    assert problems == []
    seen = answer.values["HMSPLAN_SECRET_A"].split()
    assert "VAULT_TOKEN" in seen
    assert not {"HMS_SOVEREIGN_API_KEY", "HMSPLAN_FINGERPRINT_KEY", "HMSPLAN_SECRET_B"} & set(seen)


# SOPS


@pytest.fixture
def sops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program on PATH that takes and gives what sops documents, and return the file that it "decrypts"."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "sops"
    script.write_text(
        f"""#!/bin/sh
echo "$@" >> '{tmp_path}/called'
test "$1 $2 $3" = "--decrypt --output-type json" || {{ echo "unknown option" >&2; exit 1; }}
cat "$4" || {{ echo "Error reading file" >&2; exit 100; }}
""",
        "utf-8",
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return tmp_path / "secrets.enc.yaml"


def test_sops_gives_what_a_dotenv_file_would(sops: Path) -> None:
    """Under the same keys, the key of the fingerprints too; other values of the file need not be texts."""
    sops.write_text(
        '{"hook": "h", "SIP": "s", "HMSPLAN_FINGERPRINT_KEY": "k", "port": 5, "nested": {"a": "b"}}', "utf-8"
    )
    (answer,), problems = ask([Source("sops", str(sops))], ["hook", "sip"], {})
    assert problems == []
    assert answer == Answer(f"sops:{sops}", {"hook": "h", "SIP": "s", "HMSPLAN_FINGERPRINT_KEY": "k"})


def test_sops_is_asked_for_the_fingerprint_key_alone(sops: Path) -> None:
    """When the environment has all secrets and not that; otherwise it is not run."""
    sops.write_text('{"HMSPLAN_FINGERPRINT_KEY": "k"}', "utf-8")
    environ = {"HMSPLAN_SECRET_A": "x"}
    (answer,), _ = ask([Source("sops", str(sops))], ["a"], environ)
    assert answer.values == {"HMSPLAN_FINGERPRINT_KEY": "k"}
    assert ask([Source("sops", str(sops))], ["a"], {**environ, "HMSPLAN_FINGERPRINT_KEY": "k"}) == ([], [])
    assert len((sops.parent / "called").read_text("utf-8").splitlines()) == 1


def test_what_sops_says_is_shown(sops: Path) -> None:
    (problem,) = told(Source("sops", str(sops.with_name("none.yaml"))), names=["a"])
    assert "exit code 100" in problem
    assert "  | Error reading file" in problem
    sops.write_text('{"A": 5, "b": true}', "utf-8")
    assert len(told(Source("sops", str(sops)), names=["a", "b", "c"])) == 2


@pytest.mark.system
@pytest.mark.skipif(shutil.which("sops") is None or shutil.which("age-keygen") is None, reason="no sops, or no age")
@pytest.mark.parametrize(
    ("ending", "text"),
    [("yaml", f"hook: {HOOK}\nport: 5\n"), ("json", json.dumps({"hook": HOOK, "port": 5})), ("env", f"HOOK={HOOK}\n")],
)
def test_the_real_sops_decrypts_with_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, text: str
) -> None:
    key = tmp_path / "key.txt"
    subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
    public = key.read_text("utf-8").partition("public key: ")[2].split()[0]
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key))
    file = tmp_path / f"secrets.{ending}"
    file.write_text(text, "utf-8")
    subprocess.run(["sops", "--encrypt", "--in-place", "--age", public, file], check=True)
    assert HOOK not in file.read_text("utf-8")
    (answer,), problems = ask([Source("sops", str(file))], ["hook"], {})
    assert problems == []
    assert answer.values[str(answer.key_of("hook"))] == HOOK

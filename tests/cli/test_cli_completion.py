"""Completion: what is offered where, at once and never with a word too many, and in the real shells."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmsplan.cli.completing import offers

from .helpers import Cli, environment, process, write

if TYPE_CHECKING:
    from collections.abc import Mapping

BIN = Path(sys.executable).parent
FLOW = "numbers: {night: {phone_number: +31850000002}, day: {phone_number: +31850000003}}\n"


@pytest.fixture
def there(stack: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a stack with two environments, a broken file, a saved plan and a snapshot."""
    monkeypatch.chdir(stack)
    write(stack, {"environments/production.yaml": "", "environments/staging.yml": "", "b/flow.yaml": FLOW})
    cli.ok("-e", "staging", "--emulator", "plan", "-o", "week.plan")
    write(stack, {"broken.yaml": "assistants: [", "notes.txt": "hello", "sub/x.txt": ""})
    return stack


def offered(*words: str) -> list[str]:
    return [offer.text for offer in offers(words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("dr",), ["drift"]),
        (("state", "m"), ["migrate", "mv"]),
        (("-e", "staging", "pl"), ["plan"]),
        (("plan", "-e", ""), ["production", "staging"]),
        (("plan", "--env=s"), ["--env=staging"]),
        (("plan", "--target", "num"), ["numbers.day", "numbers.main", "numbers.night"]),
        (("plan", "--exclude=assistants."), ["--exclude=assistants.support"]),
        (("apply", "--allow", "re"), ["replace:", "recall:"]),
        (("apply", "--allow", "delete:numbers.m"), ["delete:numbers.main"]),
        (("apply", "--allow=delete:numbers.m"), ["--allow=delete:numbers.main"]),
        (("apply", ""), ["b/", "environments/", "sub/", "week.plan"]),
        (("apply", "sub/"), ["sub/x.txt"]),
        (("plan", "--format", "m"), ["markdown"]),
        (("plan", "--det"), ["--detailed-exitcode"]),
        (("state", "mv", "numbers.main", "assistants.s"), ["assistants.support"]),
        (("state", "show", "numbers.main", ""), ["assistants.support", "numbers.day", "numbers.main", "numbers.night"]),
        (("help", "gr"), ["graph"]),
        (("completion", "po"), ["powershell"]),
        (("plan", "--var", ""), []),
        (("no-such-command", "x"), []),
        (("plan", "-C", "no-such-folder", "-e", ""), []),
    ],
)
@pytest.mark.usefixtures("there")
def test_what_is_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


@pytest.mark.usefixtures("there")
def test_what_the_state_binds_is_offered_too(cli: Cli) -> None:
    Path("broken.yaml").unlink()
    cli.ok("-e", "staging", "--emulator", "apply", "-y")
    Path("n.yaml").unlink()
    assert "numbers.main" in offered("-e", "staging", "plan", "--target", "")
    assert "numbers.main" not in offered("-e", "production", "plan", "--target", "")


@pytest.mark.parametrize(
    "words", ["hmsplan\nplan\n--target\n", "hmsplan\n", "hmsplan\nplan\n--allow\n'del", "", "x\n'"]
)
def test_nothing_heavy_is_imported_and_nothing_is_said_of_a_failure(words: str, tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "assistants: {a: {", "b.yaml": "\x00", ".hmsplan/default/state.json": "{"})
    code = f"import os, sys; os.chdir({str(tmp_path)!r}); leave = os._exit; "
    code += "os._exit = lambda code: [print('|', *sys.modules, flush=True), leave(code)]; "
    result = process(code=code + "from hmsplan.cli import main; main()", _HMSPLAN_COMPLETE="zsh", _HMSPLAN_WORDS=words)
    assert (result.code, result.err) == (0, "")
    loaded = set(result.out.partition("|")[2].split())
    assert loaded
    assert not loaded & {"httpx", "click", "rich", "asyncio", "hmsplan.model", "hmsplan.kinds", "jsonschema_rs"}


def in_shell(shell: str, args: list[str], setup: str, line: str) -> str:
    """Type *line* and TAB in a real shell on a terminal; return the line as it stands then."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed; scripts/system.sh installs it")
    env: Mapping[str, str] = environment(
        PATH=f"{BIN}:{os.environ['PATH']}", TERM="xterm", PS1="$ ", HOME=str(Path.cwd())
    )
    ours, theirs = pty.openpty()
    typed = f"{setup}\n{line}\t\x01echo 'RESULT:\x05'\nexit\n".encode()
    with subprocess.Popen([path, *args], stdin=theirs, stdout=theirs, stderr=theirs, env=dict(env)) as running:
        os.close(theirs)
        written = b""
        os.write(ours, typed)
        while select.select([ours], [], [], 60)[0]:
            try:
                piece = os.read(ours, 65_536)
            except OSError:
                break
            written += piece
            if not piece:
                break
        running.kill()
    os.close(ours)
    found = [part for part in written.decode(errors="replace").splitlines() if part.startswith("RESULT:")]
    assert found, written.decode(errors="replace")
    return found[-1].removeprefix("RESULT:")


LINES = [
    ("hmsplan dri", "hmsplan drift "),
    ("hmsplan plan -e prod", "hmsplan plan -e production "),
    ("hmsplan plan --target assistants.s", "hmsplan plan --target assistants.support "),
    ("hmsplan apply --allow del", "hmsplan apply --allow delete:"),
    ("hmsplan apply --allow delete:numbers.m", "hmsplan apply --allow delete:numbers.main "),
    ("hmsplan apply --allow=delete:numbers.m", "hmsplan apply --allow=delete:numbers.main "),
    ("hmsplan show we", "hmsplan show week.plan "),
    ("hmsplan show su", "hmsplan show sub/"),
]


@pytest.mark.parametrize(("line", "completed"), LINES)
@pytest.mark.usefixtures("there")
def test_bash_completes(line: str, completed: str) -> None:
    setup = 'eval "$(hmsplan completion bash)"'
    assert in_shell("bash", ["--norc", "--noprofile", "-i"], setup, line) == completed


@pytest.mark.parametrize(("line", "completed"), LINES)
@pytest.mark.usefixtures("there")
def test_zsh_completes(line: str, completed: str) -> None:
    setup = 'autoload -Uz compinit; compinit -D; eval "$(hmsplan completion zsh)"'
    assert in_shell("zsh", ["-f", "-i"], setup, line).rstrip() == completed.rstrip()  # zsh takes its space back


@pytest.mark.parametrize(("line", "completed"), LINES)
@pytest.mark.usefixtures("there")
def test_fish_completes(line: str, completed: str) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("fish is not installed; scripts/system.sh installs it")
    asked = f"hmsplan completion fish | source; complete -C {line!r}"
    env = environment(PATH=f"{BIN}:{os.environ['PATH']}", HOME=str(Path.cwd()))
    done = subprocess.run([fish, "-N", "-c", asked], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert completed.rsplit(maxsplit=1)[-1] in [each.partition("\t")[0] for each in done.stdout.splitlines()], done


def test_powershell_is_asked_as_it_answers(cli: Cli) -> None:
    """Its script hands on what the others do; it runs where pwsh is installed."""
    script = cli.ok("completion", "powershell")
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        assert all(
            word in script for word in ("_HMSPLAN_COMPLETE", "_HMSPLAN_WORDS", '-split "`t", 2', "CompletionResult")
        )
        pytest.skip("pwsh is not installed; only the text was looked at")
    asked = f"{script}\n(TabExpansion2 'hmsplan dri' 11).CompletionMatches.CompletionText"
    env = environment(PATH=f"{BIN}:{os.environ['PATH']}")
    done = subprocess.run([pwsh, "-c", asked], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["drift"], done

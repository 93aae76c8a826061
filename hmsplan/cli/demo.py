"""``hmsplan demo``: the whole round on the example stack, with the real commands against the embedded emulator."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hmsplan.cli import embedded
from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import color, complain, out
from hmsplan.config import schema
from hmsplan.errors import HmsplanError
from hmsplan.secrets.sources import read_secrets_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.cli.options import Globals

ENVIRONMENT: Final = "staging"
SECRETS: Final = "secrets.example.env"
PAUSE_S: Final = 1.5
CHANGES: Final = 2
GREETING: Final = "Goedemorgen, met Balie. Wat kan ik voor u doen?"


@dataclass(frozen=True, slots=True)
class Scene:
    """One command.

    Attributes:
        words: said before it.
        code: the exit code that it has to end with.
        meaning: of that code; "" when it goes without saying.
        head: how many lines are shown of the beginning of a long output, *tail* of its end.
    """

    words: str
    command: str
    code: int = 0
    meaning: str = ""
    head: int = 24
    tail: int = 14


FIRST: Final = (
    Scene("The files are checked without network, key or secrets.", "validate"),
    Scene(
        "What would change? Nothing exists yet, so everything is created.",
        "plan --detailed-exitcode",
        CHANGES,
        "there are changes",
    ),
    Scene("Do it. In CI, apply takes the plan that was reviewed.", "apply -y", head=0),
    Scene("Once more: a second plan is empty.", "plan --detailed-exitcode", meaning="nothing to do"),
)
SECOND: Final = (
    Scene("At night, drift says what changed since.", "drift --detailed-exitcode", CHANGES, "there is drift"),
    Scene("How would git put it right?", "plan --detailed-exitcode", CHANGES, "there are changes", 36, 3),
    Scene("Either take the change into the YAML, or back, as here.", "apply -y", head=0, tail=5),
    Scene("Git and the platform agree again.", "plan --detailed-exitcode", meaning="nothing to do"),
)


@click.command("demo", cls=Command)
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Play in DIR, and keep it."
)
@click.option("--fast", is_flag=True, help="Do not pause between two commands.")
@click.pass_obj
def demo_command(options: Globals, keep: Path | None, fast: bool) -> int:
    """Play the whole round on the example stack: plan, apply, a change in the dashboard, drift, repair.

    The commands are the real ones and the API is an emulator on this machine: no key, no network, no question.
    """
    with contextlib.ExitStack() as closing:
        root = _kept(keep) if keep else Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="hmsplan-demo-")))
        shutil.copytree(example(), root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".hmsplan"))
        closing.enter_context(contextlib.chdir(root))
        closing.enter_context(_environment(_settings(options)))
        pause_s = 0.0 if fast or not sys.stdout.isatty() else PAUSE_S
        if not _play(Stage(colored=color(options.color), pause_s=pause_s), root):
            return 1
    _tell_next(keep)
    return 0


def example() -> Path:
    """Return the example stack: inside an installed package, or beside it in a checkout."""
    package = Path(schema.__file__).resolve().parents[1]
    found = next(
        (at / "examples" / "stack" for at in (package, package.parent) if (at / "examples" / "stack").is_dir()), None
    )
    if found is None:
        raise HmsplanError("the example stack did not come with this installation", summary="No demo")
    return found


def _kept(folder: Path) -> Path:
    if folder.exists() and any(folder.iterdir()):
        raise HmsplanError(f"{folder} is not empty. Name a new folder.", summary="No demo")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def _settings(options: Globals) -> dict[str, str]:
    shown = {"FORCE_COLOR": "1"} if color(options.color) else {"NO_COLOR": "1"}
    secrets = read_secrets_file(Path(SECRETS).read_text("utf-8"), SECRETS)
    return {"HMSPLAN_ENV": ENVIRONMENT, **secrets, **shown}


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Hide the user's own settings, above all key and state, while the demo plays."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("HMS_", "HMSPLAN_")) or name in {"FORCE_COLOR", "NO_COLOR"}:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the demo is told."""

    colored: bool
    pause_s: float

    def say(self, words: str) -> None:
        """Tell what comes next, as a comment of the shell."""
        out("\n" + self._styled(f"# {words}", fg="cyan"))
        time.sleep(self.pause_s)

    def type(self, line: str) -> None:
        """Show a command line."""
        out(self._styled(f"$ {line}", bold=True))

    def show(self, text: str, head: int, tail: int) -> None:
        """Print what a command printed, the middle of much left out."""
        lines = text.rstrip("\n").split("\n")
        if len(lines) > head + tail + 1:
            left_out = self._styled(f"  … {len(lines) - head - tail} more lines …", dim=True)
            lines = [*lines[:head], left_out, *lines[-tail:]]
        out("\n".join(lines))

    def note(self, text: str) -> None:
        """Add what a shell does not show."""
        out(self._styled(f"[{text}]", dim=True))

    def _styled(self, text: str, *, fg: str | None = None, bold: bool | None = None, dim: bool | None = None) -> str:
        return click.style(text, fg=fg, bold=bold, dim=dim) if self.colored else text


def _play(stage: Stage, root: Path) -> bool:
    stage.say("A dental practice in Utrecht: two assistants, two phone numbers, a SIP trunk.")
    stage.type(f"cd {root}")
    stage.type(f"export HMSPLAN_ENV={ENVIRONMENT}")
    stage.type(f"set -a; . ./{SECRETS}; set +a")
    if not all(_perform(stage, scene) for scene in FIRST):
        return False
    stage.say("Now somebody changes a greeting in the dashboard, and unplugs a number.")
    _meddle(embedded.database(root, ENVIRONMENT))
    return all(_perform(stage, scene) for scene in SECOND)


def _perform(stage: Stage, scene: Scene) -> bool:
    """Run one command for real; say whether it ended as it should."""
    from hmsplan.cli import run  # noqa: PLC0415 -- it imports us

    stage.say(scene.words)
    stage.type(f"hmsplan --emulator {scene.command}")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = run(["--emulator", *scene.command.split()])
    stage.show(printed.getvalue(), scene.head, scene.tail)
    if code == scene.code:
        if scene.meaning:
            stage.note(f"exit code {code}: {scene.meaning}")
        return True
    complain(f"\nError: The demo went wrong\n  hmsplan {scene.command} ended with {code}, not with {scene.code}.")
    return False


def _meddle(database: Path) -> None:
    """Do what people do in the dashboard, past hmsplan."""
    from hmsplan.emulator import Emulator  # noqa: PLC0415 -- an extra; the commands before have told if it is missing

    emulator = Emulator(database)
    try:
        assistant = next(a for a in emulator.all("assistants", key=embedded.KEY) if a["name"] == "Balie")
        emulator.edit("assistants", assistant["id"], {"first_message": GREETING})
        number = next(n for n in emulator.all("numbers", key=embedded.KEY) if n["agent_id"] != assistant["id"])
        emulator.edit("numbers", number["id"], {"agent_id": None})
    finally:
        emulator.close()


def _tell_next(keep: Path | None) -> None:
    out("\nThat was the whole round. What to try next:\n")
    if keep:
        out(f"  cd {keep}, change a sentence in prompts/balie.md, and plan again")
    else:
        out("  hmsplan demo --keep DIR    the same, in a folder that you can change and plan")
    out("  hmsplan init DIR           a small stack of your own")
    out("  hmsplan export DIR         YAML for an organization that exists already")

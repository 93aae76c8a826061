"""``hmsplan demo``: the whole round on the example stack, with the real commands against the embedded emulator."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from hmsplan.cli import embedded
from hmsplan.cli.parsing import Command
from hmsplan.cli.schema import write_schemas
from hmsplan.cli.terminal import color, complain, out, width
from hmsplan.config import schema
from hmsplan.config.confined import Folder
from hmsplan.errors import HmsplanError
from hmsplan.secrets.answers import read_secrets_file

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals

ENVIRONMENT: Final = "staging"
SECRETS: Final = "secrets.example.env"
PAUSE_S: Final = 1.5
CHANGES: Final = 2
GREETING: Final = "Goedemorgen, met Balie. Wat kan ik voor u doen?"
PROGRAM: Final = (sys.executable, "-m", "hmsplan.cli", "--emulator")


class Scene(NamedTuple):
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
NEXT: Final = """
That was the whole round. What to try next:

  {first}
  hmsplan init DIR           a small stack of your own
  hmsplan export DIR         YAML for an organization that exists already"""

AGAIN: Final = "hmsplan demo --keep DIR    the same, in a folder that you can change and plan"
PLAN: Final = f"""cd {{folder}}
  hmsplan --emulator -e {ENVIRONMENT} --secrets-file {SECRETS} plan
                             once you have changed a sentence in prompts/balie.md"""


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
    with ExitStack() as closing:
        root = _kept(keep) if keep else Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="hmsplan-demo-")))
        shutil.copytree(example(), root, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".hmsplan"))
        if keep:
            write_schemas(Folder(str(root)))  # those that the files name lie beside the example
        pause_s = 0.0 if fast or not sys.stdout.isatty() else PAUSE_S
        if not _play(root, colored=color(options.color), pause_s=pause_s):
            return 1
    out(NEXT.format(first=AGAIN if keep is None else PLAN.format(folder=shlex.quote(str(keep)))))
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


def _environment(root: Path, *, colored: bool) -> dict[str, str]:
    """Return the variables of each command: the user's own settings, above all key and state, are not among them."""
    hidden = ("HMS_", "HMSPLAN_", "FORCE_COLOR", "NO_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    secrets = read_secrets_file((root / SECRETS).read_text("utf-8"), SECRETS)
    ours = {"HMSPLAN_ENV": ENVIRONMENT, "COLUMNS": str(width()), "FORCE_COLOR" if colored else "NO_COLOR": "1"}
    return {**kept, **secrets, **ours}


def _play(root: Path, *, colored: bool, pause_s: float) -> bool:
    """Tell the story; say whether each command ended as it should."""
    environment = _environment(root, colored=colored)

    def show(text: str, **style: Any) -> None:
        out(click.style(text, **style) if colored else text)

    def perform(scene: Scene) -> bool:
        show(f"\n# {scene.words}", fg="cyan")
        time.sleep(pause_s)
        show(f"$ hmsplan --emulator {scene.command}", bold=True)
        words = [*PROGRAM, *scene.command.split()]
        ended = subprocess.run(words, cwd=root, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=False)  # noqa: S603 -- ours
        lines = ended.stdout.rstrip("\n").split("\n")
        if (left_out := len(lines) - scene.head - scene.tail) > 1:
            lines[scene.head : -scene.tail] = [f"  … {left_out} more lines …"]
        show("\n".join(lines))
        if ended.returncode != scene.code:
            why = f"hmsplan {scene.command} ended with {ended.returncode}, not with {scene.code}."
            complain(f"\nError: The demo went wrong\n  {why}")
        elif scene.meaning:
            show(f"[exit code {scene.code}: {scene.meaning}]", dim=True)
        return ended.returncode == scene.code

    show("\n# A dental practice in Utrecht: two assistants, two phone numbers, a SIP trunk.", fg="cyan")
    show(f"$ cd {root}\n$ export HMSPLAN_ENV={ENVIRONMENT}\n$ set -a; . ./{SECRETS}; set +a", bold=True)
    if not all(map(perform, FIRST)):
        return False
    show("\n# Now a greeting is changed in the dashboard, and a number is unplugged.", fg="cyan")
    time.sleep(pause_s)
    _meddle(embedded.database(root, ENVIRONMENT))
    return all(map(perform, SECOND))


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

"""Draw docs/plan.svg: a real plan of the example practice, made on the emulator, in the colours of the terminal.

Run it after a change of the text plan: ``.venv/bin/python docs/screenshot.py``.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hmsplan.cli.options import Globals
from hmsplan.cli.plan import plan_now
from hmsplan.cli.root import run
from hmsplan.cli.session import open_workspace
from hmsplan.output.text import render_plan
from hmsplan.planner.planner import Options

HERE = Path(__file__).parent
WIDTH = 92
EDITS = {
    "prompts/balie.md": (
        "- Zeg per beurt hooguit twee korte zinnen en stel één vraag tegelijk.",
        "- Zeg per beurt hooguit twee korte zinnen, stel één vraag tegelijk en wacht op het antwoord.",
    ),
    "telephony/sip_trunks.yaml": ("transport: tls", "transport: tcp"),
    "campaigns/recall.yaml": ("status: draft", "status: scheduled"),
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "practice")
        shutil.copytree(HERE.parent / "examples" / "stack", root, ignore=shutil.ignore_patterns(".hmsplan"))
        secrets = root / "secrets.example.env"
        secrets.chmod(0o600)
        os.environ["HMSPLAN_FINGERPRINT_KEY"] = "a key for this picture, of 32 signs"
        common = ["-C", str(root), "-e", "production", "--emulator", "--secrets-file", str(secrets)]
        if run([*common, "apply", "-y"]) != 0:
            raise SystemExit("the example could not be applied")
        for name, (old, new) in EDITS.items():
            text = (root / name).read_text(encoding="utf-8")
            if old not in text:
                raise SystemExit(f"{name} has changed: {old!r} is not in it")
            (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        options = Globals(directory=root, environment="production", emulator=True, secrets_file=secrets)
        plan = asyncio.run(plan_now(options, open_workspace(options, need_secrets=True), Options()))
    console = Console(record=True, width=WIDTH, force_terminal=True, color_system="truecolor", file=io.StringIO())
    console.print(Text.from_ansi(render_plan(plan, width=WIDTH, color=True)))
    drawn = console.export_svg(title="hmsplan plan", unique_id="plan")
    local = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # a picture that asks nobody for a font
    (HERE / "plan.svg").write_text(local, encoding="utf-8")


if __name__ == "__main__":
    main()

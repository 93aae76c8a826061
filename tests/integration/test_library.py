"""hmsplan as a library: the example of its guide, word for word, in a process of its own against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from hmsplan.emulator import Emulator, running

GUIDE = Path(__file__).parents[2] / "docs" / "library.md"


def test_the_example_of_the_guide_plans_applies_and_finds_no_drift(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    (tmp_path / "example.py").write_text(found[1], "utf-8")
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "hmsplan.yaml").write_text("version: 1\nstack: small\n")
    (tmp_path / "stack" / "trunks.yaml").write_text(
        "sip_trunks: {main: {name: Main, provider: custom, address: sip.example.com}}\n"
    )
    emulator = Emulator()
    try:
        with running(emulator) as url:
            environ = {**os.environ, "HMS_SOVEREIGN_API_KEY": "fl_test_key", "HMS_SOVEREIGN_BASE_URL": url}
            done = subprocess.run(
                [sys.executable, "example.py"],
                cwd=tmp_path,
                env=environ,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
    finally:
        emulator.close()
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["create sip_trunks.main", "done sip_trunks.main:create ", "0 objects drifted"]

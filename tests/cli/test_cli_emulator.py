"""What ``hmsplan emulator`` says when it listens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hmsplan.cli import embedded


@pytest.mark.parametrize(("of_a_stack", "key"), [(True, embedded.KEY), (False, "fl_test")])
def test_the_key_that_opens_the_data_is_printed(tmp_path: Path, of_a_stack: bool, key: str) -> None:
    file = embedded.database(tmp_path, "default") if of_a_stack else tmp_path / "default" / "emulator.db"
    file.parent.mkdir(parents=True)
    command = [str(Path(sys.executable).with_name("hmsplan")), "emulator", "--port", "0", "--db", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        line = next(line for line in server.stdout if "API_KEY" in line)
        server.terminate()
    assert line.strip() == f"export HMS_SOVEREIGN_API_KEY={key}"

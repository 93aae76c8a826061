"""``hmsplan:`` of the stack file: which versions of this tool may read the stack."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet
from support.writing import STACK, load, problems, write

from hmsplan import __version__
from hmsplan.config.load import choose_environment, load_settings
from hmsplan.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "pin", [f"=={__version__}", f">={__version__},<99", f" ~= {__version__} ", "<99", ">=0.0.dev1"]
)
def test_a_version_that_is_allowed_reads_the_stack(tmp_path: Path, pin: str) -> None:
    assert load(tmp_path, {"hmsplan.yaml": f'{STACK}hmsplan: "{pin}"\n'}).name == "acme"


@pytest.mark.parametrize(
    "pin", [">=99", f"!={__version__}", f"<{__version__}", ">=99.1,<99.2", f"==99.*,!={__version__}"]
)
def test_another_version_says_both_and_what_to_type(tmp_path: Path, pin: str) -> None:
    """What is to be typed gives pip the very same versions, whatever the shell makes of the characters in it."""
    (problem,) = problems(tmp_path, {"hmsplan.yaml": f'{STACK}hmsplan: "{pin}"\n'})
    assert problem.summary == "Another version of hmsplan"
    assert f"This is hmsplan {__version__}," in problem.detail
    assert f"is for {pin}:" in problem.detail
    assert str(problem.source) == "hmsplan.yaml:3:10"
    typed = next(line for line in problem.detail.splitlines() if "pip install" in line).strip()
    words = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\n' {typed}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert words[:2] == ["pip", "install"]
    (requirement,) = words[2:]
    assert SpecifierSet(requirement.removeprefix("hmsplan")) == SpecifierSet(pin)


def test_it_is_told_before_all_that_could_fail_because_of_it(tmp_path: Path) -> None:
    """An unknown key, another format, a field of a later version, a broken file: the version alone is told."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": 'version: 2\nstack: acme\nlater: {}\nhmsplan: ">=99"\ndefault_environment: nowhere\n',
        "a.yaml": "assistants: {a: {later: 1}\n",
        "environments/live.yaml": "later: 1\n",
    }
    (problem,) = problems(tmp_path, files, secrets_file=tmp_path / "missing.env")
    assert problem.summary == "Another version of hmsplan"


def test_commands_that_read_the_stack_file_alone_refuse_it_too(tmp_path: Path) -> None:
    """Those of the state, and fmt."""
    write(tmp_path, {"hmsplan.yaml": f'{STACK}hmsplan: ">=99"\n'})
    for read in (load_settings, choose_environment):
        with pytest.raises(ConfigError, match=re.escape(">=99")) as caught:
            read(tmp_path)
        assert caught.value.exit_code == 3


def test_a_stack_without_a_pin_does_not_load_packaging(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "assistants: {a: {name: A}}\n"})
    code = (
        "import sys; from pathlib import Path; from hmsplan.config.load import load_stack;"
        "load_stack(Path(sys.argv[1]));"
        "sys.exit('packaging' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

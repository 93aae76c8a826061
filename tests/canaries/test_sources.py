"""Secrets from each source of ``--secrets``: no command shows one, and no file holds one, also when a source fails."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

import pytest

from canaries import rig
from canaries.leaks import found_below

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Rig

COMMANDS = (
    ("validate", "--json"),
    ("plan", "-o", "saved.json"),
    ("plan", "--format", "json"),
    ("plan", "--format", "markdown"),
    ("apply", "-y"),
    ("plan", "--resend", "*"),
    ("drift", "--json"),
    ("show", "saved.json"),
    ("graph",),
    ("doctor",),
    ("snapshot", "-o", "picture.json"),
    ("state", "pull"),
)


@pytest.fixture(params=["dotenv", "exec", "sops"])
def source(request: pytest.FixtureRequest, told: Rig, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """Take all secrets out of the environment and the secrets file; return a source that has them, and its file."""
    for name in rig.SECRETS:
        monkeypatch.delenv(f"HMSPLAN_SECRET_{name.upper()}", raising=False)
    file = told.root / "kept.env"
    if request.param == "dotenv":
        told.secrets_file.rename(file)
        text = file.read_text("utf-8")
        for name, each in list(rig.SECRETS.items())[1::2]:
            text += f"{name.upper()}='{each.value.replace(chr(92), chr(92) * 2)}'\n"
        file.write_text(text, "utf-8")
    else:
        file.write_text(json.dumps({name: each.value for name, each in rig.SECRETS.items()}), "utf-8")
    told.secrets_file.write_text("", "utf-8")
    told.secrets_file.chmod(0o600)
    place = {"exec": f"cat {shlex.quote(str(file))}"}.get(request.param, str(file))
    folder = told.root / "bin"
    folder.mkdir()
    (folder / "sops").write_text('#!/bin/sh\ncat "$4"\n', "utf-8")
    (folder / "sops").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return f"{request.param}:{place}", file


def test_no_command_shows_or_keeps_a_secret_of_a_source(
    told: Rig, source: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named on the command line or in the variable."""
    given, file = source
    monkeypatch.setenv("HMSPLAN_SECRETS", given)
    for words in COMMANDS:
        told.run(*words, code=None if words[0] in {"doctor", "drift"} else 0)
    told.run("plan", "--secrets", given)
    assert found_below(told.root, rig.ALL, apart_from=[told.secrets_file, file]) == []


@pytest.mark.parametrize("code", [0, 1])
def test_a_source_that_fails_shows_no_secret(told: Rig, source: tuple[str, Path], code: int) -> None:
    """It tells all it knows on stderr, and answers it too, or answers something else than an object."""
    _, file = source
    raw = json.dumps({name: each.value for name, each in rig.SECRETS.items()})
    file.write_text(f"{raw}{']' if code == 0 else ''}\n", "utf-8")
    place = shlex.quote(str(file))
    values = [shlex.quote(each.value) for each in rig.SECRETS.values()]
    line = f"cat {place}; cat {place} >&2; printf '%s\\n' {' '.join(values)} >&2; exit {code}"
    script = told.root / "tells.sh"
    script.write_text(line, "utf-8")
    said = told.run("plan", "--secrets", f"exec:sh {shlex.quote(str(script))}", code=3)
    assert ("Unreadable answer" if code == 0 else "(sensitive value)") in said
    assert found_below(told.root, rig.ALL, apart_from=[told.secrets_file, file, script]) == []

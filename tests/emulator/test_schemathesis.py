"""Schemathesis against the real server: generated requests, good and bad, and everything it knows to check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator, Settings, running

from . import openapi
from .helpers import KEY

if TYPE_CHECKING:
    from pathlib import Path


EXAMPLES = int(os.environ.get("HMSPLAN_SCHEMATHESIS_EXAMPLES", "4"))
"""Requests generated an operation; a release run takes a hundred, with every phase for every operation."""

LARGE = "^/(assistants|agents|workflows|calls/outbound)"
"""Operations with bodies so large that all their boundaries take minutes; their phases are a long run's."""

REFUSING = (
    # Rules that the document states in words: between fields, with other objects, with the catalog.
    *("POST /assistants", "PATCH /assistants/{id}", "POST /agents", "PATCH /agents/{id}", "POST /calls/outbound"),
    *("POST /workflows", "PATCH /workflows/{id}", "POST /tool-templates", "PATCH /tool-templates/{id}"),
    *("POST /mcp-servers", "PATCH /mcp-servers/{id}", "PATCH /organizations", "POST /byok/config"),
    *("POST /campaigns", "PATCH /campaigns/{id}", "POST /calls/{id}/control"),
    *("POST /domains", "POST /domains/sync", "POST /domains/verify", "POST /domains/refresh"),
    # Formats of nullable fields, which the generator leaves out of account.
    "PATCH /numbers/{id}",
)
"""Operations that may refuse a request although it fits its schema."""


def _config() -> str:
    statuses = '["2xx", "400", "401", "402", "403", "404", "409", "5xx"]'
    return "\n".join(
        f'[[operations]]\ninclude-name = "{name}"\nchecks.positive_data_acceptance.expected-statuses = {statuses}\n'
        for name in REFUSING
    )


def _run(tmp_path: Path, *options: str) -> None:
    (tmp_path / "api.json").write_text(json.dumps(openapi.overlay()))
    (tmp_path / "schemathesis.toml").write_text(_config())
    emulator = Emulator(settings=Settings(rate_limit=None, control_limit=1_000_000))
    program = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    with running(emulator) as url:
        found = subprocess.run(
            [
                *(*program, "--config-file", "schemathesis.toml", "run", "api.json", "--url", url),
                *("--header", f"Authorization: Bearer {KEY}", "--checks", "all", "--no-color", "--seed", "1"),
                *("--max-examples", str(EXAMPLES), "--continue-on-failure", "--warnings", "off", *options),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    emulator.close()
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    _run(tmp_path, "--phases", "examples,fuzzing")


def test_schemathesis_finds_nothing_in_sequences(tmp_path: Path) -> None:
    _run(tmp_path, "--phases", "stateful")


def test_schemathesis_finds_nothing_at_the_boundaries(tmp_path: Path) -> None:
    _run(tmp_path, "--phases", "coverage", "--exclude-path-regex", LARGE)


@pytest.mark.skipif("HMSPLAN_SCHEMATHESIS_EXAMPLES" not in os.environ, reason="minutes long; a release run does it")
def test_schemathesis_finds_nothing_at_the_boundaries_of_large_bodies(tmp_path: Path) -> None:
    _run(tmp_path, "--phases", "coverage", "--include-path-regex", LARGE)

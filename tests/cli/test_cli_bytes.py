"""What a runner whose locale is Latin-1 hands over: bytes that are not UTF-8 arrive as lone surrogates."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from support.fleets import environ, key_of, write_fleet

from hmsplan.emulator import Emulator, Settings, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .helpers import Cli

ODD = "M\udcfcller"


@pytest.fixture
def url() -> Iterator[str]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        for name in ("acme", "beta"):
            made.organization(key_of(name))
        with running(made) as url:
            yield url


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    root = tmp_path / "stack"
    root.mkdir()
    (root / "hmsplan.yaml").write_text("version: 1\nstack: one\nsafety: {settle_grace: 0s}\n", "utf-8")
    (root / "desk.yaml").write_text("assistants: {desk: {name: Desk, first_message: Hello}}\n", "utf-8")
    return root


@pytest.mark.parametrize(("command", "code"), [("plan", 9), ("doctor", 1), ("apply -y", 9)])
def test_a_key_is_refused_and_not_sent(cli: Cli, stack: Path, url: str, command: str, code: int) -> None:
    words = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": f"fl_live_{ODD}"}
    refused = cli("-C", str(stack), *command.split(), **words)
    assert refused.code == code
    assert "HMS_SOVEREIGN_API_KEY holds bytes that are not UTF-8" in " ".join((refused.out + refused.err).split())


def test_a_key_of_one_member_is_its_own_trouble(cli: Cli, tmp_path: Path, url: str) -> None:
    root = write_fleet(tmp_path / "agency", ("acme", "beta"))
    keys = {**environ(("acme", "beta")), "HMS_KEY_BETA": f"fl_live_{ODD}"}
    plan = cli("-C", str(root), "fleet", "plan", "--executor", "threads", HMS_SOVEREIGN_BASE_URL=url, **keys)
    assert plan.code == 9
    assert "What HMS_KEY_BETA holds is not an API key" in " ".join(plan.out.split())
    assert "1 to add" in plan.out


@pytest.mark.parametrize("name", ["LOGNAME", "GITHUB_ACTOR", "GITHUB_SHA", "CI_JOB_URL"])
def test_who_applies_is_remembered_as_far_as_it_is_text(cli: Cli, stack: Path, url: str, name: str) -> None:
    words = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": key_of("acme"), name: ODD}
    assert cli("-C", str(stack), "apply", "-y", **words).code == 0
    assert "created assistants.desk" in cli("-C", str(stack), "history", **words).out


def test_a_risk_is_refused(cli: Cli, stack: Path, url: str) -> None:
    """It would allow nothing, and the line of this apply could not be written into the history."""
    words = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": key_of("acme")}
    refused = cli("-C", str(stack), "apply", "-y", "--allow", f"delete:assistants.{ODD}", **words)
    assert (refused.code, "is not UTF-8" in refused.err) == (1, True)


def test_names_that_git_tells_need_not_be_text(cli: Cli, stack: Path, url: str) -> None:
    person = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    for git in (
        ["init", "-q"],
        ["config", "core.quotePath", "false"],
        [*person, "commit", "-qm", "a", "--allow-empty"],
    ):
        subprocess.run(["git", "-C", str(stack), *git], check=True)
    (stack / f"{ODD}.txt").write_text("", "utf-8")
    words = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": key_of("acme")}
    assert cli("-C", str(stack), "apply", "-y", **words).code == 0

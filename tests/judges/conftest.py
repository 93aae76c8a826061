"""The plans that policies judge, made by the real commands against an emulator with a socket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from support.stacks import AFTER, BEFORE, SECRETS

from hmsplan.emulator import Emulator, Settings, running
from hmsplan.formats.plan_file import plan_to_bytes

from .outside import REPOSITORY, golden_plans, once
from .packages import Packages, build

if TYPE_CHECKING:
    from pathlib import Path

KEY: Final = "fl_test_0123456789"
EXAMPLE: Final = REPOSITORY / "examples" / "stack"
MAIN: Final = "from hmsplan.cli import main; main()"


class Organization:
    """One organization on the emulator at *url*, and the folder of the stack that describes it."""

    def __init__(self, url: str, root: Path, *options: str) -> None:
        self.url, self.root, self.options = url, root, options

    def __call__(self, *args: str) -> str:
        """Run a command that has to do its work, in a process of its own; return what it printed."""
        environ = {name: text for name, text in os.environ.items() if not name.startswith(("HMS", "GITHUB_"))}
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "-C", self.root, *self.options, *args],
            env={**environ, **SECRETS, "HMS_SOVEREIGN_API_KEY": KEY, "HMS_SOVEREIGN_BASE_URL": self.url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert done.returncode in ({0, 4} if args[0] == "plan" else {0}), done.stderr  # 4: some of it is refused
        return done.stdout

    def declare(self, resources: dict[str, Any]) -> None:
        self.root.mkdir(exist_ok=True)
        (self.root / "hmsplan.yaml").write_text("version: 1\nstack: test\nsafety: {settle_grace: 0s}\n", "utf-8")
        (self.root / "resources.yaml").write_text(json.dumps(resources), "utf-8")

    def ask(self, method: str, path: str, **fields: Any) -> Any:
        """Read or change what is live, as a person in the dashboard does."""
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = httpx.request(method, f"{self.url}{path}", json=fields or None, headers=headers, trust_env=False)
        assert answer.is_success, answer.text
        return answer.json()


def example(folder: Path, url: str) -> None:
    """Write the plans of the example: of an empty organization, and of an applied one after a few edits."""
    organization = Organization(
        url, folder / "example", "-e", "staging", "--secrets-file", str(EXAMPLE / "secrets.example.env")
    )
    shutil.copytree(EXAMPLE, organization.root)
    (folder / "example_new.json").write_text(organization("plan", "--format", "json"), "utf-8")
    organization("apply", "-y", "--allow", "*")
    prompt = organization.root / "prompts" / "balie.md"
    prompt.write_text(prompt.read_text("utf-8").replace("twee korte zinnen", "drie korte zinnen"), "utf-8")
    trunk = organization.root / "telephony" / "sip_trunks.yaml"
    trunk.write_text(trunk.read_text("utf-8").replace("transport: tls", "transport: tcp"), "utf-8")
    saved = folder / "saved.plan"
    (folder / "example_edited.json").write_text(organization("plan", "--format", "json", "-o", str(saved)), "utf-8")
    (folder / "example_shown.json").write_text(organization("show", "--format", "json", str(saved)), "utf-8")
    shutil.rmtree(organization.root)


def everything(folder: Path, url: str) -> None:
    """Write a plan with every action there is, drift, secrets and ids that nobody knows yet."""
    organization = Organization(url, folder / "everything")
    steady = {"steady": {"name": "Steady", "recording_consent": {"enabled": True, "message": "May we?"}}}
    organization.declare({**BEFORE, "assistants": {**BEFORE["assistants"], **steady}})
    organization("apply", "-y", "--allow", "*")
    (desk,) = (each["id"] for each in organization.ask("GET", "/assistants")["assistants"] if each["name"] == "Desk")
    organization.ask("PATCH", f"/assistants/{desk}", business_name="Meddled")
    organization.ask("POST", "/assistants", name="Newcomer", first_message="I was here before.")
    organization.declare({**AFTER, "assistants": {**AFTER["assistants"], **steady}, "removed": ["assistants.leaver"]})
    (folder / "everything.json").write_text(organization("plan", "--format", "json"), "utf-8")
    shutil.rmtree(organization.root)


def fill(folder: Path) -> None:
    for make in (example, everything):
        emulator = Emulator(settings=Settings(rate_limit=None))
        with running(emulator) as url:
            make(folder, url)
        emulator.close()
    for case, plan in golden_plans().items():
        (folder / f"golden_{case}.json").write_bytes(plan_to_bytes(plan))


@pytest.fixture(scope="session")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of plans in JSON: of the example, of a stack with every action, and of all golden cases."""
    return once(tmp_path_factory, "plans", fill)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the packages, ``published`` and ``local``."""
    return once(tmp_path_factory, "built", build)


@pytest.fixture(scope="session")
def packages(built: Path) -> Packages:
    """Return what ``make dist`` builds here."""
    return Packages(built / "local")

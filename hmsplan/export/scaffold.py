"""The files that ``hmsplan init`` writes: a small stack that validates and plans as it is, kept in ``templates/``."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from hmsplan.config.confined import STACK_FILE
from hmsplan.errors import HmsplanError
from hmsplan.export.editor import modeline, schema_files
from hmsplan.model import Address
from hmsplan.text.escape import plain

IGNORE: Final = ".gitignore"
AGENTS: Final = "AGENTS.md"
CI_HOSTS: Final = ("github", "gitlab")

_LONGEST_NAME: Final = 63
_TEMPLATES: Final = Path(__file__).parent / "templates"
_CI_FILES: Final = {
    "github": {
        f".github/workflows/hmsplan-{job}-<SLUG>.yml": f"github/{job}.yml" for job in ("plan", "apply", "drift")
    },
    "gitlab": {".gitlab-ci.yml": "gitlab-ci.yml"},
}
_EXTRAS: Final = "postgres,object-store"


@cache
def template(name: str) -> str:
    """Return a file of ``templates/``; what stands in ``<>`` and capitals is to be filled in."""
    return (_TEMPLATES / name).read_text("utf-8")


def create(place: Path, text: str) -> None:
    """Write a file that is not there yet, and the folders around it.

    Raises:
        HmsplanError: it is there already, or cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise HmsplanError(f"{plain(str(place))}: {error.strerror}", summary="Cannot write") from error


def stack_name(folder: str) -> str:
    """Make the name of a stack from that of its folder."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", folder).strip("-")
    return name[:_LONGEST_NAME].rstrip("-") or "my-stack"


def stack_files(name: str, *, crowded: bool) -> dict[str, str]:
    """Return path to content of a new stack.

    Args:
        name: of the stack, fit for its schema.
        crowded: the folder holds YAML files of somebody else, so resources are looked for in folders of their own.
    """
    include = template("include.yaml") if crowded else ""
    files = {
        STACK_FILE: template("hmsplan.yaml").replace("<NAME>", name).replace("<INCLUDE>", f"{include}\n"),
        "assistants/support.yaml": template("assistant.yaml"),
        "environments/production.yaml": template("environment.yaml"),
    }
    files = {path: f"{modeline(path)}\n\n{text}" for path, text in files.items()}
    return {**files, "prompts/support.md": template("prompt.md"), **schema_files([Address("assistants", "support")])}


def ci_files(host: str, environment: str, directory: str, install: str) -> dict[str, str]:
    """Return path to content of what runs hmsplan in CI; it calls nothing of ours but the package.

    Args:
        host: ``github`` or ``gitlab``.
        environment: of the stack; the deployment environments of the host are named after it.
        directory: of the stack inside its repository.
        install: what pip is to install, see ``requirement``.
    """
    name = "-".join(re.findall(r"[A-Za-z0-9_]+", f"{directory} {environment}"))
    # JSON is YAML, so whatever a folder is called stays one text; in the comments it is bare.
    quoted = {"<DIRECTORY>": directory, "<INSTALL>": install}
    fillings = {"<ENVIRONMENT>": environment, "<SLUG>": name} | {
        key: json.dumps(text, ensure_ascii=False) for key, text in quoted.items()
    }
    filled = {}
    for path, file in _CI_FILES[host].items():
        text = template(file)
        for key, value in fillings.items():
            text = text.replace(key, value)
        filled[path.replace("<SLUG>", name)] = text
    return filled


def requirement(where: str) -> str:
    """Return what pip installs, with what a shared state needs: *where* is a version, a wheel, or the URL of either."""
    if where.endswith(".whl") and "://" not in where:
        return f"{where}[{_EXTRAS}]"
    if "://" in where and "@ " not in where:
        return f"hmsplan[{_EXTRAS}] @ {where}"
    return f"hmsplan[{_EXTRAS}]=={where}" if re.fullmatch(r"\d[\w.+!-]*", where) else where

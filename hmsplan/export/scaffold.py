"""The files that ``hmsplan init`` writes: a small stack that validates and plans as it is, kept in ``templates/``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from hmsplan.config.confined import STACK_FILE
from hmsplan.errors import HmsplanError
from hmsplan.export.editor import modeline, schema_files
from hmsplan.model import Address
from hmsplan.text.escape import plain

WORKFLOW: Final = ".github/workflows/hmsplan.yml"
IGNORE: Final = ".gitignore"

_LONGEST_NAME: Final = 63
_TEMPLATES: Final = Path(__file__).parent / "templates"


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


def workflow(version: str, directory: str) -> str:
    """Return the content of a GitHub workflow.

    Args:
        version: of hmsplan, which the workflow installs.
        directory: of the stack inside its repository.
    """
    return template("workflow.yml").replace("<VERSION>", version).replace("<DIRECTORY>", directory)

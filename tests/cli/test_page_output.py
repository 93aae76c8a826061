"""The output in the pages of docs/ is what the tool prints."""

from __future__ import annotations

import re
import runpy
from typing import TYPE_CHECKING, Any

import pytest

from .helpers import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT: dict[str, Any] = runpy.run_path(str(REPOSITORY / "scripts" / "page_output.py"))
PAGES: list[Path] = SCRIPT["pages"]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_output_in_a_page_is_what_its_commands_print(page: Path, tmp_path: Path) -> None:
    """From top to bottom, on the emulator; ids, digests and times apart. `make docs` writes it again."""
    text = page.read_text("utf-8")
    assert SCRIPT["rewrite"](text, tmp_path) == text, "make docs"


def test_a_page_notices_another_output(tmp_path: Path) -> None:
    page = "<!-- run -->\n```console\n$ hmsplan --version\nanother one\n$ false\n$ echo $?\n0\n```\n"
    said: str = SCRIPT["rewrite"](page, tmp_path)
    assert re.fullmatch(
        r"<!-- run -->\n```console\n\$ hmsplan --version\n.*\d.*\n\$ false\n\$ echo \$\?\n1\n```\n", said
    )

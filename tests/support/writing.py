"""Stacks written to disk in as few words as a test can bear."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final

import pytest

from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Diagnostic, Stack

STACK: Final = "version: 1\nstack: acme\n"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write *files* below *root*, and a stack file when there is none among them."""
    for path, text in {"hmsplan.yaml": STACK, **files}.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else dedent(text).lstrip("\n").encode())
    return root


def load(root: Path, files: dict[str, str | bytes], **options: Any) -> Stack:
    """Write a stack and load it."""
    return load_stack(write(root, files), **options)


def problems(root: Path, files: dict[str, str | bytes], **options: Any) -> tuple[Diagnostic, ...]:
    """Write a stack that is wrong, and return why."""
    with pytest.raises(ConfigError) as caught:
        load(root, files, **options)
    return caught.value.diagnostics


def summaries(root: Path, files: dict[str, str | bytes], **options: Any) -> list[str]:
    """Write a stack that is wrong, and return why, in a few fixed words."""
    return [problem.summary for problem in problems(root, files, **options)]

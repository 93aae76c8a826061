"""The secrets of this run: told to GitHub, so that its log masks them, and cut out of whatever is printed.

Nothing that is printed should hold one in the first place; this is the belt to those braces.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from hmsplan.secrets.detect import hidden
from hmsplan.secrets.encodings import SHORTEST, disguises, searched
from hmsplan.text.escape import workflow_data

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

_LEAST: Final = 8  # cutting out shorter ones would garble what is printed

_hidden: dict[str, re.Pattern[str]] = {}


def hide(values: Iterable[str]) -> None:
    """Cut *values* and their disguises, and nothing else, out of what is printed from now on."""
    _hidden.clear()
    for value in values:
        if len(value) >= _LEAST and value not in _hidden:
            _hidden[value] = searched(value)


def cut(text: str) -> str:
    """Return *text* without any of the secrets, and without what looks like a credential in a URL."""
    text = hidden(text)
    for pattern in _hidden.values():
        text = pattern.sub("(sensitive value)", text)
    return text


def masks(values: Iterable[str]) -> list[str]:
    """Return the commands that have GitHub mask *values* in the log of a workflow, one a line and form, for stderr.

    The runner reads both streams for commands, and stdout belongs to the result. Where stderr goes into a file, or
    where stdout goes (``2>&1 | tee``), nothing is told: the command would put the secrets there in clear.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true" or not _reaches_the_runner():
        return []
    pieces = [line for value in values for line in (*value.splitlines(), value) if len(line) >= SHORTEST]
    told = {form: None for piece in pieces for form in disguises(piece) if "\n" not in form and "\r" not in form}
    return [f"::add-mask::{workflow_data(form)}" for form in told]


def _reaches_the_runner() -> bool:
    try:
        result, told = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # somebody catches what is printed in this process
        return False
    return not stat.S_ISREG(told.st_mode) and (result.st_dev, result.st_ino) != (told.st_dev, told.st_ino)

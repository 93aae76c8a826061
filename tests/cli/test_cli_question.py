"""What apply asks on a terminal: with the organization, the environment and the counts, right above the answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import running

from .helpers import KEY, write
from .terminals import terminal

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.emulator import Emulator


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("y", 1), ("", 1)])
def test_the_question_says_once_more_for_whom_it_is(emulator: Emulator, stack: Path, answer: str, code: int) -> None:
    write(stack, {"environments/production.yaml": ""})
    with running(emulator) as url:
        env = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": KEY}
        with terminal("-C", str(stack), "-e", "production", "apply", columns=60, **env) as shown:
            said = shown.until("Answer")
            shown.type(answer)
            assert shown.end() == code
    (name,) = re.findall(r'organization ("[^"]+")', " ".join(said.split()))
    question = " ".join(said[said.rindex("\nsmall, environment ") :].split())
    assert question.startswith(
        f"small, environment production, organization {name} {emulator.organization(key=KEY)} "
        "Plan: 2 to add, 0 to change, 0 to destroy, 0 to adopt. Do you want"
    )

"""What ``hmsplan pull --check`` says of some scenarios of tests/golden: ``pull.txt``, as 80 columns show it.

``pull.json`` is kept of the cases in ``WHOLE``.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from support.golden import ENVIRON, GOLDEN, SECRETS, expect, live_of, snapshot_of, stack_of, state_of, words_of

from hmsplan.config.confined import Folder
from hmsplan.config.load import load_stack
from hmsplan.kinds import KINDS
from hmsplan.operations.pull import Wishes, drawn
from hmsplan.output.lines import columns
from hmsplan.output.pull import pull_json, pull_text

if TYPE_CHECKING:
    from hmsplan.model import PullReport, Stack

CASES: Final = (
    "a_night_of_drift",
    "changed_on_both_sides",
    "drift_in_a_shared_place",
    "hostile_names",
    "mcp_server_header_lost",
    "no_changes",
    "renamed_in_the_dashboard",
    "workflow_edited_in_the_dashboard",
)
WHOLE: Final = ("a_night_of_drift",)


def reload(case: str, environment: str | None, instead: Any) -> Stack:
    return load_stack(
        GOLDEN / case / "stack",
        environment=environment or words_of(case).get("environment"),
        environ=ENVIRON,
        instead=instead,
    )


@cache
def report_of(case: str) -> PullReport:
    readings = stack_of(case), snapshot_of(live_of(case)), state_of(case)
    return drawn(*readings, Folder(str(GOLDEN / case / "stack")), partial(reload, case), Wishes())


def numbers(case: str) -> list[str]:
    stack = stack_of(case).resources.items()
    return [each["phone_number"] for address, r in stack if KINDS[address.kind].members for each in r.members or ()]


def as_text(case: str) -> str:
    return pull_text(report_of(case), only_checked=True, numbers=numbers(case), width=80, color=False)


def as_json(case: str) -> str:
    found = pull_json(report_of(case), numbers(case), only_checked=True)
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


KEPT: Final = [*((case, "pull.txt") for case in CASES), *((case, "pull.json") for case in WHOLE)]


@pytest.mark.parametrize(("case", "file"), KEPT)
def test_surface(case: str, file: str, update: bool) -> None:
    """A pull reads exactly as it was reviewed."""
    expect(GOLDEN / case / file, as_text(case) if file == "pull.txt" else as_json(case), update=update)


def test_no_surface_is_left_over() -> None:
    """A file that no test compares would be believed."""
    assert [file for file in GOLDEN.glob("*/pull.*") if (file.parent.name, file.name) not in KEPT] == []


@pytest.mark.parametrize("case", CASES)
def test_no_line_is_alive_and_no_secret_gets_out(case: str) -> None:
    """Lines of files are not wrapped; all others fit the terminal. No line begins as a workflow command."""
    shown = as_text(case)
    for line in shown.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
    text, _, rest = shown.partition("\n--- ")
    assert all(columns(line) <= 80 for line in text.splitlines())
    assert not [value for value in (*SECRETS.values(), "live-secret") if value in text + rest]

"""What ``hmsplan drift --unmanaged`` says of some scenarios of tests/golden, in every format.

``drift.txt`` is what 80 columns show. The other formats are kept of the cases in ``WHOLE``: ``drift.json``,
``drift.sarif`` and ``drift.junit.xml`` are for machines, ``drift.md`` is the issue that a nightly run opens,
``drift.html`` the page, ``drift.github`` the annotations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson
import pytest
from support.golden import GOLDEN, SECRETS, drift_of, expect, stack_of, without_constants
from support.pages import render_drift

from hmsplan.cli.surfaces import locator
from hmsplan.output.drift import drift_json
from hmsplan.output.drift_page import drift_page
from hmsplan.output.findings import of_drift
from hmsplan.output.github import as_annotations
from hmsplan.output.html.page import render_html
from hmsplan.output.junit import junit
from hmsplan.output.lines import columns
from hmsplan.output.markdown import render_markdown
from hmsplan.output.sarif import sarif

if TYPE_CHECKING:
    from hmsplan.model import Drift
    from hmsplan.output.drift import Coverage
    from hmsplan.output.findings import Finding
    from hmsplan.output.page import Page

CASES: Final = (
    "a_night_of_drift",
    "hostile_names",
    "mcp_server_header_lost",
    "no_changes",
    "provider_key_removed",
    "reaches_people",
    "renamed_in_the_dashboard",
    "twins",
    "workflow_edited_in_the_dashboard",
)
WHOLE: Final = ("a_night_of_drift", "hostile_names", "no_changes")
"""Those that differ in kind: every sort of drift, markup in every name, nothing to say."""


def drifts(case: str) -> tuple[Drift, ...]:
    report = drift_of(case)
    return report.drifted + report.unmanaged


def coverage(case: str) -> Coverage:
    return drift_of(case).coverage


def page(case: str) -> Page:
    return drift_page(drifts(case), coverage(case), "golden", "default", 100, unseen=drift_of(case).unseen)


def findings(case: str) -> list[Finding]:
    return of_drift(drifts(case), locator(stack_of(case)))


def as_text(case: str) -> str:
    return render_drift(drifts(case), coverage(case), width=80, color=False, unseen=drift_of(case).unseen)


def pretty(data: object) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def as_junit(case: str) -> str:
    changed = {drift.address for drift in drifts(case)}
    well = [str(address) for address in stack_of(case).resources if address not in changed]
    return junit(findings(case), well, suite="hmsplan drift")


SURFACES: Final = {
    "drift.txt": as_text,
    "drift.json": lambda case: pretty(drift_json(drifts(case), coverage(case), drift_of(case).unseen)),
    "drift.md": lambda case: render_markdown(page(case)),
    "drift.html": lambda case: without_constants(render_html(page(case))),
    "drift.github": lambda case: as_annotations(findings(case)),
    "drift.sarif": lambda case: pretty(orjson.loads(sarif(findings(case)))),
    "drift.junit.xml": as_junit,
}


KEPT: Final = [(case, file) for case in CASES for file in SURFACES if case in WHOLE or file == "drift.txt"]


@pytest.mark.parametrize(("case", "file"), KEPT)
def test_surface(case: str, file: str, update: bool) -> None:
    """Drift reads exactly as it was reviewed, on every surface."""
    expect(GOLDEN / case / file, SURFACES[file](case), update=update)


def test_no_surface_is_left_over(update: bool) -> None:
    """A file that no test compares would be believed."""
    stray = [file for file in GOLDEN.glob("*/drift.*") if (file.parent.name, file.name) not in KEPT]
    if update:
        for file in stray:
            file.unlink()
        return
    assert stray == []


@pytest.mark.parametrize("case", CASES)
def test_no_line_is_too_wide_or_alive(case: str) -> None:
    """Lines fit the terminal, none holds a control character, and none begins as a workflow command."""
    for line in as_text(case).splitlines():
        assert columns(line) <= 80
        assert line.isprintable()
        assert not line.lstrip().startswith("::")


@pytest.mark.parametrize("case", CASES)
def test_no_secret_gets_out(case: str) -> None:
    """Drift is found in secrets, too, and no value of one is told."""
    shown = "".join(make(case) for make in SURFACES.values())
    assert not [value for value in (*SECRETS.values(), "live-secret") if value in shown]

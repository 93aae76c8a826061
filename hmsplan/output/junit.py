"""Findings as JUnit XML, which every CI reads: a resource is a test case, a finding a failure. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.output.findings import Level, in_repository
from hmsplan.text.escape import xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.output.findings import Finding


def junit(findings: Sequence[Finding], well: Sequence[str], *, suite: str, folder: str = "") -> str:
    """Return one suite of test cases.

    Args:
        findings: what is not as it should be; a note passes, with its text.
        well: names of what is as it should be.
        suite: what was checked, such as "hmsplan validate".
        folder: leads from the repository to the stack.
    """
    failures = sum(finding.level is not Level.NOTE for finding in findings)
    counts = f'tests="{len(findings) + len(well)}" failures="{failures}" errors="0" skipped="0"'
    cases = [*(_case(finding, folder, suite) for finding in findings), *(_passed(name, suite) for name in well)]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="hmsplan" {counts}>',
            f'  <testsuite name="{xml(suite)}" {counts}>',
            *cases,
            "  </testsuite>",
            "</testsuites>\n",
        ]
    )


def _case(finding: Finding, folder: str, suite: str) -> str:
    name = f"{finding.about}: {finding.rule}" if finding.about else finding.rule
    place = ""
    if finding.source is not None:
        place = f' file="{xml(in_repository(finding.source.file, folder))}" line="{finding.source.line}"'
    text = "\n".join(map(xml, _lines(finding)))
    tag = (
        f"<system-out>{text}</system-out>"
        if finding.level is Level.NOTE
        else f'<failure type="{finding.rule_id}" message="{xml(finding.rule)}">{text}</failure>'
    )
    return f'    <testcase classname="{xml(suite)}" name="{xml(name)}"{place}>{tag}</testcase>'


def _lines(finding: Finding) -> Iterator[str]:
    if finding.source is not None:
        yield str(finding.source)
    yield from finding.text.split("\n")


def _passed(name: str, suite: str) -> str:
    return f'    <testcase classname="{xml(suite)}" name="{xml(name)}"/>'

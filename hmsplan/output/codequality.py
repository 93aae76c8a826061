"""Findings as a Code Quality report, which GitLab shows on the lines of a merge request. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from hmsplan.output.findings import Level, fingerprints, in_repository
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.output.findings import Finding

_SEVERITIES: Final = {Level.ERROR: "critical", Level.WARNING: "minor", Level.NOTE: "info"}


def codequality(findings: Sequence[Finding], *, folder: str = "") -> str:
    """Return the report on one line. What is nowhere is at the stack file, because GitLab wants a place."""
    marks = fingerprints(findings, folder)
    return orjson.dumps([_issue(finding, mark, folder) for finding, mark in zip(findings, marks, strict=True)]).decode()


def _issue(finding: Finding, mark: str, folder: str) -> dict[str, object]:
    text = "\n".join(plain(line) for line in finding.text.split("\n"))
    return {
        "check_name": finding.rule_id,
        "description": f"{finding.rule}: {text}",
        "fingerprint": mark,
        "severity": _SEVERITIES[finding.level],
        "location": {
            "path": plain(in_repository(finding.file, folder)),
            "lines": {"begin": finding.source.line if finding.source is not None else 1},
        },
    }

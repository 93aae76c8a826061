"""Findings as annotations of a GitHub workflow. Pure.

``::error file=assistants/support.yaml,line=7,title=Refused::…``. GitHub keeps ten of each level per step and drops the
rest unseen, so ten are written, the worst first, and the last of them says how many there are more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.escape import workflow_data, workflow_property
from hmsplan.render.findings import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.render.findings import Finding

MOST: Final = 10
_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_LONGEST: Final = 4000


def as_annotations(findings: Sequence[Finding], folder: str = "") -> str:
    """Return at most ten commands, a line each; *folder* leads from the repository to the stack."""
    shown = list(findings) if len(findings) <= MOST else list(findings[: MOST - 1])
    lines = [_command(finding, folder) for finding in shown]
    if len(shown) < len(findings):
        rest = findings[len(shown) :]
        lines.append(f"::{_COMMANDS[rest[0].level]} title=hmsplan::and {len(rest):,} more, which the log names")
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding, folder: str) -> str:
    properties = {}
    if finding.source is not None:
        properties = {
            "file": in_repository(finding.source.file, folder),
            "line": str(finding.source.line),
            "col": str(finding.source.column),
        }
    properties["title"] = f"hmsplan: {finding.rule}"
    listed = ",".join(f"{name}={workflow_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.level]} {listed}::{workflow_data(finding.text[:_LONGEST])}"


def in_repository(file: str, folder: str) -> str:
    """Return the path of a file of the stack as the repository knows it."""
    return f"{folder}/{file}" if folder else file

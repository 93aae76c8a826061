"""Findings as annotations of a GitHub workflow. Pure.

``::error file=assistants/support.yaml,line=7,title=Refused::…``. GitHub keeps ten of each level per step and drops the
rest unseen, so ten are written, the worst first, and the last of them says how many there are more. What one line
causes, such as a field of a template that five assistants use, is one annotation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.output.findings import Level, in_repository
from hmsplan.output.words import fitting
from hmsplan.text.escape import workflow_data, workflow_property

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.model import SourceLine
    from hmsplan.output.findings import Finding

MOST: Final = 10
_COMMANDS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_LONGEST: Final = 4000


def as_annotations(findings: Sequence[Finding], folder: str = "") -> str:
    """Return at most ten commands, a line each; *folder* leads from the repository to the stack."""
    groups: dict[tuple[Level, str, SourceLine | None], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.level, finding.rule, finding.source), []).append(finding)
    every = list(groups.values())
    shown = every if len(every) <= MOST else every[: MOST - 1]
    lines = [_command(group, folder) for group in shown]
    if rest := every[len(shown) :]:
        number = sum(map(len, rest))
        lines.append(f"::{_COMMANDS[rest[0][0].level]} title=hmsplan::and {number:,} more, which the log names")
    return "".join(f"{line}\n" for line in lines)


def _command(group: Sequence[Finding], folder: str) -> str:
    """Return one command for findings that differ in nothing but their texts."""
    finding = group[0]
    properties = {}
    if finding.source is not None:
        properties = {
            "file": in_repository(finding.source.file, folder),
            "line": str(finding.source.line),
            "col": str(finding.source.column),
        }
    properties["title"] = f"hmsplan: {finding.rule}"
    listed = ",".join(f"{name}={workflow_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.level]} {listed}::{workflow_data(_joined([each.text for each in group]))}"


def _joined(texts: Sequence[str]) -> str:
    """Return as many of *texts* as fit, and say how many do not."""
    number = max(fitting((len(text) + 2 for text in texts), _LONGEST), 1)
    shown = "\n\n".join(texts[:number])
    cut = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    return cut if number == len(texts) else f"{cut}\n\nand {len(texts) - number:,} more, which the log names"

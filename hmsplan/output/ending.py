"""How an apply ended, as Markdown for the summary of a workflow's step, where the plan stands already. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.model import Status
from hmsplan.output.commands import BARE
from hmsplan.output.markdown import diff_rows
from hmsplan.output.report import report_lines, step_text, summary
from hmsplan.output.words import fitting
from hmsplan.text import escape
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmsplan.model import Diagnostic, Plan, Report
    from hmsplan.output.commands import CommandLine

BUDGET: Final = 40_000
"""Bytes that GitHub's 1 MiB leaves beside a plan of ``markdown.SUMMARY``."""
_TITLE: Final = "### hmsplan apply"
_AROUND: Final = 500  # what stands around the table, its fence above all
_MOST_LISTED: Final = 10
_LONGEST: Final = 300


def report_markdown(report: Report, plan: Plan, *, commands: CommandLine = BARE, budget: int = BUDGET) -> str:
    """Return how the run ended, the failures first; of more than *budget* bytes the end of the table is left out."""
    parts = [_TITLE, f"**{escape.markdown(summary(report, plan))}**"]
    bad = [outcome for outcome in report.outcomes if outcome.status in {Status.FAILED, Status.UNSETTLED}]
    if bad:
        lines = [f"- {escape.markdown_code(step_text(each.step))}: {_sentence(each.error)}" for each in bad]
        parts += [
            f"> [!CAUTION]\n> **{count(len(bad), 'step')} did not end well.** What is done is kept.",
            _listed(lines, "see below"),
        ]
    head = "\n\n".join(parts)
    rows = list(diff_rows(report_lines(report, plan, commands)))
    shown = fitting((len(escape.plain(row).encode()) + 1 for row in rows), budget - len(head.encode()) - _AROUND)
    if shown < len(rows):
        rows = [*rows[:shown], f"  … {count(len(rows) - shown, 'more line')} …"]
    is_open = " open" if bad else ""
    table = f"<details{is_open}><summary>{count(len(report.outcomes), 'step')}</summary>\n\n"
    return f"{head}\n\n{table}{escape.markdown_fence(rows, 'diff')}\n\n</details>\n"


def error_markdown(found: Iterable[Diagnostic]) -> str:
    """Return the error that ended a run."""
    lines = [f"- **{escape.markdown(each.summary)}**: {_sentence(each.detail)}" for each in found]
    return "\n\n".join([_TITLE, "**It ended with an error.**", _listed(lines, "which the log names")]) + "\n"


def _listed(lines: Sequence[str], where: str) -> str:
    """Return the first of *lines*, and of more how many there are; *where* says where they can be read."""
    rest = [f"- and {len(lines) - _MOST_LISTED:,} more, {where}"] if len(lines) > _MOST_LISTED else []
    return "\n".join([*lines[:_MOST_LISTED], *rest])


def _sentence(text: str) -> str:
    shown = " ".join(text.split())
    return escape.markdown(shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…")

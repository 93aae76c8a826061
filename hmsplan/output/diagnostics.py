"""A ``Diagnostic`` as text, without colour, in the manner of Terraform and rustc."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

from hmsplan.errors import DiagnosticError, UnsafePlan, UnsettledCreate
from hmsplan.model import Diagnostic
from hmsplan.text.escape import plain, spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hmsplan.errors import HmsplanError
    from hmsplan.model import FieldPath, SourceLine, Unsettled

    Quote = Callable[[SourceLine], str | None]
    """Returns the line of a place; None where it is not to be shown."""

WIDTH: Final = 80
_INDENT: Final = "  "
_RULE: Final = "│"
_TAB: Final = "→ "
_ODD_SPACE: Final = re.compile(r"[^\S ]")
_BAR: Final = "\u250a "
"""Stands before a line that would begin as a command of a CI log."""


def format_path(path: FieldPath) -> str:
    """Write a path as people do: ``llm_config.tools[0].url``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def no_quote(_source: SourceLine) -> str | None:
    """Show no line of a file."""
    return None


def format_diagnostic(diagnostic: Diagnostic, width: int = WIDTH, quote: Quote = no_quote) -> str:
    """Return *diagnostic* as some lines without a newline at the end; foreign text in it is escaped.

    The line that *quote* gives stands below its place, with a caret under the column. A line break in the detail is
    kept, so that a detail can hold a list; a line that begins with a space is kept whole, so that a command in it can
    be copied.
    """
    rule = f" [{diagnostic.rule}]" if diagnostic.rule else ""
    lines = [f"{diagnostic.severity.value.capitalize()}: {plain(diagnostic.summary)}{rule}"]
    where = [plain(part) for part in (_source(diagnostic), _field(diagnostic)) if part]
    if where:
        joined = _INDENT + ", ".join(where)
        lines += [joined] if len(joined) <= width else [_INDENT + f",\n{_INDENT}".join(where)]
    if diagnostic.source is not None and (line := quote(diagnostic.source)) is not None:
        lines += _quoted(line, diagnostic.source, width)
    for paragraph in diagnostic.detail.split("\n"):
        if paragraph.startswith(" "):
            lines.append(_INDENT + plain(paragraph))
            continue
        lines += textwrap.wrap(
            plain(paragraph),
            width,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(map(without_command, lines))


def without_command(line: str) -> str:
    """Return a line that does not begin as a command of a CI log, with a bar before what would."""
    text = line.lstrip()
    return line[: len(line) - len(text)] + _BAR + text if text.startswith("::") else line


def _quoted(line: str, source: SourceLine, width: int) -> list[str]:
    """Return a line of a file with a caret below its column; of a long one, what is around the caret."""
    from hmsplan.output.lines import columns  # noqa: PLC0415 -- only for a problem

    before, after = (_seen(part) for part in (line[: source.column - 1], line[source.column - 1 :]))
    head = f"{_INDENT}{source.line:>4} {_RULE} "
    room = width - len(head)
    if columns(before + after.rstrip()) > room:
        before, after = _around(before, after, room)
    under = " " * (len(head) - 2) + f"{_RULE} " + " " * columns(before) + "^"
    return [head + (before + after).rstrip(), under]


def _seen(text: str) -> str:
    """Return a part of a foreign line with its tabs, and spaces that are none, to be seen."""
    from hmsplan.output.lines import safe  # noqa: PLC0415 -- only for a problem

    return _ODD_SPACE.sub(spelled, safe(text.replace("\t", _TAB)))


def _around(before: str, after: str, room: int) -> tuple[str, str]:
    """Cut both ends of a line so that it fits: two thirds of the room are for what stands before the caret."""
    from hmsplan.output.lines import columns  # noqa: PLC0415 -- only for a problem

    left = max(room - columns(after.rstrip()), room * 2 // 3)
    if columns(before) > left:
        while columns(before) >= left:
            before = before[max(1, (len(before) - left) // 2) :]
        before = f"…{before}"
    right = room - columns(before)
    if columns(after.rstrip()) > right:
        while columns(after) >= right:
            after = after[: -max(1, (len(after) - right) // 2)]
        after = f"{after}…"
    return before, after


def _source(diagnostic: Diagnostic) -> str:
    return str(diagnostic.source) if diagnostic.source else ""


def _field(diagnostic: Diagnostic) -> str:
    return " ".join(filter(None, [str(diagnostic.address or ""), format_path(diagnostic.path)]))


def _open_create(item: Unsettled) -> str:
    """Ask what became of a create, with every answer as a command."""
    address = item.address
    if item.id is not None:
        return (
            f"{address} was created a moment ago as {item.id}, and neither the list nor a GET shows it yet. Wait "
            f"{item.remaining_s:.0f} s, then run the same again."
        )
    none = "none seen yet" if item.is_waiting else "none seen, and the list may be incomplete"
    adopt = [f"\n  hmsplan resolve {address} --adopt {object_id}" for object_id in item.candidates or ("ID",)]
    return (
        f"An earlier run sent the create of {address}, and it is not known whether it happened. Live objects that may "
        f"be it: {', '.join(item.candidates) or none}. To decide, type one of"
        f"{''.join(adopt)}\n  hmsplan resolve {address} --none"
    )


def diagnostics_of(error: HmsplanError) -> Iterator[Diagnostic]:
    """Yield what an error that ends a run says, each problem of it by itself."""
    match error:
        case DiagnosticError():
            yield from error.diagnostics
        case UnsafePlan():
            for denial in error.denials:
                detail = f"{denial.message}\n{denial.by}"
                yield Diagnostic("Denied by a policy", detail, denial.source, denial.address)
            for refusal in error.refusals:
                entry = "\n  ".join(("", "approvals:", *refusal.approval))
                detail = f"{refusal.told}\nTo allow it: {refusal.flag}\nOr give the reason in approvals.yaml:{entry}"
                yield Diagnostic(error.summary, detail, address=refusal.address)
        case UnsettledCreate():
            for item in error.unsettled:
                yield Diagnostic(error.summary, _open_create(item), address=item.address)
        case _:
            yield Diagnostic(error.summary, error.detail)

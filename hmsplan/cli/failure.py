"""How a command that cannot go on says so."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

import click

from hmsplan.cli.quoting import Quoting
from hmsplan.cli.terminal import HANG, ReaderGone, complain, width, wrapped
from hmsplan.errors import ApplyFailed, DiagnosticError, HmsplanError, UnsafePlan, UnsettledCreate
from hmsplan.model import Diagnostic
from hmsplan.output.diagnostics import diagnostics_of, format_diagnostic
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.cli.options import Globals

CRASH: Final = 1


def tell(error: Exception, options: Globals, args: Sequence[str] | None = None) -> int:
    """Print *error* on stderr for its reader and return the exit code; a traceback only with ``-vvv``.

    Args:
        error: what ended the run.
        options: what belongs into each command that the error says, and where the files are that it is about.
        args: of the command line; None = those of this process.
    """
    match error:
        case ApplyFailed():
            return error.code
        case ReaderGone():
            return error.exit_code
        case HmsplanError():
            for text in _texts(error, options):
                complain(text)
            return error.exit_code
        case OSError():
            complain(format_diagnostic(_of_the_system(error), width()))
            return CRASH
        case _:
            _crash(error, args)
            return CRASH


def _texts(error: HmsplanError, options: Globals) -> Iterator[str]:
    if isinstance(error, UnsafePlan):
        for denial in error.denials:
            yield wrapped(f"Denied: {denial.about}: {plain(denial.told)}", hang=HANG)
        for refusal in error.refusals:
            told = wrapped(f"Refused: {refusal.address}: {plain(refusal.told)}", hang=HANG)
            yield f"{told}\n  to allow it: {refusal.flag}"
        return
    end = "\n" if isinstance(error, DiagnosticError | UnsettledCreate) else ""
    quote = Quoting(options)
    for diagnostic in diagnostics_of(error):
        yield format_diagnostic(options.commands.completed(diagnostic), width(), quote) + end


def told(error: Exception, options: Globals) -> tuple[Diagnostic, ...]:
    """Return what *error* says to its reader; of a bug of ours, stderr says more."""
    match error:
        case HmsplanError():
            return tuple(map(options.commands.completed, diagnostics_of(error)))
        case click.ClickException():
            return (Diagnostic("Invalid argument", error.format_message()),)
        case OSError():
            return (_of_the_system(error),)
        case _:
            _crash(error, None)
            return (Diagnostic(f"hmsplan has a bug: {type(error).__name__}", "Its stderr says more."),)


def _of_the_system(error: OSError) -> Diagnostic:
    """Say what the system refused: a full disk, say, or a folder that belongs to another user."""
    reason = error.strerror or type(error).__name__
    if error.filename is None:
        return Diagnostic(f"The output could not be written: {reason}", "")
    name = "a file" if isinstance(error.filename, int) else os.fsdecode(error.filename)
    return Diagnostic("Refused by the system", f"{name}: {reason}")


def _crash(error: Exception, args: Sequence[str] | None) -> None:
    """Tell of a bug of ours. Tracebacks have no locals, so no secret is in them."""
    words = sys.argv[1:] if args is None else args
    complain(f"Error: hmsplan has a bug: {type(error).__name__}")
    if "-vvv" in words or os.environ.get("HMSPLAN_TRACEBACK"):
        complain("".join(traceback.format_tb(error.__traceback__)))
    else:
        complain("  Run it again with -vvv and report what it prints.")

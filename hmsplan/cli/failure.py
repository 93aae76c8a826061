"""How a command that cannot go on says so."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Final

from hmsplan.cli.terminal import err
from hmsplan.diagnostics import format_diagnostic
from hmsplan.errors import ApplyFailed, DiagnosticError, HmsplanError, UnsafePlan, UnsettledCreate
from hmsplan.escape import plain
from hmsplan.model import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.model import Unsettled

CRASH: Final = 1


def tell(error: Exception, args: Sequence[str] | None = None) -> int:
    """Print *error* on stderr for its reader and return the exit code; a traceback only with ``-vvv``."""
    match error:
        case ApplyFailed():
            return error.code
        case DiagnosticError():
            for diagnostic in error.diagnostics:
                err(format_diagnostic(diagnostic) + "\n")
        case UnsafePlan():
            for refusal in error.refusals:
                err(f"Refused: {refusal.address}: {plain(refusal.reason)}\n  to allow it: {refusal.flag}")
        case UnsettledCreate():
            for unsettled in error.unsettled:
                err(format_diagnostic(_unsettled(unsettled)) + "\n")
        case HmsplanError():
            err(format_diagnostic(Diagnostic(error.summary, error.detail)))
        case _:
            _crash(error, args)
            return CRASH
    return error.exit_code


def _unsettled(unsettled: Unsettled) -> Diagnostic:
    address = unsettled.address
    if unsettled.id is not None:
        detail = (
            f"{address} was created a moment ago as {unsettled.id}, and neither the list nor a GET shows it yet. Wait "
            f"{unsettled.remaining_s:.0f} s, then run the same again."
        )
        return Diagnostic("Created object is not visible yet", detail, address=address)
    candidates = ", ".join(unsettled.candidates) or _none_seen(unsettled)
    detail = (
        f"An earlier run sent the create of {address}, and nobody knows whether it happened. Live objects that may be "
        f"it: {candidates}. To decide, type one of\n  hmsplan resolve {address} --adopt ID\n"
        f"  hmsplan resolve {address} --none"
    )
    return Diagnostic(UnsettledCreate.summary, detail, address=address)


def _none_seen(unsettled: Unsettled) -> str:
    return "none seen yet" if unsettled.is_waiting else "none seen, and the list may be incomplete"


def _crash(error: Exception, args: Sequence[str] | None) -> None:
    """Tell of a bug of ours. Tracebacks have no locals, so no secret is in them."""
    words = sys.argv[1:] if args is None else args
    err(f"Error: hmsplan has a bug: {type(error).__name__}")
    if "-vvv" in words or os.environ.get("HMSPLAN_TRACEBACK"):
        err("".join(traceback.format_tb(error.__traceback__)))
    else:
        err("  Run it again with -vvv and report what it prints.")

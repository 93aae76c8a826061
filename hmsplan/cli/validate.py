"""``hmsplan validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import orjson

from hmsplan.cli.options import Globals, common_options, pass_globals
from hmsplan.cli.session import load
from hmsplan.cli.terminal import err, out
from hmsplan.diagnostics import format_diagnostic
from hmsplan.errors import ConfigError
from hmsplan.model import dotted

if TYPE_CHECKING:
    from hmsplan.model import Diagnostic


@click.command("validate")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@common_options
@pass_globals
def validate_command(options: Globals, form: str) -> int:
    """Check the stack: YAML, fields, references. Offline, without key or secrets; every problem at once."""
    found: tuple[Diagnostic, ...]
    count = 0
    try:
        stack = load(options)
    except ConfigError as error:
        found, code = error.diagnostics, error.exit_code
    else:
        found, code, count = stack.warnings, 0, len(stack.resources)
    if options.json or form == "json":
        body = {"format_version": "1.0", "valid": code == 0, "diagnostics": [diagnostic_json(d) for d in found]}
        out(orjson.dumps(body).decode())
        return code
    for diagnostic in found:
        err(format_diagnostic(diagnostic) + "\n")
    if code == 0:
        out(f"Valid: {count} resource{'' if count == 1 else 's'}.")
    else:
        err(f"{len(found)} problem{'' if len(found) == 1 else 's'}.")
    return code


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic in the manner of ``terraform validate -json``."""
    place = diagnostic.source
    return {
        "severity": str(diagnostic.severity),
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "address": str(diagnostic.address) if diagnostic.address else None,
        "path": dotted(diagnostic.path) or None,
        "range": {"filename": place.file, "start": {"line": place.line, "column": place.column}} if place else None,
    }

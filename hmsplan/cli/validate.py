"""``hmsplan validate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.quoting import Quoting
from hmsplan.cli.session import load
from hmsplan.cli.surfaces import FOUND_FORMATS, print_found
from hmsplan.cli.terminal import complain, err, out, width, wrapped
from hmsplan.errors import ConfigError
from hmsplan.model import Severity, has_severity
from hmsplan.operations.lint import lint_stack
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.output.events import diagnostic_json
from hmsplan.output.findings import of_diagnostics

if TYPE_CHECKING:
    from collections.abc import Collection

    from hmsplan.cli.options import Globals
    from hmsplan.model import Address, Diagnostic, Stack

FORMATS: Final = ("text", "json", *FOUND_FORMATS)

_NO_LINT: Final = " Lint was not run, as its rules look at a valid stack."


def checked(options: Globals) -> tuple[tuple[Diagnostic, ...], Collection[Address] | None]:
    """Return what is wrong with a stack, lint included, and its resources; None for an invalid one."""
    stack: Stack | None = None
    try:
        stack = load(options)
    except ConfigError as error:
        found = error.diagnostics
    else:
        linted = lint_stack(stack, options.directory)
        found = (*stack.warnings, *(each for each in linted if each.severity is not Severity.INFO))
        if has_severity(linted, stack.lint.fail):
            stack = None
    return tuple(map(options.commands.completed, found)), stack.resources if stack is not None else None


@click.command("validate", cls=Command)
@format_option(FORMATS)
@click.pass_obj
def validate_command(options: Globals, form: str) -> int:
    """Check the stack: YAML, fields, references, lint. Offline, without key or secrets; every problem at once."""
    found, resources = checked(options)
    well = [] if resources is None else list(map(str, resources))
    code = 0 if resources is not None else ConfigError.exit_code
    if options.json or form == "json":
        body = {"format_version": "1.0", "valid": code == 0, "diagnostics": [diagnostic_json(d) for d in found]}
        out(orjson.dumps(body).decode())
        return code
    if form in FOUND_FORMATS:
        print_found(options, of_diagnostics(found), form, suite="hmsplan validate", well=well)
    if form in {"sarif", "junit", "codequality"}:
        return code
    quote = Quoting(options)
    for diagnostic in found:
        complain(format_diagnostic(diagnostic, width(), quote) + "\n")
    if code == 0:
        out(f"Valid: {len(well)} resource{'' if len(well) == 1 else 's'}.")
    else:
        lint = "" if any(each.rule for each in found) else _NO_LINT
        err(wrapped(f"{len(found)} problem{'' if len(found) == 1 else 's'}.{lint}"))
    return code

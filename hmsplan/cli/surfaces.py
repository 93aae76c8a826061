"""The formats that a plan and a drift report are printed in, and what GitHub Actions reads besides stdout."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from hmsplan import __version__
from hmsplan.cli.quoting import Quoting
from hmsplan.cli.secret_filter import cut
from hmsplan.cli.terminal import color, err, out, width
from hmsplan.model import Digest
from hmsplan.output.diagnostics import no_quote
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_text
from hmsplan.text.escape import plain
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.model import Address, Drift, FieldPath, Plan, SourceLine, Stack
    from hmsplan.output.diagnostics import Quote
    from hmsplan.output.findings import Finding
    from hmsplan.output.graph import Graph
    from hmsplan.output.page import Page
    from hmsplan.output.values import Locate
    from hmsplan.planner.drift import DriftReport

PLAN_FORMATS: Final = ("text", "json", "markdown", "html", "github", "codequality")
DRIFT_FORMATS: Final = (*PLAN_FORMATS, "sarif", "junit")
FOUND_FORMATS: Final = ("github", "sarif", "junit", "codequality")
_COLUMNS: Final = 100
"""What the lines of Markdown and HTML are laid out for; a browser breaks them again."""


def print_plan(
    options: Globals,
    plan: Plan,
    form: str = "text",
    *,
    stack: Stack | None = None,
    show_unchanged: bool = False,
    digest: Digest = Digest.STRICT,
    write: Callable[[str], object] = out,
) -> None:
    """Print a plan; *stack*, where there is one, knows the lines of the YAML and all references."""
    form = "json" if options.json else form
    if form == "json":
        from hmsplan.formats.plan_file import plan_to_bytes  # noqa: PLC0415 -- only for this format

        write(plan_to_bytes(plan).decode().rstrip())
        return
    if form in FOUND_FORMATS:
        from hmsplan.output.findings import of_plan  # noqa: PLC0415

        print_found(options, of_plan(plan, locator(stack), options.commands), form, write=write)
    if form == "codequality":
        return
    graph = None
    if form in {"html", "markdown"}:
        from hmsplan.output.graph import graph_of_plan  # noqa: PLC0415

        graph = graph_of_plan(plan, stack)
    page = page_of(plan, _width(form), digest, options.commands, locator(stack), _stamp())
    quote = Quoting(options) if stack is not None else no_quote  # of a saved plan the files may be others by now
    _print_page(options, page, form, graph, show_unchanged=show_unchanged, quote=quote, write=write)


def print_drift(
    options: Globals,
    report: DriftReport,
    drifts: Sequence[Drift],
    form: str,
    stack: Stack,
    write: Callable[[str], object] = out,
) -> None:
    """Print what changed outside; *drifts* are those of *report* that were asked for."""
    from hmsplan.output.drift import drift_json  # noqa: PLC0415 -- a plan needs none of it

    form = "json" if options.json else form
    if form == "json":
        write(orjson.dumps(drift_json(drifts, report.coverage, report.unseen, report.warnings)).decode())
        return
    if form in FOUND_FORMATS:
        from hmsplan.output.findings import of_drift  # noqa: PLC0415 -- only for these formats

        changed = {drift.address for drift in drifts}
        well = [str(address) for address in stack.resources if address not in changed]
        found = of_drift(drifts, locator(stack), options.commands)
        print_found(options, found, form, suite="hmsplan drift", well=well, write=write)
    if form not in FOUND_FORMATS or form == "github":
        from hmsplan.output.drift_page import drift_page  # noqa: PLC0415 -- a plan needs none of it

        names = stack.name, stack.environment
        page = drift_page(
            drifts, report.coverage, *names, _width(form), options.commands, report.unseen, report.warnings, _stamp()
        )
        _print_page(options, page, form, write=write)


def _stamp() -> str:
    return f"Made by hmsplan {__version__}, {for_people(time.time())}"


def _width(form: str) -> int:
    return width() if form == "text" else _COLUMNS


def _print_page(
    options: Globals,
    page: Page,
    form: str,
    graph: Graph | None = None,
    *,
    show_unchanged: bool = False,
    quote: Quote = no_quote,
    write: Callable[[str], object] = out,
) -> None:
    """Print one page as text, Markdown or HTML; for GitHub also as the summary of the step."""
    match form:
        case "markdown":
            from hmsplan.output.markdown import render_markdown  # noqa: PLC0415 -- only for this format

            shown = render_markdown(page, graph)
        case "html":
            from hmsplan.output.html.page import render_html  # noqa: PLC0415

            shown = render_html(page, graph)
        case "github":
            write_step_summary(page)
            shown = render_text(page, color=False, show_unchanged=show_unchanged, quote=quote)
        case _:
            shown = render_text(page, color=color(options.color), show_unchanged=show_unchanged, quote=quote)
    write(shown.rstrip("\n"))


def print_found(
    options: Globals,
    findings: Sequence[Finding],
    form: str,
    *,
    suite: str = "",
    well: Sequence[str] = (),
    write: Callable[[str], object] = out,
) -> None:
    """Print findings in one of ``FOUND_FORMATS``; *well* names what is as it should be, for JUnit."""
    folder = _folder(options)
    match form:
        case "github":
            from hmsplan.output.github import as_annotations  # noqa: PLC0415 -- only for this format

            if shown := as_annotations(findings, folder):
                write(shown.rstrip("\n"))
        case "sarif":
            from hmsplan.output.sarif import sarif  # noqa: PLC0415

            write(sarif(findings, folder=folder, tool_version=__version__))
        case "codequality":
            from hmsplan.output.codequality import codequality  # noqa: PLC0415

            write(codequality(findings, folder=folder))
        case _:
            from hmsplan.output.junit import junit  # noqa: PLC0415

            write(junit(findings, well, suite=suite, folder=folder).rstrip("\n"))


def locator(stack: Stack | None) -> Locate:
    """Return what finds the line of a field; without a stack it finds none."""

    def locate(address: Address, path: FieldPath, line: int) -> SourceLine | None:
        resource = stack.resources.get(address) if stack is not None else None
        if resource is None:
            return None
        return resource.locate(path, line) if path and resource.locate is not None else resource.source

    return locate


def _folder(options: Globals) -> str:
    """Return the way from the repository to the stack, with slashes; "" when it is the same folder."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    try:
        folder = options.directory.resolve().relative_to(root).as_posix()
    except ValueError:  # not below it
        return options.directory.as_posix()
    return "" if folder == "." else folder


def write_step_summary(page: Page) -> None:
    """Add *page* to the summary of the workflow's step, if there is one."""
    from hmsplan.output.markdown import SUMMARY, render_markdown  # noqa: PLC0415 -- only in a workflow

    write_summary(render_markdown(page, budget=SUMMARY))


def write_summary(text: str) -> None:
    """Add Markdown to the summary of the workflow's step, if there is one; that it cannot be written is a warning."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(file).open("a", encoding="utf-8") as summary:
                summary.write(cut(f"{text}\n"))
        except OSError as error:
            err(f"Warning: The summary of the step could not be written to {plain(file)}: {error.strerror}")

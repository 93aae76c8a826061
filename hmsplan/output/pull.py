"""What a pull wrote into the files, or would write, and what it could not. Pure."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

from hmsplan.formats.redact import masked, public_value, shown_field
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, FieldChange, PullOutcome
from hmsplan.output.commands import BARE
from hmsplan.output.diagnostics import no_quote
from hmsplan.output.events import diagnostic_json
from hmsplan.output.fields import field_lines
from hmsplan.output.lines import BLANK, TONES, Line, Tone, paint, safe, title
from hmsplan.output.text import diagnostic_lines
from hmsplan.output.values import Look, path_text
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hmsplan.model import Diagnostic, Drift, Pulled, PullReport
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.diagnostics import Quote

FORMAT_VERSION: Final = "1.0"
NOT_SETTLED: Final = "Nothing to pull that is known, but not every managed object could be compared, see above."
NOTHING: Final = "Nothing to pull: what is live is what the last apply left, or what the files declare."


def pull_text(
    report: PullReport,
    run: CommandLine = BARE,
    *,
    only_checked: bool,
    numbers: Collection[str] = (),
    width: int,
    color: bool,
    quote: Quote = no_quote,
) -> str:
    """Return what was written, then what was not and why; *numbers* are phone numbers that no diff shows whole."""
    sections = [
        list(_written(report, only_checked=only_checked)),
        list(_diffs(report, numbers)) if only_checked else [],
        list(_conflicts(report, run, width)),
        list(_refused(report, run, width)),
        list(_kept(report)),
        list(_gone(report.gone)),
        *(_unsettled(each, run) for each in report.unsettled),
        list(_unmanaged(report, run)),
        *diagnostic_lines((run.completed(each) for each in report.findings), width, quote),
        [title(_last(report, only_checked=only_checked))],
    ]
    lines = [line for section in sections if section for line in (*section, BLANK)]
    return paint(lines, width=width, color=color).rstrip("\n") + "\n"


def _last(report: PullReport, *, only_checked: bool) -> str:
    if not (report.pulled or report.gone or report.adopted):
        return NOT_SETTLED if report.unsettled else NOTHING
    number = {outcome: len(report.of(outcome)) for outcome in PullOutcome}
    verb = "to write" if only_checked else "written"
    parts = [f"{number[PullOutcome.WRITTEN]} {verb}"]
    parts += [f"{len(report.adopted)} to adopt" if only_checked else f"{len(report.adopted)} adopted"] * bool(
        report.adopted
    )
    parts += [f"{number[PullOutcome.KEPT]} left as it is"] * bool(number[PullOutcome.KEPT])
    parts += [count(number[PullOutcome.CONFLICT], "conflict"), f"{number[PullOutcome.REFUSED]} not possible"]
    return f"Pull: {', '.join(parts)}, {len(report.gone)} gone."


def _written(report: PullReport, *, only_checked: bool) -> Iterator[Line]:
    found = report.of(PullOutcome.WRITTEN)
    if found:
        files = count(len(report.files), "file")
        verb = "would be written" if only_checked else "written"
        yield title(f"{count(len(found), 'live value')} {verb}, in {files}")
    for each in found:
        yield Line(_name(each), "~", notes=tuple(safe(f"{place.file}:{place.line}") for place in each.places[:1]))
    for address, file in report.adopted.items():
        yield Line(str(address), "+", notes=(safe(file),))


def _name(pulled: Pulled) -> str:
    return f"{pulled.address} {path_text(KINDS[pulled.address.kind], pulled.change.path)}"


def file_diffs(report: PullReport, numbers: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the difference of each file as lines; of a list of people only how many lines left."""
    for path, change in report.files.items():
        before, after = (
            (data or b"").decode("utf-8", "replace").splitlines() for data in (change.before, change.after)
        )
        if path.endswith(".csv"):
            yield path, [f"{path}: {count(len(before) - len(after), 'line')} taken out"]
            continue
        origin = f"a/{path}" if change.before is not None else "/dev/null"
        lines = list(difflib.unified_diff(before, after, origin, f"b/{path}", lineterm=""))
        for number in numbers:
            lines = [line.replace(number, masked(number)) for line in lines]
        yield path, lines


def _diffs(report: PullReport, numbers: Collection[str]) -> Iterator[Line]:
    for _, lines in file_diffs(report, numbers):
        for line in lines:
            yield Line(safe(line), depth=-1, tone=TONES.get(line[:1], Tone.PLAIN), whole=True)


def _conflicts(report: PullReport, run: CommandLine, width: int) -> Iterator[Line]:
    found = report.of(PullOutcome.CONFLICT)
    if not found:
        return
    yield title(f"{count(len(found), 'value')} changed on both sides since the last apply, and not written", Tone.ALERT)
    for each in found:
        look = Look(KINDS[each.address.kind], width)
        yield Line(_name(each), "#", notes=tuple(safe(f"{p.file}:{p.line}") for p in each.places[:1]))
        yield Line("on the platform:", tone=Tone.QUIET)
        yield from field_lines(look, shown_field(each.change))
        yield Line("in the files:", tone=Tone.QUIET)
        yield from field_lines(look, shown_field(FieldChange(each.change.path, each.change.before, each.declared)))
    addresses = list(dict.fromkeys(str(each.address) for each in found))
    yield title("To leave the files as they are (the next apply writes over what is live):", Tone.PLAIN)
    yield Line(run.command("pull", "--ours", *addresses), whole=True)
    yield title("To write what is live into the files:", Tone.PLAIN)
    yield Line(run.command("pull", "--theirs", *addresses), whole=True)


def _refused(report: PullReport, run: CommandLine, width: int) -> Iterator[Line]:
    found = report.of(PullOutcome.REFUSED)
    if not found:
        return
    yield title(f"{count(len(found), 'live value')} that cannot be written", Tone.ALERT)
    for each in found:
        yield Line(f"{each.address}: {safe(each.reason)}.", "#")
        yield from field_lines(Look(KINDS[each.address.kind], width), shown_field(each.change))
    if shared := dict.fromkeys(str(each.address) for each in found if each.is_shared):
        yield title("To write what is shared all the same, for all of them:", Tone.PLAIN)
        yield Line(run.command("pull", "--shared", *shared), whole=True)
        yield title("For one alone, write the field in its resource, or in an override of the environment.", Tone.PLAIN)


def _kept(report: PullReport) -> Iterator[Line]:
    found = report.of(PullOutcome.KEPT)
    if found:
        yield title(f"{count(len(found), 'value')} left as the files have it")
    for each in found:
        yield Line(_name(each), ".", notes=(safe(each.reason),))


def _gone(gone: Iterable[Drift]) -> Iterator[Line]:
    found = list(gone)
    if found:
        yield title(
            "Gone from the platform. Take them out of the files, or the next apply creates them again.", Tone.ALERT
        )
    for each in found:
        yield Line(str(each.address), "-", notes=(f'"{safe(each.name)}", {safe(each.id)}',))


def _unsettled(found: Diagnostic, run: CommandLine) -> list[Line]:
    told, *commands = run.completed(found).detail.splitlines()
    return [Line(safe(f"{found.summary}: {told}"), "?"), *(Line(safe(each.strip()), whole=True) for each in commands)]


def _unmanaged(report: PullReport, run: CommandLine) -> Iterator[Line]:
    for line in report.left_out:
        yield Line(f"not in the files: {safe(line)}", "#")
    if report.unmanaged and not report.is_adopting:
        yield title(
            f"{count(len(report.unmanaged), 'live object')} that no stack manages. To write them as files:", Tone.PLAIN
        )
        yield Line(run.command("pull", "--adopt"), whole=True)


def pull_json(report: PullReport, numbers: Collection[str] = (), *, only_checked: bool) -> dict[str, Any]:
    """Return the same for a program; secrets are redacted."""
    return {
        "format_version": FORMAT_VERSION,
        "only_checked": only_checked,
        "values": [_pulled_json(each) for each in report.pulled],
        "gone": [{"address": str(each.address), "id": each.id, "name": each.name} for each in report.gone],
        "adopted": [{"address": str(address), "file": file} for address, file in report.adopted.items()],
        "unsettled": [{"address": str(each.address), "detail": each.detail} for each in report.unsettled],
        "left_out": list(report.left_out),
        "unmanaged": [{"kind": each.kind, "id": each.id, "name": each.name} for each in report.unmanaged],
        "findings": [diagnostic_json(each) for each in report.findings],
        "files": [{"path": path, "diff": lines} for path, lines in file_diffs(report, numbers)],
    }


def _pulled_json(pulled: Pulled) -> dict[str, Any]:
    kind = KINDS[pulled.address.kind]
    change = shown_field(pulled.change)
    sides = {"applied": change.before, "live": change.after, "declared": pulled.declared}
    values = {name: public_value(kind, change.path, value) for name, value in sides.items() if value is not MISSING}
    return {
        "address": str(pulled.address),
        "path": list(change.path),
        "field": path_text(kind, change.path),
        "outcome": str(pulled.outcome),
        "reason": pulled.reason or None,
        "places": [{"file": place.file, "line": place.line} for place in pulled.places],
        **values,
    }

"""What ``history``, ``show @N`` and an attributed ``drift`` say of five applies and a killed one: tests/golden/history.

The plans are those of other scenarios, taken as done; what their steps made has numbers for ids.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import orjson
import pytest
from support.golden import (
    GOLDEN,
    LINEAGE,
    NOW,
    SECRETS,
    SHA256,
    drift_of,
    expect,
    live_of,
    plan_of,
    snapshot_of,
    stack_of,
    state_of,
)
from support.pages import render_drift

from hmsplan.formats.history_file import Line, hash_of, line_of
from hmsplan.model import Action, Address, Author, Begun, Binding, Outcome, Report, State, Status
from hmsplan.operations.history import Audit, Performed, Reviewed, entry_of, unended, version_at, versions_of
from hmsplan.output.drift import drift_json
from hmsplan.output.drift_page import drift_page
from hmsplan.output.history import (
    between_json,
    between_markdown,
    between_text,
    entry_json,
    entry_markdown,
    entry_text,
    history_json,
    history_markdown,
    history_text,
    versions_json,
    versions_markdown,
    versions_text,
)
from hmsplan.output.lines import columns
from hmsplan.output.markdown import render_markdown
from hmsplan.planner.last_applied import record
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.model import Drift, HistoryEntry
    from hmsplan.output.history import Version

DESK: Final = Address("assistants", "balie")
ANN: Final = Author("ann", "laptop", "", "1f" * 20, is_clean=True)
CI: Final = Author("bob", "runner-7", "https://ci.example/acme/voice/actions/runs/71", "2e" * 20, is_clean=True)
STRANGER: Final = Author("eve\n::error::", "<b>host</b>", "https://ci.example/`|`", "", is_clean=None)
APPLIES: Final = (
    ("create_all_kinds", ANN, ()),
    ("prompt_rewritten", CI, ()),
    ("leads_changed", replace(ANN, is_clean=False), ("campaigns.recall/leads:add-4",)),
    ("prompt_sections_moved", CI, ()),
    ("hostile_names", STRANGER, ()),
)
"""A scenario, who applied it, and the keys of the steps that failed."""
PROBLEMS: Final = (
    "@2: it does not follow the one before.",
    "Serial 24 was applied, and the state is of serial 21: an older state was put back.",
)


def state_after(case: str, serial: int) -> State:
    """Return the state of a case once its plan is done."""
    plan, before, stack = plan_of(case), state_of(case), stack_of(case)
    ids = {address: binding.id for address, binding in before.bindings.items()}
    ids |= {change.address: f"NEW-{number}" for number, change in enumerate(plan.changes) if change.id is None}
    kept = {change.address for change in plan.changes if change.action is not Action.DELETE}
    bindings = {
        address: Binding(address, ids[address], record(stack.resources[address].spec, ids))
        for address in sorted(kept & stack.resources.keys())
    }
    return State(LINEAGE, serial, plan.organization, bindings)


def applied(number: int) -> HistoryEntry:
    """Return the entry of one of the applies."""
    case, author, failed = APPLIES[number - 1]
    plan = plan_of(case)
    outcomes = tuple(Outcome(step, Status.FAILED if step.key in failed else Status.DONE) for step in plan.steps)
    reviewed = Reviewed(plan, snapshot_of(live_of(case)), state_of(case), Options(allowed=("start:*",) * (number == 1)))
    run = Performed(stack_of(case), reviewed, Report(outcomes, elapsed_s=3.0), state_after(case, 3 * number), author)
    entry = entry_of(run, number)
    return replace(entry, head=replace(entry.head, at=NOW + 3600 * number, tool_version="1.0"))


@cache
def entries() -> tuple[HistoryEntry, ...]:
    """Return all of them, and one of an apply that was killed."""
    done = tuple(map(applied, range(1, len(APPLIES) + 1)))
    begun = Begun(CI, NOW + 3600 * 6, "ab" * 32, 19, (DESK,))
    _, known = list(versions_of(done, DESK))[-1]
    killed = unended(state_after("prompt_rewritten", 20), begun, stack_of("prompt_rewritten"), {DESK: known}, 6)
    return *done, killed


def audit_of(
    *shown: HistoryEntry, earlier: int = 0, problems: tuple[str, ...] = (), begun: Begun | None = None
) -> Audit:
    """Return the history as it is found, written and read again."""
    previous, lines = "0" * 64, []
    for entry in shown:
        data = line_of(entry, previous)
        lines.append(Line(data))
        previous = hash_of(data)
    return Audit(tuple(lines), earlier, problems, begun)


@cache
def found() -> Audit:
    begun = Begun(ANN, NOW + 3600 * 7, "cd" * 32, 30, (DESK, Address("numbers", "main")))
    return audit_of(*entries(), earlier=3, problems=PROBLEMS, begun=begun)


def versions() -> list[Version]:
    return list(versions_of(entries(), DESK))


def pair() -> tuple[Version, Version]:
    first, second = (version_at(versions(), number) for number in (2, 4))
    assert first is not None
    assert second is not None
    return first, second


def attributed() -> tuple[Drift, ...]:
    """Return a night of drift as the history explains it: by an apply of before, and by one that looked later."""
    head = entries()[1].head
    return tuple(
        replace(each, applied=head, since=NOW + 3600 * n, read=NOW + 50_000, updated=NOW + 20_000 if n == 2 else None)
        if each.address is not None
        else each
        for n, each in enumerate(drift_of("a_night_of_drift").drifted, 1)
    )


def pretty(data: object) -> str:
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def drift_markdown() -> str:
    return render_markdown(drift_page(attributed(), drift_of("a_night_of_drift").coverage, "golden", "default", 100))


def drift_text() -> str:
    coverage = drift_of("a_night_of_drift").coverage
    return render_drift(attributed(), coverage, width=80, color=False)


SCREENS: Final[dict[str, Callable[[], str]]] = {
    "history.txt": lambda: history_text(found(), width=80, color=False),
    "history.json": lambda: pretty(history_json(found())),
    "history.md": lambda: history_markdown(found()),
    "versions.txt": lambda: versions_text(audit_of(), versions(), width=80, color=False),
    "versions.json": lambda: pretty(versions_json(audit_of(), versions())),
    "versions.md": lambda: versions_markdown(audit_of(), versions()),
    "between.txt": lambda: between_text(audit_of(), pair(), width=80, color=False),
    "between.json": lambda: pretty(between_json(audit_of(), pair())),
    "between.md": lambda: between_markdown(audit_of(), pair()),
    "show_leads.txt": lambda: entry_text(entries()[2], PROBLEMS[:1], width=80, color=False),
    "show_leads.json": lambda: pretty(entry_json(entries()[2], PROBLEMS[:1])),
    "show_leads.md": lambda: entry_markdown(entries()[2], PROBLEMS[:1]),
    "show_hostile.txt": lambda: entry_text(entries()[4], (), width=80, color=False),
    "show_hostile.md": lambda: entry_markdown(entries()[4], ()),
    "show_killed.txt": lambda: entry_text(entries()[5], (), width=80, color=False),
    "attributed.txt": drift_text,
    "attributed.json": lambda: pretty(drift_json(attributed(), drift_of("a_night_of_drift").coverage)),
    "attributed.md": drift_markdown,
}


@pytest.mark.parametrize("file", SCREENS)
def test_screen(file: str, update: bool) -> None:
    """It reads exactly as it was reviewed."""
    expect(GOLDEN / "history" / file, SHA256.sub("SHA256", SCREENS[file]()), update=update)


def test_no_screen_is_left_over() -> None:
    """A file that no test compares would be believed."""
    assert {file.name for file in (GOLDEN / "history").iterdir()} == SCREENS.keys()


@pytest.mark.parametrize("file", [file for file in SCREENS if file.endswith(".txt")])
def test_no_line_is_too_wide_or_alive(file: str) -> None:
    for line in SCREENS[file]().splitlines():
        assert columns(line) <= 80 or line.strip().startswith("digest ")
        assert line.isprintable()
        assert not line.lstrip().startswith("::")


@pytest.mark.parametrize("file", SCREENS)
def test_no_secret_and_no_lead_gets_out(file: str) -> None:
    shown = SCREENS[file]()
    hidden = [
        *SECRETS.values(),
        *(lead["phone_number"] for leads in live_of("leads_changed")["leads"].values() for lead in leads),
    ]
    assert [value for value in hidden if value in shown] == []

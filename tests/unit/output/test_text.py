"""The order of a plan's text, and what is said apart from the fields."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.pages import COVERAGE, MAIN, RECALL, SUPPORT, VOIP, drifts, full, plan, render_drift

from hmsplan.model import (
    Action,
    Address,
    Diagnostic,
    Drift,
    DriftKind,
    FieldChange,
    MembersChange,
    PendingCreate,
    Plan,
    Refusal,
    ResourceChange,
    Risk,
    Severity,
    SourceLine,
    Step,
    Unsettled,
    Verb,
)
from hmsplan.output.plan_page import NO_CHANGES
from hmsplan.output.text import render_plan
from hmsplan.text.escape import plain

FIELD = FieldChange(("name",), "old", "new")


def shown(made: Plan, **more: Any) -> str:
    return render_plan(made, width=80, color=False, **more)


def test_the_order_is_the_one_of_a_reviewer() -> None:
    """Refusals come first, then what goes away, what changes, what is new, and last what somebody else did."""
    text = shown(
        plan(
            ResourceChange(SUPPORT, Action.CREATE, None),
            ResourceChange(MAIN, Action.UPDATE, "b1", fields=(FIELD,)),
            ResourceChange(RECALL, Action.DELETE, "c1"),
            ResourceChange(VOIP, Action.REPLACE, "t1", fields=(FIELD,), replaces=(("name",),)),
            ResourceChange(Address("numbers", "old"), Action.FORGET, "b2"),
            refusals=(Refusal(Risk.DELETE, RECALL, "why"),),
            unsettled=(
                Unsettled(
                    Address("assistants", "x"),
                    intent=PendingCreate("s", SUPPORT, "assistants", (), {}, frozenset(), 0.0),
                ),
            ),
            drift=(Drift("numbers", "b3", DriftKind.GONE, Address("numbers", "gone")),),
            warnings=(Diagnostic("Odd", "detail", SourceLine("a.yaml", 1), severity=Severity.WARNING),),
        )
    )
    order = [
        "Refused: 1 risk.",
        "hmsplan apply --allow delete:campaigns.recall",
        "Not settled:",
        "# sip_trunks.voip must be replaced",
        "# campaigns.recall will be destroyed",
        "# numbers.main will be updated in place",
        "# assistants.support will be created",
        "# numbers.old will be forgotten",
        "Changed outside hmsplan since the last apply",
        "Warning: Odd",
        f"Digest: sha256:{'0' * 64}",
        "Plan: 2 to add, 1 to change, 2 to destroy, 0 to adopt, 1 to forget.",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert text.endswith(f"\n{order[-2]}\n{order[-1]}\n")


def test_every_flag_is_named_once_with_all_its_reasons() -> None:
    refusals = (Refusal(Risk.DELETE, MAIN, "one"), Refusal(Risk.DELETE, MAIN, "two"), Refusal(Risk.START, RECALL, "x"))
    text = shown(plan(refusals=refusals))
    assert "Refused: 2 risks. Nothing is applied until all are allowed." in text
    assert "  ! numbers.main: one; two\n    --allow delete:numbers.main\n" in text
    assert "    hmsplan apply --allow delete:numbers.main --allow start:campaigns.recall\n" in text
    assert text.count("--allow delete:numbers.main") == 2


def test_no_changes_in_the_words_people_search_for() -> None:
    assert NO_CHANGES in shown(plan(ResourceChange(MAIN, Action.NO_OP, "b1")))


def test_news_for_the_state_alone_is_said() -> None:
    text = shown(
        plan(ResourceChange(MAIN, Action.NO_OP, "b1"), steps=(Step("numbers.main:bind", Verb.BIND, MAIN, "b1"),))
    )
    assert "The next apply only brings hmsplan's state up to date: numbers.main." in text


def test_what_is_unchanged_is_listed_on_request() -> None:
    made = plan(ResourceChange(MAIN, Action.NO_OP, "b1"))
    assert "numbers.main" not in shown(made)
    assert "Unchanged: 1 object\n    numbers.main\n" in shown(made, show_unchanged=True)


def test_a_limited_plan_says_so() -> None:
    one, two = (shown(plan(targets=tuple(map(str, targets)))) for targets in ((SUPPORT,), (SUPPORT, MAIN)))
    assert "Limited to assistants.support and what it refers to; the rest is left out." in one
    assert "Limited to assistants.support, numbers.main and what they refer to; the rest" in two


def test_an_allowed_start_still_says_whom_it_calls() -> None:
    spec = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
    made = ResourceChange(RECALL, Action.UPDATE, "c1", after=spec, members=MembersChange(pending=1), started=True)
    text = " ".join(shown(plan(made)).split())
    assert "this campaign begins to call 1 person, daily between 09:00:00 and 17:00:00 Europe/Amsterdam" in text


def test_a_replacement_names_whom_it_repoints() -> None:
    trunk = ResourceChange(VOIP, Action.REPLACE, "t1", fields=(FIELD,), replaces=(("name",),))
    number = ResourceChange(MAIN, Action.UPDATE, "b1", fields=(FieldChange(("transfer_trunk_id",), "t1", "t2"),))
    text = shown(plan(trunk, number))
    assert "(create the new one -> repoint numbers.main -> delete the old one)" in text
    assert '~ name = "old" -> "new"  # forces replacement' in text


def test_an_adoption_with_changes_counts_twice() -> None:
    text = shown(plan(ResourceChange(MAIN, Action.ADOPT, "b1", fields=(FIELD,), reason="imports entry")))
    assert "# numbers.main will be adopted and updated in place\n  # (existing b1: imports entry)" in text
    assert "Plan: 0 to add, 1 to change, 0 to destroy, 1 to adopt." in text


def test_doubt_about_one_object_names_it() -> None:
    intent = PendingCreate("s", SUPPORT, "assistants", (), {}, frozenset(), 0.0)
    text = shown(plan(unsettled=(Unsettled(SUPPORT, ("a\n1",), 0.0, intent),)))
    assert "? assistants.support: 1 live object may be it." in text
    assert "    hmsplan resolve assistants.support --adopt 'a\\u000a1'\n" in text
    assert NO_CHANGES not in text


@pytest.mark.parametrize("width", [1, 40, 80, 120])
def test_any_width_works(width: int) -> None:
    made = plan(ResourceChange(SUPPORT, Action.CREATE, None, fields=(FieldChange(("name",), None, "x" * 300),)))
    rows = render_plan(made, width=width, color=False).splitlines()
    assert all(len(row) <= max(width, 40) for row in rows if not row.startswith("Digest: "))


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(st.sampled_from(HOSTILE), st.text(), st.just("a\n::error::b\x1b[31mc\x1b[0m\n    # d will be destroyed"))
)
def test_no_text_acts_in_a_terminal_or_begins_a_line(text: str) -> None:
    """The last look before printing lets line breaks and colours by, so none may come from data.

    Only the detail of a warning has lines of its own.
    """
    reports = shown(replace(full(text), warnings=())), render_drift(drifts(text), COVERAGE, width=80, color=False)
    for row in "".join(reports).split("\n"):
        assert plain(row) == row
        assert not row.lstrip(" #").startswith(("::", "d will be destroyed"))

"""How an apply ended, for a step's summary: failures first, within the budget, nothing alive but ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.html_reader import in_markdown
from support.pages import plan

from hmsplan.model import Address, Diagnostic, Outcome, Report, SourceLine, Status, Step, Verb
from hmsplan.output.ending import BUDGET, error_markdown, report_markdown
from hmsplan.output.findings import of_report
from hmsplan.output.markdown import SUMMARY

OURS = {"h3", "p", "strong", "blockquote", "ul", "li", "pre", "code", "details", "summary"}


def outcome(key: str, status: Status, error: str = "") -> Outcome:
    address = Address("assistants", key)
    return Outcome(Step(f"{address}:create", Verb.CREATE, address), status, error=error)


def shown(*outcomes: Outcome) -> str:
    return report_markdown(Report(outcomes), plan())


def test_what_failed_is_told_before_the_table() -> None:
    text = shown(outcome("a", Status.DONE), outcome("b", Status.FAILED, "the API said no"))
    order = [
        "### hmsplan apply",
        "**Apply incomplete: 1 done, 1 failed",
        "1 step did not end well",
        "- `create assistants.b`: the API said no",
        "<details open><summary>2 steps</summary>",
        "! failed",
        "+ done",
        "hmsplan apply",
    ]
    places = [text.index(words, text.index(order[0])) for words in order[:-1]]
    assert places == sorted(places)
    assert text.rindex(order[-1]) > places[-1]


def test_a_good_end_is_one_sentence_with_the_table_folded() -> None:
    text = shown(outcome("a", Status.DONE))
    assert "**Apply complete! 1 added, 0 changed, 0 destroyed, 0 adopted.**" in text
    assert "<details><summary>1 step</summary>" in text
    assert "CAUTION" not in text


@settings(max_examples=25, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text()))
def test_no_tag_or_link_comes_from_an_error(text: str) -> None:
    for source in (
        shown(outcome("a", Status.FAILED, text), outcome("b", Status.UNSETTLED, text)),
        error_markdown([Diagnostic(text, text)]),
    ):
        read = in_markdown(source)
        assert {tag for tag, _ in read.tags} <= OURS
        assert not [line for line in source.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize("unit", ["x ", "`", "王", "|<", "\x1b", "\n- a", "&"])
def test_it_fits_beside_the_plan(unit: str) -> None:
    """GitHub drops a summary of more than 1 MiB whole."""
    many = [outcome(f"a{number}", Status.FAILED, f"{number} {unit * 2000}") for number in range(300)]
    size = len(shown(*many).encode())
    assert size <= BUDGET
    assert size > BUDGET / 2
    assert len(error_markdown([Diagnostic("Unreadable", unit * 9000)] * 300).encode()) <= BUDGET
    assert SUMMARY + BUDGET < 2**20


def test_a_failed_step_is_marked_at_its_resource_and_what_waited_is_not() -> None:
    report = Report((outcome("a", Status.FAILED, "no"), outcome("b", Status.BLOCKED), outcome("c", Status.DONE)))
    (found,) = of_report(report, lambda address, *_: SourceLine(f"{address.key}.yaml", 3, 1))
    assert (found.rule, found.text) == ("Step failed", "assistants.a: no")
    assert found.source == SourceLine("a.yaml", 3, 1)

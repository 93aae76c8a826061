"""A plan in a pull request: it fits, it says what matters first, and nothing in it is alive but ours."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.html_reader import in_markdown
from support.pages import COVERAGE, drifts, full, many, plan, update

from hmsplan.model import Action, Address, Diagnostic, FieldChange, Plan, Refusal, ResourceChange, Risk, Severity
from hmsplan.output.drift_page import drift_page
from hmsplan.output.markdown import COMMENT, SUMMARY, render_markdown
from hmsplan.output.plan_page import page_of

OURS = {"h3", "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "ul", "li", "pre", "code"}
OURS |= {"details", "summary"}


def shown(made: Plan, **more: Any) -> str:
    return render_markdown(page_of(made, 100), **more)


def test_the_order_is_the_one_of_a_reviewer() -> None:
    """Counts, what is refused, what goes away, what changes, what is new, and last what others did."""
    text = shown(full())
    order = [
        "<!-- hmsplan:plan:",
        "### hmsplan plan:",
        "**Plan: 2 to add, 1 to change, 2 to destroy",
        "| action | count | objects |",
        "> **Refused: 2 risks. Nothing is applied until all are allowed.**",
        " --allow delete:numbers.main --allow start:campaigns.recall",
        "Not settled",
        "hmsplan resolve assistants.open --none",
        "<code>sip_trunks.voip</code> must be replaced",
        "<code>numbers.main</code> will be destroyed",
        "<code>assistants.support</code> ",
        "<code>campaigns.recall</code> will be created",
        "`assistants.new` moved from assistants.was",
        "#### Changed outside hmsplan since the last apply",
        "Digest `sha256:",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


@settings(max_examples=25, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(), st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join)))
def test_no_tag_attribute_or_link_comes_from_data(text: str) -> None:
    """Whatever stands in the place of every foreign text, the page has the tags of an ordinary one."""
    page = drift_page(drifts(text), COVERAGE, text, text, 100)
    for source in (shown(full(text)), render_markdown(page)):
        read = in_markdown(source)
        assert {tag for tag, _ in read.tags} <= OURS
        attributes = {(tag, name) for tag, attrs in read.tags for name, _ in attrs}
        assert attributes <= {("details", "open"), ("code", "class"), ("td", "style"), ("th", "style")}
        outside = re.sub(r"hmsplan:\w+:\S*", "", "".join(read.outside))
        assert not re.search(r"@\w|(?<!&)#\d|://|\bwww\.", outside)
        assert not [line for line in source.splitlines() if re.match(r"\s*(::|##\[)", line)]


@pytest.mark.parametrize(
    ("made", "budget"),
    [
        (many(300), COMMENT),
        (many(300), 10_000),
        (many(3), 10_000),
        *((full(unit * 5000), COMMENT) for unit in ("x ", "`", "王", "|<", "@a ", "\x1b", "\n- a")),
    ],
)
def test_it_fits_whatever_is_planned(made: Plan, budget: int) -> None:
    """In bytes, of which there are never fewer than the characters that GitHub counts."""
    assert len(shown(made, budget=budget).encode()) <= budget


def test_thousands_of_risks_and_warnings_leave_room_for_the_counts() -> None:
    """A flood of refusals does not push out what everybody reads first."""
    refusals = tuple(Refusal(Risk.DELETE, Address("numbers", f"n{n}"), "why " * 300) for n in range(5000))
    text = shown(plan(update("a"), refusals=refusals))
    assert len(text.encode()) <= COMMENT
    assert "**Plan: 0 to add, 1 to change" in text
    assert re.search(r"and 4,\d\d\d more, which the text of the plan names", text)


def test_what_does_not_fit_is_named_and_counted_and_deletes_come_first() -> None:
    """The one delete behind hundreds of long updates is shown whole."""
    text = shown(many(400))
    assert text.index("<code>numbers.gone</code> will be destroyed") < text.index("<code>~</code> <code>assistants.")
    detailed = text.count("<details")
    match = re.search(r"\*\*([\d,]+) more objects without details for lack of room\*\* \(([\d,]+) update\)", text)
    assert match
    assert detailed + int(match[1].replace(",", "")) == 401
    assert len(text.encode()) > COMMENT * 0.9
    assert "| `~` update | 400 |" in text


def test_one_huge_object_does_not_push_out_the_others() -> None:
    """Its first lines are shown and the rest is counted."""
    fields = tuple(FieldChange((f"field_{n:05}",), "old", "new") for n in range(20_000))
    huge = ResourceChange(Address("assistants", "huge"), Action.UPDATE, "a", fields=fields)
    text = shown(plan(huge, *(update(f"s{n}") for n in range(20))))
    assert re.search(r"… [\d,]+ more lines …", text)
    assert text.count("<details") == 21


def test_a_summary_holds_more_than_a_comment() -> None:
    """GitHub takes up to a mebibyte there."""
    long = shown(many(400), budget=SUMMARY)
    assert COMMENT < len(long.encode()) <= SUMMARY < 2**20


def test_nothing_to_do_is_said_in_three_lines() -> None:
    text = shown(plan(ResourceChange(Address("assistants", "a"), Action.NO_OP, "1")))
    assert "**No changes. The organization matches the stack.**" in text
    assert len(text.splitlines()) == 7


def test_a_prompts_bullets_are_no_marks() -> None:
    """A line of a block begins with a mark of ours, and the text of the prompt stands behind a bar."""
    text = shown(plan(update("a", "- one\n- two\n+ three\n", "- one\n- 2\n+ three\n")))
    block = text.split("```diff\n")[1].split("\n```")[0].splitlines()
    for line in block:
        assert re.match(r"[-+!# ] ", line)
        assert not re.match(r"[-+] [-+] ", line)


def test_a_drift_report_is_no_proposal() -> None:
    text = render_markdown(drift_page(drifts("Balie"), COVERAGE, "acme", "prod", 100))
    assert "**Drift: 1 changed, 1 gone, 1 unmanaged.** Coverage: 1 of 2 objects managed (assistants 1 of 2)." in text
    assert "last applied -&#62; live now. Nothing is proposed or written." in text
    assert '`assistants "Balie"` |' in text
    assert text.index("is gone") < text.index("was changed")
    assert "#### 1 object that no stack manages" in text
    assert "Plan:" not in text


def test_objects_do_not_push_the_warnings_out_and_those_left_out_are_counted() -> None:
    """A warning that a report drops without a word was never given."""
    warnings = tuple(Diagnostic(f"Odd {n}", "x" * 900, severity=Severity.WARNING) for n in range(100))
    few, crowd = (shown(replace(many(500), warnings=warnings[:most])) for most in (2, 100))
    assert "**Odd 0**" in few
    assert "**Odd 1**" in few
    told = crowd.count("**Odd ")
    assert 5 < told < 100
    assert f"**{100 - told} more lines**, which `hmsplan plan` shows." in crowd
    assert max(len(few.encode()), len(crowd.encode())) <= COMMENT


def test_an_object_without_room_for_a_single_line_is_named_alone() -> None:
    """A block to unfold in which nothing stands but that there is more wastes a tap."""
    text = shown(plan(*(replace(update(f"a{n}"), action=Action.DELETE, before={"name": "A" * 90}) for n in range(900))))
    assert "```diff\n  …" not in text


def test_only_what_a_comment_has_room_for_is_compared() -> None:
    """Of a thousand changed prompts a comment shows some; the others cost their name."""
    made = page_of(many(1000), 100)
    text = render_markdown(made)
    drawn = [item for item in made.changes if "lines" in vars(item)]
    assert 0 < text.count("<details") <= len(drawn) <= text.count("<details") + 1 < len(made.changes)

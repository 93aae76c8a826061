"""A described change is the whole change: the old text and it make the new text, character by character."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.prompts import DUTCH, ENGLISH

from hmsplan.output.prose.alignment import equal_in_order
from hmsplan.output.prose.compare import Kind, TextChange, compare
from hmsplan.output.prose.drawing import compared
from hmsplan.output.prose.parts import Form, paragraphs, sentences, words

WORDS: Final = "de het een Bel niet. goed! {{naam}} {{x dr. | # ## - * ``` <b> 好。 世 é"
BITS: Final = st.sampled_from([*WORDS.split(), "\n", "\n\n", "\n- ", "\n```\n", "\t", "\r\n", "\r"])
TEXTS: Final = (
    st.lists(BITS, max_size=40).map(" ".join) | st.lists(BITS, max_size=40).map("".join) | st.text(max_size=60)
)
"""Texts that consist of what means something, well formed or not."""


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """Return a real prompt and what becomes of it by a few cuts, moves and insertions."""
    before = after = draw(st.sampled_from([DUTCH, ENGLISH]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(after)))
        end = draw(st.integers(start, min(start + 300, len(after))))
        cut, rest = after[start:end], after[:start] + after[end:]
        place = draw(st.integers(0, len(rest)))
        put = draw(st.sampled_from([cut, "", " woord ", "\n\nEen alinea.\n\n"]))
        after = rest[:place] + put + rest[place:]
    return before, after


def applied(change: TextChange, text: str) -> str:
    """Do to *text* what *change* says, reading every character of it on the way."""
    taken: dict[int, str] = {}
    here = 0
    for each in sorted((each for each in change.paragraphs if each.was >= 0), key=lambda each: each.was):
        assert each.was == here
        assert text.startswith(each.before, here)
        taken[each.was] = text[here : here + len(each.before)]
        here += len(each.before)
    assert here == len(text)
    made = []
    for each in change.paragraphs:
        if each.kind is Kind.SAME or (each.kind is Kind.MOVED and each.before == each.after):
            made.append(taken[each.was])
        elif each.sentences:
            spans = [span for sentence in each.sentences for span in sentence.spans]
            assert "".join(span.before for span in spans) == taken[each.was]
            made.append("".join(span.after for span in spans))
        else:
            made.append(each.after)
    return "".join(made)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_the_change_leads_from_any_text_to_any_other(before: str, after: str) -> None:
    change = compare(before, after)
    assert applied(change, before) == after
    assert (change.before, change.after) == (before, after)
    assert (change.kind is Kind.SAME) == (before == after)


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@given(edits())
def test_the_change_leads_from_a_prompt_to_its_next_version(pair: tuple[str, str]) -> None:
    before, after = pair
    change = compare(before, after)
    assert applied(change, before) == after
    assert applied(compare(after, before), after) == before
    assert compare(before, after) == change


@settings(deadline=None)
@given(TEXTS)
def test_no_change_is_no_change(text: str) -> None:
    assert all(each.kind is Kind.SAME for each in compare(text, text).paragraphs)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_text_of_the_same_words_is_never_called_changed_words(before: str, after: str) -> None:
    """Re-wrapped and respaced are said only of texts whose words are the same."""
    if compare(before, after).kind in {Kind.REWRAPPED, Kind.SPACING}:
        assert "".join(before.split()) == "".join(after.split())


@settings(deadline=None)
@given(TEXTS)
def test_the_parts_of_a_text_joined_are_the_text(text: str) -> None:
    assert "".join(part.text for part in paragraphs(text)) == text
    assert "".join(sentences(text, Form.PROSE)) == text
    assert "".join(sentences(text, Form.CODE)) == text
    assert "".join(words(text)) == text


ITEMS: Final = st.lists(st.integers(0, 5), max_size=30)


@settings(deadline=None)
@given(ITEMS, ITEMS, st.booleans())
def test_pairs_are_equal_and_only_rise(old: list[int], new: list[int], heavy: bool) -> None:
    pairs = equal_in_order(old, new, (lambda i: old[i] + 1) if heavy else None)
    assert all(old[i] == new[j] for i, j in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


QUIETLY: Final = ("only re-wrapped", "only line ends", "line break at its end", "only white space", "only spaces")
SPACES: Final = st.sampled_from(
    [*" \t\n\r\x0b\x1c\x85\xa0\u2009\u2028\u3000\u200b\ufe0f\u0301a.", "\n  ", "\n    ", "\n- ", "```"]
)


@pytest.mark.no_cover
@settings(max_examples=200, deadline=None)
@example("\n```", "```")
@example("```\na\n```", "```\n\na\n```")
@given(TEXTS | st.lists(SPACES).map("".join), TEXTS | st.lists(SPACES).map("".join))
def test_no_change_is_shown_as_nothing(before: str, after: str) -> None:
    """An update says in its one line that only white space differs, or at least one line below it has a mark."""
    if before != after:
        summary, lines = compared(before, after, 0)
        assert any(words in summary for words in QUIETLY) or {line.mark for line in lines} & {"+", "-", "~", ">"}


@pytest.mark.no_cover
@settings(max_examples=100, deadline=None)
@given(edits(), st.sampled_from("\xa0\u2009\u2028\u3000\u200b\u00ad\x0b\x1c\u0430\ufe00"))
def test_a_character_that_nobody_sees_is_seen_when_it_comes(pair: tuple[str, str], hidden: str) -> None:
    """Whatever else changed: the number of the character stands among what is new."""
    before, after = pair
    place = after.find("a", len(after) // 2) + 1
    _, lines = compared(before, after[:place] + hidden + after[place:], 0)
    assert any(f"\\u{ord(hidden):04x}" in line.text for line in lines if line.mark in {"+", "~"})

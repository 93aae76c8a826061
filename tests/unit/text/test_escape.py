"""One function a surface: whatever a text holds, it stays text there, and can still be read."""

from __future__ import annotations

import html as stdlib_html
import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.html_reader import Reader, in_markdown

from hmsplan.text import escape
from hmsplan.text.escape import apart, plain, printable

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS: Final = st.one_of(
    st.text(),
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from([*HOSTILE, " ", "\n", "a"]), max_size=4).map("".join),
    st.text(alphabet="<>&\"'`|\\[]()!#@:*_~-+=.$%{};/ \nwa1"),
)
quick = settings(max_examples=50, deadline=None)


@quick
@given(TEXTS)
def test_nothing_acts_in_a_terminal(text: str) -> None:
    """No text, whatever it holds, moves the cursor, colours, breaks a line, or hides."""
    shown = plain(text)
    assert not any(
        ord(letter) < 32
        or 0x7F <= ord(letter) <= 0x9F
        or 0x200B <= ord(letter) <= 0x200F
        or 0x2028 <= ord(letter) <= 0x202E
        for letter in shown
    )
    shown.encode()


def test_finished_output_is_searched_for_every_hidden_character() -> None:
    """The quick look at its bytes passes over none of them."""
    every = map(chr, range(0x10000))
    missed = [letter for letter in every if plain(letter) != letter != "\n" and printable(letter) == letter]
    assert missed == []


def test_shows_what_was_there() -> None:
    """What is escaped can still be recognised; ordinary text in any language is untouched."""
    assert plain("a\x1b]0;title\x07\nb\u202ec\U000e0041") == "a\\u001b]0;title\\u0007\\u000ab\\u202ec\\U000e0041"
    assert plain("Zoë, 王, ₤ 5 — 👍") == "Zoë, 王, ₤ 5 — 👍"


@quick
@given(TEXTS)
def test_a_sentence_in_markdown_stays_a_sentence(text: str) -> None:
    """No tag but our paragraph and code comes out, and the reader sees the text."""
    read = in_markdown(f"Reason: {escape.markdown(text)}.")
    assert {tag for tag in read.tags if tag != ("code", ())} == {("p", ())}
    assert re.sub(r"[ \n]+", " ", "".join(read.text)).strip() == re.sub(r" +", " ", f"Reason: {plain(text)}.")


@quick
@given(TEXTS)
def test_it_may_even_begin_a_line(text: str) -> None:
    """No list, heading, rule, quote or block of code begins with a foreign text."""
    shown = escape.markdown(text)
    tags = {tag for tag, _ in in_markdown(shown).tags}
    assert tags <= {"p", "code"}


@quick
@given(TEXTS)
def test_github_finds_nothing_to_bring_to_life(text: str) -> None:
    """Mentions, issues, links and emoji are sought in the text of the page, but never inside code."""
    outside = "".join(in_markdown(f"x {escape.markdown(text)} y").outside)
    assert not re.search(r"@\w|#\d|://|\bwww\.|\bGH-\d|:[a-z+-][\w+-]*:", outside, re.IGNORECASE)


@quick
@given(TEXTS)
def test_code_in_a_line_of_markdown_holds(text: str) -> None:
    """Alone, between words, and in a cell of a table there is one piece of code with the text in it."""
    shown = escape.markdown_code(text)
    for source in (shown, f"a {shown} b", f"- {shown}", f"| h | i |\n|---|---|\n| {shown} | z |"):
        read = in_markdown(source)
        assert [tag for tag in read.tags if tag[0] == "code"] == [("code", ())]
        assert not {tag for tag, _ in read.tags} & {"a", "img", "script", "em", "strong"}
        assert len([tag for tag, _ in read.tags if tag == "td"]) in {0, 2}


@quick
@given(st.lists(TEXTS, max_size=4))
def test_a_fence_holds(rows: list[str]) -> None:
    """Nothing inside closes it, and what follows is outside of it."""
    source = escape.markdown_fence(rows, "diff") + "\n\nafter"
    read = in_markdown(source)
    assert [tag for tag, _ in read.tags] == ["pre", "code", "p"]
    assert "".join(read.outside).strip("\0\n") == "after"


def test_a_flood_of_backticks_does_not_fill_the_comment_with_its_fence() -> None:
    """Else the fence alone would be as long as what it fences."""
    assert len(escape.markdown_fence(["`" * 60_000])) < 100


@quick
@given(TEXTS)
def test_html_shows_the_text_and_nothing_else(text: str) -> None:
    """As content and as the value of an attribute."""
    shown = escape.html(text)
    read = Reader(f'<p title="{shown}" id="x">{shown}</p>')
    assert read.tags == [("p", (("title", plain(text)), ("id", "x")))]
    assert "".join(read.text) == plain(text)


@quick
@given(TEXTS)
def test_xml_can_be_parsed_and_says_the_same(text: str) -> None:
    """Also what XML has no word for is visible."""
    shown = escape.xml(text)
    found = ET.fromstring(f'<case name="{shown}">{shown}</case>')
    expected = plain(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
    assert (found.get("name"), found.text or "") == (expected, expected)


@quick
@given(TEXTS, TEXTS)
def test_a_workflow_command_is_one_line_with_one_message(title: str, text: str) -> None:
    """Read as the runner reads it: properties up to the second ``::``, then decoded."""
    line = f"::error title={escape.workflow_property(title)},line=1::{escape.workflow_data(text)}"
    assert len(line.splitlines()) == 1
    match = re.fullmatch(r"::error title=([^,:]*),line=1::(.*)", line)
    assert match
    assert decoded(match[1], property_=True) == plain(title)
    assert decoded(match[2]) == "\n".join(map(plain, text.split("\n")))


def decoded(value: str, *, property_: bool = False) -> str:
    """Decode as the runner does, "%25" last."""
    more = [("%3A", ":"), ("%2C", ",")] if property_ else []
    for code, char in [("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")]:
        value = value.replace(code, char)
    return value


@quick
@given(TEXTS)
def test_a_label_of_mermaid_holds(text: str) -> None:
    """Nothing but letters, digits and entities is left, and the entities say what was there."""
    shown = escape.mermaid(text)
    assert re.fullmatch(r"(?:[^\W_]|[ ._…-]|#\d+;)*", shown)
    assert stdlib_html.unescape(re.sub(r"#(\d+);", r"&#\1;", shown)) == stdlib_html.unescape(
        "".join(f"&#{ord(char)};" for char in plain(text))
    )


@quick
@given(TEXTS)
def test_a_string_of_graphviz_holds(text: str) -> None:
    """It ends where we end it, and its backslashes are backslashes."""
    shown = escape.dot(text)
    assert re.fullmatch(r'(?:[^"\\]|\\["\\])*', shown)
    assert re.sub(r'\\(["\\])', r"\1", shown) == plain(text)


SURFACES: Final[tuple[Callable[[str], str], ...]] = (
    escape.markdown,
    escape.markdown_code,
    lambda text: escape.markdown_fence([text]),
    escape.html,
    escape.xml,
    escape.workflow_data,
    escape.workflow_property,
    escape.mermaid,
    escape.dot,
)


@pytest.mark.parametrize("unit", ["a", "`", "@", ":a", "a:", "<", "\x1b", "/w", "ab1", "\n", "_", " ", "\\"])
def test_long_runs_of_anything_are_escaped_in_linear_time(unit: str) -> None:
    """A regular expression that looks back again and again would not come to an end here."""
    for make in SURFACES:
        assert make(unit * 20_000)


@pytest.mark.parametrize("make", SURFACES)
def test_a_megabyte_is_escaped(make: Callable[[str], str]) -> None:
    """Prompts can be that long."""
    assert len(make("Vraag de beller (vriendelijk!) naar zijn naam.\n" * 22_000)) >= 10**6


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hel\u034flo", "Hel\\u034flo"),  # combining grapheme joiner
        ("\u3164Hello\uffa0\u115f\u1160", "\\u3164Hello\\uffa0\\u115f\\u1160"),  # Hangul fillers
        ("a\u2800b", "a\\u2800b"),  # a Braille pattern without dots
        ("He\u180bllo\u17b4", "He\\u180bllo\\u17b4"),
        ("a\ufe00\ufe0fb\ufe0e", "a\\ufe00\\ufe0fb\\ufe0e"),  # what selects a variant of a letter hides bytes
        ("\u2764\ufe0f \u2764\ufe0f\ufe0f\ufe0e", "\u2764\ufe0f \u2764\ufe0f\\ufe0f\\ufe0e"),
        ("a\U0001d173b", "a\\U0001d173b"),
    ],
)
def test_what_takes_no_place_on_the_screen_is_visible(text: str, shown: str) -> None:
    """Words that differ only in such a character look the same, and a model reads other ones."""
    assert plain(text) == shown


def test_a_letter_of_another_script_inside_a_latin_word_is_visible() -> None:
    """A reader cannot tell a Cyrillic letter from a Latin one; words that are Russian or Greek stay as they are."""
    assert plain("the p\u0430ssword of \u0391nna") == "the p\\u0430ssword of \\u0391nna"
    assert plain("Москва, Αθήνα, 5 \u00b5m and IT-специалист") == "Москва, Αθήνα, 5 \u00b5m and IT-специалист"


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        ("Zo\u00eb", "Zoe\u0308", ("Zo\\u00eb", "Zoe\\u0308")),
        ("pop", "\u0440\u043e\u0440", ("pop", "\\u0440\\u043e\\u0440")),
        ("a b", "a\u00a0b", ("a b", "a\\u00a0b")),
        ("follow-up", "follow\u2011up", ("follow-up", "follow\\u2011up")),
        ("\u2764", "\u2764\ufe0f", ("\\u2764", "\\u2764\\ufe0f")),
        ("Zoë", "Chloë", ("Zoë", "Chloë")),
        ("a  b", "a b", ("a  b", "a b")),
    ],
)
def test_two_texts_that_look_the_same_are_told_apart(one: str, other: str, shown: tuple[str, str]) -> None:
    """Else a plan says that a thing changes into itself; texts that look different are left alone."""
    assert apart(one, other) == shown


@quick
@given(TEXTS, TEXTS)
def test_no_two_different_texts_are_shown_as_one(one: str, other: str) -> None:
    """What is told apart is different on the screen, and equal texts are not touched."""
    assert (apart(one, other)[0] == apart(one, other)[1]) == (one == other)

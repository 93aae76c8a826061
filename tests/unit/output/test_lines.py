"""Wrapping, marks and colours: what every text surface is painted with."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.output.lines import BLANK, Line, Tone, columns, paint, safe, title, wrap

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_marks_stand_in_a_column_of_their_own() -> None:
    lines = [Line("a", "+"), Line("b", "-/+"), Line("c", "~", 1), Line("d", "", 1), Line("why", "#"), title("t"), BLANK]
    assert paint(lines, width=80, color=False) == "  + a\n-/+ b\n      ~ c\n        d\n  # why\nt\n\n"


def test_prose_keeps_its_bar_when_it_wraps() -> None:
    """A second row of one line of a prompt is told from a line of its own."""
    text = paint([Line("- " + "woord " * 12, "+", bar=True)], width=40, color=False)
    assert text.splitlines()[0].startswith("    + │ - woord")
    assert all(row.startswith("    + ┊ ") for row in text.splitlines()[1:])


def test_without_colour_there_is_no_escape_sequence_and_with_it_the_same_text() -> None:
    lines = [
        Line("x = 1", "+"),
        Line("(why)", "#", tone=Tone.QUIET),
        Line("- a", "-", bar=True),
        title("T", Tone.ALERT),
    ]
    plain, coloured = (paint(lines, width=80, color=color) for color in (False, True))
    assert "\x1b" not in plain
    assert coloured != plain
    assert ANSI.sub("", coloured) == plain


def test_a_comment_that_does_not_fit_gets_a_line_of_its_own() -> None:
    line = Line("field = 1", "~", notes=("short", "a comment that is too long for the rest of the line"))
    assert paint([line], width=60, color=False).splitlines() == [
        "  ~ field = 1  # short",
        "      # a comment that is too long for the rest of the line",
    ]


def test_the_rows_of_a_table_hang_below_their_second_column() -> None:
    """And the first row is as long as the terminal is wide."""
    row = Line("acme     1 of 1 objects, serial 6, last applied", depth=-1, hang=9)
    assert paint([row], width=40, color=False) == (
        "acme     1 of 1 objects, serial 6, last\n         applied\n"  # the first is 39 wide
    )


def test_what_is_copied_is_never_wrapped() -> None:
    command = "hmsplan apply --allow delete:numbers." + "x" * 80
    assert paint([Line(command, whole=True)], width=40, color=False) == f"    {command}\n"


@pytest.mark.parametrize("mark", ["", "+", "#", "!"])
def test_no_row_begins_as_a_workflow_command(mark: str) -> None:
    """A runner trims a line before it looks for ``::``, so a continuation must not begin with foreign text."""
    text = paint([Line("x" * 30 + " ::error::" + "y" * 30, mark)], width=40, color=False)
    assert not any(row.lstrip().startswith("::") for row in text.splitlines())


def test_commands_of_the_old_form_are_broken() -> None:
    """``##[error]`` is obeyed anywhere in a line of a log."""
    assert "##[" not in safe("a ##[error]b")


def test_wide_characters_count_twice() -> None:
    assert columns("日本") == 4
    assert wrap("日本日本日本", 8) == ["日本日本", "日本"]


@pytest.mark.parametrize("room", [-300, 0, 1])
def test_text_that_is_indented_beyond_the_width_is_shown_all_the_same(room: int) -> None:
    """A value of the API may be nested deeper than a terminal is wide; this must end, and lose nothing."""
    assert "".join(wrap("abcdefghijklmnopqrstuvwxyz", room)) == "abcdefghijklmnopqrstuvwxyz"
    painted = paint([Line("name = 1", "+", depth=90)], width=80, color=False)
    assert painted.strip() == "+ name = 1"


@given(st.text(alphabet="ab 日é", max_size=120), st.integers(8, 30))
def test_wrapping_loses_nothing_and_fits(text: str, width: int) -> None:
    pieces = wrap(text, width)
    assert all(columns(piece) <= width for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


@given(st.text(max_size=80), st.sampled_from(["", "+", "#", "!"]), st.integers(20, 90), st.booleans())
def test_no_foreign_text_is_alive(text: str, mark: str, width: int, bar: bool) -> None:
    rows = paint([Line(safe(text), mark, bar=bar)], width=width, color=False).split("\n")[:-1]
    for row in rows:
        assert row == "" or not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", row)
        assert not row.lstrip().startswith("::")

"""A changed prompt on a screen: our marks are left of the bar, its text is right of it, the rest is counted."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.prompts import DUTCH, ENGLISH, long_prompt

from hmsplan.output.lines import Ink, Piece, columns, inked, paint
from hmsplan.output.prose.drawing import compared, excerpt, is_long, size

BAR: Final = re.compile(r" {4}[-+~ ] [│┊]( |$)")
FOLD: Final = re.compile(r" {8}… .* …")
MOVE: Final = re.compile(r" {6}> .* moved from | {10}\S")
REMARK: Final = re.compile(r" {6}# \(| {6}# \S")


def shown(before: str, after: str, width: int = 80, known: frozenset[str] | None = None) -> list[str]:
    return paint(compared(before, after, 0, width, lambda: known)[1], width=width, color=False).splitlines()


def test_a_bullet_never_reads_as_a_deletion() -> None:
    old = "- eerst\n- dan het oude\n- later\n- einde\n"
    assert shown(old, old.replace("- dan het oude\n", "").replace("einde\n", "einde\n+ nieuw punt\n")) == [
        "      │ - eerst",
        "    - │ - dan het oude",
        "        … 2 paragraphs the same …",
        "    + │ + nieuw punt",
    ]


def test_one_word_of_six_thousand_is_five_rows() -> None:
    text = long_prompt()
    assert shown(text, text.replace(" 251.", " nooit 251.", 1)) == [
        "        … 55 paragraphs the same …",
        "      │ ## Onderdeel 6",
        "    ~ │ … Het opent het van praktijk te of morgen plaats bij tandarts {+nooit+}",
        "    ~ ┊ 251. …",
        "        … 53 paragraphs the same …",
    ]


def test_a_word_is_marked_in_its_sentence_below_its_heading() -> None:
    assert shown(DUTCH, DUTCH.replace("er is opgenomen", "iemand opneemt")) == [
        "        … 18 paragraphs the same …",
        "      │ ## Spoed",
        "    ~ │ … Blijf zelf aan de lijn tot [-er is opgenomen-]{+iemand opneemt+}. …",
        "        … 6 paragraphs the same …",
    ]


def test_what_stays_around_a_replaced_sentence_is_told_on_both_sides() -> None:
    old = "Good morning, this is Acme. How can I help? Bye for now."
    assert shown(old, old.replace("How can I help?", "What shall we do for you?")) == [
        "    - │ … How can I help? …",
        "    + │ … What shall we do for you? …",
    ]


def test_colours_say_the_same_without_marks() -> None:
    rows = paint(compared("Bel de arts nu.", "Bel de tandarts nu.", 0)[1], width=80, color=True)
    assert rows == ("    \x1b[33m~ │ \x1b[0mBel de \x1b[31;9marts\x1b[0m\x1b[32;4mtandarts\x1b[0m nu.\n")


@pytest.mark.parametrize(
    ("before", "after", "summary"),
    [
        (ENGLISH, ENGLISH.replace("e.g. you", "e.g.\nyou"), "text, 150 words, only re-wrapped"),
        (DUTCH, DUTCH.replace("\n", "\r\n"), "text, only line ends: LF is now CRLF"),
        (DUTCH.replace("\n", "\r\n"), DUTCH, "text, only line ends: CRLF is now LF"),
        ("a\nb", "a\nb\n", "text, now with a line break at its end"),
        ("a\nb\n", "a\nb", "text, now without a line break at its end"),
        ("a\nb\n", "a\nb\n\n", "text, now with a line break at its end"),
        ("a\nb ", "a\nb\t", "text, only white space at its end"),
        ("a\tb", "a b", "text, only spaces and blank lines"),
    ],
)
def test_what_changes_no_word_is_one_line(before: str, after: str, summary: str) -> None:
    assert compared(before, after, 0) == (summary, [])


def test_a_move_is_one_line_and_its_edits_follow() -> None:
    line = "- Noteer altijd {{caller_number}} voordat u doorverbindt.\n"
    new = DUTCH.replace(line, "").replace("</details>\n", "</details>\n\n" + line.replace("u door", "u iemand door"))
    assert shown(DUTCH, new, width=120)[3:] == [
        '      > "- Noteer altijd {{calle…" moved from after "- Noem een tijd voluit:…" to after "</details>"',
        "    ~ │ - Noteer altijd {{caller_number}} voordat u {+iemand+} doorverbindt.",
        "        … 2 paragraphs the same …",
    ]


def test_a_section_that_moved_is_one_line() -> None:
    parts = DUTCH.split("\n## ")
    rows = shown(DUTCH, "\n## ".join([*parts[:2], parts[3], parts[2], *parts[4:]]), width=120)
    assert [row for row in rows if "moved" in row] == [
        '      > section "## Openingstijden" and 2 more paragraphs moved from after "- Noteer altijd {{calle…" to after'
    ]


def test_variables_and_missing_tools_are_named() -> None:
    new = DUTCH.replace("{{next_week}}", "{{later}}").replace("`lookup_appointment`", "`find_appointment`")
    rows = shown(DUTCH, new, known=frozenset({"lookup_appointment"}))
    assert rows[0] == "      # (adds {{later}}; no longer uses {{next_week}})"
    assert rows[1] == "      # (mentions what is not a tool of this assistant: find_appointment)"
    assert shown(DUTCH, new)[1].lstrip().startswith("…")


def test_the_marks_of_code_are_exact() -> None:
    assert shown("```\nif x:\n  y\n```", "```\nif x:\n\ty\n```") == [
        "        … 2 lines the same …",
        "    ~ │ [-··-]{+⇥+}y",
        "        … 1 line the same …",
    ]


def test_no_text_can_pose_as_a_mark_of_ours() -> None:
    (row,) = shown("Een [-nep-] en {+nog een+} teken dat blijft.", "Geen [-nep-] en {+nog een+} teken dat blijft.", 120)
    assert row == "    ~ │ [-Een-]{+Geen+} \\u005b-nep-\\u005d en \\u007b+nog een+\\u007d teken dat blijft."


def test_a_terminal_is_never_obeyed() -> None:
    rows = shown("Bel de arts.\n::error::x", "Bel\x1b[2J de arts\u202e nu.\n::error::y\r\n##[group]")
    assert all(row.isprintable() for row in rows)
    assert "##[" not in "".join(rows)


def test_what_is_much_is_cut_with_a_count() -> None:
    rows = shown("a", "b " * 20_000)
    assert rows[-1] == "        … 36,000 more characters …"
    many = "\n\n".join(f"Regel {n} blijft heel lang staan, en nu al {n}." for n in range(900))
    assert shown(many, many.replace("heel", "niet"))[-1].strip() == "… 500 more lines of changes …"


def test_a_long_line_without_a_stop_is_clipped_around_its_change() -> None:
    text = "woord " * 500
    (row,) = compared(text + "oud " + text, text + "nieuw " + text, 0)[1]
    assert row.text.count("…") == 2
    assert len(row.text) < 300


def test_a_new_text_is_cut_with_a_count() -> None:
    rows = paint(excerpt("\n".join("abcdefgh"), 3, "+", 0), width=80, color=False).splitlines()
    assert rows == ["    + │ a", "    + │ b", "    + │ c", "        … 5 more lines …"]
    assert size("x" * 61) == "text, 61 characters"
    assert size("x\ny\n") == "text, 2 lines, 4 characters"
    assert is_long("x\ny")
    assert not is_long("x" * 60)


LINES: Final = st.sampled_from(
    [
        "- punt",
        "+ plus",
        "# Kop",
        "Een zin. En nog een zin.",
        "",
        "```",
        "  d  ",
        "| a | b |",
        "<b>",
        "好的。再见",
        "{{x}} is",
        "a\tb",
    ]
)
TEXTS: Final = st.lists(LINES, max_size=25).map("\n".join)


@given(TEXTS, TEXTS, st.sampled_from([80, 120, 200]))
def test_every_row_is_behind_our_gutter_and_fits(before: str, after: str, width: int) -> None:
    for row in shown(before, after, width):
        assert any(form.match(row) for form in (BAR, FOLD, MOVE, REMARK)), row
        assert columns(row) <= width


PIECES: Final = st.lists(
    st.builds(Piece, st.text("a[]{}-+ 好", min_size=1), st.sampled_from(Ink)), min_size=1, max_size=6
)


@given(PIECES)
def test_what_was_marked_can_be_read_back_from_the_row(pieces: list[Piece]) -> None:
    text = inked(tuple(pieces), "~", 0).text
    found = re.findall(r"\[-(.*?)-\]|\{\+(.*?)\+\}", text)
    assert len(found) == sum(piece.ink is not Ink.PLAIN for piece in pieces)


@given(PIECES, st.integers(40, 90))
def test_colours_lose_no_character(pieces: list[Piece], width: int) -> None:
    rows = paint([inked(tuple(pieces), "~", 0)], width=width, color=True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", rows)
    kept = "".join(row[8:] for row in bare.splitlines())
    assert kept.replace(" ", "") == "".join(piece.text for piece in pieces).replace(" ", "")


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ("Vraag het wachtwoord.", "Vraag het wacht\u200bwoord.", "Vraag het [-wachtwoord-]{+wacht\\u200bwoord+}."),
        ("Vraag het wachtwoord.", "Vraag het w\u0430chtwoord.", "Vraag het [-wachtwoord-]{+w\\u0430chtwoord+}."),
        ("Bel Zo\u00eb op.", "Bel Zoe\u0308 op.", "Bel [-Zo\\u00eb-]{+Zoe\\u0308+} op."),
        ("Vraag het wachtwoord.", "Vraag\u00a0het wachtwoord.", "Vraag{+\\u00a0+}het wachtwoord."),
        ("Vraag het. Zeg dag.", "Vraag het.\u2028Zeg dag.", "Vraag het.{+\\u2028+}Zeg dag."),
        ("Zeg \u2764 dag.", "Zeg \u2764\ufe0f dag.", "Zeg [-\\u2764-]{+\\u2764\\ufe0f+} dag."),
    ],
)
def test_what_looks_the_same_is_told_apart(before: str, after: str, rows: str) -> None:
    """A model reads characters: an invisible one, a foreign letter, another kind of space are changes to be seen."""
    found = [row.removeprefix("    ~ │ ").removesuffix(" …") for row in shown(before, after)]
    assert found == [rows.removesuffix("Zeg dag.") if "2028" in rows else rows]


HOURS: Final = "Open:\n  ma: 9\n  di:\n    open: 9\n    dicht: 17\nMeer is er niet.\n"


def test_a_line_that_moves_to_the_left_of_the_others_is_a_change() -> None:
    """In YAML and JSON without a fence the indentation says what belongs to what; nothing there is "re-wrapped"."""
    assert shown(HOURS, HOURS.replace("    dicht", "  dicht")) == [
        "        … 4 lines the same …",
        "    ~ │ [-····-]{+··+}dicht: 17",
        "        … 1 line the same …",
    ]
    deeper = "".join(f"  {line}\n" for line in HOURS.splitlines())
    assert compared(HOURS, deeper, 0) == ("text, only spaces and blank lines", [])


def test_an_item_of_a_list_that_changes_its_depth_is_a_change() -> None:
    """What was a part of another item is one of its own; a list that is indented as a whole is the same list."""
    items = "- Vraag de naam\n  - voornaam\n  - achternaam\n- Groet\n"
    assert shown(items, items.replace("  - achternaam", "- achternaam")) == [
        "        … 2 paragraphs the same …",
        "    ~ │ [-··-]- achternaam",
        "      │ - Groet",
    ]
    deeper = "".join(f"  {line}\n" for line in items.splitlines())
    assert compared(items, deeper, 0) == ("text, only spaces and blank lines", [])


def test_a_blank_line_that_comes_into_a_block_of_code_is_shown() -> None:
    """An update that shows nothing is one that nobody can review."""
    code = "```\nmon: 9\ntue: 9\n```\n"
    assert shown(code, code.replace("tue", "\ntue")) == [
        "        … 2 lines the same …",
        "    + │",
        "        … 2 lines the same …",
    ]


def test_a_long_sentence_is_cut_between_words() -> None:
    words = " ".join(f"woord{number}" for number in range(6000))
    (row, *rest) = shown(words, words.replace("woord3000 ", "ander "), width=200)
    assert re.fullmatch(r"    ~ │ … woord\d+ .* woord2999 \[-woord3000-\]\{\+ander\+\} woord3001 .*", row)
    assert re.fullmatch(r"    ~ ┊ (woord\d+ )+…", rest[-1])


def test_a_variable_is_no_tool_and_a_filter_is_no_other_variable() -> None:
    """Neither is news: no false alarm."""
    old, new = "Noem de beller niet bij de naam, nooit.", "Noem {{ first_name | upper }} (`first_name`) bij de naam."
    assert shown(old, new, known=frozenset())[0] == "      # (adds {{first_name}})"
    assert not any("#" in row for row in shown(new, new.replace("| upper", ""), known=frozenset()))


def test_the_name_of_a_variable_does_not_fill_the_screen() -> None:
    """The remark names it; the whole of it stands in the text below."""
    assert shown("Dag.", "Dag {{" + "x" * 200 + "}}", width=120)[0] == f"      # (adds {{{{{'x' * 58}…)"


def test_a_text_that_goes_on_is_not_removed_and_added() -> None:
    """A short prompt that gets many more sentences keeps its first one."""
    more = " ".join(f"Regel {number} is nieuw." for number in range(9))
    assert not any(
        row.startswith("    - ") for row in shown("Je bent Anna, je neemt op.", f"Je bent Anna, je neemt op. {more}")
    )


def test_a_table_that_is_drawn_wider_is_the_same_table() -> None:
    table = "| dag | open |\n|---|---|\n| ma | 9-17 |\n"
    wider = "| dag | open |\n|-----|------|\n| ma  | 9-17 |\n"
    assert compared(table, wider, 0) == ("text, only spaces and blank lines", [])


def test_signs_that_are_joined_or_parted_are_shown() -> None:
    """Without a word that differs there is still a change to see; but a line of Chinese may break anywhere."""
    assert shown("Hallo , u (daar).", "Hallo, u(daar).") == ["    ~ │ Hallo[-·-], u[-·-](daar)."]
    assert compared("世界" * 20 + "\n你好", "世界" * 20 + "你好", 0)[0].endswith("only re-wrapped")


@pytest.mark.parametrize(
    ("before", "after", "row"),
    [
        ("De afspraak van een klant.", "De afspraak.", "    ~ │ De afspraak [-van een klant-]."),
        ("De afspraak.", "De afspraak van een klant.", "    ~ │ De afspraak {+van een klant+}."),
        ("Wees kort en vriendelijk.", "Wees kort, kalm en vriendelijk.", "    ~ │ Wees kort{+, kalm+} en vriendelijk."),
        ("Wees kort, kalm en vriendelijk.", "Wees kort en vriendelijk.", "    ~ │ Wees kort[-, kalm-] en vriendelijk."),
        (
            "Zeg twee korte zinnen en stel een vraag.",
            "Zeg twee korte zinnen, stel een vraag.",
            "    ~ │ Zeg twee korte zinnen [-en-]{+,+} stel een vraag.",
        ),
        (
            "Noem de naam van de voor deur aan de straat.",
            "Noem de naam van de voordeuren aan de straat.",
            "    ~ │ Noem de naam van de [-voor deur-]{+voordeuren+} aan de straat.",
        ),
    ],
)
def test_a_space_that_comes_or_goes_with_a_word_joins_nothing(before: str, after: str, row: str) -> None:
    assert shown(before, after) == [row]

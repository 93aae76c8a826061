"""Prompts line by line: our marks are left of the bar, the text is right of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hmsplan.render.lines import paint
from hmsplan.render.longtext import compared, excerpt, is_long, size, split

texts = st.lists(st.sampled_from(["- a", "+ b", "c", "", "  d  ", "```"]), max_size=30).map("\n".join)


def shown(before: str, after: str) -> list[str]:
    return paint(compared(before, after, 0)[1], width=80, color=False).splitlines()


def test_a_bullet_never_reads_as_a_deletion() -> None:
    assert shown("- one\n- two\n", "- one\n- 2\n") == ["      │ - one", "    - │ - two", "    + │ - 2"]


def test_what_did_not_change_is_counted() -> None:
    before = "\n".join(map(str, range(40)))
    rows = shown(before, before.replace("\n20\n", "\nx\n"))
    assert rows[0].strip() == "… 18 unchanged lines …"
    assert rows[1:7] == ["      │ 18", "      │ 19", "    - │ 20", "    + │ x", "      │ 21", "      │ 22"]
    assert rows[-1].strip() == "… 17 unchanged lines …"


def test_spaces_at_the_end_of_a_changed_line_are_seen() -> None:
    assert shown("a\nb ", "a\nb  ") == ["      │ a", "    - │ b·", "    + │ b··"]


def test_a_line_break_at_the_end_is_said_in_words() -> None:
    assert compared("a\nb", "a\nb\n", 0) == ("text, 2 lines; now with a line break at its end", [])
    assert compared("a\nb\n", "a\nb", 0) == ("text, 2 lines; now without a line break at its end", [])


def test_the_summary_counts_lines() -> None:
    assert compared("a\nb\nc\n", "a\nc\nd\ne\n", 0)[0] == "text, 3 -> 4 lines; 2 added, 1 removed"


def test_a_new_text_is_cut_with_a_count() -> None:
    rows = paint(excerpt("\n".join("abcdefgh"), 3, "+", 0), width=80, color=False).splitlines()
    assert rows == ["    + │ a", "    + │ b", "    + │ c", "        … 5 more lines …"]
    assert size("x" * 61) == "text, 61 characters"
    assert size("x\ny\n") == "text, 2 lines, 4 characters"
    assert is_long("x\ny")
    assert not is_long("x" * 60)


def test_a_huge_rewrite_is_not_compared_for_ever() -> None:
    before, after = ("\n".join(f"{word} {n}" for n in range(4000)) for word in ("old", "new"))
    assert compared(before, after, 0)[0] == "text, 4,000 lines; 4000 added, 4000 removed"


@given(texts, texts)
def test_both_texts_can_be_read_from_the_difference(before: str, after: str) -> None:
    """Nothing is lost or made up: marks and unchanged lines add up to both sides."""
    lines = compared(before, after, 0)[1]
    hidden = sum(int(line.text.split()[1].replace(",", "")) for line in lines if not line.bar)
    rows = [line for line in lines if line.bar]
    if split(before) != split(after):
        assert sum(line.mark != "+" for line in rows) + hidden == len(split(before))
        assert sum(line.mark != "-" for line in rows) + hidden == len(split(after))

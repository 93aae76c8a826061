from __future__ import annotations

import pytest

from hmsplan.model import Address, Diagnostic, Severity, SourceLine
from hmsplan.output.diagnostics import format_diagnostic, format_path
from hmsplan.output.lines import columns

UNKNOWN = Diagnostic(
    "Unknown reference",
    "There is no tool_templates.lookup_contcat. Did you mean tool_templates.lookup_contact?",
    SourceLine("assistants/support.yaml", 12, 15),
    Address("assistants", "support"),
    ("llm_config", "tools", 0),
)


def test_full() -> None:
    """A problem is told as what, where, and what to do, within 80 columns."""
    assert format_diagnostic(UNKNOWN) == (
        "Error: Unknown reference\n"
        "  assistants/support.yaml:12:15, assistants.support llm_config.tools[0]\n"
        "  There is no tool_templates.lookup_contcat. Did you mean\n"
        "  tool_templates.lookup_contact?"
    )


def test_without_a_place() -> None:
    """A problem of no file has no line for one, and a warning is called so."""
    warning = Diagnostic("Unused variable", "Nothing uses it.", severity=Severity.WARNING)
    assert format_diagnostic(warning) == "Warning: Unused variable\n  Nothing uses it."


def test_foreign_text_is_escaped() -> None:
    """A key of a file cannot colour the terminal or forge a line."""
    text = format_diagnostic(Diagnostic("Unknown field", "\x1b[31mred", path=("a\nError: fake",)))
    assert "\x1b" not in text
    assert "a\\u000aError: fake" in text


def test_path() -> None:
    """Indexes stand in brackets, names behind dots."""
    assert format_path(("llm_config", "tools", 2, "url")) == "llm_config.tools[2].url"
    assert format_path(()) == ""


def quoting(line: str, column: int, width: int = 80) -> tuple[str, str]:
    """Return the two lines that are shown of *line*."""
    found = Diagnostic("Unknown field", "Change it.", SourceLine("a.yaml", 7, column))
    _, _, shown, under, _ = format_diagnostic(found, width, lambda _: line).split("\n")
    return shown, under


def test_the_line_is_shown_with_a_caret_under_its_column() -> None:
    assert quoting("    nmae: Support", 5) == ("     7 │     nmae: Support", "       │     ^")


def test_the_caret_stands_right_behind_wide_letters_tabs_and_escaped_characters() -> None:
    for before in ("\t\tname: ", "名前: ", "a\x1b[31mb: ", "a\u202eb: ", "a\u00a0b: "):
        shown, under = quoting(f"{before}WRONG", len(before) + 1)
        assert columns(under[: under.index("^")]) == columns(shown[: shown.index("WRONG")])
        assert (shown + under).isprintable()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("at", [0, 3, 40, 77, 150, 390, 395])
@pytest.mark.parametrize("letter", ["x", "名", "\x1b"])
def test_of_a_long_line_what_is_around_the_caret_is_shown(width: int, at: int, letter: str) -> None:
    line = letter * at + "HERE" + letter * (395 - at)
    shown, under = quoting(line, at + 1, width)
    assert columns(shown) <= width
    assert columns(under[: under.index("^")]) == columns(shown[: shown.index("HERE")])


def test_the_end_of_a_line_may_be_what_is_wrong() -> None:
    assert quoting("ab", 3) == ("     7 │ ab", "       │   ^")

from __future__ import annotations

from hmsplan.model import Address, Diagnostic, Severity, SourceLine
from hmsplan.output.diagnostics import format_diagnostic, format_path

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

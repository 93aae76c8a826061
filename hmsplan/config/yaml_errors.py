"""What the YAML parser stumbles over, in words that say what to type instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.config.slips import curly_advice, missing_space, odd_space
from hmsplan.model import Diagnostic, SourceLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from yaml import YAMLError

_TOO_DEEP: Final = "maximum nesting depth"
_ESCAPES: Final = frozenset('0abtnvfre "/\\N_LPxuU')
_QUOTE_IT: Final = "Put the whole text in quotes."


class _Trouble(NamedTuple):
    """What the parser says, and the lines it says it about.

    Attributes:
        line, column: of the problem, from 0.
        begun: (line, column) of what was being read, or those of the problem.
    """

    problem: str
    context: str
    line: int
    column: int
    begun: tuple[int, int]
    lines: list[str]

    @property
    def text(self) -> str:
        """The line of the problem."""
        return self.at(self.line)

    def at(self, line: int) -> str:
        """Return a line; empty for one that is not there."""
        return self.lines[line] if 0 <= line < len(self.lines) else ""

    @property
    def character(self) -> str:
        """The character of the problem; empty at the end of a line."""
        return self.text[self.column : self.column + 1]


_Answer = tuple[str, str, tuple[int, int] | None]
"""Summary, detail, and the place to point at; None = that of the problem."""


def unseen(character: str, source: SourceLine) -> Diagnostic:
    """Return the problem of a character that no reviewer can see."""
    detail = (
        f"There is a character U+{ord(character):04X} here. It is invisible, or reorders the text around it, so a "
        "reviewer would not see what the file says. Take it out."
    )
    return Diagnostic("Invisible character", detail, source)


def escape_advice(escape: str) -> str:
    """Say what a backslash means in double quotes; *escape* is it and the letter behind it."""
    number = " begins the number of a character" if escape[1:] in {"x", "u", "U"} else " stands for something else"
    known = number if escape[1:] in _ESCAPES else " means nothing"
    return f"In double quotes {escape}{known}. Use single quotes, or write two backslashes: \\{escape}"


def depth_limit_of_parser(error: YAMLError) -> int | None:
    """Return the character at which the parser's own limit of nesting was passed; None for any other error."""
    mark: Any = getattr(error, "problem_mark", None)
    return mark.index if mark is not None and _TOO_DEEP in str(getattr(error, "problem", "")) else None


def explain_yaml_error(error: YAMLError, text: str, file: str) -> Diagnostic:
    """Turn an error of the parser into a problem of ours."""
    trouble = _trouble(error, text)
    if "characters are not allowed" in trouble.problem and trouble.character:
        return unseen(trouble.character, SourceLine(file, trouble.line + 1, trouble.column + 1))
    answer = next(filter(None, (rule(trouble) for rule in _RULES)), None)
    summary, detail, place = answer or ("Not valid YAML", f"The parser says: {trouble.problem}.", None)
    line, column = place or (trouble.line, trouble.column)
    return Diagnostic(summary, detail, SourceLine(file, line + 1, column + 1))


def _trouble(error: YAMLError, text: str) -> _Trouble:
    mark: Any = getattr(error, "problem_mark", None)
    begun: Any = getattr(error, "context_mark", None) or mark
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    context = getattr(error, "context", None) or ""
    lines = text.split("\n")
    if mark is None:
        before = text[: max(getattr(error, "position", 0), 0)]
        line, column = before.count("\n"), len(before) - before.rfind("\n") - 1
        return _Trouble(str(problem), context, line, column, (line, column), lines)
    return _Trouble(problem, context, mark.line, mark.column, (begun.line, begun.column), lines)


def _too_deep(trouble: _Trouble) -> _Answer | None:
    if _TOO_DEEP not in trouble.problem:
        return None
    return "Nested too deeply", "More levels are nested here than the installed PyYAML reads.", None


def _tab(trouble: _Trouble) -> _Answer | None:
    if "\t" not in trouble.text[: len(trouble.text) - len(trouble.text.lstrip())]:
        return None
    return "Tab in the indentation", "YAML is indented with spaces only. Replace the tab by two spaces.", None


def _odd_space(trouble: _Trouble) -> _Answer | None:
    for number in (trouble.begun[0], trouble.line - 1, trouble.line):
        if (found := odd_space(trouble.at(number))) is not None:
            column, detail = found
            return "Odd space", detail, (number, column)
    return None


def _curly_quotes(trouble: _Trouble) -> _Answer | None:
    if "mapping values are not allowed" not in trouble.problem and "flow" not in trouble.context:
        return None
    detail = curly_advice(trouble.text[: trouble.column])
    return None if detail is None else ("Typographic quotes", detail, None)


def _no_colon(trouble: _Trouble) -> _Answer | None:
    if "could not find expected ':'" not in trouble.problem:
        return None
    line = trouble.at(trouble.begun[0])[trouble.begun[1] :]
    detail = "This line has no colon, so it is not a key, and it does not continue the text above. "
    return (
        "Colon is missing",
        detail + (missing_space(line) or f"If it is text, {_QUOTE_IT[0].lower()}{_QUOTE_IT[1:]}"),
        trouble.begun,
    )


def _unquoted_interpolation(trouble: _Trouble) -> _Answer | None:
    if "flow" not in trouble.context or "$" not in (trouble.text[max(trouble.column - 1, 0) : trouble.column]):
        return None
    example = re.match(r"\{[^{}\s]*\}", trouble.text[trouble.column :])
    shown = f'"${example[0]}"' if example else '"${…}"'
    return "Unquoted ${…}", f"Between {{ }} or [ ] it has to be in quotes: {shown}.", None


def _unclosed_quote(trouble: _Trouble) -> _Answer | None:
    if "quoted scalar" in trouble.context and "end of stream" in trouble.problem:
        return "Unclosed quote", "The quote that opens here is never closed.", trouble.begun
    return None


def _unclosed_bracket(trouble: _Trouble) -> _Answer | None:
    if "flow" not in trouble.context:
        return None
    opened, closing = ("[", "]") if "sequence" in trouble.context else ("{", "}")
    where = f"before line {trouble.line + 1}, column {trouble.column + 1}"
    return "Unclosed bracket", f"The {opened} that opens here lacks a comma or a {closing} {where}.", trouble.begun


def _stray_colon(trouble: _Trouble) -> _Answer | None:
    if "mapping values are not allowed" not in trouble.problem:
        return None
    before = trouble.text[: trouble.column]
    if re.search(r":\s", before):
        detail = f"The text holds a colon followed by a space, which begins a new key. {_QUOTE_IT}"
        return "Unquoted colon", detail, None
    detail = (
        "This line cannot be a key here: the line above lacks a colon or holds a value already, "
        "or this line is indented too far."
    )
    return "Unexpected key", detail, None


def _indentation(trouble: _Trouble) -> _Answer | None:
    if not re.search(r"expected (key|'-' indicator|<block end>)", trouble.problem):
        return None
    before = trouble.text[: trouble.column].strip()
    if not before and trouble.character == ":":
        return "Key is missing", "There is a value here without a key before the colon.", None
    if before.endswith(('"', "'")) and before.count(before[-1]) % 2:
        detail = (
            "A quote that was opened on an earlier line ends here. Look above for a text that lacks its closing quote."
        )
        return "Unclosed quote", detail, None
    if before.endswith(('"', "'")):
        return "Text after a closing quote", "The quoted text ends before this. Escape the quote inside it.", None
    if before:
        return "Not valid YAML", f"This does not belong behind {before[-30:]!r}. {_QUOTE_IT}", None
    detail = (
        f"This line begins in column {trouble.column + 1}, but the block around it, from line {trouble.begun[0] + 1}, "
        f"has its entries in column {trouble.begun[1] + 1}. Line it up with its neighbours."
    )
    return "Wrong indentation", detail, None


def _odd_beginning(trouble: _Trouble) -> _Answer | None:
    if "cannot start any token" not in trouble.problem:
        return None
    return "Unquoted text", f"A text cannot begin with {trouble.character}. {_QUOTE_IT}", None


def _odd_escape(trouble: _Trouble) -> _Answer | None:
    if not re.search(r"unknown escape character|hexdec|hexadec", trouble.problem):
        return None
    backslash = max(trouble.text.rfind("\\", 0, trouble.column + 1), 0)
    return "Unknown escape", escape_advice(trouble.text[backslash : backslash + 2]), (trouble.line, backslash)


def _odd_alias(trouble: _Trouble) -> _Answer | None:
    if not re.search(r"scanning an (anchor|alias)", trouble.context):
        return None
    return "Unquoted text", f"A text cannot begin with & or *. {_QUOTE_IT}", trouble.begun


def _odd_tag(trouble: _Trouble) -> _Answer | None:
    if "tag" not in trouble.context and "tag" not in trouble.problem:
        return None
    detail = f"A text cannot begin with an exclamation mark, and tags are not allowed. {_QUOTE_IT}"
    return "Unknown tag", detail, trouble.begun


def _odd_block(trouble: _Trouble) -> _Answer | None:
    if "block scalar" not in trouble.context:
        return None
    if trouble.text[trouble.column - 1 : trouble.column + 1] == ">=":
        detail = f'Without quotes > begins a block of text. Write: "{trouble.text[trouble.column - 1 :].strip()}"'
        return "Text beside | or >", detail, None
    return "Text beside | or >", "The text of a block begins on the next line, indented.", None


_RULES: Final[tuple[Callable[[_Trouble], _Answer | None], ...]] = (
    _too_deep,
    _odd_space,
    _unclosed_quote,
    _tab,
    _unquoted_interpolation,
    _curly_quotes,
    _unclosed_bracket,
    _stray_colon,
    _no_colon,
    _indentation,
    _odd_beginning,
    _odd_escape,
    _odd_alias,
    _odd_tag,
    _odd_block,
)

"""What a long text is made of: paragraphs, sentences, words; joined they are the text. Pure."""

from __future__ import annotations

import enum
import functools
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Form(enum.StrEnum):
    """What a paragraph is. Those of CODE and TABLE have lines where others have sentences."""

    PROSE = "prose"
    HEADING = "heading"
    ITEM = "item"
    CODE = "code"
    TABLE = "table"
    MARKUP = "markup"


BY_LINE: Final = frozenset({Form.CODE, Form.TABLE})
SPACE: Final = " \t\r\n"
"""The white space that means nothing in prose. Other kinds of it are a change: they look like this one and are not."""
ODD_SPACE: Final = re.compile(r"[^\S \t\r\n]")


class Part(NamedTuple):
    """One paragraph of a text with the blank lines after it."""

    form: Form
    text: str


_LINE: Final = re.compile(
    r"""[ \t]*(?:                                    # of what names a section: "#", **bold**, [Title], <tag>
      (?P<fence>`{3,}|~{3,})
    | (?P<heading>\#{1,6}(?=\s|\Z)
        | (?P<strong>\*\*|__)[^*_\n]{1,60}(?P=strong):?\s*\Z
        | \[[^\W\da-z_][^\][\n]{1,60}\]:?\s*\Z
        | <(?!(?:br|hr|p|b|i|li|ul|ol|img|div|span|details|summary|table|tr|td|th|break|pause|wait)\b)
          [A-Za-z][\w.:-]*(?:\s+[\w.:-]+="[^"<>]*")*>\s*\Z)
    | (?P<item>(?:[-*+•]|[0-9]{1,3}[.)]|[a-z][.)])[ \t])
    | (?P<table>\|)
    | (?P<markup>(?:</?[A-Za-z!].*>|-{3,}|\*{3,}|_{3,})\s*\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_STARTS: Final = {"heading": Form.HEADING, "item": Form.ITEM, "table": Form.TABLE, "markup": Form.MARKUP}
_CONTINUED: Final = {"prose": (Form.PROSE, Form.ITEM), "table": (Form.TABLE,)}
_LISTED: Final = (".", ")")
_UNDERLINES: Final = ("===", "---")
_CAPITALS: Final = re.compile(r"\w[\w &/'\u2019-]{2,59}:?")
_LONGEST_TITLE: Final = 60
_OPEN: Final = frozenset({"prose", "item", "table"})


def paragraphs(text: str) -> Iterator[Part]:
    """Yield the paragraphs of *text*.

    A heading, an item of a list, a code block, a table and a line of markup are each a paragraph.
    """
    begin = here = 0
    form, fence, is_open, underline = None, "", False, False
    lines = text.split("\n")
    for line, following in zip_longest(lines, lines[1:], fillvalue=""):
        name, mark = ("prose", "") if line[:1].isalpha() and line[1:2] not in _LISTED else _line(line)
        if name == "prose" and not fence and (line.isupper() or following[:3] in _UNDERLINES):
            continues = is_open and form in _CONTINUED["prose"]
            name, underline = _title(line, following, continues=continues)
        elif underline:  # the line below a title belongs to it
            underline = False
            here += len(line) + 1
            continue
        if fence:  # nothing but its own end means anything in a code block
            if name == "fence" and mark.startswith(fence) and line.strip() == mark:
                fence, is_open = "", False
        elif name == "blank":
            is_open = False
        elif not (is_open and form in _CONTINUED.get(name, ())):
            if form is not None:
                yield Part(form, text[begin:here])
                begin = here
            fence = mark if name == "fence" else ""
            is_open = name in _OPEN
            form = Form.CODE if fence else _STARTS.get(name, Form.PROSE)
        here += len(line) + 1
    if begin < len(text):
        yield Part(form or Form.PROSE, text[begin:])


def _line(line: str) -> tuple[str, str]:
    """Return what a line is, and what says so."""
    if not line:
        return "blank", ""
    if line.startswith(("- ", "* ")):
        return "item", ""
    found = _LINE.match(line)
    if found is not None:
        return found.lastgroup or "", found[0].strip()
    return ("blank" if line.isspace() else "prose"), ""


def _title(line: str, following: str, *, continues: bool) -> tuple[str, bool]:
    """Say whether a line of prose is the title of a section, and whether the next one underlines it."""
    bare = line.strip()
    if line.isupper() and _CAPITALS.fullmatch(bare) and (bare.endswith(":") or not continues):
        return "heading", False
    rule = following.strip()
    if continues or len(bare) > _LONGEST_TITLE or not rule or rule.strip(rule[0]):
        return "prose", False
    is_underlined = rule[0] == "=" or bare[-1] not in ".!?:;,"
    return ("heading" if is_underlined else "prose"), is_underlined


def first_changed_line(before: str | None, after: str) -> int:
    """Return the first line, from 1, of *after* that is not what it was; 1 where nothing was there before."""
    same = common_length(before, after) if before is not None else 0
    return min(after.count("\n", 0, same), after.rstrip("\n").count("\n")) + 1


def common_length(one: str, other: str, *, from_end: bool = False) -> int:
    """Return how many characters both begin with, or end with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if from_end:
            same = one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]
        else:
            same = one[low:middle] == other[low:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


# Words

_CJK: Final = "\u2e80-\u2fff\u3001-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_VARIABLE: Final = r"\{\{\{?[^{}]*\}?\}\}"
_VARIABLES: Final = re.compile(_VARIABLE)
_FILTER: Final = re.compile(r"(?<=\w)\|[^{}]*")


_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4"
    "\u0900-\u0903\u093a-\u093c\u093e-\u094f\u0981-\u0983\u09bc\u09be-\u09cd\u0a3c-\u0a4d\u0abc\u0abe-\u0acd"
    "\u0b3c\u0b3e-\u0b4d\u0bbe-\u0bcd\u0c3e-\u0c4d\u0cbc\u0cbe-\u0ccd\u0d3e-\u0d4d\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff"
)
"""What belongs to the character before it."""
_WORD: Final = rf"[^\W{_CJK}][\w{_MARKS}]*"
_RULE: Final = r"={3,}|-{3,}|_{3,}|\*{3,}"
_TOKEN: Final = rf"(?:{_VARIABLE}|[{_CJK}][{_MARKS}]*|{_WORD}(?:['\u2019.:,_-]{_WORD})*|{_RULE}|\s|[^\s][{_MARKS}]*)\s*"
_SNAKE: Final = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+"
_NAMES: Final = re.compile(rf"`({_SNAKE})(?:\(\))?`|\b({_SNAKE})\(")
_FIRST_LINES: Final = re.compile(r"\A\s*\n")
_DELIMITERS: Final = re.compile(r"[|: -]+")
_DASHES: Final = re.compile(r"-+")
_WITHOUT_SPACES: Final = f"[{_CJK}]\\Z"
_JOINED: Final = rf"(?<=[{_CJK}]) (?=[{_CJK}])"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile one of the large patterns: together they take 15 ms, and most runs change no prose."""
    return re.compile(pattern)


def ends_without_spaces(text: str) -> bool:
    """Say whether *text* ends in a script that is written without spaces."""
    return _compiled(_WITHOUT_SPACES).search(text) is not None


def words(text: str) -> list[str]:
    """Return the words of *text*, each with the white space after it.

    A ``{{variable}}`` is one word, and so is each character of a script without spaces and each sign.
    """
    return _compiled(_TOKEN).findall(text)


def variables(text: str) -> dict[str, None]:
    """Return the ``{{variables}}`` of *text* in their order, each once, without spaces and filters in the braces."""
    if "{{" not in text:
        return {}
    return dict.fromkeys(_FILTER.sub("", "".join(found.split())) for found in _VARIABLES.findall(text))


def mentioned(text: str) -> dict[str, None]:
    """Return what *text* takes for names of tools: ``snake_case`` between backticks or before a parenthesis.

    The name of one of its ``{{variables}}`` is none.
    """
    if "_" not in text:
        return {}
    known = {name.strip("{}") for name in variables(text)}
    return dict.fromkeys(name for one, other in _NAMES.findall(text) if (name := one or other) not in known)


def normal(text: str, form: Form) -> str:
    """Return the words of a paragraph, wherever its lines break; of code and tables the lines as well.

    How wide a table is drawn is no word.
    """
    if form is Form.CODE:
        return "\n".join(line.rstrip() for line in _FIRST_LINES.sub("", text).rstrip().split("\n"))
    if form is Form.TABLE:
        return "\n".join(_row(" ".join(line.split())) for line in text.strip().split("\n"))
    joined = " ".join(text.split())
    return joined if joined.isascii() else _compiled(_JOINED).sub("", joined)


def _row(line: str) -> str:
    return _DASHES.sub("---", line) if _DELIMITERS.fullmatch(line) else line


# Sentences

_END: Final = re.compile(
    r"""[.!?…。\uff01\uff1f:\\\r\n ](?:                             # one set of characters first: that is fast
      (?<=[.!?…])(?<![.!?…]{2})[.!?…]*+["'”\u2019»)\]*_]*+\s++(?=["'“\u2018«(\[*_{]*+[^\W_a-z])   # . A
    | (?<=[。\uff01\uff1f])[。\uff01\uff1f]*+["'”\u2019」』\uff09]*+\s*+
    | (?<=:)[*_]*+[ \t]*+\r?\n\s*+                                # a line that announces others
    | (?:(?<=\ )(?<!\ \ )\ ++|(?<=\\))\r?\n                       # a hard line break
    | (?:(?<=\n)|(?<=\r)\n)[ \t]*+(?=\w[^\n:.!?]{0,30}:(?:\s|\*|\Z))  # Label: value
    )""",
    re.VERBOSE,
)
_LAST_WORD: Final = re.compile(r"[\w.]*\Z")
_LONGEST: Final = 12
_SHORT: Final = frozenset(
    """
    a.d aant afb approx art bijv blz b.v bv ca cf ch d.d d.m.v d.w.z dd dept dhr div dr drs e.g e.v eds eg fig i.e
    i.o i.p.v i.t.t i.v.m incl ing ir jhr jl jr lic m.a.w m.b.t m.b.v m.i.v m.n m.u.v mej mevr mgr min mr mrs ms mt mw
    n.a.v n.b n.o.t.k nl no nr nrs o.a o.b.v o.i.d o.l.v o.v.v p.a p.p pag p.m prof r.k red resp s.v.p sr st t.a.v
    t.b.v t.g.v t.h.v t.n.v t.o.v tel u.a v.a v.d viz vlg vol vs vz z.g z.i z.o.z z.s.m
    """.split()  # noqa: SIM905 -- four lines in place of ninety
)
"""Abbreviations after which a capital letter seldom begins a sentence, Dutch and English."""


def sentences(text: str, form: Form) -> list[str]:
    """Return the sentences of a paragraph, or its lines, each with the white space after it."""
    if form in BY_LINE:
        return text.splitlines(keepends=True) if "\n" in text else [text]
    found, begin = [], 0
    for end in _END.finditer(text):
        if text[end.start()] != "." or not _abbreviated(text[max(begin, end.start() - _LONGEST) : end.start()]):
            found.append(text[begin : end.end()])
            begin = end.end()
    if begin < len(text):
        found.append(text[begin:])
    return found


def _abbreviated(text: str) -> bool:
    """Say whether the full stop after *text* belongs to its last word: an abbreviation, an initial, a list's number."""
    last = _LAST_WORD.search(text)
    word = last[0].lower() if last is not None else ""
    return word in _SHORT or (len(word) == 1 and word.isalpha()) or (word.isdigit() and not text[: -len(word)].strip())

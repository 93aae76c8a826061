"""Values as YAML that ``load`` reads back as the very same values. Pure.

A text stands plain only where no reader of YAML can take it for anything else; every other one is put in double quotes.
What ``load`` refuses in any form (characters that no reviewer would see) cannot be written.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError
from hmsplan.model import Unsendable

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN: Final = re.compile(
    r"[^\W\d_](?:[\w ,.;!?'()/@+-]*[\w.;!?')])?"  # words
    r"|\$\{[A-Za-z0-9_:./-]+\}"
    r"|https?://[\w.:/?=&%+~@-]*[\w/]"
)
NO_TEXT_ELSEWHERE: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else than text, in whatever case."""

_MOST_SHOWN: Final = 60
_BRACKETS: Final = frozenset(",[]{}")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class CannotWrite(Exception):
    """A value that no file can hold."""


def block(value: Mapping[str, Any], indent: int = 0) -> list[str]:
    """Return the lines of a mapping, in the form that ``hmsplan fmt`` leaves alone.

    Raises:
        CannotWrite: something in it cannot be written.
    """
    found = []
    for key, item in value.items():
        head = f"{' ' * indent}{_key(key)}:"
        found += _under(head, item, indent + 2)
    return found


def _under(head: str, value: Any, indent: int) -> list[str]:
    if isinstance(value, dict) and value:
        return [head, *block(value, indent)]
    if isinstance(value, list) and value:
        return [head, *(line for item in value for line in item_lines(item, indent))]
    return [f"{head} {scalar(value)}"]


def item_lines(value: Any, indent: int) -> list[str]:
    """Return the lines of one item of a list, whose dash is indented that far.

    Raises:
        CannotWrite: something in it cannot be written.
    """
    dash = f"{' ' * indent}- "
    if isinstance(value, dict) and value:
        first, *rest = block(value, indent + 2)
        return [dash + first.lstrip(" "), *rest]
    if isinstance(value, list) and value:
        first, *rest = (line for item in value for line in item_lines(item, indent + 4))
        return [f"{dash}  {first.lstrip(' ')}", *rest]
    return [dash + scalar(value)]


def scalar(value: Any) -> str:
    """Return a value without entries as it stands in a file.

    Raises:
        CannotWrite: it cannot be written.
    """
    match value:
        case Unsendable():
            raise CannotWrite(f"{value[:_MOST_SHOWN]} is a value that no file and no request can hold")
        case str():
            return _text(value)
        case dict():
            return "{}"
        case list():
            return "[]"
        case None | bool():
            return json.dumps(value)
    number = format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    number += ".0" if isinstance(value, float) and "." not in number else ""
    if not _reads_back(number, value):
        raise CannotWrite(f"{value} is not a number that a file can hold")
    return number


def in_line(value: Any) -> str:
    """Return *value* as it stands between brackets, in one line.

    Raises:
        CannotWrite: something in it cannot be written.
    """
    if isinstance(value, dict) and value:
        return "{" + ", ".join(f"{_key(key)}: {in_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list) and value:
        return f"[{', '.join(map(in_line, value))}]"
    written = scalar(value)
    return double_quoted(value) if isinstance(value, str) and _BRACKETS.intersection(written) else written


def _key(key: str) -> str:
    return key if _KEY.fullmatch(key) and key.lower() not in NO_TEXT_ELSEWHERE else _quoted(key)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in NO_TEXT_ELSEWHERE:
        return text
    return _quoted(text)


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    quoted = double_quoted(text)
    if not _reads_back(quoted, text):
        raise CannotWrite("it holds characters that no reader would see")
    return quoted


def double_quoted(text: str) -> str:
    """Return *text* in double quotes; what a reader would not see stands there as an escape."""
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in json.dumps(text, ensure_ascii=False))


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 -- the last of the first plane


def _reads_back(written: str, value: Any) -> bool:
    try:
        return repr(parse(f"- {written}\n".encode(), "").value) == repr([value])
    except (ConfigError, UnicodeEncodeError):
        return False

"""The shape of a JSON value: the names and sizes of what is in it, and nothing of what it says. Pure.

For logs. A prompt is a text of so many characters; what is called like a secret has no size either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hmsplan.model import Secret
from hmsplan.secrets.detect import sounds_secret
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Collection

_DEEPEST: Final = 5
_MOST: Final = 60
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def shape(value: Any, hidden: Collection[str] = (), deepest: int = _DEEPEST) -> str:  # noqa: PLR0911 -- a table
    """Describe *value*: ``{name: text 16, tools: 2 of {type: text 8}, webhook_secret: secret}``.

    Of a list it tells the number of items and the shape of the first.

    Args:
        value: JSON, in which a ``Secret`` may stand.
        hidden: texts that must not even show as the name of a field.
        deepest: levels to go down; what lies deeper is counted.
    """
    match value:
        case Secret():
            return "secret"
        case str():
            return f"text {len(value):,}"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case Mapping():
            return _fields(value, hidden, deepest) if deepest else count(len(value), "field")
        case list() | tuple():
            more = f" of {shape(value[0], hidden, deepest - 1)}" if value and deepest else " items"
            return f"{len(value):,}{more}"
        case _:
            return "null"


def _fields(value: Mapping[Any, Any], hidden: Collection[str], deepest: int) -> str:
    shown = [
        f"{_name(name, hidden)}: {'secret' if _is_secret(name, item) else shape(item, hidden, deepest - 1)}"
        for name, item in list(value.items())[:_MOST]
    ]
    more = [f"{len(value) - _MOST:,} more"] if len(value) > _MOST else []
    return f"{{{', '.join([*shown, *more])}}}"


def _is_secret(name: Any, item: Any) -> bool:
    return sounds_secret(name) and isinstance(item, str | Mapping | list) and bool(item)


def _name(name: Any, hidden: Collection[str]) -> str:
    """Return the name of a field, if it looks like one: the owner of a JSON may put any text in its place."""
    is_name = isinstance(name, str) and _NAME.fullmatch(name) is not None
    return name if is_name and not any(text in name for text in hidden if text) else f"(name {len(str(name)):,})"

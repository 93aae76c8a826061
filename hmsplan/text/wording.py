"""How messages name things: types, values, and what somebody may have meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hmsplan.secrets.detect import hidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_MAX_SHOWN: Final = 48
_MAX_LISTED: Final = 14
_MAX_COMPARED: Final = 1000
_TYPES: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "a block",
    "array": "a list",
    "null": "null",
}


def type_of(value: Any) -> str:
    """Say what *value* is, as an author of YAML would."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a block"


def type_named(names: str | Sequence[str]) -> str:
    """Say which types a schema asks for."""
    listed = [names] if isinstance(names, str) else list(names)
    return either([_TYPES.get(name, name) for name in listed])


def shown(value: Any) -> str:
    """Return *value* as it may stand in YAML, cut short and without credentials; never call this with a secret."""
    if isinstance(value, str):
        value = hidden(value)
        short = value if len(value) <= _MAX_SHOWN else f"{value[: _MAX_SHOWN - 1]}…"
        return '"' + short.replace("\r", "\\r").replace("\n", "\\n") + '"'
    if value is None or isinstance(value, bool):
        return str({None: "null", True: "true", False: "false"}[value])
    return str(value) if isinstance(value, int | float) else type_of(value)


def either(words: Sequence[str]) -> str:
    """Join words by commas and "or"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def listed(words: Iterable[str]) -> str:
    """Join words by commas, the first ones of many."""
    every = list(words)
    return ", ".join(every[:_MAX_LISTED]) + (
        f" and {len(every) - _MAX_LISTED} more" if len(every) > _MAX_LISTED else ""
    )


def chain(words: Iterable[str]) -> str:
    """Join words by arrows, the first ones of many."""
    every = list(words)
    return " → ".join(every if len(every) <= _MAX_LISTED else [*every[:_MAX_LISTED], "…", every[-1]])


def nearest(word: str, known: Iterable[str], also: Mapping[str, str] | None = None) -> str | None:
    """Return which of *known* somebody meant by *word*, or None; *also* maps other names in use to the right ones.

    It is the same but for case and joints, the only one that begins or ends with *word* as a word of its own, or the
    only one a few slips of the finger away. Among a great many names, or for a very long one, there is no guess.
    """
    if also and word in also:
        return also[word]
    names = list(known)
    if len(names) > _MAX_COMPARED or len(word) > _MAX_COMPARED:
        return None
    typed, plain = plain_name(word), {plain_name(name): name for name in names if len(name) <= _MAX_COMPARED}
    if typed in plain:
        return plain[typed]
    longer = [name for name in plain if name.startswith(f"{typed}_") or name.endswith(f"_{typed}")]
    if typed and len(longer) == 1:
        return plain[longer[0]]
    slips = {name: _slips(typed, name, max(1, len(typed) // 3)) for name in plain} if len(typed) > 2 else {}  # noqa: PLR2004 -- two letters resemble everything
    fewest = min(filter(None, slips.values()), default=0)
    near = [name for name, number in slips.items() if number and number == fewest]
    return plain[near[0]] if len(near) == 1 else None


def _slips(typed: str, meant: str, most: int) -> int:
    """Count the letters left out, put in, mistaken or swapped with their neighbour; 0 when there are more than *most*.

    Known as optimal string alignment distance.
    """
    if abs(len(typed) - len(meant)) > most:
        return 0
    above, row = [0] * (len(meant) + 1), list(range(len(meant) + 1))
    for i, letter in enumerate(typed):
        above, row, before = row, [i + 1], above
        for j, other in enumerate(meant):
            cost = min(above[j + 1] + 1, row[j] + 1, above[j] + (letter != other))
            if i and j and letter == meant[j - 1] and typed[i - 1] == other:
                cost = min(cost, before[j - 1] + 1)
            row.append(cost)
        if min(row) > most:
            return 0
    return row[-1] if row[-1] <= most else 0


def did_you_mean(word: str, known: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """Return " Did you mean …?" with a space in front, or nothing."""
    guess = nearest(word, known, also)
    return f" Did you mean {guess}?" if guess else ""


def sentence(text: str) -> str:
    """Begin with a capital letter."""
    return text[:1].upper() + text[1:]


_PLURALS: Final = {"person": "people", "entry": "entries", "was": "were"}


def count(number: int, noun: str) -> str:
    """Write a number with its noun: ``1 line``, ``2,040 lines``."""
    return f"{number:,} {noun if number == 1 else _PLURALS.get(noun, noun + 's')}"


def plain_name(name: str) -> str:
    """Return *name* in small letters with ``_`` at its joints, by which ``firstName`` is ``First Name``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return snake.lower().replace("-", "_").replace(" ", "_")

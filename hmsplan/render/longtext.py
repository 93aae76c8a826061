"""Prompts and other prose, line by line, behind a bar of our own. Pure.

A prompt is full of lines that begin with ``-`` and ``+``. Our marks stand to the left of the bar and its text to the
right, so a bullet never reads as a deletion.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from hmsplan.render.lines import Line, Tone, safe
from hmsplan.render.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG: Final = 60
_CONTEXT: Final = 2
_WORTH_HIDING: Final = 2
_MOST_COMPARED: Final = 4_000_000


def is_long(text: str) -> bool:
    """Say whether *text* is shown as a block of lines."""
    return len(text) > LONG or "\n" in text


def split(text: str) -> list[str]:
    """Return the lines of *text*; a line break at its end is no line of its own."""
    return text.removesuffix("\n").split("\n")


def size(text: str) -> str:
    """Say how big *text* is."""
    lines = len(split(text))
    return (
        f"text, {count(lines, 'line')}, {count(len(text), 'character')}"
        if lines > 1
        else f"text, {len(text):,} characters"
    )


def excerpt(text: str, most: int, mark: str, depth: int) -> Iterator[Line]:
    """Yield the first lines of a new text, and how many follow."""
    lines = split(text)
    shown = lines if len(lines) <= most + _WORTH_HIDING else lines[:most]
    for line in shown:
        yield Line(_prose(line), mark, depth, bar=True)
    if len(shown) < len(lines):
        yield _fold(f"… {count(len(lines) - len(shown), 'more line')} …", depth)


def compared(before: str, after: str, depth: int) -> tuple[str, list[Line]]:
    """Return a summary and the changed lines with a little of what surrounds them."""
    old, new = split(before), split(after)
    lines: list[Line] = []
    added = removed = 0
    blocks = _blocks(old, new)
    for number, (same, old_from, old_to, new_from, new_to) in enumerate(blocks):
        if same:
            lines += _unchanged(old[old_from:old_to], depth, first=number == 0, last=number == len(blocks) - 1)
            continue
        removed += old_to - old_from
        added += new_to - new_from
        lines += [Line(_prose(line, ends=True), "-", depth, bar=True) for line in old[old_from:old_to]]
        lines += [Line(_prose(line, ends=True), "+", depth, bar=True) for line in new[new_from:new_to]]
    if old == new:
        word = "without" if before.endswith("\n") else "with"
        return f"text, {count(len(new), 'line')}; now {word} a line break at its end", []
    if len(old) == len(new) == 1:
        return "text", lines
    return f"text, {_sizes(len(old), len(new))}; {added} added, {removed} removed", lines


def _sizes(old: int, new: int) -> str:
    return count(new, "line") if old == new else f"{old:,} -> {count(new, 'line')}"


def _blocks(old: list[str], new: list[str]) -> list[tuple[bool, int, int, int, int]]:
    """Return (same, old from, old to, new from, new to); what is too big to compare counts as all different."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    ends = (len(old) - tail, len(new) - tail)
    found = [(True, 0, head, 0, head)] if head else []
    if (ends[0] - head) * (ends[1] - head) > _MOST_COMPARED:
        found.append((False, head, ends[0], head, ends[1]))
    else:
        matcher = difflib.SequenceMatcher(None, old[head : ends[0]], new[head : ends[1]], autojunk=False)
        found += [(tag == "equal", a + head, b + head, c + head, d + head) for tag, a, b, c, d in matcher.get_opcodes()]
    return [*found, (True, ends[0], len(old), ends[1], len(new))] if tail else found


def _unchanged(lines: list[str], depth: int, *, first: bool, last: bool) -> Iterator[Line]:
    """Yield what stands next to a change, and a count of the rest."""
    before, after = 0 if first else _CONTEXT, 0 if last else _CONTEXT
    hidden = len(lines) - before - after
    if hidden <= _WORTH_HIDING:
        before, after, hidden = len(lines), 0, 0
    for line in lines[:before]:
        yield Line(_prose(line), "", depth, Tone.QUIET, bar=True)
    if hidden:
        yield _fold(f"… {count(hidden, 'unchanged line')} …", depth)
    for line in lines[len(lines) - after :] if after else []:
        yield Line(_prose(line), "", depth, Tone.QUIET, bar=True)


def _fold(text: str, depth: int) -> Line:
    return Line(text, "", depth + 1, Tone.QUIET)


def _prose(line: str, *, ends: bool = False) -> str:
    """Return one line of a text, safe; spaces at the *ends* of a changed one are made visible."""
    if ends and line != line.rstrip(" "):
        bare = line.rstrip(" ")
        return safe(bare) + "·" * (len(line) - len(bare))
    return safe(line)

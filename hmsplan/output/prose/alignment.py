"""Which items of two sequences belong together. Pure, and near linear in the length of both."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

_SMALL: Final = 10_000
_MATRIX: Final = 400
_REACH: Final = 6


class Window(NamedTuple):
    """Two stretches, one of each sequence, as half-open ranges of indexes."""

    old: int
    old_end: int
    new: int
    new_end: int


Pairs = list[tuple[int, int]]


def equal_in_order(
    old: Sequence[Hashable], new: Sequence[Hashable], weigh: Callable[[int], int] | None = None
) -> Pairs:
    """Pair equal items so that both indexes only rise.

    What stands only once on both sides is paired first (patience), what lies between two pairs after that. With
    *weigh* (index of an old item to its weight), of two stretches that changed places the heavier one is paired.
    """
    found: Pairs = []
    windows = [Window(0, len(old), 0, len(new))]
    while windows:
        window = trimmed(old, new, windows.pop(), found)
        area = (window.old_end - window.old) * (window.new_end - window.new)
        if area <= 1:  # what is left of one on both sides is not equal
            continue
        big = area > _SMALL
        pairs = _heaviest(_candidates(old, new, window, big=big), weigh) if big or weigh is not None else []
        if pairs:
            found += pairs
            windows += gaps(pairs, window)
        elif not big:
            found += _by_longest(old, new, window)
    return sorted(found)


def gaps(pairs: Pairs, window: Window) -> Iterator[Window]:
    """Yield what lies before, between and after *pairs*, as far as it is not empty on both sides."""
    old, new = window.old, window.new
    for i, j in (*pairs, (window.old_end, window.new_end)):
        if i > old or j > new:
            yield Window(old, i, new, j)
        old, new = i + 1, j + 1


def trimmed(old: Sequence[Hashable], new: Sequence[Hashable], window: Window, found: Pairs) -> Window:
    """Add to *found* what both begin and end with; returns the rest."""
    i, i_end, j, j_end = window
    while i < i_end and j < j_end and old[i] == new[j]:
        found.append((i, j))
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and old[i_end - 1] == new[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
        found.append((i_end, j_end))
    return Window(i, i_end, j, j_end)


def _candidates(old: Sequence[Hashable], new: Sequence[Hashable], window: Window, *, big: bool) -> Pairs:
    """Pair what stands once on both sides; if nothing does in a *big* window, the first with the first and so on."""
    places, others = _places(old, window.old, window.old_end), _places(new, window.new, window.new_end)
    shared = [(found, others[key]) for key, found in places.items() if key in others]
    once = [(i[0], j[0]) for i, j in shared if len(i) == len(j) == 1]
    return once if once or not big else sorted(pair for i, j in shared for pair in zip(i, j, strict=False))


def _places(items: Sequence[Hashable], start: int, end: int) -> dict[Hashable, list[int]]:
    """Return where each item stands, in their order."""
    found: dict[Hashable, list[int]] = {}
    for index in range(start, end):
        found.setdefault(items[index], []).append(index)
    return found


def _heaviest(pairs: Pairs, weigh: Callable[[int], int] | None) -> Pairs:
    """Return the heaviest selection of *pairs* in which the new index rises as the old one does."""
    if all(one[1] < other[1] for one, other in pairwise(pairs)):
        return pairs
    runs: list[Pairs] = []
    for i, j in pairs:  # neighbours on both sides stay together
        if runs and runs[-1][-1] == (i - 1, j - 1):
            runs[-1].append((i, j))
        else:
            runs.append([(i, j)])
    order = sorted(run[0][1] for run in runs)
    best = [(0, -1)] * (len(order) + 1)  # a Fenwick tree of (weight so far, last run), by new index
    before: list[int] = []
    for number, run in enumerate(runs):
        place = bisect_left(order, run[0][1])
        weight, last = _most(best, place)
        before.append(last)
        weight += sum(weigh(i) for i, _ in run) if weigh is not None else len(run)
        node = place + 1
        while node < len(best):
            if weight > best[node][0]:
                best[node] = (weight, number)
            node += node & -node
    chosen: list[Pairs] = []
    _, last = _most(best, len(order))
    while last >= 0:
        chosen.append(runs[last])
        last = before[last]
    return [pair for run in reversed(chosen) for pair in run]


def _most(tree: list[tuple[int, int]], end: int) -> tuple[int, int]:
    """Return the heaviest entry before *end*."""
    most = (0, -1)
    while end:
        if tree[end][0] > most[0]:
            most = tree[end]
        end -= end & -end
    return most


def _by_longest(old: Sequence[Hashable], new: Sequence[Hashable], window: Window) -> Pairs:
    i, i_end, j, j_end = window
    matcher = difflib.SequenceMatcher(None, old[i:i_end], new[j:j_end], autojunk=False)
    return [(i + a + k, j + b + k) for a, b, size in matcher.get_matching_blocks() for k in range(size)]


def alike_in_order(window: Window, likeness: Callable[[int, int], float]) -> Pairs:
    """Pair items that resemble each other so that both indexes only rise, those that do so most first.

    *likeness* of 0 = never. Of a big window each item is compared only with a few behind the last one that was alike.
    """
    big = (window.old_end - window.old) * (window.new_end - window.new) > _MATRIX
    found: list[tuple[float, int, int]] = []
    start, end = window.new, window.new_end
    for i in range(window.old, window.old_end):
        near = range(start, min(start + _REACH, end) if big else end)
        alike = [(-like, i, j) for j in near if (like := likeness(i, j))]
        found += alike
        if big and alike:
            start = min(alike)[2] + 1
    pairs: Pairs = []
    for _, i, j in sorted(found):
        place = bisect_left(pairs, (i, j))
        before, after = pairs[place - 1 : place], pairs[place : place + 1]
        if all(a < i and b < j for a, b in before) and all(a > i and b > j for a, b in after):
            pairs.insert(place, (i, j))
    return pairs

"""Which items of two sequences belong together. Pure, and near linear in the length of both."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

_SMALL: Final = 10_000
_BUDGET: Final = 400_000
_DEEPEST: Final = 10
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
    budget = _BUDGET
    windows = [(Window(0, len(old), 0, len(new)), 0)]
    while windows:
        window, depth = windows.pop()
        window = trimmed(old, new, window, found)
        area = (window.old_end - window.old) * (window.new_end - window.new)
        if area <= 1:  # what is left of one on both sides is not equal
            continue
        pairs: Pairs = []
        if depth <= _DEEPEST and (weigh is not None or area > _SMALL):
            pairs = _heaviest(_candidates(old, new, window, deep=depth >= _DEEPEST), weigh)
        if pairs:
            found += pairs
            windows += [(gap, depth + 1) for gap in gaps(pairs, window)]
        elif area <= min(_SMALL, budget):
            budget -= area
            found += _by_longest(old, new, window)
        elif area > _SMALL and depth < _DEEPEST:
            windows.append((window, _DEEPEST))
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


def _candidates(old: Sequence[Hashable], new: Sequence[Hashable], window: Window, *, deep: bool) -> Pairs:
    """Pair what stands once on both sides; if *deep*, the second of one with the second of the other and so on."""
    if not deep:
        first, other = _once(old, window.old, window.old_end), _once(new, window.new, window.new_end)
        pairs = ((i, other.get(key, -1)) for key, i in first.items())
        return [(i, j) for i, j in pairs if i >= 0 and j >= 0]
    places: defaultdict[Hashable, list[int]] = defaultdict(list)
    for j in range(window.new, window.new_end):
        places[new[j]].append(j)
    rest = {key: iter(found) for key, found in places.items()}
    pairs = ((i, next(rest.get(old[i], iter(())), -1)) for i in range(window.old, window.old_end))
    return [(i, j) for i, j in pairs if j >= 0]


def _once(items: Sequence[Hashable], start: int, end: int) -> dict[Hashable, int]:
    """Return where each item stands, in their order; -1 = more than once."""
    found: dict[Hashable, int] = {}
    for index in range(start, end):
        key = items[index]
        found[key] = -1 if key in found else index
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

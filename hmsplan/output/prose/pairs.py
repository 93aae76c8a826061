"""Find which paragraphs of two texts belong together: the same, moved, alike, cut in two. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

from hmsplan.output.prose.alignment import Pairs, Window, alike_in_order, equal_in_order, gaps
from hmsplan.output.prose.parts import Form, Part, common_length, normal
from hmsplan.output.prose.spans import ALIKE, Bag, bag_of, share

_MOVABLE: Final = 20
_MOVED_ALIKE: Final = 0.7
_RARE: Final = 6
_BETTER: Final = 0.03
_JOINED_ALIKE: Final = 0.8


class Texts:
    """Both texts and what is known of their paragraphs.

    Attributes:
        nested: the depth of an item of a list says something, because some items have another one than they had.
    """

    def __init__(self, before: str, after: str, old: list[Part], new: list[Part]) -> None:
        self.nested = False
        self.before, self.after, self.old, self.new = before, after, old, new
        self._bags: dict[tuple[bool, int], Bag] = {}

    def was(self, i: int, end: int | None = None) -> str:
        """Return one old paragraph, or all before *end*."""
        return self.before[self.old[i].start : self.old[i if end is None else end - 1].end]

    def now(self, j: int, end: int | None = None) -> str:
        """Return one new paragraph, or all before *end*."""
        return self.after[self.new[j].start : self.new[j if end is None else end - 1].end]

    def bag(self, index: int, *, is_new: bool) -> Bag:
        """Return the words of one paragraph."""
        found = self._bags.get((is_new, index))
        if found is None:
            text = self.now(index) if is_new else self.was(index)
            found = self._bags[is_new, index] = bag_of(text)
        return found

    def likeness(self, i: int, j: int) -> float:
        """Say how much two paragraphs have in common by weight, or 0 if they are no pair."""
        form, other = self.old[i].form, self.new[j].form
        if form is not other and not {form, other} <= {Form.PROSE, Form.ITEM}:
            return 0.0
        one, two = self.was(i), self.now(j)
        longest, shorter = max(len(one), len(two)), min(len(one.strip()), len(two.strip()))
        part = min(longest // 4, shorter // 2)  # of what would be enough at both ends, this much is at one of them
        if one[:part] == two[:part] or one[len(one) - part :] == two[len(two) - part :]:
            outside = common_length(one, two) + common_length(one, two, from_end=True)
            if ALIKE * longest <= outside <= longest:
                return outside / longest
            if outside >= shorter >= _MOVABLE:
                return ALIKE  # one is the other and more
        common = share(self.bag(i, is_new=False), self.bag(j, is_new=True))
        if form is Form.HEADING and _level(one) == _level(two):
            common = max(common, ALIKE)
        return common if common >= ALIKE else 0.0


def _level(heading: str) -> str:
    """Return what says how deep a heading is: its "##", or the sign that it begins with."""
    bare = heading.strip()
    return bare[: len(bare) - len(bare.lstrip("#"))] or (bare[:1] if bare[:1] in "<[*_" else "")


@dataclass(slots=True)
class Pairing:
    """Which old paragraphs are which new ones.

    Attributes:
        kept: in the same order on both sides.
        moved: elsewhere.
        spread: old index to the one after the last, new index to the same, of pairs in which one side is several.
    """

    kept: Pairs
    moved: Pairs
    spread: dict[tuple[int, int], tuple[int, int]]


def pair(texts: Texts, window: Window) -> Pairing:
    """Pair the paragraphs inside *window*."""
    i0, i1, j0, j1 = window
    keys = [normal(texts.was(i), texts.old[i].form) for i in range(i0, i1)]
    others = [normal(texts.now(j), texts.new[j].form) for j in range(j0, j1)]
    kept = [(i0 + i, j0 + j) for i, j in equal_in_order(keys, others, lambda i: len(keys[i]))]
    moved = [(i0 + i, j0 + j) for i, j in _elsewhere(keys, others, [(i - i0, j - j0) for i, j in kept])]
    kept, spread = _with_alike(texts, window, kept, moved)
    moved += _edited_elsewhere(texts, window, kept, moved, spread)
    return Pairing(kept, moved, spread)


def _elsewhere(old: list[str], new: list[str], kept: Pairs) -> Pairs:
    """Pair equal paragraphs that changed places, and the short ones beside them."""
    taken_old, taken_new = {i for i, _ in kept}, {j for _, j in kept}
    places: dict[str, list[int]] = {}
    for j in range(len(new) - 1, -1, -1):
        if j not in taken_new:
            places.setdefault(new[j], []).append(j)
    pairs: Pairs = []
    for i, key in enumerate(old):
        if i in taken_old or len(key) < _MOVABLE or not places.get(key):
            continue
        j = places[key].pop()
        if j in taken_new:
            continue
        for step in (-1, 1):
            a, b = i + step, j + step
            while (
                0 <= a < len(old)
                and 0 <= b < len(new)
                and old[a] == new[b]
                and a not in taken_old
                and b not in taken_new
            ):
                pairs.append((a, b))
                taken_old.add(a)
                taken_new.add(b)
                a, b = a + step, b + step
        pairs.append((i, j))
        taken_old.add(i)
        taken_new.add(j)
    return pairs


def _with_alike(
    texts: Texts, window: Window, kept: Pairs, moved: Pairs
) -> tuple[Pairs, dict[tuple[int, int], tuple[int, int]]]:
    """Add the pairs that resemble each other where they stand, and those in which one became two or two one."""
    gone, come = {i for i, _ in moved}, {j for _, j in moved}
    spread: dict[tuple[int, int], tuple[int, int]] = {}
    found = list(kept)
    for gap in gaps(kept, window):
        old = [i for i in range(gap.old, gap.old_end) if i not in gone]
        new = [j for j in range(gap.new, gap.new_end) if j not in come]
        if not old or not new:
            continue
        inside = Window(0, len(old), 0, len(new))
        anchors = _by_their_ends(texts, old, new)
        pairs = list(anchors)
        for rest in gaps(anchors, inside):
            pairs += alike_in_order(rest, partial(_likeness, texts, old, new))
        real = sorted((old[a], new[b]) for a, b in pairs)
        spread |= _spread(texts, gap, real, gone, come)
        found += real
    return sorted(found), spread


def _likeness(texts: Texts, old: list[int], new: list[int], a: int, b: int) -> float:
    return texts.likeness(old[a], new[b])


def _by_their_ends(texts: Texts, old: list[int], new: list[int]) -> Pairs:
    """Pair what begins or ends alike and with nothing else, of a gap too big to compare each with each."""
    if len(old) * len(new) <= 64:  # noqa: PLR2004 -- eight by eight is compared at once
        return []
    found: Pairs = []
    for cut in (slice(None, 24), slice(-24, None)):
        starts = [texts.was(i).strip()[cut] for i in old]
        others = [texts.now(j).strip()[cut] for j in new]
        more: Pairs = []
        for rest in gaps(found, Window(0, len(old), 0, len(new))):
            pairs = equal_in_order(starts[rest.old : rest.old_end], others[rest.new : rest.new_end])
            more += [(rest.old + a, rest.new + b) for a, b in pairs]
        found = sorted([*found, *((a, b) for a, b in more if texts.likeness(old[a], new[b]))])
    return found


def _spread(
    texts: Texts, gap: Window, pairs: Pairs, gone: set[int], come: set[int]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Find the pairs that are better with the next paragraph of one side: a paragraph was cut in two, or two joined."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for number, (i, j) in enumerate(pairs):
        i_stop, j_stop = pairs[number + 1] if number + 1 < len(pairs) else (gap.old_end, gap.new_end)
        alone = (i_stop, j_stop) == (i + 1, j + 1)
        if alone or not {texts.old[i].form, texts.new[j].form} <= {Form.PROSE, Form.ITEM}:
            continue
        i_end, j_end, best = i + 1, j + 1, share(texts.bag(i, is_new=False), texts.bag(j, is_new=True))
        while j_end < j_stop and j_end not in come and texts.new[j_end].form is Form.PROSE:
            common = share(bag_of(texts.was(i)), bag_of(texts.now(j, j_end + 1)))
            if common < max(best + _BETTER, _JOINED_ALIKE):
                break
            j_end, best = j_end + 1, common
        while j_end == j + 1 and i_end < i_stop and i_end not in gone and texts.old[i_end].form is Form.PROSE:
            common = share(bag_of(texts.was(i, i_end + 1)), bag_of(texts.now(j)))
            if common < max(best + _BETTER, _JOINED_ALIKE):
                break
            i_end, best = i_end + 1, common
        if (i_end, j_end) != (i + 1, j + 1):
            found[i, j] = (i_end, j_end)
    return found


def _edited_elsewhere(
    texts: Texts, window: Window, kept: Pairs, moved: Pairs, spread: dict[tuple[int, int], tuple[int, int]]
) -> Pairs:
    """Pair what changed places and was edited on the way, found by the words that few paragraphs have."""
    taken_old, taken_new = ({pair[side] for pair in (*kept, *moved)} for side in (0, 1))
    for (i, j), (i_end, j_end) in spread.items():
        taken_old |= set(range(i, i_end))
        taken_new |= set(range(j, j_end))
    old = [i for i in range(window.old, window.old_end) if i not in taken_old and len(texts.was(i)) > 2 * _MOVABLE]
    new = [j for j in range(window.new, window.new_end) if j not in taken_new and len(texts.now(j)) > 2 * _MOVABLE]
    if not old or not new:
        return []
    having: dict[str, list[int]] = {}
    for j in new:
        for word in texts.bag(j, is_new=True).weights:
            having.setdefault(word, []).append(j)
    pairs: Pairs = []
    for i in old:
        places = (having.get(word, ()) for word in texts.bag(i, is_new=False).weights)
        votes = Counter(chain.from_iterable(found for found in places if len(found) <= _RARE))
        likely = [(texts.likeness(i, j), -j) for j, _ in votes.most_common(3) if j not in taken_new]
        common, j = max(likely, default=(0.0, 0))
        if common >= _MOVED_ALIKE:
            pairs.append((i, -j))
            taken_new.add(-j)
    return pairs

"""Find which paragraphs of two texts belong together: the same, moved, alike, cut in two. Pure."""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Final

from hmsplan.output.prose.alignment import Pairs, Window, alike_in_order, equal_in_order, gaps, trimmed
from hmsplan.output.prose.parts import Form, Part, common_length, normal
from hmsplan.output.prose.spans import ALIKE, bag_of, share

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOVABLE: Final = 20
_MOVED_ALIKE: Final = 0.7
_RARE: Final = 6
_BETTER: Final = 0.03
_JOINED_ALIKE: Final = 0.8
_RUNNING: Final = frozenset({Form.PROSE, Form.ITEM})


class Texts:
    """The paragraphs of both texts.

    Attributes:
        bag: returns the words of a paragraph, counted once.
        starts: where each old paragraph begins in its text.
        nested: the depth of an item of a list says something, because some items have another one than they had.
    """

    def __init__(self, old: list[Part], new: list[Part]) -> None:
        self.old, self.new = old, new
        self.bag = cache(bag_of)
        self.starts = [0, *accumulate(len(part.text) for part in old)]
        self.nested = False

    def was(self, start: int, end: int) -> str:
        """Return some old paragraphs as one text."""
        return "".join(part.text for part in self.old[start:end])

    def now(self, start: int, end: int) -> str:
        """Return some new paragraphs as one text."""
        return "".join(part.text for part in self.new[start:end])

    def likeness(self, i: int, j: int) -> float:
        """Say how much two paragraphs have in common by weight, or 0 if they are no pair."""
        (form, one), (other, two) = self.old[i], self.new[j]
        if form is not other and not {form, other} <= _RUNNING:
            return 0.0
        longest, shorter = max(len(one), len(two)), min(len(one.strip()), len(two.strip()))
        part = min(longest // 4, shorter // 2)  # of what would be enough at both ends, this much is at one of them
        if one[:part] == two[:part] or one[len(one) - part :] == two[len(two) - part :]:
            outside = common_length(one, two) + common_length(one, two, from_end=True)
            if ALIKE * longest <= outside <= longest:
                return outside / longest
            if outside >= shorter >= _MOVABLE:
                return ALIKE  # one is the other and more
        common = share(self.bag(one), self.bag(two))
        if form is Form.HEADING and _level(one) == _level(two):
            common = max(common, ALIKE)
        return common if common >= ALIKE else 0.0


def _level(heading: str) -> str:
    """Return what says how deep a heading is: its "##", or the sign that it begins with."""
    bare = heading.strip()
    return bare[: len(bare) - len(bare.lstrip("#"))] or (bare[:1] if bare[:1] in "<[*_" else "")


def pair(texts: Texts) -> tuple[list[Window], Pairs]:
    """Return which paragraphs stand in the same order on both sides, and which are elsewhere.

    Of one that was cut in two, or of two that were joined, a window has several on one side.
    """
    ends: Pairs = []
    middle = trimmed(texts.old, texts.new, Window(0, len(texts.old), 0, len(texts.new)), ends)
    keys = _keys(texts.old, middle.old, middle.old_end)
    others = _keys(texts.new, middle.new, middle.new_end)
    equal = equal_in_order(keys, others, lambda i: len(keys[i]))
    moved = _elsewhere(keys, others, equal)
    kept = _with_alike(texts, equal, moved)
    return kept, [*moved, *_edited_elsewhere(texts, kept, moved)]


def _keys(parts: list[Part], start: int, end: int) -> list[str]:
    """Return what paragraphs are compared by; those before *start* and from *end* on are known to be the same."""
    return [normal(text, form) if start <= n < end else text for n, (form, text) in enumerate(parts)]


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


def _with_alike(texts: Texts, equal: Pairs, moved: Pairs) -> list[Window]:
    """Add the pairs that resemble each other where they stand, and those in which one became two or two one."""
    gone, come = {i for i, _ in moved}, {j for _, j in moved}
    found = [Window(i, i + 1, j, j + 1) for i, j in equal]
    for gap in gaps(equal, Window(0, len(texts.old), 0, len(texts.new))):
        old = [i for i in range(gap.old, gap.old_end) if i not in gone]
        new = [j for j in range(gap.new, gap.new_end) if j not in come]
        if not old or not new:
            continue
        anchors = _by_their_ends(texts, old, new)
        pairs = list(anchors)
        for rest in gaps(anchors, Window(0, len(old), 0, len(new))):
            pairs += alike_in_order(rest, partial(_likeness, texts, old, new))
        found += _spread(texts, gap, sorted((old[a], new[b]) for a, b in pairs), gone, come)
    return sorted(found)


def _likeness(texts: Texts, old: list[int], new: list[int], a: int, b: int) -> float:
    return texts.likeness(old[a], new[b])


def _by_their_ends(texts: Texts, old: list[int], new: list[int]) -> Pairs:
    """Pair what begins or ends alike and with nothing else, of a gap too big to compare each with each."""
    if len(old) * len(new) <= 64:  # noqa: PLR2004 -- eight by eight is compared at once
        return []
    found: Pairs = []
    for cut in (slice(None, 24), slice(-24, None)):
        starts = [texts.old[i].text.strip()[cut] for i in old]
        others = [texts.new[j].text.strip()[cut] for j in new]
        more: Pairs = []
        for rest in gaps(found, Window(0, len(old), 0, len(new))):
            pairs = equal_in_order(starts[rest.old : rest.old_end], others[rest.new : rest.new_end])
            more += [(rest.old + a, rest.new + b) for a, b in pairs]
        found = sorted([*found, *((a, b) for a, b in more if texts.likeness(old[a], new[b]))])
    return found


def _spread(texts: Texts, gap: Window, pairs: Pairs, gone: set[int], come: set[int]) -> Iterator[Window]:
    """Yield *pairs*, with the next paragraphs of one side where that is better: one was cut in two, or two joined."""
    for (i, j), (i_stop, j_stop) in pairwise([*pairs, (gap.old_end, gap.new_end)]):
        i_end, j_end = i + 1, j + 1
        one, two = texts.old[i], texts.new[j]
        alone = (i_stop, j_stop) == (i_end, j_end)
        best = 1.0 if alone or not {one.form, two.form} <= _RUNNING else share(texts.bag(one.text), texts.bag(two.text))
        while j_end < j_stop and j_end not in come and texts.new[j_end].form is Form.PROSE:
            common = share(texts.bag(one.text), bag_of(texts.now(j, j_end + 1)))
            if common < max(best + _BETTER, _JOINED_ALIKE):
                break
            j_end, best = j_end + 1, common
        while j_end == j + 1 and i_end < i_stop and i_end not in gone and texts.old[i_end].form is Form.PROSE:
            common = share(bag_of(texts.was(i, i_end + 1)), texts.bag(two.text))
            if common < max(best + _BETTER, _JOINED_ALIKE):
                break
            i_end, best = i_end + 1, common
        yield Window(i, i_end, j, j_end)


def _edited_elsewhere(texts: Texts, kept: list[Window], moved: Pairs) -> Pairs:
    """Pair what changed places and was edited on the way, found by the words that few paragraphs have."""
    windows = [*kept, *(Window(i, i + 1, j, j + 1) for i, j in moved)]
    taken_old = {i for window in windows for i in range(window.old, window.old_end)}
    taken_new = {j for window in windows for j in range(window.new, window.new_end)}
    old = [i for i, part in enumerate(texts.old) if i not in taken_old and len(part.text) > 2 * _MOVABLE]
    new = [j for j, part in enumerate(texts.new) if j not in taken_new and len(part.text) > 2 * _MOVABLE]
    if not old or not new:
        return []
    having: dict[str, list[int]] = {}
    for j in new:
        for word in texts.bag(texts.new[j].text).weights:
            having.setdefault(word, []).append(j)
    pairs: Pairs = []
    for i in old:
        places = (having.get(word, ()) for word in texts.bag(texts.old[i].text).weights)
        votes = Counter(chain.from_iterable(found for found in places if len(found) <= _RARE))
        likely = [(texts.likeness(i, j), -j) for j, _ in votes.most_common(3) if j not in taken_new]
        common, j = max(likely, default=(0.0, 0))
        if common >= _MOVED_ALIKE:
            pairs.append((i, -j))
            taken_new.add(-j)
    return pairs

"""Say how one sentence became another, word by word. Pure."""

from __future__ import annotations

import enum
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.output.prose.alignment import Pairs, Window, alike_in_order, equal_in_order
from hmsplan.output.prose.parts import BY_LINE, SPACE, Form, sentences, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ALIKE: Final = 0.5
_JOINED_ALIKE: Final = 0.6
_MARKS: Final = frozenset(",.;:!?)")
_REPLACED: Final = 0.3


class Kind(enum.StrEnum):
    """What happened to a text, a section, a paragraph or a sentence."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    REWRAPPED = "re-wrapped"
    SPACING = "spacing"


class Span(NamedTuple):
    """A run of characters: what it was and what it is. Equal = unchanged; an empty side = added or removed."""

    before: str
    after: str

    @property
    def same(self) -> bool:
        """Nothing happened to it."""
        return self.before == self.after

    @property
    def spacing(self) -> bool:
        """Only spaces, tabs and line ends differ; in prose mostly a line that breaks elsewhere."""
        return self.before != self.after and not self.before.strip(SPACE) and not self.after.strip(SPACE)


class Sentence(NamedTuple):
    """A sentence of prose, a line of code or a row of a table, with the white space after it."""

    spans: tuple[Span, ...]

    @property
    def before(self) -> str:
        """Return it as it was; "" = it is added."""
        return "".join(span.before for span in self.spans)

    @property
    def after(self) -> str:
        """Return it as it is; "" = it is removed."""
        return "".join(span.after for span in self.spans)

    @property
    def kind(self) -> Kind:
        """Return SAME, SPACING, ADDED, REMOVED or CHANGED."""
        different = [span for span in self.spans if not span.same]
        if not different:
            return Kind.SAME
        if all(span.spacing for span in different):
            return Kind.SPACING
        return Kind.ADDED if not self.before else Kind.REMOVED if not self.after else Kind.CHANGED


class Bag(NamedTuple):
    """The words of a text, each with how many characters of it there are, and how many there are of all."""

    weights: Mapping[str, int]
    total: int


def bag_of(text: str) -> Bag:
    """Return the words of *text* without their order; that it is indented counts as one without weight."""
    weights = {"": 0} if text[:1].isspace() else {}
    for chunk in words(text) if "{{" in text else text.split():
        for word in (chunk,) if chunk.isalnum() and chunk.isascii() else words(chunk):  # mostly plainly one
            bare = word.strip()
            weights[bare] = weights.get(bare, 0) + len(bare)
    return Bag(weights, sum(weights.values()))


def share(one: Bag, other: Bag) -> float:
    """Say which part of two texts, 0 to 1, is in both."""
    common = 0
    for word in one.weights.keys() & other.weights.keys():
        common += min(one.weights[word], other.weights[word])
    whole = one.total + other.total
    return 2 * common / whole if whole else 1.0


def compare_sentences(before: str, after: str, form: Form) -> tuple[Sentence, ...]:
    """Compare two paragraphs sentence by sentence, or line by line."""
    old, new = sentences(before, form), sentences(after, form)
    keys, others = (
        [each.rstrip() if form in BY_LINE else " ".join(each.split()) for each in side] for side in (old, new)
    )
    found: list[Sentence] = []
    i = j = 0
    for i_next, j_next in (*equal_in_order(keys, others), (len(old), len(new))):
        found += _between(old[i:i_next], new[j:j_next], by_line=form in BY_LINE)
        if i_next < len(old) or j_next < len(new):
            found.append(Sentence(_spans(old[i_next], new[j_next])))
        i, j = i_next + 1, j_next + 1
    return tuple(found)


def _between(old: list[str], new: list[str], *, by_line: bool) -> Iterator[Sentence]:
    """Compare what stands between two equal sentences: all at once if most of it is the same, else one by one."""
    if len(old) == len(new) == 1:
        yield Sentence(_spans(old[0], new[0]))
        return
    if old and new and not by_line and share(bag_of("".join(old)), bag_of("".join(new))) >= _JOINED_ALIKE:
        yield from _joined(old, new)
        return
    bags, others = [bag_of(each) for each in old], [bag_of(each) for each in new]

    def likeness(i: int, j: int) -> float:
        common = share(bags[i], others[j])
        return common if common >= ALIKE else 0.0

    i = j = 0
    for i_next, j_next in (*alike_in_order(Window(0, len(old), 0, len(new)), likeness), (len(old), len(new))):
        yield from (Sentence((Span(each, ""),)) for each in old[i:i_next])
        yield from (Sentence((Span("", each),)) for each in new[j:j_next])
        if i_next < len(old) and j_next < len(new):
            yield Sentence(_spans(old[i_next], new[j_next]))
        i, j = i_next + 1, j_next + 1


def _joined(old: list[str], new: list[str]) -> Iterator[Sentence]:
    """Compare sentences as one text; cut where both have an end."""
    ends, others = (set(accumulate(map(len, side))) for side in (old, new))
    was = now = 0
    found: list[tuple[str, str]] = []
    for one, other in _atoms("".join(old), "".join(new)):
        if not one and not other:
            continue
        found.append((one, other))
        was, now = was + len(one), now + len(other)
        if was in ends and now in others:
            yield Sentence(_merged(found))
            found = []
    if found:
        yield Sentence(_merged(found))


def _spans(before: str, after: str) -> tuple[Span, ...]:
    """Compare two sentences word by word; of two that have next to nothing in common one replaces the other."""
    if before == after:
        return (Span(before, after),)
    atoms = list(_atoms(before, after))
    same = sum(len(one.strip()) for one, other in atoms if one == other)
    if same < _REPLACED * min(len(before), len(after)) or not same:
        return (Span(before, after),)
    return _merged(atoms)


def _atoms(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield what two texts are made of, side by side: a word of both, what replaced what, the white space after it."""
    body, other_body = before.rstrip(), after.rstrip()
    old, new = words(body), words(other_body)
    bare, other = [word.rstrip() for word in old], [word.rstrip() for word in new]
    for same, i, i_end, j, j_end in _readable(_runs(equal_in_order(bare, other), len(old), len(new)), bare, other):
        if not same:
            one, two = "".join(old[i:i_end]), "".join(new[j:j_end])
            yield from _without_common_space(one, two) if one and two else [(one, two)]
            continue
        for a, b in zip(range(i, i_end), range(j, j_end), strict=True):
            if old[a] == new[b]:
                yield old[a], new[b]
            else:
                yield bare[a], other[b]
                yield old[a][len(bare[a]) :], new[b][len(other[b]) :]
    yield before[len(body) :], after[len(other_body) :]


def _merged(atoms: Iterable[tuple[str, str]]) -> tuple[Span, ...]:
    """Join neighbours that did not change."""
    found: list[Span] = []
    for same, run in groupby(atoms, lambda atom: atom[0] == atom[1]):
        if same:
            text = "".join(one for one, _ in run)
            found += [Span(text, text)] if text else []
        else:
            found += [Span(one, other) for one, other in _behind_marks(run) if one or other]
    return tuple(found)


def _behind_marks(run: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put the space behind what comes or goes with a comma: ``kind{+, patient+} and``."""
    found: list[tuple[str, str]] = []
    for one, other in run:
        text = one or other
        bare = text.rstrip()
        space = text[len(bare) :]
        if found and not (one and other) and text[:1] in _MARKS and found[-1] in {(space, ""), ("", space)}:
            found[-1:] = [(bare, "") if one else ("", bare), (space, space)]
        else:
            found.append((one, other))
    return found


def _without_common_space(one: str, two: str) -> Iterator[tuple[str, str]]:
    """Part the white space at the end of both sides from their words."""
    bare, other = one.rstrip(), two.rstrip()
    yield bare, other
    yield one[len(bare) :], two[len(other) :]


_Run = tuple[bool, int, int, int, int]


def _runs(pairs: Pairs, rows: int, columns: int) -> list[_Run]:
    """Return (same, old from, old to, new from, new to), alternating."""
    found: list[_Run] = []
    i = j = 0
    for a, b in (*pairs, (rows, columns)):
        if a > i or b > j:
            found.append((False, i, a, j, b))
        if a < rows and b < columns:
            if found and found[-1][0] and (a, b) == (i, j):
                found[-1] = (True, found[-1][1], a + 1, found[-1][3], b + 1)
            else:
                found.append((True, a, a + 1, b, b + 1))
        i, j = a + 1, b + 1
    return found


def _readable(runs: list[_Run], old: list[str], new: list[str]) -> list[_Run]:
    """Give up the equal runs that are shorter than what changed on both sides of them: they read as noise."""
    found: list[_Run] = []
    for number, run in enumerate(runs):
        same, i, i_end, j, j_end = run
        if same and found and number + 1 < len(runs):
            size = sum(map(len, old[i:i_end]))
            here, there = (max(_size(old, r[1:3]), _size(new, r[3:5])) for r in (found[-1], runs[number + 1]))
            same = not (i_end - i <= 2 and size <= min(here, there, 8))  # noqa: PLR2004 -- two short words
        if not same and found and not found[-1][0]:
            found[-1] = (False, found[-1][1], i_end, found[-1][3], j_end)
        else:
            found.append((same, i, i_end, j, j_end))
    return found


def _size(items: list[str], ends: tuple[int, ...]) -> int:
    return sum(map(len, items[ends[0] : ends[1]]))

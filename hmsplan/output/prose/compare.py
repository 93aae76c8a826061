"""Say how one long text became another: by section, paragraph, sentence and word. Pure, and without any layout.

Paragraphs that are equal but for white space are paired first, then those that moved, then those that resemble each
other. Only inside a changed paragraph sentences are looked at, and only inside a changed sentence words.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.output.prose.alignment import Window
from hmsplan.output.prose.pairs import Pairing, Texts, pair
from hmsplan.output.prose.parts import (
    BY_LINE,
    ODD_SPACE,
    SPACE,
    Form,
    Part,
    common_length,
    normal,
    paragraphs,
    variables,
)
from hmsplan.output.prose.spans import Kind, Sentence, Span, compare_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Form", "Kind", "Moved", "Paragraph", "Section", "Sentence", "Span", "TextChange", "compare", "tokens"]


class Moved(NamedTuple):
    """Where a moved paragraph comes from and where it is now.

    Attributes:
        origin: the paragraph that stood before it; "" = it was the first.
        target: the paragraph that stands before it; "" = it is the first.
    """

    origin: str
    target: str


class Paragraph(NamedTuple):
    """A paragraph, heading, list item, code block, table or line of markup, with the blank lines after it.

    Attributes:
        before: as it was; "" = it is added.
        after: as it is; "" = it is removed.
        sentences: of a CHANGED one, and of a MOVED one that changed as well; else nothing.
        was: place of its first character in the old text; -1 = it is added.
        moved: of a MOVED one.
    """

    kind: Kind
    form: Form
    before: str
    after: str
    was: int = -1
    sentences: tuple[Sentence, ...] = ()
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it.

    Attributes:
        heading: its line, as it is or else as it was; "" = what stands before the first one.
        paragraphs: the heading first, in the order of the new text, removed ones where they stood.
    """

    heading: str
    paragraphs: tuple[Paragraph, ...]

    @property
    def kind(self) -> Kind:
        """Return what happened to all its paragraphs, or CHANGED; what only breaks its lines elsewhere is SAME."""
        first, *rest = [each.kind for each in self.paragraphs]
        if all(kind is first for kind in rest):
            return first
        return Kind.SAME if all(kind in _QUIET for kind in (first, *rest)) else Kind.CHANGED


@dataclass(frozen=True, slots=True)
class TextChange:
    """How one text became another. It holds both, character by character.

    Attributes:
        kind: SAME, REWRAPPED (lines break elsewhere), SPACING (other white space only) or CHANGED.
        sections: in the order of the new text, removed ones where they stood.
        variables_added: ``{{names}}`` that only the new text has, in their order there; with their braces.
        variables_removed: those that only the old text has.
    """

    kind: Kind
    sections: tuple[Section, ...]
    variables_added: tuple[str, ...] = ()
    variables_removed: tuple[str, ...] = ()

    @property
    def paragraphs(self) -> Iterator[Paragraph]:
        """Yield the paragraphs of all sections."""
        return (each for section in self.sections for each in section.paragraphs)

    @property
    def before(self) -> str:
        """Return the old text."""
        return "".join(each.before for each in sorted(self.paragraphs, key=lambda each: each.was) if each.was >= 0)

    @property
    def after(self) -> str:
        """Return the new text."""
        return "".join(each.after for each in self.paragraphs)


_QUIET: Final = (Kind.SAME, Kind.REWRAPPED, Kind.SPACING)
_HEADING, _REMOVED = Form.HEADING, Kind.REMOVED  # to look a member up takes long, and every paragraph asks
_LINE_BREAK: Final = re.compile(r"[ \t]*\n[ \t]*")


def tokens(text: str) -> int:
    """Estimate of how many tokens of a language model *text* is: four bytes of UTF-8 each."""
    return -(-(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))) // 4)


def compare(before: str, after: str) -> TextChange:
    """Describe how *before* became *after*."""
    old, new, head, tail = _split(before, after)
    texts = Texts(before, after, old, new)
    window = Window(head, len(old) - tail, head, len(new) - tail)
    paired = pair(texts, window)
    texts.nested = _nested(texts, window, paired)
    entries = [_same(before, part) for part in old[:head]]
    entries += _merged(texts, window, paired)
    entries += [_same(before, part) for part in old[len(old) - tail :]]
    was, now = variables(before), variables(after)
    return TextChange(
        _kind_of(entries),
        tuple(_sections(entries)),
        tuple(name for name in now if name not in was),
        tuple(name for name in was if name not in now),
    )


def _nested(texts: Texts, window: Window, paired: Pairing) -> bool:
    """Say whether some items of a list have another depth than they had, and not just all of them alike."""
    outside = (*texts.old[: window.old], *texts.old[window.old_end :])
    steps = {0} if any(part.form is Form.ITEM for part in outside) else set()
    items = (pair for pair in paired.kept if texts.old[pair[0]].form is texts.new[pair[1]].form is Form.ITEM)
    steps |= {_indent(texts.now(j)) - _indent(texts.was(i)) for i, j in items}
    return len(steps) > 1


def _same(text: str, part: Part) -> Paragraph:
    whole = text[part.start : part.end]
    return Paragraph(Kind.SAME, part.form, whole, whole, part.start)


def _kind_of(entries: Iterable[Paragraph]) -> Kind:
    kinds = [each.kind for each in entries]
    if any(kind not in _QUIET for kind in kinds):
        return Kind.CHANGED
    return next((kind for kind in (Kind.REWRAPPED, Kind.SPACING) if kind in kinds), Kind.SAME)


def _start(part: Part) -> int:
    return part.start


def _split(before: str, after: str) -> tuple[list[Part], list[Part], int, int]:
    """Return the paragraphs of both texts, and how many are the same at the beginning and at the end.

    What both begin with is split once; so is what both end with, from where a paragraph begins in both.
    """
    old = list(paragraphs(before))
    if before == after:
        return old, old, len(old), 0
    common = common_length(before, after)
    head = 0
    while head < len(old) and old[head].end <= common:
        head += 1
    head = max(head - 1, 0)  # the last one may go on in the other text
    start = old[head].start if old else 0
    shift = len(after) - len(before)
    suffix = common_length(before[start:], after[start:], from_end=True)
    first = bisect_left(old, max(len(before) - suffix, start), key=_start)
    starts = {old[k].start + shift: k for k in range(first, len(old))}
    middle = list(paragraphs(after, start, until=starts))
    tail = 0
    if middle and (k := starts.get(middle[-1].end)) is not None:
        tail = len(old) - k
    rest = [Part(part.form, part.start + shift, part.end + shift) for part in old[len(old) - tail :]]
    return old, [*old[:head], *middle, *rest], head, tail


def _merged(texts: Texts, window: Window, paired: Pairing) -> Iterator[Paragraph]:
    """Yield what happened to each paragraph, in the order of the new text."""
    away = {j: i for i, j in paired.moved}
    left = {i for i, _ in paired.moved}
    i, j = window.old, window.new
    for i_next, j_next in (*paired.kept, (window.old_end, window.new_end)):
        if i < i_next or j < j_next:
            yield from _gap(texts, [k for k in range(i, i_next) if k not in left], range(j, j_next), away)
        if i_next < window.old_end and j_next < window.new_end:
            i, j = paired.spread.get((i_next, j_next), (i_next + 1, j_next + 1))
            yield _one(texts, (i_next, i), (j_next, j))
        else:
            return


def _gap(texts: Texts, removed: list[int], added: range, away: dict[int, int]) -> Iterator[Paragraph]:
    """Yield what is gone and then what is new, section by section: what ends the first one stays with it."""
    cut_old = next((n for n, i in enumerate(removed) if texts.old[i].form is Form.HEADING), len(removed))
    cut_new = next((n for n, j in enumerate(added) if texts.new[j].form is Form.HEADING), len(added))
    for olds, news in ((removed[:cut_old], added[:cut_new]), (removed[cut_old:], added[cut_new:])):
        for i in olds:
            yield Paragraph(Kind.REMOVED, texts.old[i].form, texts.was(i), "", texts.old[i].start)
        for j in news:
            if j in away:
                yield _one(texts, (away[j], away[j] + 1), (j, j + 1), moved=True)
            else:
                yield Paragraph(Kind.ADDED, texts.new[j].form, "", texts.now(j))


def _one(texts: Texts, old: tuple[int, int], new: tuple[int, int], *, moved: bool = False) -> Paragraph:
    """Say what happened to a paragraph that is on both sides."""
    before, after, form = texts.was(*old), texts.now(*new), texts.new[new[0]].form
    if before == after and not moved:
        return Paragraph(Kind.SAME, form, before, after, texts.old[old[0]].start)
    cut = old[1] - old[0] != new[1] - new[0]
    kind = Kind.CHANGED if cut else _difference(before, after, form)
    if kind is not Kind.SAME and form not in BY_LINE and not cut and _indented_anew(texts, before, after, form):
        kind, form = Kind.CHANGED, Form.CODE
    inside = compare_sentences(before, after, form) if kind is Kind.CHANGED else ()
    whence = None
    if moved:
        kind = Kind.MOVED
        whence = Moved(texts.was(old[0] - 1) if old[0] else "", texts.now(new[0] - 1) if new[0] else "")
    return Paragraph(kind, form, before, after, texts.old[old[0]].start, inside, whence)


def _difference(before: str, after: str, form: Form) -> Kind:
    """Return SAME, SPACING, REWRAPPED or CHANGED."""
    if before == after:
        return Kind.SAME
    if normal(before, form) != normal(after, form) or ODD_SPACE.findall(before) != ODD_SPACE.findall(after):
        return Kind.CHANGED
    one, other = before.replace("\r\n", "\n").strip(), after.replace("\r\n", "\n").strip()
    if form in BY_LINE or _lines(one) == _lines(other):
        return Kind.SPACING
    joined = _LINE_BREAK.sub(" ", one) == _LINE_BREAK.sub(" ", other)
    return Kind.REWRAPPED if joined or not one.isascii() else Kind.SPACING


def _lines(text: str) -> list[str]:
    return [line.strip(SPACE) for line in text.split("\n")]


def _indented_anew(texts: Texts, before: str, after: str, form: Form) -> bool:
    """Say whether lines of one paragraph moved to the right or the left of each other, as in YAML without a fence."""
    if form is Form.ITEM and texts.nested and _indent(before) != _indent(after):
        return True
    if "\n " not in before + after and "\n\t" not in before + after:
        return False
    old, new = ([line for line in text.split("\n") if line.strip()] for text in (before, after))
    same = [(one, other) for one, other in zip(old, new, strict=False) if one.strip() == other.strip()]
    return 2 * len(same) >= max(len(old), len(new)) and len({_indent(two) - _indent(one) for one, two in same}) > 1


def _indent(text: str) -> int:
    """Return how many columns of white space *text* begins with."""
    line = text.lstrip("\r\n").split("\n", 1)[0].expandtabs(4)
    return len(line) - len(line.lstrip())


def _sections(entries: list[Paragraph]) -> Iterator[Section]:
    """Group *entries* below their headings. A removed heading is one only if all that stood below it is removed."""
    whole = _removed_whole(entries)
    heading = under = ""
    found: list[Paragraph] = []
    for number, each in enumerate(entries):
        begins = each.form is _HEADING and (bool(each.after) or number in whole)
        if begins or (heading != under and each.kind is not _REMOVED):  # or what stands below the one before goes on
            if found:
                yield Section(heading, tuple(found))
            found = []
            heading = (each.after or each.before).strip().split("\n", 1)[0].rstrip() if begins else under
            under = heading if each.after else under
        found.append(each)
        if each.form is Form.MARKUP and _ends(under, each.after):
            under = ""
    if found:
        yield Section(heading, tuple(found))


def _ends(heading: str, text: str) -> bool:
    """Say whether *text* is the closing tag of a section that a tag began."""
    return heading.startswith("<") and text.strip() == f"</{heading.strip('<>').split()[0]}>"


def _removed_whole(entries: list[Paragraph]) -> set[int]:
    """Return the places of the removed headings with nothing but removed paragraphs below."""
    found, gone = set(), True
    for number in range(len(entries) - 1, -1, -1):
        each = entries[number]
        if each.form is _HEADING:
            if gone and each.kind is _REMOVED:
                found.add(number)
            gone = bool(each.after) or gone
        elif gone and each.kind is not _REMOVED:
            gone = False
    return found

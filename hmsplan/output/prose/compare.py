"""Say how one long text became another: by section, paragraph, sentence and word. Pure, and without any layout.

Paragraphs that are equal but for white space are paired first, then those that moved, then those that resemble each
other. Only inside a changed paragraph sentences are looked at, and only inside a changed sentence words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.output.prose.alignment import Window
from hmsplan.output.prose.pairs import Texts, pair
from hmsplan.output.prose.parts import (
    BY_LINE,
    ODD_SPACE,
    SPACE,
    Form,
    normal,
    paragraphs,
    variables,
)
from hmsplan.output.prose.spans import Kind, Sentence, Span, compare_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.output.prose.alignment import Pairs

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
    old = list(paragraphs(before))
    texts = Texts(old, old if before == after else list(paragraphs(after)))
    kept, moved = pair(texts)
    texts.nested = _nested(texts, kept)
    entries = list(_merged(texts, kept, moved))
    was, now = variables(before), variables(after)
    return TextChange(
        _kind_of(entries),
        tuple(_sections(entries)),
        tuple(name for name in now if name not in was),
        tuple(name for name in was if name not in now),
    )


def _nested(texts: Texts, kept: Iterable[Window]) -> bool:
    """Say whether some items of a list have another depth than they had, and not just all of them alike."""
    pairs = ((texts.old[window.old], texts.new[window.new]) for window in kept)
    items = ((one, other) for one, other in pairs if one.form is other.form is Form.ITEM)
    steps = {0 if one == other else _indent(other.text) - _indent(one.text) for one, other in items}
    return len(steps) > 1


def _kind_of(entries: Iterable[Paragraph]) -> Kind:
    kinds = [each.kind for each in entries]
    if any(kind not in _QUIET for kind in kinds):
        return Kind.CHANGED
    return next((kind for kind in (Kind.REWRAPPED, Kind.SPACING) if kind in kinds), Kind.SAME)


def _merged(texts: Texts, kept: Sequence[Window], moved: Pairs) -> Iterator[Paragraph]:
    """Yield what happened to each paragraph, in the order of the new text."""
    origins = {j: i for i, j in moved}
    left = {i for i, _ in moved}
    end = Window(len(texts.old), len(texts.old), len(texts.new), len(texts.new))
    i = j = 0
    for window in (*kept, end):
        if i < window.old or j < window.new:
            yield from _gap(texts, [k for k in range(i, window.old) if k not in left], range(j, window.new), origins)
        if window is not end:
            yield _one(texts, window)
        i, j = window.old_end, window.new_end


def _gap(texts: Texts, removed: list[int], added: range, origins: dict[int, int]) -> Iterator[Paragraph]:
    """Yield what is gone and then what is new, section by section: what ends the first one stays with it."""
    cut_old = next((n for n, i in enumerate(removed) if texts.old[i].form is Form.HEADING), len(removed))
    cut_new = next((n for n, j in enumerate(added) if texts.new[j].form is Form.HEADING), len(added))
    for olds, news in ((removed[:cut_old], added[:cut_new]), (removed[cut_old:], added[cut_new:])):
        for i in olds:
            yield Paragraph(Kind.REMOVED, *texts.old[i], "", texts.starts[i])
        for j in news:
            if j in origins:
                yield _one(texts, Window(origins[j], origins[j] + 1, j, j + 1), moved=True)
            else:
                yield Paragraph(Kind.ADDED, texts.new[j].form, "", texts.new[j].text)


def _one(texts: Texts, window: Window, *, moved: bool = False) -> Paragraph:
    """Say what happened to a paragraph that is on both sides."""
    i, i_end, j, j_end = window
    (form, after), start = texts.new[j], texts.starts[i]
    if not moved and window == (i, i + 1, j, j + 1) and texts.old[i].text == after:  # most are, so this is fast
        return Paragraph(Kind.SAME, form, after, after, start)
    before, after = texts.was(i, i_end), texts.now(j, j_end)
    if before == after and not moved:
        return Paragraph(Kind.SAME, form, before, after, start)
    cut = i_end - i != j_end - j
    kind = Kind.CHANGED if cut else _difference(before, after, form)
    if kind is not Kind.SAME and form not in BY_LINE and not cut and _reindented(texts, before, after, form):
        kind, form = Kind.CHANGED, Form.CODE
    inside = compare_sentences(before, after, form) if kind is Kind.CHANGED else ()
    whence = None
    if moved:
        kind = Kind.MOVED
        whence = Moved(texts.was(max(i - 1, 0), i), texts.now(max(j - 1, 0), j))
    return Paragraph(kind, form, before, after, start, inside, whence)


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


def _reindented(texts: Texts, before: str, after: str, form: Form) -> bool:
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

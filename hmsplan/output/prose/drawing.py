"""Prompts and other prose: what changed in them, sentence by sentence, behind a bar of our own. Pure.

A prompt is full of lines that begin with ``-`` and ``+``. Our marks stand to the left of the bar and its text to the
right, so a bullet never reads as a deletion. What did not change is counted on a line that has no bar.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from hmsplan.output.lines import INDENT, Ink, Line, Piece, Tone, columns, inked, safe
from hmsplan.output.prose.compare import Form, Kind, TextChange, compare, tokens
from hmsplan.output.prose.parts import BY_LINE, ODD_SPACE, SPACE, ends_without_spaces, mentioned
from hmsplan.output.words import some
from hmsplan.text.escape import apart, spelled
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from hmsplan.output.prose.compare import Paragraph, Sentence, Span

LONG: Final = 60
_WORTH_HIDING: Final = 2
_AROUND: Final = 120
_MOST_SHOWN: Final = 4_000
_MOST_LINES: Final = 400
_WORTH_COUNTING: Final = 400
_MANY: Final = 10
_LONGEST_NAME: Final = 60
_QUIET: Final = (Kind.SAME, Kind.REWRAPPED, Kind.SPACING)


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
        yield Line(_visible(line), mark, depth, bar=True)
    if len(shown) < len(lines):
        yield _fold(f"{count(len(lines) - len(shown), 'more line')}", depth)


def compared(
    before: str, after: str, depth: int, width: int = 80, known: Callable[[], Collection[str] | None] = lambda: None
) -> tuple[str, list[Line]]:
    """Return a summary of how *before* became *after*, and the lines that show it.

    Args:
        before: the old text.
        after: the new one.
        depth: of the line the summary goes into.
        width: columns there are.
        known: returns the names that a prompt may mention: tools and their parameters; None = not known.
    """
    change = compare(before, after)
    if change.kind is Kind.REWRAPPED:
        return f"text, {count(len(after.split()), 'word')}, only re-wrapped", []
    if change.kind is Kind.SPACING:
        return f"text, {_spacing(before, after)}", []
    lines = list(_drawn(change, depth, width))
    if not any(line.mark for line in lines):
        return f"text, {_spacing(before, after)}", []
    lines = [*_remark(change, after, known, depth), *lines]
    hidden = len(lines) - _MOST_LINES
    if hidden > _WORTH_HIDING:
        lines = [*lines[:_MOST_LINES], _fold(f"{count(hidden, 'more line')} of changes", depth)]
    small = max(len(before), len(after)) <= _WORTH_COUNTING
    return "text" if small else f"text, {_sizes(len(before), len(after))}", lines


def _sizes(old: int, new: int) -> str:
    return count(new, "character") if old == new else f"{old:,} -> {count(new, 'character')}"


def _spacing(before: str, after: str) -> str:
    """Say which white space differs."""
    if before.replace("\r\n", "\n") == after.replace("\r\n", "\n"):
        lf_before, lf_after = (text.count("\n") - text.count("\r\n") for text in (before, after))
        return "only line ends: CRLF is now LF" if lf_after > lf_before else "only line ends: LF is now CRLF"
    for one, other, word in ((before, after, "with"), (after, before, "without")):
        if other in {f"{one}\n", f"{one}\r\n"}:
            return f"now {word} a line break at its end"
    return "only white space at its end" if before.rstrip() == after.rstrip() else "only spaces and blank lines"


def _remark(change: TextChange, after: str, known: Callable[[], Collection[str] | None], depth: int) -> Iterator[Line]:
    """Say what the words do not show: how much longer for a model, variables that come and go, tools there are not."""
    more = tokens(after) - tokens(change.before) if len(after) > _WORTH_COUNTING else 0
    parts = [f"about {abs(more):,} tokens {'more' if more > 0 else 'less'}"] if abs(more) >= _MANY else []
    for word, found in (("adds", change.variables_added), ("no longer uses", change.variables_removed)):
        parts += [f"{word} {some(map(_name, found))}"] if found else []
    if parts:
        yield Line(f"({'; '.join(parts)})", "#", depth + 1, Tone.QUIET)
    names = mentioned(after)
    there = known() if names else None
    if missing := [name for name in names if there is not None and name not in there]:
        yield Line(f"(mentions what is not a tool of this assistant: {some(missing)})", "#", depth + 1, Tone.QUIET)


def _name(text: str) -> str:
    """Return the name of a variable; of one that is too long for a name, its beginning."""
    return safe(text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…")


# Sections and paragraphs


def _drawn(change: TextChange, depth: int, width: int) -> Iterator[Line]:
    """Yield every changed paragraph below the heading it stands under; the others are counted."""
    hidden: list[Paragraph] = []
    for section in change.sections:
        if section.kind in _QUIET:
            hidden += section.paragraphs
            continue
        titled = not section.heading
        for group in _groups(section.paragraphs):
            first = group[0]
            if first.kind in _QUIET:
                hidden += group
                continue
            if not titled and first.form is not Form.HEADING:
                place = next((n for n in range(len(hidden) - 1, -1, -1) if hidden[n].form is Form.HEADING), len(hidden))
                yield from _folded(hidden[:place], depth, width)
                yield Line(_one_line(section.heading), "", depth, Tone.QUIET, bar=True)
                hidden = hidden[place + 1 :]
            titled = True
            yield from _folded(hidden, depth, width)
            hidden = []
            yield from _moved(group, depth, width) if first.kind is Kind.MOVED else _shown(group, depth)
    yield from _folded(hidden, depth, width)


def _groups(paragraphs: Iterable[Paragraph]) -> Iterator[list[Paragraph]]:
    """Join neighbours that are shown together: all added, all removed, moved as they stood, or not shown."""
    group: list[Paragraph] = []
    for each in paragraphs:
        if group and not _together(group[-1], each):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _together(one: Paragraph, other: Paragraph) -> bool:
    if one.kind in _QUIET:
        return other.kind in _QUIET
    if one.kind is Kind.MOVED:
        return other.kind is Kind.MOVED and other.was == one.was + len(one.before)
    return one.kind is other.kind and one.kind in (Kind.ADDED, Kind.REMOVED)


def _folded(paragraphs: Sequence[Paragraph], depth: int, width: int) -> Iterator[Line]:
    """Yield how many paragraphs are the same; a single short one is shown."""
    if not paragraphs:
        return
    alone = _one_line(paragraphs[0].after) if len(paragraphs) == 1 and paragraphs[0].form not in BY_LINE else ""
    if alone and columns(alone) <= width - INDENT * depth - 12:
        yield Line(alone, "", depth, Tone.QUIET, bar=True)
        return
    kinds = [each.kind for each in paragraphs]
    wrapped = kinds.count(Kind.REWRAPPED)
    moot = [each for each in paragraphs if each.kind is Kind.SPACING] if Kind.SPACING in kinds else []
    spaced = sum(each.before.strip() != each.after.strip() for each in moot)
    same = len(paragraphs) - wrapped - spaced
    parts = [f"{count(same, 'paragraph')} the same"] if same else []
    parts += [f"{wrapped} re-wrapped"] if wrapped else []
    parts += [f"{spaced} with other spaces"] if spaced else []
    if not same:
        parts[0] = parts[0].replace(" ", f" {'paragraph' if wrapped + spaced == 1 else 'paragraphs'} ", 1)
    yield _fold(", ".join(parts), depth)


def _shown(group: Sequence[Paragraph], depth: int) -> Iterator[Line]:
    for number, each in enumerate(group):
        if each.kind is Kind.CHANGED:
            yield from _sentences(each, depth)
            continue
        mark, text = ("+", each.after) if each.kind is Kind.ADDED else ("-", each.before)
        yield from _whole(text, mark, depth)
        if number + 1 < len(group) and text[len(text.rstrip()) :].count("\n") > 1:
            yield Line("", mark, depth, bar=True)


def _whole(text: str, mark: str, depth: int) -> Iterator[Line]:
    """Yield an added or removed paragraph as it is written."""
    body = text.strip("\r\n")
    for line in body[:_MOST_SHOWN].split("\n"):
        yield Line(_visible(_odd(line.removesuffix("\r"))), mark, depth, bar=True)
    if len(body) > _MOST_SHOWN:
        yield _fold(f"{count(len(body) - _MOST_SHOWN, 'more character')}", depth)


def _moved(group: Sequence[Paragraph], depth: int, width: int) -> Iterator[Line]:
    """Say in one line where a paragraph, or several in a row, came from and went to; then what was edited."""
    first = group[0]
    if first.moved is None:
        return
    room = max((width - INDENT * depth - 46) // 3, 22)
    more = f" and {count(len(group) - 1, 'more paragraph')}" if len(group) > 1 else ""
    origin, target = (
        f"after {_quoted(text, room)}" if text.strip() else "the beginning"
        for text in (first.moved.origin, first.moved.target)
    )
    section = "section " if first.form is Form.HEADING and len(group) > 1 else ""
    yield Line(
        f"{section}{_quoted(first.after, room)}{more} moved from {origin} to {target}", ">", depth + 1, Tone.CHANGE
    )
    for each in group:
        yield from _sentences(each, depth)


# Sentences


def _sentences(paragraph: Paragraph, depth: int) -> Iterator[Line]:
    """Yield the sentences, or lines of code, that changed; "…" stands for those before and after them."""
    exact = paragraph.form in BY_LINE
    inside = _inside(paragraph)
    rows = [_rows(sentence, exact=exact, inside=inside > n) for n, sentence in enumerate(paragraph.sentences)]
    end = 0
    for changed, group in groupby(rows, key=bool):
        run = list(group)
        begin, end = end, end + len(run)
        if not changed:
            if exact:
                yield _fold(f"{count(len(run), 'line')} the same", depth)
            continue
        shown = [row for found in run for row in found]
        marks = [mark for mark, _ in shown]
        first = _outer(marks) if begin and not exact else set()
        last = {len(marks) - 1 - place for place in _outer(marks[::-1])} if end < len(rows) and not exact else set()
        for place, (mark, pieces) in enumerate(shown):
            before = (Piece("… "),) if place in first else ()
            after = (Piece(" …"),) if place in last else ()
            yield inked((*before, *pieces, *after), mark, depth)


def _outer(marks: Sequence[str]) -> set[int]:
    """Return where the old text begins and where the new one does, in rows that follow each other."""
    other = next((place for place, mark in enumerate(marks) if mark != marks[0]), 0)
    return {0, other} if {marks[0], marks[other]} == {"-", "+"} else {0}


def _inside(paragraph: Paragraph) -> int:
    """Return how many of its sentences have something after them on both sides."""
    backwards = range(len(paragraph.sentences) - 1, -1, -1)
    was = next((n for n in backwards if paragraph.sentences[n].before.strip()), 0)
    return min(was, next((n for n in backwards if paragraph.sentences[n].after.strip()), 0))


def _rows(sentence: Sentence, *, exact: bool, inside: bool) -> list[tuple[str, tuple[Piece, ...]]]:
    """Return the rows that show what happened to a sentence; none if nothing did that matters."""
    kind = sentence.kind
    spans = sentence.spans if inside or exact or not sentence.spans[-1].spacing else sentence.spans[:-1]
    if kind is Kind.SAME or (kind is Kind.SPACING and not exact and not _is_read(spans)):
        return []
    if kind is Kind.SPACING and exact and sentence.before and sentence.before.rstrip() == sentence.after.rstrip():
        return []
    if len(spans) == 1 and not spans[0].same:
        sides = zip("-+", apart(sentence.before, sentence.after), strict=True)
        shown = [(mark, text) for mark, text in sides if text.strip(SPACE) or (exact and text)]
        return [(mark, (Piece(_sentence(_odd(text), exact=exact)),)) for mark, text in shown]
    pieces: list[Piece] = []
    for number, span in enumerate(spans):
        if span.same:
            text = _clipped(span.before, first=number == 0, last=number == len(spans) - 1)
            pieces.append(Piece(_sentence(text, exact=exact, edge=False)))
        elif not exact and _joins(spans, number):
            pieces.append(Piece("·", Ink.NEW if span.after else Ink.GONE))
        else:
            pieces += _changed(span, exact=exact)
    return [("~", _trimmed(pieces))]


def _changed(span: Span, *, exact: bool) -> Iterator[Piece]:
    if span.spacing and not exact:
        if _cuts(span):
            yield from (
                Piece("¶", ink) for text, ink in ((span.before, Ink.GONE), (span.after, Ink.NEW)) if _breaks(text)
            )
        yield Piece(" ")
        return
    for text, ink in zip(apart(span.before, span.after), (Ink.GONE, Ink.NEW), strict=True):
        bare = text.rstrip(SPACE)
        if exact and span.spacing:
            yield Piece(text.rstrip("\r\n").replace(" ", "·").replace("\t", "⇥"), ink)
        elif bare:
            yield Piece(_sentence(_odd(_cut(bare)), exact=exact), ink)
    if not exact and (span.before + span.after)[-1:] in SPACE:
        yield Piece(" ")


def _odd(text: str) -> str:
    """Return what came or went with the white space in it visible that only looks like a space."""
    return ODD_SPACE.sub(spelled, text)


def _cuts(span: Span) -> bool:
    """Say whether a paragraph was cut here, or two were joined."""
    return span.spacing and bool(span.before) and bool(span.after) and _breaks(span.before) != _breaks(span.after)


def _is_read(spans: Sequence[Span]) -> bool:
    """Say whether spaces that differ matter between the words of *spans*."""
    return any(map(_cuts, spans)) or any(_joins(spans, number) for number in range(len(spans)))


def _joins(spans: Sequence[Span], number: int) -> bool:
    """Say whether two signs were joined by the span of that number, or parted.

    In a script without spaces a new line does neither, nor does a space that comes or goes with a word beside it.
    """
    span = spans[number]
    if not span.spacing or (span.before and span.after) or not 0 < number < len(spans) - 1:
        return False
    last, following = spans[number - 1], spans[number + 1]
    if not (last.same and following.same):
        left, right = (last.after, following.after) if span.before else (last.before, following.before)
        return left[-1:].isalnum() and right[:1].isalnum()
    return "\n" not in span.before + span.after or not ends_without_spaces(last.after)


def _breaks(text: str) -> bool:
    return text.count("\n") > 1


def _trimmed(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Take the white space away at the end of the row."""
    while pieces and pieces[-1].ink is Ink.PLAIN and not pieces[-1].text.strip():
        pieces.pop()
    if pieces and pieces[-1].ink is Ink.PLAIN:
        pieces[-1] = Piece(pieces[-1].text.rstrip())
    return tuple(piece for piece in pieces if piece.text)


def _clipped(text: str, *, first: bool, last: bool) -> str:
    """Return what is the same in a sentence, as much of it as helps to read what is not."""
    if len(text) <= (2 if not (first or last) else 1) * _AROUND + 20:
        return text
    begin = "" if first else _until_space(text[:_AROUND])
    end = "" if last else _until_space(text[len(text) - _AROUND :][::-1])[::-1]
    return f"{begin} … {end}".lstrip() if first else f"{begin} … {end}"


def _until_space(text: str) -> str:
    """Cut *text* where a word ends, if there is one near its end."""
    cut = text.rfind(" ", len(text) // 2)
    return text[:cut] if cut > 0 else text


def _cut(text: str) -> str:
    if len(text) <= _MOST_SHOWN:
        return text
    return f"{text[:_MOST_SHOWN]} … ({count(len(text) - _MOST_SHOWN, 'more character')})"


def _sentence(text: str, *, exact: bool, edge: bool = True) -> str:
    """Return a sentence on one line, safe; of code the spaces are kept."""
    if exact:
        return _tabs(text.rstrip("\r\n"))
    joined = " ".join(text.split())
    if not edge:
        joined = f"{' ' if text[:1].isspace() else ''}{joined}{' ' if text[-1:].isspace() and joined else ''}"
    return safe(joined)


def _one_line(text: str) -> str:
    return _sentence(text, exact=False)


def _quoted(text: str, most: int) -> str:
    bare = " ".join(text.split())
    return f'"{safe(bare)}"' if len(bare) <= most else f'"{safe(bare[: most - 1].rstrip())}…"'


def _visible(line: str) -> str:
    """Return one line of a text, safe; the spaces at its end are made visible."""
    bare = line.rstrip(" ")
    return _tabs(bare) + "·" * (len(line) - len(bare))


def _tabs(text: str) -> str:
    return safe(text.replace("\t", "    "))


def _fold(text: str, depth: int) -> Line:
    return Line(f"… {text} …", "", depth + 1, Tone.QUIET)

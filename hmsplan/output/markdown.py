"""A plan or a drift report as GitHub's Markdown, within a budget. Pure.

What matters most comes first and is always there: the counts, what is refused and the words that allow it. The objects
follow, what goes away first, as long as they fit; the others are named. Foreign text stands in code or is escaped, and
an object is a block of code that GitHub colours by the first character of a line, which is a mark of ours: a prompt's
own bullets stand behind a bar.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from hmsplan.output import flow as flows
from hmsplan.output.graph import mermaid, visible
from hmsplan.output.lines import INDENT, Line, columns, wrap
from hmsplan.output.page import APPROVALS, FIRST, OUTSIDE, OUTSIDE_NOTE, PASTE, SHOWN_AS, tally_of
from hmsplan.output.words import fitting
from hmsplan.text import escape
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import Diagnostic
    from hmsplan.output.graph import Graph
    from hmsplan.output.page import Item, Page, Question, Row

WIDTH: Final = 100
COMMENT: Final = 64_000
"""Bytes that leave room for a marker and a footer in a comment of 65,536 characters."""
SUMMARY: Final = 1_000_000
"""Bytes of a step summary; GitHub drops one of more than 1 MiB whole."""
_MOST_NAMES: Final = 12
_PLAIN: Final = re.compile(r"(?!.*www\.)[A-Za-z0-9_ .,:;()\[\]…-]*")
_MOST_BOXES: Final = 40
_LEAST: Final = 2000
_MOST_LOOSER: Final = 4000
_MARKS: Final = {"~": "!", "?": "!", ">": "!", "-/+": "-"}
"""What GitHub's ``diff`` colours as a change is a "!"."""


def render_markdown(page: Page, graph: Graph | None = None, *, budget: int = COMMENT) -> str:
    """Return *page* as Markdown of at most *budget* bytes, of which a page without objects takes a few thousand.

    What changes in *graph* is drawn below the objects, where there is room.
    """
    head = "\n\n".join([*_head(page), *_questions(page, budget // 7)])
    foot = _foot(page)
    room = budget - _size(head) - _size(foot) - 4
    objects = render_objects(page, room)
    drawn = _graph(page, graph, room - _size(objects)) if graph is not None else ""
    return "\n\n".join(filter(None, [head, objects, drawn, foot])) + "\n"


def _size(text: str) -> int:
    """Count bytes: never fewer than the characters that GitHub counts."""
    return len(text.encode())


def _head(page: Page) -> Iterator[str]:
    yield f"<!-- hmsplan:{page.word}:{_slug(page.stack)}:{_slug(page.environment)} -->"
    where = f"{escape.markdown_code(_short(page.stack))}, environment {escape.markdown_code(_short(page.environment))}"
    yield f"### hmsplan {page.word}: {where}"
    if page.rollback:
        yield f"> [!IMPORTANT]\n> {escape.markdown(_short(page.rollback, 500))}"
    if page.snapshot:
        yield f"> [!NOTE]\n> {escape.markdown(page.snapshot)}"
    if page.memory:
        yield f"> [!WARNING]\n> {escape.markdown(page.memory)}"
    if page.looser:
        yield _looser(page.looser)
    strong, *more = page.verdict
    yield " ".join([f"**{escape.markdown(strong)}**", *map(escape.markdown, more)])
    if page.dates:
        yield escape.markdown(page.dates)
    if page.targets:
        yield f"Limited to {_named(page.targets)} {page.limits}"
    if page.excluded:
        yield f"Without {_named(page.excluded)} {page.exclusion}"
    if page.rows:
        yield "\n".join(["| action | count | objects |", "|---|--:|---|", *map(_row, page.rows)])
    if page.reach:
        yield escape.markdown(" ".join(page.reach))
    yield from _minutes(page)


def _minutes(page: Page) -> Iterator[str]:
    """Yield the table of campaigns; of many, the first ones."""
    if not page.minutes:
        return
    heads, *rows = page.minutes
    shown = [
        f"| {' | '.join([escape.markdown_code(_short(name)), *map(escape.markdown, cells)])} |"
        for name, *cells in rows[:_MOST_NAMES]
    ]
    rest = len(rows) - len(shown)
    more = [f"\n{count(rest, 'more campaign')}, which the text of the plan names."] if rest else []
    table = [f"| {' | '.join(heads)} |", "|---|--:|--:|--:|---|", *shown, *more]
    yield "\n".join([escape.markdown(page.balance), "", *table])


def _looser(sentences: Sequence[str]) -> str:
    """Return what lets more pass than before, as far as it fits: there may be many approvals."""
    texts = [f"> - {escape.markdown(_short(sentence, 500))}" for sentence in sentences]
    shown = max(fitting(map(_size, texts), _MOST_LOOSER), 1)
    rest = [f"> - and {len(texts) - shown:,} more, which the text of the plan names"] if shown < len(texts) else []
    return "\n".join(["> [!WARNING]", *texts[:shown], *rest])


def _slug(text: str) -> str:
    """Return *text* for our marker, which a "-->" in it must not end."""
    return quote(escape.plain(_short(text)), safe="")


def _row(row: Row) -> str:
    return f"| {escape.markdown_code(row.mark)} {row.verb} | {len(row.names):,} | {_named(row.names)} |"


def _named(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMES
    shown = ", ".join(escape.markdown_code(_short(name)) for name in names[:_MOST_NAMES])
    return shown + (f" and {rest:,} more" if rest > 0 else "")


def _short(text: str, most: int = 120) -> str:
    """Cut a foreign name or sentence that would eat the budget to *most* bytes."""
    shown = escape.plain(text[: most + 1]).encode()
    return text if len(shown) <= most else shown[:most].decode(errors="ignore") + "…"


def _questions(page: Page, room: int) -> Iterator[str]:
    """Yield what is refused and what is not settled, each in about *room* bytes."""
    if page.denied:
        yield f"> [!CAUTION]\n> **{page.denial}**"
        yield _told(page.denied, room)
    yield from _first(page, room)
    if page.refused:
        yield f"> [!CAUTION]\n> **{page.refusal}**"
        yield _told(page.refused, room)
        yield escape.markdown_fence([_short(page.consent, room)], "console")
        if page.waiting:
            yield escape.markdown(page.waiting)
            yield escape.markdown_fence([_short(command, room // 4) for command in page.later], "console")
        if (size := sum(_size(line) + 1 for line in page.block)) <= room:
            yield f"{PASTE}\n\n{escape.markdown_fence(page.block, 'yaml')}"
        else:
            yield f"The entries for `{APPROVALS}` ({size:,} bytes) stand in the text of the plan."
    if page.allowed:
        yield f"**{page.allowance}**\n\n{_told(page.allowed, room)}"
    if page.lost:
        yield f"> [!WARNING]\n> **{page.loss}**"
        yield _told(page.lost, room)
        if shown := list(dict.fromkeys(_short(each) for question in page.lost for each in question.commands)):
            yield escape.markdown_fence(shown[: room // 200], "console")
    for question in page.revert:
        typed = escape.markdown_fence(question.commands, "console") if question.commands else ""
        yield "\n\n".join(filter(None, [escape.markdown(question.text), typed]))
    if page.unsettled:
        yield f"> [!WARNING]\n> **{page.doubt}**"
        yield _told(page.unsettled, room)
        commands = [_short(command) for question in page.unsettled for command in question.commands]
        yield escape.markdown_fence(commands[: room // 200], "console")


def _first(page: Page, room: int) -> Iterator[str]:
    for question in page.first:
        yield f"**{FIRST}**\n\n{_told(page.first, room)}"
        yield escape.markdown_fence(question.commands, "console")


def _told(questions: Sequence[Question], room: int) -> str:
    texts = [
        f"- {escape.markdown_code(_short(question.name))}: {escape.markdown(_short(question.text, 500))}"
        for question in questions
    ]
    shown = fitting(map(_size, texts), room)
    rest = [f"- and {len(texts) - shown:,} more, which the text of the plan names"] if shown < len(texts) else []
    return "\n".join([*texts[:shown], *rest])


def render_objects(page: Page, room: int) -> str:
    """Return as many objects as fit into *room* bytes, in order, and a word about the others."""
    room -= _LEAST  # for that word
    extras = [*map(_warning, page.warnings), *_unmanaged(page)]
    kept = min(sum(map(_size, extras)) + 2 * len(extras), room // 6)  # objects do not push all warnings out
    room -= kept
    blocks: list[str] = []
    left: list[Item] = []
    most = max(room // 4, _LEAST)  # no object takes it all
    for number, item in enumerate([*page.changes, *page.drift]):
        if left:  # what comes after the first that does not fit is less important
            left.append(item)
            continue
        title = _drift_title(page) if page.drift and item is page.drift[0] else ""
        block = title + _object(
            item, min(most, room - _size(title)), is_open=number < len(page.asked) and _is_open(page, item)
        )
        if _size(block) + 2 > room or (room < most and item.lines and "```" not in block):
            left.append(item)
            continue
        blocks.append(block)
        room -= _size(block) + 2
    if left:
        names = _named([_short(item.name, 60) for item in left])
        blocks.append(
            f"**{count(len(left), 'more object')} without details for lack of room** ({tally_of(left)}): {names}. "
            f"`hmsplan {page.word}` shows everything; `--format html` in one page."
        )
    room += kept
    shown = fitting((_size(extra) + 2 for extra in extras), room)
    blocks += extras[:shown]
    if shown < len(extras):
        blocks.append(f"**{count(len(extras) - shown, 'more line')}**, which `hmsplan {page.word}` shows.")
    return "\n\n".join(blocks)


def _drift_title(page: Page) -> str:
    if page.word == "drift":
        return f"{escape.markdown(SHOWN_AS)}\n\n"
    return f"#### {OUTSIDE}\n\n{OUTSIDE_NOTE}\n\n"


def _is_open(page: Page, item: Item) -> bool:
    """Open what has to be read before it is approved: what goes away, and changed prompts."""
    return item.alarming or len(page.asked) == 1 or (item.text_lines > 0 and item.mark != "+")


def _object(item: Item, room: int, *, is_open: bool) -> str:
    """Return one object in at most about *room* bytes; of more lines than fit, the rest is counted."""
    name = f"<code>{escape.html(item.mark)}</code> <code>{escape.html(_short(item.name))}</code>"
    head = f"<summary>{name} {_in_tag(_short(item.summary, 300))}</summary>"
    begin = f"<details{' open' if is_open else ''}>{head}\n\n"
    end = "\n\n</details>"
    rows = list(diff_rows(item.lines))
    shown = fitting((_size(row) + 1 for row in rows), room - _size(begin) - _size(end) - 100)
    if shown < len(rows):
        rows = [*rows[:shown], f"  … {count(len(rows) - shown, 'more line')} …"]
    if not shown:
        return f"- {escape.markdown_code(_short(item.name))} {escape.markdown(_short(item.summary, 300))}"
    text = begin + escape.markdown_fence(rows, "diff")
    return text + _pictures(item, room - _size(text) - _size(end)) + end


def _in_tag(text: str) -> str:
    """Return *text* for the inside of a tag, where GitHub links names and addresses unless they are code."""
    shown = escape.html(text)
    return shown if _PLAIN.fullmatch(text) else f"<code>{shown}</code>"


def _graph(page: Page, graph: Graph, room: int) -> str:
    """Draw the objects that change and what they refer to; "" if there is no arrow, or no room."""
    by_name = {str(address): address for address in graph.names}
    marks = {by_name[item.name]: item.mark for item in reversed(page.changes) if item.name in by_name}
    seen = visible(graph, marks, _MOST_BOXES)
    if not marks or not seen.edges:
        return ""
    drawn = escape.markdown_fence(mermaid(seen, marks).rstrip().split("\n"), "mermaid")
    text = f"<details><summary>What refers to what</summary>\n\n{drawn}\n\n</details>"
    return text if _size(text) + 2 <= room else ""


def _pictures(item: Item, room: int) -> str:
    """Return the graph inside an object before and after, if both fit into *room* bytes; "" if it stays as it is."""
    if item.flow is None or flows.is_same(item.flow):
        return ""
    sides = (("Before", flows.mermaid(item.flow, after=False)), ("After", flows.mermaid(item.flow, after=True)))
    text = "".join(
        f"\n\n**{name}**\n\n{escape.markdown_fence(drawn.split(chr(10)), 'mermaid')}" for name, drawn in sides if drawn
    )
    return text if _size(text) <= room else ""


def diff_rows(lines: Iterable[Line]) -> Iterator[str]:
    """Yield *lines* with their marks in the first column, for a block of code that GitHub colours."""
    for line in lines:
        mark = _MARKS.get(line.mark, line.mark)
        indent = " " * (INDENT * max(line.depth, 0))
        text, notes = line.text, list(line.notes)
        while notes and columns(text) + columns(notes[0]) + len(indent) <= WIDTH:
            text += f"  # {notes.pop(0)}"
        pieces = [text] if line.whole else wrap(text, WIDTH - len(indent) - 4)
        for number, piece in enumerate(pieces):
            bar = ("┊ " if number else "│ ") if line.bar else "  " if number else ""
            yield f"{mark or ' '} {indent}{bar}{piece}".rstrip()
        yield from (f"# {indent}{note}" for note in notes)


def _warning(warning: Diagnostic) -> str:
    where = f" ({escape.markdown_code(str(warning.source))})" if warning.source else ""
    detail = escape.markdown(_short(" ".join(warning.detail.split()), 1000))
    return f"- **{escape.markdown(warning.summary)}**{where}: {detail}"


def _unmanaged(page: Page) -> Iterator[str]:
    if page.unmanaged:
        yield f"#### {count(len(page.unmanaged), 'object')} that no stack manages"
        names = (f'{each.kind} "{each.name}" {each.id}' for each in page.unmanaged)
        yield from (f"- {escape.markdown_code(_short(name))}" for name in names)


def _foot(page: Page) -> str:
    return "  \n".join(filter(None, [f"Digest `{page.digest}`" if page.digest else "", escape.markdown(page.stamp)]))

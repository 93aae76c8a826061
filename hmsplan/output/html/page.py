"""A plan or a drift report as one HTML file that asks for nothing and needs no script to be read. Pure.

``page.html`` is its frame, with the policy that lets it ask for nothing; ``style.css`` and ``script.js`` stand in it.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import TYPE_CHECKING, Final
from unicodedata import bidirectional

from hmsplan.output.graph import visible
from hmsplan.output.html.flow import pictures
from hmsplan.output.html.graph import MOST, svg
from hmsplan.output.lines import Ink, Tone
from hmsplan.output.page import FIRST, OUTSIDE, OUTSIDE_NOTE, PASTE, SHOWN_AS
from hmsplan.text.escape import html, plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.output.graph import Graph
    from hmsplan.output.lines import Line
    from hmsplan.output.page import Item, Page, Question, Row

_TONES: Final = {
    "+": "add",
    "~": "chg",
    "-": "del",
    "-/+": "del",
    ".": "gone",
    ">": "chg",
    "!": "alert",
    "?": "alert",
    "#": "note",
}
_DEEPEST: Final = 6
_VALUE: Final = re.compile(r'("(?:[^"\\]|\\.)*")')
_HEADINGS: Final = {
    "replace": "To be replaced",
    "destroy": "To be destroyed",
    "adopt": "To be adopted",
    "update": "To be updated",
    "create": "To be created",
    "forget": "To be forgotten",
    "move": "Moved",
    "release": "Released",
    "gone": "Gone",
    "changed": "Changed",
}


def render_html(page: Page, graph: Graph | None = None) -> str:
    """Return *page* as one file; *graph* is drawn when it has an arrow."""
    ids = {item.name: f"i{number}" for number, item in reversed(list(enumerate([*page.changes, *page.drift])))}
    return document(f"{page.word}: {page.stack}", _header(page), _main(page, graph, ids), _footer(page))


def document(title: str, header: Iterable[str], main: Iterable[str], footer: Iterable[str]) -> str:
    """Return a whole file; *title* is foreign, the others are HTML."""
    script = asset("script.js")
    return Template(asset("page.html")).substitute(
        hash=script_hash(script),
        title=f"hmsplan {html(plain(title)[:60])}",
        style=asset("style.css"),
        header="\n".join(header),
        main="\n".join(main),
        footer="\n".join(footer),
        script=script,
    )


@cache
def asset(name: str) -> str:
    """Return a file of this folder: the frame of the page, how it looks, or the little that its script does."""
    return files(__package__).joinpath(name).read_text("utf-8")


def script_hash(script: str) -> str:
    """Return what the policy of the page calls the only script that may run; it begins behind a line break."""
    return "sha256-" + b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()


def _main(page: Page, graph: Graph | None, ids: Mapping[str, str]) -> Iterator[str]:
    yield from asked("denied", page.denial, page.denied, ())
    yield from asked("first", FIRST, page.first, [typed for each in page.first for typed in each.commands])
    wait = ["", f"# {page.waiting}", *page.later] if page.waiting else []
    yield from asked("refused", page.refusal, page.refused, [page.consent, *wait, "", f"# {PASTE}", *page.block])
    yield from asked("allowed", page.allowance, page.allowed, ())
    settle = [command for question in page.unsettled for command in question.commands]
    yield from asked("unsettled", page.doubt, page.unsettled, settle)
    yield from asked("lost", page.loss, page.lost, [typed for each in page.lost for typed in each.commands])
    yield from asked(
        "revert", "Then the repository", page.revert, [typed for each in page.revert for typed in each.commands]
    )
    yield from _table(page.rows, ids)
    if page.reach:
        yield f"<p>{html(' '.join(page.reach))}</p>"
    yield from _minutes(page)
    if graph is not None and graph.edges:
        yield from _figure(page, graph, ids)
    if len(page.changes) + len(page.drift) > 1:
        yield _SEARCH
    yield from object_groups(page, page.changes)
    yield from _drift(page)
    yield from _rest(page)


_SEARCH: Final = """<div class="find" role="search" hidden><label for="find">Find</label>
<input id="find" type="search" autocomplete="off"><output for="find" class="soft"></output>
<button type="button">Open all</button></div>"""


def _header(page: Page) -> Iterator[str]:
    yield f'<header>\n<p class="soft">hmsplan {page.word}</p>\n<h1>{html(page.stack)}</h1>'
    where = f"environment {html(page.environment)}"
    if page.organization is not None:
        where += f" · organization {html(page.organization)}"
    yield f'<p class="soft">{where}</p>'
    said = filter(None, (page.rollback, page.snapshot, page.memory, *page.looser))
    yield from (f"<p><b>{html(sentence)}</b></p>" for sentence in said)
    if page.dates:
        yield f'<p class="soft">{html(page.dates)}</p>'
    if page.targets:
        names = ", ".join(f"<code>{html(name)}</code>" for name in page.targets)
        yield f"<p>Limited to {names} {page.limits}</p>"
    if page.excluded:
        names = ", ".join(f"<code>{html(name)}</code>" for name in page.excluded)
        yield f"<p>Without {names} {page.exclusion}</p>"
    strong, *more = page.verdict
    yield " ".join([f'<p class="verdict"><b>{html(strong)}</b>', *map(html, more)]) + "</p>"
    yield "</header>"


def asked(key: str, head: str, questions: Sequence[Question], commands: Iterable[str]) -> Iterator[str]:
    """Yield what has to be decided, and the exact words that decide it."""
    if not questions:
        return
    yield f'<section class="ask" aria-labelledby="{key}">\n<h2 id="{key}">{html(head)}</h2>\n<ul>'
    for question in questions:
        yield f'<li><span class="name">{html(question.name)}</span>: {html(question.text)}</li>'
    words = "\n".join(map(html, commands))
    yield f"</ul>\n<pre><code>{words}</code></pre>\n</section>" if words else "</ul>\n</section>"


def _table(rows: Sequence[Row], ids: Mapping[str, str]) -> Iterator[str]:
    if not rows:
        return
    yield "<table>\n<caption>In short</caption>\n<tbody>"
    for row in rows:
        names = ", ".join(_linked(name, ids) for name in row.names)
        head = f'<span class="mark {_TONES.get(row.mark, "")}">{html(row.mark)}</span> {html(row.verb)}'
        yield f'<tr><th scope="row">{head}</th><td>{len(row.names):,}</td><td>{names}</td></tr>'
    yield "</tbody>\n</table>"


def _minutes(page: Page) -> Iterator[str]:
    if not page.minutes:
        return
    heads, *rows = page.minutes
    yield f"<table>\n<caption>{html(page.balance)}</caption>\n<thead><tr>"
    yield "".join(f'<th scope="col">{html(head)}</th>' for head in heads) + "</tr></thead>\n<tbody>"
    for name, *cells in rows:
        yield (
            f'<tr><th scope="row"><code>{html(name)}</code></th>'
            + "".join(f"<td>{html(c)}</td>" for c in cells)
            + "</tr>"
        )
    yield "</tbody>\n</table>"


def _linked(name: str, ids: Mapping[str, str]) -> str:
    shown = f"<code>{html(name)}</code>"
    return f'<a href="#{ids[name]}">{shown}</a>' if name in ids else shown


def _figure(page: Page, graph: Graph, ids: Mapping[str, str]) -> Iterator[str]:
    """Yield the graph; what the plan touches is coloured, marked and leads to its details."""
    by_name = {str(address): address for address in graph.names}
    touched = {by_name[item.name]: item for item in reversed(page.changes) if item.name in by_name}
    seen = visible(graph, touched.keys(), MOST)
    left_out = len(graph.names) - len(seen.names)
    drawn = svg(
        seen,
        {address: _TONES.get(item.mark, "") for address, item in touched.items()},
        {address: item.mark for address, item in touched.items()},
        {address: ids[item.name] for address, item in touched.items()},
    )
    more = f" {count(left_out, 'object')} that the plan does not touch are not drawn." if left_out else ""
    copied = ", a dotted one a value that is copied" if any(edge.copied for edge in seen.edges) else ""
    yield '<section aria-labelledby="graph">\n<h2 id="graph">Graph</h2>'
    yield f'<figure><div class="wide" role="group" aria-label="Graph" tabindex="0">{drawn}</div>'
    yield (
        "<figcaption>An arrow leads from an object to what it needs; a dashed one is a template that is pasted in"
        f"{copied}.{more}</figcaption></figure>\n</section>"
    )


def object_groups(page: Page, items: Sequence[Item], number: int = 0) -> Iterator[str]:
    """Yield the objects under a heading for what happens to them; *number* is that of the first one on the page."""
    for verb, found in groupby(items, key=lambda item: item.verb):
        group = list(found)
        head = f"{_HEADINGS.get(verb, verb)} <small>{len(group):,}</small>"
        yield f'<section class="group" aria-labelledby="g{number}">\n<h2 id="g{number}">{head}</h2>'
        for item in group:
            yield from _item(item, number, is_open=page.is_open(item))
            number += 1
        yield "</section>"


def _item(item: Item, number: int, *, is_open: bool) -> Iterator[str]:
    tone = _TONES.get(item.mark, "")
    yield (
        f'<details class="item" id="i{number}"{" open" if is_open else ""}><summary>'
        f'<span class="mark {tone}">{html(item.mark)}</span> <span class="name">{html(item.name)}</span> '
        f'<span class="soft">{html(item.summary)}</span></summary>'
    )
    yield from pictures(item.flow) if item.flow is not None else ()
    rows = "\n".join(map(_line, item.lines))
    yield f'<pre class="lines">{rows}</pre></details>' if rows else "</details>"


def _line(line: Line) -> str:
    """Return one row: its mark in a column of its own, then the text, which the browser wraps."""
    tone = "quiet" if line.tone is Tone.QUIET and line.mark not in {"+", "-", "~"} else _TONES.get(line.mark, "")
    depth = min(max(line.depth, 0), _DEEPEST)
    classes = " ".join(filter(None, [f"d{depth}" if depth else "", "bar" if line.bar else ""]))
    notes = "".join(f'  <span class="soft"># {html(note)}</span>' for note in line.notes)
    inner = f"<span{f' class={chr(34)}{classes}{chr(34)}' if classes else ''}>{_words(line)}{notes}</span>"
    mark = html(line.mark) if line.mark != "#" else ""
    return f'<span class="r {tone}"><i>{mark}</i>{inner}</span>'.replace('class="r "', 'class="r"')


def _words(line: Line) -> str:
    """Return the text with what went and what came in it."""
    tags = {Ink.GONE: "del", Ink.NEW: "ins"}
    shown = ((html(piece.text), tags.get(piece.ink, "")) for piece in line.pieces)
    return "".join(f"<{tag}>{text}</{tag}>" if tag else text for text, tag in shown) or _turned(line)


def _turned(line: Line) -> str:
    """Return the text of a line; a value that is written from right to left does not turn what is around it."""
    if line.bar or line.text.isascii() or not any(bidirectional(char) in {"R", "AL"} for char in line.text):
        return html(line.text)
    parts = _VALUE.split(line.text)
    return "".join(f"<bdi>{html(part)}</bdi>" if number % 2 else html(part) for number, part in enumerate(parts))


def _drift(page: Page) -> Iterator[str]:
    if page.drift and page.word == "plan":
        yield '<section class="group" aria-labelledby="drift">'
        yield f'<h2 id="drift">{OUTSIDE}</h2>'
        yield f'<p class="soft">{OUTSIDE_NOTE}</p>'
        for number, item in enumerate(page.drift, len(page.changes)):
            yield from _item(item, number, is_open=False)
        yield "</section>"
    elif page.drift:
        yield f'<p class="soft">{html(SHOWN_AS)}</p>'
        yield from object_groups(page, page.drift)


def _rest(page: Page) -> Iterator[str]:
    yield from _listed("Not managed by any stack", (f'{each.kind} "{each.name}" {each.id}' for each in page.unmanaged))
    yield from _listed(
        "Warnings", [f"{w.summary} {f'({w.source})' if w.source else ''} {w.detail}" for w in page.warnings]
    )


def _listed(head: str, texts: Iterable[str]) -> Iterator[str]:
    if shown := [f"<li>{html(' '.join(text.split()))}</li>" for text in texts]:
        yield f'<section>\n<h2>{html(head)} <small>{len(shown):,}</small></h2>\n<ul class="plainlist">'
        yield from shown
        yield "</ul>\n</section>"


def _footer(page: Page) -> Iterator[str]:
    lines = [f"Digest <code>{html(page.digest)}</code>"] if page.digest else []
    lines += [html(page.stamp)] if page.stamp else []
    if lines:
        yield "<footer>\n" + "\n".join(f"<p>{line}</p>" for line in lines) + "\n</footer>"

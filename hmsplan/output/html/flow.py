"""The graph inside an object before and after a change, as inline SVG from its entry down. Pure.

Both pictures have one layout, of everything that is there before or after: what stays has the same place in both, and
what is missing in one leaves a gap. What a change means is said by a mark, a stroke and a colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.output.flow import MARKS, is_same, size
from hmsplan.output.html.graph import MOST, layout
from hmsplan.output.lines import columns
from hmsplan.planner.flow import Fate
from hmsplan.text.escape import html, plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.output.html.graph import Layout, Place
    from hmsplan.planner.flow import EdgeChange, FlowChange, NodeChange

_TONES: Final[Mapping[Fate, str]] = {
    Fate.ADDED: "add",
    Fate.REMOVED: "del",
    Fate.CHANGED: "chg",
    Fate.REWIRED: "chg",
}
_BOX, _ROW, _PAD, _EDGE, _BEND, _LAND = 44.0, 13.0, 12.0, 16.0, 30.0, 12.0
_NARROW, _WIDE = 132.0, 178.0
_LETTER, _SMALL = 7.3, 6.5
_NAME = 21
_ABREAST = 460.0
"""Pictures up to this wide stand side by side on a wide screen."""
_LEGEND: Final = (
    '<span class="mark add">+</span> added, <span class="mark del">-</span> removed (dashed), '
    '<span class="mark chg">~</span> changed or rewired. A call begins in the rounded box.'
)
_BOTH: Final = "What stays has the same place in both pictures; a dashed arrow leads elsewhere, or is gone, afterwards."


class _Arrow(NamedTuple):
    """An arrow of the layout, between the ids of two nodes."""

    user: str
    needed: str


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One layout for both pictures.

    Attributes:
        nodes, edges: what is drawn; of a large graph only a part.
        arrows: each pair of ends once, as ``made`` knows them.
        top: where each layer begins.
        slots: of each arrow, the how-manieth it is of those that come into the same box, and of how many.
        land: of each layer, how far above its boxes arrows come down straight, their labels on them.
    """

    nodes: Sequence[NodeChange]
    edges: Sequence[EdgeChange]
    arrows: Sequence[_Arrow]
    made: Layout
    top: Sequence[float]
    slots: Mapping[_Arrow, tuple[int, int]]
    land: Sequence[float]
    width: float
    height: float


def pictures(change: FlowChange) -> Iterator[str]:
    """Yield the graph before and after, as far as there is one, with what the marks mean; nothing if it stays."""
    nodes, edges = _visible(change)
    if is_same(change):
        return
    drawing = _drawn(nodes, edges)
    sides = [(after, name) for after, name in ((False, "Before"), (True, "After")) if _has(change, after=after)]
    yield f'<div class="flows{" two" if drawing.width <= _ABREAST else ""}">'
    for after, name in sides:
        yield f'<figure><figcaption>{name}</figcaption><div class="wide" role="group" aria-label="{name}" tabindex="0">'
        yield f"{_svg(drawing, change.entry[after], name, after=after)}</div></figure>"
    yield "</div>"
    left_out = len(change.nodes) - len(nodes)
    yield f'<p class="soft legend">{_LEGEND}{f" {_BOTH}" if len(sides) > 1 else ""}</p>'
    if left_out:
        which = f"Of {size(change)}, {count(left_out, 'node')} away from what changes: not drawn."
        yield f'<p class="soft legend">{which}</p>'


def _has(change: FlowChange, *, after: bool) -> bool:
    gone = Fate.REMOVED if after else Fate.ADDED
    return any(node.fate is not gone for node in change.nodes)


def _visible(change: FlowChange) -> tuple[Sequence[NodeChange], Sequence[EdgeChange]]:
    """Return all, or of a large graph what changes with its neighbours, as far as there is room; the entry first."""
    entries = {*change.entry}
    nodes = sorted(change.nodes, key=lambda node: node.id not in entries)
    known = {node.id for node in nodes}
    if len(nodes) > MOST:
        touched = [node.id for node in nodes if node.fate is not Fate.UNCHANGED]
        changed = [name for edge in change.edges if edge.fate is not Fate.UNCHANGED for name in _ends(edge)]
        near = [name for edge in change.edges for name in _ends(edge) if {*_ends(edge)} & {*touched}]
        known &= {*list(dict.fromkeys([*(e for e in change.entry if e), *touched, *changed, *near]))[:MOST]}
    edges = [edge for edge in change.edges if {*_ends(edge)} <= known]
    return [node for node in nodes if node.id in known], edges


def _ends(edge: EdgeChange) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*(edge.before or ()), *(edge.after or ()))))


def _drawn(nodes: Sequence[NodeChange], edges: Sequence[EdgeChange]) -> _Drawing:
    """Lay out what is there before or after, the widest name deciding how wide all boxes are."""
    pairs = dict.fromkeys(_Arrow(*ends) for edge in edges for ends in (edge.after, edge.before) if ends is not None)
    arrows = [arrow for arrow in pairs if arrow.user != arrow.needed]
    longest = max(columns(_texts(node, is_entry=False)[0]) for node in nodes)
    made = layout([node.id for node in nodes], arrows, min(max(longest * _LETTER + 2 * _PAD, _NARROW), _WIDE))
    slots = _slots(made, arrows)
    coming = {way[-1]: slots[arrow][1] for arrow, way in zip(arrows, made.ways, strict=True)}
    land = [_LAND + _ROW * max((coming.get(place, 0) for place in layer), default=0) for layer in made.layers]
    top = [_EDGE]
    for down in land[1:]:
        top.append(top[-1] + _BOX + _BEND + down)
    width = max(y + made.size(place) for place, y in made.y.items()) + 2 * _EDGE
    return _Drawing(nodes, edges, arrows, made, top, slots, land, width, top[-1] + _BOX + _EDGE)


def _slots(made: Layout, arrows: Sequence[_Arrow]) -> dict[_Arrow, tuple[int, int]]:
    """Give the arrows into one box a row each, in which their labels stand without meeting, from left to right."""
    coming: dict[Place, list[tuple[float, _Arrow]]] = {}
    for arrow, way in zip(arrows, made.ways, strict=True):
        coming.setdefault(way[-1], []).append((made.middle(way[-2]), arrow))
    return {arrow: (row, len(found)) for found in coming.values() for row, (_, arrow) in enumerate(sorted(found))}


def _svg(drawing: _Drawing, entry: str, name: str, *, after: bool) -> str:
    gone = Fate.REMOVED if after else Fate.ADDED
    wide, high = f"{drawing.width:.0f}", f"{drawing.height:.0f}"
    extent = f'width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
    parts = [f'<svg {extent} role="group" aria-label="The graph {name.lower()}">']
    way_of = dict(zip(drawing.arrows, drawing.made.ways, strict=True))
    column = {place: number for number, layer in enumerate(drawing.made.layers) for place in layer}
    words = []
    for edge in drawing.edges:
        ends = edge.after if after else edge.before
        if ends is not None and (arrow := _Arrow(*ends)) in way_of:
            points = [(drawing.made.middle(place), drawing.top[column[place]]) for place in way_of[arrow]]
            back = way_of[arrow][0] == arrow.needed
            landed = _landed(drawing, arrow, points, drawing.land[column[way_of[arrow][-1]]], back=back)
            parts.append(_edge(edge, arrow, landed, back=back, after=after))
            words.append(
                _word(
                    edge,
                    edge.label if after else edge.was,
                    landed[-1],
                    drawing.slots[arrow][0],
                    int(drawing.made.box / _SMALL),
                )
            )
    for node in drawing.nodes:
        if node.fate is not gone:
            at = (drawing.made.y[node.id], drawing.top[column[node.id]], drawing.made.box)
            parts.append(_node(node, at, is_entry=node.id == entry))
    return "".join([*parts, *words, "</svg>"])


def _texts(node: NodeChange, *, is_entry: bool) -> tuple[str, str]:
    mark = MARKS[node.fate]
    first = _short(f"{mark} {node.id}" if mark else node.id, _NAME)
    return first, _short(f"{node.type}, entry" if is_entry else node.type, _NAME)


def _short(text: str, most: int) -> str:
    shown = plain(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _node(node: NodeChange, at: tuple[float, float, float], *, is_entry: bool) -> str:
    x, y, width = at
    first, second = _texts(node, is_entry=is_entry)
    corner = _BOX / 2 if is_entry else 7
    middle = f'x="{x + width / 2:.0f}"'
    return (
        f'<g class="{_classes("node", node.fate)}"><title>{html(f"{node.id}: {node.type}, {node.fate}")}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{_BOX:.0f}" rx="{corner:.0f}"/>'
        f'<text {middle} y="{y + 19:.0f}">{html(first)}</text>'
        f'<text class="second" {middle} y="{y + 35:.0f}">{html(second)}</text></g>'
    )


def _classes(what: str, fate: Fate) -> str:
    return " ".join(filter(None, [what, _TONES.get(fate, "")]))


def _landed(
    drawing: _Drawing, arrow: _Arrow, points: Sequence[tuple[float, float]], land: float, *, back: bool
) -> Sequence[tuple[float, float]]:
    """Return the way of an arrow; into one box each comes at a place of its own, straight from above."""
    row, many = drawing.slots[arrow]
    (first, top), *between, (last, end) = points
    x = last + drawing.made.box * ((row + 1) / (many + 1) - 0.5)
    return [(first + 12 * back, top), *between, (x, end - land), (x, end)]


def _edge(edge: EdgeChange, arrow: _Arrow, points: Sequence[tuple[float, float]], *, back: bool, after: bool) -> str:
    """Draw an arrow; *points* are the tops of the boxes and passages on its way, *back*: its tip is at the first."""
    (first, top), *_, (last, end) = points
    tip = f"M{first:.0f} {top + _BOX:.0f}l-4 7h8z" if back else f"M{last:.0f} {end:.0f}l-4 -7h8z"
    way = f"M{first:.0f} {top + _BOX + 6 * back:.0f}"
    for (x, above), (to, below) in pairwise(points[:-1]):
        bend = (below - above - _BOX) / 2
        way += f"C{x:.0f} {above + _BOX + bend:.0f} {to:.0f} {below - bend:.0f} {to:.0f} {below:.0f}V{below + _BOX:.0f}"
    way = f"{way[: way.rindex('V')]}V{end - 6 * (not back):.0f}"
    title = html(f"{' -> '.join(arrow)}: {(edge.label if after else edge.was) or 'always'} ({edge.fate})")
    classes = _classes("way", edge.fate)
    classes += " off" if not after and edge.fate in {Fate.REMOVED, Fate.REWIRED} else ""
    paths = f'<path class="edge" d="{way}"/><path class="tip" d="{tip}"/>'
    return f'<g class="{classes}"><title>{title}</title>{paths}</g>'


def _word(edge: EdgeChange, label: str, end: tuple[float, float], row: int, most: int) -> str:
    """Return the label of an edge, above the box where it ends, in a row of its own and on its line."""
    text = " ".join(filter(None, [MARKS[edge.fate], _short(label, most - 2)]))
    if not text:
        return ""
    place = f'x="{end[0]:.0f}" y="{end[1] - 12 - _ROW * row:.0f}"'
    return f'<text class="{_classes("word", edge.fate)}" {place}>{html(text)}</text>'

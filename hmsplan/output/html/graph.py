"""A dependency graph as inline SVG, laid out in layers from users to what they need. Pure.

Each object stands one layer before the first thing it needs. An arrow over several layers goes through a place of its
own in each, so that it runs between the boxes and not behind them. Within a layer the places are ordered by where their
neighbours are, and then moved towards them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.output.lines import columns
from hmsplan.text.escape import html, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from hmsplan.model import Address
    from hmsplan.output.graph import Edge, Graph

Place: TypeAlias = "Address | tuple[int, int]"
"""A box, or where arrow number n passes layer m: (n, m)."""

MOST: Final = 60
"""Boxes; of a larger graph only what the plan touches is drawn, and its neighbours."""
_NAME: Final = 30
_SWEEPS: Final = 8
_LETTER, _PAD, _GAP, _BETWEEN, _BOX, _THIN = 7.3, 12.0, 14.0, 56.0, 44.0, 8.0


@dataclass(slots=True)
class _Layout:
    layers: list[list[Place]]
    links: dict[Place, list[Place]] = field(default_factory=dict)
    ways: list[tuple[Edge, list[Place]]] = field(default_factory=list)
    y: dict[Place, float] = field(default_factory=dict)


def visible(graph: Graph, touched: Collection[Address]) -> Graph:
    """Return *graph*, or when it is large what is *touched* with its neighbours, as far as there is room."""
    if len(graph.names) <= MOST:
        return graph
    shown = {address for address in graph.names if address in touched}
    near = [a for edge in graph.edges for a in (edge.user, edge.needed) if {edge.user, edge.needed} & shown]
    kept = set(list(dict.fromkeys([*sorted(shown), *near]))[:MOST])
    edges = tuple(edge for edge in graph.edges if edge.user in kept and edge.needed in kept)
    return type(graph)({address: name for address, name in graph.names.items() if address in kept}, edges)


def svg(graph: Graph, tones: Mapping[Address, str], marks: Mapping[Address, str], links: Mapping[Address, str]) -> str:
    """Draw *graph*.

    Args:
        graph: not empty.
        tones: class of the boxes that the plan touches.
        marks: their ``+ ~ - -/+``, because a colour alone says nothing to some.
        links: where in the page an object is described.
    """
    made = _layout(graph)
    texts = {address: _texts(address, name, marks.get(address, "")) for address, name in graph.names.items()}
    widths = [max((_width(texts[p]) for p in layer if p in texts), default=0.0) for layer in made.layers]
    left = [_GAP + sum(widths[:n]) + n * _BETWEEN for n in range(len(widths))]
    column = {place: number for number, layer in enumerate(made.layers) for place in layer}
    height = max(y + _size(place) for place, y in made.y.items()) + _GAP
    width = left[-1] + widths[-1] + _GAP
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [f'<svg {size} role="group" aria-label="What refers to what">']
    for edge, way in made.ways:
        points = [_through(made.y[p], _size(p), left[column[p]], widths[column[p]]) for p in way]
        parts.append(_arrow(points, look=_look(edge), back=way[0] == edge.needed))
    for address, lines in texts.items():
        box = (left[column[address]], made.y[address], widths[column[address]])
        parts.append(_node(box, lines, tones.get(address, ""), links.get(address, "")))
    return "".join([*parts, "</svg>"])


def _texts(address: Address, name: str, mark: str) -> list[str]:
    short = plain(name)
    short = short if len(short) <= _NAME else f"{short[: _NAME - 1]}…"
    first = f"{mark} {address}" if mark else str(address)
    return [first, short] if short else [first]


def _width(lines: Iterable[str]) -> float:
    return max(map(columns, lines)) * _LETTER + 2 * _PAD


def _size(place: Place) -> float:
    return _THIN if isinstance(place[0], int) else _BOX


# Where everything stands


def _layout(graph: Graph) -> _Layout:
    number = _layer_numbers(graph)
    count = max(number.values()) + 1
    made = _Layout([[] for _ in range(count)])
    for address in graph.names:
        made.layers[number[address]].append(address)
    for index, edge in enumerate(graph.edges):
        first, last = sorted((edge.user, edge.needed), key=lambda address: number[address])
        way: list[Place] = [first]
        for layer in range(number[first] + 1, number[last]):
            way.append((index, layer))
            made.layers[layer].append((index, layer))
        way.append(last)
        made.ways.append((edge, way))
        for one, other in pairwise(way):
            made.links.setdefault(one, []).append(other)
            made.links.setdefault(other, []).append(one)
    _order(made)
    _place(made)
    return made


def _layer_numbers(graph: Graph) -> dict[Address, int]:
    """Return the layer of each object: 0 is the leftmost; an arrow that closes a circle does not count."""
    needs: dict[Address, list[Address]] = {address: [] for address in graph.names}
    for edge in graph.edges:
        needs[edge.user].append(edge.needed)
    depth: dict[Address, int] = {}
    for start in graph.names:
        _deepen(start, needs, depth, frozenset())
    deepest = max(depth.values())
    return {address: deepest - value for address, value in depth.items()}


def _deepen(
    at: Address, needs: Mapping[Address, Sequence[Address]], depth: dict[Address, int], above: frozenset[Address]
) -> None:
    """Give *at* and all that it reaches the distance from the last layer; of a circle the arrow to *above* is left."""
    if at in depth:
        return
    above |= {at}
    below = [need for need in needs[at] if need not in above]
    for need in below:
        _deepen(need, needs, depth, above)
    depth[at] = 1 + max((depth[need] for need in below), default=-1)


def _order(made: _Layout) -> None:
    """Order each layer by the mean place of its neighbours, to and fro."""
    rank = {place: float(n) for layer in made.layers for n, place in enumerate(layer)}
    for sweep in range(_SWEEPS):
        layers = made.layers if sweep % 2 else made.layers[::-1]
        for layer in layers:
            middle = {p: _mean([rank[q] for q in made.links.get(p, [])], rank[p]) for p in layer}
            layer.sort(key=lambda place: middle[place])
            rank |= {place: n - len(layer) / 2 for n, place in enumerate(layer)}


def _place(made: _Layout) -> None:
    """Give each place its top edge: near its neighbours, in order, apart from each other."""
    for layer in made.layers:
        _spread(made, layer, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        for layer in made.layers if sweep % 2 else made.layers[::-1]:
            wish = [_mean([_middle(made, q) for q in made.links.get(p, [])], _middle(made, p)) for p in layer]
            _spread(made, layer, [y - _size(p) / 2 for p, y in zip(layer, wish, strict=True)])
    top = min(made.y.values())
    made.y = {place: y - top + _GAP for place, y in made.y.items()}


def _spread(made: _Layout, layer: Sequence[Place], wish: Sequence[float]) -> None:
    """Place each box as near to its wish as the others let it; those that touch share what they give up."""
    groups: list[tuple[float, int]] = []  # how far a group is moved down from where it is stacked, and its size
    stacked: list[float] = []
    at = 0.0
    for place, y in zip(layer, wish, strict=True):
        stacked.append(at)
        groups.append((y - at, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (one, many), (other, more) = groups[-2:]
            groups[-2:] = [((one * many + other * more) / (many + more), many + more)]
        at += _size(place) + _GAP
    moved = [down for down, many in groups for _ in range(many)]
    made.y |= {place: top + down for place, top, down in zip(layer, stacked, moved, strict=True)}


def _middle(made: _Layout, place: Place) -> float:
    return made.y[place] + _size(place) / 2


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


# Drawing


def _through(y: float, size: float, left: float, width: float) -> tuple[float, float, float]:
    """Return (x where an arrow comes in, x where it goes out, y)."""
    return left, left + width, y + size / 2


def _look(edge: Edge) -> str:
    """Return the attributes of an arrow: whether it is a link that the platform knows nothing of."""
    if edge.pasted:
        return 'class="edge pasted"'
    return 'class="edge" stroke-dasharray="1 4"' if edge.copied else 'class="edge"'


def _arrow(points: Sequence[tuple[float, float, float]], *, look: str, back: bool) -> str:
    """Draw one arrow from left to right; *back*: its tip is at the left, because it closes a circle."""
    (_, x, y), *rest = points
    tip = f"M{x:.0f} {y:.0f}l7 -4v8z" if back else f"M{points[-1][0]:.0f} {points[-1][2]:.0f}l-7 -4v8z"
    x += 6 * back
    way = f"M{x:.0f} {y:.0f}"
    for number, (inwards, outwards, down) in enumerate(rest):
        end = inwards - (6 if number == len(rest) - 1 and not back else 0)
        bend = (end - x) / 2
        way += f"C{x + bend:.0f} {y:.0f} {end - bend:.0f} {down:.0f} {end:.0f} {down:.0f}"
        if number < len(rest) - 1:
            way += f"H{outwards:.0f}"
        x, y = outwards, down
    return f'<path {look} d="{way}"/><path class="tip" d="{tip}"/>'


def _node(box: tuple[float, float, float], lines: Sequence[str], tone: str, link: str) -> str:
    x, y, width = box
    first = y + (19 if len(lines) > 1 else 26)
    texts = [f'<text x="{x + _PAD:.0f}" y="{first:.0f}">{html(lines[0])}</text>']
    if len(lines) > 1:
        texts.append(f'<text class="second" x="{x + _PAD:.0f}" y="{y + 35:.0f}">{html(lines[1])}</text>')
    shape = f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{_BOX:.0f}" rx="7"/>'
    drawn = f'<g class="{" ".join(filter(None, ["node", tone]))}">{shape}{"".join(texts)}</g>'
    return f'<a href="#{html(link)}">{drawn}</a>' if link else drawn

"""A dependency graph as inline SVG, laid out in layers from users to what they need. Pure.

Each object stands one layer before the first thing it needs. An arrow over several layers goes through a place of its
own in each, so that it runs between the boxes and not behind them. Within a layer the places are ordered by where their
neighbours are, and then moved towards them.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

from hmsplan.output.lines import columns
from hmsplan.text.escape import html, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmsplan.model import Address
    from hmsplan.output.graph import Edge, Graph

Place: TypeAlias = Hashable
"""A box, by its name, or a ``Passage``."""


class Passage(NamedTuple):
    """Where an arrow passes a layer between its ends."""

    arrow: int
    layer: int


class Arrow(Protocol):
    """Leads from one box to another."""

    @property
    def user(self) -> Hashable:
        """The box that it leaves."""

    @property
    def needed(self) -> Hashable:
        """The box that it reaches."""


MOST: Final = 60
"""Boxes; of more that the plan touches, the first ones are drawn."""
_NAME: Final = 30
_SWEEPS: Final = 8
_LETTER, _PAD, _GAP, _BETWEEN, _BOX, _THIN = 7.3, 12.0, 14.0, 56.0, 44.0, 8.0


@dataclass(slots=True)
class Layout:
    """Where everything stands.

    Attributes:
        layers: from those that nothing leads to on; each in the order of its places.
        box: how much of its layer a box takes.
        ways: of each arrow, the places it passes, the earlier layer first.
        y: where in its layer a place begins.
    """

    layers: list[list[Place]]
    box: float
    links: dict[Place, list[Place]] = field(default_factory=dict)
    ways: list[list[Place]] = field(default_factory=list)
    y: dict[Place, float] = field(default_factory=dict)

    def size(self, place: Place) -> float:
        """Say how much of its layer a place takes."""
        return _THIN if isinstance(place, Passage) else self.box

    def middle(self, place: Place) -> float:
        """Say where in its layer the middle of a place is."""
        return self.y[place] + self.size(place) / 2


def svg(graph: Graph, tones: Mapping[Address, str], marks: Mapping[Address, str], links: Mapping[Address, str]) -> str:
    """Draw *graph*.

    Args:
        graph: not empty.
        tones: class of the boxes that the plan touches.
        marks: their ``+ ~ - -/+``, because a colour alone says nothing to some.
        links: where in the page an object is described.
    """
    made = layout(graph.names, graph.edges, _BOX)
    texts = {address: _texts(address, name, marks.get(address, "")) for address, name in graph.names.items()}
    widths = [max((_width(texts[p]) for p in layer if p in texts), default=0.0) for layer in made.layers]
    left = [_GAP + sum(widths[:n]) + n * _BETWEEN for n in range(len(widths))]
    column = {place: number for number, layer in enumerate(made.layers) for place in layer}
    height = max(y + made.size(place) for place, y in made.y.items()) + _GAP
    width = left[-1] + widths[-1] + _GAP
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    parts = [f'<svg {size} role="group" aria-label="What refers to what">']
    for edge, way in zip(graph.edges, made.ways, strict=True):
        points = [_through(made.middle(p), left[column[p]], widths[column[p]]) for p in way]
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


# Where everything stands


def layout(names: Iterable[Hashable], arrows: Sequence[Arrow], box: float) -> Layout:
    """Give each of *names* a place in a layer; the first ones are begun with, so arrows back to them close a circle."""
    number = _layer_numbers(names, arrows)
    count = max(number.values()) + 1
    made = Layout([[] for _ in range(count)], box)
    for name in number:
        made.layers[number[name]].append(name)
    for index, arrow in enumerate(arrows):
        first, last = sorted((arrow.user, arrow.needed), key=lambda name: number[name])
        way: list[Place] = [first]
        for layer in range(number[first] + 1, number[last]):
            way.append(Passage(index, layer))
            made.layers[layer].append(Passage(index, layer))
        way.append(last)
        made.ways.append(way)
        for one, other in pairwise(way):
            made.links.setdefault(one, []).append(other)
            made.links.setdefault(other, []).append(one)
    _order(made)
    _place(made)
    return made


def _layer_numbers(names: Iterable[Hashable], arrows: Iterable[Arrow]) -> dict[Hashable, int]:
    """Return the layer of each box: 0 is the first; an arrow that closes a circle does not count."""
    needs: dict[Hashable, list[Hashable]] = {name: [] for name in names}
    for arrow in arrows:
        needs[arrow.user].append(arrow.needed)
    depth: dict[Hashable, int] = {}
    for start in needs:
        _deepen(start, needs, depth, frozenset())
    deepest = max(depth.values())
    return {name: deepest - depth[name] for name in needs}


def _deepen(
    at: Hashable, needs: Mapping[Hashable, Sequence[Hashable]], depth: dict[Hashable, int], above: frozenset[Hashable]
) -> None:
    """Give *at* and all that it reaches the distance from the last layer; of a circle the arrow to *above* is left."""
    if at in depth:
        return
    above |= {at}
    below = [need for need in needs[at] if need not in above]
    for need in below:
        _deepen(need, needs, depth, above)
    depth[at] = 1 + max((depth[need] for need in below), default=-1)


def _order(made: Layout) -> None:
    """Order each layer by the mean place of its neighbours, to and fro."""
    rank = {place: float(n) for layer in made.layers for n, place in enumerate(layer)}
    for sweep in range(_SWEEPS):
        layers = made.layers if sweep % 2 else made.layers[::-1]
        for layer in layers:
            middle = {p: _mean([rank[q] for q in made.links.get(p, [])], rank[p]) for p in layer}
            layer.sort(key=lambda place: middle[place])
            rank |= {place: n - len(layer) / 2 for n, place in enumerate(layer)}


def _place(made: Layout) -> None:
    """Give each place its top edge: near its neighbours, in order, apart from each other."""
    for layer in made.layers:
        _spread(made, layer, [0.0] * len(layer))
    for sweep in range(_SWEEPS):
        for layer in made.layers if sweep % 2 else made.layers[::-1]:
            wish = [_mean([made.middle(q) for q in made.links.get(p, [])], made.middle(p)) for p in layer]
            _spread(made, layer, [y - made.size(p) / 2 for p, y in zip(layer, wish, strict=True)])
    top = min(made.y.values())
    made.y = {place: y - top + _GAP for place, y in made.y.items()}


def _spread(made: Layout, layer: Sequence[Place], wish: Sequence[float]) -> None:
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
        at += made.size(place) + _GAP
    moved = [down for down, many in groups for _ in range(many)]
    made.y |= {place: top + down for place, top, down in zip(layer, stacked, moved, strict=True)}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


# Drawing


def _through(middle: float, left: float, width: float) -> tuple[float, float, float]:
    """Return (x where an arrow comes in, x where it goes out, y)."""
    return left, left + width, middle


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

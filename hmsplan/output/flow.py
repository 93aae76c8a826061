"""A change of the graph inside an object, as lines, as words and as Mermaid. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from hmsplan.model import ANY
from hmsplan.output.fields import field_lines
from hmsplan.output.lines import Line, safe
from hmsplan.output.values import path_text, quoted, value_lines
from hmsplan.output.words import some
from hmsplan.planner.flow import EdgeChange, Fate, FlowChange, NodeChange
from hmsplan.text import escape
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.kinds.kind import Flow
    from hmsplan.output.values import Look

MARKS: Final[Mapping[Fate, str]] = {
    Fate.UNCHANGED: "",
    Fate.ADDED: "+",
    Fate.REMOVED: "-",
    Fate.CHANGED: "~",
    Fate.REWIRED: "~",
    Fate.MOVED: "",
}
"""A node that is merely drawn elsewhere is the same node."""
_MOST_NAMED: Final = 3
_LABEL: Final = 40


def flow_lines(look: Look, change: FlowChange, flow: Flow) -> Iterator[Line]:
    """Yield what changes in an object that exists: its other fields, then nodes, then edges."""
    for field in change.rest:
        yield from field_lines(look, field)
    for node in change.nodes:
        yield from _node_lines(look, flow, node)
    if moved := [node.id for node in change.nodes if node.is_moved]:
        head = path_text(look.kind, flow.nodes)
        text = f"{head}[].{flow.position} = ({count(len(moved), 'node')} moved: {safe(some(moved))})"
        yield Line(text, "~", notes=("only where an editor draws them",))
    yield from edge_lines(look, change, flow)


def edge_lines(look: Look, change: FlowChange, flow: Flow) -> Iterator[Line]:
    """Yield what becomes of the edges, one line each where nothing is to be said but when it is taken."""
    for edge in change.edges:
        yield from _edge_lines(look, flow, edge)


def _node_lines(look: Look, flow: Flow, node: NodeChange) -> Iterator[Line]:
    head = path_text(look.kind, (*flow.nodes, node.id))
    if node.fate is Fate.ADDED:
        yield from value_lines(look, f"{head} = ", node.value, (*flow.nodes, ANY), "+", 0)
    elif node.fate is Fate.REMOVED:
        yield Line(f"{head} = {{…}} ({count(len(node.value), 'field')})", "-", notes=(safe(node.type),))
    for field in node.fields:
        yield from field_lines(look, field)


def _edge_lines(look: Look, flow: Flow, edge: EdgeChange) -> Iterator[Line]:
    """Yield an edge by its ends and when it is taken; what else it has stands below."""
    mark, place = MARKS[edge.fate], path_text(look.kind, (*flow.edges, edge.name))
    pat = (*flow.edges, ANY)
    if edge.fate is Fate.REWIRED and edge.before is not None and edge.after is not None:
        was, will = (quoted(" -> ".join(ends)) for ends in (edge.before, edge.after))
        text = f"{path_text(look.kind, flow.edges)}: {was} is rewired to {will}"
        yield Line(text, mark, notes=(safe(edge.label),) if edge.label else ())
    elif edge.fate in {Fate.ADDED, Fate.REMOVED}:
        if edge.label:
            yield from value_lines(look, f"{place} = ", edge.label, (*pat, flow.label), mark, 0)
        else:
            yield Line(place, mark)
        for key in sorted(edge.value.keys() - {*flow.ends, flow.label}):
            if edge.value[key] is not None:
                yield from value_lines(look, f"{safe(key)} = ", edge.value[key], (*pat, key), mark, 1)
    for field in edge.fields:
        yield from field_lines(look, field)


def summary(kind: Kind, change: FlowChange) -> str:
    """Say in a few words what changes: ``2 nodes added, 1 edge rewired, instructions of hello``; safe to show."""
    parts = [*_counted("node", change.nodes), *_counted("edge", change.edges)]
    changed = [node for node in change.nodes if node.fate is Fate.CHANGED]
    depth = len(kind.flow.nodes) + 1 if kind.flow is not None else 0
    if len(changed) > _MOST_NAMED:
        parts.append(f"{count(len(changed), 'node')} changed")
    else:
        for node in changed:
            names = dict.fromkeys(str(field.path[depth]) for field in node.fields)
            parts.append(f"{safe(some(names, _MOST_NAMED))} of {safe(node.id)}")
    rest = [path_text(kind, field.path) for field in change.rest]
    parts += [some(rest, _MOST_NAMED)] if rest else []
    moved = sum(node.is_moved for node in change.nodes)
    return ", ".join([*parts, *([f"{count(moved, 'node')} moved"] if moved else [])])


def is_same(change: FlowChange) -> bool:
    """Say whether the graph looks as before: nothing of it changes, or only other fields of its object do."""
    fates = {*(node.fate for node in change.nodes), *(edge.fate for edge in change.edges)}
    return fates <= {Fate.UNCHANGED, Fate.MOVED}


def size(change: FlowChange) -> str:
    """Say how large a graph is: ``4 nodes, 3 edges``."""
    return f"{count(len(change.nodes), 'node')}, {count(len(change.edges), 'edge')}"


def _counted(noun: str, items: Iterable[NodeChange] | Iterable[EdgeChange]) -> Iterator[str]:
    """Count what is added, removed and so on; changed nodes are named elsewhere."""
    found = Counter(item.fate for item in items)
    wanted = [Fate.ADDED, Fate.REMOVED, Fate.REWIRED, *([Fate.CHANGED] if noun == "edge" else [])]
    yield from (f"{count(found[fate], noun)} {fate}" for fate in wanted if found[fate])


# Mermaid


def mermaid(change: FlowChange, *, after: bool) -> str:
    """Draw the graph as it is before or after the change; what is not the same on the other side is marked.

    Nodes have numbers, so that no name can be read as syntax. "" for a side on which there is nothing.
    """
    going = Fate.ADDED if not after else Fate.REMOVED
    nodes = {node.id: node for node in change.nodes if node.fate is not going}
    if not nodes:
        return ""
    number = {name: f"n{position}" for position, name in enumerate(nodes)}
    entry = change.entry[after]
    lines = ["flowchart TD"]
    lines += [f"  {number[name]}{_box(node, is_entry=name == entry)}" for name, node in nodes.items()]
    lines += [f"  {arrow}" for edge in change.edges if (arrow := _arrow(edge, number, after=after))]
    for fate, style in _STYLES.items():
        if marked := [number[name] for name, node in nodes.items() if node.fate is fate]:
            lines.append(f"  style {marked[0]} {style}" if len(marked) == 1 else f"  classDef {fate} {style}")
            lines += [f"  class {','.join(marked)} {fate}"] if len(marked) > 1 else []
    return "\n".join(lines)


_STYLES: Final = {
    Fate.ADDED: "stroke:#1a7f37,stroke-width:3px",
    Fate.REMOVED: "stroke:#cf222e,stroke-width:3px,stroke-dasharray:5 4",
    Fate.CHANGED: "stroke:#9a6700,stroke-width:3px",
}
"""Strokes alone, which can be seen on a light page and on a dark one; the mark in the box says the same."""


def _box(node: NodeChange, *, is_entry: bool) -> str:
    mark = MARKS[node.fate]
    text = f"{escape.mermaid(f'{mark} {node.id}' if mark else node.id)}<br/>{escape.mermaid(node.type)}"
    return f'(["{text}"])' if is_entry else f'["{text}"]'


def _arrow(edge: EdgeChange, number: Mapping[str, str], *, after: bool) -> str:
    ends = edge.after if after else edge.before
    if ends is None or not {*ends} <= number.keys():
        return ""
    mark = MARKS[edge.fate]
    label = escape.plain(edge.label if after else edge.was)
    label = label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"
    said = escape.mermaid(" ".join(filter(None, [mark, label])))
    line = {Fate.ADDED: "==>", Fate.REWIRED: "==>" if after else "-.->", Fate.REMOVED: "-.->"}.get(edge.fate, "-->")
    text = f'|"{said}"|' if said else ""
    return f"{number[ends.start]} {line}{text} {number[ends.end]}"

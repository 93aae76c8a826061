"""The dependency graph of a stack, as Mermaid and as Graphviz. Pure.

An arrow leads from a resource to what it needs. A dashed one is a template that is pasted in, a dotted one a value that
is copied: the platform knows no such links, hmsplan does.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.kinds.references import owned_references, owners_of
from hmsplan.text import escape

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hmsplan.model import Address, Plan, Stack

LONGEST_NAME: Final = 40
_NEIGHBOURS: Final = 12
"""So many objects that a plan does not touch are drawn beside those that it does."""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One arrow. *pasted* is a template that becomes part of *user*; *copied*, one that declares a value of it."""

    user: Address
    needed: Address
    pasted: bool = False
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """All resources with the names that people know them by, and all arrows; both sorted."""

    names: Mapping[Address, str]
    edges: tuple[Edge, ...]


def graph_of(stack: Stack) -> Graph:
    """Collect what refers to what."""
    edges: set[Edge] = set()
    for address, resource in stack.resources.items():
        edges |= {Edge(address, ref) for ref in resource.refs}
        edges |= {Edge(address, used, pasted=True) for _, used in resource.via}
        edges |= {Edge(address, origin, copied=True) for origin in resource.copied if origin != address}
    names = {address: str(r.spec.get(KINDS[address.kind].identity, "")) for address, r in stack.resources.items()}
    return Graph(dict(sorted(names.items())), tuple(sorted(edges)))


def graph_of_plan(plan: Plan, stack: Stack | None = None) -> Graph:
    """Collect the planned objects, those that go away included, and what their fields refer to.

    *stack* knows what the plan does not touch; None = a saved plan, which has nothing but itself.
    """
    known = graph_of(stack) if stack is not None else Graph({}, ())
    owners = owners_of(plan)
    names, edges = dict(known.names), set(known.edges)
    for change in plan.pending:
        kind = KINDS[change.address.kind]
        fields = change.after or change.before
        names[change.address] = str(fields.get(kind.identity) or "")
        for template in change.pasted:
            edges.add(Edge(change.address, template, pasted=True))
            names.setdefault(template, "")
        for origin in change.copied:
            if origin != change.address:
                edges.add(Edge(change.address, origin, copied=True))
                names.setdefault(origin, "")
        for _, needed in owned_references(kind, fields, owners):
            if needed != change.address:
                edges.add(Edge(change.address, needed))
                names.setdefault(needed, "")
    return Graph(dict(sorted(names.items())), tuple(sorted(edges)))


def visible(graph: Graph, touched: Collection[Address], most: int) -> Graph:
    """Return what is *touched*, *most* of it at most, with a few neighbours; where nothing is, *graph* so far."""
    shown = [address for address in graph.names if address in touched or not touched][:most]
    pairs = [(edge.user, edge.needed) for edge in graph.edges if {edge.user, edge.needed} & {*shown}]
    near = [address for address in dict.fromkeys(chain.from_iterable(pairs)) if address not in touched]
    kept = {*shown, *near[: _NEIGHBOURS if touched else 0]}
    edges = tuple(edge for edge in graph.edges if edge.user in kept and edge.needed in kept)
    return Graph({address: name for address, name in graph.names.items() if address in kept}, edges)


def mermaid(graph: Graph, marks: Mapping[Address, str] | None = None) -> str:
    """Write the graph for Markdown viewers; nodes have numbers, so that no name can be read as syntax.

    *marks* are those of the objects that a plan touches; all others are drawn faintly. None: there is no plan.
    """
    number = {address: f"n{position}" for position, address in enumerate(graph.names)}
    lines = ["flowchart LR"]
    for address, name in graph.names.items():
        first = " ".join(filter(None, [(marks or {}).get(address), str(address)]))
        second = f"<br/>{escape.mermaid(_short(name))}" if name else ""
        lines.append(f'  {number[address]}["{escape.mermaid(first)}{second}"]')
    if faint := [number[address] for address in graph.names if marks is not None and address not in marks]:
        lines += ["  classDef faint opacity:0.5", f"  class {','.join(faint)} faint"]
    for edge in graph.edges:
        arrow = "-.->" if edge.pasted else "-. value .->" if edge.copied else "-->"
        lines.append(f"  {number[edge.user]} {arrow} {number[edge.needed]}")
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """Write the graph for Graphviz."""
    lines = ["digraph hmsplan {", "  rankdir=LR;", "  node [shape=box];"]
    for address, name in graph.names.items():
        lines.append(f"  {_quoted(str(address))} [label={_quoted(*filter(None, [str(address), _short(name)]))}];")
    for edge in graph.edges:
        style = " [style=dashed]" if edge.pasted else " [style=dotted]" if edge.copied else ""
        lines.append(f"  {_quoted(str(edge.user))} -> {_quoted(str(edge.needed))}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _short(name: str) -> str:
    shown = escape.plain(name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def _quoted(*lines: str) -> str:
    return '"' + "\\n".join(map(escape.dot, lines)) + '"'

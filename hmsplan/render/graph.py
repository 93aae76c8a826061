"""The dependency graph of a stack, as Mermaid and as Graphviz. Pure.

An arrow leads from a resource to what it needs. A dashed one is a template that is pasted in: the platform knows no
such link, hmsplan does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmsplan.escape import plain
from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.model import Address, Stack

LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow. *pasted* is a template whose text becomes part of *user*."""

    user: Address
    needed: Address
    pasted: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """All resources with the names that people know them by, and all arrows; both sorted."""

    names: Mapping[Address, str]
    edges: tuple[Edge, ...]


def graph_of(stack: Stack) -> Graph:
    """Collect what refers to what."""
    edges = {
        *(Edge(address, ref) for address, resource in stack.resources.items() for ref in resource.refs),
        *(
            Edge(address, used, pasted=True)
            for address, resource in stack.resources.items()
            for _, used in resource.via
        ),
    }
    names = {address: str(r.spec.get(KINDS[address.kind].identity, "")) for address, r in stack.resources.items()}
    ordered = sorted(edges, key=lambda edge: (edge.user, edge.needed, edge.pasted))
    return Graph(dict(sorted(names.items())), tuple(ordered))


def mermaid(graph: Graph) -> str:
    """Write the graph for Markdown viewers; nodes have numbers, so that no name can be read as syntax."""
    number = {address: f"n{position}" for position, address in enumerate(graph.names)}
    lines = ["flowchart LR"]
    for address, name in graph.names.items():
        second = f"<br/>{_for_mermaid(name)}" if name else ""
        lines.append(f'  {number[address]}["{_for_mermaid(str(address))}{second}"]')
    for edge in graph.edges:
        arrow = "-.->" if edge.pasted else "-->"
        lines.append(f"  {number[edge.user]} {arrow} {number[edge.needed]}")
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """Write the graph for Graphviz."""
    lines = ["digraph hmsplan {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f"  {_for_dot([str(a)])} [label={_for_dot(filter(None, [str(a), name]))}];" for a, name in _shown(graph)]
    for edge in graph.edges:
        style = " [style=dashed]" if edge.pasted else ""
        lines.append(f"  {_for_dot([str(edge.user)])} -> {_for_dot([str(edge.needed)])}{style};")
    return "\n".join([*lines, "}"]) + "\n"


def _shown(graph: Graph) -> Iterable[tuple[Address, str]]:
    return ((address, _short(name)) for address, name in graph.names.items())


def _short(name: str) -> str:
    shown = plain(name)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[: LONGEST_NAME - 1]}…"


def _for_mermaid(text: str) -> str:
    """Write every character that is no letter, digit, space, dot, _ or - as an entity: labels are HTML and Markdown."""
    return "".join(c if c.isalnum() or c in " ._-…" else f"#{ord(c)};" for c in _short(text))


def _for_dot(lines: Iterable[str]) -> str:
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(quoted) + '"'

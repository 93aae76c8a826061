"""The graph of a workflow: where a call can come, and how it can end. Pure.

A definition that validates has unique ids and edges between nodes that there are; see ``kinds.workflows``.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from hmsplan.lint.placeholders import called
from hmsplan.lint.tools import END_CALL, TRANSFER, tools_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.lint.view import View
    from hmsplan.model import FieldPath, Resource

CONVERSATION: Final = "conversation"
TOOL: Final = "tool"
_ENDS: Final = frozenset({"end", "transfer"})


class Graph:
    """What is known of one workflow.

    Attributes:
        entry: id of the node that takes the call.
        nodes: by id, each with its place in the list.
        edges: by the node that they leave, each with its place in the list; a call of its own accord comes to a global
            node from every conversation, which is no edge.
        ways: the nodes that a call can come to from each, global ones among them.
        exits: the nodes in which a call can end.
        reached: the nodes that a call can come to at all.
    """

    def __init__(self, workflow: Resource, view: View) -> None:
        definition = workflow.spec.get("definition") or {}
        self.entry = str(definition.get("entry_node"))
        self.nodes: dict[str, tuple[int, Mapping[str, Any]]] = {
            str(node.get("id")): (index, node) for index, node in enumerate(definition.get("nodes") or ())
        }
        self.edges: Mapping[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
        for index, edge in enumerate(definition.get("edges") or ()):
            self.edges[str(edge.get("from"))].append((index, edge))
        everywhere = [name for name, (_, node) in self.nodes.items() if node.get("global") is True]
        self.ways = {
            name: {
                *(str(edge.get("to")) for _, edge in self.edges.get(name, ())),
                *(other for other in everywhere if other != name and node.get("type") == CONVERSATION),
            }
            for name, (_, node) in self.nodes.items()
        }
        with_tool = {tool.path[2] for tool in tools_of(workflow, view) if tool.kind in {END_CALL, TRANSFER}}
        self.exits = {name for name, (at, node) in self.nodes.items() if node.get("type") in _ENDS or at in with_tool}
        self.reached = self._from([self.entry])

    def path(self, name: str, field: str = "id") -> FieldPath:
        """Return where a field of the node *name* stands."""
        return ("definition", "nodes", self.nodes[name][0], field)

    def instructions(self) -> Iterator[tuple[str, str]]:
        """Yield the instructions of each conversation node, with its id."""
        for name, (_, node) in self.nodes.items():
            text = node.get("instructions")
            if node.get("type") == CONVERSATION and isinstance(text, str):
                yield name, text

    @property
    def dead_ends(self) -> list[str]:
        """The nodes that a call can come to, and neither leave nor end in."""
        return [name for name in self.nodes if name in self.reached and not self.ways[name] and name not in self.exits]

    @property
    def stuck(self) -> list[str]:
        """The nodes from which a call comes to no end, not even a dead one."""
        ends = {*self.exits, *self.dead_ends}
        back = defaultdict[str, set[str]](set)
        for name, others in self.ways.items():
            for other in others:
                back[other].add(name)
        return [name for name in self.nodes if name in self.reached and name not in _closure(ends, back)]

    def _from(self, start: Iterable[str]) -> set[str]:
        return _closure((name for name in start if name in self.nodes), self.ways)


def _closure(start: Iterable[str], ways: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set[str](), list(start)
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += ways.get(name, ())
    return found


def graph_of(workflow: Resource, view: View) -> Graph:
    """Return the graph of *workflow*, the same one for all rules."""
    return view.once(Graph, workflow)


def assistants_of(workflow: Resource, view: View) -> Iterator[Resource | None]:
    """Yield the assistant of each number that runs *workflow*; None for one that the stack does not declare."""
    return (called(user, view) for user in view.users(workflow.address) if user.address.kind == "numbers")

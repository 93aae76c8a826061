"""What a change does to the graph inside an object, node by node and edge by edge. Pure.

It decides nothing: it reads a ``ResourceChange``, for those who show one. An edge that keeps its label and one end is
the same edge to people, although its name, which is made of its ends, is another one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.model import MISSING, Action, FieldChange, value_at
from hmsplan.planner.diff import all_mappings, items_by_key, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.kinds.kind import Flow
    from hmsplan.model import FieldPath, Pattern, ResourceChange, Spec, Value


class Fate(enum.StrEnum):
    """What becomes of a node or an edge."""

    UNCHANGED = "unchanged"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    REWIRED = "rewired"


class Ends(NamedTuple):
    """The nodes that an edge leaves and reaches."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class NodeChange:
    """One node.

    Attributes:
        type: what it is, afterwards if it stays.
        fields: what changes in it, the position apart; empty for one that is added or removed.
        is_moved: an editor draws it elsewhere.
        value: all of it, after the change or, where it is removed, before.
    """

    id: str
    fate: Fate
    type: str
    fields: tuple[FieldChange, ...] = ()
    is_moved: bool = False
    value: Value = None


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """One edge.

    Attributes:
        name: its item in a path, afterwards if it stays.
        before, after: its ends; None where it is not there.
        label: when it is taken, afterwards if it stays; "" for always.
        was: the same before.
        fields: what changes in it, its ends apart; empty for one that is added or removed.
        value: all of it, after the change or, where it is removed, before.
    """

    name: str
    fate: Fate
    before: Ends | None
    after: Ends | None
    label: str
    was: str
    fields: tuple[FieldChange, ...] = ()
    value: Value = None


@dataclass(frozen=True, slots=True)
class FlowChange:
    """A graph before and after a change.

    Attributes:
        entry: the node where it begins, before and after; "" where nothing is known of it.
        nodes: in the order of the stack, then those that go.
        rest: the changed fields that are none of a node or an edge.
    """

    entry: tuple[str, str]
    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    rest: tuple[FieldChange, ...] = ()


def flow_of(kind: Kind, change: ResourceChange) -> FlowChange | None:
    """Return what *change* does to the graph of its object; None when there is none, or nothing happens to it."""
    if kind.flow is None or change.action in {Action.NO_OP, Action.FORGET}:
        return None
    flow = kind.flow
    nodes, edges = (_sides(kind, change, pat) for pat in (flow.nodes, flow.edges))
    if not any((*nodes, *edges)):
        return None
    paths = (flow.nodes, flow.edges)
    inside = {pat: [f for f in change.fields if len(f.path) > len(pat) and f.path[: len(pat)] == pat] for pat in paths}
    rest = tuple(field for field in change.fields if not any(field in fields for fields in inside.values()))
    return FlowChange(
        _entry(flow, change),
        tuple(_nodes(flow, nodes, inside[flow.nodes])),
        _rewired(flow, tuple(_edges(flow, edges, inside[flow.edges]))),
        rest,
    )


def flow_in(kind: Kind, fields: Sequence[FieldChange]) -> FlowChange | None:
    """Return what some changed *fields* do to a graph of which nothing else is known; None when they do nothing to it.

    What stays is not in it, and of an edge that merely changes the ends are not told.
    """
    if kind.flow is None:
        return None
    flow, found = kind.flow, {}
    for pat in (flow.nodes, flow.edges):
        inside = [field for field in fields if len(field.path) > len(pat) and field.path[: len(pat)] == pat]
        sides: tuple[dict[str, Spec], dict[str, Spec]] = ({}, {})
        for field in inside:
            name, is_whole = str(field.path[len(pat)]), len(field.path) == len(pat) + 1
            for side, value in zip(sides, (field.before, field.after), strict=True):
                if not is_whole:
                    side.setdefault(name, {})
                elif isinstance(value, Mapping):
                    side[name] = value
        found[pat] = (sides, inside)
    if not any(inside for _, inside in found.values()):
        return None
    rest = tuple(field for field in fields if not any(field in inside for _, inside in found.values()))
    edges = tuple(_edges(flow, *found[flow.edges]))
    return FlowChange(("", ""), tuple(_nodes(flow, *found[flow.nodes])), _rewired(flow, edges), rest)


def _entry(flow: Flow, change: ResourceChange) -> tuple[str, str]:
    before, after = (value_at(side, flow.entry) for side in (change.before, change.after))
    gone = change.action is Action.DELETE
    return str(before or ""), "" if gone else str(after or before or "")


def _sides(kind: Kind, change: ResourceChange, pat: Pattern) -> tuple[dict[str, Spec], dict[str, Spec]]:
    """Return the items of a list by name, before and after; what is not declared stays."""
    before = _items(kind, pat, value_at(change.before, pat))
    if change.action is Action.DELETE:
        return before, {}
    after = dict(before)
    for field in change.fields:
        depth = len(field.path)
        if depth <= len(pat) and pat[:depth] == field.path:
            after = _items(kind, pat, value_at(field.after, pat[depth:]))
        elif depth == len(pat) + 1 and field.path[: len(pat)] == pat:
            name = str(field.path[-1])
            after.pop(name, None)
            if isinstance(field.after, Mapping):
                after[name] = field.after
    declared = _items(kind, pat, value_at(change.after, pat))
    rank = {name: number for number, name in enumerate(declared)}
    return before, {
        name: declared.get(name, after[name]) for name in sorted(after, key=lambda n: rank.get(n, len(rank)))
    }


def _items(kind: Kind, pat: Pattern, value: Value) -> dict[str, Spec]:
    if not isinstance(value, list) or not all_mappings(value):
        return {}
    return {str(name): item for name, item in items_by_key(kind, pat, value).items()}


def _of(fields: list[FieldChange], depth: int, name: str) -> tuple[FieldChange, ...]:
    """Return the changes inside the item *name*; one of the whole item is none of them."""
    return tuple(field for field in fields if len(field.path) > depth + 1 and field.path[depth] == name)


def _nodes(
    flow: Flow, sides: tuple[dict[str, Spec], dict[str, Spec]], fields: list[FieldChange]
) -> Iterator[NodeChange]:
    before, after = sides
    depth = len(flow.nodes)
    for name in dict.fromkeys((*after, *before)):
        value = after.get(name, before.get(name, {}))
        kind_of = str(value.get(flow.node_type, ""))
        if name not in before or name not in after:
            yield NodeChange(name, Fate.REMOVED if name in before else Fate.ADDED, kind_of, value=value)
            continue
        found = _of(fields, depth, name)
        inner = tuple(field for field in found if field.path[depth + 1] != flow.position)
        moved = len(inner) < len(found)
        fate = Fate.CHANGED if inner else Fate.MOVED if moved else Fate.UNCHANGED
        yield NodeChange(name, fate, kind_of, inner, moved, value)


def _edges(
    flow: Flow, sides: tuple[dict[str, Spec], dict[str, Spec]], fields: list[FieldChange]
) -> Iterator[EdgeChange]:
    before, after = sides
    for name in dict.fromkeys((*after, *before)):
        value = after.get(name, before.get(name, {}))
        ends = Ends(*(str(value.get(end, "")) for end in flow.ends))
        was, label = (str(side.get(name, {}).get(flow.label) or "") for side in (before, after))
        if name not in before:
            yield EdgeChange(name, Fate.ADDED, None, ends, label, label, value=value)
        elif name not in after:
            yield EdgeChange(name, Fate.REMOVED, ends, None, was, was, value=value)
        else:
            found = _of(fields, len(flow.edges), name)
            yield EdgeChange(name, Fate.CHANGED if found else Fate.UNCHANGED, ends, ends, label, was, found, value)


def _rewired(flow: Flow, edges: tuple[EdgeChange, ...]) -> tuple[EdgeChange, ...]:
    """Make one edge of each that goes and one that comes with the same label and one end of it."""
    going = [edge for edge in edges if edge.fate is Fate.REMOVED]
    found: list[EdgeChange] = []
    for edge in edges:
        options = [old for old in going if edge.fate is Fate.ADDED and _is_same_way(old, edge)]
        if not options:
            found.append(edge)
            continue
        old = min(options, key=lambda old: (old.before or ("",))[0] != (edge.after or ("",))[0])
        going.remove(old)
        fields = tuple(_differing((*flow.edges, edge.name), old.value, edge.value, {*flow.ends}))
        found.append(replace(edge, fate=Fate.REWIRED, before=old.before, fields=fields))
    return tuple(edge for edge in found if edge.fate is not Fate.REMOVED or edge in going)


def _is_same_way(old: EdgeChange, new: EdgeChange) -> bool:
    """Say whether two edges are one to people; where neither has a label, the one way out of a node is."""
    if old.before is None or new.after is None or old.label != new.label:
        return False
    starts = old.before.start == new.after.start
    return starts or (bool(old.label) and old.before.end == new.after.end)


def _differing(at: FieldPath, before: Spec, after: Spec, but: set[str]) -> Iterator[FieldChange]:
    for key in sorted((before.keys() | after.keys()) - but):
        old, new = before.get(key), after.get(key)
        if not same(old, new):
            yield FieldChange((*at, key), MISSING if old is None else old, MISSING if new is None else new)

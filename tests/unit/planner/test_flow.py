"""What becomes of the nodes and edges of a workflow, read off the change that is planned."""

from __future__ import annotations

import copy
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hmsplan.formats.flow_json import flow_json
from hmsplan.kinds import KINDS
from hmsplan.model import Action, Address, Binding, Plan, RemoteObject, Resource, ResourceChange, SourceLine
from hmsplan.output.flow import summary
from hmsplan.output.html.page import render_html
from hmsplan.output.markdown import render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_text
from hmsplan.planner.flow import Fate, FlowChange, flow_in, flow_of
from hmsplan.planner.resource_diff import comparison, creation

KIND = KINDS["workflows"]
ADDRESS = Address("workflows", "triage")


def node(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "conversation", "instructions": f"Be {name}.", **more}


def edge(start: str, end: str, when: str | None = "it is time", **more: Any) -> dict[str, Any]:
    return {"from": start, "to": end, **({"description": when} if when else {}), **more}


def graph(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    nodes, edges = ([i for i in items if key in i] for key in ("id", "from"))
    return {"name": "Triage", "definition": {"version": 1, "entry_node": "a", "nodes": nodes, "edges": edges, **more}}


BEFORE = graph(node("a"), node("b"), node("c"), edge("a", "b", "wants b"), edge("b", "c", "wants c"))


def planned(
    declared: dict[str, Any], live: dict[str, Any] | None = None, applied: dict[str, Any] | None = None
) -> ResourceChange:
    resource = Resource(ADDRESS, declared, SourceLine("w.yaml", 1))
    before = BEFORE if live is None else live
    return comparison(
        KIND, resource, RemoteObject("workflows", "1", before), Binding(ADDRESS, "1", applied or before), {}
    )


def flow(declared: dict[str, Any], live: dict[str, Any] | None = None) -> FlowChange:
    found = flow_of(KIND, planned(declared, live))
    assert found is not None
    return found


def fates(change: FlowChange) -> dict[str, Fate]:
    items = [(node.id, node.fate) for node in change.nodes] + [(edge.name, edge.fate) for edge in change.edges]
    return {name: fate for name, fate in items if fate is not Fate.UNCHANGED}


def test_order_means_nothing() -> None:
    for items in itertools.permutations([*BEFORE["definition"]["nodes"], *BEFORE["definition"]["edges"]]):
        assert planned(graph(*items)).action is Action.NO_OP


def test_nodes_and_edges_come_and_go() -> None:
    change = flow(graph(node("a"), node("b"), node("d"), edge("a", "b", "wants b"), edge("a", "d", "wants d")))
    assert fates(change) == {
        "c": Fate.REMOVED,
        "d": Fate.ADDED,
        "b -> c": Fate.REMOVED,
        "a -> d": Fate.ADDED,
    }
    assert summary(KIND, change) == "1 node added, 1 node removed, 1 edge added, 1 edge removed"


def test_an_edge_that_keeps_its_label_and_an_end_is_rewired() -> None:
    for new in (edge("a", "c", "wants b"), edge("c", "b", "wants b")):
        change = flow(graph(node("a"), node("b"), node("c"), new, edge("b", "c", "wants c")))
        assert list(fates(change).values()) == [Fate.REWIRED]
        assert flow_json(change)["edges"]["rewired"] == [{"before": ["a", "b"], "after": [new["from"], new["to"]]}]
        assert summary(KIND, change) == "1 edge rewired"


def test_an_edge_with_another_label_or_other_ends_is_another_one() -> None:
    for new in (edge("a", "c", "wants all"), edge("c", "a", "wants b")):
        change = flow(graph(node("a"), node("b"), node("c"), new, edge("b", "c", "wants c")))
        assert sorted(fates(change).values()) == [Fate.ADDED, Fate.REMOVED]


def test_the_one_way_out_of_a_tool_node_is_rewired() -> None:
    tool = {"id": "t", "type": "tool", "tool_name": "x"}
    before = graph(node("a"), tool, node("b"), node("c"), edge("a", "t"), edge("t", "b", None))
    after = graph(node("a"), tool, node("b"), node("c"), edge("a", "t"), edge("t", "c", None, message="One moment."))
    change = flow(after, before)
    assert fates(change) == {"t -> c": Fate.REWIRED}
    (found,) = [each for each in change.edges if each.fate is Fate.REWIRED]
    assert [(each.path, each.after) for each in found.fields] == [
        (("definition", "edges", "t -> c", "message"), "One moment.")
    ]


def test_each_edge_is_rewired_once() -> None:
    before = graph(node("a"), node("b"), node("c"), edge("a", "b", "go"))
    change = flow(graph(node("a"), node("b"), node("c"), edge("a", "c", "go"), edge("c", "b", "go")), before)
    assert sorted(fates(change).values()) == [Fate.ADDED, Fate.REWIRED]
    assert fates(change)["a -> c"] is Fate.REWIRED  # the start says more about an edge than its end


def test_a_node_that_is_drawn_elsewhere_is_moved_and_one_that_changes_too_is_both() -> None:
    before = graph(node("a", ui={"x": 0, "y": 0}), node("b", ui={"x": 0, "y": 0}))
    after = copy.deepcopy(before)
    after["definition"]["nodes"][0]["ui"] = {"x": 7, "y": 9}
    after["definition"]["nodes"][1] |= {"ui": {"x": 1, "y": 0}, "instructions": "Be brief."}
    change = flow(after, before)
    assert fates(change) == {"a": Fate.MOVED, "b": Fate.CHANGED}
    assert [each.is_moved for each in change.nodes] == [True, True]
    assert summary(KIND, change) == "instructions of b, 2 nodes moved"
    assert flow_json(change)["nodes"] == {
        "added": [],
        "removed": [],
        "changed": ["b"],
        "moved": ["a", "b"],
        "unchanged": 1,
    }


def test_what_is_not_declared_in_a_node_is_no_change() -> None:
    live = copy.deepcopy(BEFORE)
    live["definition"]["nodes"][0]["ui"] = {"x": 7, "y": 9}
    assert planned(BEFORE, live, applied=BEFORE).action is Action.NO_OP


def test_a_new_workflow_has_nothing_before_and_one_that_goes_nothing_after() -> None:
    new = flow_of(KIND, creation(KIND, Resource(ADDRESS, BEFORE, SourceLine("w.yaml", 1)), {}))
    gone = flow_of(KIND, ResourceChange(ADDRESS, Action.DELETE, "1", before=BEFORE))
    assert new is not None
    assert gone is not None
    assert (set(fates(new).values()), new.entry) == ({Fate.ADDED}, ("", "a"))
    assert (set(fates(gone).values()), gone.entry) == ({Fate.REMOVED}, ("a", ""))


def test_other_fields_and_the_entry_are_the_rest() -> None:
    change = flow(
        {**graph(*BEFORE["definition"]["nodes"], *BEFORE["definition"]["edges"], entry_node="b"), "is_active": False}
    )
    assert change.entry == ("a", "b")
    assert summary(KIND, change) == "definition.entry_node, is_active"


def test_a_workflow_of_which_only_the_name_is_declared_keeps_its_graph() -> None:
    change = flow({"name": "Other"})
    assert fates(change) == {}
    assert summary(KIND, change) == "name"


def test_kinds_without_a_graph_have_none() -> None:
    assistant = Address("assistants", "a")
    assert flow_of(KINDS["assistants"], ResourceChange(assistant, Action.CREATE, None, after={"name": "A"})) is None


def test_of_drift_only_what_differs_is_known() -> None:
    """What was applied and what is live differ in some fields, and of the rest nothing is told."""
    after = graph(
        node("a", ui={"x": 1, "y": 1}),
        node("b", instructions="Theirs."),
        node("d"),
        edge("a", "d", "wants b"),
        entry_node="b",
    )
    fields = planned(after).fields
    change = flow_in(KIND, fields)
    assert change is not None
    assert fates(change) == {
        "a": Fate.MOVED,
        "b": Fate.CHANGED,
        "c": Fate.REMOVED,
        "d": Fate.ADDED,
        "a -> d": Fate.REWIRED,
        "b -> c": Fate.REMOVED,
    }
    assert [each.path for each in change.rest] == [("definition", "entry_node")]
    assert flow_in(KIND, [each for each in fields if each.path[1] == "entry_node"]) is None
    assert flow_in(KINDS["assistants"], fields) is None


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["a", "b", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "from", "to", "description", "ui", "tools"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({}, optional={"nodes": ODD, "edges": ODD, "entry_node": ODD}) | ODD)
def test_a_live_graph_of_any_form_can_be_shown(definition: Any) -> None:
    """What the API answers with may be anything; a plan of it is read all the same."""
    change = planned(BEFORE, {"name": "Triage", "definition": definition}, applied={})
    plan = Plan("s", "e", (change,))
    page = page_of(plan, 100)
    assert render_text(page, color=False)
    assert render_markdown(page)
    assert render_html(page)
    found = flow_of(KIND, change)
    assert found is not None
    assert {"a", "b", "c"} <= {each.id for each in found.nodes}

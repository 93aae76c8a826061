"""The graphs of the example and of hostile names are graphs to Mermaid and to Graphviz, with their names as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.browser import browse
from support.hostile_texts import HOSTILE

from hmsplan.config.load import load_stack
from hmsplan.kinds import KINDS
from hmsplan.model import Address
from hmsplan.output.flow import mermaid as flow_mermaid
from hmsplan.output.graph import Edge, Graph, dot, graph_of, graph_of_plan, mermaid
from hmsplan.planner.flow import EdgeChange, Ends, Fate, FlowChange, NodeChange, flow_of

from .outside import NPM, REPOSITORY, ask_node, golden_plans, needs, needs_browser

if TYPE_CHECKING:
    from pathlib import Path

A, B = Address("assistants", "a"), Address("numbers", "b")


def graphs() -> list[Graph]:
    """Return a graph with each hostile name, that of the example, and those of the golden plans that have arrows."""
    hostile = [Graph({A: name, B: "x"}, (Edge(B, A), Edge(B, A, pasted=True))) for name in HOSTILE]
    golden = [graph_of_plan(plan) for plan in golden_plans().values()]
    example = graph_of(load_stack(REPOSITORY / "examples" / "stack", environment="staging", environ={}))
    return [*hostile, example, *(graph for graph in golden if graph.edges)]


def flows() -> list[str]:
    """Return the graphs inside objects of the golden plans, and one with each hostile name, before and after."""
    nodes = tuple(NodeChange(name, Fate.ADDED, name) for name in dict.fromkeys(HOSTILE))
    edges = tuple(EdgeChange(n.id, Fate.ADDED, None, Ends(n.id, nodes[0].id), n.id, "") for n in nodes)
    found = [flow_of(KINDS[c.address.kind], c) for plan in golden_plans().values() for c in plan.changes]
    drawn = [FlowChange(("", nodes[0].id), nodes, edges, ()), *filter(None, found)]
    return [text for flow in drawn for after in (False, True) if (text := flow_mermaid(flow, after=after))]


@needs("npm")
@needs_browser
def test_mermaid_reads_every_graph(tmp_path: Path) -> None:
    """Each is a flowchart to Mermaid; one that is broken on purpose is not."""
    texts = [*map(mermaid, graphs()), *flows(), 'flowchart LR\n  n0["a"]; b["\n']
    script = json.dumps(texts).replace("<", "\\u003c")
    judge = (NPM / "mermaid" / "dist" / "mermaid.min.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(
        f'<meta charset="utf-8"><script src="{judge}"></script><p></p><script>(async () => {{ const said = [];'
        f"for (const text of {script})"
        "said.push(await mermaid.parse(text).then((found) => found.diagramType, () => 'refused'));"
        "document.querySelector('p').textContent = `[${said}]`; })();</script>",
        "utf-8",
    )
    said = browse(page).stdout.split("<p>[")[1].split("]</p>")[0].split(",")
    assert said == ["flowchart-v2"] * (len(texts) - 1) + ["refused"]


@needs("npm")
def test_graphviz_reads_every_graph(tmp_path: Path) -> None:
    """With as many boxes and arrows as there are, each box with its address; a broken one is refused."""
    drawn = graphs()
    read = ask_node("graphviz.mjs", [*map(dot, drawn), 'digraph { "a" -> ; }'], tmp_path)
    assert read.pop() is None
    for graph, found in zip(drawn, read, strict=True):
        assert found["nodes"] == sorted(map(str, graph.names))
        assert found["edges"] == len(graph.edges)

"""``hmsplan graph``: what depends on what."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pydot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE

from hmsplan.config.load import load_stack
from hmsplan.formats.plan_file import plan_from_bytes
from hmsplan.model import Address
from hmsplan.output.graph import Edge, Graph, dot, graph_of, graph_of_plan, mermaid
from hmsplan.text.escape import plain

from .helpers import EXAMPLE, SECRETS, Cli, write

if TYPE_CHECKING:
    from pathlib import Path


def graph(name: str) -> Graph:
    a, b = Address("assistants", "a"), Address("numbers", "b")
    return Graph({a: name, b: ""}, (Edge(b, a),))


def test_references_are_arrows_and_templates_dashed_ones(cli: Cli) -> None:
    """The example has both."""
    found = cli("-C", EXAMPLE, "-e", "production", "graph", "--json").json
    edges = {(edge["from"], edge["to"], edge["pasted"]) for edge in found["edges"]}
    assert ("numbers.main", "assistants.balie", False) in edges
    assert ("numbers.main", "sip_trunks.voip", False) in edges
    assert ("assistants.balie", "tool_templates.lookup_appointment", True) in edges
    assert ("assistants.balie", "analysis_templates.call_outcome", True) in edges
    assert ("assistants.international", "mcp_servers.knowledge", False) in edges
    assert len(found["nodes"]) == 15


@pytest.mark.parametrize(
    ("form", "solid", "dashed"), [("mermaid", " --> ", " -.-> "), ("dot", " -> ", "[style=dashed]")]
)
def test_both_forms_show_every_resource_and_arrow(cli: Cli, form: str, solid: str, dashed: str) -> None:
    """As many as the JSON has."""
    text = cli.ok("-C", EXAMPLE, "graph", "--format", form)
    found = cli("-C", EXAMPLE, "graph", "--json").json
    for node in found["nodes"]:
        assert node["address"].replace("_", "_") in text
    assert text.count(solid) + (text.count(dashed) if form == "mermaid" else 0) == len(found["edges"])
    assert text.count(dashed) == sum(edge["pasted"] for edge in found["edges"])


def test_a_saved_plan_draws_the_same_arrows_as_its_stack(cli: Cli, tmp_path: Path) -> None:
    """Of all that it creates; the templates that are pasted in among them."""
    saved = tmp_path / "saved.plan"
    secrets = ("--secrets-file", SECRETS, "--state", str(tmp_path / "state"))
    folder = tmp_path / "stack"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".hmsplan"))
    cli.ok("-C", folder, *secrets, "--emulator", "plan", "-o", saved)
    drawn = graph_of_plan(plan_from_bytes(saved.read_bytes())).edges
    assert drawn == graph_of(load_stack(folder, environ={})).edges
    assert any(edge.pasted for edge in drawn)


def test_it_needs_no_key_no_secret_and_no_network(cli: Cli, stack: Path) -> None:
    """Nothing but the files."""
    assert "numbers.main" in cli.ok("-C", stack, "graph")


def test_an_excluded_resource_is_not_drawn(cli: Cli) -> None:
    """The graph is that of the chosen environment."""
    assert "campaigns.recall" in cli.ok("-C", EXAMPLE, "-e", "production", "graph")
    assert "campaigns.recall" not in cli.ok("-C", EXAMPLE, "-e", "staging", "graph")


def test_an_empty_stack_has_an_empty_graph(cli: Cli, tmp_path: Path) -> None:
    """And is no error."""
    write(tmp_path, {"hmsplan.yaml": "version: 1\nstack: empty\n"})
    assert cli.ok("-C", tmp_path, "graph") == "flowchart LR\n"


@given(st.text())
def test_no_name_becomes_syntax(name: str) -> None:
    """A name is shown, and whatever it holds, the graph around it keeps its lines."""
    assert len(mermaid(graph(name)).splitlines()) == 4
    assert len(dot(graph(name)).splitlines()) == 7
    label = mermaid(graph(name)).splitlines()[1]
    assert re.fullmatch(r'  n0\["assistants\.a(<br/>[^"<>\[\](){}|`&*]*)?"\]', label)
    quoted = dot(graph(name)).splitlines()[3]
    assert re.fullmatch(r'  "assistants\.a" \[label="(?:[^"\\]|\\.)*"\];', quoted)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # pydot's own, of its parser
@settings(max_examples=40, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text()))
def test_graphviz_reads_what_we_wrote(name: str) -> None:
    """A parser that is not ours finds two boxes, one arrow, and the name in its label."""
    drawn = (pydot.graph_from_dot_data(dot(graph(name))) or [])[0]
    boxes = [node for node in drawn.get_nodes() if node.get_name() not in {"node", '"\\n"'}]
    assert [node.get_name() for node in boxes] == ['"assistants.a"', '"numbers.b"']
    assert len(drawn.get_edges()) == 1
    label = str(boxes[0].get("label"))
    shown = plain(name)
    shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
    assert label == dot_string("assistants.a", *([shown] if shown else []))


def dot_string(*lines: str) -> str:
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'

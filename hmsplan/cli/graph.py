"""``hmsplan graph``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
import orjson

from hmsplan.cli.options import format_option
from hmsplan.cli.parsing import Command
from hmsplan.cli.session import load
from hmsplan.cli.terminal import out
from hmsplan.output.graph import Graph, dot, graph_of, mermaid

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals

FORMATS: Final = {"mermaid": mermaid, "dot": dot}


@click.command("graph", cls=Command)
@format_option(FORMATS, default="mermaid")
@click.pass_obj
def graph_command(options: Globals, form: str) -> None:
    """Print what depends on what, for Mermaid (GitHub shows it) or Graphviz. Offline, without key or secrets.

    A dashed arrow is a template that is pasted into its user; a dotted one is a value that is copied from another
    resource, as in ${numbers.main.phone_number}.
    """
    graph = graph_of(load(options))
    out(orjson.dumps(graph_json(graph)).decode() if options.json else FORMATS[form](graph).rstrip("\n"))


def graph_json(graph: Graph) -> dict[str, object]:
    """Return nodes and edges for machines."""
    return {
        "format_version": "1.0",
        "nodes": [{"address": str(address), "name": name} for address, name in graph.names.items()],
        "edges": [
            {"from": str(edge.user), "to": str(edge.needed), "pasted": edge.pasted, "copied": edge.copied}
            for edge in graph.edges
        ],
    }

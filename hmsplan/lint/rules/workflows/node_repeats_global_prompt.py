"""A node that says again what holds in every node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.flow import graph_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


_LEAST: Final = 60  # characters of a paragraph; shorter ones may well be alike


def _check(workflow: Resource, view: View) -> Iterator[Hit]:
    prompt = value_at(workflow.spec, ("definition", "global_prompt"))
    said = _paragraphs(prompt) if isinstance(prompt, str) else frozenset[str]()
    if not said:
        return
    graph = graph_of(workflow, view)
    for name, text in graph.instructions():
        for line, paragraph in enumerate(text.split("\n"), 1):
            if _plain(paragraph) in said:
                detail = f"The global prompt says it already: {wording.shown(paragraph.strip())} Take it out here."
                yield Hit(detail, graph.path(name, "instructions"), line)
                break


def _paragraphs(text: str) -> frozenset[str]:
    return frozenset(filter(lambda each: len(each) >= _LEAST, map(_plain, text.split("\n"))))


def _plain(text: str) -> str:
    return " ".join(text.split())


RULE: Final = Rule(
    id="node-repeats-global-prompt",
    group=Group.WORKFLOWS,
    title="Node that repeats the global prompt",
    severity=Severity.INFO,
    why="The model reads the same words twice at every turn, and they differ as soon as one of them is edited.",
    bad="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      global_prompt: You are the assistant of the practice, friendly and brief at all times.
      nodes:
        - {id: hello, type: conversation, instructions: "${file:hello.md}"}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
# file: hello.md
You are the assistant of the practice, friendly and brief at all times.
Ask what the caller needs.
""",
    good="""
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      global_prompt: You are the assistant of the practice, friendly and brief at all times.
      nodes:
        - {id: hello, type: conversation, instructions: Ask what the caller needs.}
        - {id: bye, type: end, first_line: Goodbye.}
      edges:
        - {from: hello, to: bye, description: the caller has what they need}
""",
    kinds=("workflows",),
    check=_check,
    source="SDK, WorkflowDefinition.global_prompt: instructions that hold in every node",
)

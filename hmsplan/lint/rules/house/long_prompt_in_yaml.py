"""A long prompt inside YAML, where a review shows it as a part of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.config.layers import SourceMap
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_MOST: Final = 2000
"""Characters: about a screen."""


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for text in view.prompts(resource):
        if len(text.text) <= _MOST or not isinstance(resource.locate, SourceMap):
            continue
        if resource.locate.file_of(text.path) is None:
            file = f"${{file:prompts/{resource.address.key}.md}}"
            yield Hit(f"It has {len(text.text):,} characters. Put it into a file: {file}.", text.path)


_PROMPT: Final = "Ask one question at a time, wait for the answer, and repeat every date and every name. " * 24

_STACK: Final = """
workflows:
  night:
    name: Night
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: "%s", tools: [{type: end_call}]}]
      edges: []
"""

RULE: Final = Rule(
    id="long-prompt-in-yaml",
    group=Group.HOUSE,
    title="Long prompt inside YAML",
    severity=Severity.INFO,
    why="A prompt in a file of its own is reviewed as prose, word by word; in YAML it is one long value.",
    bad=_STACK % _PROMPT,
    good=f"{_STACK % '${file:night.md}'}# file: night.md\n{_PROMPT}\n",
    kinds=("assistants", "campaigns", "workflows"),
    check=_check,
)

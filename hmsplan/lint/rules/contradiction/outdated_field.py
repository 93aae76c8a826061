"""A field that has a newer one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource

_FIELDS: Final = {
    "assistants": {
        "llm_config.analysis_model": "Take it out.",
        "llm_config.tools[].async_response": "Write message instead.",
    },
    "workflows": {"definition.nodes[].tools[].async_response": "Write message instead."},
}
_PATTERNS: Final = {
    kind: [(pattern(dotted), advice) for dotted, advice in fields.items()] for kind, fields in _FIELDS.items()
}


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    for at, advice in _PATTERNS[resource.address.kind]:
        for path, value in values_at(resource.spec, at):
            if value is not None:
                yield Hit(f"{path[-1]} is outdated. {advice}", path)


RULE: Final = Rule(
    id="outdated-field",
    group=Group.CONTRADICTION,
    title="Outdated field",
    severity=Severity.INFO,
    why="An outdated field may be dropped without a word, and what it did with it.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: google_realtime, model: gemini-3.8-live, analysis_model: gemini-2.5-flash}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: google_realtime, model: gemini-3.8-live}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, schema LLMGoogleRealtime: deprecated; API behaviour, 3: message was once async_response",
)

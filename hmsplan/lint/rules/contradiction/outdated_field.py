"""A field that has a newer one, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.lint.tools import tools_of
from hmsplan.model import Severity, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    if value_at(resource.spec, ("llm_config", "analysis_model")) is not None:
        yield Hit("analysis_model is outdated. Take it out.", ("llm_config", "analysis_model"))
    for tool in tools_of(resource, view):
        if tool.written.get("async_response") is not None:
            yield Hit("async_response is outdated. Write message instead.", (*tool.path, "async_response"))


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

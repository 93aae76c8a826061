"""A Vertex location where Vertex is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for block in view.blocks(resource):
        by = block.provider.region_by if block.provider is not None else None
        if by is None or by.switch is None or block.provider is None or block.config.get(by.field) is None:
            continue
        off = block.config.get(by.switch) in {None, False}
        if off and block.provider.key_of(block.config.get("model")) != by.key:
            detail = f"{by.field} is a location of Vertex AI, and {by.switch} is not true. Write: {by.switch}: true"
            yield Hit(detail, (*block.path, by.field))


RULE: Final = Rule(
    id="location-without-vertex",
    group=Group.CONTRADICTION,
    title="Vertex location without Vertex",
    severity=Severity.WARNING,
    why="The Gemini API has no location, so calls are processed elsewhere than the stack says.",
    bad="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: google_realtime, model: gemini-3.8-live, location: europe-west4}
""",
    good="""
assistants:
  desk:
    name: Desk
    llm_config: {provider: google_realtime, model: gemini-3.8-live, location: europe-west4, vertexai: true}
""",
    kinds=("assistants",),
    check=_check,
    source="API description, schema LLMGoogleRealtime: Vertex location; vertexai is false by default",
)

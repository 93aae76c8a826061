"""A model that is still accepted, and not for anything new."""

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
        if block.provider is not None and block.model is not None and block.model.legacy:
            instead = block.provider.default_model or next(each.id for each in block.provider.models if not each.legacy)
            yield Hit(f"{block.model.id} is outdated. Try {instead}.", (*block.path, "model"))


RULE: Final = Rule(
    id="outdated-model",
    group=Group.CONTRADICTION,
    title="Outdated model",
    severity=Severity.INFO,
    why="An outdated model is one that its provider may switch off, and the calls with it.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-4o-mini}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4-mini}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API description, x-legacy: still accepted, not for new use; see the catalog",
)

"""A model that is still accepted, and not for anything new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.providers import blocks_of
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, _view: View) -> Iterator[Hit]:
    for block in blocks_of(resource):
        model = block.provider.model(block.config.get("model")) if block.provider is not None else None
        if model is not None and block.provider is not None and model.legacy:
            instead = block.provider.default_model or next(each.id for each in block.provider.models if not each.legacy)
            yield Hit(f"{model.id} is outdated. Try {instead}.", (*block.path, "model"))


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
    source="API description, x-legacy: still accepted, not for new use; hmsplan catalog show",
)

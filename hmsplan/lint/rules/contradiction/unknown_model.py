"""A model that the catalog does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity, undotted, value_at
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    for block in view.blocks(resource):
        if block.provider is None or (block.model is not None and not block.provider.values):
            continue
        known = {"model": tuple(model.id for model in block.provider.models), **block.provider.values}
        for dotted, values in known.items():
            path = undotted(dotted)
            value = value_at(block.config, path)
            if isinstance(value, str) and values and value not in values:
                guess = (
                    wording.did_you_mean(value, values)
                    or f" To see them: hmsplan catalog show {block.provider.provider}"
                )
                detail = f"The catalog knows no model {wording.shown(value)} of {block.provider.provider}.{guess}"
                yield Hit(detail, (*block.path, *path))


RULE: Final = Rule(
    id="unknown-model",
    group=Group.CONTRADICTION,
    title="Unknown model",
    severity=Severity.WARNING,
    why="The platform refuses a model that it does not offer, and an apply would stop here.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt5.4}}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API behaviour, 8: configs are checked against the vendor's catalog on write; see the catalog",
)

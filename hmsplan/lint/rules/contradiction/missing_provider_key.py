"""A provider that needs a key of the organization, and none is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View
    from hmsplan.model import Resource


def _check(resource: Resource, view: View) -> Iterator[Hit]:
    declared: set[object] | None = None
    for block in view.blocks(resource):
        if block.provider is None or not block.provider.key_needed:
            continue
        if declared is None:
            declared = {key.spec.get("provider") for key in view.of_kind("byok_keys")}
        model = block.config.get("model")
        if (key := block.provider.key_of(model)) not in declared:
            who = model if isinstance(model, str) else block.provider.provider
            detail = (
                f"{who} needs the organization's own {key} key, and no byok_keys declare one. Declare it, or see to it "
                "that the dashboard has it."
            )
            yield Hit(detail, (*block.path, "provider"))


RULE: Final = Rule(
    id="missing-provider-key",
    group=Group.CONTRADICTION,
    title="Provider key is not declared",
    severity=Severity.INFO,
    why="Without the organization's own key the platform refuses this provider, and an apply would stop here.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: google, model: gemini-3.5-flash}}
""",
    good="""
byok_keys:
  vertex: {provider: google_vertex}
assistants:
  desk: {name: Desk, llm_config: {provider: google, model: gemini-3.5-flash}}
""",
    kinds=("assistants", "workflows"),
    check=_check,
    source="API behaviour, 8: some models need a given BYOK key; see the catalog",
)

"""A key of a provider with which nothing in the stack works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.kinds.assistants import account_in
from hmsplan.kinds.references import references
from hmsplan.lint.rule import Group, Hit, Rule
from hmsplan.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.lint.view import View

_USING: Final = ("domain", "assistants")
_ACCOUNTS: Final = {block: account_in(block) for block in ("stt_config", "llm_config", "tts_config")}


def _check(view: View) -> Iterator[Hit]:
    keys = view.of_kind("byok_keys")
    if not keys or not view.of_kind("assistants"):
        return
    unused = {key.spec.get("provider") for key in keys}
    for provider in _used(view):
        unused.discard(provider)
        if not unused:
            return
    for key in keys:
        provider = key.spec.get("provider")
        if isinstance(provider, str) and provider in unused:
            detail = (
                f"No assistant, workflow or domain of this stack uses {provider}. Delete the key here and revoke it "
                f"at {provider}, unless assistants outside this stack, or the analysis of calls, work with it."
            )
            yield Hit(detail, ("provider",), address=key.address)


def _used(view: View) -> Iterator[Any]:
    """Yield the provider of each block that speaks, listens, thinks or sends mail."""
    for kind in _USING:
        for resource in view.of_kind(kind):
            yield from (found.target for found in references(KINDS[kind], resource.spec))
    for workflow in view.of_kind("workflows"):
        for node in (workflow.spec.get("definition") or {}).get("nodes") or ():
            yield from (account(node.get(block)) for block, account in _ACCOUNTS.items())


RULE: Final = Rule(
    id="unused-key",
    group=Group.TELEPHONY,
    title="Provider key that nothing uses",
    severity=Severity.INFO,
    why="A key that nothing works with can only be misused, and the one who pays for its account does not know why.",
    bad="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4}}
byok_keys:
  deepgram: {provider: deepgram, api_key: "${secret:deepgram}"}
""",
    good="""
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4}}
byok_keys:
  openai: {provider: openai, api_key: "${secret:openai}"}
""",
    check_all=_check,
    source="API behaviour, 7: byok key to assistant and domain",
)

"""A mask of a secret is never sent back, and the plan says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.readings import LINE, bound, declared, live, planned, remembered, remote, resource

from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import Action, Address, FieldChange, ResourceChange, Secret
from hmsplan.planner.unsendable import unsendable

ASSISTANTS = KINDS["assistants"]
MASK = Secret(Secret.LIVE, "********")


def update(before: dict[str, Any], after: dict[str, Any], action: Action = Action.UPDATE) -> list[tuple[str, str]]:
    fields = tuple(FieldChange((key,), before.get(key), value) for key, value in after.items())
    change = ResourceChange(Address("assistants", "a"), action, "a1", before, after, fields, source=LINE)
    found = unsendable(ASSISTANTS, change)
    assert all((each.source, each.address) == (LINE, change.address) for each in found)
    return [(each.summary, ".".join(map(str, each.path))) for each in found]


def llm(secret: Any, **more: Any) -> dict[str, Any]:
    tools = [{"type": "end_call"}, {"name": "lookup", "server": {"url": "https://a.example", "secret": secret}}]
    return {"llm_config": {"model": "m", "tools": tools, **more}}


KNOWN = ("Secret unknown", "llm_config.tools.lookup.server.secret")


@pytest.mark.parametrize("action", [Action.UPDATE, Action.ADOPT])
def test_a_mask_in_a_block_that_is_sent_whole_is_named(action: Action) -> None:
    assert update(llm(MASK), {"llm_config": {"model": "other"}}, action) == [KNOWN]
    assert update(llm("sk-...abcd"), {"llm_config": {"model": "other"}}, action) == [KNOWN]


@pytest.mark.parametrize(
    "secret",
    [
        Secret(Secret.LIVE, "hook-secret-of-the-dashboard"),
        Secret(Secret.LIVE),  # of a snapshot: nobody knows what the API shows
        Secret("hook", "value"),
        Secret("hook"),
        None,
        "",
    ],
)
def test_a_secret_that_is_shown_or_declared_is_sent_along(secret: Any) -> None:
    assert update(llm(secret), {"llm_config": {"model": "other"}}) == []


def test_a_declared_secret_takes_the_place_of_a_mask() -> None:
    assert update(llm(MASK), llm(Secret("hook", "value"))) == []


def test_a_mask_in_a_block_that_is_not_sent_is_nobodys_business() -> None:
    assert update({**llm(MASK), "webhook_secret": MASK}, {"first_message": "Hello"}) == []
    assert update(llm(MASK), {"llm_config": {"model": "other"}}, Action.REPLACE) == []


def test_a_field_that_only_the_api_knows_counts_by_its_name() -> None:
    before = llm(None, provider_api_key="***", token_limit="8000")
    assert update(before, {"llm_config": {"model": "other"}}) == [("Secret unknown", "llm_config.provider_api_key")]


def test_the_plan_is_refused_and_says_what_to_declare() -> None:
    stack = declared(resource("assistants.a", name="A", llm_config={"model": "other"}))
    snapshot = live(remote("assistants", "a1", name="A", **llm(MASK)))
    with pytest.raises(ConfigError) as caught:
        planned(stack, snapshot, remembered())
    (problem,) = caught.value.diagnostics
    assert problem.detail.startswith("llm_config changes and is sent whole, llm_config.tools.lookup.server.secret with")
    assert "Declare it at llm_config.tools.lookup.server.secret: ${secret:name}" in problem.detail


def test_what_cannot_be_declared_is_left_to_the_dashboard() -> None:
    stack = declared(resource("assistants.a", name="A", llm_config={"model": "other"}))
    snapshot = live(remote("assistants", "a1", name="A", **llm(None, provider_api_key="***")))
    with pytest.raises(ConfigError) as caught:
        planned(stack, snapshot, remembered())
    assert "lifecycle: {ignore_changes: [llm_config]}" in caught.value.diagnostics[0].detail


DASHBOARD: dict[str, Any] = {
    "model": "m",
    "tools": [{"type": "function", "function": {"name": "lookup"}, "server": {"url": "https://a.example"}}],
}
DECLARED = {"model": "other", "tools": [{"name": "lookup", "url": "https://a.example"}]}


def test_a_block_whose_secrets_no_answer_shows_is_sent_only_when_somebody_allows_it_once() -> None:
    """The API may hold a secret of a tool and never show it: a PATCH of the block would take it away."""
    there = live(remote("assistants", "a1", name="A", llm_config=DASHBOARD))
    stack = declared(resource("assistants.a", name="A", llm_config=DECLARED))
    exported = bound("assistants.a", "a1", name="A", llm_config={**DECLARED, "model": "m"})
    (refusal,) = planned(stack, there, remembered(exported)).refusals
    assert refusal.flag == "--allow egress:assistants.a"
    assert "at llm_config.tools.lookup.server.secret" in refusal.reason
    sent = replace(exported, sent=frozenset({"llm_config"}))
    assert planned(stack, there, remembered(sent)).refusals == ()


def test_another_field_can_change_beside_a_secret_that_no_answer_shows() -> None:
    there = live(remote("assistants", "a1", name="A", llm_config=DASHBOARD))
    stack = declared(resource("assistants.a", name="A", first_message="Hello."))
    assert planned(stack, there, remembered(bound("assistants.a", "a1", name="A"))).refusals == ()

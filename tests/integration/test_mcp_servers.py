"""MCP servers against the emulator: every change of them is seen, sent once, and then at rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import SECRETS
from support.world import CANARY, World, applied

from hmsplan.errors import UnsafePlan
from hmsplan.model import Action, Verb, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AUTHORIZATION = {"Authorization": "${secret:hook}", "X-Tenant": "${secret:tool}"}
URL = "https://MCP.example.com:443"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path / "stack", environ=SECRETS) as made:
        yield made


def stack(*, used: bool = True, **more: Any) -> dict[str, Any]:
    tools = [{"type": "mcp", "mcp_server_id": "${mcp_servers.crm}", "allowed_tools": ["find"]}] if used else []
    assistant = {"name": "Desk", "llm_config": {"provider": "openai", "model": "gpt-5.4", "tools": tools}}
    servers = {"crm": {"name": "CRM", "url": URL, "headers": AUTHORIZATION, **more}}
    return {"mcp_servers": servers, "assistants": {"desk": assistant}}


def changed(world: World, resources: dict[str, Any]) -> list[str]:
    """Return the fields that a plan would change."""
    world.declare(resources)
    return [dotted(field.path) for change in world.plan().changes for field in change.fields]


def server(world: World) -> dict[str, Any]:
    (found,) = world.request("GET", "/mcp-servers")["mcp_servers"]
    return dict(found)


def sent(world: World) -> list[dict[str, Any]]:
    """Return the headers that the platform stores."""
    (row,) = world.emulator.app.store.rows(world.emulator.organization(world.key), "mcp_servers")
    return [row.hidden["headers"]]


def test_a_url_that_the_platform_normalises_is_no_change(world: World) -> None:
    applied(world, stack())
    assert server(world)["url"] == "https://mcp.example.com/"
    assert not world.plan().pending


def test_a_header_is_added_and_taken_away_by_name(world: World) -> None:
    applied(world, stack())
    more = stack(headers={**AUTHORIZATION, "X-More": "${secret:sip}"})
    assert changed(world, more) == ["headers.X-More"]
    applied(world, more)
    assert server(world)["header_names"] == ["Authorization", "X-Tenant", "X-More"]
    fewer = stack(headers={"Authorization": "${secret:hook}"})
    assert changed(world, fewer) == ["headers.X-More", "headers.X-Tenant"]
    applied(world, fewer)
    assert sent(world) == [{"Authorization": f"{CANARY}-hook"}]


def test_a_new_value_is_seen_by_its_fingerprint_and_all_headers_are_sent(world: World) -> None:
    applied(world, stack())
    world.environ["HMSPLAN_SECRET_TOOL"] = f"{CANARY}-another"
    assert changed(world, stack()) == ["headers.X-Tenant"]
    applied(world, stack())
    assert sent(world) == [{"Authorization": f"{CANARY}-hook", "X-Tenant": f"{CANARY}-another"}]


def test_another_case_of_a_name_sends_nothing(world: World) -> None:
    applied(world, stack())
    again = applied(world, stack(headers={"authorization": "${secret:hook}", "X-TENANT": "${secret:tool}"}))
    assert not [step for step in again.plan.steps if step.verb is not Verb.BIND]


def test_headers_that_a_person_changed_are_drift_by_name_and_come_back(world: World) -> None:
    applied(world, stack())
    where = f"/mcp-servers/{server(world)['id']}"
    world.request("PATCH", where, {"headers": {"Authorization": "x", "X-Person": "y"}})
    (drift,) = world.drift().drifted
    assert [dotted(field.path) for field in drift.fields] == ["headers.X-Person", "headers.X-Tenant"]
    applied(world, stack())
    assert set(sent(world)[0]) == {"Authorization", "X-Tenant"}


def test_headers_taken_out_of_the_stack_are_taken_away(world: World) -> None:
    """They are secrets of ours: what is not declared any more is not left behind."""
    applied(world, stack())
    without = stack()
    del without["mcp_servers"]["crm"]["headers"]
    applied(world, without)
    assert server(world)["header_names"] == []
    applied(world, stack())
    applied(world, stack(headers=None))
    assert server(world)["header_names"] == []


def test_another_host_is_guarded_and_gets_the_headers_in_the_same_request(world: World) -> None:
    applied(world, stack())
    world.declare(stack(url="https://other.example.com/v1"))
    with pytest.raises(UnsafePlan) as refused:
        world.apply()
    assert [refusal.flag for refusal in refused.value.refusals] == ["--allow egress:mcp_servers.crm"]
    before = len(world.emulator.writes)
    applied(world, stack(url="https://other.example.com/v1"), "egress:mcp_servers.crm")
    assert len(world.emulator.writes) == before + 1
    assert sent(world) == [{"Authorization": f"{CANARY}-hook", "X-Tenant": f"{CANARY}-tool"}]


def test_a_server_without_headers_moves_to_another_host(world: World) -> None:
    applied(world, stack(headers={}))
    applied(world, stack(headers={}, url="https://other.example.com/v1"), "egress:mcp_servers.crm")
    bare = stack(url="https://third.example.com/v1")
    del bare["mcp_servers"]["crm"]["headers"]
    applied(world, bare, "egress:mcp_servers.crm")
    assert server(world)["url"] == "https://third.example.com/v1"


def test_an_assistant_lets_go_before_its_server_is_deleted(world: World) -> None:
    applied(world, stack())
    gone = stack(used=False)
    del gone["mcp_servers"]
    done = applied(world, gone)
    assert [outcome.step.key for outcome in done.report.outcomes] == [
        "assistants.desk:update",
        "mcp_servers.crm:delete",
    ]


def test_a_server_that_an_undeclared_assistant_uses_stays(world: World) -> None:
    applied(world, stack())
    tool = {"type": "mcp", "mcp_server_id": server(world)["id"], "allowed_tools": ["find"]}
    person = {"name": "Person's", "llm_config": {"provider": "openai", "model": "gpt-5.4", "tools": [tool]}}
    world.request("POST", "/assistants", person)
    gone = stack(used=False)
    del gone["mcp_servers"]
    world.declare(gone)
    with pytest.raises(UnsafePlan) as refused:
        world.apply()
    (refusal,) = refused.value.refusals
    assert refusal.flag == "--allow delete:mcp_servers.crm"
    assert "assistant Person's (not managed)" in refusal.reason


def test_a_live_server_of_that_name_is_adopted_and_its_headers_are_sent(world: World) -> None:
    world.request("POST", "/mcp-servers", {"name": "CRM", "url": URL, "headers": {"Authorization": "old"}})
    done = applied(world, stack(), "egress:mcp_servers.crm")
    assert {c.action for c in done.plan.changes if c.address.kind == "mcp_servers"} == {Action.ADOPT}
    assert sent(world) == [{"Authorization": f"{CANARY}-hook", "X-Tenant": f"{CANARY}-tool"}]


@pytest.mark.parametrize("released_before", [False, True])
def test_a_block_that_is_not_declared_any_more_keeps_its_server_and_the_plan_says_how_to_detach_it(
    world: World, released_before: bool
) -> None:
    """llm_config cannot be cleared, so it is released with the servers in it, whose delete the API would refuse."""
    applied(world, stack())
    bare = {"assistants": {"desk": {"name": "Desk"}}}
    if released_before:
        world.declare({**stack(), **bare})
        assert not world.apply().bad
    world.declare(bare)
    with pytest.raises(UnsafePlan) as caught:
        world.apply()
    (refusal,) = caught.value.refusals
    assert str(refusal.address) == "mcp_servers.crm"
    text = (
        f"still used by assistants.desk ({world.id('assistants.desk')}), whose llm_config is not declared and stays as "
        "it is: declare it there again without mcp_servers.crm, and plan again"
    )
    assert refusal.reason == text
    del (detached := stack(used=False))["mcp_servers"]
    applied(world, detached)
    assert world.emulator.all("mcp_servers") == []

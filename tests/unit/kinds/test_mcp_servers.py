"""Headers of an MCP server: secrets by name, of which an answer shows the names alone."""

from __future__ import annotations

from typing import Any

import pytest
from support.readings import bound, declared, live, planned, remembered, remote, resource

from hmsplan.errors import ConfigError
from hmsplan.kinds import MCP_SERVERS
from hmsplan.model import MISSING, FieldChange, Secret
from hmsplan.planner.diff import at_path, diff, dropped
from hmsplan.planner.request_body import overlay

HERE = Secret("crm", "Bearer 1")
THERE = Secret(Secret.LIVE)
ONE: dict[str, Any] = {"name": "CRM", "url": "https://mcp.example.com/"}


def with_headers(*names: str, value: Any = HERE) -> dict[str, Any]:
    return {"headers": dict.fromkeys(names, value)}


def test_a_header_is_seen_by_its_name_when_it_comes_and_when_it_is_lost() -> None:
    found = diff(
        MCP_SERVERS, with_headers("Authorization", "X-New"), with_headers("Authorization", "X-Old", value=THERE)
    )
    assert found == (
        FieldChange(("headers", "X-New"), MISSING, HERE),
        FieldChange(("headers", "X-Old"), THERE, MISSING),
    )


def test_the_case_of_a_header_is_none_of_its_name() -> None:
    """HTTP does not tell x-tenant from X-Tenant, so a platform that stores it in lower case changes nothing."""
    want, have = with_headers("X-Tenant"), with_headers("x-tenant", value=THERE)
    assert diff(MCP_SERVERS, want, have) == ()
    assert at_path(MCP_SERVERS, have, ("headers", "X-Tenant")) is THERE
    assert overlay(MCP_SERVERS, want, have) == want
    applied = {"headers": {"X-TENANT": {"$secret": "crm", "fingerprint": None}}}
    assert dropped(MCP_SERVERS, applied, want, have) == ()


def test_headers_that_are_taken_out_of_the_stack_are_cleared_one_by_one() -> None:
    applied = {"headers": {"Authorization": {"$secret": "crm", "fingerprint": None}}}
    found = dropped(MCP_SERVERS, applied, {}, with_headers("Authorization", value=THERE))
    assert found == (FieldChange(("headers", "Authorization"), THERE, MISSING),)
    assert dropped(MCP_SERVERS, applied, {}, {"headers": {}}) == ()


def test_an_empty_map_is_as_good_as_null() -> None:
    assert diff(MCP_SERVERS, {"headers": None}, {"headers": {}}) == ()
    assert diff(MCP_SERVERS, {"headers": {}}, {}) == ()


def moving(live_headers: dict[str, Any], **more: Any) -> Any:
    stack = declared(resource("mcp_servers.crm", name="CRM", url="https://other.example.com/", **more))
    state = remembered(bound("mcp_servers.crm", "m1", **ONE))
    return planned(stack, live(remote("mcp_servers", "m1", **ONE, headers=live_headers)), state)


def test_another_host_needs_headers_that_nobody_declares() -> None:
    """The plan says it, not the API ("when url moves to another host, headers must be sent in the same call")."""
    with pytest.raises(ConfigError) as caught:
        moving({"Authorization": THERE})
    (problem,) = caught.value.diagnostics
    assert problem.summary == "Secret unknown"
    assert "It has Authorization and does not show what is in them. Declare headers" in problem.detail


def test_another_host_is_told_that_there_are_no_headers() -> None:
    (step,) = moving({}).steps
    assert step.spec == {"url": "https://other.example.com/", "headers": None}

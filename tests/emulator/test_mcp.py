"""MCP servers."""

from __future__ import annotations

import pytest

from .helpers import GONE, Api, llm

SERVER = {"name": "Search", "url": "https://MCP.Example.com:443"}


def test_a_server_gets_defaults_and_a_normal_url(api: Api) -> None:
    made = api.make("/mcp-servers", {**SERVER, "headers": {"X-Key": "hush"}})
    assert made["url"] == "https://mcp.example.com/"
    assert (made["transport"], made["timeout_seconds"], made["header_names"]) == ("streamable_http", 20, ["X-Key"])
    assert "headers" not in made
    assert api.ok("GET", "/mcp-servers") == {"mcp_servers": [made]}
    assert api.emulator.hidden("mcp_servers", made["id"]) == {"headers": {"X-Key": "hush"}}


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://x.test/",
            "https://",
            "https://localhost/x",
            "https://127.0.0.1",
            "https://[::1]/",
            "https://10.0.0.1",
        ),
        *("https://x.internal", "https://a b", "ftp://x.test", "https://x:99999/", "https://[x"),
    ],
)
def test_a_url_has_to_be_https_and_public(api: Api, url: str) -> None:
    api.refused(400, "POST", "/mcp-servers", {"name": "x", "url": url})


def test_names_are_unique_in_an_organization(api: Api) -> None:
    made = api.make("/mcp-servers", SERVER)
    api.refused(409, "POST", "/mcp-servers", SERVER)
    other = api.make("/mcp-servers", {**SERVER, "name": "Other"})
    api.refused(409, "PATCH", f"/mcp-servers/{other['id']}", {"name": "Search"})
    api.ok("PATCH", f"/mcp-servers/{made['id']}", {"name": "Search"})


def test_headers_are_replaced_whole(api: Api) -> None:
    made = api.make("/mcp-servers", {**SERVER, "headers": {"A": "1", "B": "2"}})
    path = f"/mcp-servers/{made['id']}"
    assert api.ok("PATCH", path, {"name": "New"})["mcp_server"]["header_names"] == ["A", "B"]
    assert api.ok("PATCH", path, {"headers": {"C": "3"}})["mcp_server"]["header_names"] == ["C"]
    assert api.emulator.hidden("mcp_servers", made["id"]) == {"headers": {"C": "3"}}
    assert api.ok("PATCH", path, {"headers": {}})["mcp_server"]["header_names"] == []
    api.refused(400, "PATCH", path, {"headers": {str(n): "x" for n in range(11)}})


def test_another_host_needs_the_headers_again(api: Api) -> None:
    made = api.make("/mcp-servers", SERVER)
    path = f"/mcp-servers/{made['id']}"
    assert api.ok("PATCH", path, {"url": "https://mcp.example.com/other"})
    api.refused(400, "PATCH", path, {"url": "https://evil.example.com/"})
    assert api.ok("PATCH", path, {"url": "https://evil.example.com/", "headers": {}})


def test_a_server_that_an_assistant_uses_cannot_be_deleted(api: Api) -> None:
    made = api.make("/mcp-servers", SERVER)
    tool = {"type": "mcp", "mcp_server_id": made["id"], "allowed_tools": ["a"]}
    agent = api.assistant(llm_config=llm(tools=[tool]))
    assert api.refused(409, "DELETE", f"/mcp-servers/{made['id']}")["details"] == ["Support"]
    api.ok("PATCH", f"/assistants/{agent['id']}", {"llm_config": llm()})
    api.ok("DELETE", f"/mcp-servers/{made['id']}")


def test_a_test_tells_whether_the_server_can_be_reached(api: Api) -> None:
    good = api.make("/mcp-servers", SERVER)
    bad = api.make("/mcp-servers", {"name": "Bad", "url": "https://mcp.invalid/"})
    assert api.ok("POST", f"/mcp-servers/{good['id']}/test")["ok"] is True
    assert api.ok("POST", f"/mcp-servers/{bad['id']}/test", {"headers": {"A": "b"}})["ok"] is False
    api.refused(400, "POST", f"/mcp-servers/{good['id']}/test", {"headers": {"A": 1}})
    api.refused(404, "POST", f"/mcp-servers/{GONE}/test")

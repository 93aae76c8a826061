"""The kinds of a whole organization over real sockets: one round of each, as a client sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hmsplan.emulator import Emulator, running

from .helpers import DEFINITION, FREE, KEY, PHONE, llm

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = {"name": "Search", "url": "https://MCP.Example.com:443", "headers": {"X-Key": "hush", "X-Org": "o"}}


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with Emulator(settings=FREE) as emulator, running(emulator) as url:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as made:
            yield made


def _ok(response: httpx.Response) -> Any:
    assert response.is_success, response.text
    return response.json()


def test_workflows(client: httpx.Client) -> None:
    made = _ok(client.post("/workflows", json={"name": "Intake", "definition": DEFINITION}))["workflow"]
    (listed,) = _ok(client.get("/workflows"))["workflows"]
    assert "definition" not in listed
    assert (listed["entry_node"], listed["node_count"], listed["edge_count"]) == ("hello", 4, 3)
    assert _ok(client.get(f"/workflows/{made['id']}"))["workflow"]["definition"] == DEFINITION
    broken = {**DEFINITION, "entry_node": "bye", "edges": [{"from": "bye", "to": "bye"}]}
    refused = client.patch(f"/workflows/{made['id']}", json={"definition": broken})
    assert refused.status_code == 400
    assert len(refused.json()["details"]) > 2
    number = _ok(client.post("/numbers", json={"phone_number": PHONE, "workflow_id": made["id"]}))["number"]
    assert client.delete(f"/workflows/{made['id']}").status_code == 409
    _ok(client.patch(f"/numbers/{number['id']}", json={"workflow_id": None}))
    _ok(client.delete(f"/workflows/{made['id']}"))


def test_mcp_servers(client: httpx.Client) -> None:
    made = _ok(client.post("/mcp-servers", json=SERVER))["mcp_server"]
    path = f"/mcp-servers/{made['id']}"
    assert (made["url"], made["header_names"]) == ("https://mcp.example.com/", ["X-Key", "X-Org"])
    assert "hush" not in client.get("/mcp-servers").text + client.get(path).text
    assert client.post("/mcp-servers", json=SERVER).status_code == 409
    assert _ok(client.post(f"{path}/test"))["ok"] is True
    assert client.patch(path, json={"url": "https://other.example.com/"}).status_code == 400
    moved = _ok(client.patch(path, json={"url": "https://other.example.com/", "headers": {"X-Key": "hush"}}))
    assert moved["mcp_server"]["header_names"] == ["X-Key"]
    tool = {"type": "mcp", "mcp_server_id": made["id"], "allowed_tools": ["search"]}
    agent = _ok(client.post("/assistants", json={"name": "A", "llm_config": llm(tools=[tool])}))["assistant"]
    assert client.delete(path).status_code == 409
    _ok(client.patch(f"/assistants/{agent['id']}", json={"llm_config": llm()}))
    _ok(client.delete(path))


def test_byok_keys_and_their_settings(client: httpx.Client) -> None:
    first = _ok(client.post("/byok", json={"provider": "xai", "api_key": "hush"}))["byok_keys"]["xai_secret_id"]
    assert "hush" not in client.get("/byok").text
    assert _ok(client.post("/byok", json={"provider": "xai", "api_key": "new"}))["byok_keys"]["xai_secret_id"] != first
    _ok(client.post("/byok/config", json={"provider": "xai", "config": {"a": 1}}))
    merged = _ok(client.post("/byok/config", json={"provider": "xai", "config": {"b": 2}}))
    assert merged == {"byok_config": {"xai": {"a": 1, "b": 2}}}
    assert client.post("/byok/config", json={"provider": "mistral", "config": {}}).status_code == 400
    assert {"id", "name", "category", "docsUrl", "models"} == _ok(client.get("/byok/config"))["providers"][0].keys()
    removed = _ok(client.request("DELETE", "/byok", json={"provider": "xai"}))
    assert removed["byok_keys"]["xai_secret_id"] is None


def test_the_domain(client: httpx.Client) -> None:
    assert _ok(client.get("/domains")) == {"domain": None}
    assert client.post("/domains", json={"domain_name": "mail.example.com"}).status_code == 400
    _ok(client.post("/byok", json={"provider": "resend", "api_key": "re_x"}))
    made = _ok(client.post("/domains", json={"domain_name": "mail.example.com"}))["domain"]
    assert made["records"]
    assert client.post("/domains", json={"domain_name": "b.example.com"}).status_code == 409
    assert [_ok(client.post(f"/domains/{act}"))["domain"]["status"] for act in ("refresh", "verify", "refresh")] == [
        "not_started",
        "pending",
        "verified",
    ]
    assert _ok(client.get("/domains/sync"))["selected_domain_id"] == made["resend_domain_id"]
    chosen = _ok(client.post("/domains/sync", json={"resendDomainId": made["resend_domain_id"]}))["domain"]
    assert chosen["domain_name"] == "mail.example.com"
    _ok(client.delete("/domains"))
    assert _ok(client.get("/domains")) == {"domain": None}


def test_the_organization(client: httpx.Client) -> None:
    mine = _ok(client.get("/organizations"))
    assert client.patch("/organizations", json={"content_retention_days": 30}).status_code == 400
    too_long = {"content_retention_days": 365, "metadata_retention_days": 90}
    assert "details" in client.patch("/organizations", json=too_long).json()
    both = {"content_retention_days": 30, "metadata_retention_days": 90}
    assert _ok(client.patch("/organizations", json=both)) == both
    assert not both.keys() & _ok(client.get("/organizations")).keys()
    child = _ok(client.post("/organizations", json={"name": "Shop", "parent_org_id": mine["id"]}))
    (listed,) = _ok(client.get("/organizations", params={"include_children": "true"}))["children"]
    assert listed["id"] == child["id"]


def test_an_event_that_is_not_known_is_kept(client: httpx.Client) -> None:
    made = _ok(client.post("/assistants", json={"name": "A", "webhook_events": ["tool-calls", "new-event"]}))
    assert made["assistant"]["webhook_events"] == ["tool-calls", "new-event"]

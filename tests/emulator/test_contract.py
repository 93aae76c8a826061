"""The contract: every operation of the OpenAPI document answers as it is described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Emulator, Settings

from . import openapi
from .helpers import ANALYSIS, CAMPAIGN, GONE, KEY, NESTED_TOOL, PHONE, WEBHOOK_TOOL, Api, Clock, MakeApi, llm

if TYPE_CHECKING:
    import httpx


class Checked(Api):
    """A client that holds every answer against the description."""

    def __init__(self, emulator: Emulator, key: str | None = KEY) -> None:
        super().__init__(emulator, key)
        self.succeeded: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        response = super().__call__(method, path, json, **options)
        template = openapi.template_of(method, path)
        assert template is not None, (method, path)
        body = response.json() if response.content else None
        assert not openapi.problems(method, template, response.status_code, body), (method, path, response.text)
        assert {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"} <= set(response.headers)
        if response.is_success:
            self.succeeded.add((method, template))
        return response


STANCES: list[dict[str, Any]] = [
    {},
    {"defaults": "all", "webhook_secret": "masked", "end_call_tool": "stored", "tool_form": "nested"},
    {"defaults": "required", "webhook_secret": "null", "tool_form": "flat", "tool_names": "snake"},
    {"analysis_envelope": "reference", "number_agent": "both", "retention_readable": True, "nested_patch": "merge"},
    {"analysis_envelope": "guide", "agents_envelope": "agent", "late_fields": "stored", "list_order": "shuffled"},
    {"delete_answer": "no_content", "error_form": "object", "unknown_fields": "stored", "empty_text": "null"},
]


def _assistants(api: Api) -> None:
    server = api.make("/mcp-servers", {"name": "S", "url": "https://mcp.example.com", "headers": {"A": "b"}})
    api.ok("POST", f"/mcp-servers/{server['id']}/test")
    api.ok("GET", "/mcp-servers")
    api.ok("GET", f"/mcp-servers/{server['id']}")
    api.ok("PATCH", f"/mcp-servers/{server['id']}", {"timeout_seconds": 30})
    mcp = {"type": "mcp", "mcp_server_id": server["id"], "allowed_tools": ["a"]}
    tools = [WEBHOOK_TOOL, NESTED_TOOL, {"type": "endCall"}, mcp]
    for path in ("/assistants", "/agents"):
        made = api.make(path, {"name": "A", "webhook_secret": "s", "llm_config": llm(tools=tools), "speech_config": {}})
        api.ok("GET", path)
        api.ok("GET", f"{path}/{made['id']}")
        body = {"notification_emails": ["a@b.nl"], "analysis_plan": {"structured_data_plan": {"enabled": True}}}
        api.ok("PATCH", f"{path}/{made['id']}", body)
        api.refused(409, "DELETE", f"/mcp-servers/{server['id']}")
        api.ok("DELETE", f"{path}/{made['id']}")
    api.ok("DELETE", f"/mcp-servers/{server['id']}")
    for config in ({"provider": "google_realtime", "model": "gemini-3.8-live"}, llm(temperature=0)):
        api.assistant(llm_config=config)
    api.refused(400, "POST", "/assistants", {"name": 1})
    api.refused(400, "PATCH", f"/assistants/{api.assistant()['id']}", {"name": 1})


def _templates(api: Api) -> None:
    tool = api.make("/tool-templates", {"name": "x", "tool_type": "end_call", "tool_config": {}})
    answer = api.ok("POST", "/analysis-templates", ANALYSIS)
    analysis = answer if "id" in answer else next(iter(answer.values()))
    for path, object_id in (("/tool-templates", tool["id"]), ("/analysis-templates", analysis["id"])):
        api.ok("GET", path)
        api.ok("GET", f"{path}/{object_id}")
        api.ok("PATCH", f"{path}/{object_id}", {"description": "d"})
        api.refused(400, "PATCH", f"{path}/{object_id}", {"name": 1})
        api.ok("DELETE", f"{path}/{object_id}")
    api.refused(400, "GET", "/analysis-templates?limit=0")


def _numbers(api: Api) -> str:
    trunk, flow = api.trunk(auth_username="u", auth_password="p"), api.workflow()
    number = api.number(agent_id=api.assistant()["id"], transfer_trunk_id=trunk["id"], workflow_id=flow["id"])
    for path, object_id in (("/numbers", number["id"]), ("/sip-trunks", trunk["id"]), ("/workflows", flow["id"])):
        api.ok("GET", path)
        api.ok("GET", f"{path}/{object_id}")
    api.refused(409, "POST", "/numbers", {"phone_number": PHONE})
    api.refused(404, "POST", "/numbers", {"phone_number": PHONE, "agent_id": GONE})
    api.refused(409, "DELETE", f"/workflows/{flow['id']}")
    api.refused(409, "DELETE", f"/sip-trunks/{trunk['id']}")
    api.ok("PATCH", f"/workflows/{flow['id']}", {"is_active": False})
    api.ok("PATCH", f"/numbers/{number['id']}", {"workflow_id": None, "transfer_trunk_id": None, "agent_id": None})
    api.ok("DELETE", f"/workflows/{flow['id']}")
    api.ok("DELETE", f"/sip-trunks/{trunk['id']}")
    return str(number["id"])


def _calls(api: Api, number: str) -> None:
    api.refused(404, "POST", "/calls/outbound", {"destination": PHONE, "number_id": GONE})
    call = api.ok("POST", "/calls/outbound", {"destination": "+31612345678", "number_id": number})["call_id"]
    api.ok("GET", f"/calls/{call}")
    api.refused(400, "POST", f"/calls/{call}/control", {"type": "end-call"})
    api.emulator.edit("calls", call, {"status": "in-progress"})
    api.ok("POST", f"/calls/{call}/control", {"type": "end-call"})
    api.refused(400, "POST", f"/calls/{call}/control", {"type": "end-call"})
    api.refused(404, "GET", "/calls/nobody")
    for path in ("/calls?limit=5&start_date=2020-01-01T00:00:00Z", "/usage", "/voices", "/health", "/chats/context"):
        api.ok("GET", path)
    api.refused(400, "GET", "/usage?limit=x")
    api.emulator.set_credits(0, key=api.key)
    api.refused(402, "POST", "/calls/outbound", {"destination": PHONE, "number_id": number})
    chat = api.ok("POST", "/chats", {"text": "x"})["message"]
    api.ok("GET", "/chats")
    api.ok("DELETE", f"/chats/{chat['id']}")
    api.ok("DELETE", f"/numbers/{number}")


def _campaigns(api: Api) -> None:
    made = api.campaign(leads=[{"phone_number": PHONE, "variables": {"a": "b"}}])
    path = f"/campaigns/{made['id']}"
    lead = api.make(f"{path}/leads", {"phone_number": PHONE})
    for each in ("/campaigns", path, f"{path}/leads"):
        api.ok("GET", each)
    api.ok("PATCH", path, {"status": "scheduled"})
    api.refused(409, "DELETE", f"/assistants/{made['agent_id']}")
    api.emulator.edit(
        "leads", lead["id"], {"status": "calling", "attempts": 1, "call_id": "c", "last_attempt_at": None}
    )
    api.refused(409, "DELETE", f"{path}/leads/{lead['id']}")
    api.emulator.edit("leads", lead["id"], {"status": "failed"})
    api.ok("DELETE", f"{path}/leads/{lead['id']}")
    api.emulator.edit("campaigns", made["id"], {"status": "completed"})
    api.refused(400, "PATCH", path, {"name": "x"})
    api.ok("DELETE", path)
    api.refused(404, "POST", "/campaigns", {**CAMPAIGN, "agent_id": GONE})


def _organization(api: Api) -> None:
    api.ok("GET", "/organizations?include_children=true")
    api.ok("GET", "/account")
    api.ok("POST", "/organizations", {"name": "Shop"})
    api.refused(403, "POST", "/organizations", {"name": "Shop", "parent_org_id": GONE})
    api.ok("PATCH", "/organizations", {"content_retention_days": 30, "metadata_retention_days": 365})
    api.refused(400, "PATCH", "/organizations", {"content_retention_days": 30})
    api.ok("POST", "/byok", {"provider": "resend", "api_key": "re"})
    api.ok("GET", "/byok")
    api.ok("POST", "/byok/config", {"provider": "resend", "config": {"a": 1}})
    api.ok("GET", "/byok/config")
    api.refused(400, "POST", "/byok/config", {"provider": "xai", "config": {}})
    api.ok("GET", "/domains")
    made = api.ok("POST", "/domains", {"domain_name": "mail.example.com"})["domain"]
    api.refused(409, "POST", "/domains", {"domain_name": "mail.example.com"})
    for path in ("/domains", "/domains/sync"):
        api.ok("GET", path)
    api.ok("POST", "/domains/sync", {"resendDomainId": made["resend_domain_id"]})
    api.ok("POST", "/domains/verify")
    api.ok("POST", "/domains/refresh")
    api.ok("DELETE", "/domains")
    api.refused(404, "POST", "/domains/refresh")
    api.ok("DELETE", "/byok", {"provider": "resend"})
    api.refused(404, "DELETE", "/byok", {"provider": "resend"})


@pytest.mark.parametrize("stance", STANCES, ids=lambda stance: next(iter(stance), "likeliest"))
def test_every_operation_answers_as_described(stance: dict[str, Any]) -> None:
    emulator = Emulator(settings=Settings(rate_limit=None, **stance))
    with Checked(emulator) as api:
        _assistants(api)
        _templates(api)
        _calls(api, _numbers(api))
        _campaigns(api)
        _organization(api)
        assert set(openapi.operations()) - api.succeeded == set()
    emulator.close()


def test_every_operation_but_health_refuses_a_missing_key_as_described() -> None:
    emulator = Emulator()
    with Checked(emulator, key=None) as api:
        for method, path in openapi.operations():
            if path != "/health":
                api.refused(401, method, path.replace("{id}", GONE).replace("{leadId}", GONE))
    emulator.close()


def test_every_operation_with_an_id_answers_404_as_described() -> None:
    emulator = Emulator(settings=Settings(rate_limit=None))
    with Checked(emulator) as api:
        for method, path in openapi.operations():
            if "{" in path:
                api.refused(404, method, path.replace("{id}", GONE).replace("{leadId}", GONE), {"name": "x"})
    emulator.close()


def test_every_operation_is_rate_limited_as_described() -> None:
    emulator = Emulator(settings=Settings(rate_limit=1), clock=Clock())
    with Checked(emulator) as api:
        api.ok("GET", "/numbers")
        for method, path in openapi.operations():
            if path != "/health":
                api.refused(429, method, path.replace("{id}", GONE).replace("{leadId}", GONE))
    emulator.close()


def test_no_operation_is_served_that_is_not_described(api: Api, make_api: MakeApi) -> None:
    del make_api
    described = {(method, path) for method, path in openapi.operations()}
    from hmsplan.emulator.routes import ROUTES  # noqa: PLC0415

    served = {(method, route.path) for route in ROUTES for method in route.operations}
    assert served == described
    assert api("GET", "/health").status_code == 200

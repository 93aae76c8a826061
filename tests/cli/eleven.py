"""An organization with all eleven kinds, made through the API as a person with its documentation would make it."""

from __future__ import annotations

from typing import Any

import httpx

KEY = "fl_test_0123456789"
OWN = "+31850000001"
DESK = "+31850000002"
TRIAGE = "You take the call.\n\nAsk what it is about, then pass it on.\n"
PROMPT = "You are the reception of a practice.\nSay who you are."
SECRETS = (
    "hunter2-crm",
    "hunter2-tenant",
    "hunter2-byok",
    "hunter2-resend",
    "hunter2-sip",
    "hunter2-hook",
    "hunter2-node",
)
RETENTION = {"content_retention_days": 90, "metadata_retention_days": 365}

LOOKUP = {
    "name": "lookup",
    "description": "Finds a customer",
    "parameters": {"type": "object", "properties": {"no": {"type": "string"}}},
    "url": "https://api.example.com/lookup",
}
ANALYSIS = {"system_prompt": "Judge.", "user_prompt": "{transcript}", "schema": {"type": "object"}}


class Platform:
    """The API with a key, for one organization."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; return it without its envelope."""
        answer = self.send("POST", path, body)
        return next((value for value in answer.values() if isinstance(value, dict)), {})

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.text)
        return answer.json()


def fill(url: str, key: str = KEY) -> None:
    """Make it."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as http:
        _fill(Platform(http))


def _fill(api: Platform) -> None:
    api.send("PATCH", "/organizations", RETENTION)
    api.post("/byok", {"provider": "elevenlabs", "api_key": SECRETS[2]})
    api.post("/byok", {"provider": "resend", "api_key": SECRETS[3]})
    api.send("POST", "/byok/config", {"provider": "elevenlabs", "config": {"region": "eu"}})
    api.post("/domains", {"domain_name": "mail.example.com"})
    api.post("/tool-templates", {"name": "Look up", "tool_type": "function", "tool_config": LOOKUP})
    api.post("/analysis-templates", {"name": "Outcome", **ANALYSIS})
    crm = _mcp_servers(api)
    reception = _assistants(api, crm)
    trunk = api.post(
        "/sip-trunks",
        {
            "name": "VoIP",
            "provider": "acme",
            "address": "sip.example.com",
            "transport": "tls",
            "auth_username": "u",
            "auth_password": SECRETS[4],
        },
    )
    api.post("/numbers", {"phone_number": DESK, "agent_id": reception})
    for workflow in (_triage(), _night()):
        made = api.post("/workflows", workflow)
        if workflow["name"] == "Triage":
            running = {"agent_id": reception, "transfer_trunk_id": trunk["id"], "workflow_id": made["id"]}
            api.post("/numbers", {"phone_number": OWN, **running})
    _campaign(api, reception)


def _mcp_servers(api: Platform) -> str:
    headers = {"Authorization": SECRETS[0], "X-Tenant": SECRETS[1]}
    crm = api.post("/mcp-servers", {"name": "CRM", "url": "https://mcp.example.com/v1", "headers": headers})
    api.post(
        "/mcp-servers",
        {"name": "Agenda", "url": "https://Agenda.example.com:443", "transport": "sse", "timeout_seconds": 30},
    )
    return str(crm["id"])


def _assistants(api: Platform, crm: str) -> str:
    tools: list[dict[str, Any]] = [
        LOOKUP,
        {"type": "mcp", "mcp_server_id": crm, "allowed_tools": ["find", "add"], "required": True},
        {"type": "transferCall", "destinations": [{"type": "number", "number": DESK, "description": "the desk"}]},
        {
            "type": "function",
            "function": {"name": "book", "description": "Books", "parameters": {"type": "object"}},
            "server": {"url": "https://api.example.com/book", "secret": SECRETS[5]},
        },
    ]
    reception = api.post(
        "/assistants",
        {
            "name": "Reception",
            "first_message": "Good morning.",
            "webhook_url": "https://hooks.example.com/voice",
            "webhook_secret": SECRETS[5],
            "analysis_plan": {
                "structured_data_plan": {
                    "enabled": True,
                    "schema": {"type": "object"},
                    "messages": [
                        {"role": "system", "content": "Judge."},
                        {"role": "user", "content": "{{transcript}}"},
                    ],
                },
            },
            "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
            "llm_config": {
                "provider": "openai",
                "model": "gpt-5.4",
                "temperature": 0.7,
                "messages": [{"role": "system", "content": PROMPT}],
                "tools": tools,
            },
            "tts_config": {"provider": "elevenlabs", "voice_id": "v1", "model": "eleven_flash_v2_5"},
        },
    )
    api.post("/assistants", {"name": "Short", "llm_config": _model("Be brief.")})
    return str(reception["id"])


def _model(prompt: str) -> dict[str, Any]:
    return {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": prompt}]}


def _triage() -> dict[str, Any]:
    nodes: list[dict[str, Any]] = [
        {
            "id": "hello",
            "type": "conversation",
            "instructions": TRIAGE,
            "first_line": "Hello.",
            "tools": [
                LOOKUP,
                {"type": "end_call"},
                {
                    "name": "open_case",
                    "description": "Opens a case",
                    "server": {"url": "https://api.example.com/case", "secret": SECRETS[6]},
                },
            ],
            "ui": {"x": 1, "y": 2.5},
        },
        {"id": "brief", "type": "conversation", "instructions": "Say goodbye.", "global": False},
        {"id": "note", "type": "tool", "tool_name": "note", "arguments": {"who": "${caller}", "x": None}},
        {"id": "desk", "type": "transfer", "destination": DESK},
        {"id": "elsewhere", "type": "transfer", "destination": "+31850009999"},
        {"id": "bye", "type": "end"},
    ]
    edges: list[dict[str, Any]] = [
        {"from": "hello", "to": "note", "description": "the caller wants a person"},
        {"from": "note", "to": "desk"},
        {"from": "hello", "to": "elsewhere", "description": "it burns"},
        {"from": "hello", "to": "brief", "description": "wants nothing"},
        {"from": "brief", "to": "bye", "description": "is done", "message": "Bye"},
    ]
    definition = {
        "version": 1,
        "entry_node": "hello",
        "global_prompt": "Be kind.\nAlways.",
        "nodes": nodes,
        "edges": edges,
    }
    return {"name": "Triage", "definition": definition}


def _night() -> dict[str, Any]:
    definition = {
        "version": 1,
        "entry_node": "hello",
        "nodes": [{"id": "hello", "type": "conversation", "instructions": "We are closed."}],
        "edges": [],
    }
    return {"name": "Night", "is_active": False, "definition": definition}


def _campaign(api: Platform, agent: str) -> None:
    leads = [{"phone_number": f"+3161234567{n}", "variables": {"name": f"N{n}"}} for n in range(3)]
    times = {"schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
    message = {"system_message_template": "Call {{name}}.\nBe polite."}
    api.post("/campaigns", {"name": "Spring", "agent_id": agent, **times, **message, "leads": leads})

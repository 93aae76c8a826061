"""A client for tests, and bodies that the API accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Self

import httpx

from hmsplan.emulator import Emulator, Settings

KEY = "fl_test_one"
GONE = "00000000-0000-4000-8000-000000000000"
PHONE = "+31850835037"

FREE = Settings(rate_limit=None)


class Api:
    """A synchronous client of one emulator and one key."""

    def __init__(self, emulator: Emulator, key: str | None = KEY, runner: asyncio.Runner | None = None) -> None:
        self.emulator = emulator
        self.key = key
        self._runner = runner or asyncio.Runner()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(
            transport=emulator.transport(), base_url="http://emulator/api/v1", headers=headers, timeout=5
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> httpx.Response:
        if json is not None:
            options["json"] = json
        return self._runner.run(self._client.request(method, path, **options))

    def ok(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        """Make a request that has to succeed; return the parsed body."""
        response = self(method, path, json, **options)
        assert response.is_success, (response.status_code, response.text)
        return response.json() if response.content else None

    def refused(self, status: int, method: str, path: str, json: Any = None, **options: Any) -> dict[str, Any]:
        """Make a request that has to be refused with a status; return the parsed body."""
        response = self(method, path, json, **options)
        assert response.status_code == status, (response.status_code, response.text)
        found: dict[str, Any] = response.json()
        assert "error" in found
        return found

    def make(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; return the document inside the envelope."""
        answer = self.ok("POST", path, body)
        (document,) = answer.values()
        assert isinstance(document, dict)
        return document

    def assistant(self, **fields: Any) -> dict[str, Any]:
        """Create an assistant."""
        return self.make("/assistants", {"name": "Support", **fields})

    def number(self, **fields: Any) -> dict[str, Any]:
        """Register a number."""
        return self.make("/numbers", {"phone_number": PHONE, **fields})

    def trunk(self, **fields: Any) -> dict[str, Any]:
        """Create a trunk."""
        return self.make("/sip-trunks", {"name": "VoIP", "provider": "acme", "address": "sip.example.com", **fields})

    def campaign(self, **fields: Any) -> dict[str, Any]:
        """Create a campaign, with an assistant of its own unless one is given."""
        agent_id = fields.pop("agent_id", None) or self.assistant()["id"]
        return self.make("/campaigns", {**CAMPAIGN, "agent_id": agent_id, **fields})

    def workflow(self, **fields: Any) -> dict[str, Any]:
        """Create a workflow."""
        return self.make("/workflows", {"name": "Intake", "definition": DEFINITION, **fields})


MakeApi = Callable[..., Api]

CAMPAIGN = {
    "name": "Spring",
    "schedule_start_time": "09:00",
    "schedule_end_time": "17:30:30",
    "timezone": "Europe/Amsterdam",
}
DEFINITION: dict[str, Any] = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [
        {"id": "hello", "type": "conversation", "instructions": "Greet."},
        {"id": "lookup", "type": "tool", "tool_name": "lookup"},
        {"id": "pass_on", "type": "transfer", "destination": PHONE},
        {"id": "bye", "type": "end"},
    ],
    "edges": [
        {"from": "hello", "to": "lookup", "description": "gave a name"},
        {"from": "lookup", "to": "pass_on"},
        {"from": "hello", "to": "bye", "description": "wants nothing"},
    ],
}
WEBHOOK_TOOL = {
    "name": "lookup",
    "description": "Looks up",
    "parameters": {"type": "object"},
    "url": "https://x.test/t",
}
NESTED_TOOL = {
    "type": "function",
    "function": {"name": "lookup", "description": "Looks up", "parameters": {"type": "object"}},
    "server": {"url": "https://x.test/t"},
}
ANALYSIS = {"name": "Outcome", "system_prompt": "Judge.", "user_prompt": "{transcript}", "schema": {"type": "object"}}


def llm(**fields: Any) -> dict[str, Any]:
    """Return an llm_config."""
    return {"provider": "openai", "model": "gpt-5.4", **fields}


class Clock:
    """A clock that tests move."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

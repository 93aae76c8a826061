"""An organization clicked together over the years: hostile names, outdated values, forms that nobody expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hmsplan.emulator import Emulator

SECRETS = ("hunter2-webhook", "hunter2-tool")
UNSHOWN = "organization.main: the API does not show content_retention_days and metadata_retention_days"
"""What no export of this emulator has."""

ELSEWHERE = "3f0c0d5e-0000-4000-8000-000000000000"

_PIPELINE: dict[str, Any] = {
    "is_active": True,
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "multi"},
    "llm_config": {"provider": "openai", "model": "gpt-5.4"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "x", "model": "eleven_flash_v2_5"},
}
_OPENAI = _PIPELINE["llm_config"]

HARMLESS: tuple[dict[str, Any], ...] = (
    {"name": "Support"},
    {"name": "Support"},
    {"name": "no"},
    {"name": "017"},
    {"name": "日本語"},
    {"name": 'Käse & Söhne: "GmbH" ${secret:x} # $${y} $$${z}', "business_name": "  padded "},
    {"name": "Dollar", "first_message": "Pay ${amount} or {{name}}\nor ${var:x} or ${file:/etc/passwd}"},
    {"name": "Secret", "webhook_url": "https://x.example/h", "webhook_secret": SECRETS[0]},
    {"name": "right to left", "first_message": "\u05e9\u05dc\u05d5\u05dd\u200f, {{name}}"},
    {"name": "marks \u200e\u200f\u061c", "first_message": "a\u200eb \u061cc", "business_name": "\u200f\u05d0"},
    {"name": "carriage return", "first_message": "a\r\nb"},
    {"name": "long " * 60, "first_message": "w" * 500, "voicemail_message": "word " * 100 + "$${"},
    {
        "name": "Prompts",
        "llm_config": {
            **_OPENAI,
            "temperature": 1e-7,
            "messages": [
                {"role": "system", "content": "  # lead\n\n - x\n\ttab ${file:a}\n\n"},
                {"role": "user", "content": "one\ntwo"},
            ],
        },
    },
    {
        "name": "Tools",
        "llm_config": {
            **_OPENAI,
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "nested",
                        "description": "d ${x}",
                        "parameters": {
                            "type": "object",
                            "properties": {"no": {"default": None, "enum": ["${y}", None, "017"]}},
                        },
                    },
                    "server": {"url": "https://x.example/h", "secret": SECRETS[1]},
                },
                {"name": "copied", "description": "many\nlines", "parameters": {"type": "object"}, "async": False},
                {"type": "endCall"},
                {
                    "type": "transferCall",
                    "destinations": [{"type": "number", "number": "+31850000020", "description": "x"}],
                },
                {"type": "function", "function": {"name": "no_description"}},
                {"type": "mcp", "mcp_server_id": ELSEWHERE, "allowed_tools": ["b", "a"]},
            ],
        },
        "analysis_plan": {
            "structured_data_plan": {
                "enabled": True,
                "schema": {"type": "object", "x": None},
                "messages": [{"role": "system", "content": "a"}],
            },
            "summary_plan": None,
        },
    },
    {"name": "Realtime", "llm_config": {"provider": "openai_live", "model": "gpt-live-1"}, "tts_config": None},
    {"name": "Catalog moved on", "llm_config": {**_OPENAI, "model": "gpt-3-ancient"}},
)
"""What can be exported whole, secrets apart."""

ODD: dict[str, dict[str, Any]] = {
    "name": {"name": "bell \x07 name"},
    "empty name": {"name": ""},
    "business_name": {"name": "nul", "business_name": "c\x00d"},
    "first_message": {"name": "reordered", "first_message": "bidi \u2066x"},
    "new_field": {"name": "newer", "new_field": {"a": 1}},
    "llm_config.temperature": {"name": "hot", "llm_config": {**_OPENAI, "temperature": 7}},
    "llm_config.foo": {"name": "unknown", "llm_config": {**_OPENAI, "foo": 1}},
    "llm_config.messages": {"name": "role", "llm_config": {**_OPENAI, "messages": [{"role": "weird", "content": "x"}]}},
    "llm_config.tools": {"name": "twins", "llm_config": {**_OPENAI, "tools": [{"name": "t", "description": "d"}] * 2}},
    "llm_config.tools[0].parameters": {
        "name": "no schema",
        "llm_config": {**_OPENAI, "tools": [{"name": "t", "description": "d", "parameters": {"type": 5}}]},
    },
    "llm_config.provider": {"name": "provider", "llm_config": {"provider": "unknown", "model": "m"}},
    "stt_config.provider": {"name": "hearing", "stt_config": {"provider": "nope"}},
    "max_duration_seconds": {"name": "short", "max_duration_seconds": 0},
    "notification_email": {"name": "mail", "notification_email": "not an email"},
    "notification_emails": {"name": "mails", "notification_emails": ["a@b.nl"] * 7},
    "webhook_url": {"name": "url", "webhook_url": "ftp://x"},
}
"""What has to be left out, by the field that is to blame."""


def furnish(emulator: Emulator, key: str) -> None:
    """Put everything in."""
    emulator.organization(key)
    ids = [emulator.add("assistants", {**_PIPELINE, **each}, key=key) for each in HARMLESS]
    for each in ODD.values():
        emulator.add("assistants", {**_PIPELINE, **each}, key=key)
    _telephony(emulator, key, ids[0])
    _templates(emulator, key)
    _campaigns(emulator, key, ids[1])


def _telephony(emulator: Emulator, key: str, assistant: str) -> None:
    trunk = {"name": "T", "provider": "p", "address": "sip.example", "transport": "tls", "auth_username": "u"}
    trunk_id = emulator.add("sip_trunks", trunk, key=key)
    emulator.add("sip_trunks", {**trunk, "transport": "carrier-pigeon"}, key=key)
    for fields in (
        {
            "phone_number": "+31850000099",
            "agent_id": assistant,
            "transfer_trunk_id": trunk_id,
            "workflow_id": ELSEWHERE,
        },
        {"phone_number": "+31850000098", "agent_id": ELSEWHERE, "name": "Main line"},
        {"phone_number": "0031 85 000 00 97", "agent_id": None},
        {"phone_number": "anonymous", "agent_id": "not-a-uuid"},
    ):
        emulator.add("numbers", {"is_active": True, **fields}, key=key)


def _templates(emulator: Emulator, key: str) -> None:
    copied = {"name": "copied", "description": "many\nlines", "parameters": {"type": "object"}, "async": False}
    for name, tool_type, config in (
        ("copied", "function", copied),
        ("end", "end_call", {}),
        ("odd tool name", "function", {"parameters": {"type": "object"}}),
        ("weird", "laser", {"x": 1}),
    ):
        emulator.add("tool_templates", {"name": name, "tool_type": tool_type, "tool_config": config}, key=key)
    prompts = {"system_prompt": "a {transcript}", "user_prompt": "b\nc"}
    schema = {"type": "object", "a": [None, {"$ref": "${x}"}]}
    emulator.add("analysis_templates", {"name": "good", **prompts, "schema": schema}, key=key)
    emulator.add("analysis_templates", {"name": "bad", **prompts, "schema": {"type": "zzz"}}, key=key)


def _campaigns(emulator: Emulator, key: str, assistant: str) -> None:
    fields = {
        "agent_id": assistant,
        "schedule_start_time": "09:00:00",
        "schedule_end_time": "17:00:00",
        "timezone": "Europe/Amsterdam",
    }
    done = emulator.add("campaigns", {**fields, "name": "Spring", "status": "completed"}, key=key)
    paused = emulator.add("campaigns", {**fields, "name": "Spring", "status": "paused"}, key=key)
    names = emulator.add("campaigns", {**fields, "name": "Names", "status": "scheduled"}, key=key)
    emulator.add("campaigns", {**fields, "name": "Odd", "status": "draft", "schedule_start_time": "9 am"}, key=key)
    emulator.add("campaigns", {**fields, "name": "Empty", "status": "draft"}, key=key)

    def lead(campaign: str, number: str, status: str = "pending", **variables: Any) -> None:
        lead = {"campaign_id": campaign, "phone_number": number, "variables": variables, "status": status}
        emulator.add("leads", lead, key=key)

    for digit in range(4):
        lead(done, f"+3161234567{digit}", "completed" if digit else "pending", name=f'a,"b"\n{digit}', x="${y}")
    lead(done, "+31612345670", name='a,"b"\n0', x="${y}")
    lead(paused, "+31612345670", name="x")
    lead(paused, "+31612345671")
    lead(paused, "+31612345672", n=3)
    lead(paused, "hidden")
    lead(paused, "+31612345673", crlf="a\r\nb ${z}", **{"k k": "v"})
    lead(names, "+31612345670", phone_number="x", **{" pad": "1"})

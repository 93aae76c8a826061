"""Two versions of one small stack with all eleven kinds, between which everything changes that a stack can change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from support.world import CANARY

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "stack"

SECRETS: Mapping[str, str] = {
    "HMSPLAN_SECRET_HOOK": f"{CANARY}-hook",
    "HMSPLAN_SECRET_SIP": f"{CANARY}-sip",
    "HMSPLAN_SECRET_TOOL": f"{CANARY}-tool",
    "HMSPLAN_FINGERPRINT_KEY": "0123456789abcdef0123456789abcdef",
}

SPEECH_TO_TEXT = {"provider": "deepgram", "model": "nova-3", "language": "nl"}
VOICE = {"provider": "elevenlabs", "voice_id": "v1", "model": "eleven_flash_v2_5"}


WITH_TEMPLATES: Final = ("assistants", "tool_templates", "analysis_templates", "mcp_servers")
"""The assistants of the stacks below, with what they refer to."""


def example(root: Path) -> Path:
    """Copy the example without its environments, so that nothing of it is left out; return where it is."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".hmsplan", "environments"))
    file = root / "hmsplan.yaml"
    file.write_text(file.read_text("utf-8").replace("default_environment: staging\n", ""), "utf-8")
    return root


def prompt(text: str) -> list[dict[str, str]]:
    return [{"role": "system", "content": text}]


def lead(last_digits: str, **variables: str) -> dict[str, Any]:
    return {"phone_number": f"+3161234{last_digits}", "variables": variables}


def campaign(name: str, agent: str, leads: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    times = {"schedule_start_time": "09:00", "schedule_end_time": "17:30", "timezone": "Europe/Amsterdam"}
    return {"name": name, "agent_id": agent, **times, "leads": leads, **more}


def _lookup(description: str, *required: str) -> dict[str, Any]:
    fields = {name: {"type": "string"} for name in required}
    return {
        "name": "Look up",
        "description": "Finds things.",
        "tool_type": "function",
        "tool_config": {
            "name": "lookup",
            "description": description,
            "url": "https://api.example.com/lookup",
            "parameters": {"type": "object", "properties": fields, "required": [*required]},
        },
    }


def _triage(question: str, *others: dict[str, Any]) -> dict[str, Any]:
    """A graph in which the first node leads to all *others*."""
    hello = {"id": "hello", "type": "conversation", "instructions": question, "tools": ["${tool_templates.lookup}"]}
    edges = [{"from": "hello", "to": each["id"], "description": f"It is about {each['id']}."} for each in others]
    return {"version": 1, "entry_node": "hello", "nodes": [hello, *others], "edges": edges}


def _outcome(**fields: str) -> dict[str, Any]:
    return {
        "name": "Outcome",
        "system_prompt": "You file calls.",
        "user_prompt": "File this: {transcript}",
        "schema": {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}},
    }


_TRANSFER = {
    "name": "Transfer",
    "tool_type": "transfer_call",
    "tool_config": {"destinations": [{"type": "number", "number": "+31850000020", "description": "A person"}]},
}
_DESK = {"id": "desk", "type": "transfer", "destination": "+31850000020"}
_REALTIME = {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0", "voice": "ara"}
_MCP = {"type": "mcp", "allowed_tools": ["find"]}
_TRUNK = {
    "name": "VoIP",
    "provider": "custom",
    "auth_username": "desk",
    "auth_password": "${secret:sip}",
    "transport": "tls",
}

BEFORE: Mapping[str, Any] = {
    "byok_keys": {
        "resend": {"provider": "resend", "api_key": "${secret:hook}"},
        "gladia": {"provider": "gladia", "api_key": "${secret:tool}", "config": {"region": "eu"}},
    },
    "domain": {"main": {"domain_name": "mail.example.com"}},
    "organization": {"main": {"content_retention_days": 30, "metadata_retention_days": 365}},
    "mcp_servers": {
        "crm": {"name": "CRM", "url": "https://crm.example.com/v1", "headers": {"Authorization": "${secret:tool}"}},
        "agenda": {"name": "Agenda", "url": "https://agenda.example.com/", "timeout_seconds": 30},
    },
    "workflows": {
        "triage": {"name": "Triage", "definition": _triage("What is it about?", _DESK)},
        "night": {"name": "Night", "definition": _triage("We are closed.")},
    },
    "tool_templates": {"lookup": _lookup("Finds an appointment.", "name"), "transfer": _TRANSFER},
    "analysis_templates": {"outcome": _outcome(reason="string", resolved="boolean")},
    "sip_trunks": {"voip": {**_TRUNK, "address": "sip.one.example"}},
    "assistants": {
        "desk": {
            "name": "Desk",
            "business_name": "Acme",
            "first_message": "Hello.",
            "silence_timeout_seconds": 9,
            "notification_emails": ["a@example.com", "b@example.com"],
            "recording_consent": {"enabled": True, "message": "May we record?"},
            "webhook_url": "https://hooks.example.com/voice",
            "webhook_secret": "${secret:hook}",
            "webhook_events": ["tool-calls", "end-of-call-report"],
            "stt_config": SPEECH_TO_TEXT,
            "llm_config": {
                "provider": "openai",
                "model": "gpt-5.4",
                "temperature": 0.4,
                "messages": prompt("You are the desk.\n- Be kind."),
                "tools": [
                    "${tool_templates.lookup}",
                    "${tool_templates.transfer}",
                    {"type": "end_call"},
                    {**_MCP, "mcp_server_id": "${mcp_servers.crm}"},
                    {**_MCP, "mcp_server_id": "${mcp_servers.agenda}"},
                ],
            },
            "tts_config": {**VOICE, "similarity_boost": 0.7, "stability": 0.5, "speed": 0.9},
            "speech_config": {"silence": {"max_attempts": 2, "messages": ["Still there?"]}, "end_call_message": "Bye."},
            "analysis_plan": "${analysis_templates.outcome}",
        },
        "early": {
            "name": "Early",
            "stt_config": SPEECH_TO_TEXT,
            "llm_config": {"provider": "openai", "model": "gpt-5.4", "max_completion_tokens": 300},
            "tts_config": VOICE,
        },
        "late": {"name": "Late", "llm_config": _REALTIME, "tts_config": None},
        "leaver": {"name": "Leaver", "first_message": "Not for long."},
    },
    "numbers": {
        "main": {
            "phone_number": "+31850000010",
            "agent_id": "${assistants.desk}",
            "transfer_trunk_id": "${sip_trunks.voip}",
        },
        "second": {
            "phone_number": "+31850000011",
            "agent_id": "${assistants.leaver}",
            "transfer_trunk_id": "${sip_trunks.voip}",
        },
        "night": {"phone_number": "+31850000013", "workflow_id": "${workflows.night}"},
    },
    "campaigns": {
        "recall": campaign(
            "Recall", "${assistants.late}", [lead("001", who="An"), lead("002", who="Bo"), lead("003", who="Cy")]
        ),
        "promotion": campaign("Promotion", "${assistants.early}", [lead("009")]),
    },
}

AFTER: Mapping[str, Any] = {
    "byok_keys": {
        "resend": {"provider": "resend", "api_key": "${secret:tool}"},
        "mistral": {"provider": "mistral", "api_key": "${secret:tool}", "config": {"region": "us"}},
    },
    "domain": {"main": {"domain_name": "post.example.com"}},
    "organization": {"main": {"content_retention_days": 90, "metadata_retention_days": 365}},
    "mcp_servers": {
        "crm": {"name": "CRM", "url": "https://crm.example.net/v1", "headers": {"X-Team": "${secret:hook}"}},
        "notes": {"name": "Notes", "url": "https://notes.example.com/"},
    },
    "workflows": {
        "triage": {"name": "Triage", "definition": _triage("Who is it?", _DESK, {"id": "bye", "type": "end"})},
        "day": {"name": "Day", "definition": _triage("We are open.")},
    },
    "tool_templates": {"lookup": _lookup("Finds an appointment by its day.", "day")},
    "analysis_templates": {"outcome": {**_outcome(reason="string", resolved="boolean"), "description": "New."}},
    "sip_trunks": {"voip": {**_TRUNK, "address": "sip.two.example"}},
    "assistants": {
        "desk": {
            "name": "Desk",
            "first_message": None,
            "notification_emails": ["b@example.com"],
            "recording_consent": {"enabled": False, "message": "May we record?"},
            "webhook_url": "https://hooks.example.com/voice",
            "webhook_events": ["tool-calls"],
            "stt_config": SPEECH_TO_TEXT,
            "llm_config": {
                "provider": "openai",
                "model": "gpt-5.4",
                "messages": prompt("You are the desk.\n- Be quick."),
                "tools": [
                    "${tool_templates.lookup}",
                    {"type": "end_call"},
                    {**_MCP, "mcp_server_id": "${mcp_servers.notes}"},
                ],
            },
            "tts_config": {**VOICE, "similarity_boost": 0.7, "stability": 0.5},
            "speech_config": {"silence": {"messages": ["Hello?"]}},
            "analysis_plan": "${analysis_templates.outcome}",
        },
        "early": {"name": "Early", "llm_config": {**_REALTIME, "temperature": 0.5}, "tts_config": None},
        "late": {
            "name": "Late",
            "stt_config": SPEECH_TO_TEXT,
            "llm_config": {"provider": "openai", "model": "gpt-5.4"},
            "tts_config": VOICE,
        },
        "newcomer": {"name": "Newcomer", "recording_consent": {"enabled": True, "message": "May we?"}},
    },
    "numbers": {
        "main": {
            "phone_number": "+31850000010",
            "agent_id": "${assistants.newcomer}",
            "transfer_trunk_id": "${sip_trunks.voip}",
        },
        "second": {"phone_number": "+31850000011", "transfer_trunk_id": "${sip_trunks.voip}", "is_active": False},
        "third": {"phone_number": "+31850000012", "agent_id": "${assistants.desk}"},
        "night": {"phone_number": "+31850000013", "workflow_id": "${workflows.day}"},
    },
    "campaigns": {
        "recall": campaign(
            "Recall of autumn",
            "${assistants.late}",
            [lead("001", who="An"), lead("003", who="Di"), lead("004"), lead("005")],
            status="scheduled",
        ),
        "survey": campaign("Survey", "${assistants.newcomer}", [lead("007"), lead("008")], status="scheduled"),
    },
}

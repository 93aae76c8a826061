"""Shapes of the request bodies, one a create or an update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.emulator.catalog import DESTINATION, LLM, STT, TTS
from hmsplan.emulator.shapes import Choice, Flag, Late, ListOf, MapOf, Nullable, Number, Phone, Record, Text, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = Text(limit="name_max", trimmed=True)
_ID = Text(format="uuid")
_URL = Text(format="uri")
_MESSAGE = Text(limit="message_max")
_PROMPT = Text(limit="prompt_max")
_EMAIL = Text(format="email")
_EVENTS = ListOf(Choice(("assistant-request", "tool-calls", "status-update", "end-of-call-report")))

# --- assistants -------------------------------------------------------------------------------------------


def _delays_in_order(turn_taking: dict[str, Any]) -> Iterator[tuple[str, str]]:
    least, most = turn_taking.get("endpointing_min_delay", 0.4), turn_taking.get("endpointing_max_delay", 2)
    if most < least:
        yield "endpointing_max_delay", f"must not be below endpointing_min_delay ({least})"


def _phrases_can_be_heard(speech: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for index, phrase in enumerate(speech.get("end_call_phrases") or ()):
        if sum(char.isalnum() for char in phrase) < 2:  # noqa: PLR2004 - "needs at least 2 letters or digits"
            yield f"end_call_phrases[{index}]", "needs at least 2 letters or digits"


SPEECH = Record(
    {
        "turn_taking": Record(
            {
                "endpointing_min_delay": Number(0.1, 5, default=0.4),
                "endpointing_max_delay": Number(0.1, 5, default=2),
                "interruption_min_duration": Number(0.05, 2, default=0.3),
                "interruption_min_words": Number(0, 10, whole=True, default=0),
                "false_interruption_timeout": Nullable(Number(0.2, 5), default=1.5),
            },
            rules=(_delays_in_order,),
            filled=True,
        ),
        "pronunciation": ListOf(
            Record({"from": Text(1, 64), "to": Text(0, 128)}, frozenset({"from", "to"})), max_items=50
        ),
        "background_audio": Record(
            {
                "enabled": Flag(default=False),
                "clip": Choice(("office", "city", "forest", "crowded_room"), default="office"),
                "volume": Number(0.05, 1, default=0.3),
            },
            filled=True,
        ),
        "silence": Record(
            {
                "messages": ListOf(Text(1, 300), max_items=5),
                "final_message": Nullable(Text(max_length=300)),
                "first_check_seconds": Number(1, 60, default=3),
                "interval_seconds": Number(3, 120, default=12),
                "max_attempts": Number(1, 10, whole=True, default=3),
            },
            filled=True,
        ),
        "end_call_message": Nullable(Text(max_length=300)),
        "first_message_outbound": Nullable(Text(max_length=300)),
        "end_call_phrases": Nullable(ListOf(Text(max_length=100), max_items=5)),
    },
    rules=(_phrases_can_be_heard,),
)
ANALYSIS_PLAN = Record(
    {
        "structured_data_plan": Record(
            {
                "enabled": Flag(),
                "schema": MapOf(),
                "messages": ListOf(
                    Record({"role": Choice(("system", "user")), "content": _PROMPT}, frozenset({"role", "content"}))
                ),
            },
            frozenset({"enabled"}),
        ),
        "min_messages_threshold": Number(0, whole=True, default=2),
    }
)
_CONSENT = Record({"enabled": Flag(), "message": _MESSAGE}, frozenset({"enabled", "message"}))
_EMAILS = ListOf(_EMAIL, max_items=5)

ASSISTANT_CREATE = Record(
    {
        "name": NAME,
        "business_name": Text(limit="name_max"),
        "notification_email": _EMAIL,
        "first_message": _MESSAGE,
        "is_active": Flag(),
        "max_duration_seconds": Number(1, whole=True),
        "autonomous_silence_handling": Flag(),
        "silence_timeout_seconds": Number(1, whole=True),
        "voicemail_detection": Flag(),
        "voicemail_message": _MESSAGE,
        "gdpr_mode": Flag(),
        "webhook_url": _URL,
        "webhook_secret": Text(),
        "webhook_events": _EVENTS,
        "analysis_plan": ANALYSIS_PLAN,
        "stt_config": STT,
        "llm_config": LLM,
        "tts_config": TTS,
        "speech_config": SPEECH,
        "notification_emails": Late(Nullable(_EMAILS)),
        "recording_consent": Late(Nullable(_CONSENT)),
    },
    frozenset({"name"}),
)
ASSISTANT_UPDATE = Record(
    {
        "name": NAME,
        "business_name": Nullable(Text(limit="name_max")),
        "notification_email": Nullable(_EMAIL),
        "first_message": Nullable(_MESSAGE),
        "is_active": Flag(),
        "max_duration_seconds": Nullable(Number(1, whole=True)),
        "autonomous_silence_handling": Flag(),
        "silence_timeout_seconds": Number(1, whole=True),
        "voicemail_detection": Nullable(Flag()),
        "voicemail_message": Nullable(_MESSAGE),
        "gdpr_mode": Flag(),
        "webhook_url": Nullable(_URL),
        "webhook_secret": Nullable(Text()),
        "webhook_events": Nullable(_EVENTS),
        "analysis_plan": Nullable(ANALYSIS_PLAN),
        "stt_config": STT,
        "llm_config": LLM,
        "tts_config": Nullable(TTS),
        "speech_config": Nullable(SPEECH),
        "notification_emails": Nullable(_EMAILS),
        "recording_consent": Nullable(_CONSENT),
    }
)

# --- numbers and trunks -----------------------------------------------------------------------------------

NUMBER_CREATE = Record(
    {
        "phone_number": Phone(),
        "agent_id": _ID,
        "assistant_id": _ID,
        "transfer_trunk_id": _ID,
        "workflow_id": _ID,
        "is_active": Flag(),
        "name": NAME,
    },
    frozenset({"phone_number"}),
)
NUMBER_UPDATE = Record(
    {
        "agent_id": Nullable(_ID),
        "assistant_id": Nullable(_ID),
        "transfer_trunk_id": Nullable(_ID),
        "workflow_id": Nullable(_ID),
        "is_active": Flag(),
        "name": NAME,
    }
)
TRUNK_CREATE = Record(
    {
        "name": NAME,
        "provider": Text(),
        "address": Text(),
        "auth_username": Text(),
        "auth_password": Text(),
        "transport": Choice(("udp", "tcp", "tls")),
    },
    frozenset({"name", "provider", "address"}),
)

# --- templates --------------------------------------------------------------------------------------------

_FUNCTION_CONFIG = Record(
    {
        "name": Text(pattern=r"[A-Za-z_][A-Za-z0-9_-]{0,63}"),
        "description": _MESSAGE,
        "parameters": MapOf(),
        "url": _URL,
        "async": Flag(),
    }
)
TOOL_CONFIGS: dict[str, Record | MapOf] = {
    "function": _FUNCTION_CONFIG,
    "end_call": MapOf(max_items=0),
    "transfer_call": Record({"destinations": ListOf(DESTINATION)}, frozenset({"destinations"})),
}
"""The form of ``tool_config`` for each ``tool_type``."""

TOOL_TEMPLATE_CREATE = Variant(
    "tool_type",
    {
        kind: Record(
            {
                "name": NAME,
                "description": Nullable(_MESSAGE),
                "tool_type": Choice((kind,)),
                "tool_config": config,
            },
            frozenset({"name", "tool_type", "tool_config"}),
        )
        for kind, config in TOOL_CONFIGS.items()
    },
)
TOOL_TEMPLATE_UPDATE = Record(
    {
        "name": NAME,
        "description": Nullable(_MESSAGE),
        "tool_type": Choice(tuple(TOOL_CONFIGS)),
        "tool_config": MapOf(),
    }
)
ANALYSIS_TEMPLATE = Record(
    {
        "name": NAME,
        "description": Nullable(_MESSAGE),
        "system_prompt": _PROMPT,
        "user_prompt": _PROMPT,
        "schema": MapOf(),
    }
)
ANALYSIS_TEMPLATE_REQUIRED = frozenset({"name", "system_prompt", "user_prompt", "schema"})

# --- campaigns --------------------------------------------------------------------------------------------

_TIME = Text(pattern=r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
LEAD_CREATE = Record({"phone_number": Phone(), "variables": MapOf(Text())}, frozenset({"phone_number"}))
CAMPAIGN_UPDATE = Record(
    {
        "name": NAME,
        "status": Choice(("draft", "scheduled", "paused", "cancelled")),
        "system_message_template": _PROMPT,
        "schedule_start_time": _TIME,
        "schedule_end_time": _TIME,
        "timezone": Text(),
    }
)
CAMPAIGN_CREATE = Record(
    {
        **{name: shape for name, shape in CAMPAIGN_UPDATE.fields.items() if name != "status"},
        "agent_id": _ID,
        "leads": ListOf(LEAD_CREATE),
    },
    frozenset({"name", "agent_id", "schedule_start_time", "schedule_end_time", "timezone"}),
)

# --- the rest ---------------------------------------------------------------------------------------------

_HEADERS = MapOf(Text(), max_items=10)
MCP_UPDATE = Record(
    {
        "name": NAME,
        "url": Text(pattern=r"https://.*", format="uri"),
        "transport": Choice(("streamable_http", "sse")),
        "headers": _HEADERS,
        "timeout_seconds": Number(5, 60, whole=True),
    }
)
MCP_TEST = Record({"headers": MapOf(Text())})

PROVIDERS = (
    *("deepgram", "openai", "elevenlabs", "inworld", "resend"),
    *("xai", "gladia", "mistral", "google", "google_vertex"),
)
_PROVIDER = Choice(PROVIDERS)
BYOK_SET = Record({"provider": _PROVIDER, "api_key": Text()}, frozenset({"provider", "api_key"}))
BYOK_DELETE = Record({"provider": _PROVIDER}, frozenset({"provider"}))
BYOK_CONFIG_SET = Record({"provider": _PROVIDER, "config": MapOf()}, frozenset({"provider", "config"}))

DOMAIN_CREATE = Record({"domain_name": Text()}, frozenset({"domain_name"}))
DOMAIN_SYNC = Record({"resendDomainId": Text()}, frozenset({"resendDomainId"}))

ORGANIZATION_CREATE = Record({"name": NAME, "parent_org_id": _ID}, frozenset({"name"}))


def _content_goes_first(retention: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if retention["content_retention_days"] > retention["metadata_retention_days"]:
        yield "content_retention_days", "must not exceed metadata_retention_days"


RETENTION = Record(
    {
        "content_retention_days": Choice((30, 90, 180, 365)),
        "metadata_retention_days": Choice((30, 90, 180, 365, 730)),
    },
    frozenset({"content_retention_days", "metadata_retention_days"}),
    (_content_goes_first,),
)

_TRANSIENT = Record(
    {
        "first_message": _MESSAGE,
        "stt_config": STT,
        "llm_config": LLM,
        "tts_config": TTS,
        "max_duration_seconds": Number(1, whole=True),
        "autonomous_silence_handling": Flag(),
        "silence_timeout_seconds": Number(1, whole=True),
        "voicemail_detection": Flag(),
        "voicemail_message": _MESSAGE,
        "webhook_url": _URL,
        "webhook_secret": Text(),
        "webhook_events": _EVENTS,
        "metadata": MapOf(),
    }
)
OUTBOUND_CALL = Record(
    {
        "destination": Phone(),
        "number_id": _ID,
        "assistant_id": _ID,
        "assistant_override": _TRANSIENT,
        "assistant": _TRANSIENT,
        "first_message": _MESSAGE,
    },
    frozenset({"destination"}),
)
CALL_CONTROL = Variant(
    "type",
    {
        "inject-context": Record(
            {"type": Text(), "content": Text(), "trigger_response": Flag()},
            frozenset({"type", "content", "trigger_response"}),
        ),
        "say": Record(
            {"type": Text(), "content": Text(), "end_after": Flag()}, frozenset({"type", "content", "end_after"})
        ),
        "end-call": Record({"type": Text(), "message": Text()}, frozenset({"type"})),
        "transfer": Record(
            {"type": Text(), "destination": Phone(), "message": Text()}, frozenset({"type", "destination"})
        ),
    },
)
CHAT = Record({})

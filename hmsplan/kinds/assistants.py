"""Assistants: who answers or calls, with which models, tools and voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.catalog import BLOCKS, catalog
from hmsplan.kinds import normalise, tool_forms
from hmsplan.kinds.kind import NAME, STAMPS, Kind, Use, patterns
from hmsplan.model import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.model import Spec, Value


def tts_provider(value: Value) -> Value:
    """``11labs`` is ``elevenlabs`` ("11labs is an alias of TTS provider elevenlabs. Which is stored is unknown")."""
    return "elevenlabs" if value == "11labs" else value


def pronounced(value: Value) -> str:
    """What tells one pronunciation from another: the word."""
    return str(value.get("from")) if isinstance(value, dict) else str(value)


def account_in(block: str) -> Callable[[Value], str | None]:
    """Return what names the provider whose key a block of an assistant is used with, if the organization has its own.

    None for the platform itself. A provider that the catalog does not know is taken for its own account.
    """

    def account(config: Value) -> str | None:
        if not isinstance(config, dict) or not isinstance(provider := config.get("provider"), str):
            return None
        known = catalog().find(block, config)
        return provider if known is None else known.key_of(config.get("model"))

    return account


def refused_keys_in(block: str) -> Callable[[Mapping[str, Any]], frozenset[str]]:
    """Return what names the settings that the API refuses next to the model of a block."""

    def refused_keys(config: Mapping[str, Any]) -> frozenset[str]:
        known = catalog().find(block, config)
        model = known.model(config.get("model")) if known is not None else None
        return frozenset(model.refuses) if model is not None else frozenset()

    return refused_keys


def spare_hang_up(key: str | int, declared: Mapping[Any, Any], spec: Spec, live: Spec) -> bool:
    """Say whether the live tool *key*, which is not declared, is the platform's own ``end_call``.

    "With autonomous_silence_handling on, the platform adds an end_call tool when the assistant has none. If that is
    stored, it shows as an extra tool."
    """
    silence = spec.get("autonomous_silence_handling", live.get("autonomous_silence_handling"))
    return key == "end_call" and bool(silence) and "end_call" not in declared


_PLATFORM_KEY: Final = "the platform's own key, where it has one"  # "falls back to the platform's own key"

ASSISTANTS: Final = Kind(
    name="assistants",
    singular="assistant",
    noun="assistant",
    article="an",
    path="/assistants",
    docs="API reference, section Assistants; SDK types AssistantCreate and AssistantUpdate; config catalog v1",
    collection=("assistants", "agents"),
    envelope=("assistant", "agent"),
    identity="name",  # inferred: nothing says that names are unique
    required=frozenset({"name"}),
    required_in={
        "stt_config": ("provider", "model", "language"),
        "llm_config": ("provider", "model"),
        "tts_config": ("provider", "voice_id"),
        "recording_consent": ("enabled", "message"),
    },
    refs={pattern("llm_config.tools[].mcp_server_id"): "mcp_servers"},
    uses={pattern(block): Use(kind="byok_keys", named=account_in(block), substitute=_PLATFORM_KEY) for block in BLOCKS},
    expands={pattern("llm_config.tools[]"): "tool_templates", pattern("analysis_plan"): "analysis_templates"},
    computed=STAMPS,
    in_calls=("agent_id", "assistant_id"),
    in_every_call=True,
    calls_through="numbers",
    secrets=patterns("webhook_secret", "llm_config.tools[].server.secret"),
    clearable=frozenset(
        {
            "business_name",
            "notification_email",
            "first_message",
            "max_duration_seconds",
            "voicemail_detection",
            "voicemail_message",
            "webhook_url",
            "webhook_secret",
            "webhook_events",
            "analysis_plan",
            "tts_config",
            "speech_config",
            "notification_emails",
            "recording_consent",
        }
    ),
    kept=frozenset({"tts_config"}),  # a pipeline assistant "needs stt_config and tts_config"
    after_create=frozenset({"notification_emails", "recording_consent"}),  # in the SDK only on update and read
    atomic=patterns("llm_config.tools[].parameters", "analysis_plan.structured_data_plan.schema"),
    unordered=patterns("webhook_events", "notification_emails", "llm_config.tools[].allowed_tools"),
    keyed={
        pattern("llm_config.tools"): tool_forms.tool_name,
        pattern("llm_config.tools[].destinations"): tool_forms.destination_name,
        pattern("speech_config.pronunciation"): pronounced,
    },
    distinct=patterns("llm_config.tools"),
    spare={pattern("llm_config.tools"): spare_hang_up},
    canonical={
        **NAME,
        pattern("llm_config.tools[]"): tool_forms.tool,
        pattern("llm_config.tools[].url"): normalise.url,
        pattern("llm_config.tools[].destinations[].number"): normalise.phone_number,
        pattern("tts_config.provider"): tts_provider,
        pattern("webhook_url"): normalise.url,
    },
    sent_as={pattern("llm_config.tools[]"): tool_forms.sent_tool},
    null_matters=patterns("speech_config.turn_taking.false_interruption_timeout"),
    union={"stt_config": "provider", "llm_config": "provider", "tts_config": "provider"},
    described={(): "AssistantCreate", pattern("speech_config"): "SpeechConfig"},
    refused_with={"tts_config": refused_keys_in("tts_config")},
    receivers={
        pattern("webhook_secret"): patterns("webhook_url"),
        pattern("llm_config.tools[].server.secret"): patterns(
            "llm_config.tools[].url", "llm_config.tools[].server.url", "webhook_url"
        ),
    },
)

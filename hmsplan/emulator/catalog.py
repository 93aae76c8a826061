"""Shapes of the provider catalog: speech to text, language models, voices; and of tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.shapes import Choice, Flag, ListOf, MapOf, Number, Phone, Reading, Record, Text, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REALTIME = frozenset({"google_realtime", "xai_realtime", "openai_live"})
"""Providers of assistants that speak by themselves, without a ``tts_config``."""

PIPELINE = ("openai", "xai", "mistral", "google")

_LANGUAGE = Choice(
    (
        *("multi", "nl", "en", "de", "fr", "es", "it", "pt", "pl", "ru", "ja", "ko", "zh", "ar", "hi"),
        *("da", "sv", "no", "fi", "cs", "hu", "ro", "bg", "hr", "sk", "tr", "id", "vi"),
    )
)
_GOOGLE_VOICES = (
    *("Puck", "Achernar", "Achird", "Algenib", "Algieba", "Alnilam", "Aoede", "Autonoe", "Callirrhoe", "Charon"),
    *("Despina", "Enceladus", "Erinome", "Fenrir", "Gacrux", "Iapetus", "Kore", "Laomedeia", "Leda", "Orus"),
    *("Pulcherrima", "Rasalgethi", "Sadachbia", "Sadaltager", "Schedar", "Sulafat", "Umbriel", "Vindemiatrix"),
    *("Zephyr", "Zubenelgenubi"),
)
_XAI_VOICES = (
    *("ara", "eve", "leo", "rex", "sal", "altair", "atlas", "carina", "castor", "celeste", "cosmo", "helios"),
    *("helix", "iris", "kepler", "lumen", "luna", "lux", "naksh", "orion", "perseus", "rigel", "sirius", "ursa"),
    *("zagan", "zenith"),
)
_OPENAI_MODELS = (
    *("gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5-mini", "gpt-5-nano"),
    *("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol", "gpt-4o-mini"),
)
_MISTRAL_MODELS = (
    *("mistral-medium-latest", "mistral-small-latest", "mistral-large-latest"),
    *("ministral-8b-latest", "ministral-14b-latest", "ministral-3b-latest"),
)
_GOOGLE_MODELS = ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash")
_GOOGLE_LIVE_MODELS = (
    *("gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025"),
    *("gemini-3.1-flash-live-preview", "gemini-3.8-live"),
)
_TEXTS = ListOf(Text())

# --- tools ------------------------------------------------------------------------------------------------

DESTINATION = Record(
    {"type": Choice(("number",)), "number": Phone(), "description": Text(), "message": Text()},
    frozenset({"type", "number", "description"}),
)
_SERVER = Record({"url": Text(format="uri"), "secret": Text()}, frozenset({"url"}))
_WEBHOOK = Record(
    {
        "name": Text(),
        "description": Text(limit="message_max"),
        "parameters": MapOf(),
        "url": Text(format="uri"),
        "server": _SERVER,
        "async": Flag(default=False),
        "message": Text(limit="message_max"),
        "async_response": Text(limit="message_max"),
    },
    frozenset({"name", "description"}),
)
_FUNCTION = Record(
    {
        "type": Choice(("function",)),
        "function": Record({"name": Text(), "description": Text(), "parameters": MapOf()}, frozenset({"name"})),
        "server": _SERVER,
        "async": Flag(),
    },
    frozenset({"type", "function"}),
)
_END_CALL = Record({"type": Choice(("end_call", "endCall"))}, frozenset({"type"}))
_TRANSFER = Record(
    {"type": Choice(("transfer_call", "transferCall")), "destinations": ListOf(DESTINATION)},
    frozenset({"type", "destinations"}),
)
_MCP = Record(
    {
        "type": Choice(("mcp",)),
        "mcp_server_id": Text(format="uuid"),
        "allowed_tools": ListOf(Text(), max_items=25),
        "required": Flag(default=True),
    },
    frozenset({"type", "mcp_server_id", "allowed_tools"}),
)
_TYPED = {
    "function": _FUNCTION,
    "end_call": _END_CALL,
    "endCall": _END_CALL,
    "transfer_call": _TRANSFER,
    "transferCall": _TRANSFER,
    "mcp": _MCP,
}


@dataclass(frozen=True, slots=True)
class ToolShape(Variant):
    """A tool in any of its forms; one with name and description is a webhook tool in the flat form."""

    def read(self, value: Any, path: str, reading: Reading) -> Any:
        """Read through the form that the tool's ``type`` or its ``name`` tells."""
        if isinstance(value, dict) and self.case(value) is None:
            reading.refuse(path, f"needs name and description, or a type of {', '.join(self.cases)}")
            return value
        return Variant.read(self, value, path, reading)

    def case(self, value: Mapping[str, Any]) -> Record | None:
        """Return the form of a tool. A function tool may come flat too, with its name at the top."""
        typed = Variant.case(self, value)
        if typed is not None and (typed is not _FUNCTION or "function" in value):
            return typed
        if "name" not in value or "description" not in value:
            return typed
        return _WEBHOOK.but(type=Text()) if isinstance(value.get("type"), str) else _WEBHOOK


NODE_TOOL = ToolShape("type", {kind: record for kind, record in _TYPED.items() if record is not _MCP})
TOOL = ToolShape("type", _TYPED)

# --- speech to text ---------------------------------------------------------------------------------------

_STT_REQUIRED = frozenset({"provider", "model", "language"})


def _stt(provider: str, models: tuple[str, ...], **options: Any) -> Record:
    fields = {"provider": Choice((provider,)), "model": Choice(models), "language": _LANGUAGE, **options}
    return Record(fields, _STT_REQUIRED)


STT = Variant(
    "provider",
    {
        "deepgram": _stt(
            "deepgram",
            ("nova-3", "nova-3-general"),
            keyterms=_TEXTS,
            smart_format=Flag(),
            endpointing=Number(0, 5000, whole=True),
            numerals=Flag(),
            filler_words=Flag(),
            utterance_end_ms=Number(1000, 5000, whole=True),
            no_delay=Flag(),
        ),
        "elevenlabs": _stt(
            "elevenlabs",
            ("scribe_v2_realtime",),
            tag_audio_events=Flag(),
            include_timestamps=Flag(),
            sample_rate=Choice((16000, 8000)),
        ),
        "gladia": _stt(
            "gladia",
            ("solaria-1",),
            languages=_TEXTS,
            code_switching=Flag(),
            region=Choice(("eu-west", "us-west")),
            endpointing=Number(0.01, 1),
            custom_vocabulary=_TEXTS,
            translation_enabled=Flag(),
            translation_target_languages=_TEXTS,
        ),
        "mistral": _stt("mistral", ("voxtral-mini-latest",)),
        "google": _stt("google", ("chirp_3",)),
    },
)

# --- language models --------------------------------------------------------------------------------------

_MESSAGE = Record(
    {"role": Choice(("system", "user", "assistant")), "content": Text(limit="prompt_max")},
    frozenset({"role", "content"}),
)
_TURN_DETECTION = Record(
    {
        # "Out-of-range values are clamped by the platform rather than refused."
        "threshold": Number(0, 1, clamped=True, default=0.5),
        "prefix_padding_ms": Number(0, 2000, clamped=True, default=300),
        "silence_duration_ms": Number(100, 2000, clamped=True, default=200),
        "idle_timeout_ms": Number(0, 30000, clamped=True),
    }
)
_PROVIDER_TOOL = Variant(
    "type",
    {
        "web_search": Record({"type": Choice(("web_search",))}),
        "x_search": Record({"type": Choice(("x_search",)), "allowed_x_handles": ListOf(Text(), max_items=20)}),
        "file_search": Record(
            {
                "type": Choice(("file_search",)),
                "vector_store_ids": ListOf(Text(), min_items=1),
                "max_num_results": Number(1, 50),
            },
            frozenset({"vector_store_ids"}),
        ),
    },
)
_TOKENS = Number(1, 32768, whole=True)


def _llm(provider: str, models: tuple[str, ...], **options: Any) -> Record:
    fields = {
        "provider": Choice((provider,)),
        "model": Choice(models),
        "temperature": Number(0, 2, default=0.7),
        "messages": ListOf(_MESSAGE),
        "tools": ListOf(TOOL),
        **options,
    }
    return Record(fields, frozenset({"provider", "model"}))


LLM = Variant(
    "provider",
    {
        "openai": _llm("openai", _OPENAI_MODELS, max_completion_tokens=_TOKENS),
        "xai": _llm("xai", ("grok-4.3",)),
        "mistral": _llm("mistral", _MISTRAL_MODELS),
        "google": _llm("google", _GOOGLE_MODELS, max_completion_tokens=_TOKENS),
        "google_realtime": _llm(
            "google_realtime",
            _GOOGLE_LIVE_MODELS,
            voice=Choice(_GOOGLE_VOICES, default="Puck"),
            vertexai=Flag(default=False),
            location=Text(),
            analysis_model=Text(),
            max_output_tokens=_TOKENS,
        ),
        "xai_realtime": _llm(
            "xai_realtime",
            ("grok-voice-think-fast-2.0",),
            voice=Choice(_XAI_VOICES, default="ara"),
            turn_detection=_TURN_DETECTION,
            reasoning_effort=Choice(("none", "high")),
            speed=Number(0.7, 1.5, default=1),
            transcription=Record({"language_hint": Text(), "keyterms": ListOf(Text(max_length=50), max_items=100)}),
            provider_tools=ListOf(_PROVIDER_TOOL),
        ),
        "openai_live": _llm(
            "openai_live",
            ("gpt-live-1",),
            voice=Choice(("marin", "beacon", "cinder", "stone", "vesper"), default="marin"),
            delegation=Record({"model": Choice(("gpt-5.6-luna",), default="gpt-5.6-luna"), "instructions": Text()}),
        ),
    },
)

# --- voices -----------------------------------------------------------------------------------------------

_EXPRESSIVE = frozenset({"eleven_v3", "eleven_v4", "eleven_v4_turbo"})
_REFUSED_BY_EXPRESSIVE = (
    *("similarity_boost", "style", "use_speaker_boost", "speed", "apply_language_text_normalization"),
)


def _expressive_models_take_few_options(config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if config.get("model") in _EXPRESSIVE:
        for name in _REFUSED_BY_EXPRESSIVE:
            if name in config:
                yield name, f"cannot be set with model {config['model']}"


def _tts(provider: tuple[str, ...], voice: Any, **options: Any) -> Record:
    fields = {"provider": Choice(provider), "voice_id": voice, **options}
    return Record(fields, frozenset({"provider", "voice_id"}))


_ELEVENLABS = Record(
    {
        "provider": Choice(("elevenlabs", "11labs")),
        "voice_id": Text(),
        "model": Choice(
            (
                *("eleven_flash_v2_5", "eleven_v4_turbo", "eleven_v4", "eleven_v3"),
                *("eleven_multilingual_v2", "eleven_turbo_v2_5"),
            ),
            default="eleven_flash_v2_5",
        ),
        "stability": Number(0, 1),
        "similarity_boost": Number(0, 1),
        "style": Number(0, 1),
        "use_speaker_boost": Flag(),
        "speed": Number(0.5, 2),
        "apply_text_normalization": Choice(("auto", "on", "off")),
        "apply_language_text_normalization": Flag(),
        "language": Text(),
    },
    frozenset({"provider", "voice_id"}),
    (_expressive_models_take_few_options,),
)

TTS = Variant(
    "provider",
    {
        "elevenlabs": _ELEVENLABS,
        "11labs": _ELEVENLABS,
        "inworld": _tts(
            ("inworld",),
            Text(),
            model=Choice(("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini")),
            language=Text(),
            speed=Number(0.5, 2),
        ),
        "google": _tts(
            ("google",),
            Choice(_GOOGLE_VOICES),
            model=Choice(
                (
                    *("gemini-3.1-flash-tts-preview", "gemini-2.5-flash-preview-tts"),
                    *("gemini-2.5-pro-preview-tts", "chirp-3-hd"),
                )
            ),
            instructions=Text(),
            language=Text(),
            speaking_rate=Number(0.25, 2, default=1),
        ),
        "xai": _tts(("xai",), Choice(_XAI_VOICES), language=Text()),
        "voicedock": _tts(("voicedock",), Choice(("voicedock",)), model=Choice(("voicedock-1",))),
    },
)

"""Assistants: defaults, realtime or pipeline, tools, and what a delete leaves behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.emulator.campaigns import CAMPAIGNS
from hmsplan.emulator.description import fields_of, filled
from hmsplan.emulator.jsonio import dumps, loads
from hmsplan.emulator.numbers import NUMBERS
from hmsplan.emulator.resources import Document, Resource, change, let_go
from hmsplan.emulator.rules import REALTIME
from hmsplan.emulator.tools import MASK, has_secret, shown_form, stored_form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hmsplan.emulator.context import Context
    from hmsplan.emulator.settings import Settings
    from hmsplan.emulator.store import Row

NESTED = ("stt_config", "llm_config", "tts_config", "speech_config", "analysis_plan")
"""The configs whose PATCH depth is an open question."""

_REQUIRED: Document = {
    "is_active": True,
    # "The platform fills in the rest with defaults that are not published": these are the catalog's.
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "multi"},
    "llm_config": {"provider": "openai", "model": "gpt-5.4"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "default", "model": "eleven_flash_v2_5"},
}
_UNPUBLISHED: Document = {
    "max_duration_seconds": 300,
    "silence_timeout_seconds": 8,
    "voicemail_detection": False,
    "gdpr_mode": False,
}

_SHOWN_SECRETS: Mapping[str, Callable[[str], str | None] | None] = {
    "returned": None,
    "masked": lambda _: MASK,
    "null": lambda _: None,
}


def _complete(ctx: Context, base: Document, sent: Document, row: Row | None) -> Document:
    if row is None and ctx.settings.defaults == "required":
        base = dict(_REQUIRED)
    doc = {**base, **sent}
    problems = list(_tts_problems(ctx.settings, doc, sent))
    if "llm_config" in sent:
        problems += _mcp_problems(ctx, sent["llm_config"])
    if ctx.settings.model_keys == "refused":
        problems += _key_problems(ctx, sent)
    ctx.refuse_if(problems)
    if ctx.settings.defaults == "all":
        fields = fields_of("AssistantUpdate")
        doc |= {name: filled(fields[name], doc[name]) for name in NESTED if name in sent or row is None}
    _normalise(ctx.settings, doc, sent)
    return doc


def _is_realtime(doc: Document) -> bool:
    return doc["llm_config"]["provider"] in REALTIME


def _tts_problems(settings: Settings, doc: Document, sent: Document) -> Iterator[str]:
    if _is_realtime(doc):
        if sent.get("tts_config") is not None and settings.realtime_tts == "refused":
            yield "tts_config: must be null with a realtime provider"
    elif doc["tts_config"] is None and ("llm_config" in sent or "tts_config" in sent):
        yield "tts_config: is required with a pipeline provider"


def _mcp_problems(ctx: Context, llm: Document) -> Iterator[str]:
    for index, tool in enumerate(llm.get("tools") or ()):
        if tool.get("type") == "mcp" and ctx.store.get("mcp_servers", tool["mcp_server_id"], ctx.org) is None:
            yield f"llm_config.tools[{index}].mcp_server_id: no such MCP server"


def _key_problems(ctx: Context, sent: Document) -> Iterator[str]:
    stored = {row.doc["provider"] for row in ctx.store.rows(ctx.org, "byok_keys")}
    for name, key in _keys_needed(sent):
        if key not in stored:
            yield f"{name}.model: needs the organization's {key} key"


def _keys_needed(doc: Document) -> Iterator[tuple[str, str]]:
    """Yield the BYOK keys that the catalog says a config's model needs."""
    for name in ("stt_config", "llm_config", "tts_config"):
        config = doc.get(name) or {}
        match name, config.get("provider"):
            case "tts_config", "google":
                yield name, "google_vertex" if config.get("model") == "chirp-3-hd" else "google"
            case _, "google":
                yield name, "google_vertex"
            case _, "google_realtime":
                vertex = config["model"] == "gemini-live-2.5-flash-native-audio"
                yield name, "google_vertex" if vertex else "google"


def _normalise(settings: Settings, doc: Document, sent: Document) -> None:
    """Rewrite what the platform rewrites, in place."""
    if _is_realtime(doc) and (settings.realtime_tts == "null" or "tts_config" not in sent):
        doc["tts_config"] = None
    tts = doc["tts_config"]
    if tts and settings.tts_alias == "elevenlabs" and tts["provider"] == "11labs":
        doc["tts_config"] = {**tts, "provider": "elevenlabs"}
    llm = doc["llm_config"]
    if "tools" in llm:
        llm = {**llm, "tools": [stored_form(settings, tool) for tool in llm["tools"]]}
    if settings.end_call_tool == "stored" and doc.get("autonomous_silence_handling"):
        tools = llm.get("tools") or []
        if not any(tool.get("type") in {"end_call", "endCall"} for tool in tools):
            llm = {**llm, "tools": [*tools, {"type": "end_call"}]}
    doc["llm_config"] = llm


def _present(ctx: Context, document: bytes) -> bytes:
    """Show the secrets as the settings say; what holds none is answered as it is stored."""
    hook = b'"webhook_secret":"' in document and _SHOWN_SECRETS[ctx.settings.webhook_secret]
    if not hook and not has_secret(document):
        return document
    doc = loads(document)
    if hook and doc["webhook_secret"] is not None:
        doc["webhook_secret"] = hook(doc["webhook_secret"])
    if "tools" in doc["llm_config"]:
        doc["llm_config"]["tools"] = [shown_form(ctx.settings, tool) for tool in doc["llm_config"]["tools"]]
    return dumps(doc)


def _links(doc: Document) -> tuple[tuple[str, str], ...]:
    tools = doc["llm_config"].get("tools") or ()
    servers = {tool["mcp_server_id"] for tool in tools if tool.get("type") == "mcp"}
    return tuple(("mcp_server_id", server) for server in sorted(servers))


def _release(ctx: Context, row: Row) -> None:
    def detach(field: str, user: Row) -> None:
        # A campaign's agent_id cannot be null, so it keeps the id of an assistant that is gone.
        if user.kind == NUMBERS.kind:
            change(ctx, NUMBERS, user, {**user.doc, field: None})
        elif user.doc["status"] == "scheduled":
            change(ctx, CAMPAIGNS, user, {**user.doc, "status": "paused"})

    users = ctx.store.pointing_at(row.id)
    let_go(ctx, ctx.settings.delete_assistant, users, "Assistant is in use", detach)


ASSISTANTS = Resource(
    kind="assistants",
    shape="Assistant",
    what="Assistant",
    state="is_active",
    given={**_REQUIRED, **_UNPUBLISHED},
    nested=NESTED,
    complete=_complete,
    present=_present,
    release=_release,
    links=_links,
)


def _alias_envelopes(settings: Settings) -> tuple[str, str]:
    return f"{settings.agents_envelope}s", settings.agents_envelope


AGENTS = replace(ASSISTANTS, names=_alias_envelopes)
"""The deprecated alias: the same objects under another path."""

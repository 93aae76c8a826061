"""Bring your own key: one key a provider, never shown again, and settings that are merged."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.description import providers
from hmsplan.emulator.store import Entry, Row

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.resources import Document

KIND = "byok_keys"
_CONFIGS = ("stt_config", "llm_config", "tts_config")
_FAMILY = {"11labs": "elevenlabs", "google_realtime": "google", "xai_realtime": "xai", "openai_live": "openai"}


def get_keys(ctx: Context) -> Answer:
    """Tell which providers have a key."""
    return json_answer(200, {"byok_keys": _keys(ctx)})


def set_key(ctx: Context) -> Answer:
    """Store or replace the key of a provider."""
    body = ctx.read("ByokSet", ctx.payload())
    old = _row(ctx, body["provider"])
    config = old.doc["config"] if old else {}
    secret_id = old.doc["secret_id"] if old and ctx.settings.key_id == "stays" else str(uuid.uuid4())
    doc = {
        "id": old.id if old else str(uuid.uuid4()),
        "provider": body["provider"],
        "secret_id": secret_id,
        "config": config,
    }
    _store(ctx, old, doc, {"api_key": body["api_key"]})
    return json_answer(200, {"success": True, "byok_keys": _keys(ctx)})


def delete_key(ctx: Context) -> Answer:
    """Remove the key of a provider, which "falls back to the platform's own key"."""
    provider = ctx.read("ByokDelete", ctx.payload())["provider"]
    row = _row(ctx, provider)
    if row is None:
        raise not_found(f"Key of {provider}")
    if provider == "resend":
        _release_resend(ctx)
    elif ctx.settings.delete_key == "conflict":
        users = [assistant.doc["name"] for assistant in _users(ctx, provider)]
        if users:
            raise RefusalError(409, f"Assistants use the {provider} key", details=users)
    ctx.store.remove(ctx.org, row.id, ctx.now)
    return json_answer(200, {"success": True, "byok_keys": _keys(ctx)})


def get_config(ctx: Context) -> Answer:
    """Answer with the settings of every provider, where that still exists."""
    if not ctx.settings.config_readable:
        raise RefusalError(404, "No such path")
    return json_answer(200, {"byok_config": _configs(ctx)})


def save_config(ctx: Context) -> Answer:
    """Merge settings into those of a provider; "needs a stored key"."""
    body = ctx.read("ByokConfigSet", ctx.payload())
    row = _row(ctx, body["provider"])
    if row is None:
        raise RefusalError(400, f"No {body['provider']} key is stored")
    merged = {**row.doc["config"], **body["config"]}
    if ctx.settings.config_null == "removes":
        merged = {name: value for name, value in merged.items() if value is not None}
    _store(ctx, row, {**row.doc, "config": merged}, row.hidden)
    return json_answer(200, {"byok_config": _configs(ctx)})


def has_key(ctx: Context, provider: str) -> bool:
    """Tell whether the organization has a key of its own for a provider."""
    return _row(ctx, provider) is not None


def _store(ctx: Context, old: Row | None, doc: Document, hidden: Document) -> None:
    entry = Entry(id=doc["id"], org=ctx.org, kind=KIND, name=doc["provider"], doc=doc, hidden=hidden)
    if old is None:
        ctx.store.insert([entry], ctx.now)
    else:
        ctx.store.replace(entry, ctx.now)


def _row(ctx: Context, provider: str) -> Row | None:
    found = ctx.store.named(ctx.org, KIND, provider)
    return ctx.store.get(ctx.org, KIND, found[0]) if found else None


def _keys(ctx: Context) -> Document:
    stored = {row.doc["provider"]: row.doc["secret_id"] for row in ctx.store.rows(ctx.org, KIND)}
    return {f"{provider}_secret_id": stored.get(provider) for provider in providers()}


def _configs(ctx: Context) -> Document:
    return {row.doc["provider"]: row.doc["config"] for row in ctx.store.rows(ctx.org, KIND) if row.doc["config"]}


def _users(ctx: Context, provider: str) -> list[Row]:
    def uses(doc: Document) -> bool:
        used = {(doc.get(name) or {}).get("provider") for name in _CONFIGS}
        return provider.removesuffix("_vertex") in {_FAMILY.get(name, name) for name in used if name}

    return [row for row in ctx.store.rows(ctx.org, "assistants") if uses(row.doc)]


def _release_resend(ctx: Context) -> None:
    domains = ctx.store.rows(ctx.org, "domain")
    match ctx.settings.delete_resend_key:
        case "conflict" if domains:
            raise RefusalError(409, "The domain needs the resend key; delete the domain first")
        case "cascade":
            for domain in domains:
                ctx.store.remove(ctx.org, domain.id, ctx.now)

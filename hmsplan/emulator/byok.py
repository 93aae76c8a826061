"""Bring your own key: one key a provider, never shown again, and settings that are merged."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, RefusalError, json_answer, not_found
from hmsplan.emulator.description import catalogue, providers
from hmsplan.emulator.resources import Document, Resource, change, insert, let_go

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_CONFIGS = ("stt_config", "llm_config", "tts_config")
_FAMILY = {"11labs": "elevenlabs", "google_realtime": "google", "xai_realtime": "xai", "openai_live": "openai"}


BYOK_KEYS = Resource(kind="byok_keys", shape="ByokKey", what="Key", key="provider")


def get_keys(ctx: Context) -> Answer:
    """Tell which providers have a key."""
    return json_answer(200, {"byok_keys": _keys(ctx)})


def set_key(ctx: Context) -> Answer:
    """Store or replace the key of a provider."""
    body = ctx.body("ByokSet")
    row, secret_id, hidden = _row(ctx, body["provider"]), str(uuid.uuid4()), {"api_key": body["api_key"]}
    if row is None:
        doc = {"provider": body["provider"], "secret_id": secret_id, "config": {}}
        insert(ctx, BYOK_KEYS, doc, hidden=hidden)
    else:
        kept = ctx.settings.key_id == "stays"
        change(ctx, BYOK_KEYS, row, {**row.doc, **({} if kept else {"secret_id": secret_id})}, hidden=hidden)
    return json_answer(200, {"success": True, "byok_keys": _keys(ctx)})


def delete_key(ctx: Context) -> Answer:
    """Remove the key of a provider, which "falls back to the platform's own key"."""
    provider = ctx.body("ByokDelete")["provider"]
    row = _row(ctx, provider)
    if row is None:
        raise not_found(f"Key of {provider}")
    if provider == "resend":
        users = [("", domain) for domain in ctx.store.rows(ctx.org, "domain")]
        let_go(ctx, ctx.settings.delete_resend_key, users, "The domain needs the resend key; delete the domain first")
    else:
        let_go(ctx, ctx.settings.delete_key, _users(ctx, provider), f"Assistants use the {provider} key")
    ctx.store.remove(ctx.org, row.id, ctx.now)
    return json_answer(200, {"success": True, "byok_keys": _keys(ctx)})


def get_config(ctx: Context) -> Answer:
    """Answer with the catalogue of providers, or with what else the settings say that this path has."""
    match ctx.settings.config_answer:
        case "catalogue":
            return json_answer(200, {"providers": catalogue()})
        case "settings":
            return json_answer(200, {"byok_config": _configs(ctx)})
    raise RefusalError(404, "No such path")


def save_config(ctx: Context) -> Answer:
    """Merge settings into those of a provider; "needs a stored key"."""
    body = ctx.body("ByokConfigSet")
    row = _row(ctx, body["provider"])
    if row is None:
        raise RefusalError(400, f"No {body['provider']} key is stored")
    stored, sent = row.doc["config"], body["config"]
    nulls = {name for name, value in sent.items() if value is None}
    match ctx.settings.config_null:
        case "removes":
            merged = {name: value for name, value in {**stored, **sent}.items() if name not in nulls}
        case "ignored":
            merged = {**stored, **{name: value for name, value in sent.items() if name not in nulls}}
        case _:
            merged = {**stored, **sent}
    change(ctx, BYOK_KEYS, row, {**row.doc, "config": merged})
    return json_answer(200, {"byok_config": _configs(ctx)})


def has_key(ctx: Context, provider: str) -> bool:
    """Tell whether the organization has a key of its own for a provider."""
    return _row(ctx, provider) is not None


def _row(ctx: Context, provider: str) -> Row | None:
    return next(iter(ctx.store.named("byok_keys", provider, ctx.org)), None)


def _keys(ctx: Context) -> Document:
    stored = {row.doc["provider"]: row.doc["secret_id"] for row in ctx.store.rows(ctx.org, "byok_keys")}
    return {f"{provider}_secret_id": stored.get(provider) for provider in providers()}


def _configs(ctx: Context) -> Document:
    keys = [row.doc for row in ctx.store.rows(ctx.org, "byok_keys")]
    return {key["provider"]: key["config"] for key in keys if key["config"]}


def _users(ctx: Context, provider: str) -> list[tuple[str, Row]]:
    """Return the assistants with a config of a provider, each with the config's name."""
    families = {provider.removesuffix("_vertex"), *(name for name, of in _FAMILY.items() if of == provider)}
    return [
        (name, row)
        for row in ctx.store.rows(ctx.org, "assistants")
        for name in _CONFIGS
        if (row.doc.get(name) or {}).get("provider") in families
    ]

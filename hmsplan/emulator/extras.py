"""What is left: health, voices and the deprecated chats."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, json_answer
from hmsplan.emulator.resources import deleted
from hmsplan.emulator.store import Entry

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context

_VOICES = [
    {"id": "voicedock", "name": "VoiceDock", "language": "multi", "description": {"en": "Calm", "nl": "Rustig"}},
    {"id": "Kore", "name": "Kore", "language": "multi", "description": {"en": "Firm", "nl": "Stevig"}},
    {"id": "ara", "name": "Ara", "language": "en", "description": {"en": "Warm", "nl": "Warm"}},
]


def health(ctx: Context) -> Answer:
    """Tell that the emulator runs; no key is needed."""
    checks = {"database": {"status": "ok", "latency_ms": 0}}
    return json_answer(200, {"status": "ok", "timestamp": ctx.stamp, "version": "emulator", "checks": checks})


def list_voices(_ctx: Context) -> Answer:
    """Answer with a few voices."""
    return json_answer(200, {"voices": _VOICES})


def list_chats(ctx: Context) -> Answer:
    """Answer with the chat messages; their true shape is unknown."""
    return json_answer(200, {"messages": [row.doc for row in ctx.store.rows(ctx.org, "chats")]})


def append_chat(ctx: Context) -> Answer:
    """Keep a chat message, whatever it holds."""
    body = ctx.read("ChatMessage", ctx.payload())
    message = {**body, "id": str(uuid.uuid4()), "created_at": ctx.stamp}
    ctx.store.insert([Entry(id=message["id"], org=ctx.org, kind="chats", doc=message)], ctx.now)
    return json_answer(ctx.settings.create_status, {"message": message})


def delete_chat(ctx: Context) -> Answer:
    """Delete a chat message."""
    row = ctx.fetch("chats", ctx.params["id"], "Chat message")
    ctx.store.remove(ctx.org, row.id, ctx.now)
    return deleted(ctx)


def chat_context(_ctx: Context) -> Answer:
    """Answer with the context of a contact, of which nothing is known."""
    return json_answer(200, {"context": []})

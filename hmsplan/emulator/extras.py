"""What is left: health, voices and the deprecated chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, json_answer
from hmsplan.emulator.resources import Resource

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


def chat_context(_ctx: Context) -> Answer:
    """Answer with the context of a contact, of which nothing is known."""
    return json_answer(200, {"context": []})


CHATS = Resource(kind="chats", shape="Chat", what="Chat message", many="messages")
"""Their true shape is unknown: what was sent is kept, whatever it holds."""

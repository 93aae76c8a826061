"""What is left: health, voices and the deprecated chats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator.answers import Answer, json_answer
from hmsplan.emulator.resources import Resource

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context

_VOICES = [
    {"id": f"{language}-{name}-medium", "name": name.title(), "language": language}
    for language, name in (
        ("nl_NL", "pim"),
        ("nl_NL", "ronnie"),
        ("nl_BE", "nathalie"),
        ("en_GB", "alba"),
        ("en_US", "amy"),
        ("de_DE", "thorsten"),
        ("fr_FR", "siwis"),
        ("es_ES", "davefx"),
    )
]
"""A few of the platform's local voices; those of the other providers are never listed."""


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

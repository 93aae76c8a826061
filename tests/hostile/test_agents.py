"""Texts of others that reach a coding agent, which obeys what it reads: marked, apart, and wholly visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.agent import ask

from hmsplan.cli.mcp_tools import FOREIGN

from .server import KEY, HostileServer, answer, hmsplan, serving, write
from .test_terminal import LIVE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORBIDDEN = [chr(code) for code in (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0))] + list("\u202e\u2066\u200b")
INVISIBLE = ("\u061c", "\u2028", "\ufeff", "\U000e0041")

pytestmark = pytest.mark.system


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serving() as server:
        yield server


def shown(value: object) -> str:
    """Return all texts of a structured result, names of fields too."""
    match value:
        case dict():
            return "\n".join(f"{key}\n{shown(part)}" for key, part in value.items())
        case list():
            return "\n".join(map(shown, value))
        case _:
            return str(value)


def test_no_live_text_hides_or_stands_unmarked(tmp_path: Path, server: HostileServer) -> None:
    """As names, fields, ids, unknown fields and errors; by tools that read what is live, and nothing is written."""
    text = "".join(name[:200] for name in LIVE_NAMES.values())
    stack = {"a.yaml": "assistants:\n  a: {name: A, first_message: Hello}\n  b: {name: B}\n"}
    root = write(tmp_path, stack)
    server.keep("/assistants", {"name": "B"}, f"b-{text[:100]}")
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    written = len(server.writes)
    a = next(each for each in server.objects["/assistants"].values() if each["name"] == "A")
    a |= {"first_message": text, text[:1000]: text, "llm_config": {"provider": text, "tools": [{"name": text}]}}
    server.keep("/assistants", {"name": text})
    visit = ask(root, ("plan", {}), ("drift", {}), HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=server.url)
    server.lie = lambda method, target: answer("400 Bad Request", {"error": text})  # noqa: ARG005 -- all alike
    failed = ask(root, ("plan", {}), ("drift", {}), HMS_SOVEREIGN_API_KEY=KEY, HMS_SOVEREIGN_BASE_URL=server.url)
    assert [each.is_error for each in (*visit.answers, *failed.answers)] == [False, False, True, True]
    for each in (*visit.answers, *failed.answers):
        assert each.texts[0] == FOREIGN
        assert len(each.texts) == 2
        assert each.data["foreign"]
        everything = f"{each.text}\n{shown(each.data)}"
        assert [char for char in (*FORBIDDEN, *INVISIBLE) if char in everything] == []
        assert not any(line.lstrip().startswith("::") for line in each.text.split("\n"))
    assert len(server.writes) == written

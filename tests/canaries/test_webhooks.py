"""A service that tells the secret it shares with the platform back, in every form: no command shows it."""

from __future__ import annotations

import base64
import json
import sys
from html import escape
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from support.webhook_server import answer, serving

from canaries.leaks import canary, found, found_below
from hmsplan.cli.root import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.webhook_server import Server

BIRD = canary("the secret of a webhook")
STACK = """\
version: 1
stack: hooks
variables: {url: {}}
"""
DESK = """\
assistants:
  desk:
    name: Desk
    webhook_url: ${var:url}/voice
    webhook_secret: ${secret:hook}
    llm_config:
      provider: openai
      model: gpt-5.4
      tools: [{name: find, description: Finds., parameters: {type: object}}]
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


FORMS: dict[str, Any] = {
    "text": BIRD.value.encode(),
    "page": f"<p>{escape(BIRD.value)}".encode(),
    "base64": base64.b64encode(BIRD.value.encode()),
    "url": quote(BIRD.value, safe="").encode(),
    "id": {"results": [{"tool_call_id": BIRD.value, "result": BIRD.value}]},
    "error": {"error": BIRD.value},
    "field": {"assistant_override": {BIRD.value: 1, "first_message": [BIRD.value]}},
    "value": {"assistant_override": {"webhook_url": BIRD.value, "llm_config": {"provider": BIRD.value}}},
    "name of a form": {BIRD.value: BIRD.value},
}


@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
@pytest.mark.parametrize("form", FORMS)
def test_what_a_service_tells_back_is_not_shown(
    form: str,
    status: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last filter is switched off, as in all tests of canaries."""
    monkeypatch.setattr("hmsplan.operations.webhooks.PAUSE_S", 0.0)
    monkeypatch.setenv("HMSPLAN_SECRET_HOOK", BIRD.value)
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "hmsplan.yaml").write_text(STACK, "utf-8")
    (stack / "desk.yaml").write_text(DESK, "utf-8")
    server.reply = lambda _: answer(FORMS[form], status, f"X-Secret: {quote(BIRD.value)}")
    request = json.dumps({"a": BIRD.value}).encode()
    to = ("--to", f"{server.url}/voice")
    for words in (
        *(("test",), ("test", "--json"), ("test", "--format", "sarif"), ("test", "--format", "junit")),
        *(("send", "tool-calls", *to), ("send", "assistant-request", *to, "--json"), ("send", "status-update", *to)),
        *(("fixtures", str(tmp_path / "events")), ("verify", "assistants.desk")),
    ):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(b"X: y\n\n" + request)))
        run(["-C", str(stack), "webhook", *words, "--var", f"url={server.url}", "-vvv"])
        said = capsys.readouterr()
        assert not found(f"{said.out}{said.err}".encode(), [BIRD]), words
    assert server.received
    assert found_below(tmp_path, [BIRD]) == []

"""The service in examples/webhook passes; broken in each of these ways, it is found."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import uvicorn

from hmsplan.cli.root import run

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "webhook"
SECRET: Final = "whsec_of_the_example_0123456789"

BREAKS: Final = {
    "a tool is renamed": ('"find_slot": find_slot', '"findSlot": find_slot', "Tool answers with an error"),
    "an argument is renamed": ("def find_slot(day: str,", "def find_slot(date: str,", "Webhook fails"),
    "an optional argument is needed": ('part: str = "any"', "part: str", "Webhook fails"),
    "a value of an enum is not known": (
        *('return {"day": day, "time": "14:00" if part == "afternoon" else "09:30"}',),
        *('return {"day": day, "time": {"any": 9, "morning": 9}[part]}', "Webhook fails"),
    ),
    "a long text is not taken": ("bool(text)", "text[:250].encode('ascii')", "Webhook fails"),
    "the id is left out": (
        '{"tool_call_id": call["id"], "result": result}',
        '{"result": result}',
        "Wrong form of an answer",
    ),
    "the id is another": ('"tool_call_id": call["id"]', '"tool_call_id": "call_1"', "Answer to another call"),
    "nothing is verified": (
        "not verify(request.headers.items(), body, SECRETS)",
        "False",
        "Webhook takes a false signature",
    ),
    "the age is not looked at": (
        *("verify(request.headers.items(), body, SECRETS)",),
        *('verify(request.headers.items(), body, SECRETS, now=float(request.headers["x-webhook-timestamp"]))',),
        "Webhook takes a false signature",
    ),
    "the body is signed again": (
        "body, SECRETS)",
        "json.dumps(json.loads(body)).encode(), SECRETS)",
        "Webhook refuses a true signature",
    ),
    "the answer is text": (
        *("JSONResponse(answer(message) if answer is not None else {})",),
        *("Response(str(answer(message)) if answer is not None else None)", "Webhook answer is not JSON"),
    ),
    "an override has a typo": ('"first_message": "Good', '"firstmessage": "Good', "Invalid assistant in an answer"),
    "it moved": ('Route("/voice", voice', 'Route("/v2/voice", voice', "Webhook fails"),
    "it only takes PUT": ('methods=["POST"]', 'methods=["PUT"]', "Webhook fails"),
}
"""What is broken: a text of the service, what stands there instead, and what is found first."""


@contextmanager
def started(source: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the text of a service as the service it says; yield where it listens."""
    monkeypatch.setenv("HMSPLAN_SECRET_WEBHOOK", SECRET)
    names: dict[str, Any] = {"__name__": "service"}
    exec(compile(source, str(file), "exec"), names)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(names["app"], log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def tried(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, Any]:
    """Try a service with the stack of the example; return the exit code and what was found."""
    monkeypatch.setattr("hmsplan.operations.webhooks.PAUSE_S", 0.0)
    for name in [name for name in os.environ if name.startswith("HMSPLAN_")]:
        monkeypatch.delenv(name)
    stack = shutil.copytree(EXAMPLE / "stack", tmp_path / "stack")
    with started(source, tmp_path / "service.py", monkeypatch) as url:
        code = run(["-C", str(stack), "webhook", "test", "--var", f"service_url={url}", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_service_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found = tried((EXAMPLE / "service.py").read_text("utf-8"), tmp_path, monkeypatch, capsys)
    assert code == 0, found
    assert len(found["results"]) == 16
    assert found["untested"] == []


def test_the_service_is_short() -> None:
    lines = (EXAMPLE / "service.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 60


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_broken_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (EXAMPLE / "service.py").read_text("utf-8")
    old, new, summary = BREAKS[name]
    assert source.count(old) == 1
    code, found = tried(source.replace(old, new), tmp_path, monkeypatch, capsys)
    summaries = [problem["summary"] for each in found["results"] for problem in each["problems"]]
    assert (code, summaries[:1]) == (1, [summary]), found
    lines = {problem["range"]["filename"] for each in found["results"] for problem in each["problems"]}
    assert lines == {"desk.yaml"}

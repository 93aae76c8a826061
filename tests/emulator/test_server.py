"""The emulator over real sockets."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from hmsplan.emulator import Emulator, Fault, running

from .helpers import FREE, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = Emulator(settings=FREE)
    yield made
    made.close()


@pytest.fixture
def client(emulator: Emulator) -> Iterator[httpx.Client]:
    with running(emulator) as url, httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as made:
        yield made


def test_the_base_url_serves_the_api(emulator: Emulator) -> None:
    with running(emulator) as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/api/v1")
        assert httpx.get(f"{url}/health", trust_env=False).json()["status"] == "ok"


@pytest.mark.parametrize(("action", "names"), [("lost_before", []), ("lost_after", ["a"])])
def test_a_lost_connection_is_closed_without_an_answer(
    emulator: Emulator, client: httpx.Client, action: str, names: list[str]
) -> None:
    emulator.inject(Fault(do=action, method="POST", nth=1))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.post("/assistants", json={"name": "a"})
    assert [item["name"] for item in client.get("/assistants").json()["assistants"]] == names


def test_a_truncated_body_breaks_off(emulator: Emulator, client: httpx.Client) -> None:
    emulator.inject(Fault(do="truncated_body", nth=1, bytes=7))
    with pytest.raises(httpx.RemoteProtocolError, match="received 7 bytes"):
        client.get("/numbers")
    assert client.get("/numbers").status_code == 200


def test_a_slow_drip_arrives_whole_or_times_out(emulator: Emulator, client: httpx.Client) -> None:
    emulator.inject(Fault(do="slow_drip", bytes=4, seconds=0.01))
    assert client.get("/numbers").json() == {"numbers": []}
    emulator.inject(Fault(do="slow_drip", bytes=4, seconds=0.5))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/numbers", timeout=0.1)


def test_a_head_request_and_an_empty_answer_keep_the_connection(client: httpx.Client) -> None:
    assert client.head("/health").status_code == 405
    assert client.get("/health").status_code == 200


def test_an_oversize_body_gets_its_answer(client: httpx.Client) -> None:
    assert client.post("/assistants", content=b"x" * 11_000_000).status_code == 413


def test_ten_connections_write_at_once(emulator: Emulator) -> None:
    def write(number: int) -> list[int]:
        with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as mine:
            made = mine.post("/assistants", json={"name": str(number)}).json()["assistant"]["id"]
            path = f"/assistants/{made}"
            return [mine.patch(path, json={"name": f"{number}-{turn}"}).status_code for turn in range(10)]

    with running(emulator) as url, ThreadPoolExecutor(10) as pool:
        statuses = [status for found in pool.map(write, range(10)) for status in found]
        emulator.add("tool_templates", {"name": "x"}, key=KEY)
    assert statuses == [200] * 100
    assert sorted(doc["name"] for doc in emulator.all("assistants")) == [f"{number}-9" for number in range(10)]
    assert len(emulator.requests) == 110


def test_the_operator_may_act_while_requests_come(emulator: Emulator, client: httpx.Client) -> None:
    made = client.post("/assistants", json={"name": "a"}).json()["assistant"]["id"]
    stop = threading.Event()

    def edit() -> None:
        while not stop.is_set():
            emulator.edit("assistants", made, {"name": "edited"})

    thread = threading.Thread(target=edit)
    thread.start()
    try:
        assert {client.get(f"/assistants/{made}").status_code for _ in range(50)} == {200}
    finally:
        stop.set()
        thread.join()


_WRITER = """
import sys, httpx
from hmsplan.emulator import Emulator, Settings, serve
serve(Emulator(sys.argv[1], Settings(rate_limit=None)), on_start=lambda url: print(url, flush=True))
"""


def _serve(path: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def _stop(process: subprocess.Popen[str], *, kill: bool) -> int:
    (process.kill if kill else process.terminate)()
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(10)


def test_a_killed_process_keeps_what_it_answered(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    for turn in range(2):
        process, url = _serve(tmp_path / "emulator.db")
        stop = time.monotonic() + 0.5
        with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as client:
            while time.monotonic() < stop:
                made = client.post("/assistants", json={"name": str(turn)}).json()["assistant"]
                acknowledged.append(made["id"])
            _stop(process, kill=True)
    emulator = Emulator(tmp_path / "emulator.db", FREE)
    assert [doc["id"] for doc in emulator.all("assistants")] == acknowledged
    emulator.close()


def test_serving_ends_with_sigterm(tmp_path: Path) -> None:
    process, url = _serve(tmp_path / "emulator.db")
    assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
    assert _stop(process, kill=False) in {0, -15}


def test_importing_the_emulator_does_not_import_uvicorn() -> None:
    code = "import sys, hmsplan.emulator; assert 'uvicorn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)

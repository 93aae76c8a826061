"""An organization of N assistants of 5 kB, as files, as a list answer and as a state; and a server that answers it."""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import orjson

from hmsplan.formats.state_file import dump
from hmsplan.model import Address, Binding, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SENTENCE = "Vraag altijd naar de naam van de beller en herhaal het nummer voordat u een afspraak vastlegt. "
TOOLS = [
    {
        "name": name,
        "description": f"Looks up {name.replace('_', ' ')} in the practice's own system.",
        "parameters": {
            "type": "object",
            "required": ["phone"],
            "properties": {"phone": {"type": "string"}, "date": {"type": "string", "format": "date"}},
        },
        "url": f"https://hooks.example.com/{name}",
    }
    for name in ("appointments", "opening_hours", "insurance", "recall")
]


def assistant(number: int) -> dict[str, Any]:
    """Return one assistant, 5 kB as YAML."""
    prompt = "\n".join(f"{line}. {SENTENCE}" for line in range(1, 32))
    return {
        "name": f"Assistant {number:05d}",
        "first_message": f"Goedemorgen, u spreekt met vestiging {number}.",
        "max_duration_seconds": 600,
        "gdpr_mode": True,
        "llm_config": {
            "provider": "openai",
            "model": "gpt-5.4",
            "temperature": 0.4,
            "messages": [{"role": "system", "content": prompt}],
            "tools": TOOLS,
        },
        "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
        "tts_config": {"provider": "elevenlabs", "voice_id": "21m00Tcm4TlvDq8ikWAM", "model": "eleven_flash_v2_5"},
    }


def write(root: Path, count: int) -> bytes:
    """Write the stack and its state below *root*; return the body of GET /assistants."""
    import yaml  # noqa: PLC0415

    (root / "assistants").mkdir(parents=True)
    (root / "hmsplan.yaml").write_text("version: 1\nstack: bench\n")
    live, bindings = [], {}
    for number in range(count):
        spec = assistant(number)
        text = yaml.dump({"assistants": {f"a{number}": spec}}, Dumper=yaml.CSafeDumper, sort_keys=False, width=100)
        (root / "assistants" / f"a{number}.yaml").write_text(text)
        object_id = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
        times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
        live.append({"id": object_id, **spec, "is_active": True, "webhook_url": None, **times})
        address = Address("assistants", f"a{number}")
        bindings[address] = Binding(address, object_id, spec)
    folder = root / ".hmsplan" / "default"
    folder.mkdir(parents=True)
    (folder / "state.json").write_bytes(dump(State("bench", serial=1, bindings=bindings)))
    return orjson.dumps({"assistants": live})


@contextmanager
def serving(body: bytes) -> Iterator[str]:
    """Answer GET /organizations with an id, every other GET with *body*; yields the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together, or the body waits 40 ms for the reader to acknowledge the head

        def do_GET(self) -> None:
            answer = b'{"id": "bench"}' if self.path.endswith("/organizations") else body
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v1"
    finally:
        server.shutdown()
        server.server_close()


def parsed(body: bytes) -> Any:
    """Parse as the floor does."""
    return json.loads(body)

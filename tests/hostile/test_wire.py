"""Where the key may go: nowhere but to the endpoint of the environment, whatever a stack or an answer says."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.api.client import ReadClient
from hmsplan.api.urls import segments
from hmsplan.errors import ApiError
from hmsplan.kinds import KINDS

from .server import KEY, HostileServer, Received, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STACK = "assistants: {a: {name: A}}\n"
EVIL_IDS = (
    "../byok",
    "a/../../organizations",
    "a/b",
    "%2e%2e",
    "..%2fbyok",
    "a?limit=1",
    "a#b",
    "//evil.example/x",
    "https://evil.example/x",
    "a\\..\\b",
    "a b\tc",
    "a\r\nX-Evil: 1",
    "\u202eevil",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
)


@pytest.fixture
def sink() -> Iterator[HostileServer]:
    """Serve where nobody may ever ask; what it hears is a theft."""
    with serving() as server:
        yield server
        assert server.requests == []


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serving() as server:
        yield server


def carries_the_key(request: Received) -> bool:
    return f"authorization: bearer {KEY}".lower() in request.headers.lower()


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("command", ["plan", "drift", "doctor", "import assistants.a x"])
def test_a_redirect_takes_the_key_nowhere(
    tmp_path: Path, server: HostileServer, sink: HostileServer, status: str, command: str
) -> None:
    """Neither to another port nor to another path of the same host."""
    for where in (f"{sink.url}/assistants", "/other", f"{server.url}/other".replace("http:", "https:")):
        server.lie = lambda *_, where=where: answer(status, b"", f"Location: {where}")
        said = hmsplan(write(tmp_path, {"a.yaml": STACK}), *command.split(), url=server.url)
        assert said.code == 1
        assert "is never followed" in " ".join(said.all.split())  # however a table breaks its lines
    assert server.requests
    assert all(request.target.startswith("/api/v1/") and carries_the_key(request) for request in server.requests)
    assert not any("/other" in request.target for request in server.requests)


def test_a_link_to_the_next_page_is_never_followed(tmp_path: Path, server: HostileServer, sink: HostileServer) -> None:
    """That there is a next page is believed; where it would be is not even read."""
    items = [{"id": f"i{number}", "name": f"N{number}"} for number in range(3)]
    links = [f"{sink.url}/steal", "//evil.example/x", "../../byok", {"href": f"{sink.url}/steal"}]

    def lie(_: str, target: str) -> bytes | None:
        if not target.startswith("/assistants"):
            return None
        at = int(target.rpartition("offset=")[2]) if "offset=" in target else 0
        link = links[at] if at < 2 else None
        headers = (f'Link: <{sink.url}/steal>; rel="next"', f"Content-Location: {sink.url}/steal")
        return answer("200 OK", {"assistants": items[at : at + 1], "next": link, "has_more": at < 2}, *headers)

    server.lie = lie
    assert hmsplan(write(tmp_path, {"a.yaml": STACK}), "plan", url=server.url).code == 0
    assert [request.target for request in server.requests] == [
        "/api/v1/assistants",
        "/api/v1/assistants?limit=100&offset=1",
        "/api/v1/assistants?limit=100&offset=2",
        "/api/v1/organizations",
    ]


def targets(server: HostileServer) -> set[str]:
    return {request.target.partition("?")[0] for request in server.requests}


def check_stays_one_segment(server: HostileServer) -> None:
    """Every path is a list or one object of it, and nothing of an id became a part of the request."""
    lists = {f"/api/v1{kind.path}" for kind in KINDS.values()} | {"/api/v1/organizations"}
    for target in targets(server):
        head, _, last = target.rpartition("/")
        assert target in lists or (head in lists and last not in {"", ".", ".."}), target
    assert all("x-evil" not in request.headers.lower() for request in server.requests)


@pytest.mark.parametrize("bad", EVIL_IDS)
def test_a_live_id_stays_one_segment(tmp_path: Path, server: HostileServer, bad: str) -> None:
    """The API names an object so, and it is adopted, updated and deleted under that name and no other."""
    root = write(tmp_path, {"a.yaml": "assistants: {a: {name: A, first_message: new}, b: {name: B}}\n"})
    server.keep("/assistants", {"name": "A", "first_message": "old"}, bad)
    said = hmsplan(root, "apply", "-y", url=server.url)
    assert said.code == 0, said
    assert server.objects["/assistants"][bad]["first_message"] == "new"
    write(root, {"a.yaml": "assistants: {b: {name: B}}\n"})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    assert bad not in server.objects["/assistants"]
    check_stays_one_segment(server)


@pytest.mark.parametrize("bad", [".", ".."])
def test_a_live_id_that_no_path_can_hold_is_never_sent(tmp_path: Path, server: HostileServer, bad: str) -> None:
    """``/assistants/..`` would be the list of everything."""
    root = write(tmp_path, {"a.yaml": "assistants: {a: {name: A, first_message: new}}\n"})
    server.keep("/assistants", {"name": "A", "first_message": "old"}, bad)
    assert hmsplan(root, "apply", "-y", url=server.url).code in {1, 6}
    assert server.writes == []
    check_stays_one_segment(server)


@pytest.mark.parametrize("bad", [*EVIL_IDS, ".", "..", ""])
def test_an_imported_id_stays_one_segment_or_is_refused(tmp_path: Path, server: HostileServer, bad: str) -> None:
    """As an argument, and as an entry of the stack."""
    root = write(tmp_path, {"a.yaml": STACK})
    assert hmsplan(root, "import", "assistants.a", bad, url=server.url).code == 1
    entry = f"imports: [{{to: assistants.a, id: {_quoted(bad)}}}]\n"
    assert hmsplan(write(root, {"a.yaml": STACK + entry}), "apply", "-y", url=server.url).code in {1, 3}
    assert server.writes == []
    check_stays_one_segment(server)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("\r\n", " ") + "'"


@pytest.mark.parametrize("bad", [*EVIL_IDS, ".", ".."])
def test_an_id_of_a_tampered_state_stays_one_segment(tmp_path: Path, server: HostileServer, bad: str) -> None:
    """Whoever edits the state moves request to another object at most, never to another part of the API."""
    root = write(tmp_path, {"a.yaml": STACK})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    state = root / ".hmsplan" / "default" / "state.json"
    (known,) = server.objects["/assistants"]
    state.write_text(state.read_text().replace(known, bad.encode("unicode_escape").decode().replace("\\x", "\\u00")))
    server.requests.clear()
    hmsplan(root, "plan", url=server.url)
    hmsplan(root, "apply", "-y", "--destroy", "--allow", "*", url=server.url)
    assert server.writes == []
    check_stays_one_segment(server)


REFUSED_URLS = (
    "http://localhost.evil.example/api/v1",
    "http://127.0.0.1@evil.example/api/v1",
    "http://127.0.0.1:80@evil.example/",
    "https://api.hmsovereign.com@evil.example/api/v1",
    "https://api.hmsovereign.com.evil.example/api/v1",
    "https://evilhmsovereign.com/api/v1",
    "https://evil.example/api.hmsovereign.com",
    "https://evil.example#.hmsovereign.com",
    "https://evil.example?.hmsovereign.com",
    "https://evil.example\\.hmsovereign.com/",
    "http://0x7f000001.evil.example/",
    "http://169.254.169.254/latest",
    "http://0.0.0.0/api/v1",
    "http://[::]/api/v1",
    "http://api.hmsovereign.com/api/v1",
    "ftp://api.hmsovereign.com/",
    "file:///etc/passwd",
    "//api.hmsovereign.com/",
    "https://",
    "https://ⓔvil.example/",
    "https://api.hmsovereign.com\r\nX-Evil: 1/",
)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_doubtful_endpoint_is_refused_before_anything_is_sent(tmp_path: Path, url: str) -> None:
    """Names that only look like the vendor's or like this machine; http to anywhere else."""
    said = hmsplan(write(tmp_path, {"a.yaml": STACK}), "plan", url=url)
    assert said.code == 1
    assert "Base URL refused" in said.err


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
def test_every_spelling_of_loopback_reaches_this_machine_or_nothing(
    tmp_path: Path, server: HostileServer, host: str
) -> None:
    """What a resolver might read as another address is refused rather than guessed."""
    url = server.url.replace("127.0.0.1", host)
    said = hmsplan(write(tmp_path, {"a.yaml": STACK}), "plan", url=url)
    if host in {"127.0.0.1", "localhost"}:
        assert said.code == 0, said
    else:
        assert (said.code, server.requests) == (1, []), said


@pytest.mark.parametrize(
    "key",
    ["base_url", "endpoint", "host", "proxy", "verify", "insecure", "ca_bundle", "allow_host", "api_key", "headers"],
)
def test_no_file_of_a_stack_says_where_or_how_to_connect(tmp_path: Path, sink: HostileServer, key: str) -> None:
    """The keys do not exist, in any of the three kinds of files."""
    line = f"{key}: {sink.url}\n"
    head = "version: 1\nstack: x\n"
    for files in (
        {"hmsplan.yaml": head + line, "a.yaml": STACK},
        {"environments/e.yaml": line, "a.yaml": STACK, "hmsplan.yaml": head},
        {"a.yaml": STACK + line, "environments/e.yaml": "variables: {}\n"},
    ):
        said = hmsplan(write(tmp_path, files), "plan", "-e", "e", url=sink.url)
        assert said.code == 3, (files, said)


@pytest.mark.parametrize("flag", ["--insecure", "--no-verify", "-k", "--proxy", "--api-key", "--base-url"])
def test_no_flag_makes_the_connection_unsafe(tmp_path: Path, sink: HostileServer, flag: str) -> None:
    """Certificates are always checked, and the key is never on a command line that others can list."""
    said = hmsplan(write(tmp_path, {"a.yaml": STACK}), "plan", f"{flag}=x", url=sink.url)
    assert said.code == 1
    assert "No such option" in said.err


def test_a_server_without_a_certificate_gets_nothing(tmp_path: Path) -> None:
    """Whatever variables other tools take for "do not check"."""
    loose = {
        "PYTHONHTTPSVERIFY": "0",
        "CURL_INSECURE": "1",
        "NODE_TLS_REJECT_UNAUTHORIZED": "0",
        "REQUESTS_CA_BUNDLE": "",
        "HMSPLAN_INSECURE": "1",
    }
    with serving() as server:
        url = server.url.replace("http:", "https:")
        said = hmsplan(write(tmp_path, {"a.yaml": STACK}), "plan", url=url, **loose)
        assert (said.code, [request.method for request in server.requests if carries_the_key(request)]) == (1, [])


def test_the_proxies_of_the_environment_are_told_without_their_passwords(tmp_path: Path, server: HostileServer) -> None:
    """In words and in JSON; a hostile host name stays a text."""
    proxies = {
        "HTTPS_PROXY": "http://user:hunter2@proxy.example:3128",
        "ALL_PROXY": "http://\x1b[31mx:hunter2@y.example",
    }
    for words in (("doctor",), ("doctor", "--json")):
        said = hmsplan(write(tmp_path, {"a.yaml": STACK}), *words, url=server.url, **proxies)
        assert "proxy.example" in said.out
        assert "hunter2" not in said.all
        assert "\x1b" not in said.all
    assert all(carries_the_key(request) for request in server.requests)  # loopback is asked directly


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")
    for _ in range(10_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", [drip, drip_head])
def test_a_slow_drip_ends(how: Callable[[asyncio.StreamWriter], Any]) -> None:
    """A byte now and then resets no deadline: one exchange has a limit of its own, whatever its pieces are."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await how(writer)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, ReadClient(url, api_key=KEY, timeout_s=0.1, sleep=lambda _: asyncio.sleep(0)) as client:
            with pytest.raises(ApiError):
                await client.get(segments("/assistants"))

    began = time.monotonic()
    asyncio.run(asyncio.wait_for(main(), 60))
    assert time.monotonic() - began < 30

"""One event over HTTP: to the address that was looked at, under the name that was meant."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from support.webhook_server import Server, answer, serving

from hmsplan.webhooks.send import Answer, Sender, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def send(url: str, sender: Sender | None = None, within_s: float = 5) -> Answer:
    sender = sender or Sender()
    return asyncio.run(sender.send(url, {"Content-Type": "application/json"}, b"{}", within_s=within_s))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        made.reply = lambda _: answer({"ok": True})
        yield made


def test_an_answer_is_status_body_and_headers(server: Server) -> None:
    found = send(f"{server.url}/a?b=%20c")
    assert (found.status, found.body, found.trouble) == (200, b'{"ok": true}', None)
    assert found.headers["content-length"] == "12"
    (request,) = server.received
    assert request.head.startswith("POST /a?b=%20c HTTP/1.1\r\n")
    assert dict(request.headers)["Accept-Encoding"] == "identity"


def test_localhost_is_tried_on_every_address(server: Server) -> None:
    """The server listens on 127.0.0.1 only, and the first address of localhost is often ::1."""
    port = server.url.rpartition(":")[2]
    assert send(f"http://localhost:{port}/").status == 200
    assert dict(server.received[0].headers)["Host"] == f"localhost:{port}"


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_one_too() -> None:
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving(listening, lambda _: answer({})) as server:
        port = listening.getsockname()[1]
        assert send(f"http://[::1]:{port}/").status == 200
        assert dict(server.received[0].headers)["Host"] == f"[::1]:{port}"


def test_what_is_not_answered_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        assert send(f"http://127.0.0.1:{bound.getsockname()[1]}/").trouble is Trouble.NOT_CONNECTED

    def speak_in_clear(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=speak_in_clear, args=(listening,), daemon=True).start()
        assert send(f"https://127.0.0.1:{listening.getsockname()[1]}/").trouble is Trouble.TLS

    async def unknown(*_: Any) -> list[str]:
        return []

    monkeypatch.setattr("hmsplan.webhooks.send.resolved", unknown)
    assert send("http://nothing.example/").trouble is Trouble.NOT_RESOLVED


def test_a_name_server_that_hangs_costs_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the event loop does not wait for it either."""
    answers = threading.Event()

    def hangs(*_: Any, **__: Any) -> Any:
        answers.wait(60)
        raise socket.gaierror

    monkeypatch.setattr("socket.getaddrinfo", hangs)
    assert send("http://slow.example/", within_s=0.05).trouble is Trouble.TOO_LATE
    assert not answers.is_set()
    answers.set()


def test_a_name_that_is_none_is_not_resolved() -> None:
    assert send(f"http://{'a' * 70}.example/").trouble is Trouble.NOT_RESOLVED


def test_an_answer_of_the_largest_size_is_whole(server: Server) -> None:
    server.reply = lambda _: answer(b"1" * 100)
    assert send(server.url, Sender(most_bytes=100)).trouble is None
    assert send(server.url, Sender(most_bytes=99)).trouble is Trouble.TOO_LARGE


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for localhost that signs itself; return the file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(made.public_bytes(pem) + written)
    return file


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[int]:
    """Serve TLS; yield the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
    with serving(listening, lambda _: answer({})):
        yield listening.getsockname()[1]


def test_the_certificate_is_held_against_the_name_and_not_the_address(encrypted: int, certificate: Path) -> None:
    known = ssl.create_default_context(cafile=str(certificate))
    assert send(f"https://localhost:{encrypted}/", Sender(known)).status == 200
    assert send(f"https://127.0.0.1:{encrypted}/", Sender(known)).trouble is Trouble.TLS
    assert send(f"https://localhost:{encrypted}/").trouble is Trouble.TLS


def test_loopback_is_what_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name may not lead here: that is how a page reaches what only this machine may."""

    async def here(*_: Any) -> Any:
        return [str(ipaddress.ip_address("127.0.0.1"))]

    monkeypatch.setattr("hmsplan.webhooks.send.resolved", here)
    assert send("http://localtest.example:1/").trouble is Trouble.PRIVATE

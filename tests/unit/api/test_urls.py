"""The key goes to the vendor, to loopback, or to a host somebody named; an id stays one segment of its path."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.api.urls import DEFAULT_BASE_URL, encoded, endpoint, segments, tls
from hmsplan.errors import HmsplanError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "url",
    [
        DEFAULT_BASE_URL,
        "https://staging.hmsovereign.com/api/v1/",
        "http://127.0.0.1:8080/api/v1",
        "http://127.9.9.9",
        "http://localhost:1",
        "http://[::1]:8080/api/v1",
        "https://localhost",
    ],
)
def test_the_vendor_and_loopback_may_have_the_key(url: str) -> None:
    """https to the vendor's hosts; http on this machine only."""
    assert str(endpoint(url)) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.hmsovereign.com",
        "http://api.hmsovereign.com",
        "ftp://api.hmsovereign.com",
        "https://",
        "https://evil.example",
        "https://hmsovereign.com.evil.example",
        "https://evilhmsovereign.com",
        "https://localhost.evil.example",
        "https://api.hmsovereign.com@evil.example",
        "https://api.hmsovereign.com\\@evil.example",
        "https://user:pass@api.hmsovereign.com",
        "https://user@127.0.0.1",
        "https://api.hmsovereign.com/api/v1?x=1",
        "https://api.hmsovereign.com/api/v1#x",
        "https://api.hmsovereign.com/?",
        "http://10.0.0.1",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://[::ffff:8.8.8.8]",
        "https://api.hmsovereign.com\n",
        "https://api.hmsovereign.com:99999",
        "https://xn--pi-7ka.hmsovereign.com.evil.example",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    """No foreign host, no plain http on a network, no login, query or fragment, no trick with a URL."""
    with pytest.raises(HmsplanError, match="Base URL refused"):
        endpoint(url)


def test_another_host_needs_its_name() -> None:
    """--allow-host opens one host, over https only."""
    assert endpoint("https://Proxy.Example/api", "proxy.example").host == "proxy.example"
    with pytest.raises(HmsplanError, match=r"--allow-host proxy\.example"):
        endpoint("https://proxy.example/api", "other.example")
    with pytest.raises(HmsplanError, match="use https"):
        endpoint("http://proxy.example/api", "proxy.example")


def test_a_path_alternates_constants_and_ids() -> None:
    """A slash in an id does not make two segments of it."""
    assert segments("/assistants") == ("assistants",)
    assert segments("/campaigns", "a/b", "/leads", "c") == ("campaigns", "a/b", "leads", "c")
    assert encoded(segments("/campaigns", "a/b?c#d %2e", "/leads")) == "/campaigns/a%2Fb%3Fc%23d%20%252e/leads"
    assert encoded(segments("/byok/config")) == "/byok/config"


@pytest.mark.parametrize("bad", ["", ".", "..", "x" * 2000, "\ud800"])
def test_an_id_that_would_change_the_path_is_refused(bad: str) -> None:
    """ "Never send an empty id, . or ..": `/assistants/../byok` is another resource."""
    with pytest.raises(HmsplanError, match="Unusable id"):
        encoded(segments("/assistants", bad))


@given(st.text(min_size=1, max_size=50).filter(lambda text: text not in {".", ".."} and text.isprintable()))
def test_every_other_id_stays_one_segment_of_plain_characters(identifier: str) -> None:
    """Whatever an id holds, the path keeps its two segments, and httpx changes nothing in it."""
    path = encoded(segments("/assistants", identifier))
    assert path.count("/") == 2
    assert set(path) <= set(string.ascii_letters + string.digits + "/%._-~")
    assert httpx.URL(DEFAULT_BASE_URL + path).raw_path == f"/api/v1{path}".encode()


def test_certificates_are_always_checked_and_the_context_is_shared() -> None:
    """There is no switch; and making a context takes 25 ms, so there is one."""
    context = tls(None)
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert tls(None) is context


def test_a_bad_bundle_is_told_with_its_name(tmp_path: Path) -> None:
    """A file that is missing, or holds no certificate, is an error that names it."""
    with pytest.raises(HmsplanError, match=r"missing\.pem"):
        tls(tmp_path / "missing.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(HmsplanError, match=r"empty\.pem"):
        tls(tmp_path / "empty.pem")

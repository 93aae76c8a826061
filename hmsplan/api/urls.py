"""Where a request may go: the base URL, the path below it, and the TLS that proves it."""

from __future__ import annotations

import functools
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote

import httpx

from hmsplan.errors import HmsplanError
from hmsplan.secrets.hosts import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from pathlib import Path

DEFAULT_BASE_URL: Final = "https://api.hmsovereign.com/api/v1"

Segments: TypeAlias = tuple[str, ...]
"""A path below the base URL: one item a segment, not encoded yet. Made by ``segments``."""

_VENDOR: Final = ".hmsovereign.com"
_LONGEST_ID: Final = 1024
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")


def segments(path: str, *parts: str) -> Segments:
    """Build a path: a constant one, an id, a constant one, an id … as in ``segments("/campaigns", id, "/leads")``.

    Ids are one segment each, whatever they hold; only the constants are split at their slashes.
    """
    found = [piece for piece in path.split("/") if piece]
    for index, part in enumerate(parts):
        found += [piece for piece in part.split("/") if piece] if index % 2 else [part]
    return tuple(found)


@functools.cache
def endpoint(base_url: str, allow_host: str | None = None) -> httpx.URL:
    """Check where the key would go.

    Args:
        base_url: from the command line or the environment, never from a file of the stack.
        allow_host: a host besides the vendor's own and loopback.

    Raises:
        HmsplanError: not https (http is for loopback only), a login, query or fragment in it, or a host not allowed.
    """
    try:
        url = httpx.URL(base_url.rstrip("/"))
        host = url.raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, ValueError, TypeError):
        raise _refused("it is not a URL") from None
    if url.scheme not in {"http", "https"} or _HOST.fullmatch(host) is None or not 0 < (url.port or 443) < 1 << 16:
        raise _refused("it has to be https://, a host and perhaps a port and a path")
    if url.userinfo or url.query or url.fragment or "?" in base_url or "#" in base_url:
        raise _refused("it may hold no login, query or fragment")
    local = is_loopback(host)
    if url.scheme == "http" and not local:
        raise _refused(f"http would show the key to everybody on the way to {host}; use https")
    if not (local or host.endswith(_VENDOR) or host == (allow_host or "").lower()):
        raise _refused(f"{host} is not the vendor's; if it may have the key, say --allow-host {host}")
    return url


def _refused(why: str) -> HmsplanError:
    return HmsplanError(why, summary="Base URL refused")


@functools.cache
def _tls(ca_bundle: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if ca_bundle is not None:
        context.load_verify_locations(cafile=ca_bundle)
    return context


def tls(ca_bundle: Path | None) -> ssl.SSLContext:
    """Return the context that checks certificates; the same one for all clients, since making one takes 25 ms.

    Args:
        ca_bundle: PEM file with authorities on top of the usual ones; None = none.

    Raises:
        HmsplanError: the file, or what SSL_CERT_FILE or SSL_CERT_DIR names, cannot be used.
    """
    try:
        return _tls(ca_bundle)
    except OSError as error:  # ssl.SSLError is one
        detail = f"{ca_bundle or 'SSL_CERT_FILE or SSL_CERT_DIR'}: {error}"
    raise HmsplanError(detail, summary="CA bundle cannot be used")


def encoded(where: Sequence[str]) -> str:
    """Write a path, each item as one segment ("Percent-encode them; never send an empty id, . or ..").

    Raises:
        HmsplanError: an item that cannot be one.
    """
    return "/" + "/".join(map(_segment, where))


@functools.lru_cache(maxsize=1024)
def _segment(text: str) -> str:
    if text not in {"", ".", ".."} and len(text) <= _LONGEST_ID:
        with suppress(UnicodeEncodeError):
            return quote(text, safe="")
    raise HmsplanError(f"{text[:40]!r} cannot be part of a path", summary="Unusable id")

"""What a host is, as far as its name tells. Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine, so that plain http shows nothing to others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_LOCAL: Final = (
    *(".local", ".localhost", ".internal", ".lan", ".intranet", ".corp", ".home", ".private"),
    *(".home.arpa", ".test", ".invalid", ".onion"),
)
"""Names that no public name server knows (RFC 6761, 6762, 7686, 8375; ICANN keeps .internal for private use)."""
_TUNNELS: Final = (
    *(".ngrok.io", ".ngrok.app", ".ngrok-free.app", ".ngrok.dev", ".ngrok-free.dev", ".trycloudflare.com", ".loca.lt"),
    *(".serveo.net", ".localtunnel.me", ".tunnelmole.net", ".pinggy.link", ".devtunnels.ms"),
)


@lru_cache(maxsize=1024)
def is_public(host: str) -> bool:
    """Say whether the rest of the world can reach *host*, as far as its name or number tells."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        name = host.lower().rstrip(".")
        return "." in name and not name.endswith(_LOCAL)


def is_tunnel(host: str) -> bool:
    """Say whether *host* leads to somebody's computer, as long as a program runs there."""
    return host.lower().rstrip(".").endswith(_TUNNELS)

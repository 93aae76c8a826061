"""What a host is, as far as its name tells. Pure."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Say whether *host* is this machine, so that plain http shows nothing to others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

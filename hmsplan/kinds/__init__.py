"""What we know of the API, as one table of kinds; each kind has a file.

A new kind is one file here, its schema, its emulator routes, one example and one golden case. If another module has to
change, ``Kind`` lacks a field. ``docs`` of each kind says where its facts come from; a comment marks a fact that is
inferred rather than documented.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.kinds.analysis_templates import ANALYSIS_TEMPLATES
from hmsplan.kinds.assistants import ASSISTANTS
from hmsplan.kinds.byok_keys import BYOK_KEYS
from hmsplan.kinds.campaigns import CAMPAIGNS
from hmsplan.kinds.domain import DOMAIN
from hmsplan.kinds.kind import NAME, STAMPS, Kind, Kinds, Members
from hmsplan.kinds.mcp_servers import MCP_SERVERS
from hmsplan.kinds.numbers import NUMBERS
from hmsplan.kinds.organization import ORGANIZATION
from hmsplan.kinds.sip_trunks import SIP_TRUNKS
from hmsplan.kinds.tool_templates import TOOL_TEMPLATES
from hmsplan.kinds.workflows import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ANALYSIS_TEMPLATES",
    "ASSISTANTS",
    "A_KIND",
    "BYOK_KEYS",
    "CAMPAIGNS",
    "DOMAIN",
    "KINDS",
    "MCP_SERVERS",
    "NAME",
    "NUMBERS",
    "ORGANIZATION",
    "SIP_TRUNKS",
    "STAMPS",
    "TOOL_TEMPLATES",
    "WORKFLOWS",
    "Kind",
    "Kinds",
    "Members",
]

KINDS: Final[Kinds] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ORGANIZATION,
            BYOK_KEYS,
            DOMAIN,
            TOOL_TEMPLATES,
            ANALYSIS_TEMPLATES,
            MCP_SERVERS,
            SIP_TRUNKS,
            ASSISTANTS,
            WORKFLOWS,
            NUMBERS,
            CAMPAIGNS,
        )
    }
)
"""Every kind that hmsplan manages."""

A_KIND: Final[Mapping[str, str]] = MappingProxyType(
    {kind.name: f"{kind.article} {kind.noun}" for kind in KINDS.values()}
)
"""What one object is called in a sentence."""

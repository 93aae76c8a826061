"""What the API says of itself: health, organization, clock and rate limit."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time as unix_now
from typing import TYPE_CHECKING, Any

from hmsplan.api.client import ReadClient
from hmsplan.api.urls import segments
from hmsplan.errors import ApiError, NotFound

if TYPE_CHECKING:
    import httpx

    from hmsplan.api.responses import Answer
    from hmsplan.operations.workspace import Connect

TIMEOUT_S = 10.0
DEADLINE_S = 20.0
FORBIDDEN = 403


@dataclass(frozen=True, slots=True)
class Probe:
    """What was heard; all texts are foreign.

    Attributes:
        health: "ok", or what is said instead.
        organization: id; None when the key may not ask.
        children: name and id of each organization that is billed to this one.
        skew_s: our clock less the API's; None when it sent no Date.
        limit: requests a minute; None when no answer told.
    """

    health: str
    organization: str | None
    name: str
    children: tuple[str, ...]
    skew_s: float | None
    limit: str | None
    remaining: str | None


class _Listener(ReadClient):
    """Remembers the latest answer, headers included."""

    latest: Answer | None = None
    skew_s: float | None = None

    async def _send(self, request: httpx.Request) -> Answer:
        answer = await super()._send(request)
        self.latest, self.skew_s = answer, _skew_s(answer)
        return answer


async def probe_api(connect: Connect) -> Probe:
    """Ask the API how it is and whose key this is.

    Raises:
        Unauthorized: the key is not accepted.
        ApiError: there is no answer, or not the expected one.
    """
    async with connect(_Listener, timeout_s=TIMEOUT_S, deadline_s=DEADLINE_S, on_skew=None) as client:
        health = await client.get(segments("/health"))
        organization = await _organization(client)
        children = organization.get("children")
        headers = client.latest.headers if client.latest else {}
        status = health.get("status") if isinstance(health, dict) else None
        return Probe(
            health=str(status or "it answers, and says nothing of its health"),
            organization=organization.get("id"),
            name=str(organization.get("name") or ""),
            children=tuple(
                f"{child.get('name') or ''} {child['id']}".strip()
                for child in (children if isinstance(children, list) else ())
                if isinstance(child, dict) and isinstance(child.get("id"), str)
            ),
            skew_s=client.skew_s,
            limit=headers.get("x-ratelimit-limit"),
            remaining=headers.get("x-ratelimit-remaining"),
        )


async def _organization(client: ReadClient) -> dict[str, Any]:
    try:
        answer = await client.get(segments("/organizations"), params={"include_children": "true"})
    except ApiError as error:
        if isinstance(error, NotFound) or error.status == FORBIDDEN:
            return {}
        raise
    found = answer.get("organization", answer) if isinstance(answer, dict) else None
    return found if isinstance(found, dict) else {}


def _skew_s(answer: Answer) -> float | None:
    try:
        return unix_now() - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None

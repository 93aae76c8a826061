"""Try the services that answer the calls of a stack: send them events, and judge what they answer."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hmsplan.errors import HmsplanError
from hmsplan.secrets.hosts import is_loopback
from hmsplan.webhooks import description
from hmsplan.webhooks.case import WebhookResult
from hmsplan.webhooks.cases import body_of, headers_of, receivers
from hmsplan.webhooks.judge import problems_of, with_errors_of_whole_tools
from hmsplan.webhooks.send import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hmsplan.webhooks.case import WebhookCase
    from hmsplan.webhooks.send import Sender

PAUSE_S: Final = 0.1
"""Between two events: what a service is tried with is no load."""
RISK: Final = "webhook"
"""What stands before a host in ``--allow``."""
_HOPELESS: Final = frozenset(Trouble) - {Trouble.TOO_LARGE, Trouble.NOT_HTTP}
"""Troubles after which nothing more is sent to the same URL."""


_WHY: Final = (
    "Each event looks like one of a real call, and the service may book, order or write for the person who is made up "
    "in it. Nothing was sent. If this is a service for tests, add:"
)


class WebhookNotAllowed(HmsplanError):
    """Events would go to a host that is not allowed."""

    exit_code = 4
    summary = "Refused"

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts = tuple(hosts)
        super().__init__(f"{_WHY} {' '.join(f'--allow {RISK}:{host}' for host in hosts)}")


def host_of(url: str) -> str:
    """Return the host of a URL of a stack, in small letters."""
    return (urlsplit(url).hostname or "").lower()


def refuse_unallowed(urls: Collection[str], allowed: Collection[str]) -> None:
    """Refuse to send to a host that is not this machine, unless it is allowed by name.

    Which environment is the one of real customers, nothing tells: a host is allowed each time, by the command.

    Raises:
        WebhookNotAllowed: with the flags that would allow all of it.
    """
    hosts = dict.fromkeys(map(host_of, urls))
    if refused := [host for host in hosts if not is_loopback(host) and f"{RISK}:{host}" not in allowed]:
        raise WebhookNotAllowed(refused)


async def try_webhooks(
    cases: Sequence[WebhookCase],
    sender: Sender,
    *,
    allowed: Collection[str] = (),
    pause_s: float | None = None,
    limit_s: Callable[[WebhookCase], float] = lambda case: description.answer_within_s(case.event),
    clock: Callable[[], float] = time.time,
    deadline_s: float | None = None,
) -> tuple[WebhookResult, ...]:
    """Send every case and judge the answers; one after the other, in their order.

    After an event without an answer nothing more goes to that URL, so that a service that hangs is found once.

    Args:
        cases: of ``webhooks.cases.cases_of``.
        sender: what sends them.
        allowed: hosts that are not this machine, as ``webhook:HOST``.
        pause_s: between two events; None = as a person would be paced.
        limit_s: how long an answer may take.
        clock: Unix seconds, which the signatures are made with.
        deadline_s: seconds after which nothing more is sent; None = no limit.

    Raises:
        WebhookNotAllowed: a host is not allowed; nothing was sent.
    """
    refuse_unallowed(receivers(cases), allowed)
    results: list[WebhookResult] = []
    silent: set[str] = set()
    began = clock()
    for case in cases:
        if case.receiver.url in silent or (deadline_s is not None and clock() - began > deadline_s):
            results.append(WebhookResult(case, is_sent=False))
            continue
        if results:
            await asyncio.sleep(PAUSE_S if pause_s is None else pause_s)
        at = clock()
        body = body_of(case, at)
        answer = await sender.send(case.receiver.url, headers_of(case, body, at), body, within_s=limit_s(case))
        if answer.trouble in _HOPELESS:
            silent.add(case.receiver.url)
        results.append(WebhookResult(case, tuple(problems_of(case, answer)), answer.status, answer.took_s))
    return tuple(with_errors_of_whole_tools(results))

"""Trying webhooks: in order, paced, within the time that is given, and with a secret while it is changed."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING, Any

import pytest
from support.webhook_server import SECRET, Server, answer, serving

from hmsplan.config.load import load_stack
from hmsplan.operations.webhooks import WebhookNotAllowed, host_of, refuse_unallowed, try_webhooks
from hmsplan.webhooks import verify
from hmsplan.webhooks.case import WebhookOutcome
from hmsplan.webhooks.cases import cases_of
from hmsplan.webhooks.send import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.webhooks.case import WebhookCase

STACK = """\
version: 1
stack: small
variables: {url: {}}
"""
DESK = """\
assistants:
  desk: {name: Desk, webhook_url: "${var:url}", webhook_secret: "${secret:hook}"}
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


def cases(root: Path, url: str, secret: str = SECRET) -> tuple[WebhookCase, ...]:
    (root / "hmsplan.yaml").write_text(STACK, "utf-8")
    (root / "desk.yaml").write_text(DESK, "utf-8")
    return cases_of(load_stack(root, variables={"url": url}, environ={"HMSPLAN_SECRET_HOOK": secret})).cases


def tried(found: Any, **options: Any) -> list[WebhookOutcome]:
    results = asyncio.run(try_webhooks(found, Sender(), **{"pause_s": 0.0, **options}))
    return [each.outcome for each in results]


def test_after_the_time_that_is_given_nothing_more_is_sent(tmp_path: Path, server: Server) -> None:
    ticks = itertools.count(time.time(), 2)  # asked once at the beginning, and twice for each event
    outcomes = tried(cases(tmp_path, server.url), clock=lambda: next(ticks), deadline_s=5)
    assert outcomes == [WebhookOutcome.PASSED] + [WebhookOutcome.SKIPPED] * 5
    assert len(server.received) == 1


def test_the_stack_may_have_the_new_secret_or_the_old_one_while_the_service_takes_both(
    tmp_path: Path, server: Server
) -> None:
    both = ("whsec_new_0123456789", SECRET)
    server.reply = lambda r: answer({}) if verify(r.headers, r.body, both) else answer(b"", "401 Unauthorized")
    for secret in both:
        assert set(tried(cases(tmp_path, server.url, secret))) == {WebhookOutcome.PASSED}
    assert tried(cases(tmp_path, server.url, "whsec_older_0123456789"))[0] is WebhookOutcome.FAILED


@pytest.mark.parametrize(
    ("url", "allowed", "is_refused"),
    [
        ("http://127.0.0.1:1/", (), False),
        ("http://[::1]:1/", (), False),
        ("http://localhost/", (), False),
        ("http://localhost.acme.example/", (), True),
        ("http://0.0.0.0/", (), True),
        ("https://Hooks.Acme.example/", ("webhook:hooks.acme.example",), False),
        ("https://hooks.acme.example/", ("webhook:acme.example",), True),
        ("https://hooks.acme.example/", ("webhook:*",), True),
    ],
)
def test_a_host_is_this_machine_or_allowed_by_its_whole_name(
    url: str, allowed: tuple[str, ...], is_refused: bool
) -> None:
    if is_refused:
        with pytest.raises(WebhookNotAllowed, match=f"--allow webhook:{host_of(url)}"):
            refuse_unallowed([url], allowed)
    else:
        refuse_unallowed([url], allowed)


def test_nothing_is_sent_while_one_host_is_refused(tmp_path: Path, server: Server) -> None:
    found = [*cases(tmp_path, server.url), *cases(tmp_path, "https://hooks.acme.example/")]
    with pytest.raises(WebhookNotAllowed):
        tried(found)
    assert server.received == []

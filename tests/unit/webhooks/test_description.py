"""What is said of the events once, in two files, is what we say everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import hmsplan
from hmsplan.kinds.api_rules import shared
from hmsplan.webhooks import MAX_AGE_S, description, signing
from hmsplan.webhooks.case import WebhookEvent

DESCRIBED: dict[str, Any] = json.loads((Path(hmsplan.__file__).parent / "openapi" / "openapi.json").read_bytes())[
    "webhooks"
]


def test_the_events_are_those_of_the_description_and_of_the_rules() -> None:
    assert {*WebhookEvent} == DESCRIBED.keys() == shared()["webhooks"]["events"].keys()


@pytest.mark.parametrize("event", WebhookEvent)
def test_the_headers_are_those_of_the_description(event: WebhookEvent) -> None:
    parameters = DESCRIBED[event]["post"]["parameters"]
    assert [each["name"] for each in parameters] == [signing.EVENT, signing.TIMESTAMP, signing.SIGNATURE]
    assert parameters[0]["schema"]["enum"] == [*WebhookEvent]


def test_times_and_ages_are_those_of_the_documentation() -> None:
    assert [description.answer_within_s(event) for event in WebhookEvent] == [5, 10, 10, 10]
    assert shared()["webhooks"]["max_age_s"] == MAX_AGE_S


@pytest.mark.parametrize("event", WebhookEvent)
def test_one_form_is_meant_by_each_answer(event: WebhookEvent) -> None:
    found = description.forms(event)
    assert [("key" in form) for form in found[:-1]] == [True] * (len(found) - 1 if found else 0)
    assert not found or "key" not in found[-1]
    if found:
        assert description.form_of(event, {"zzz": 1}) == description.form_of(event, [1]) == found[-1]


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        ([], b"{}", "X-Webhook-Event is not one of"),
        (
            [("x-webhook-event", "tool-calls"), ("X-Webhook-Event", "tool-calls")],
            b"{}",
            "X-Webhook-Event is not one of",
        ),
        ([("X-Webhook-Event", "ringing")], b"{}", "X-Webhook-Event is not one of"),
        ([("X-Webhook-Event", "tool-calls")], b"{", "the body is not JSON"),
        ([("X-Webhook-Event", "tool-calls")], b"{}", "the body"),
        ([("X-Webhook-Event", "tool-calls")], b'{"message": {"type": "status-update"}}', "message.type"),
    ],
)
def test_what_is_not_an_event_is_told(headers: list[tuple[str, str]], body: bytes, problem: str) -> None:
    assert problem in " ".join(description.event_problems(headers, body))

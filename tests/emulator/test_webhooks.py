"""Signatures of webhooks."""

from __future__ import annotations

from hmsplan.emulator import sign, verify

BODY = b'{"message": {"type": "status-update"}}'


def test_a_signature_is_the_hmac_of_time_and_body() -> None:
    headers = sign("status-update", BODY, "secret", now=1_790_000_000.9)
    assert headers == {
        "X-Webhook-Event": "status-update",
        "X-Webhook-Timestamp": "1790000000",
        "X-Webhook-Signature": "sha256=4d3b621d8fea23efb5cdc26bd272359b729d635de3a8ff80d68489fc4dd5f516",
    }


def test_without_a_secret_there_is_no_signature() -> None:
    assert "X-Webhook-Signature" not in sign("tool-calls", BODY, None)


def test_a_signature_is_good_for_five_minutes_and_one_body() -> None:
    headers = {name.lower(): value for name, value in sign("tool-calls", BODY, "secret", now=1000).items()}
    assert verify(headers, BODY, "secret", now=1300)
    assert not verify(headers, BODY, "secret", now=1301)
    assert not verify(headers, BODY + b" ", "secret", now=1000)
    assert not verify(headers, BODY, "other", now=1000)
    assert not verify({}, BODY, "secret", now=1000)
    assert not verify({**headers, "x-webhook-timestamp": "soon"}, BODY, "secret", now=1000)

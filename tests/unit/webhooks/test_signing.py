"""Signatures: ours, the platform's as it is documented, and what must not pass for one."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from hmsplan import emulator
from hmsplan.webhooks import Fault, fault_of, signed_headers, verify

NOW: Final = 1_790_000_000
VECTORS: Final = (
    # printf '%s.%s' TIMESTAMP BODY | openssl dgst -sha256 -hmac SECRET
    (
        *(1_790_000_000, '{"message": {"type": "tool-calls", "text": "Zoë"}}'.encode(), "whsec_0123456789abcdef"),
        "5f1e018c7cba2a81d337986ae71facc99cd2bc708fc18d17c28b3c43d3152c65",
    ),
    (1_767_225_600, b"{}", "geheim-ß", "a53cceb1821fdb782600c53be91c0e0df6ad866dcd02e144e5ee1e7f1a9e4418"),
    (1_767_225_600, b"\x00\xff", "k", "4ca46056a08f46b2d89971f04599e2de0f6cc5005be1abfa8deea37f91cb6842"),
)
"""Made with OpenSSL."""
BODY: Final = b'{"message": {"type": "status-update"}}'


def headers(secret: str = "new", now: float = NOW) -> dict[str, str]:
    return signed_headers("status-update", BODY, secret, now=now)


@pytest.mark.parametrize(("now", "body", "secret", "digest"), VECTORS)
def test_a_signature_is_what_another_program_makes_of_time_and_body(
    now: int, body: bytes, secret: str, digest: str
) -> None:
    made = signed_headers("tool-calls", body, secret, now=now + 0.9)
    assert made == {
        "X-Webhook-Event": "tool-calls",
        "X-Webhook-Timestamp": str(now),
        "X-Webhook-Signature": f"sha256={digest}",
    }
    assert verify(made, body, secret, now=now)


@pytest.mark.parametrize(("now", "body", "secret", "digest"), VECTORS)
def test_the_emulator_signs_what_we_verify_and_the_reverse(now: int, body: bytes, secret: str, digest: str) -> None:
    theirs, ours = (make("tool-calls", body, secret, now=now) for make in (emulator.sign, signed_headers))
    assert theirs == ours
    assert digest in theirs["X-Webhook-Signature"]
    assert verify(theirs, body, secret, now=now)
    assert emulator.verify(ours, body, secret, now=now)


def test_both_secrets_count_while_one_is_changed() -> None:
    assert verify(headers("old"), BODY, ["new", "old"], now=NOW)
    assert verify(headers("new"), BODY, ("new", "old"), now=NOW)
    assert not verify(headers("older"), BODY, ["new", "old"], now=NOW)


@pytest.mark.parametrize(
    ("age_s", "fault"), [(-301, Fault.TOO_NEW), (-300, None), (0, None), (300, None), (301, Fault.TOO_OLD)]
)
def test_a_signature_holds_for_five_minutes(age_s: int, fault: Fault | None) -> None:
    assert fault_of(headers(), BODY, "new", now=NOW + age_s) is fault


def test_one_byte_more_is_another_body() -> None:
    assert fault_of(headers(), BODY + b" ", "new", now=NOW) is Fault.WRONG


def test_names_of_headers_have_any_case_and_values_may_have_space_around() -> None:
    given = {name.lower(): f" {value} " for name, value in headers().items()}
    assert verify(given, BODY, "new", now=NOW)


@pytest.mark.parametrize("name", ["X-Webhook-Timestamp", "X-Webhook-Signature"])
def test_a_header_that_is_missing_or_twice_there_is_no_signature(name: str) -> None:
    """Which of two a proxy or a framework takes is not for the one to decide who sent them."""
    given = headers()
    assert fault_of({k: v for k, v in given.items() if k != name}, BODY, "new", now=NOW) is Fault.MISSING
    twice = [*given.items(), (name.lower(), given[name])]
    assert fault_of(twice, BODY, "new", now=NOW) is Fault.MISSING


@pytest.mark.parametrize("text", ["", "soon", "-1", "1.5", "1e9", "١٧٩٠٠٠٠٠٠٠", "9" * 13])
def test_a_time_is_a_number_of_seconds(text: str) -> None:
    assert fault_of({**headers(), "X-Webhook-Timestamp": text}, BODY, "new", now=NOW) is Fault.NO_TIME


@pytest.mark.parametrize("text", ["", "sha256=", "sha1=abc", "é", "SHA256=" + "0" * 64])
def test_another_form_of_signature_is_a_wrong_one(text: str) -> None:
    assert fault_of({**headers(), "X-Webhook-Signature": text}, BODY, "new", now=NOW) is Fault.WRONG


@pytest.mark.parametrize("secrets", ["", [], ["new", ""]])
def test_without_a_secret_nothing_is_verified(secrets: str | list[str]) -> None:
    """A variable that is not set must not let everybody in."""
    with pytest.raises(ValueError, match="missing or empty"):
        verify(headers(), BODY, secrets, now=NOW)


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="missing or empty"):
        headers("")


def test_an_event_without_a_secret_is_not_signed() -> None:
    assert "X-Webhook-Signature" not in signed_headers("tool-calls", BODY, None)


def test_a_service_that_verifies_loads_nothing_else_of_hmsplan() -> None:
    code = "import sys, hmsplan.webhooks; print(sorted(m for m in sys.modules if m.startswith('hmsplan')))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['hmsplan', 'hmsplan.webhooks', 'hmsplan.webhooks.signing']"

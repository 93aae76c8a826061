"""What a URL tells: its receiver, and its credentials."""

from __future__ import annotations

import random
import re
import string
import time

import pytest

from hmsplan.config import schema
from hmsplan.secrets.detect import credentials, hidden, is_random
from hmsplan.secrets.urls import FORM, address, in_clear, is_among, receiver

GOOD = [
    "https://a.example",
    "https://a.example/x?y=1#z",
    "https://a.example?y=1",
    "https://a.example:8443/@team",
    "http://localhost:3000/x",
    "http://127.0.0.1/",
    "https://[2001:db8::1]:8443/x",
    "https://xn--mller-kva.example./",
    "https://3com.example/",
    "https://a_b.example/",
    "https://a.example/m\u00fcller",
]
BAD = [
    "https://evil.example\\@hooks.acme.example/x",
    "https://hooks.acme.example\\evil",
    "https://user:password@a.example/",
    "https://user@a.example/",
    "https://a.example?@evil.example/",
    "https://a.example#@evil.example/",
    "https://a .example/",
    "https://a.example/a b",
    "https://a.example/\t",
    "https://a.example/\x1f",
    "https://a.example/\u0085",
    "https://a.example\n",
    "https://\u0430.example/",
    "https://a\u3002example/",
    "https://ev%69l.example/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://127.1/",
    "https://127.0.0.01/",
    "https://a.example:70000/",
    "https://a.example:/",
    "https:///a.example/",
    "https:/a.example/",
    "ftp://a.example/",
    "a.example/x",
]


@pytest.mark.parametrize("name", ["url", "url_or_null"])
def test_the_published_schema_has_the_strict_form(name: str) -> None:
    document = schema.documents()["kinds/common.schema.json"]
    assert document["$defs"][name]["else"]["pattern"] == FORM


@pytest.mark.parametrize("url", [*GOOD, *BAD])
def test_the_fast_and_the_slow_validator_agree_on_a_url(url: str) -> None:
    name = "kinds/common.schema.json#/$defs/url"
    expected = url in GOOD
    assert schema.validator(name).is_valid(url) is expected
    assert schema.explainer(name).is_valid(url) is expected
    assert (re.search(FORM, url) is not None) is expected


@pytest.mark.parametrize(
    ("url", "who", "whole"),
    [
        ("https://A.example/x", "a.example", "a.example/x"),
        ("https://a.example:443", "a.example", "a.example/"),
        ("https://a.example:444/x?y=1#z", "a.example:444", "a.example:444/x?y=1"),
        ("http://a.example:80/x", "http://a.example", "http://a.example/x"),
        ("https://[::1]:8443/", "[::1]:8443", "[::1]:8443/"),
        ("https://hooks.zapier.com/1/2?y", "hooks.zapier.com/1/2", "hooks.zapier.com/1/2?y"),
        ("SIP.a.example:5061", "sip.a.example:5061", "sip.a.example:5061"),
        ("https://u:p@a.example/", "https://u:p@a.example/", "https://u:p@a.example/"),
        ("https://[::::1]/", "https://[::::1]/", "https://[::::1]/"),
        ("http://[bad", "http://[bad", "http://[bad"),
    ],
)
def test_a_receiver_is_scheme_host_and_port(url: str, who: str, whole: str) -> None:
    """What two parsers could read differently is nobody but itself."""
    assert (receiver(url), address(url)) == (who, whole)


def test_https_in_place_of_http_is_the_same_one_and_not_the_other_way_round() -> None:
    assert is_among("https://a.example/x", ["http://a.example/x"])
    assert not is_among("http://a.example/x", ["https://a.example/x"])


@pytest.mark.parametrize(
    ("url", "clear"),
    [
        ("http://a.example/", True),
        ("https://a.example/", False),
        ("http://127.0.0.1:80/", False),
        ("http://localhost/", False),
        ("sip.a.example", False),
    ],
)
def test_plain_http_is_in_clear_unless_it_stays_on_this_machine(url: str, *, clear: bool) -> None:
    assert in_clear(url) is clear


CREDENTIALS = {
    "https://a.example/x?token=sk-live-1&y=2": "https://a.example/x?token=(sensitive value)&y=2",
    "https://a.example/x?y=2&API_KEY=k": "https://a.example/x?y=2&API_KEY=(sensitive value)",
    "https://a.example/x?sig=a%2Fb;code=c": "https://a.example/x?sig=(sensitive value);code=(sensitive value)",
    "https://a.example/#access_token=t": "https://a.example/#access_token=(sensitive value)",
    "https://user:password@a.example/x": "https://(sensitive value)@a.example/x",
    "https://token@a.example/x": "https://(sensitive value)@a.example/x",
    "postgresql://hms:pw@db/x": "postgresql://(sensitive value)@db/x",
    "Call https://a.example/?key=k1, then stop.": "Call https://a.example/?key=(sensitive value) then stop.",
    "https://hooks.slack.com/services/T0/B0/abcdefgh": "https://hooks.slack.com/services/T0/B0/(sensitive value)",
    "https://a.example/9f86d081884c7d659a2feaa0c55ad015/x": "https://a.example/(sensitive value)/x",
    "Authorization: Bearer abcdef0123456789": "Authorization: Bearer (sensitive value)",
    "Say sk-live-abcdefghijkl now": "Say (sensitive value) now",
    "https://a.example/?token=a&token=b": "https://a.example/?token=(sensitive value)&token=(sensitive value)",
}
HARMLESS = [
    "https://a.example/x?page=2&lang=nl",
    "https://a.example/x?token={{token}}",
    "https://a.example/x?token=",
    "https://a.example/customers/3f0c0d5e-0000-4000-8000-000000000000/calls",
    "https://a.example/customers/507f1f77bcf86cd799439011/calls",
    "https://a.example/get-information-about-appointments-in-2024/v2",
    "https://a.example/getInformationAboutAppointments2024V2",
    "https://a.example/2026-01-15T10-20-30Z/2026-01-16T10-20-30Z",
    "postgresql://hms@db/x",
    "The Basic plan costs 10 euros; a bearer of a token may enter.",
    "https://evil.example\\@hooks.acme.example/x",
    "token=abc",
]


@pytest.mark.parametrize("text", CREDENTIALS)
def test_a_credential_is_hidden_and_nothing_else(text: str) -> None:
    shown = CREDENTIALS[text]
    assert hidden(text) == shown
    assert hidden(shown) == shown  # hiding twice is hiding once
    pieces = iter(credentials(text))
    assert re.sub(re.escape("(sensitive value)"), lambda _: next(pieces), shown) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_credential_is_shown(text: str) -> None:
    assert (hidden(text), credentials(text)) == (text, [])


@pytest.mark.parametrize(
    ("letters", "length"),
    [
        ("0123456789abcdef", 32),
        (string.ascii_lowercase + string.digits, 32),
        (string.ascii_letters + string.digits, 24),
        (string.ascii_letters + string.digits, 40),
    ],
)
def test_nearly_every_drawn_word_is_told_from_a_written_one(letters: str, length: int) -> None:
    chance = random.Random(length)
    drawn = ["".join(chance.choices(letters, k=length)) for _ in range(500)]
    assert sum(map(is_random, drawn)) > 460


@pytest.mark.parametrize(
    "text",
    [
        "a" * 400_000 + "://",
        "https://" + "a." * 200_000,
        "https://a/" + "x1/" * 130_000,
        "https://a/?" + "a&" * 200_000,
        "eyJ" * 130_000,
        "sk-live-" * 50_000,
        "https://" * 50_000,
        "https://a:" * 40_000,
        "https://a/" + "aB1" * 130_000,
    ],
)
def test_a_long_text_takes_no_long_time(text: str) -> None:
    began = time.perf_counter()
    hidden(text)
    receiver(text)
    assert time.perf_counter() - began < 5

from __future__ import annotations

import re

import pytest

from hmsplan.errors import ConfigError
from hmsplan.model import Secret, Severity, SourceLine
from hmsplan.secrets.sources import Secrets, read_secrets_file


def test_precedence() -> None:
    """The environment wins over the file, the full name over the bare one; nothing is coerced."""
    secrets = Secrets(
        {"HMSPLAN_SECRET_A": "from env"},
        {"HMSPLAN_SECRET_A": "x", "HMSPLAN_SECRET_B": "007", "B": "x", "SIP_PASSWORD": "bare", "odd": "as written"},
    )
    values = {name: secrets.get(name).reveal() for name in ("a", "b", "sip-password", "odd", "none")}
    assert values == {"a": "from env", "b": "007", "sip-password": "bare", "odd": "as written", "none": None}


@pytest.mark.parametrize("name", ["HMS_SOVEREIGN_API_KEY", "hms_sovereign_api_key", "hmsplan_fingerprint_key"])
def test_settings_are_out_of_reach(name: str) -> None:
    """The API key cannot be pulled into a field, not even from the secrets file."""
    file = {"HMS_SOVEREIGN_API_KEY": "fl_live_1", "HMSPLAN_FINGERPRINT_KEY": "k"}
    assert Secrets({"HMS_SOVEREIGN_API_KEY": "fl_live_1"}, file).get(name).reveal() is None


def test_empty_is_missing() -> None:
    """CI gives an empty text for a secret that is not there; that is said, not sent."""
    secrets = Secrets({"HMSPLAN_SECRET_A": ""}, {})
    assert secrets.get("a").reveal() is None
    assert "empty" in secrets.missing("a")[1]
    assert "HMSPLAN_SECRET_B is not set" in secrets.missing("b")[1]


KEY = "0123456789abcdef0123456789abcdef"


def keyed(value: str, key: str = KEY) -> Secret:
    return Secrets({"HMSPLAN_SECRET_A": value, "HMSPLAN_FINGERPRINT_KEY": key}, {}).get("a")


def test_a_fingerprint_tells_another_value_from_the_same_one() -> None:
    """It needs a key, and whoever knows no key cannot make one."""
    mark = keyed("hunter2").placed("assistants.a webhook_secret").fingerprint
    assert mark is not None
    assert keyed("hunter2").is_like(mark) is True
    assert keyed("hunter3").is_like(mark) is False
    assert keyed("hunter2", key="").placed("assistants.a webhook_secret").fingerprint is None
    assert keyed("hunter2", key="").is_like(mark) is None


def test_the_same_secret_in_two_places_does_not_look_the_same() -> None:
    """Nobody who reads the state learns that two trunks share a password."""
    one, other = (keyed("hunter2").placed(place).fingerprint for place in ("sip_trunks.a", "sip_trunks.b"))
    assert one is not None
    assert other is not None
    assert one.rpartition(":")[2] != other.rpartition(":")[2]


def test_a_fingerprint_is_compared_in_the_place_it_was_made_for() -> None:
    """A moved object keeps its fingerprint, and a move is no rotation."""
    mark = keyed("hunter2").placed("assistants.old").fingerprint or ""
    moved = keyed("hunter2").placed("assistants.new")
    assert moved.fingerprint != mark
    assert moved.is_like(mark) is True


def test_another_key_is_not_another_value() -> None:
    mark = keyed("hunter2").placed("assistants.a").fingerprint or ""
    assert keyed("hunter2", key=KEY[::-1]).is_like(mark) is None
    assert keyed("hunter2", key=f" {KEY}\n").is_like(mark) is True  # pasted with its line end


def test_a_fingerprint_shows_neither_key_nor_value() -> None:
    secret = keyed("hunter2").placed("assistants.a")
    assert re.fullmatch(r"[0-9a-f]{8}:[0-9a-f]{12}:[0-9a-f]{32}", secret.fingerprint or "")
    assert "0123456789" not in repr([secret, secret._key, *map(repr, (secret._key,))])


@pytest.mark.parametrize("key", ["k", KEY[1:]])
def test_a_short_fingerprint_key_is_warned_of_and_not_shown(key: str) -> None:
    (problem,) = Secrets({"HMSPLAN_FINGERPRINT_KEY": key}, {}).problems
    assert (problem.summary, problem.severity) == ("Short fingerprint key", Severity.WARNING)
    assert "has fewer than 32 characters" in problem.detail
    assert "openssl rand -hex 32" in problem.detail
    assert KEY[1:] not in problem.detail


@pytest.mark.parametrize("key", [None, "", "  \n", KEY])
def test_no_fingerprint_key_or_a_long_one_is_no_problem(key: str | None) -> None:
    assert not Secrets({} if key is None else {"HMSPLAN_FINGERPRINT_KEY": key}, {}).problems


def test_file() -> None:
    """A dotenv file is read without expanding anything in its values."""
    text = "# a comment\nexport A='x $HOME ${B}'\nB=\"two\\nlines\"\nEMPTY=\n"
    assert read_secrets_file(text, "s.env") == {"A": "x $HOME ${B}", "B": "two\nlines", "EMPTY": ""}


def test_bad_file() -> None:
    """A line that is none is named by its number and never shown: it may be half a secret."""
    with pytest.raises(ConfigError) as caught:
        read_secrets_file("A=1\n'hunter2\nB=2\n", "s.env")
    assert caught.value.diagnostics[0].source == SourceLine("s.env", 2)
    assert "hunter2" not in str(caught.value)

from __future__ import annotations

import pytest

from hmsplan.errors import ConfigError
from hmsplan.model import SourceLine
from hmsplan.stack.secret_values import Secrets, fingerprint, read_secrets_file


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


def test_fingerprint() -> None:
    """A fingerprint needs a key, and depends on key and value, not on the name."""
    assert fingerprint("hunter2", None) is None
    assert fingerprint("hunter2", "") is None
    secrets = Secrets({"HMSPLAN_SECRET_A": "x", "HMSPLAN_SECRET_B": "x", "HMSPLAN_FINGERPRINT_KEY": "k"}, {})
    assert secrets.get("a").fingerprint == secrets.get("b").fingerprint == fingerprint("x", "k")
    assert fingerprint("x", "k") != fingerprint("x", "other")
    assert fingerprint("x", "k") != fingerprint("y", "k")


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

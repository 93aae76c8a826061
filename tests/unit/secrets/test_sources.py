from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError
from hmsplan.model import Secret, Severity, SourceLine
from hmsplan.secrets.answers import Answer, read_secrets_file
from hmsplan.secrets.sources import Secrets

if TYPE_CHECKING:
    from pathlib import Path


def test_precedence() -> None:
    """The environment wins, then the first answer with a value; in it the full name over the bare one. No coercion."""
    secrets = Secrets(
        {"HMSPLAN_SECRET_A": "from env"},
        Answer("one", {"HMSPLAN_SECRET_A": "x", "HMSPLAN_SECRET_B": "007", "B": "x", "odd": ""}),
        Answer("two", {"HMSPLAN_SECRET_B": "008", "SIP_PASSWORD": "bare", "odd": "as written"}),
    )
    values = {name: secrets.get(name).reveal() for name in ("a", "b", "sip-password", "odd", "none")}
    assert values == {"a": "from env", "b": "007", "sip-password": "bare", "odd": "as written", "none": None}


@pytest.mark.parametrize("name", ["HMS_SOVEREIGN_API_KEY", "hms_sovereign_api_key", "hmsplan_fingerprint_key"])
def test_settings_are_out_of_reach(name: str) -> None:
    """The API key cannot be pulled into a field, not even from the secrets file."""
    file = {"HMS_SOVEREIGN_API_KEY": "fl_live_1", "HMSPLAN_FINGERPRINT_KEY": "k"}
    assert Secrets({"HMS_SOVEREIGN_API_KEY": "fl_live_1"}, Answer("file", file)).get(name).reveal() is None


def test_empty_is_missing() -> None:
    """CI gives an empty text for a secret that is not there; that is said, not sent."""
    secrets = Secrets({"HMSPLAN_SECRET_A": ""})
    assert secrets.get("a").reveal() is None
    assert "empty" in secrets.missing("a")[1]
    assert "HMSPLAN_SECRET_B is not set" in secrets.missing("b")[1]


KEY = "0123456789abcdef0123456789abcdef"


def keyed(value: str, key: str = KEY) -> Secret:
    return Secrets({"HMSPLAN_SECRET_A": value, "HMSPLAN_FINGERPRINT_KEY": key}).get("a")


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
    (problem,) = Secrets({"HMSPLAN_FINGERPRINT_KEY": key}).problems
    assert (problem.summary, problem.severity) == ("Short fingerprint key", Severity.WARNING)
    assert "has fewer than 32 characters" in problem.detail
    assert "openssl rand -hex 32" in problem.detail
    assert KEY[1:] not in problem.detail


@pytest.mark.parametrize("key", [None, "", "  \n", KEY])
def test_no_fingerprint_key_or_a_long_one_is_no_problem(key: str | None) -> None:
    assert not Secrets({} if key is None else {"HMSPLAN_FINGERPRINT_KEY": key}).problems


UNRESOLVED = [
    "op://Private/hook/credential",
    "pass://share/item/field",
    "vault:secret/data/hook#value",
    "vault://secret/hook",
    "keeper://uid/field/password",
    "doppler://project/config/HOOK",
    "ref+vault://secret/hook#value",
    "ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:cXV4,type:str]",
    "$ANSIBLE_VAULT;1.1;AES256",
    "${{ secrets.HOOK }}",
    "Bearer ${{ secrets.HOOK }}",
    "$(HOOK)",
    "$(op read op://x/y)",
    "$[variables.hook]",
    "${HOOK}",
    "${HOOK:-none}",
    "whsec_${HOOK}",
    "$HOOK",
    "$hook",
    "$env:HOOK",
    "%HOOK%",
    "%env(HOOK)%",
    "#{Hook}",
    "#{Hook}#",
    "@@HOOK@@",
    "%(hook)s",
    "__HOOK__",
    "((hook))",
    "{{ hook_secret }}",
    "{{resolve:secretsmanager:hook}}",
    "<%= ENV['HOOK'] %>",
    "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook",
    "arn:aws:ssm:eu-west-1:111122223333:parameter/hook",
    "ssm:/prod/hook",
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/hook)",
    "https://v.vault.azure.net/secrets/hook",
    "keyvault://v/hook",
    "projects/p/secrets/hook/versions/latest",
    "sm://p/hook",
    "secrets.HOOK",
]


@pytest.mark.parametrize("value", [*UNRESOLVED, f"  {UNRESOLVED[0]}\n"])
def test_a_reference_that_nobody_resolved_is_no_secret_and_is_not_shown(value: str) -> None:
    secrets = Secrets({"HMSPLAN_SECRET_HOOK": value})
    assert secrets.get("hook").reveal() is None
    summary, detail = secrets.missing("hook")
    assert (summary, secrets.is_refused("hook")) == ("Unresolved secret", True)
    assert "HMSPLAN_SECRET_HOOK" in detail
    assert value.strip() not in detail


REAL = [
    "hunter2",
    "pa$$w0rd",
    "$2b$12$abcdefghijk",
    "a{b}c",
    "50%",
    "abc:def/ghi",
    '{"a":1}',
    "op",
    "$a$b",
    "$Ab1",
    "((",
    "x==",
]


@pytest.mark.parametrize("value", [*REAL, "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"])
def test_what_looks_only_a_little_like_a_reference_is_a_secret(value: str) -> None:
    assert Secrets({"HMSPLAN_SECRET_HOOK": value}).get("hook").reveal() == value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
def test_a_line_break_behind_a_secret_is_not_sent_and_warned_of(end: str) -> None:
    secrets = Secrets({"HMSPLAN_SECRET_HOOK": f"hunter2{end}"})
    assert secrets.get("hook").reveal() == "hunter2"
    (warning,) = secrets.problems
    assert (warning.summary, warning.severity) == ("Secret with a line break", Severity.WARNING)
    assert "HMSPLAN_SECRET_HOOK ends in a line break" in warning.detail
    assert "hunter2" not in warning.detail


def test_a_line_break_alone_is_no_secret() -> None:
    secrets = Secrets({"HMSPLAN_SECRET_HOOK": "\n"})
    assert secrets.get("hook").reveal() is None
    assert not secrets.is_refused("hook")
    assert secrets.problems == []


def test_a_byte_order_mark_is_not_sent_and_spaces_are_warned_of() -> None:
    secrets = Secrets({"HMSPLAN_SECRET_A": "\ufeffhunter2", "HMSPLAN_SECRET_B": " hunter2"})
    assert [secrets.get(name).reveal() for name in "ab"] == ["hunter2", " hunter2"]
    assert [problem.summary for problem in secrets.problems] == [
        "Secret with a line break",
        "Secret with spaces around it",
    ]


def test_bytes_that_are_no_text_are_no_secret_and_not_shown() -> None:
    secrets = Secrets({"HMSPLAN_SECRET_HOOK": "pa\udcfcsword"})
    assert secrets.get("hook").reveal() is None
    summary, detail = secrets.missing("hook")
    assert (summary, secrets.is_refused("hook")) == ("Not UTF-8", True)
    assert "HMSPLAN_SECRET_HOOK" in detail
    assert "sword" not in detail


def test_a_key_of_fingerprints_that_is_no_text_is_an_error() -> None:
    (problem,) = Secrets({"HMSPLAN_FINGERPRINT_KEY": "\udcfc" * 32}).problems
    assert (problem.summary, problem.severity) == ("Not UTF-8", Severity.ERROR)


STACK = {
    "hmsplan.yaml": "version: 1\nstack: s\nvariables:\n  who: {default: Acme}\n  what: {}\n",
    "a.yaml": 'assistants:\n  a: {name: "${var:who} ${var:what}", webhook_url: "https://a.example/h", '
    'webhook_secret: "${secret:hook}"}\n',
}


def loaded(root: Path, environ: dict[str, str], **more: object) -> list[tuple[str, str]]:
    """Return what is wrong or doubtful when the stack is only validated."""
    for name, text in STACK.items():
        (root / name).write_text(text, "utf-8")
    environ = {"HMSPLAN_VAR_WHAT": "desk"} | environ
    try:
        found = load_stack(root, environ=environ, **more).warnings  # type: ignore[arg-type]
    except ConfigError as error:
        found = error.diagnostics
    return [(problem.summary, problem.detail.split()[0]) for problem in found]


def test_validate_refuses_what_is_set_and_no_secret(tmp_path: Path) -> None:
    """Offline, too; one that is not set, or empty as in the workflow of a fork, is not asked for."""
    hook = "HMSPLAN_SECRET_HOOK"
    assert loaded(tmp_path, {}) == []
    assert loaded(tmp_path, {hook: ""}) == []
    assert loaded(tmp_path, {hook: "${HOOK}"}) == [("Unresolved secret", hook)]
    assert loaded(tmp_path, {hook: "\udcff"}) == [("Not UTF-8", hook)]
    assert loaded(tmp_path, {hook: "changeme"}) == [("Masked secret", "What")]
    for text in ("[object Object]", "Bearer undefined", "basic  null"):
        assert loaded(tmp_path, {hook: text}) == [("Masked secret", "What")]
    assert loaded(tmp_path, {hook: "hunter2\n"}) == [("Secret with a line break", hook)]


@pytest.mark.parametrize("name", ["who", "what"])
def test_a_variable_that_is_no_text_is_told_once_by_its_name(tmp_path: Path, name: str) -> None:
    variable = f"HMSPLAN_VAR_{name.upper()}"
    assert loaded(tmp_path, {variable: "M\udcfcller"}) == [("Not UTF-8", variable)]
    assert loaded(tmp_path, {}, variables={name: "M\udcfcller"}) == [("Not UTF-8", "--var")]


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

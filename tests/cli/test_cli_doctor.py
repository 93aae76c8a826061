"""``hmsplan doctor``: everything that the other commands need, at a glance, and no secret in it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.cli.embedded import FOLDER
from hmsplan.cli.session import unix_now
from hmsplan.emulator import Emulator, Fault, Settings
from hmsplan.state.backend import open_backend

from .helpers import KEY, Cli, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["detail"]) for check in result.json["checks"]}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    made = Emulator(settings=Settings(rate_limit=50))
    yield made
    made.close()


@pytest.fixture
def live(online: Callable[..., Result], stack: Path) -> Callable[..., Result]:
    return functools.partial(online, "-C", stack, "doctor")


def test_a_good_setup_is_0(live: Any, emulator: Emulator) -> None:
    """Stack, state, endpoint, key, health, organization, clock and rate limit are all looked at."""
    result = live("--json")
    assert result.code == 0
    found = checks(result)
    assert all(status == "ok" for status, _ in found.values()), found
    assert found["stack"] == ("ok", "small, 2 resources")
    assert emulator.organization(KEY) in found["organization"][1]
    assert found["health"] == ("ok", "ok")
    assert found["rate limit"][1].startswith("50 requests a minute")
    assert found.keys() >= {"hmsplan", "environment", "state", "endpoint", "proxy", "key"}


def test_the_table_is_readable_and_says_the_same(live: Any) -> None:
    """One line a check, its mark in the second column, at most 80 columns."""
    result = live()
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[0].split()[:2] == ["hmsplan", "ok"]
    assert max(map(len, lines)) <= 80


def test_it_only_reads(live: Any, emulator: Emulator, stack: Path) -> None:
    """Neither the organization nor the folder is changed."""
    before = sorted(stack.rglob("*"))
    live()
    assert not emulator.writes
    assert sorted(stack.rglob("*")) == before


def test_the_key_is_masked(live: Any) -> None:
    """Its prefix and its length, and nothing of its inside."""
    result = live()
    assert f"fl_… ({len(KEY)} characters)" in result.out
    assert KEY.removeprefix("fl_")[:6] not in result.out
    assert KEY[-4:] not in result.out


def test_a_proxy_is_named_without_its_password(live: Any) -> None:
    """Addresses of proxies often hold one."""
    result = live(https_proxy="http://me:hunter2@proxy.example:3128", no_proxy="localhost")
    assert "https by proxy.example; not for localhost" in " ".join(result.out.split())
    assert "hunter2" not in result.out


def test_missing_secrets_are_named_and_never_shown(cli: Cli, stack: Path) -> None:
    """By the variable to set."""
    write(
        stack,
        {"s.yaml": "sip_trunks:\n  t: {name: T, provider: p, address: a.example, auth_password: '${secret:sip}'}\n"},
    )
    bad = cli("-C", stack, "--emulator", "doctor", "--json")
    assert bad.code == 1
    assert checks(bad)["secrets"] == ("bad", "not set: HMSPLAN_SECRET_SIP")
    good = cli("-C", stack, "--emulator", "doctor", "--json", HMSPLAN_SECRET_SIP="hunter2")
    assert good.code == 0
    assert checks(good)["secrets"] == ("ok", "set: sip")
    assert "hunter2" not in good.out


def test_a_broken_stack_is_told_with_its_place(cli: Cli, stack: Path) -> None:
    """And everything else is looked at all the same."""
    write(stack, {"b.yaml": "assistants:\n  b: {nmae: x}\n"})
    result = cli("-C", stack, "--emulator", "doctor", "--json")
    assert result.code == 1
    status, detail = checks(result)["stack"]
    assert status == "bad"
    assert detail.startswith("b.yaml:2")
    assert checks(result)["health"][0] == "ok"


def test_a_lock_is_told_with_its_holder(cli: Cli, stack: Path) -> None:
    """It is no fault of the setup."""
    backend = open_backend(FOLDER, stack, "default")
    with backend.lock("a colleague"):
        result = cli("-C", stack, "--emulator", "doctor", "--json")
    assert result.code == 0
    assert checks(result)["lock"][0] == "note"
    assert "a colleague" in checks(result)["lock"][1]
    result = cli("-C", stack, "--emulator", "doctor", "--json")
    assert checks(result)["lock"] == ("ok", "free")


def test_whether_new_secrets_are_noticed_is_told(cli: Cli, stack: Path) -> None:
    """Set in the environment or in the secrets file; its value shows nowhere."""
    doctor = ("-C", stack, "--emulator", "doctor", "--json")
    assert checks(cli(*doctor))["fingerprint key"] == ("ok", "not set, and no secret needs it")
    hook = "assistants:\n  hook: {name: Hook, webhook_url: 'https://a.example', webhook_secret: '${secret:hook}'}\n"
    write(stack, {"hook.yaml": hook, "my.env": f"HMSPLAN_FINGERPRINT_KEY={'k' * 40}\n"})
    result = cli(*doctor, HMSPLAN_SECRET_HOOK="0123456789")
    assert result.code == 0
    assert checks(result)["fingerprint key"][0] == "note"
    assert "openssl rand" in result.out
    (stack / "my.env").chmod(0o600)
    for words, env in (((), {"HMSPLAN_FINGERPRINT_KEY": "k" * 40}), (("--secrets-file", stack / "my.env"), {})):
        result = cli(*doctor, *words, HMSPLAN_SECRET_HOOK="0123456789", **env)
        assert checks(result)["fingerprint key"] == ("ok", "HMSPLAN_FINGERPRINT_KEY is set")
        assert "kkkk" not in result.out + result.err


def test_a_state_that_cannot_be_read_is_bad(cli: Cli, stack: Path) -> None:
    """The file is named."""
    write(stack, {f"{FOLDER}/default/state.json": "<<<<<<< nonsense"})
    result = cli("-C", stack, "--emulator", "doctor", "--json")
    assert result.code == 1
    assert checks(result)["state"][0] == "bad"


def test_an_error_of_several_lines_is_told_on_one(cli: Cli, stack: Path) -> None:
    """The command that it names stands behind it, not behind an escaped line break."""
    write(stack, {f"{FOLDER}/default/state.json": '{"format_version": 99}'})
    result = cli("-C", stack, "--emulator", "doctor")
    assert result.code == 1
    assert "u000a" not in result.out
    assert "pip install" in " ".join(result.out.split())


def test_a_refused_endpoint_is_told_before_the_key_goes_anywhere(live: Any, emulator: Emulator) -> None:
    """Its reason, and not what stood in it."""
    result = live("--json", HMS_SOVEREIGN_BASE_URL="https://me:hunter2@evil.example")
    assert result.code == 1
    assert checks(result)["endpoint"][0] == "bad"
    assert "hunter2" not in result.out
    assert not emulator.requests


def test_an_outage_is_1_and_told(live: Any, emulator: Emulator) -> None:
    """It does not take long to say so."""
    emulator.inject(Fault(do="status", status=403, body={"error": "maintenance \x1b[31m"}))
    result = live("--json")
    assert result.code == 1
    assert checks(result)["api"][0] == "bad"
    assert "\\u001b" not in result.out.replace("\\\\u001b", "")


def test_a_key_that_may_not_ask_for_the_organization_is_no_failure(live: Any, emulator: Emulator) -> None:
    """403 there says nothing about the rest."""
    emulator.inject(Fault(do="status", path="/organizations", status=403, body={"error": "no"}))
    result = live("--json")
    assert result.code == 0
    assert checks(result)["organization"][0] == "note"


def test_a_clock_that_is_wrong_is_told(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the Date of the answers."""
    monkeypatch.setattr("hmsplan.operations.probe.unix_now", lambda: unix_now() + 3600)
    status, detail = checks(live("--json"))["clock"]
    assert status == "note"
    assert detail.startswith(("+36", "+3599"))


def test_without_a_stack_the_key_is_checked_all_the_same(live: Any, stack: Path) -> None:
    """That is how the id of the organization is found for the first environment file."""
    for path in stack.glob("*.yaml"):
        path.unlink()
    result = live("--json")
    assert result.code == 1
    assert checks(result)["organization"][0] == "ok"

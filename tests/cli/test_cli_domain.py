"""``hmsplan domain``: the DNS records of the mail domain, and the check of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Emulator, Settings
from hmsplan.kinds.domain import DnsRecord, dns_records, failed_check, set_records

from .helpers import KEY, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .helpers import Result

STACK = {
    "hmsplan.yaml": "version: 1\nstack: mail\nsafety: {settle_grace: 0s}\n",
    "mail.yaml": """\
byok_keys: {resend: {provider: resend, api_key: "${secret:resend}"}}
domain: {main: {domain_name: mail.example.com}}
""",
}
RECORD = "resend._domainkey.mail.example.com"


@pytest.fixture(params=["verified"])
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    made = Emulator(settings=Settings(rate_limit=None, domain_check=request.param))
    yield made
    made.close()


@pytest.fixture
def live(online: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    root = write(tmp_path / "stack", STACK)
    return functools.partial(online, "-C", root, HMSPLAN_SECRET_RESEND="re_0123456789")


def test_the_apply_that_makes_a_domain_names_its_records_and_what_to_type(live: Any, tmp_path: Path) -> None:
    result = live("apply", "-y")
    assert result.code == 0, result
    after = result.out[result.out.index("create domain.main") :]
    assert "no mail is sent until these DNS records are set and verified:" in after
    assert f"  {RECORD} TXT\n          │     p=" in after
    assert f"  hmsplan -C {tmp_path / 'stack'} domain verify\n" in after
    assert RECORD not in result.err


def test_status_is_a_table_that_fits_and_reads_only(live: Any, emulator: Emulator) -> None:
    live("apply", "-y")
    emulator.requests.clear()
    result = live("domain", "status")
    assert (result.code, result.err) == (0, "")
    first, _, head, row, value, *_ = result.out.splitlines()
    assert first == "mail.example.com: not_started"
    assert head.split() == ["Type", "Priority", "Status", "Name"]
    assert row.split() == ["TXT", "not_started", RECORD]
    assert row.index("not_started") == head.index("Status")
    assert row.index(RECORD) == head.index("Name")
    assert value.strip().startswith("p=")
    assert all(len(line) <= 80 for line in result.out.splitlines() if "hmsplan" not in line)
    assert not emulator.writes


def test_status_and_verify_speak_json(live: Any) -> None:
    live("apply", "-y")
    told = live("domain", "status", "--json").json
    assert told["format_version"] == "1.0"
    assert told["domain"]["status"] == "not_started"
    assert [record["name"] for record in told["domain"]["records"]] == [RECORD]
    assert live("domain", "verify", "--json").json["domain"]["status"] == "verified"


def test_verify_starts_the_check_and_reads_the_status(live: Any, emulator: Emulator) -> None:
    live("apply", "-y")
    emulator.requests.clear()
    result = live("domain", "verify")
    assert result.code == 0
    assert result.out.startswith("mail.example.com: verified\n")
    assert "domain verify" not in result.out
    assert [f"{each.method} {each.path}" for each in emulator.writes] == [
        "POST /domains/verify",
        "POST /domains/refresh",
    ]


@pytest.mark.parametrize("emulator", ["pending"], indirect=True)
def test_a_check_that_goes_on_is_no_failure(live: Any) -> None:
    live("apply", "-y")
    result = live("domain", "verify")
    assert result.code == 0
    assert result.out.startswith("mail.example.com: pending\n")


def test_without_a_domain_status_says_so_and_verify_is_1(live: Any, emulator: Emulator) -> None:
    assert live("domain", "status").out == "The organization has no mail domain.\n"
    assert live("domain", "status", "--json").json == {"format_version": "1.0", "domain": None}
    result = live("domain", "verify")
    assert result.code == 1
    assert "The organization has no mail domain. Declare one, and apply." in " ".join(result.err.split())
    assert not emulator.writes


def test_another_organization_than_the_declared_one_is_9(live: Any, emulator: Emulator, tmp_path: Path) -> None:
    live("apply", "-y")
    write(tmp_path / "stack", {"environments/prod.yaml": "organization: 6f9d0000-0000-4000-8000-000000000000\n"})
    emulator.requests.clear()
    assert live("-e", "prod", "domain", "verify").code == 9
    assert not emulator.writes
    assert emulator.organization(KEY)


@pytest.mark.parametrize(
    ("records", "named"),
    [
        (None, "a record is"),
        ([{"name": "a", "value": "v", "type": "TXT", "status": "verified"}], "a record is"),
        ([{"name": name, "value": "v", "type": "TXT", "status": "failed"} for name in "ab"], "a TXT, b TXT are"),
    ],
)
def test_what_a_failed_check_missed_is_named_as_far_as_the_api_tells(records: Any, named: str) -> None:
    (problem,) = failed_check({"domain_name": "example.com", "status": "temporary_failure", "records": records})
    assert f"the DNS of example.com, and {named} missing or wrong there, so no mail is sent." in problem.detail


def test_records_of_an_unknown_form_are_left_out() -> None:
    mx = {"type": "MX", "name": "send", "value": "feedback.example.com", "priority": 10, "ttl": "Auto", "status": None}
    known = DnsRecord("MX", "send", "feedback.example.com", "10", "")
    assert dns_records({"records": [mx, {"type": "TXT"}, "x", None]}) == (known,)
    assert known.lines() == ("send MX", "10 feedback.example.com")
    assert dns_records({"records": None}) == dns_records({}) == ()
    assert list(set_records({"records": []})) == []


@pytest.mark.parametrize("emulator", ["failed"], indirect=True)
def test_a_check_that_failed_is_told_with_its_record_and_is_neither_drift_nor_a_change(
    live: Any, tmp_path: Path
) -> None:
    live("apply", "-y")
    assert "failed" not in live("plan").out
    result = live("domain", "verify")
    assert result.code == 1
    assert result.out.startswith("mail.example.com: failed\n")
    assert f"failed        {RECORD}\n" in result.out
    assert "The check failed: what is marked so is missing at your DNS" in result.out
    status = live("domain", "status")
    assert (status.code, status.out) == (0, result.out)
    for command, nothing in (("plan", "No changes."), ("drift", "No drift.")):
        result = live(command, "--detailed-exitcode")
        assert result.code == 0
        assert nothing in result.out
        text = " ".join(result.out.split())
        assert f"DNS of mail.example.com, and {RECORD} TXT is missing or wrong there, so no mail is sent." in text
        assert f"  hmsplan -C {tmp_path / 'stack'} domain verify\n" in result.out
    for form in ("markdown", "html", "github"):
        for command in ("plan", "drift"):
            assert "DNS check failed" in live(command, "--format", form).out, (command, form)
    (told,) = live("drift", "--json").json["warnings"]
    assert (told["address"], told["summary"]) == ("domain.main", "DNS check failed")

"""``hmsplan doctor --mcp``: the platform's test of each managed MCP server; and the organization's children."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Fault

from .helpers import KEY, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

    from .helpers import Result

STACK = {
    "hmsplan.yaml": """\
version: 1
stack: tools
safety: {settle_grace: 0s}
""",
    "servers.yaml": """\
mcp_servers:
  crm: {name: CRM, url: "https://mcp.example.com/v1", headers: {Authorization: "${secret:crm}"}}
  gone: {name: Gone, url: "https://gone.invalid/"}
""",
}
VALUE = "Bearer canary-0123456789"


@pytest.fixture
def live(online: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    root = write(tmp_path / "stack", STACK)
    return functools.partial(online, "-C", root, HMSPLAN_SECRET_CRM=VALUE)


def checks(result: Result) -> dict[str, tuple[str, str]]:
    return {check["name"]: (check["status"], check["detail"]) for check in result.json["checks"]}


def test_doctor_offers_the_test_and_makes_none(live: Any, emulator: Emulator, tmp_path: Path) -> None:
    assert live("apply", "-y").code == 0
    emulator.requests.clear()
    result = live("doctor")
    assert "mcp servers      ok    2 servers, not tested" in result.out
    assert f"  hmsplan -C {tmp_path / 'stack'} doctor --mcp\n" in result.out
    assert not emulator.writes


def test_each_server_costs_one_request_and_says_what_it_offers(live: Any, emulator: Emulator) -> None:
    live("apply", "-y")
    emulator.requests.clear()
    result = live("doctor", "--mcp", "--json")
    found = checks(result)
    assert result.code == 1
    assert found["mcp_servers.crm"] == ("ok", "1 tool: search, 34 ms")
    assert found["mcp_servers.gone"] == ("bad", "getaddrinfo ENOTFOUND gone.invalid, 12 ms")
    assert [each.path.rsplit("/", 1)[1] for each in emulator.writes] == ["test", "test"]
    assert VALUE not in result.out + result.err


def test_a_test_that_the_api_refuses_is_told_and_the_others_go_on(live: Any, emulator: Emulator) -> None:
    live("apply", "-y")
    emulator.inject(Fault(do="status", method="POST", path="/mcp-servers/*/test", status=403, nth=1))
    found = checks(live("doctor", "--mcp", "--json"))

    assert {found[name][0] for name in ("mcp_servers.crm", "mcp_servers.gone")} >= {"bad"}


def test_without_a_server_there_is_nothing_to_offer(online: Any, stack: Path) -> None:
    assert "mcp" not in online("-C", stack, "doctor", "--mcp").out


def test_children_are_listed_by_name_and_id(live: Any, emulator: Emulator) -> None:
    parent = emulator.organization(KEY)
    child = emulator.app.store.add_organization("Clinic North", parent, "2026-01-01T00:00:00Z", 10)
    assert checks(live("doctor", "--json"))["children"] == ("ok", f"1: Clinic North {child}")

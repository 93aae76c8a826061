"""A run is cut short while it sends what no answer shows, and the author goes back: the old value is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.faulty_runs import run_broken
from support.stacks import SECRETS
from support.world import Life, World, allowing

from hmsplan.emulator import Fault
from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROTATED: Final = {name: f"{value}-rotated" for name, value in SECRETS.items() if name.startswith("HMSPLAN_SECRET_")}


def _periods(content_days: int) -> dict[str, Any]:
    return {"organization": {"main": {"content_retention_days": content_days, "metadata_retention_days": 365}}}


def _key(config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    more = {"config": config} if config is not None else {}
    return {"byok_keys": {"resend": {"provider": "resend", "api_key": "${secret:tool}", **more}}}


def _desk(**fields: Any) -> dict[str, Any]:
    return {"assistants": {"desk": {"name": "Desk", **fields}}}


_SERVER: Final = {"url": "https://desk.example.com/", "secret": "${secret:tool}"}
_TOOL: Final = {"name": "find", "description": "Finds.", "parameters": {"type": "object"}, "server": _SERVER}
_TRUNK: Final = {
    "name": "VoIP",
    "provider": "custom",
    "address": "sip.example.com",
    "auth_username": "desk",
    "auth_password": "${secret:sip}",
}
_CRM: Final = {"name": "CRM", "url": "https://crm.example.com/", "headers": {"Authorization": "${secret:tool}"}}


def _without(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


_HOOK: Final = {"webhook_url": "https://desk.example.com/hook"}

CHANGES: Final[Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]] = {
    "settings": (_key({"region": "eu"}), _key({"region": "us"})),
    "a setting more": (_key({"region": "eu"}), _key({"region": "eu", "zone": "b"})),
    "a setting less": (_key({"region": "eu", "zone": "b"}), _key({"region": "eu"})),
    "retention": (_periods(30), _periods(90)),
    "settings and retention": (_key({"region": "eu"}) | _periods(30), _key({"region": "us"}) | _periods(90)),
    "webhook secret": (_desk(webhook_secret="${secret:hook}", **_HOOK), {}),
    "webhook secret taken out": (_desk(webhook_secret="${secret:hook}", **_HOOK), _desk(**_HOOK)),
    "webhook secret put in": (_desk(**_HOOK), _desk(webhook_secret="${secret:hook}", **_HOOK)),
    "tool secret": (_desk(llm_config={"provider": "openai", "model": "gpt-5.4", "tools": [_TOOL]}), {}),
    "headers": ({"mcp_servers": {"crm": _CRM}}, {}),
    "headers put in": ({"mcp_servers": {"crm": {**_CRM, "headers": {}}}}, {"mcp_servers": {"crm": _CRM}}),
    "headers taken out": ({"mcp_servers": {"crm": _CRM}}, {"mcp_servers": {"crm": _without(_CRM, "headers")}}),
    "api key": (_key(), {}),
    "api key and settings": (_key({"region": "eu"}), _key({"region": "us"})),
    "trunk password": ({"sip_trunks": {"voip": _TRUNK}}, {}),
}
"""What was applied, and what the author wants next; {} for the same with every secret rotated."""
ROTATING: Final = {name for name, (_, then) in CHANGES.items() if not then} | {"api key and settings"}


def stored(world: World) -> list[Any]:
    """Return what the platform has, past its API, less what it sets by itself; a null is nothing."""
    store, organization = world.emulator.app.store, world.emulator.organization(world.key)
    rows = [row for name in KINDS for row in store.rows(organization, name)]
    return [store.organization(organization), *([row.kind, *map(_plain, (row.doc, row.hidden))] for row in rows)]


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    own = {"id", "secret_id", "created_at", "updated_at"}
    return {key: _plain(item) for key, item in value.items() if key not in own and item is not None}


def go(world: World, name: str, *, back: bool = False) -> None:
    """Declare what comes first of a change, or what comes next."""
    first, then = CHANGES[name]
    world.environ = {**SECRETS, **(ROTATED if name in ROTATING and not back else {})}
    world.declare(first if back else then or first)


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, str]]:
    with World(tmp_path / "stack") as world:
        go(world, request.param, back=True)
        assert not world.apply(allowing()).bad
        yield world, request.param


def writes(world: World, root: Path, name: str) -> list[int]:
    """Return the numbers of the calls of the next apply that write."""
    life = Life()
    with world.copy(root) as rehearsal:
        go(rehearsal, name)
        assert not rehearsal.apply(allowing(), life).bad
    return [number for number, call in enumerate(life.calls, 1) if not call.startswith("GET")]


ENDS: Final = ("killed after", "killed before", "signal", "lost_after", "all lost_after", "truncated_body", "422")


@pytest.mark.parametrize("end", ENDS)
def test_who_goes_back_after_a_broken_run_gets_the_old_value(
    tmp_path: Path, change: tuple[World, str], end: str
) -> None:
    """However the run ended, and whichever of its writes it broke."""
    world, name = change
    was = stored(world)
    numbers = writes(world, tmp_path / "rehearsal", name)
    assert numbers
    for number in numbers:
        with world.copy(tmp_path / str(number)) as copy:
            go(copy, name)
            run_broken(copy, _life(copy, end, number, numbers.index(number) + 1))
            go(copy, name, back=True)
            assert copy.drift().drifted == ()
            again = copy.apply(allowing())
            assert not again.bad
            assert stored(copy) == was, (end, number, [step.key for step in again.plan.steps])
            copy.check_at_rest()
            assert not any(binding.unconfirmed for binding in copy.state().bindings.values())


def _life(world: World, end: str, number: int, write: int) -> Life:
    if end.startswith("killed"):
        return Life(ends_at=number, ends_after=end == "killed after")
    if end == "signal":
        return Life(stops_at=number)
    status = int(end) if end.isdecimal() else None
    do, last = "status" if status else end.removeprefix("all "), None if end.startswith("all ") else write
    world.emulator.inject(Fault(do=do, method="write", first=write, last=last, status=status))
    return Life()

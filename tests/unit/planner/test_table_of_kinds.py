"""A plan over another table of kinds than the one that hmsplan ships."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from support.readings import bound, declared, keys, live, planned, ref, remembered, remote, resource

from hmsplan.kinds import Kind
from hmsplan.model import pattern

SERVERS: Final = Kind(
    name="servers",
    singular="server",
    path="/servers",
    docs="made up",
    collection=("servers",),
    envelope=("server",),
    identity="name",
)
CALLERS: Final = Kind(
    name="callers",
    singular="caller",
    path="/callers",
    docs="made up",
    collection=("callers",),
    envelope=("caller",),
    identity="name",
    refs={pattern("server_id"): "servers"},
    meets_people=True,
)
TABLE: Final = MappingProxyType({"servers": SERVERS, "callers": CALLERS})


def test_a_plan_knows_the_kinds_it_was_given_and_no_other() -> None:
    stack = declared(
        resource("callers.c", name="C", server_id=ref("servers.new")),
        resource("servers.new", name="New"),
        resource("servers.kept", name="Renamed"),
    )
    snapshot = live(
        remote("servers", "s1", name="Kept"),
        remote("servers", "s2", name="Old"),
        remote("callers", "c1", name="C", server_id="s2"),
        kinds=TABLE,
    )
    state = remembered(
        bound("servers.kept", "s1", name="Kept"), bound("servers.old", "s2"), bound("callers.c", "c1", name="C")
    )
    plan = planned(stack, snapshot, state, kinds=TABLE)
    assert keys(plan) == ["servers.new:create", "servers.kept:update", "callers.c:update", "servers.old:delete"]

"""A reference counts wherever it stands: at the top, in a block, or in an item of a list.

The kinds are made up, and have references at all these places.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import at, bound, change_of, declared, keys, live, planned, ref, remembered, remote, resource

from hmsplan.kinds import Kind
from hmsplan.kinds.references import Reference, lets_go, references, repoints
from hmsplan.model import MISSING, Action, FieldChange, Ref, pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.model import Plan, RemoteObject, Resource

SERVERS: Final = Kind(
    name="servers",
    singular="server",
    noun="server",
    path="/servers",
    docs="made up",
    collection=("servers",),
    envelope=("server",),
    identity="name",
    immutable=frozenset({"address"}),
)
CALLERS: Final = Kind(
    name="callers",
    singular="caller",
    noun="caller",
    path="/callers",
    docs="made up",
    collection=("callers",),
    envelope=("caller",),
    identity="name",
    refs={
        pattern(dotted): "servers"
        for dotted in ("server_id", "block.server_id", "tools[].server_id", "block.hops[].server_id", "spares[]")
    },
    clearable=frozenset({"server_id"}),
    keyed={pattern("tools"): lambda tool: str(tool["name"])},
    unordered=frozenset({pattern("spares")}),
    meets_people=True,
)
TABLE: Final = MappingProxyType({"servers": SERVERS, "callers": CALLERS})

PLACES: Final[dict[str, Callable[[Any], dict[str, Any]]]] = {
    "at the top": lambda server: {"server_id": server},
    "in a block": lambda server: {"block": {"server_id": server}},
    "in an item of a keyed list": lambda server: {"tools": [{"name": "first"}, {"name": "t", "server_id": server}]},
    "in an item of a list in a block": lambda server: {"block": {"hops": [{"server_id": server}]}},
    "in a list of ids": lambda server: {"spares": [server]},
}
everywhere = pytest.mark.parametrize("using", PLACES.values(), ids=PLACES)


def made(*resources: Resource, objects: tuple[RemoteObject, ...], bindings: dict[str, str]) -> Plan:
    """Plan over the made-up kinds."""
    state = remembered(*(bound(address, object_id, name="?") for address, object_id in bindings.items()))
    return planned(declared(*resources), live(*objects, kinds=TABLE), state, kinds=TABLE)


@everywhere
def test_what_is_referred_to_is_created_first(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        resource("callers.c", name="C", **using(ref("servers.s"))),
        resource("servers.s", name="S"),
        objects=(),
        bindings={},
    )
    assert keys(plan) == ["servers.s:create", "callers.c:create"]


@everywhere
def test_a_delete_waits_until_its_user_refers_to_something_else(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        resource("callers.c", name="C", **using(ref("servers.new"))),
        resource("servers.new", name="New"),
        objects=(remote("servers", "s1", name="Old"), remote("callers", "c1", name="C", **using("s1"))),
        bindings={"servers.old": "s1", "callers.c": "c1"},
    )
    assert keys(plan) == ["servers.new:create", "callers.c:update", "servers.old:delete"]
    assert [refusal for refusal in plan.refusals if "used" in refusal.reason] == []


@everywhere
def test_a_delete_waits_until_its_user_is_deleted(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        objects=(remote("servers", "s1", name="Old"), remote("callers", "c1", name="C", **using("s1"))),
        bindings={"servers.old": "s1", "callers.c": "c1"},
    )
    assert keys(plan) == ["callers.c:delete", "servers.old:delete"]


@everywhere
def test_a_replace_repoints_its_users_before_the_old_one_is_deleted(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        resource("callers.c", name="C", **using(ref("servers.s"))),
        resource("servers.s", name="S", address="new"),
        objects=(remote("servers", "s1", name="S", address="old"), remote("callers", "c1", name="C", **using("s1"))),
        bindings={"servers.s": "s1", "callers.c": "c1"},
    )
    assert keys(plan) == ["servers.s:create", "callers.c:update", "servers.s:delete-old"]


@everywhere
def test_what_is_still_used_is_not_deleted(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        objects=(remote("servers", "s1", name="Old"), remote("callers", "c1", name="C", **using("s1"))),
        bindings={"servers.old": "s1"},
    )
    (refusal,) = [refusal for refusal in plan.refusals if "used" in refusal.reason]
    assert "caller C (not managed)" in refusal.reason


@everywhere
def test_a_change_reaches_who_refers_to_it(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        resource("servers.s", name="New"),
        objects=(remote("servers", "s1", name="S"), remote("callers", "c1", name="C", **using("s1"))),
        bindings={"servers.s": "s1"},
    )
    assert [reached.id for reached in change_of(plan, "servers.s").reaches] == ["c1"]


@everywhere
def test_a_create_reaches_whom_the_plan_points_at_it(using: Callable[[Any], dict[str, Any]]) -> None:
    plan = made(
        resource("callers.c", name="C", **using(ref("servers.s"))),
        resource("servers.s", name="S"),
        objects=(remote("callers", "c1", name="C"),),
        bindings={"callers.c": "c1"},
    )
    assert [reached.id for reached in change_of(plan, "servers.s").reaches] == ["c1"]


def test_who_takes_out_the_item_that_refers_lets_go() -> None:
    """The delete waits for it."""
    plan = made(
        resource("callers.c", name="C", tools=[{"name": "first"}]),
        objects=(
            remote("servers", "s1", name="Old"),
            remote("callers", "c1", name="C", **PLACES["in an item of a keyed list"]("s1")),
        ),
        bindings={"servers.old": "s1", "callers.c": "c1"},
    )
    assert keys(plan) == ["callers.c:update", "servers.old:delete"]
    assert [refusal for refusal in plan.refusals if "used" in refusal.reason] == []


def test_who_refers_to_it_from_another_place_still_uses_it() -> None:
    plan = made(
        resource("callers.c", name="C", server_id=None),
        objects=(
            remote("servers", "s1", name="Old"),
            remote("callers", "c1", name="C", server_id="s1", block={"server_id": "s1"}),
        ),
        bindings={"servers.old": "s1", "callers.c": "c1"},
    )
    (refusal,) = [refusal for refusal in plan.refusals if "used" in refusal.reason]
    assert "callers.c" in refusal.reason


def test_references_come_with_their_paths() -> None:
    fields = {"server_id": None, "block": {"server_id": "s1"}, "tools": [{"name": "x"}, {"server_id": Ref(at("a.b"))}]}
    assert tuple(references(CALLERS, fields)) == (
        Reference(("block", "server_id"), "servers", "s1"),
        Reference(("tools", 1, "server_id"), "servers", at("a.b")),
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ((), False),
        ((FieldChange(("name",), "s1", "s2"),), False),
        ((FieldChange(("tools",), [{"server_id": "s1"}], None),), True),
        ((FieldChange(("tools",), [{"server_id": "s1"}], [{"server_id": "s1"}, {"server_id": "s2"}]),), False),
        ((FieldChange(("tools", "t"), {"server_id": "s1"}, MISSING),), True),
        ((FieldChange(("tools", "t", "server_id"), "s1", "s2"),), True),
        ((FieldChange(("tools", "t", "server_id"), "s1", MISSING), FieldChange(("server_id",), None, "s1")), False),
    ],
)
def test_what_lets_go_is_seen_at_every_depth_of_a_change(changes: tuple[FieldChange, ...], expected: bool) -> None:
    fields = {"name": "s1", "tools": [{"name": "t", "server_id": "s1"}]}
    assert lets_go(CALLERS, fields, changes, "s1") is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (FieldChange(("name",), "s1", "s2"), False),
        (FieldChange(("tools", "t"), {"server_id": "s1"}, {"server_id": "s2"}), True),
        (FieldChange(("block",), {"hops": [{"server_id": "s1"}]}, {"hops": [], "server_id": "s1"}), False),
        (FieldChange(("block", "hops"), [{"server_id": "s1"}], None), True),
    ],
)
def test_what_points_elsewhere_is_seen_at_every_depth_of_a_change(change: FieldChange, expected: bool) -> None:
    assert repoints(CALLERS, (change,), "s1") is expected


def test_a_plan_knows_the_kinds_it_was_given() -> None:
    """The table is an argument: the kinds that hmsplan ships have no part in it."""
    plan = made(resource("servers.s", name="S"), objects=(), bindings={})
    assert [(change.address, change.action) for change in plan.changes] == [(at("servers.s"), Action.CREATE)]

"""The table of kinds is an argument: a plan asks no other table. The kinds here are made up."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import at, bound, change_of, declared, keys, live, planned, ref, remembered, remote, resource

from hmsplan.errors import ConfigError
from hmsplan.kinds import Kind
from hmsplan.kinds.kind import Problem, Use
from hmsplan.model import Action, Secret, pattern
from hmsplan.planner.planner import remaining_users

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import Plan, RemoteObject, Resource


def broken(fields: Mapping[str, Any]) -> Iterator[Problem]:
    if fields.get("status") == "broken":
        yield Problem(("status",), "Lamp is broken", "it stays dark.")


def made_up(name: str, noun: str, **more: Any) -> Kind:
    return Kind(
        name=name,
        singular=noun,
        noun=noun,
        path=f"/{name}",
        docs="made up",
        collection=(name,),
        envelope=(noun,),
        **{"identity": "name", **more},
    )


TABLE: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            made_up("sockets", "socket", unique=True, immutable=frozenset({"volts"})),
            made_up(
                "lamps",
                "lamp",
                refs={pattern("socket_id"): "sockets"},
                uses={
                    pattern("bulb"): Use(kind="bulbs", named=lambda bulb: bulb),
                    pattern("shade"): Use(kind="shades", named=lambda shade: shade, substitute="bare light"),
                },
                secrets=frozenset({("pin",)}),
                write_only=frozenset({"timer"}),
                clearable=frozenset({"socket_id"}),
                trouble=broken,
                meets_people=True,
            ),
            made_up("bulbs", "bulb", unique=True, required_if_new=frozenset({"watts", "glass"})),
            made_up("shades", "shade", unique=True),
        )
    }
)


def made(
    *resources: Resource, there: tuple[RemoteObject, ...] = (), ours: tuple[str, ...] = (), **options: Any
) -> Plan:
    """Plan over the made-up kinds; of *there*, those named by *ours* (address, a blank, id) are bound."""
    pairs = (each.split() for each in ours)
    bindings = (bound(address, object_id, **_fields(there, object_id)) for address, object_id in pairs)
    return planned(declared(*resources), live(*there, kinds=TABLE), remembered(*bindings), kinds=TABLE, **options)


def _fields(there: tuple[RemoteObject, ...], object_id: str) -> dict[str, Any]:
    return {
        name: value for each in there if each.id == object_id for name, value in each.fields.items() if name != "id"
    }


def warned(plan: Plan) -> dict[str, str]:
    return {warning.summary: warning.detail for warning in plan.warnings}


DESK: Final = remote("lamps", "l1", name="Desk")


def test_an_object_that_is_adopted_without_a_state() -> None:
    plan = made(resource("lamps.desk", name="Desk"), there=(DESK,))
    assert change_of(plan, "lamps.desk").action is Action.ADOPT
    assert "yet a live object is what this stack declares" in warned(plan)["No state"]


def test_a_twin_and_what_changed_outside() -> None:
    state = remembered(bound("lamps.desk", "l1", name="Desk", color="red"))
    there = (remote("lamps", "l1", name="Desk", color="blue"), remote("lamps", "l2", name="Desk"))
    plan = planned(
        declared(resource("lamps.desk", name="Desk", color="red")), live(*there, kinds=TABLE), state, kinds=TABLE
    )
    assert "lamps.desk is l1, and l2 has the name 'Desk' too" in warned(plan)["Two live objects of one name"]
    assert [(drift.address, [field.path for field in drift.fields]) for drift in plan.drift] == [
        (at("lamps.desk"), [("color",)])
    ]


def test_what_cannot_be_compared_and_what_is_wrong_with_an_object() -> None:
    desk = resource("lamps.desk", name="Desk", pin=Secret("pin", "v"), timer="22:00")
    applied = bound("lamps.desk", "l1", name="Desk", pin={"$secret": "pin", "fingerprint": "f"}, timer="22:00")
    there = remote("lamps", "l1", name="Desk", status="broken")
    found = warned(planned(declared(desk), live(there, kinds=TABLE), remembered(applied), kinds=TABLE))
    assert found["Lamp is broken"] == "lamps.desk: it stays dark."
    assert found["Not compared"].startswith("The API does not show timer of lamps.desk,")
    assert "a secret of lamps.desk changed cannot be seen" in found["Secrets not compared"]


def test_a_list_that_may_be_cut() -> None:
    plan = made(
        resource("lamps.desk", name="Desk"), there=tuple(remote("lamps", f"x{n}", name=f"X{n}") for n in range(50))
    )
    assert warned(plan)["List may be cut off"].startswith("The list of lamps shows 50,")


def test_what_a_new_object_cannot_be_without() -> None:
    with pytest.raises(ConfigError) as error:
        made(resource("lamps.desk", name="Desk", bulb="E27"))
    assert [(problem.summary, problem.address) for problem in error.value.diagnostics] == [
        ("Bulb is missing", at("lamps.desk"))
    ]
    assert keys(made(resource("lamps.desk", name="Desk", bulb="E27"), there=(remote("bulbs", "b1", name="E27"),)))


def test_all_that_a_create_lacks_is_named_in_one_sentence() -> None:
    with pytest.raises(ConfigError) as error:
        made(resource("bulbs.b", name="E27"))
    assert [problem.detail for problem in error.value.diagnostics] == [
        "bulbs.b does not exist yet, and to create it a bulb needs glass and watts."
    ]


def test_who_goes_on_without_what_goes_away() -> None:
    there = (remote("shades", "Red", name="Red"), remote("lamps", "l1", name="Desk", shade="Red"))
    plan = made(there=there, ours=("shades.red Red",), allowed=("*",))
    assert change_of(plan, "shades.red").notes == ("lamp Desk (not managed) uses it and goes on with bare light",)


def test_who_would_still_use_what_goes_away_and_no_secret_of_it_is_shown() -> None:
    there = (
        remote("sockets", "s1", name="Wall", password="c4nary"),
        remote("lamps", "l1", name="Desk", socket_id="s1"),
    )
    plan = made(there=there, ours=("sockets.wall s1",))
    assert [(refusal.address, refusal.reason) for refusal in plan.refusals] == [
        (at("sockets.wall"), "still used by lamp Desk (not managed)")
    ]
    assert "c4nary" not in repr(change_of(plan, "sockets.wall").before)
    users = remaining_users(plan.changes, live(*there, kinds=TABLE), {}, TABLE)
    assert users == {"s1": ["lamp Desk (not managed)"]}


def test_a_replace_that_frees_its_own_name_first() -> None:
    there = (remote("sockets", "s1", name="Wall", volts=110),)
    plan = made(resource("sockets.wall", name="Wall", volts=230), there=there, ours=("sockets.wall s1",))
    assert change_of(plan, "sockets.wall").notes == (
        "Wall is deleted first before it is created here: in between it cannot be reached",
    )
    assert keys(plan) == ["sockets.wall:delete-old", "sockets.wall:create"]


def test_what_a_target_refers_to_and_what_was_not_read() -> None:
    wall, desk = (
        resource("sockets.wall", name="Wall"),
        resource("lamps.desk", name="Desk", socket_id=ref("sockets.wall")),
    )
    plan = made(wall, desk, resource("lamps.other", name="Other"), targets=["lamps.desk"])
    assert keys(plan) == ["sockets.wall:create", "lamps.desk:create"]
    unread = planned(
        declared(resource("sockets.wall", name="New")),
        live(remote("sockets", "s1", name="Wall"), kinds=["sockets"]),
        remembered(bound("sockets.wall", "s1", name="Wall")),
        kinds=TABLE,
    )
    assert unread.unread == ("lamps",)

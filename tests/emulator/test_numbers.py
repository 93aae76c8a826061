"""Numbers and trunks: references, derived fields, aliases, duplicates, deletes."""

from __future__ import annotations

import pytest

from .helpers import GONE, PHONE, Api, MakeApi


def test_a_number_shows_the_names_of_what_it_points_at(make_api: MakeApi) -> None:
    api = make_api(number_name=True)
    agent, trunk, flow = api.assistant(business_name="Acme"), api.trunk(), api.workflow()
    made = api.number(agent_id=agent["id"], transfer_trunk_id=trunk["id"], workflow_id=flow["id"], name="Main")
    assert made["agent_name"] == "Support"
    assert (made["business_name"], made["transfer_trunk_name"], made["workflow_name"]) == ("Acme", "VoIP", "Intake")
    assert (made["is_active"], made["source"], made["name"]) == (True, None, "Main")
    api.ok("PATCH", f"/assistants/{agent['id']}", {"name": "Sales"})
    assert api.ok("GET", "/numbers")["numbers"][0]["agent_name"] == "Sales"


@pytest.mark.parametrize("field", ["agent_id", "assistant_id", "transfer_trunk_id", "workflow_id"])
def test_a_reference_to_nothing_is_not_found(api: Api, field: str) -> None:
    api.refused(404, "POST", "/numbers", {"phone_number": PHONE, field: GONE})
    number = api.number()
    api.refused(404, "PATCH", f"/numbers/{number['id']}", {field: GONE})
    api.refused(400, "PATCH", f"/numbers/{number['id']}", {field: "x"})
    assert api.ok("PATCH", f"/numbers/{number['id']}", {field: None})


def test_a_reference_into_another_organization_is_not_found(api: Api, make_api: MakeApi) -> None:
    foreign = make_api(api.emulator, key="fl_other").assistant()
    api.refused(404, "POST", "/numbers", {"phone_number": PHONE, "agent_id": foreign["id"]})


def test_requests_take_both_names_of_the_assistant(api: Api) -> None:
    agent = api.assistant()["id"]
    number = api.number(assistant_id=agent)
    assert number["agent_id"] == agent
    path = f"/numbers/{number['id']}"
    assert api.ok("PATCH", path, {"assistant_id": None})["number"]["agent_id"] is None
    api.refused(400, "PATCH", path, {"assistant_id": None, "agent_id": agent})


@pytest.mark.parametrize(
    ("stance", "names"),
    [("agent_id", {"agent_id"}), ("assistant_id", {"assistant_id"}), ("both", {"agent_id", "assistant_id"})],
)
def test_the_name_of_the_assistant_in_answers_is_a_setting(make_api: MakeApi, stance: str, names: set[str]) -> None:
    api = make_api(number_agent=stance)
    agent = api.assistant()["id"]
    number = api.number(agent_id=agent)
    assert {name: number[name] for name in ("agent_id", "assistant_id") if name in number} == dict.fromkeys(
        names, agent
    )


def test_numbers_may_not_know_a_name(make_api: MakeApi) -> None:
    assert "name" not in make_api(number_name=False).number(name="Main")


def test_a_phone_number_never_changes(api: Api) -> None:
    number = api.number()
    changed = api.ok("PATCH", f"/numbers/{number['id']}", {"phone_number": "+31600000000"})["number"]
    assert changed["phone_number"] == PHONE


@pytest.mark.parametrize(
    "phone", ["0612345678", "+0612345678", "+31 6 12345678", "0031612345678", "", "+1", 31612345678]
)
def test_a_phone_number_is_e164(api: Api, phone: object) -> None:
    api.refused(400, "POST", "/numbers", {"phone_number": phone})


@pytest.mark.parametrize("phone", ["+31 6 123-456.78", "0031612345678", "+31612345678"])
def test_other_spellings_may_be_rewritten(make_api: MakeApi, phone: str) -> None:
    assert make_api(phone_form="rewritten").number(phone_number=phone)["phone_number"] == "+31612345678"


def test_a_number_is_registered_once(api: Api, make_api: MakeApi) -> None:
    api.number()
    api.refused(409, "POST", "/numbers", {"phone_number": PHONE})
    make_api(api.emulator, key="fl_other").refused(409, "POST", "/numbers", {"phone_number": PHONE})


def test_a_number_may_be_registered_twice_or_taken_over(make_api: MakeApi) -> None:
    api = make_api(number_twice="allowed", number_elsewhere="taken_over")
    api.number()
    api.number()
    assert len(api.ok("GET", "/numbers")["numbers"]) == 2
    other = make_api(api.emulator, key="fl_other")
    other.number()
    assert api.ok("GET", "/numbers")["numbers"] == []
    assert len(other.ok("GET", "/numbers")["numbers"]) == 1


@pytest.mark.parametrize("stance", ["both", "clears_agent", "refuses_both"])
def test_a_workflow_beside_an_assistant_follows_the_settings(make_api: MakeApi, stance: str) -> None:
    api = make_api(number_workflow=stance)
    agent, flow = api.assistant()["id"], api.workflow()["id"]
    number = api.number(agent_id=agent)
    both = {"agent_id": agent, "workflow_id": flow}
    path = f"/numbers/{number['id']}"
    if stance == "refuses_both":
        api.refused(400, "PATCH", path, both)
    else:
        changed = api.ok("PATCH", path, both)["number"]
        assert changed["agent_id"] == (agent if stance == "both" else None)
        assert changed["workflow_id"] == flow


def test_a_trunk_shows_everything_but_its_password(api: Api) -> None:
    made = api.trunk(auth_username="u", auth_password="p")
    assert (made["transport"], made["auth_username"], made["is_active"]) == ("udp", "u", True)
    assert "auth_password" not in made
    assert api.ok("GET", "/sip-trunks") == {"trunks": [made]}
    assert api.emulator.hidden("sip_trunks", made["id"]) == {"auth_password": "p"}


def test_a_trunk_needs_name_provider_and_address(api: Api) -> None:
    assert len(api.refused(400, "POST", "/sip-trunks", {"transport": "smoke"})["details"]) == 4


@pytest.mark.parametrize("stance", ["conflict", "detach", "cascade"])
def test_deleting_a_trunk_in_use_follows_the_settings(make_api: MakeApi, stance: str) -> None:
    api = make_api(delete_trunk=stance)
    trunk = api.trunk()
    number = api.number(transfer_trunk_id=trunk["id"])
    if stance == "conflict":
        api.refused(409, "DELETE", f"/sip-trunks/{trunk['id']}")
        api.ok("PATCH", f"/numbers/{number['id']}", {"transfer_trunk_id": None})
    api.ok("DELETE", f"/sip-trunks/{trunk['id']}")
    numbers = api.ok("GET", "/numbers")["numbers"]
    assert [each["transfer_trunk_id"] for each in numbers] == ([] if stance == "cascade" else [None])


def test_a_name_may_be_stored_all_the_same(make_api: MakeApi) -> None:
    assert make_api(number_name=True).number(name="Main")["name"] == "Main"

"""The operator's door and the request log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hmsplan.emulator import Emulator
from hmsplan.emulator.app import RECORDS_MAX

from .helpers import FREE, GONE, KEY, PHONE, Api, Clock, MakeApi

if TYPE_CHECKING:
    from pathlib import Path


def test_the_log_tells_what_came_in(make_api: MakeApi) -> None:
    api = make_api(clock=Clock(5))
    api("GET", "/analysis-templates?limit=5")
    api("POST", "/assistants", {"name": "a"})
    read, write = api.emulator.requests
    assert (read.method, read.path, read.query, read.status, read.at) == (
        "GET",
        "/analysis-templates",
        "limit=5",
        200,
        5,
    )
    assert (write.content, write.status) == (b'{"name":"a"}', 201)
    assert read.key == write.key
    assert KEY not in read.key
    assert api.emulator.writes == [write]
    api.emulator.requests.clear()
    assert api.emulator.writes == []


def test_the_log_does_not_grow_for_ever(api: Api) -> None:
    api.ok("GET", "/health")
    api.emulator.requests.extend(api.emulator.requests * (RECORDS_MAX - 1))
    api.ok("GET", "/numbers")
    assert len(api.emulator.requests) == RECORDS_MAX // 2 + 1
    assert api.emulator.requests[-1].path == "/numbers"


def test_the_operator_acts_past_rules_limits_and_log(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock)
    agent = api.assistant()
    campaign = api.campaign(agent_id=agent["id"])
    requests = len(api.emulator.requests)
    clock.now += 5
    edited = api.emulator.edit("assistants", agent["id"], {"llm_config": {"provider": "old", "model": "gone"}})
    assert edited["updated_at"] > agent["updated_at"]
    api.emulator.edit("campaigns", campaign["id"], {"status": "completed"})
    lead = api.emulator.add("leads", {"campaign_id": campaign["id"], "phone_number": PHONE, "status": "completed"})
    number = api.emulator.add("numbers", {"phone_number": PHONE, "agent_id": agent["id"]})
    api.emulator.remove("assistants", agent["id"])
    assert len(api.emulator.requests) == requests
    assert api.ok("GET", f"/campaigns/{campaign['id']}")["campaign"]["completed_leads"] == 1
    assert api.ok("GET", f"/campaigns/{campaign['id']}/leads")["leads"][0]["id"] == lead
    assert api.ok("GET", f"/numbers/{number}")["number"]["agent_name"] is None
    api.refused(404, "GET", f"/assistants/{agent['id']}")


@pytest.mark.parametrize("kind", ["assistants", "sip_trunks", "workflows", "mcp_servers", "nothing"])
def test_the_operator_cannot_touch_what_is_not_there(api: Api, kind: str) -> None:
    for act in (api.emulator.get, api.emulator.remove, api.emulator.hidden):
        with pytest.raises(LookupError):
            act(kind, GONE)


def test_with_several_organizations_a_key_has_to_be_named(api: Api) -> None:
    with pytest.raises(LookupError):
        api.emulator.all("assistants")
    api.assistant()
    assert len(api.emulator.all("assistants")) == 1
    api.emulator.organization("fl_other")
    with pytest.raises(LookupError):
        api.emulator.all("assistants")
    assert api.emulator.all("assistants", key="fl_other") == []


def test_an_expired_key_stops_working_and_can_be_renewed_by_nobody(api: Api) -> None:
    api.ok("GET", "/numbers")
    api.emulator.expire_key(KEY)
    api.refused(401, "GET", "/numbers")


def test_everything_survives_a_restart(tmp_path: Path, make_api: MakeApi) -> None:
    path = tmp_path / "emulator.db"
    emulator = Emulator(path, FREE)
    api = make_api(emulator)
    trunk = api.trunk(auth_password="p")
    number = api.number(transfer_trunk_id=trunk["id"], workflow_id=api.workflow()["id"])
    campaign = api.campaign(leads=[{"phone_number": PHONE}])
    child = api.ok("POST", "/organizations", {"name": "Shop"})
    api.ok("POST", "/byok", {"provider": "xai", "api_key": "k"})
    before = [api.ok("GET", path) for path in ("/numbers", "/campaigns", "/workflows", "/byok", "/organizations")]
    emulator.close()

    again = Emulator(path, FREE)
    api = make_api(again)
    after = [api.ok("GET", path) for path in ("/numbers", "/campaigns", "/workflows", "/byok", "/organizations")]
    assert after == before
    assert make_api(again, key=child["api_key"]).ok("GET", "/organizations")["id"] == child["id"]
    assert len(api.ok("GET", f"/campaigns/{campaign['id']}/leads")["leads"]) == 1
    api.refused(409, "DELETE", f"/sip-trunks/{trunk['id']}")
    assert again.hidden("sip_trunks", trunk["id"]) == {"auth_password": "p"}
    assert api.ok("GET", f"/numbers/{number['id']}")["number"] == number
    again.close()


def test_two_emulators_may_share_a_file(tmp_path: Path, make_api: MakeApi) -> None:
    first, second = (Emulator(tmp_path / "emulator.db", FREE) for _ in range(2))
    one, two = make_api(first), make_api(second)
    for turn in range(5):
        one.assistant(name=f"a{turn}")
        two.assistant(name=f"b{turn}")
    assert one.ok("GET", "/assistants") == two.ok("GET", "/assistants")
    assert len(two.ok("GET", "/assistants")["assistants"]) == 10
    first.close()
    second.close()

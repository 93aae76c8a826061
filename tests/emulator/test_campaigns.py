"""Campaigns and leads."""

from __future__ import annotations

import pytest

from .helpers import CAMPAIGN, GONE, PHONE, Api, MakeApi

OTHER_PHONE = "+31612345678"


def test_a_campaign_starts_as_a_draft_with_whole_times(api: Api) -> None:
    made = api.campaign()
    assert made["status"] == "draft"
    assert (made["schedule_start_time"], made["schedule_end_time"]) == ("09:00:00", "17:30:30")
    assert (made["total_leads"], made["system_message_template"]) == (0, None)
    assert api.ok("GET", "/campaigns") == {"campaigns": [made]}


def test_a_status_on_create_is_an_unknown_field(make_api: MakeApi) -> None:
    assert make_api().campaign(status="scheduled")["status"] == "draft"
    api = make_api(unknown_fields="refused")
    body = {**CAMPAIGN, "agent_id": api.assistant()["id"], "status": "scheduled"}
    api.refused(400, "POST", "/campaigns", body)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schedule_start_time", "9:00"),
        ("schedule_start_time", "24:00"),
        ("schedule_end_time", "09:00:60"),
        ("timezone", "Mars/Base"),
        ("agent_id", "x"),
        ("leads", [{"phone_number": "1"}]),
        ("leads", [{"phone_number": PHONE, "variables": {"a": 1}}]),
    ],
)
def test_a_campaign_is_checked(api: Api, field: str, value: object) -> None:
    body = {**CAMPAIGN, "agent_id": api.assistant()["id"], field: value}
    api.refused(400, "POST", "/campaigns", body)


def test_a_campaign_needs_an_existing_assistant(api: Api) -> None:
    api.refused(404, "POST", "/campaigns", {**CAMPAIGN, "agent_id": GONE})


def test_agent_and_leads_never_change(api: Api) -> None:
    made = api.campaign()
    body = {"agent_id": GONE, "leads": [], "total_leads": 9, "name": "New"}
    changed = api.ok("PATCH", f"/campaigns/{made['id']}", body)["campaign"]
    assert (changed["agent_id"], changed["total_leads"], changed["name"]) == (made["agent_id"], 0, "New")


def test_completed_cannot_be_set(api: Api) -> None:
    api.refused(400, "PATCH", f"/campaigns/{api.campaign()['id']}", {"status": "completed"})


@pytest.mark.parametrize("status", [409, 400])
def test_a_completed_campaign_cannot_change(make_api: MakeApi, status: int) -> None:
    api = make_api(completed_status=status)
    made = api.campaign()
    api.emulator.edit("campaigns", made["id"], {"status": "completed"})
    api.refused(status, "PATCH", f"/campaigns/{made['id']}", {"name": "New"})
    assert api.ok("GET", f"/campaigns/{made['id']}")["campaign"]["name"] == "Spring"


def test_any_move_is_allowed(api: Api) -> None:
    path = f"/campaigns/{api.campaign()['id']}"
    for status in ("cancelled", "draft", "scheduled", "paused"):
        assert api.ok("PATCH", path, {"status": status})["campaign"]["status"] == status


def test_moves_may_go_forward_only(make_api: MakeApi) -> None:
    api = make_api(campaign_moves="forward")
    path = f"/campaigns/{api.campaign()['id']}"
    api.refused(400, "PATCH", path, {"status": "paused"})
    for status in ("scheduled", "paused", "scheduled", "scheduled", "cancelled"):
        api.ok("PATCH", path, {"status": status})
    api.refused(400, "PATCH", path, {"status": "draft"})
    api.ok("PATCH", path, {"name": "New"})


@pytest.mark.parametrize("stance", ["allowed", "conflict"])
def test_deleting_a_scheduled_campaign_follows_the_settings(make_api: MakeApi, stance: str) -> None:
    api = make_api(delete_campaign=stance)
    made = api.campaign(leads=[{"phone_number": PHONE}])
    path = f"/campaigns/{made['id']}"
    api.ok("PATCH", path, {"status": "scheduled"})
    if stance == "conflict":
        api.refused(409, "DELETE", path)
        api.ok("PATCH", path, {"status": "paused"})
    api.ok("DELETE", path)
    api.refused(404, "GET", f"{path}/leads")
    assert api.emulator.all("leads", parent=made["id"]) == []


def test_leads_come_oldest_first_whatever_the_lists_do(make_api: MakeApi) -> None:
    api = make_api(list_order="newest")
    made = api.campaign(leads=[{"phone_number": f"+3160000000{n}", "variables": {"n": str(n)}} for n in range(5)])
    path = f"/campaigns/{made['id']}/leads"
    added = api.make(path, {"phone_number": OTHER_PHONE})
    leads = api.ok("GET", path)["leads"]
    assert [lead["phone_number"][-1] for lead in leads] == ["0", "1", "2", "3", "4", "8"]
    assert leads[-1] == added
    assert leads[0]["variables"] == {"n": "0"}
    expected = {"status": "pending", "attempts": 0, "call_id": None, "last_attempt_at": None, "variables": {}}
    assert added.items() >= {**expected, "campaign_id": made["id"]}.items()


def test_the_counts_of_a_campaign_follow_its_leads(api: Api) -> None:
    made = api.campaign(leads=[{"phone_number": PHONE}, {"phone_number": OTHER_PHONE}])
    first, second = api.ok("GET", f"/campaigns/{made['id']}/leads")["leads"]
    api.emulator.edit("leads", first["id"], {"status": "completed", "attempts": 1})
    api.emulator.edit("leads", second["id"], {"status": "failed"})
    shown = api.ok("GET", f"/campaigns/{made['id']}")["campaign"]
    assert (shown["total_leads"], shown["completed_leads"], shown["failed_leads"]) == (2, 1, 1)


@pytest.mark.parametrize("status", [409, 400])
def test_a_lead_that_is_being_called_stays(make_api: MakeApi, status: int) -> None:
    api = make_api(lead_calling_status=status)
    made = api.campaign(leads=[{"phone_number": PHONE}])
    (lead,) = api.ok("GET", f"/campaigns/{made['id']}/leads")["leads"]
    path = f"/campaigns/{made['id']}/leads/{lead['id']}"
    api.emulator.edit("leads", lead["id"], {"status": "calling"})
    api.refused(status, "DELETE", path)
    api.emulator.edit("leads", lead["id"], {"status": "completed"})
    api.ok("DELETE", path)
    api.refused(404, "DELETE", path)


def test_a_lead_belongs_to_its_campaign(api: Api) -> None:
    made = api.campaign(leads=[{"phone_number": PHONE}])
    other = api.campaign(agent_id=made["agent_id"])
    (lead,) = api.ok("GET", f"/campaigns/{made['id']}/leads")["leads"]
    api.refused(404, "DELETE", f"/campaigns/{other['id']}/leads/{lead['id']}")
    api.refused(404, "POST", f"/campaigns/{GONE}/leads", {"phone_number": PHONE})


def test_a_phone_number_twice_in_a_campaign_follows_the_settings(make_api: MakeApi) -> None:
    api = make_api()
    path = f"/campaigns/{api.campaign(leads=[{'phone_number': PHONE}] * 2)['id']}/leads"
    api.make(path, {"phone_number": PHONE})
    assert len(api.ok("GET", path)["leads"]) == 3
    strict = make_api(lead_twice="conflict")
    campaign = strict.campaign(leads=[{"phone_number": PHONE}])
    strict.refused(409, "POST", f"/campaigns/{campaign['id']}/leads", {"phone_number": PHONE})
    body = {**CAMPAIGN, "agent_id": campaign["agent_id"], "leads": [{"phone_number": PHONE}] * 2}
    strict.refused(409, "POST", "/campaigns", body)


def test_no_lead_says_itself_what_became_of_it(make_api: MakeApi) -> None:
    """Not even while unknown fields are stored: id, status and attempts are the platform's."""
    api = make_api(unknown_fields="stored")
    claims = {"id": GONE, "campaign_id": GONE, "status": "completed", "attempts": 9}
    campaign = api.campaign(leads=[{"phone_number": PHONE, **claims}])
    api.make(f"/campaigns/{campaign['id']}/leads", {"phone_number": PHONE, **claims})
    for lead in api.ok("GET", f"/campaigns/{campaign['id']}/leads")["leads"]:
        assert lead["id"] != GONE
        assert (lead["campaign_id"], lead["status"], lead["attempts"]) == (campaign["id"], "pending", 0)

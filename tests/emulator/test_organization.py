"""The organization, its keys, its domain."""

from __future__ import annotations

import pytest

from .helpers import GONE, KEY, Api, MakeApi

RETENTION = {"content_retention_days": 90, "metadata_retention_days": 730}


def test_the_organization_counts_what_is_active(api: Api) -> None:
    api.assistant()
    api.assistant(is_active=False)
    api.number()
    shown = api.ok("GET", "/organizations")
    assert (shown["active_agents"], shown["active_numbers"], shown["active_calls"]) == (1, 1, 0)
    assert (shown["minutes_balance"], shown["parent_org_id"]) == (1000, None)
    assert api.ok("GET", "/account") == shown
    assert "children" not in shown


def test_a_child_gets_a_key_of_its_own_this_once(api: Api, make_api: MakeApi) -> None:
    parent = api.ok("GET", "/organizations")
    made = api.ok("POST", "/organizations", {"name": "Shop", "parent_org_id": parent["id"]})
    assert made["api_key"].startswith("fl_live_")
    assert made["parent_org_id"] == parent["id"]
    child = make_api(api.emulator, key=made["api_key"])
    assert child.ok("GET", "/organizations")["id"] == made["id"]
    (listed,) = api.ok("GET", "/organizations?include_children=true")["children"]
    assert listed == {key: made[key] for key in ("id", "name", "created_at")}
    api.refused(400, "GET", "/organizations?include_children=maybe")


def test_a_child_key_works_beside_a_list_of_known_keys(make_api: MakeApi) -> None:
    api = make_api(keys=(KEY,))
    made = api.ok("POST", "/organizations", {"name": "Shop"})
    assert make_api(api.emulator, key=made["api_key"]).ok("GET", "/numbers") == {"numbers": []}


def test_without_a_parent_an_organization_is_no_child(api: Api, make_api: MakeApi) -> None:
    made = api.ok("POST", "/organizations", {"name": "Shop"})
    assert made["parent_org_id"] is None
    assert api.ok("GET", "/organizations?include_children=true")["children"] == []
    assert make_api(api.emulator, key=made["api_key"]).ok("GET", "/organizations")["parent_org_id"] is None


def test_a_child_uses_the_minutes_of_its_parent(api: Api, make_api: MakeApi) -> None:
    parent = api.ok("GET", "/organizations")["id"]
    made = api.ok("POST", "/organizations", {"name": "Shop", "parent_org_id": parent})
    child = make_api(api.emulator, key=made["api_key"])
    api.emulator.set_credits(7, key=KEY)
    assert child.ok("GET", "/organizations")["minutes_balance"] == 7
    api.emulator.set_credits(0, key=KEY)
    number = child.number()["id"]
    child.refused(402, "POST", "/calls/outbound", {"destination": "+31612345678", "number_id": number})


def test_another_parent_is_forbidden(api: Api) -> None:
    api.refused(403, "POST", "/organizations", {"name": "Shop", "parent_org_id": GONE})


def test_retention_is_answered_by_its_change_only(api: Api, make_api: MakeApi) -> None:
    assert api.ok("PATCH", "/organizations", RETENTION) == RETENTION
    assert not RETENTION.keys() & api.ok("GET", "/organizations").keys()
    readable = make_api(retention_readable=True)
    readable.ok("PATCH", "/organizations", RETENTION)
    assert readable.ok("GET", "/organizations").items() >= RETENTION.items()


@pytest.mark.parametrize(
    "body",
    [
        {"content_retention_days": 90},
        {"content_retention_days": 365, "metadata_retention_days": 30},
        {"content_retention_days": 730, "metadata_retention_days": 730},
        {"content_retention_days": "90", "metadata_retention_days": 90},
    ],
)
def test_retention_takes_both_numbers_and_content_goes_first(api: Api, body: dict[str, object]) -> None:
    api.refused(400, "PATCH", "/organizations", body)


def test_keys_are_stored_but_never_shown(api: Api) -> None:
    answer = api.ok("POST", "/byok", {"provider": "openai", "api_key": "sk-hush"})
    assert answer["success"] is True
    assert answer["byok_keys"]["openai_secret_id"]
    assert answer["byok_keys"]["xai_secret_id"] is None
    assert api.ok("GET", "/byok") == {"byok_keys": answer["byok_keys"]}
    assert "sk-hush" not in api("GET", "/byok").text


@pytest.mark.parametrize(("stance", "same"), [("changes", False), ("stays", True)])
def test_whether_a_new_key_gets_a_new_vault_id_is_a_setting(make_api: MakeApi, stance: str, same: bool) -> None:
    api = make_api(key_id=stance)
    first, second = (
        api.ok("POST", "/byok", {"provider": "xai", "api_key": key})["byok_keys"]["xai_secret_id"] for key in "ab"
    )
    assert (first == second) is same
    assert api.emulator.hidden("byok_keys", api.emulator.all("byok_keys")[0]["id"]) == {"api_key": "b"}


def test_deleting_a_key_needs_one(api: Api) -> None:
    api.refused(404, "DELETE", "/byok", {"provider": "xai"})
    api.refused(400, "DELETE", "/byok", {"provider": "nobody"})
    api.ok("POST", "/byok", {"provider": "xai", "api_key": "a"})
    assert api.ok("DELETE", "/byok", {"provider": "xai"})["byok_keys"]["xai_secret_id"] is None


def test_a_key_in_use_may_be_kept(make_api: MakeApi) -> None:
    api = make_api(delete_key="conflict")
    api.ok("POST", "/byok", {"provider": "elevenlabs", "api_key": "a"})
    agent = api.assistant()
    assert api.refused(409, "DELETE", "/byok", {"provider": "elevenlabs"})["details"] == ["Support"]
    api.ok("DELETE", f"/assistants/{agent['id']}")
    api.ok("DELETE", "/byok", {"provider": "elevenlabs"})


@pytest.mark.parametrize(
    ("stance", "left"),
    [("stored", {"a": 1, "b": None}), ("removes", {"a": 1}), ("ignored", {"a": 1, "b": 2})],
)
def test_provider_settings_are_merged(make_api: MakeApi, stance: str, left: dict[str, object]) -> None:
    api = make_api(config_null=stance, config_answer="settings")
    api.refused(400, "POST", "/byok/config", {"provider": "xai", "config": {}})
    api.ok("POST", "/byok", {"provider": "xai", "api_key": "a"})
    api.ok("POST", "/byok/config", {"provider": "xai", "config": {"a": 1, "b": 2}})
    answer = api.ok("POST", "/byok/config", {"provider": "xai", "config": {"b": None}})
    assert answer == {"byok_config": {"xai": left}} == api.ok("GET", "/byok/config")
    api.ok("POST", "/byok", {"provider": "xai", "api_key": "b"})
    assert api.ok("GET", "/byok/config") == answer


def test_the_catalogue_names_every_provider_with_its_models(api: Api) -> None:
    providers = api.ok("GET", "/byok/config")["providers"]
    (openai,) = [provider for provider in providers if provider["id"] == "openai"]
    assert (openai["category"], openai["models"][0]["default"]) == ("llm", True)
    assert "gpt-5.4" in {model["id"] for model in openai["models"]}
    assert {provider["category"] for provider in providers} == {"stt", "llm", "tts"}


def test_the_catalogue_may_be_gone(make_api: MakeApi) -> None:
    make_api(config_answer="gone").refused(404, "GET", "/byok/config")


def test_a_domain_needs_the_resend_key(api: Api) -> None:
    assert api.ok("GET", "/domains") == {"domain": None}
    api.refused(400, "POST", "/domains", {"domain_name": "mail.example.com"})
    api.refused(404, "POST", "/domains/verify")
    api.refused(404, "DELETE", "/domains")
    assert api.ok("GET", "/domains/sync") == {"domains": [], "selected_domain_id": None}


def test_without_the_key_a_domain_may_not_even_be_read(make_api: MakeApi) -> None:
    api = make_api(domain_without_key="refused")
    api.refused(400, "GET", "/domains")
    _resend(api)
    assert api.ok("GET", "/domains") == {"domain": None}


def _resend(api: Api) -> None:
    api.ok("POST", "/byok", {"provider": "resend", "api_key": "re_x"})


@pytest.mark.parametrize("outcome", ["verified", "pending", "failed"])
def test_a_domain_is_verified_step_by_step(make_api: MakeApi, outcome: str) -> None:
    api = make_api(domain_check=outcome)
    _resend(api)
    made = api.ok("POST", "/domains", {"domain_name": "mail.example.com"})["domain"]
    assert (made["status"], made["verified_at"], len(made["records"])) == ("not_started", None, 1)
    api.refused(409, "POST", "/domains", {"domain_name": "other.example.com"})
    assert api.ok("POST", "/domains/refresh")["domain"]["status"] == "not_started"
    assert api.ok("POST", "/domains/verify")["domain"]["status"] == "pending"
    done = api.ok("POST", "/domains/refresh")["domain"]
    assert (done["status"], bool(done["verified_at"])) == (outcome, outcome == "verified")
    assert api.ok("GET", "/domains") == {"domain": done}
    api.ok("DELETE", "/domains")
    assert api.ok("GET", "/domains") == {"domain": None}


def test_a_domain_of_the_account_can_be_selected(api: Api) -> None:
    _resend(api)
    known = api.emulator.add("resend_domains", {"name": "old.example.com", "status": "verified"})
    api.refused(404, "POST", "/domains/sync", {"resendDomainId": GONE})
    api.refused(400, "POST", "/domains/sync", {"resend_domain_id": known})
    chosen = api.ok("POST", "/domains/sync", {"resendDomainId": known})["domain"]
    assert (chosen["domain_name"], chosen["status"]) == ("old.example.com", "verified")
    assert api.ok("GET", "/domains/sync")["selected_domain_id"] == known


@pytest.mark.parametrize("stance", ["allowed", "conflict", "cascade"])
def test_deleting_the_resend_key_under_a_domain_follows_the_settings(make_api: MakeApi, stance: str) -> None:
    api = make_api(delete_resend_key=stance)
    _resend(api)
    api.ok("POST", "/domains", {"domain_name": "mail.example.com"})
    if stance == "conflict":
        api.refused(409, "DELETE", "/byok", {"provider": "resend"})
        return
    api.ok("DELETE", "/byok", {"provider": "resend"})
    assert (api.ok("GET", "/domains")["domain"] is None) is (stance == "cascade")

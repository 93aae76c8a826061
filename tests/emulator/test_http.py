"""What every operation has in common: keys, paths, methods, bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Emulator, Settings

from .helpers import FREE, GONE, KEY, Api, Clock, MakeApi

if TYPE_CHECKING:
    from pathlib import Path


def test_both_prefix_and_no_prefix_are_served(api: Api) -> None:
    assert api("GET", "http://emulator/health").json()["status"] == "ok"
    assert api("GET", "http://emulator/api/v1/health").json()["status"] == "ok"


def test_health_needs_no_key(make_api: MakeApi) -> None:
    assert make_api(key=None)("GET", "/health").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic fl_x"}])
def test_a_request_without_a_bearer_key_is_unauthorized(make_api: MakeApi, headers: dict[str, str]) -> None:
    make_api(key=None).refused(401, "GET", "/assistants", headers=headers)


def test_a_key_that_does_not_start_with_fl_is_unauthorized(make_api: MakeApi) -> None:
    make_api(key="sk_live_1").refused(401, "GET", "/assistants")


def test_every_key_opens_an_organization_of_its_own(api: Api, make_api: MakeApi) -> None:
    mine = api.assistant()
    other = make_api(api.emulator, key="fl_other")
    assert other.ok("GET", "/assistants") == {"assistants": []}
    other.refused(404, "GET", f"/assistants/{mine['id']}")
    other.refused(404, "PATCH", f"/assistants/{mine['id']}", {"name": "x"})
    other.refused(404, "DELETE", f"/assistants/{mine['id']}")
    assert len(api.ok("GET", "/assistants")["assistants"]) == 1


def test_with_a_list_of_keys_all_others_are_unauthorized(make_api: MakeApi) -> None:
    api = make_api(keys=(KEY,))
    assert api("GET", "/numbers").status_code == 200
    make_api(api.emulator, key="fl_else").refused(401, "GET", "/numbers")


def test_expired_and_revoked_keys_say_so(make_api: MakeApi) -> None:
    api = make_api(expired_keys=("fl_old",), revoked_keys=("fl_bad",), error_form="object")
    old = make_api(api.emulator, key="fl_old").refused(401, "GET", "/numbers")
    bad = make_api(api.emulator, key="fl_bad").refused(401, "GET", "/numbers")
    assert (old["error"]["code"], bad["error"]["code"]) == ("api_key_expired", "api_key_revoked")
    assert api.ok("GET", "/numbers") == {"numbers": []}
    api.emulator.revoke_key(KEY)
    api.refused(401, "GET", "/numbers")


@pytest.mark.parametrize("path", ["/", "/nothing", "/assistants/", f"/assistants/{GONE}/x", "/api/v2/assistants", "//"])
def test_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    api.refused(404, "GET", f"http://emulator{path}")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", f"/sip-trunks/{GONE}", "DELETE, GET"),
        ("PUT", "/assistants", "GET, POST"),
        ("GET", "/calls/outbound", "POST"),
        ("PATCH", f"/campaigns/{GONE}/leads/{GONE}", "DELETE"),
        ("HEAD", "/health", "GET"),
    ],
)
def test_a_wrong_method_is_405_with_the_right_ones(api: Api, method: str, path: str, allow: str) -> None:
    response = api(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allow


@pytest.mark.parametrize("object_id", ["x", "1", "%2e%2e", "not-a-uuid", GONE, "0" * 500, "%00", "a'b"])
def test_an_id_that_is_no_uuid_is_not_found(api: Api, object_id: str) -> None:
    for path in ("assistants", "numbers", "workflows", "campaigns", "mcp-servers", "calls"):
        api.refused(404, "GET", f"/{path}/{object_id}")


def test_an_id_is_found_in_capitals_too(api: Api) -> None:
    made = api.assistant()
    assert api.ok("GET", f"/assistants/{made['id'].upper()}")["assistant"] == made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"max_duration_seconds": 1e999, "name": "a"}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b'{"name": "a", "analysis_plan": ' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}",
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
)
def test_what_is_not_strict_json_is_a_bad_request(api: Api, body: bytes) -> None:
    answer = api.refused(400, "POST", "/assistants", content=body, headers={"Content-Type": "application/json"})
    assert answer["error"] == "Invalid JSON"


@pytest.mark.parametrize("body", ["null", "[]", '"text"', "1", "true"])
def test_a_body_that_is_no_object_is_a_bad_request(api: Api, body: str) -> None:
    for method, path in (("POST", "/assistants"), ("POST", "/tool-templates"), ("PATCH", "/organizations")):
        api.refused(400, method, path, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json2", ""])
def test_another_content_type_is_a_bad_request(api: Api, media_type: str) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    api.refused(400, "POST", "/assistants", content=b'{"name": "a"}', headers=headers)


def test_a_content_type_with_parameters_is_json_too(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert api("POST", "/assistants", content=b'{"name": "a"}', headers=headers).status_code == 201


def test_an_oversize_body_is_413(make_api: MakeApi) -> None:
    api = make_api(body_max=1000)
    assert api("POST", "/assistants", {"name": "a" * 900}).status_code == 201
    api.refused(413, "POST", "/assistants", {"name": "a" * 1000})


def test_every_problem_of_a_body_is_reported_with_its_path(api: Api) -> None:
    tools = [{"type": "transfer_call", "destinations": [{"type": "number", "number": "06", "description": "x"}]}, 3]
    body = {
        "is_active": "yes",
        "llm_config": {"provider": "openai", "model": "gpt-1", "tools": tools},
        "tts_config": {"provider": "nobody", "voice_id": "x"},
    }
    details = api.refused(400, "POST", "/assistants", body)["details"]
    assert [detail.split(":")[0] for detail in details] == [
        "name",
        "is_active",
        "llm_config.model",
        "llm_config.tools[0].destinations[0].number",
        "llm_config.tools[1]",
        "tts_config.provider",
    ]


@pytest.mark.parametrize("path", ["/assistants", "/workflows", "/mcp-servers", "/analysis-templates", "/numbers"])
def test_an_empty_update_is_a_bad_request(api: Api, path: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/mcp-servers": {"name": "a", "url": "https://mcp.example.com"},
        "/analysis-templates": {"name": "a", "system_prompt": "", "user_prompt": "", "schema": {}},
        "/numbers": {"phone_number": "+31612345678"},
    }
    made = api.workflow() if path == "/workflows" else api.make(path, bodies.get(path, {"name": "a"}))
    api.refused(400, "PATCH", f"{path}/{made['id']}", {})


def test_times_are_those_of_the_clock_in_utc(make_api: MakeApi) -> None:
    made = make_api(clock=Clock(1_790_000_000.25)).assistant()
    assert made["created_at"] == made["updated_at"] == "2026-09-21T14:13:20.250Z"


def test_errors_come_in_the_older_form_when_asked(make_api: MakeApi) -> None:
    error = make_api(error_form="object").refused(404, "GET", f"/assistants/{GONE}")["error"]
    assert error == {"code": "not_found", "message": "Assistant not found", "type": "not_found_error"}


@pytest.mark.parametrize(("status", "expected"), [(201, 201), (200, 200)])
def test_the_status_of_a_create_is_a_setting(make_api: MakeApi, status: int, expected: int) -> None:
    assert make_api(create_status=status)("POST", "/assistants", {"name": "a"}).status_code == expected


def test_a_delete_answers_success_or_nothing(api: Api, make_api: MakeApi) -> None:
    assert api.ok("DELETE", f"/assistants/{api.assistant()['id']}") == {"success": True}
    silent = make_api(delete_answer="no_content")
    response = silent("DELETE", f"/assistants/{silent.assistant()['id']}")
    assert (response.status_code, response.content) == (204, b"")


def test_a_deleted_object_is_gone(api: Api) -> None:
    made = api.assistant()
    api.ok("DELETE", f"/assistants/{made['id']}")
    for method in ("GET", "DELETE"):
        api.refused(404, method, f"/assistants/{made['id']}")
    assert api.ok("GET", "/assistants") == {"assistants": []}


@pytest.mark.parametrize(
    ("stance", "status", "stored"), [("ignored", 201, False), ("refused", 400, False), ("stored", 201, True)]
)
def test_unknown_fields_follow_the_settings(make_api: MakeApi, stance: str, status: int, stored: bool) -> None:
    api = make_api(unknown_fields=stance)
    body = {"name": "a", "colour": "red", "id": GONE, "llm_config": {"provider": "xai", "model": "grok-4.3", "x": 1}}
    if stance == "refused":
        assert len(api.refused(400, "POST", "/assistants", body)["details"]) == 3
        return
    made = api("POST", "/assistants", body)
    assert made.status_code == status
    assistant = made.json()["assistant"]
    assert ("colour" in assistant, "x" in assistant["llm_config"]) == (stored, stored)
    assert assistant["id"] != GONE


@pytest.mark.parametrize(("limit", "path"), [("name_max", "name"), ("message_max", "first_message")])
def test_length_limits_are_settings(make_api: MakeApi, limit: str, path: str) -> None:
    api = make_api(**{limit: 5})
    api.refused(400, "POST", "/assistants", {"name": "Sup", path: "toolong"})
    assert api.ok("POST", "/assistants", {"name": "Sup", path: "short"})


def test_numbers_beyond_64_bits_keep_their_digits(api: Api) -> None:
    big = 2**80
    made = api.make("/analysis-templates", {"name": "a", "system_prompt": "", "user_prompt": "", "schema": {"x": big}})
    assert made["schema"] == {"x": big}
    assert api.ok("GET", f"/analysis-templates/{made['id']}")["analysis_template"]["schema"] == {"x": big}


@pytest.mark.parametrize("stance", ["newest", "oldest", "shuffled"])
def test_the_order_of_lists_is_a_setting(make_api: MakeApi, stance: str) -> None:
    api = make_api(list_order=stance)
    made = [api.assistant(name=str(index))["id"] for index in range(6)]
    listed = [item["id"] for item in api.ok("GET", "/assistants")["assistants"]]
    assert listed == {"newest": made[::-1], "oldest": made, "shuffled": sorted(made)}[stance]


def test_lists_may_be_capped_and_leave_fields_out(make_api: MakeApi) -> None:
    api = make_api(list_cap=3, list_omits=("llm_config",))
    made = [api.assistant() for _ in range(5)]
    listed = api.ok("GET", "/assistants")["assistants"]
    assert len(listed) == 3
    assert "llm_config" not in listed[0]
    assert "llm_config" in api.ok("GET", f"/assistants/{made[0]['id']}")["assistant"]


def test_a_bug_inside_is_a_500_and_undoes_the_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(type(api.emulator.app.store), "_link", broken)
    assert api.refused(500, "POST", "/assistants", {"name": "a"})["error"] == "Internal error"
    assert api.ok("GET", "/assistants") == {"assistants": []}


def test_a_list_of_keys_closes_organizations_that_other_keys_opened(
    api: Api, tmp_path: Path, make_api: MakeApi
) -> None:
    path = tmp_path / "emulator.db"
    before = Emulator(path, FREE)
    make_api(before, key="fl_once").ok("GET", "/numbers")
    before.close()
    after = Emulator(path, Settings(keys=(KEY,)))
    make_api(after, key="fl_once").refused(401, "GET", "/numbers")
    after.close()
    assert api.ok("GET", "/health")


def test_a_question_mark_inside_an_id_stays_inside(api: Api) -> None:
    api.refused(404, "GET", "/calls/a%3Fb%23c")
    assert api.emulator.requests[-1].path == "/calls/a?b#c"


def test_requests_without_a_key_are_not_counted(make_api: MakeApi) -> None:
    api = make_api(key=None, rate_limit=1)
    assert [api("GET", "/health").status_code for _ in range(3)] == [200] * 3

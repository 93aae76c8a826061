"""Faults: which requests they mean, what they do, and how their file is checked."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from hmsplan.emulator import Emulator, Fault, Transport, read_faults

from .helpers import FREE, KEY, Api, Clock, MakeApi

if TYPE_CHECKING:
    from pathlib import Path


def _names(api: Api) -> list[str]:
    return [item["name"] for item in api.ok("GET", "/assistants")["assistants"]]


@pytest.mark.parametrize(
    ("rule", "hits"),
    [
        ({"method": "GET", "path": "/assistants"}, [("GET", "/assistants")]),
        ({"method": "write"}, [("POST", "/assistants"), ("DELETE", "/assistants/1")]),
        ({"method": "POST|DELETE", "path": "/assistants/*"}, [("DELETE", "/assistants/1")]),
        ({"path": "/assistants*"}, [("GET", "/assistants"), ("POST", "/assistants")][:0]),
        ({"path": "/assistants**"}, [("GET", "/assistants"), ("POST", "/assistants"), ("DELETE", "/assistants/1")]),
        ({"path": "re:/(assistants|campaigns)/\\d"}, [("DELETE", "/assistants/1")]),
        ({"path": "/campaigns/*/leads"}, [("GET", "/campaigns/x/leads")]),
    ],
)
def test_a_rule_means_requests_by_method_and_path(rule: dict[str, Any], hits: list[tuple[str, str]]) -> None:
    requests = [
        ("GET", "/assistants"),
        ("POST", "/assistants"),
        ("DELETE", "/assistants/1"),
        ("GET", "/campaigns/x/leads"),
    ]
    fault = Fault(do="lost_before", **rule)
    assert [request for request in requests if fault.matches(*request)] == hits


@pytest.mark.parametrize(
    ("rule", "hits"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"nth": 2}, [2]),
        ({"nth": (1, 4)}, [1, 4]),
        ({"first": 4}, [4, 5]),
        ({"last": 2}, [1, 2]),
        ({"first": 2, "last": 3}, [2, 3]),
        ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5]),
    ],
)
def test_a_rule_strikes_by_occurrence(rule: dict[str, Any], hits: list[int]) -> None:
    fault = Fault(do="lost_before", **rule)
    dice = random.Random(0)
    assert [number for number in range(1, 6) if fault.strikes(number, dice)] == hits


def test_chance_is_the_same_every_time(make_api: MakeApi) -> None:
    seen = []
    for _ in range(2):
        api = make_api()
        api.emulator.inject(Fault(do="status", status=503, probability=0.5, seed=3))
        seen.append([api("GET", "/numbers").status_code for _ in range(20)])
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 503}


def test_a_status_comes_before_anything_is_done(api: Api) -> None:
    body = {"error": "busy"}
    api.emulator.inject(Fault(do="status", method="POST", nth=1, status=503, body=body, headers={"Retry-After": "3"}))
    response = api("POST", "/assistants", {"name": "a"})
    assert (response.status_code, response.json(), response.headers["retry-after"]) == (503, body, "3")
    assert _names(api) == []
    api.assistant(name="b")
    assert _names(api) == ["b"]


def test_a_status_with_text_is_no_json(api: Api) -> None:
    api.emulator.inject(Fault(do="status", status=502, body="<h1>Bad gateway</h1>"))
    response = api("GET", "/numbers")
    assert (response.text, response.headers["content-type"]) == ("<h1>Bad gateway</h1>", "text/html; charset=utf-8")


def test_apply_then_status_does_it_and_denies_it(api: Api) -> None:
    api.emulator.inject(Fault(do="apply_then_status", method="POST", status=502))
    api.refused(502, "POST", "/assistants", {"name": "a"})
    assert _names(api) == ["a"]


def test_lost_before_does_nothing(api: Api) -> None:
    api.emulator.inject(Fault(do="lost_before", method="POST", nth=1))
    with pytest.raises(httpx.ReadError):
        api("POST", "/assistants", {"name": "a"})
    assert _names(api) == []
    assert [record.status for record in api.emulator.requests] == [None, 200]


def test_lost_after_does_it(api: Api) -> None:
    api.emulator.inject(Fault(do="lost_after", method="POST", nth=1))
    with pytest.raises(httpx.ReadError):
        api("POST", "/assistants", {"name": "a"})
    assert _names(api) == ["a"]
    assert api.emulator.requests[0].faults == ("lost_after",)


@pytest.mark.parametrize("kept", [None, 0, 10])
def test_a_truncated_body_is_a_broken_protocol(api: Api, kept: int | None) -> None:
    api.emulator.inject(Fault(do="truncated_body", method="POST", bytes=kept))
    with pytest.raises(httpx.RemoteProtocolError):
        api("POST", "/assistants", {"name": "a"})
    assert _names(api) == ["a"]


@pytest.mark.parametrize("action", ["garbage_body", "html_body", "empty_body"])
def test_other_bodies_come_under_the_true_status(api: Api, action: str) -> None:
    api.emulator.inject(Fault(do=action, method="POST"))
    response = api("POST", "/assistants", {"name": "a"})
    assert response.status_code == 201
    with pytest.raises(ValueError, match=r"."):
        response.json()
    assert _names(api) == ["a"]


def test_a_wrong_content_type_keeps_the_body(api: Api) -> None:
    api.emulator.inject(Fault(do="content_type", value="text/plain"))
    response = api("GET", "/numbers")
    assert (response.headers["content-type"], response.json()) == ("text/plain", {"numbers": []})


def test_an_absurd_retry_after_is_sent_as_given(api: Api) -> None:
    api.emulator.inject(
        Fault(do="rate_limited", retry_after="-1", nth=1), Fault(do="rate_limited", retry_after="9" * 30)
    )
    assert [api("GET", "/numbers").headers["retry-after"] for _ in range(2)] == ["-1", "9" * 30]


def test_a_redirect_points_elsewhere(api: Api) -> None:
    api.emulator.inject(Fault(do="redirect", location="https://evil.example.com/", status=307))
    response = api("GET", "/numbers")
    assert (response.status_code, response.headers["location"]) == (307, "https://evil.example.com/")


def test_lists_may_be_shortened_or_empty(api: Api) -> None:
    for name in "abc":
        api.assistant(name=name)
    api.emulator.inject(Fault(do="truncated_list", items=2, nth=1), Fault(do="empty_list", nth=2))
    assert [len(_names(api)) for _ in range(3)] == [2, 0, 3]


def test_a_list_may_miss_the_last_writes(make_api: MakeApi) -> None:
    api = make_api(list_order="oldest")
    api.emulator.inject(Fault(do="stale_list", method="GET", path="/assistants", writes=2))
    made = [api.assistant(name=name) for name in "abc"]
    assert _names(api) == ["a"]
    api.ok("PATCH", f"/assistants/{made[0]['id']}", {"name": "A"})
    assert _names(api) == ["a", "b"]
    api.ok("DELETE", f"/assistants/{made[1]['id']}")
    assert _names(api) == ["a", "b", "c"]
    api.trunk()
    api.trunk()
    assert _names(api) == ["A", "c"]
    api.emulator.inject()
    assert _names(api) == ["A", "c"]


def test_a_list_may_be_seconds_late(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock)
    api.emulator.inject(Fault(do="stale_list", path="/campaigns/*/leads", seconds=30))
    campaign = api.campaign()
    path = f"/campaigns/{campaign['id']}/leads"
    clock.now += 60
    api.make(path, {"phone_number": "+31612345678"})
    assert api.ok("GET", path)["leads"] == []
    clock.now += 30
    assert len(api.ok("GET", path)["leads"]) == 1


def test_stale_lists_count_the_writes_of_one_organization(api: Api, make_api: MakeApi) -> None:
    api.emulator.inject(Fault(do="stale_list", writes=1))
    api.assistant(name="a")
    api.assistant(name="b")
    make_api(api.emulator, key="fl_other").assistant()
    assert _names(api) == ["a"]


def test_delays_add_up_and_slow_answers_time_out(api: Api) -> None:
    api.emulator.inject(Fault(do="delay", seconds=0.05), Fault(do="delay_after", seconds=0.05))
    start = time.monotonic()
    api.ok("GET", "/numbers")
    assert time.monotonic() - start >= 0.1
    with pytest.raises(httpx.ReadTimeout):
        api("POST", "/assistants", {"name": "a"}, timeout=0.01)


def test_a_request_that_timed_out_is_still_carried_out() -> None:
    emulator = Emulator(settings=FREE, faults=[Fault(do="delay", method="POST", seconds=0.1)])

    async def post() -> None:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=Transport(emulator.app), headers=headers, timeout=0.01) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("http://emulator/assistants", json={"name": "late"})

    asyncio.run(post())
    assert [doc["name"] for doc in emulator.all("assistants")] == ["late"]
    emulator.close()


def test_several_rules_meet_in_one_request(api: Api) -> None:
    api.emulator.inject(
        Fault(do="truncated_list", items=1),
        Fault(do="content_type", value="text/html"),
        Fault(do="slow_drip", bytes=9, seconds=0),
    )
    api.emulator.add("assistants", {"name": "a", "is_active": True, "llm_config": {}}, key=KEY)
    response = api("GET", "/assistants")
    assert (len(response.json()["assistants"]), response.headers["content-type"]) == (1, "text/html")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, "needs 'do'"),
        ({"do": "lost_afterr"}, "did you mean 'lost_after'"),
        ({"do": "lost_after", "pth": "/x"}, "did you mean 'path'"),
        ({"do": "status"}, "needs 'status'"),
        ({"do": "status", "status": 99}, "200 to 599"),
        ({"do": "status", "status": "500"}, "wrong type"),
        ({"do": "status", "status": True}, "wrong type"),
        ({"do": "delay", "seconds": -1}, "must not be negative"),
        ({"do": "delay", "seconds": 1, "status": 500}, "'status' means nothing here"),
        ({"do": "stale_list"}, "either 'writes' or 'seconds'"),
        ({"do": "stale_list", "writes": 1, "seconds": 1}, "either 'writes' or 'seconds'"),
        ({"do": "lost_after", "path": "re:("}, "no regular expression"),
        ({"do": "lost_after", "nth": "1"}, "wrong type"),
        ({"do": 1}, "unknown action"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_position(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as error:
        read_faults([{"do": "lost_before"}, rule])
    assert str(error.value).startswith("fault 2: ")


def test_a_fault_file_is_read(tmp_path: Path) -> None:
    rules = [
        {"do": "status", "status": 500, "nth": [1, 3], "headers": {"A": "b"}},
        {"do": "rate_limited", "retry_after": 5},
    ]
    path = tmp_path / "faults.json"
    path.write_text(json.dumps({"faults": rules}))
    first, second = read_faults(path)
    assert (first.nth, first.headers, second.retry_after) == ((1, 3), {"A": "b"}, "5")
    assert read_faults(str(path)) == read_faults(path.read_text()) == read_faults(rules) == (first, second)


@pytest.mark.parametrize("text", ['{"rules": []}', '{"faults": 1}', '{"faults": "x"}', "[1]", "{"])
def test_a_file_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_faults(text)

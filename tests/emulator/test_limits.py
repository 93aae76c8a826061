"""Rate limits: headers, windows, refusals."""

from __future__ import annotations

import email.utils

import pytest

from .helpers import KEY, Api, Clock, MakeApi

LEFT = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def _standing(api: Api, path: str = "/numbers") -> tuple[int, ...]:
    response = api("GET", path)
    return (response.status_code, *(int(response.headers[name]) for name in LEFT))


def test_every_answer_tells_what_is_left(make_api: MakeApi) -> None:
    api = make_api(clock=Clock(1_790_000_000), rate_limit=3)
    assert _standing(api) == (200, 3, 2, 1_790_000_040)
    assert _standing(api, "/nothing") == (404, 3, 1, 1_790_000_040)
    assert api.refused(400, "POST", "/assistants", {}, headers={}) is not None
    assert _standing(api) == (429, 3, 0, 1_790_000_040)


def test_one_request_too_many_is_told_when_to_come_back(make_api: MakeApi) -> None:
    clock = Clock(1_790_000_000)
    api = make_api(clock=clock, rate_limit=1)
    api.ok("GET", "/numbers")
    response = api("POST", "/assistants", {"name": "a"})
    assert (response.status_code, response.headers["retry-after"]) == (429, "40")
    assert response.json()["retry_after"] == 40
    clock.now += 40
    assert api.ok("GET", "/assistants") == {"assistants": []}


def test_retry_after_may_be_a_date(make_api: MakeApi) -> None:
    api = make_api(clock=Clock(1_790_000_000), rate_limit=1, retry_after="date")
    api.ok("GET", "/numbers")
    header = api("GET", "/numbers").headers["retry-after"]
    assert email.utils.parsedate_to_datetime(header).timestamp() == 1_790_000_040


def test_a_sliding_window_gives_requests_back_one_by_one(make_api: MakeApi) -> None:
    clock = Clock()
    api = make_api(clock=clock, rate_limit=2, rate_kind="sliding", rate_window_s=10)
    statuses = []
    for _ in range(8):
        statuses.append(api("GET", "/numbers").status_code)
        clock.now += 4
    assert statuses == [200, 200, 429, 200, 200, 429, 200, 200]


def test_a_fixed_window_gives_all_back_at_once(make_api: MakeApi) -> None:
    clock = Clock(1_790_000_000)
    api = make_api(clock=clock, rate_limit=2, rate_window_s=10)
    statuses = []
    for _ in range(8):
        statuses.append(api("GET", "/numbers").status_code)
        clock.now += 3
    assert statuses == [200, 200, 429, 429, 200, 200, 429, 200]


def test_each_key_has_a_limit_of_its_own(make_api: MakeApi) -> None:
    api = make_api(rate_limit=1)
    assert api("GET", "/numbers").status_code == 200
    assert make_api(api.emulator, key="fl_other")("GET", "/numbers").status_code == 200
    assert api("GET", "/numbers").status_code == 429


@pytest.mark.parametrize("window_s", [1.5, 60.0])
def test_a_client_that_waits_as_told_is_never_refused_twice(make_api: MakeApi, window_s: float) -> None:
    for kind in ("fixed", "sliding"):
        clock = Clock(1_790_000_000.7)
        api = make_api(clock=clock, rate_limit=5, rate_window_s=window_s, rate_kind=kind)
        for _ in range(30):
            response = api("GET", "/numbers")
            if response.status_code == 429:
                clock.now += float(response.headers["retry-after"])
                response = api("GET", "/numbers")
            assert response.status_code == 200
            clock.now += 0.01


def test_without_a_limit_the_headers_are_there_all_the_same(make_api: MakeApi) -> None:
    api = make_api(key=KEY)
    assert _standing(api)[0] == 200

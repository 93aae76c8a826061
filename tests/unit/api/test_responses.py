"""What came back, as a value or an error: no answer is taken for what it is not, and no secret shows."""

from __future__ import annotations

import base64
import gc
import html
import json
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from hmsplan.api.responses import Answer, Unreadable, error_of, gc_paused, parse
from hmsplan.errors import Ambiguous, ApiError, NotFound, RateLimited, Unauthorized
from hmsplan.kinds import KINDS


def answer(status: int | None, body: Any = b"", **more: Any) -> Answer:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return Answer(status, more.pop("headers", {}), raw, **more)


@pytest.mark.parametrize(
    ("body", "text", "details"),
    [
        ({"error": "Name is required"}, "Name is required", ()),
        (
            {"error": "Validation", "message": "Two problems", "details": ["a", "b"]},
            "Validation: Two problems",
            ("a", "b"),
        ),
        (
            {"error": {"code": "missing_field", "message": "Name missing", "param": "name", "type": "x"}},
            "Name missing (code missing_field, param name)",
            (),
        ),
        ({"error": {"code": "invalid_request"}}, "(code invalid_request)", ()),
        ({"error": "x", "details": {"path": "a", "n": 1}}, "x", ('{"path":"a","n":1}',)),
        ({"error": "x", "details": [{"path": "a"}, 3]}, "x", ('{"path":"a"}', "3")),
        ({"error": "x", "details": "one"}, "x", ("one",)),
        ({"error": "x", "message": "x", "balance": 3}, "x", ()),
        ({"message": "only this"}, "only this", ()),
        ({"error": None, "message": 3}, '{"error":null,"message":3}', ()),
        ({"details": ["only these"]}, "no reason given", ("only these",)),
        (["a list"], '["a list"]', ()),
        (b"plain text", "plain text", ()),
        (b"", "no reason given", ()),
        (b"<html><head><title>502 Bad Gateway</title>", "an HTML page: 502 Bad Gateway", ()),
        (b"  <!doctype html><p>oops", "an HTML page", ()),
        (b"\xff\xfe\x00", "\ufffd\ufffd\x00", ()),
    ],
)
def test_every_form_of_error_is_read(body: Any, text: str, details: tuple[str, ...]) -> None:
    """Both documented JSON forms, other JSON, HTML, text and nothing."""
    error = error_of(answer(409, body), "POST", "/assistants")
    assert type(error) is ApiError
    assert error.details == details
    assert error.detail.startswith(f"POST /assistants answered 409: {text}")


def test_foreign_text_is_shortened() -> None:
    """A page of text does not become a page of error."""
    error = error_of(answer(500, {"error": "x" * 10_000, "details": ["y" * 10_000] * 50}), "GET", "/a")
    assert len(error.detail) < 8000
    assert len(error.details) == 21
    assert all(len(line) <= 300 for line in error.details)
    assert error.details[-1] == "and 30 more"
    assert len(str(error_of(answer(500, b"z" * 60_000), "GET", "/a"))) < 400


@pytest.mark.parametrize(
    ("status", "method", "kind"),
    [
        (400, "POST", ApiError),
        (401, "GET", Unauthorized),
        (401, "POST", Unauthorized),
        (402, "POST", ApiError),
        (403, "PATCH", ApiError),
        (404, "GET", NotFound),
        (404, "POST", NotFound),
        (409, "DELETE", ApiError),
        (422, "POST", ApiError),
        (429, "POST", RateLimited),
        (500, "GET", ApiError),
        (500, "DELETE", ApiError),
        (500, "POST", Ambiguous),
        (502, "PATCH", Ambiguous),
        (408, "POST", Ambiguous),
        (307, "POST", Ambiguous),
        (302, "GET", ApiError),
        (None, "GET", ApiError),
        (None, "POST", Ambiguous),
        (201, "POST", Ambiguous),
        (200, "GET", ApiError),
    ],
)
def test_the_status_decides_the_class(status: int | None, method: str, kind: type[ApiError]) -> None:
    """ "Decide on the status, not on the text"; a 4xx proves a refusal, everything else about a POST is unknown."""
    error = error_of(answer(status, trouble="it broke"), method, "/a", reason="not JSON")
    assert type(error) is kind
    assert error.status == status


def test_a_post_that_never_left_is_not_ambiguous() -> None:
    """Nothing was sent, so nothing happened."""
    assert type(error_of(answer(None, trouble="refused", sent=False), "POST", "/a")) is ApiError


def test_a_404_that_is_a_page_says_nothing_of_an_object() -> None:
    """A page comes from what stands before the API: the object may well be there."""
    error = error_of(answer(404, b"<html>nginx</html>"), "GET", "/assistants/1")
    assert type(error) is ApiError
    assert error.status == 404


def test_what_the_api_echoes_of_a_secret_is_cut_out() -> None:
    """Neither the key nor a secret of the body shows, plain or escaped; too short ones are left."""
    body = {"error": 'no: hunter"2', "message": "fl_live_key", "details": ['hunter"2 is bad', "ab"]}
    error = error_of(answer(400, body), "POST", "/a", ["fl_live_key", 'hunter"2', "ab"])
    assert "hunter" not in str(error)
    assert "fl_live" not in str(error)
    assert error.details == ("(sensitive value) is bad", "ab")
    raw = error_of(answer(400, b'[{"echo": "hunter\\"2"}]'), "POST", "/a", ['hunter"2'])
    assert "hunter" not in str(raw)


def test_the_id_of_the_request_is_kept() -> None:
    """The vendor's support can look it up."""
    assert error_of(answer(400, headers={"x-request-id": "req-1"}), "GET", "/a").request_id == "req-1"
    assert error_of(answer(400), "GET", "/a").request_id is None


def test_a_redirect_says_so() -> None:
    """The target is named, and never visited."""
    error = error_of(answer(301, headers={"location": "https://evil.example/"}), "GET", "/a")
    assert "a redirect to https://evil.example/ is never followed" in str(error)


@pytest.mark.parametrize("other", ['"c" :1', '"c"  :1', '"c"\n:1', r'"c":"x\u0022:"', r'"c":"x\"\u003A"'])
@pytest.mark.parametrize("form", ['{{"b":1,{other},"b":2}}', '{{"b": 1, {other}, "b": 2}}'])
def test_a_key_that_stands_twice_is_refused_however_another_one_is_spelled(form: str, other: str) -> None:
    with pytest.raises(Unreadable, match="the key b stands in one object twice"):
        parse(form.format(other=other).encode())
    assert parse(f"{{{other}}}".encode()) == json.loads(f"{{{other}}}")


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": NaN}', b"<html>", b"\xff", b"[" * 5000 + b"]" * 5000, b'{"a": 1} x']
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    """Cut off, NaN, not UTF-8, or nested without end."""
    with pytest.raises(Unreadable):
        parse(body)


@pytest.mark.parametrize(
    ("status", "body", "method", "value"),
    [
        (200, b'{"a":1}', "GET", {"a": 1}),
        (201, b'{"a":1}', "POST", {"a": 1}),
        (204, b"", "POST", None),
        (200, b"", "PATCH", None),
        (204, b"", "DELETE", None),
        (200, b"not json", "DELETE", None),
        (200, b'{"success":true}', "DELETE", {"success": True}),
    ],
)
def test_a_success_needs_no_body_but_for_a_get(status: int, body: bytes, method: str, value: Any) -> None:
    """ "Accept any 2xx, with or without body"."""
    assert answer(status, body).value(method) == value


@pytest.mark.parametrize(
    ("status", "body", "method"), [(200, b"", "GET"), (201, b"{", "POST"), (204, b"", "GET"), (404, b"{}", "GET")]
)
def test_an_answer_that_is_none_has_no_value(status: int, body: bytes, method: str) -> None:
    """Nothing is concluded from an empty or broken body, or from an error."""
    with pytest.raises(Unreadable):
        answer(status, body).value(method)


@pytest.mark.parametrize(
    ("given", "get", "post"),
    [
        (answer(500), True, False),
        (answer(503), True, False),
        (answer(408), True, False),
        (answer(None), True, False),
        (answer(None, sent=False), True, True),
        (answer(200), True, False),
        (answer(200, final=True), False, False),
        (answer(400), False, False),
        (answer(404), False, False),
        (answer(302), False, False),
    ],
)
def test_only_what_is_safe_twice_is_sent_twice(given: Answer, get: bool, post: bool) -> None:
    """ "GET and DELETE may be repeated after 5xx, timeouts and network errors; POST and PATCH must not be"."""
    assert given.repeatable("GET") is given.repeatable("DELETE") is get
    assert given.repeatable("POST") is given.repeatable("PATCH") is post


def test_the_collector_is_back_afterwards() -> None:
    """Also after an error, and it stays off when it was off."""
    with pytest.raises(Unreadable), gc_paused():
        parse(b"{")
    assert gc.isenabled()
    with gc_paused():
        with gc_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    assert parse(b"[" + b"1," * 50_000 + b"1]")[-1] == 1


CANARY = 'c4nary "quoted" & <more>/+%'


@pytest.mark.parametrize("shift", range(3))
def test_what_the_api_echoes_in_another_form_is_cut_out_too(shift: int) -> None:
    packed = base64.b64encode(b"xyz"[:shift] + CANARY.encode() + b"tail").decode()
    forms = [CANARY, orjson.dumps(CANARY).decode(), quote(CANARY, safe=""), html.escape(CANARY), packed]
    for form in forms:
        error = error_of(answer(400, {"error": f"bad: {form}"}), "PATCH", "/assistants/a1", [CANARY])
        assert "(sensitive value)" in str(error), form
        assert "4nary" not in str(error), form
        assert packed[4:20] not in str(error), form


@pytest.mark.parametrize(
    "body",
    [
        {"stored": {"webhook_secret": "hunter2-live", "name": "Support"}},
        [{"webhookSecret": "hunter2-live"}],
        b'{"tools": [{"server": {"secret": "hunter2-live',  # cut off
        {"error": '{"auth_password":"hunter2-live","x":1}'},
        {"error": "bad", "details": [{"server": {"secret": "hunter2-live", "url": "u"}}]},
        b"<html><title>{&quot;secret&quot;: &quot;hunter2-live&quot;}</title></html>",
    ],
)
def test_a_secret_of_the_object_that_an_error_shows_is_cut_out_by_its_name(body: Any) -> None:
    """It is not one of ours, so nobody here knows its value: a person set it in the dashboard."""
    error = error_of(answer(500, body), "GET", "/assistants", [])
    assert "hunter2" not in str(error) + repr(error.details)
    assert "(sensitive value)" in str(error) + repr(error.details)


def test_a_sentence_about_a_secret_stays() -> None:
    error = error_of(answer(400, {"error": "webhook_secret: needs 16 characters"}), "PATCH", "/a", [])
    assert "webhook_secret: needs 16 characters" in str(error)


@pytest.mark.parametrize("path", sorted({path[-2:] for kind in KINDS.values() for path in kind.secrets}))
def test_every_secret_of_the_table_is_known_by_its_name(path: tuple[str, ...]) -> None:
    body: object = "hunter2-live"
    for name in reversed(path):
        body = {name: body}
    error = error_of(answer(500, {"x": body}), "GET", "/a", [])
    assert "hunter2" not in str(error)


def test_a_secret_is_cut_out_before_the_text_is_shortened() -> None:
    """A long secret twice in a body: no part of the second stays at the end of the text."""
    key = "".join(f"{n:04}" for n in range(600))
    assert "0001" not in str(error_of(answer(400, f"{key} {key}".encode()), "PATCH", "/a", [key]))

"""Canonical forms: which spellings of one value are equal, and which are not. Each is idempotent and never raises."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.kinds import KINDS
from hmsplan.kinds.assistants import spare_hang_up, tts_provider
from hmsplan.kinds.campaigns import clock_time
from hmsplan.kinds.normalise import name, phone_number, url
from hmsplan.kinds.tool_forms import tool, tool_name, tool_type

LOOKUP = {"name": "lookup", "description": "Looks.", "parameters": {"type": "object"}, "url": "https://a.example/x"}
FORMS = [phone_number, clock_time, url, name, tts_provider, tool_type, tool]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("+31850835037", "+31850835037"),
        ("+31 85 083 50 37", "+31850835037"),
        ("+31 (0)85-0835037", "+31850835037"),
        ("0031850835037", "+31850835037"),
        (" 0031 85 083 5037 ", "+31850835037"),
        ("+1 (415) 555-2671", "+14155552671"),
    ],
)
def test_phone_numbers_are_compared_as_e164(written: str, form: str) -> None:
    assert phone_number(written) == form


@pytest.mark.parametrize(
    "text",
    [
        *("", "0850835037", "sip:a@b", "{{caller}}", "+", "00", "+31x"),
        *("+31850835037 ext. 1", "+31850835O37", "+31850835037.0", "+31 85 0835037/38", "+39 (0)6 12345678"),
    ],
)
def test_a_text_that_is_no_international_number_stays_as_it_is(text: str) -> None:
    """A live number of other digits is another number: it is compared as it stands."""
    assert phone_number(text) == text


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("09:00", "09:00:00"),
        ("23:59", "23:59:00"),
        ("09:00:00", "09:00:00"),
        ("09:00:30", "09:00:30"),
        ("9:00", "9:00"),
        ("24:00", "24:00"),
        ("09:60", "09:60"),
        ("", ""),
    ],
)
def test_a_time_without_seconds_has_none_of_them(written: str, form: str) -> None:
    assert clock_time(written) == form


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("https://API.Example.com", "https://api.example.com/"),
        ("HTTPS://api.example.com:443/", "https://api.example.com/"),
        ("http://a.example:80/x", "http://a.example/x"),
        ("https://a.example:8443/x", "https://a.example:8443/x"),
        ("https://a.example:80/", "https://a.example:80/"),
        ("https://a.example?q=1#f", "https://a.example/?q=1#f"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
        ("https://User:Pa@A.example/", "https://User:Pa@a.example/"),
    ],
)
def test_urls_differ_neither_by_host_case_nor_default_port_nor_empty_path(written: str, form: str) -> None:
    assert url(written) == form


@pytest.mark.parametrize("pair", [("https://a.example/X", "https://a.example/x"), ("https://a/x", "https://a/x/")])
def test_the_path_of_a_url_is_left_alone(pair: tuple[str, str]) -> None:
    assert url(pair[0]) != url(pair[1])


@pytest.mark.parametrize("text", ["", "a.example/x", "https://", "https://a:port/", "https://[::1", "{{hook}}", "/x"])
def test_a_text_that_is_no_whole_url_stays_as_it_is(text: str) -> None:
    assert url(text) == text


def test_11labs_is_elevenlabs() -> None:
    assert tts_provider("11labs") == tts_provider("elevenlabs") == "elevenlabs"
    assert tts_provider("cartesia") == "cartesia"


def test_built_in_tools_have_two_spellings() -> None:
    assert tool_type("endCall") == "end_call"
    assert tool_type("transferCall") == "transfer_call"
    assert tool_type("function") == "function"


@pytest.mark.parametrize(
    "written",
    [
        LOOKUP,
        {"type": "function", **LOOKUP},
        {"type": "function", "function": LOOKUP},
        {
            "function": {"name": "lookup", "description": "Looks.", "parameters": {"type": "object"}},
            "url": LOOKUP["url"],
        },
        {
            "type": "function",
            "function": {"name": "lookup", "description": "Looks.", "parameters": {"type": "object"}},
            "server": {"url": LOOKUP["url"]},
        },
    ],
)
def test_a_function_tool_is_one_tool_flat_or_nested(written: dict[str, Any]) -> None:
    assert tool(written) == LOOKUP
    assert tool_name(written) == "lookup"


def test_a_built_in_keeps_its_type() -> None:
    destinations = [{"type": "number", "number": "+31201234567"}]
    assert tool({"type": "endCall"}) == {"type": "end_call"}
    assert tool({"type": "transferCall", "destinations": destinations}) == {
        "type": "transfer_call",
        "destinations": destinations,
    }


def test_message_was_once_async_response() -> None:
    assert tool({"name": "a", "async_response": "One moment."}) == {"name": "a", "message": "One moment."}
    both = {"name": "a", "message": "Now.", "async_response": "Then."}
    assert tool(both) == {"name": "a", "message": "Now."}


def test_the_own_url_of_a_tool_beats_that_of_its_server() -> None:
    written = {"name": "a", "url": "https://own/", "server": {"url": "https://other/", "secret": "s"}}
    assert tool(written) == {"name": "a", "url": "https://own/", "server": {"secret": "s"}}


def test_what_stands_beside_function_beats_what_stands_in_it() -> None:
    assert tool({"name": "outer", "function": {"name": "inner", "description": "d"}}) == {
        "name": "outer",
        "description": "d",
    }


def test_a_server_without_a_url_is_left_alone() -> None:
    written = {"name": "a", "server": {"secret": "s"}}
    assert tool(written) == written
    assert tool({"name": "a", "server": None}) == {"name": "a", "server": None}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ({"type": "endCall"}, "end_call"),
        ({"type": "mcp", "mcp_server_id": "m1"}, "mcp:m1"),
        ({"type": "transfer_call", "name": "to_sales"}, "to_sales"),
        ({}, ""),
        ("${tool_templates.x}", "${tool_templates.x}"),
    ],
)
def test_a_tool_is_known_by_its_name_or_the_type_of_a_built_in(written: Any, name: str) -> None:
    assert tool_name(written) == name


def test_nothing_canonical_changes_what_it_was_given() -> None:
    written = {
        "type": "function",
        "function": dict(LOOKUP),
        "server": {"url": "u", "secret": "s"},
        "async_response": "m",
    }
    before = repr(written)
    tool(written)
    assert repr(written) == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [None, 1, True, 1.5, [], {}, [{"a": 1}], "", "text"])
def test_a_value_of_another_type_passes(form: Any, value: Any) -> None:
    assert form(value) == value


def test_every_form_in_the_table_is_idempotent() -> None:
    samples: list[Any] = [
        "11labs",
        "endCall",
        "09:00",
        "https://A:443",
        "0031850835037",
        {"function": LOOKUP, "type": "x"},
    ]
    used = {form for kind in KINDS.values() for form in kind.canonical.values()}
    assert used <= set(FORMS)
    for form in FORMS:
        assert [form(form(sample)) for sample in samples] == [form(sample) for sample in samples]


@pytest.mark.parametrize(
    ("declared", "live", "spare"),
    [
        ({"autonomous_silence_handling": True}, {}, True),
        ({}, {"autonomous_silence_handling": True}, True),
        ({"autonomous_silence_handling": False}, {"autonomous_silence_handling": True}, False),
        ({}, {}, False),
    ],
)
def test_the_platforms_own_end_call_is_spare_only_with_silence_handling(
    declared: dict[str, Any], live: dict[str, Any], spare: bool
) -> None:
    assert spare_hang_up("end_call", {}, declared, live) is spare


def test_another_tool_or_a_second_end_call_is_never_spare() -> None:
    on = {"autonomous_silence_handling": True}
    assert not spare_hang_up("lookup", {}, on, {})
    assert not spare_hang_up("end_call", {"end_call": {}}, on, {})


@pytest.mark.parametrize("form", [*FORMS, spare_hang_up])
def test_each_form_quotes_the_documentation_that_it_answers_to(form: Any) -> None:
    assert '"' in form.__doc__

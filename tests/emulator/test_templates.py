"""Tool templates and analysis templates."""

from __future__ import annotations

from typing import Any

import pytest

from .helpers import ANALYSIS, PHONE, Api, MakeApi

DESTINATION = {"type": "number", "number": PHONE, "description": "the desk"}


@pytest.mark.parametrize(
    ("tool_type", "config"),
    [("function", {"url": "https://x.test"}), ("end_call", {}), ("transfer_call", {"destinations": [DESTINATION]})],
)
def test_the_three_types_of_tools_are_stored(api: Api, tool_type: str, config: dict[str, Any]) -> None:
    made = api.make("/tool-templates", {"name": "lookup", "tool_type": tool_type, "tool_config": config})
    assert (made["tool_type"], made["tool_config"], made["description"]) == (tool_type, config, None)
    assert api.ok("GET", "/tool-templates") == {"tool_templates": [made]}
    assert api.ok("GET", f"/tool-templates/{made['id']}") == {"tool_template": made}


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "tool_type": "endCall", "tool_config": {}},
        {"name": "x", "tool_type": "end_call", "tool_config": {"a": 1}},
        {"name": "x", "tool_type": "transfer_call", "tool_config": {}},
        {"name": "x", "tool_type": "function"},
        {"name": "two words", "tool_type": "function", "tool_config": {}},
        {"name": "x", "tool_type": "function", "tool_config": {"name": "two words"}},
    ],
)
def test_a_config_has_to_fit_its_type(api: Api, body: dict[str, Any]) -> None:
    api.refused(400, "POST", "/tool-templates", body)


def test_a_function_with_a_name_of_its_own_frees_the_template_name(api: Api) -> None:
    made = api.make("/tool-templates", {"name": "two words", "tool_type": "function", "tool_config": {"name": "x"}})
    assert made["name"] == "two words"


def test_a_new_tool_config_replaces_the_old_one_whole(api: Api) -> None:
    made = api.make("/tool-templates", {"name": "x", "tool_type": "function", "tool_config": {"async": True}})
    path = f"/tool-templates/{made['id']}"
    config = {"description": "d"}
    assert api.ok("PATCH", path, {"tool_config": config})["tool_template"]["tool_config"] == config
    api.refused(400, "PATCH", path, {"tool_type": "transfer_call"})
    body = {"tool_type": "transfer_call", "tool_config": {"destinations": []}}
    assert api.ok("PATCH", path, body)["tool_template"]["tool_type"] == "transfer_call"
    api.refused(400, "PATCH", path, {"tool_config": {"destinations": [{}]}})


@pytest.mark.parametrize(
    ("stance", "many", "one"),
    [
        ("sdk", "analysis_templates", "analysis_template"),
        ("reference", "data", None),
        ("guide", "analysisTemplates", "analysisTemplate"),
    ],
)
def test_analysis_templates_come_in_three_envelopes(make_api: MakeApi, stance: str, many: str, one: str | None) -> None:
    api = make_api(analysis_envelope=stance)
    answer = api.ok("POST", "/analysis-templates", ANALYSIS)
    made = answer[one] if one else answer
    assert made["name"] == "Outcome"
    listed = api.ok("GET", "/analysis-templates")
    assert listed[many] == [made]
    assert {key: listed[key] for key in listed if key != many} == (
        {} if one else {"total": 1, "limit": 50, "offset": 0}
    )
    for answer in (
        api.ok("GET", f"/analysis-templates/{made['id']}"),
        api.ok("PATCH", f"/analysis-templates/{made['id']}", {"name": "Outcome"}),
    ):
        assert (answer[one] if one else answer)["id"] == made["id"]


def test_analysis_templates_stop_at_fifty_unless_asked_for_more(api: Api) -> None:
    for index in range(60):
        api.emulator.add("analysis_templates", {**ANALYSIS, "name": str(index)}, key=api.key)

    def names(query: str) -> list[str]:
        return [item["name"] for item in api.ok("GET", f"/analysis-templates{query}")["analysis_templates"]]

    assert names("") == [str(59 - index) for index in range(50)]
    assert len(names("?limit=100")) == 60
    assert names("?limit=2&offset=58") == ["1", "0"]
    assert names("?offset=60") == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "limit=", "limit=1.5"])
def test_a_wrong_page_is_refused(api: Api, query: str) -> None:
    api.refused(400, "GET", f"/analysis-templates?{query}")


def test_analysis_templates_may_not_stop(make_api: MakeApi) -> None:
    api = make_api(analysis_page=None)
    for _ in range(60):
        api.emulator.add("analysis_templates", ANALYSIS, key=api.key)
    assert len(api.ok("GET", "/analysis-templates")["analysis_templates"]) == 60


def test_an_analysis_template_needs_its_four_fields(api: Api) -> None:
    assert len(api.refused(400, "POST", "/analysis-templates", {"description": 1})["details"]) == 5

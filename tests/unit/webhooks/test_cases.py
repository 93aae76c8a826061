"""Which events a stack is tried with, where they go, and what signs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.config.load import load_stack
from hmsplan.model import Address
from hmsplan.webhooks import fault_of
from hmsplan.webhooks.case import Signing, WebhookCase
from hmsplan.webhooks.cases import body_of, cases_of, headers_of, selected
from hmsplan.webhooks.description import payload_problems

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.webhooks.cases import Cases

NOW = 1_790_000_000
LLM = {"provider": "openai", "model": "gpt-5.4"}
HOOK = "https://hooks.acme.example/voice"
SECRETS = {"HMSPLAN_SECRET_HOOK": "of the assistant", "HMSPLAN_SECRET_TOOL": "of the tool"}


def find(**fields: Any) -> dict[str, Any]:
    return {"name": "find", "description": "Finds.", **fields}


def desk(*tools: Any, **fields: Any) -> dict[str, Any]:
    """Return an assistant with tools, a webhook and its secret."""
    hook = {"webhook_url": HOOK, "webhook_secret": "${secret:hook}"}
    return {"desk": {"name": "Desk", **hook, "llm_config": {**LLM, "tools": [*tools]}, **fields}}


def made(root: Path, *, only: str | None = None, **kinds: Any) -> Cases:
    (root / "hmsplan.yaml").write_text("version: 1\nstack: small\n", "utf-8")
    (root / "all.yaml").write_text(json.dumps(kinds), "utf-8")
    return cases_of(load_stack(root, environ=SECRETS), Address.parse(only) if only else None)


def called(cases: Cases) -> list[WebhookCase]:
    return [case for case in cases.cases if case.event == "tool-calls" and case.signing is Signing.VALID]


def signer(case: WebhookCase) -> str | None:
    return case.receiver.secret.reveal() if case.receiver.secret is not None else None


@pytest.mark.parametrize(
    ("tool", "url", "secret"),
    [
        (find(), HOOK, "of the assistant"),
        (find(url="https://a.example/x"), "https://a.example/x", "of the assistant"),
        (find(server={"url": "https://a.example/y", "secret": "${secret:tool}"}), "https://a.example/y", "of the tool"),
        (
            find(url="https://a.example/x", server={"url": "https://a.example/y"}),
            "https://a.example/x",
            "of the assistant",
        ),
        (
            {"type": "function", "function": {"name": "find"}, "server": {"url": "https://a.example/z"}},
            *("https://a.example/z", "of the assistant"),
        ),
        ("${tool_templates.find}", "https://t.example/x", "of the assistant"),
    ],
)
def test_a_tool_is_called_at_its_own_url_else_at_the_assistants(
    tmp_path: Path, tool: Any, url: str, secret: str
) -> None:
    config = {"name": "find", "description": "Finds.", "url": "https://t.example/x", "parameters": {"type": "object"}}
    template = {"find": {"name": "Find", "tool_type": "function", "tool_config": config}}
    (case,) = called(made(tmp_path, assistants=desk(tool), tool_templates=template))
    assert (case.receiver.url, signer(case)) == (url, secret)
    assert case.message["tool_call_list"][0]["function"] == {"name": "find", "arguments": {}}
    assert (str(case.address), case.path) == ("assistants.desk", ("llm_config", "tools", 0))


def test_built_in_tools_and_servers_are_not_called(tmp_path: Path) -> None:
    server = {"crm": {"name": "CRM", "url": "https://mcp.acme.example/v1"}}
    tools = [{"type": "end_call"}, {"type": "mcp", "mcp_server_id": "${mcp_servers.crm}", "allowed_tools": ["a"]}]
    assert called(made(tmp_path, assistants=desk(*tools), mcp_servers=server)) == []


def test_the_answer_of_an_async_tool_is_ignored(tmp_path: Path) -> None:
    (case,) = called(made(tmp_path, assistants=desk(find(**{"async": True}))))
    assert case.is_answer_ignored


def test_an_assistant_that_chose_its_events_gets_no_others(tmp_path: Path) -> None:
    chosen = {"webhook_events": ["end-of-call-report"]}
    numbers = {"main": {"phone_number": "+31850000010", "agent_id": "${assistants.desk}"}}
    cases = made(tmp_path, assistants=desk(find(), **chosen), numbers=numbers)
    true = [str(case.event) for case in cases.cases if case.signing is Signing.VALID]
    assert true == ["end-of-call-report", "tool-calls"]


FLOW = {
    "version": 1,
    "entry_node": "hello",
    "nodes": [
        {"id": "hello", "type": "conversation", "instructions": "Ask.", "tools": [find()]},
        {"id": "look", "type": "tool", "tool_name": "look", "url": "https://f.example/x", "arguments": {"a": [1]}},
        {"id": "bye", "type": "end"},
    ],
    "edges": [{"from": "hello", "to": "look", "description": "Look."}, {"from": "look", "to": "bye"}],
}


def test_the_tools_of_a_workflow_are_called_for_who_runs_it(tmp_path: Path) -> None:
    """Once, however many numbers run it."""
    line = {"agent_id": "${assistants.desk}", "workflow_id": "${workflows.flow}"}
    numbers = {"a": {"phone_number": "+31850000010", **line}, "b": {"phone_number": "+31850000011", **line}}
    cases = made(tmp_path, assistants=desk(), workflows={"flow": {"name": "Flow", "definition": FLOW}}, numbers=numbers)
    assert [(case.what, case.receiver.url, signer(case)) for case in called(cases)] == [
        ("find", HOOK, "of the assistant"),
        ("look", "https://f.example/x", "of the assistant"),
    ]
    assert called(cases)[1].message["tool_call_list"][0]["function"]["arguments"] == {"a": [1]}
    assert [case.what for case in cases.cases if case.event == "assistant-request"] == [
        *("a call to +31850000010", "a call to +31850000011"),
    ]


def test_what_leads_nowhere_is_told(tmp_path: Path) -> None:
    cases = made(
        tmp_path,
        assistants=desk(find(), webhook_url=None, webhook_secret=None),
        workflows={"flow": {"name": "Flow", "definition": FLOW}},
    )
    assert [(each.summary, str(each.address)) for each in cases.untested] == [
        ("Webhook not tested", "assistants.desk"),
        ("Webhook not tested", "workflows.flow"),
        ("Webhook not tested", "workflows.flow"),
    ]
    assert "the webhook of the account" in cases.untested[0].detail
    assert "no number runs this workflow" in cases.untested[1].detail
    assert "so no secret signs look" in cases.untested[2].detail
    assert cases.cases == ()


def test_what_nothing_signs_is_told(tmp_path: Path) -> None:
    cases = made(tmp_path, assistants=desk(find(), webhook_secret=None))
    assert [each.summary for each in cases.untested] == ["Webhook is not signed"]
    assert {case.signing for case in cases.cases} == {Signing.VALID}


def test_a_finding_stands_where_the_tool_is_named(tmp_path: Path) -> None:
    """Of a template, there: that is what a pull request changes."""
    nested = {"type": "function", "function": {"name": "nested"}}
    config = {"name": "find", "description": "Finds.", "url": "https://t.example/x"}
    template = {"find": {"name": "Find", "tool_type": "function", "tool_config": config}}
    cases = made(tmp_path, assistants=desk("${tool_templates.find}", nested), tool_templates=template)
    text = (tmp_path / "all.yaml").read_text("utf-8")
    columns = [case.source.column for case in called(cases) if case.source is not None]
    assert [text[column:].partition('"')[0] for column in columns] == ["find", "nested"]


def test_a_schema_without_a_value_is_told_at_its_line(tmp_path: Path) -> None:
    odd = {"type": "object", "properties": {"a": {"type": "string", "pattern": r"^\p{Lu}$"}}, "required": ["a"]}
    plan = {"structured_data_plan": {"enabled": True, "schema": odd, "messages": []}}
    cases = made(tmp_path, assistants=desk(find(parameters=odd), analysis_plan=plan))
    assert called(cases) == []
    assert [each.path for each in cases.untested] == [
        ("analysis_plan", "structured_data_plan", "schema"),
        ("llm_config", "tools", 0, "parameters"),
    ]
    assert all("write one as examples: beside it" in each.detail for each in cases.untested)
    (report,) = [case for case in cases.cases if case.event == "end-of-call-report"]
    assert (report.what, "analysis" in report.message) == ("without analysis", False)


def test_each_receiver_has_to_refuse_what_is_signed_falsely(tmp_path: Path) -> None:
    tools = [find(), find(name="other", url="https://a.example/x"), find(name="third", url="https://a.example/x")]
    cases = made(tmp_path, assistants=desk(*tools))
    false = [(case.receiver.url, case.signing) for case in cases.cases if case.signing is not Signing.VALID]
    assert false == [(url, each) for url in (HOOK, "https://a.example/x") for each in [*Signing][1:]]
    for case in cases.cases:
        body = body_of(case, NOW)
        is_held = fault_of(headers_of(case, body, NOW), body, SECRETS["HMSPLAN_SECRET_HOOK"], now=NOW) is None
        assert is_held is (case.signing is Signing.VALID)


def test_every_body_is_an_event_and_the_same_each_time(tmp_path: Path) -> None:
    numbers = {"main": {"phone_number": "+31850000010", "agent_id": "${assistants.desk}"}}
    declared: Any = {"assistants": desk(find(), first_message="Hello."), "numbers": numbers}
    cases = made(tmp_path, **declared)
    assert {str(case.event) for case in cases.cases} == {
        *("assistant-request", "tool-calls", "status-update", "end-of-call-report"),
    }
    for case in cases.cases:
        assert list(payload_problems(case.event, json.loads(body_of(case, NOW)))) == []
    again = made(tmp_path, **declared)
    assert [body_of(case, NOW) for case in again.cases] == [body_of(case, NOW) for case in cases.cases]
    assert [body_of(case, NOW + 1) for case in again.cases] != [body_of(case, NOW) for case in cases.cases]


def test_one_address_has_its_own_events(tmp_path: Path) -> None:
    numbers = {"main": {"phone_number": "+31850000010", "agent_id": "${assistants.desk}"}}
    declared: Any = {
        "assistants": {**desk(find()), "other": {"name": "Other", "webhook_url": HOOK}},
        "numbers": numbers,
    }
    assert {str(case.address) for case in made(tmp_path, only="assistants.other", **declared).cases} == {
        "assistants.other"
    }
    assert {case.event for case in made(tmp_path, only="numbers.main", **declared).cases} == {"assistant-request"}
    stack = load_stack(tmp_path, environ=SECRETS)
    meant = {address: selected(stack, address) for address in stack.resources}
    assert all(meant.values())
    assert not selected(stack, Address.parse("assistants.third"))

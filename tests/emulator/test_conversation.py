"""Calls by a script: which events a service gets, where, signed with what, and what becomes of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.webhook_server import SECRET, Server, answer, good, serving

from hmsplan.emulator import Emulator, Script, Settings, hold
from hmsplan.emulator.post import documented_wait_s
from hmsplan.webhooks import verify
from hmsplan.webhooks.case import WebhookEvent
from hmsplan.webhooks.description import payload_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.emulator import Conversation

KEY = "fl_test"
NUMBER = "+31850000010"
SCRIPT = """\
turns:
  - caller: Hello.
  - tool: find
    arguments: {day: 2030-01-15, n: 2}
  - assistant: At nine.
analysis: {topic: slot}
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


class Phone:
    """An emulator with one number, and calls to it."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.emulator = Emulator(settings=Settings(**settings))
        self.url = url
        self.emulator.organization(KEY)

    def set_up(self, **fields: Any) -> str:
        """Add an assistant with a tool, and the number; return the assistant's id."""
        tools = fields.pop("tools", [{"name": "find", "description": "Finds."}])
        hook = {"webhook_url": f"{self.url}/assistant", "webhook_secret": SECRET, "first_message": "Good day."}
        llm = {"provider": "openai", "model": "gpt-5.4", "tools": tools}
        plan = {"structured_data_plan": {"enabled": True, "schema": {"type": "object"}}}
        made = {"name": "Desk", "is_active": True, "llm_config": llm, "analysis_plan": plan, **hook, **fields}
        assistant = self.emulator.add("assistants", made)
        self.emulator.add("numbers", {"phone_number": NUMBER, "agent_id": assistant, "is_active": True})
        return assistant

    def call(self, script: str = SCRIPT, wait_s: Any = documented_wait_s) -> Conversation:
        return hold(self.emulator, NUMBER, Script.parse(script), wait_s=wait_s)


@pytest.fixture
def phone(server: Server) -> Iterator[Phone]:
    made = Phone(server.url)
    yield made
    made.emulator.close()


def events(call: Conversation) -> list[str]:
    return [line.text for line in call.lines if line.sent is not None]


def test_a_call_goes_from_connecting_to_its_report(phone: Phone) -> None:
    phone.set_up()
    call = phone.call()
    assert [(line.who, line.text) for line in call.lines] == [
        ("status", "connecting"),
        ("event", "assistant-request"),
        ("status", "in-progress"),
        ("event", "status-update in-progress"),
        ("assistant", "Good day."),
        ("caller", "Hello."),
        ("tool", 'find {"day": "2030-01-15", "n": 2}'),
        ("event", "tool-calls find"),
        ("assistant", "At nine."),
        ("status", "ended"),
        ("event", "status-update ended"),
        ("event", "end-of-call-report"),
    ]
    assert [line.sent.problem for line in call.lines if line.sent] == [""] * 5
    (stored,) = phone.emulator.all("calls")
    assert (stored["status"], stored["end_reason"], stored["direction"]) == ("ended", "customer-ended-call", "inbound")
    assert stored["messages"] == [
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "At nine."},
    ]
    assert stored["analysis_result"] == {"topic": "slot"}


def test_what_a_service_gets_is_what_our_reading_of_the_documentation_says(phone: Phone, server: Server) -> None:
    phone.set_up()
    phone.call()
    for request in server.received:
        assert verify(request.headers, request.body, SECRET)
        event = WebhookEvent(dict(request.headers)["X-Webhook-Event"])
        assert request.message["type"] == event
        assert list(payload_problems(event, {"message": request.message})) == []
    assert [each.message["call"]["status"] for each in server.received] == [
        *("connecting", "in-progress", "in-progress", "ended", "ended"),
    ]
    assert len({each.message["call"]["id"] for each in server.received}) == 1
    assert server.received[-1].message["analysis"] == {"topic": "slot"}


@pytest.mark.parametrize(
    ("tool", "path", "secret"),
    [
        ({"url": "/tool"}, "/tool", SECRET),
        ({"server": {"url": "/server", "secret": "of the tool"}}, "/server", "of the tool"),
        ({"url": "/tool", "server": {"url": "/server", "secret": "of the tool"}}, "/tool", "of the tool"),
        ({}, "/assistant", SECRET),
        ({"webhook_url": None}, "/account", "of the account"),
    ],
)
def test_a_tool_is_called_at_its_url_else_the_assistants_else_the_accounts(
    server: Server, tool: dict[str, Any], path: str, secret: str
) -> None:
    phone = Phone(server.url, account_webhook=f"{server.url}/account", account_secret="of the account")
    fields = {"webhook_url": None} if "webhook_url" in tool else {}
    tool = {key: value for key, value in tool.items() if key != "webhook_url"}
    if "url" in tool:
        tool["url"] = server.url + tool["url"]
    if "server" in tool:
        tool["server"] = {**tool["server"], "url": server.url + tool["server"]["url"]}
    phone.set_up(tools=[{"name": "find", "description": "Finds.", **tool}], **fields)
    phone.call()
    (called,) = [each for each in server.received if "tool_call_list" in each.message]
    assert called.head.startswith(f"POST {path} ")
    assert verify(called.headers, called.body, secret)


def test_a_nested_tool_and_those_of_the_workflow_are_known_too(phone: Phone, server: Server) -> None:
    nested = {"type": "function", "function": {"name": "nested"}, "server": {"url": f"{server.url}/nested"}}
    phone.set_up(tools=[nested, {"type": "end_call"}])
    nodes = [{"id": "a", "type": "tool", "tool_name": "node", "url": f"{server.url}/node"}]
    flow = phone.emulator.add(
        "workflows", {"name": "F", "is_active": True, "definition": {"nodes": nodes, "edges": []}}
    )
    (number,) = phone.emulator.all("numbers")
    phone.emulator.edit("numbers", number["id"], {"workflow_id": flow})
    phone.call("turns: [{tool: nested}, {tool: node}, {tool: other}]")
    paths = [each.head.split()[1] for each in server.received if "tool_call_list" in each.message]
    assert paths == ["/nested", "/node"]


def test_a_tool_that_is_not_there_is_told_with_those_that_are(phone: Phone) -> None:
    phone.set_up()
    call = phone.call("turns: [{tool: fnd}]")
    assert ("tool", "fnd: the assistant has no such tool; it has find") in [(e.who, e.text) for e in call.lines]


def test_an_assistant_gets_the_events_that_it_chose(phone: Phone) -> None:
    phone.set_up(webhook_events=["tool-calls", "end-of-call-report"])
    assert events(phone.call()) == ["tool-calls find", "end-of-call-report"]


def test_without_a_secret_nothing_is_signed(phone: Phone, server: Server) -> None:
    phone.set_up(webhook_secret=None)
    phone.call()
    assert "x-webhook-signature" not in {name.lower() for each in server.received for name, _ in each.headers}


def only(event: str, reply: Any) -> Any:
    return lambda request: reply if request.message["type"] == event else good(request)


@pytest.mark.parametrize(
    ("said", "first", "status"),
    [
        ({}, "Good day.", "ended"),
        ({"assistant_override": {"first_message": "Hi."}}, "Hi.", "ended"),
        ({"assistant": {"first_message": "Another."}}, "Another.", "ended"),
        ({"assistant_id": "nothing", "assistant_override": {"first_message": "Hm."}}, "Hm.", "ended"),
        ({"error": "closed"}, None, "rejected"),
        ([1], "Good day.", "ended"),  # a wrong answer is none
    ],
)
def test_the_answer_to_a_request_chooses_who_speaks(
    phone: Phone, server: Server, said: Any, first: str | None, status: str
) -> None:
    phone.set_up()
    server.reply = only("assistant-request", answer(said))
    call = phone.call()
    assert call.call["status"] == status
    assert next((line.text for line in call.lines if line.who == "assistant"), None) == first


def test_an_answer_may_name_another_assistant(phone: Phone, server: Server) -> None:
    phone.set_up()
    other = phone.emulator.add("assistants", {"name": "Other", "first_message": "Other here."})
    server.reply = only("assistant-request", answer({"assistant_id": other}))
    call = phone.call("turns: []")
    assert call.messages == [{"role": "assistant", "content": "Other here."}]


def test_a_number_without_assistant_is_answered_by_the_account_or_not_at_all(server: Server) -> None:
    phone = Phone(server.url, account_webhook=f"{server.url}/account")
    phone.emulator.add("numbers", {"phone_number": NUMBER, "agent_id": None, "is_active": True})
    server.reply = only("assistant-request", answer({"assistant": {"first_message": "Of the account."}}))
    assert phone.call("turns: []").messages == [{"role": "assistant", "content": "Of the account."}]
    server.reply = only("assistant-request", answer({}))
    assert phone.call().call["end_reason"] == "no-assistant"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (answer(b"", "500 Oops"), "the answer is 500"),
        (answer(b"", "302 Found", "Location: http://127.0.0.1:1/"), "the answer is 302"),
        (answer(b"<html>"), "the answer is not JSON"),
        (answer(b""), "the answer is empty"),
        (answer(b" " * 1_000_001), "the answer is empty"),
        (answer(b"1" * 1_000_001), "the answer is too large"),
        (answer([1]), "the answer is not of the form of the data itself"),
        (answer({"results": [{"id": 1}]}), "the answer is not of the form of results"),
        (b"", "there is no answer: RemoteProtocolError"),
    ],
)
def test_a_tool_without_a_result_fails_and_the_call_goes_on(
    phone: Phone, server: Server, reply: bytes, problem: str
) -> None:
    phone.set_up()
    server.reply = only("tool-calls", reply)
    call = phone.call()
    (tool,) = [line.sent for line in call.lines if line.sent is not None and line.sent.event == "tool-calls"]
    assert (tool.problem, tool.answer) == (problem, None)
    assert call.call["status"] == "ended"


def test_a_result_of_another_call_is_none(phone: Phone, server: Server) -> None:
    phone.set_up()
    server.reply = only("tool-calls", answer({"results": [{"tool_call_id": "x", "result": 1}]}))
    (tool,) = [line.sent for line in phone.call().lines if line.sent is not None and line.sent.event == "tool-calls"]
    assert tool.problem.startswith("there are 0 results for the call call_")


@pytest.mark.parametrize(
    ("said", "told"), [({"result": {"a": 1}}, {"a": 1}), ({"a": 1}, {"a": 1}), ({"error": "busy"}, {"error": "busy"})]
)
def test_the_model_is_told_the_result(phone: Phone, server: Server, said: Any, told: Any) -> None:
    phone.set_up()
    server.reply = only("tool-calls", answer(said))
    (tool,) = [line.sent for line in phone.call().lines if line.sent is not None and line.sent.event == "tool-calls"]
    assert (tool.answer, tool.problem) == (told, "")


def test_a_slow_service_costs_what_the_documentation_says(phone: Phone, server: Server) -> None:
    assert [documented_wait_s(event) for event in ("assistant-request", "tool-calls")] == [5, 10]
    phone.set_up()

    def slow(_: Any, connection: Any) -> None:
        connection.recv(1)

    server.reply = slow
    call = phone.call(wait_s=lambda event: 0.05 if event != "tool-calls" else 0.1)
    problems = [line.sent.problem for line in call.lines if line.sent is not None]
    assert problems[:3] == [
        *("there is no answer within 0.05 s", "there is no answer within 0.05 s", "there is no answer within 0.1 s"),
    ]
    assert call.call["status"] == "ended"


def test_an_async_tool_is_not_waited_for(phone: Phone) -> None:
    """Its answer comes when it comes, before the report at the latest."""
    phone.set_up(tools=[{"name": "find", "description": "Finds.", "async": True}])
    call = phone.call()
    texts = [line.text for line in call.lines]
    assert texts.index("At nine.") < texts.index("tool-calls find") < texts.index("ended")


@pytest.mark.parametrize("url", ["https://hooks.acme.example/x", "http://10.0.0.1/x", "http://127.0.0.1.nip.example/x"])
def test_nothing_leaves_this_machine(phone: Phone, server: Server, url: str) -> None:
    phone.set_up(webhook_url=url)
    call = phone.call()
    assert {line.sent.problem for line in call.lines if line.sent is not None} == {
        "it is not sent: the host is not 127.0.0.1, ::1 or localhost"
    }
    assert server.received == []


def test_a_call_that_cannot_be_held_says_why(phone: Phone) -> None:
    with pytest.raises(LookupError, match="no number"):
        phone.call()
    phone.set_up()
    (number,) = phone.emulator.all("numbers")
    phone.emulator.edit("numbers", number["id"], {"is_active": False})
    with pytest.raises(LookupError, match="is not active"):
        phone.call()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("turns: [", "it is not YAML"),
        ("- a", "it has to be a block with turns: in it"),
        ("direction: sideways", "direction: has to be inbound or outbound"),
        ("turn: []", "turn: is not one of caller, direction, turns, analysis, summary, end_reason"),
        ("caller: +31850000100", "caller: has to be text; put it between quotes"),
        ("turns: [{says: x}]", "turn 1: has to be caller: text, assistant: text, or tool: name"),
        ("turns: [{caller: a, assistant: b}]", "turn 1: has to be"),
        ("turns: [{caller: a, arguments: {}}]", "turn 1: arguments does not belong there"),
        ("turns: [{tool: a, arguments: [1]}]", "turn 1: arguments has to be a block"),
        ("turns: {a: 1}\nanalysis: x", "turns: has to be a list\nanalysis: has to be a block"),
        ("!!python/object:os.system x", "it is not YAML"),
    ],
)
def test_a_script_that_is_none_says_all_that_is_wrong(text: str, problems: str) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        Script.parse(text)
    assert problems in str(error.value)


def test_a_call_that_the_assistant_makes_asks_nothing_first(phone: Phone, server: Server) -> None:
    phone.set_up()
    call = phone.call("direction: outbound\ncaller: '+447700900124'")
    assert events(call) == ["status-update in-progress", "status-update ended", "end-of-call-report"]
    assert {each.message["call"]["type"] for each in server.received} == {"outbound_phone_call"}
    assert {each.message["customer"]["number"] for each in server.received} == {"+447700900124"}
    assert phone.emulator.all("calls")[0]["direction"] == "outbound"


def test_an_empty_script_is_a_short_call(phone: Phone) -> None:
    phone.set_up()
    assert phone.call("").call["status"] == "ended"

"""``hmsplan webhook …``, against services that are good, wrong and hostile."""

from __future__ import annotations

import io
import json
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from support.webhook_server import SECRET, Request, Server, answer, good, serving

from hmsplan.emulator import Emulator
from hmsplan.kinds.fiction import is_fiction
from hmsplan.webhooks import fault_of

from .helpers import STACK, Cli, Result, write

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

DESK = """\
assistants:
  desk:
    name: Desk
    webhook_url: ${var:url}/voice
    webhook_secret: ${secret:hook}
    llm_config:
      provider: openai
      model: gpt-5.4
      tools:
        - name: find_slot
          description: Finds a free hour.
          parameters:
            type: object
            properties:
              day: {type: string, format: date, description: The day}
              people: {type: integer, minimum: 1, maximum: 4, description: How many}
            required: [day]
    analysis_plan:
      structured_data_plan:
        enabled: true
        schema: {type: object, properties: {topic: {type: string, enum: [slot, other]}}, required: [topic]}
        messages: [{role: user, content: "{{schema}} {{transcript}}"}]
numbers:
  main: {phone_number: "+31850000010", agent_id: "${assistants.desk}"}
"""
FALSE = ("signed with another secret", "without a signature", "signed six minutes ago")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("hmsplan.operations.webhooks.PAUSE_S", 0.0)
    with serving() as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", {"hmsplan.yaml": STACK + "variables: {url: {}}\n", "desk.yaml": DESK})


@pytest.fixture
def webhook(cli: Cli, desk: Path, server: Server) -> Callable[..., Result]:
    """Return a function that runs a subcommand on the stack, whose webhook is the server."""

    def call(*args: str | Path, **env: str) -> Result:
        return cli("-C", desk, "webhook", *args, "--var", f"url={server.url}", HMSPLAN_SECRET_HOOK=SECRET, **env)

    return call


def problems(result: Result) -> dict[str, str]:
    """Return case to the first words of its first problem."""
    return {
        f"{each['event']} {each['case']}".strip(): each["problems"][0]["summary"]
        for each in result.json["results"]
        if each["problems"]
    }


def test_a_good_service_passes_and_every_event_is_shown(webhook: Any, server: Server) -> None:
    result = webhook("test")
    assert result.code == 0, result
    assert result.err == "Sending 11 events to 127.0.0.1 ...\n"
    assert result.out.splitlines() == [
        f"{server.url}/voice",
        "  ok    assistants.desk  status-update, in-progress",
        "  ok    assistants.desk  status-update, ended",
        "  ok    assistants.desk  end-of-call-report, all of the analysis",
        "  ok    assistants.desk  tool-calls, find_slot, all arguments",
        "  ok    assistants.desk  tool-calls, find_slot, without optional arguments",
        "  ok    assistants.desk  tool-calls, find_slot, the least that is allowed",
        "  ok    assistants.desk  tool-calls, find_slot, the most that is allowed",
        "  ok    numbers.main  assistant-request, a call to +31850000010",
        *(f"  ok    assistants.desk  status-update, in-progress, {each}" for each in FALSE),
        "",
        "11 events sent: 11 as expected.",
    ]


def test_the_events_are_signed_and_about_people_who_are_not(webhook: Any, server: Server) -> None:
    webhook("test")
    true = [each for each in server.received if fault_of(each.headers, each.body, SECRET) is None]
    assert len(true) == len(server.received) - 3
    assert all(is_fiction(each.message["customer"]["number"]) for each in server.received)
    calls = [each.message["tool_call_list"][0]["function"] for each in true if "tool_call_list" in each.message]
    assert [call["arguments"] for call in calls] == [
        {"day": "2030-01-15", "people": 1},
        {"day": "2030-01-15"},
        {"day": "2000-02-29"},
        {"day": "2099-12-31", "people": 4},
    ]
    (report,) = [each.message for each in true if each.message["type"] == "end-of-call-report"]
    assert report["analysis"] == {"topic": "slot"}
    assert SECRET.encode() not in b"".join(each.body + each.head.encode() for each in server.received)


WRONG: dict[str, tuple[bytes | Any, str]] = {
    "fails": (answer(b"boom", "500 Internal Server Error"), "Webhook fails"),
    "redirect": (answer(b"", "302 Found", "Location: http://169.254.169.254/"), "Webhook redirects"),
    "another secret": (answer(b"", "403 Forbidden"), "Webhook refuses a true signature"),
    "html": (answer(b"<html>\x1b[31m hello", "200 OK", "Content-Type: text/html"), "Webhook answer is not JSON"),
    "empty": (answer(b""), "Webhook answer is not JSON"),
    "key twice": (answer(b'{"result": 1, "result": 2}'), "Webhook answer is not JSON"),
    "deep": (answer(b"[" * 100_000), "Webhook answer is not JSON"),
    "list": (answer([1]), "Wrong form of an answer"),
    "results is a block": (answer({"results": {}}), "Wrong form of an answer"),
    "result without id": (answer({"results": [{"result": 1}]}), "Wrong form of an answer"),
    "error is a block": (answer({"error": {"code": 1}}), "Wrong form of an answer"),
    "another id": (answer({"results": [{"tool_call_id": "call_1", "result": 1}]}), "Answer to another call"),
    "no result": (answer({"results": []}), "Answer to another call"),
    "large": (answer(b" " * 1_000_001), "Webhook answer is too large"),
    "not http": (b"SSH-2.0-OpenSSH_9.6\r\n", "Webhook does not answer"),
    "injected header": (
        b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\n{}",
        "Webhook does not answer",
    ),
    "header without end": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000, "Webhook does not answer"),
    "cut short": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "Webhook does not answer"),
    "closed": (b"", "Webhook does not answer"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_found_and_shown_harmless(webhook: Any, server: Server, name: str) -> None:
    reply, summary = WRONG[name]
    server.reply = lambda request: reply if request.message["type"] == "tool-calls" else good(request)
    result = webhook("test", "assistants.desk", "--json")
    assert result.code == 1, result
    found = [
        each["summary"] for one in result.json["results"] if one["event"] == "tool-calls" for each in one["problems"]
    ]
    assert set(found) == {summary}
    text = webhook("test").out
    assert "\x1b" not in text
    assert f"Error: {summary}\n  desk.yaml:10:17, assistants.desk llm_config.tools[0]\n" in text
    assert "FAIL  assistants.desk  tool-calls, find_slot, all arguments" in text


def test_after_no_answer_nothing_more_is_sent_there(webhook: Any, server: Server) -> None:
    server.reply = lambda _: b""
    result = webhook("test", "--json")
    outcomes = [each["outcome"] for each in result.json["results"]]
    assert outcomes == ["failed", *["skipped"] * 10]
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ({"assistant_override": {"first_mesage": "Hi"}}, "Did you mean first_message?"),
        (
            {"assistant_override": {"llm_config": {"provider": "openai"}}},
            "assistant_override.llm_config: Missing field",
        ),
        ({"assistant": {"llm_config": {"provider": "acme", "model": "x"}}}, "assistant.llm_config.provider"),
        (
            {"assistant_id": "a", "assistant_override": {"max_duration_seconds": "long"}},
            "max_duration_seconds: Wrong type",
        ),
        ({"assistant_id": ""}, "assistant_id is wrong"),
        ({"agent": {}}, "the answer is wrong"),
    ],
)
def test_overrides_are_held_against_our_schemas(webhook: Any, server: Server, overrides: Any, problem: str) -> None:
    server.reply = lambda r: answer(overrides) if r.message["type"] == "assistant-request" else good(r)
    result = webhook("test", "numbers.main", "--json")
    assert result.code == 1
    (one,) = [each for each in result.json["results"] if each["problems"] and each["signing"] == "valid"]
    assert problem in " ".join(each["detail"] for each in one["problems"])
    assert one["problems"][0]["range"]["filename"] == "desk.yaml"


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"assistant_override": {}},
        {"assistant_override": {"first_message": "Hi", "metadata": {"a": 1}}},
        {"assistant_id": "x"},
    ],
)
def test_what_the_platform_takes_passes(webhook: Any, server: Server, overrides: Any) -> None:
    server.reply = lambda r: answer(overrides) if r.message["type"] == "assistant-request" else good(r)
    assert webhook("test").code == 0


def test_a_rejected_call_is_a_warning(webhook: Any, server: Server) -> None:
    server.reply = lambda r: answer({"error": "closed"}) if r.message["type"] == "assistant-request" else good(r)
    result = webhook("test")
    assert result.code == 0
    assert "Warning: Call is rejected" in result.out


def test_a_service_that_does_not_verify_is_found_three_times(webhook: Any, server: Server) -> None:
    server.reply = lambda r: answer({"result": 1}) if "tool_call_list" in r.message else answer(b"")
    result = webhook("test", "--json")
    assert result.code == 1
    assert problems(result) == {
        f"status-update in-progress, {each}": "Webhook takes a false signature" for each in FALSE
    }


def test_one_address_is_tried_by_itself(webhook: Any, server: Server) -> None:
    assert webhook("test", "numbers.main").code == 0
    assert {each.message["type"] for each in server.received} == {"assistant-request"}
    unknown = webhook("test", "assistants.dest")
    assert unknown.code == 1
    assert "Did you mean assistants.desk?" in unknown.err


# Where events go


@pytest.mark.parametrize("args", [("test",), ("send", "status-update", "--to", "https://staging.acme.example/voice")])
def test_a_host_that_is_not_this_machine_has_to_be_allowed(cli: Cli, desk: Path, args: Any) -> None:
    run = ("-C", desk, "webhook", *args, "--var", "url=https://staging.acme.example")
    result = cli(*run, HMSPLAN_SECRET_HOOK=SECRET)
    assert result.code == 4
    assert "Nothing was sent." in result.err
    assert "--allow webhook:staging.acme.example" in result.err


@pytest.mark.parametrize(
    ("host", "addresses", "summary"),
    [
        ("staging.acme.example", ["10.0.0.1"], "Webhook is not public"),
        ("staging.acme.example", ["203.0.113.1", "127.0.0.1"], "Webhook is not public"),
        ("staging.acme.example", ["::ffff:169.254.169.254"], "Webhook is not public"),
        ("staging.acme.example", ["fe80::1%eth0"], "Webhook is not public"),
        ("localhost", ["192.168.0.7"], "Webhook is not public"),
        ("staging.acme.example", [], "Webhook does not answer"),
    ],
)
def test_a_name_that_leads_to_a_private_address_gets_nothing(
    cli: Cli, desk: Path, monkeypatch: pytest.MonkeyPatch, host: str, addresses: list[str], summary: str
) -> None:
    async def found(*_: Any) -> list[str]:
        return addresses

    monkeypatch.setattr("hmsplan.webhooks.send.resolved", found)
    args = ("-C", desk, "webhook", "test", "--var", f"url=https://{host}", "--allow", f"webhook:{host}", "--json")
    result = cli(*args, HMSPLAN_SECRET_HOOK=SECRET)
    assert result.code == 1
    assert result.json["results"][0]["problems"][0]["summary"] == summary
    assert {each["outcome"] for each in result.json["results"][1:]} == {"skipped"}


def test_no_proxy_of_the_environment_is_asked(webhook: Any, server: Server) -> None:
    assert webhook("test", HTTP_PROXY="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9").code == 0
    assert len(server.received) == 11


def test_without_the_secret_nothing_is_sent(cli: Cli, desk: Path, server: Server) -> None:
    result = cli("-C", desk, "webhook", "test", "--var", f"url={server.url}")
    assert result.code == 3
    assert "HMSPLAN_SECRET_HOOK is not set" in result.err
    assert server.received == []


@pytest.mark.parametrize("text", ["staging.acme.example", "start:campaigns.x", "webhook:"])
def test_an_allowance_names_a_host(webhook: Any, text: str) -> None:
    result = webhook("test", "--allow", text)
    assert result.code == 1
    assert "is not webhook:HOST" in result.err


# Hostile services: they cost the time that the platform waits, and no more. The limits are small here.


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmsplan.webhooks.description._facts", lambda _: {"answer_within_s": 0.3, "answers": []})


def drip(_: Request, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    for _count in range(200):
        connection.sendall(b" ")
        time.sleep(0.02)


def drip_headers(_: Request, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        connection.sendall(b"X-%d: a\r\n" % number)
        time.sleep(0.02)


def nothing(_: Request, connection: socket.socket) -> None:
    connection.recv(1)


@pytest.mark.usefixtures("in_a_hurry")
@pytest.mark.parametrize("reply", [drip, drip_headers, nothing])
def test_a_service_that_takes_its_time_is_late(webhook: Any, server: Server, reply: Any) -> None:
    server.reply = reply
    result = webhook("test", "--json")
    first, *others = result.json["results"]
    assert first["problems"][0]["summary"] == "Webhook answers too late"
    assert {each["outcome"] for each in others} == {"skipped"}


def test_of_a_gigabyte_a_megabyte_is_read(webhook: Any, server: Server) -> None:
    sent = 0

    def flood(_: Request, connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        for _count in range(1024):
            connection.sendall(b" " * 1_048_576)
            sent += 1_048_576

    server.reply = flood
    result = webhook("send", "status-update", "--to", f"{server.url}/voice", "--json")
    assert result.json["results"][0]["problems"][0]["summary"] == "Webhook answer is too large"
    assert sent < 50_000_000


# Formats


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "codequality"])
def test_findings_stand_on_the_line_of_the_tool(webhook: Any, server: Server, form: str) -> None:
    server.reply = lambda r: answer(b"") if "tool_call_list" in r.message else good(r)
    result = webhook("test", "--format", form)
    assert result.code == 1
    assert "desk.yaml" in result.out
    if form == "junit":
        assert '<testcase classname="hmsplan webhook test" name="numbers.main assistant-request' in result.out
        assert 'desk.yaml" line="10"' in result.out
    if form == "github":
        assert result.out.startswith("::error file=")
        assert "FAIL  assistants.desk  tool-calls, find_slot, all arguments" in result.out
    if form == "sarif":
        (place, *_) = {json.dumps(r["locations"]) for r in json.loads(result.out)["runs"][0]["results"]}
        assert '"startLine": 10' in place


# The other commands


def test_send_shows_the_answer_and_what_is_wrong_with_it(webhook: Any, server: Server) -> None:
    sent = webhook("send", "tool-calls", "--tool", "find_slot", "--to", f"{server.url}/other")
    assert sent.code == 0, sent
    head, status, body = sent.out.splitlines()
    assert (head, status) == ("assistants.desk tool-calls, find_slot, all arguments", "Answer: 200")
    assert body.startswith('  {"results": [{"tool_call_id": "call_')
    assert server.received[0].head.startswith("POST /other HTTP/1.1")
    server.reply = lambda _: answer(b"\x1b]0;title\x07", "500 Oops")
    sent = webhook("send", "status-update", "--to", f"{server.url}/other")
    assert sent.code == 1
    assert "  \\u001b]0;title\\u0007" in sent.out
    assert "Error: Webhook fails" in sent.out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("tool-calls", "--tool", "find_slt", "--to", "http://127.0.0.1:1/"), "Did you mean find_slot?"),
        (
            ("status-update", "--to", "https://elsewhere.example/x"),
            "elsewhere.example is not among the hosts that get it",
        ),
        (("status-update", "--to", "https://user:pw@127.0.0.1/x"), "is not a URL"),
        (("status-update", "--to", "file:///etc/passwd"), "is not a URL"),
    ],
)
def test_send_sends_nowhere_else(webhook: Any, server: Server, args: Any, said: str) -> None:
    result = webhook("send", *args)
    assert result.code == 1
    assert said in result.err.replace("\n  ", " ")
    assert "pw" not in result.err
    assert server.received == []


def test_fixtures_are_the_same_bytes_each_time_and_hold_nothing_of_the_environment(
    webhook: Any, server: Server, tmp_path: Path
) -> None:
    folder = tmp_path / "events"
    assert webhook("fixtures", folder).out == f"Wrote 11 events and fixtures.json to {folder}.\n"
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "assistants-gone.http").write_text("of a tool that is gone")
    webhook("fixtures", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    index = json.loads(first["fixtures.json"])
    assert {each["file"] for each in index["fixtures"]} == first.keys() - {"fixtures.json"}
    assert [each["expect"] for each in index["fixtures"]].count("4xx") == 3
    everything = b"".join(first.values())
    assert SECRET.encode() not in everything
    assert server.url.encode() not in everything
    assert server.received == []


def test_fixtures_overwrite_nothing(webhook: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = webhook("fixtures", tmp_path)
    assert result.code == 1
    assert "holds something else" in result.err.replace("\n ", "")
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "stack"}


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    return lambda data: monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_verify_says_whether_an_event_is_signed(webhook: Any, server: Server, stdin: Any) -> None:
    webhook("send", "status-update", "--to", server.url + "/voice")
    (request,) = server.received
    raw = request.head.encode() + b"\r\n\r\n" + request.body
    stdin(raw)
    said = webhook("verify", "assistants.desk")
    assert (said.code, said.out) == (0, "Signed.\n")
    stdin(raw + b" ")
    said = webhook("verify", "assistants.desk")
    assert (said.code, said.out) == (1, "Not signed: the signature is not that of this body, time and secret.\n")
    stdin(raw)
    said = webhook(
        "verify", "--secret", "new", "--secret", "old", "--json", HMSPLAN_SECRET_NEW="n" * 9, HMSPLAN_SECRET_OLD=SECRET
    )
    assert (said.code, said.json) == (0, {"format_version": "1.0", "signed": True, "fault": None, "problems": []})


def test_verify_takes_a_fixture(webhook: Any, stdin: Any, tmp_path: Path) -> None:
    webhook("fixtures", tmp_path / "events")
    for each in json.loads((tmp_path / "events" / "fixtures.json").read_text())["fixtures"]:
        stdin((tmp_path / "events" / each["file"]).read_bytes())
        assert webhook("verify", "--fixture").code == (0 if each["expect"] == "2xx" else 1), each


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "there is no empty line"),
        (b"no header\n\n{}", "is not a header"),
        (b"X-Webhook-Event: tool-calls\n\n{}", "a header is missing"),
    ],
)
def test_verify_says_what_it_was_given(webhook: Any, stdin: Any, data: bytes, said: str) -> None:
    stdin(data)
    result = webhook("verify", "assistants.desk")
    assert result.code == 1
    assert said in (result.out + result.err).replace("\n  ", " ")


def test_verify_wants_a_secret(webhook: Any, stdin: Any) -> None:
    stdin(b"")
    assert "Name an assistant" in webhook("verify").err
    assert "HMSPLAN_SECRET_OLD is not set" in webhook("verify", "--secret", "old").err


# A call of the emulator


@pytest.fixture
def phone(cli: Cli, desk: Path, server: Server) -> Callable[..., Result]:
    """Return a function that runs ``emulator call`` on the emulator of the stack, which is applied."""
    run = ("-C", desk, "--var", f"url={server.url}")
    cli.ok(*run, "--emulator", "apply", "-y", HMSPLAN_SECRET_HOOK=SECRET)
    return lambda *args, **env: cli("-C", desk, "emulator", "call", *args, **env)


def test_a_call_is_held_on_this_machine(phone: Any, server: Server, tmp_path: Path) -> None:
    script = tmp_path / "call.yaml"
    script.write_text("turns: [{caller: Hello}, {tool: find_slot, arguments: {day: 2030-01-15}}]", "utf-8")
    call = phone("+31850000010", "--script", script)
    assert (call.code, call.err) == (0, ""), call.out
    lines = call.out.splitlines()
    assert lines[:2] == ["          connecting", f"        -> assistant-request to {server.url}/voice: answered 200"]
    assert 'tool      find_slot {"day": "2030-01-15"}' in lines
    assert [each.message["type"] for each in server.received] == [
        *("assistant-request", "status-update", "tool-calls", "status-update", "end-of-call-report"),
    ]
    assert all(fault_of(each.headers, each.body, SECRET) is None for each in server.received)


def test_a_call_that_goes_wrong_exits_1_and_shows_no_secret(phone: Any, server: Server) -> None:
    server.reply = lambda _: answer({"error": f"{SECRET} \x1b[2J"})
    call = phone("+31850000010", "--json")
    assert call.json["call"]["status"] == "rejected"
    assert SECRET not in call.out
    server.reply = lambda _: answer(b"", "500 Oops")
    call = phone("+31850000010")
    assert call.code == 1
    assert "the answer is 500" in call.out


@pytest.mark.parametrize(
    ("script", "said"),
    [("turns: [{says: x}]", "  turn 1: has to be caller: text"), ("turns: [", "it is not YAML"), ("\udc80", "utf-8")],
)
def test_a_script_that_is_wrong_is_told(phone: Any, tmp_path: Path, script: str, said: str) -> None:
    file = tmp_path / "call.yaml"
    file.write_bytes(script.encode("utf-8", "surrogateescape"))
    call = phone("+31850000010", "--script", file)
    assert call.code == 1
    assert "Error: Cannot call" in call.err
    assert said in call.err


def test_a_number_that_is_not_there_is_told(phone: Any, tmp_path: Path) -> None:
    assert "It has: +31850000010." in phone("+31850000011").err.replace("\n  ", " ")
    assert "Cannot call" in phone("+31850000010", "--script", tmp_path / "nothing.yaml").err


@pytest.mark.parametrize("place", ["before", "behind"])
def test_the_emulator_may_be_another_one(cli: Cli, desk: Path, server: Server, tmp_path: Path, place: str) -> None:
    file = tmp_path / "practice.db"
    with Emulator(file) as emulator:
        emulator.organization("fl_practice")
        assistant = emulator.add("assistants", {"name": "Desk", "webhook_url": f"{server.url}/voice"})
        emulator.add("numbers", {"phone_number": "+31850000012", "agent_id": assistant, "is_active": True})
    words = ("--db", file, "call") if place == "before" else ("call", "--db", file)
    server.reply = lambda _: answer({})
    assert cli("-C", desk, "emulator", *words, "+31850000012").code == 0
    assert len(server.received) == 4


def test_without_an_emulator_it_says_how_to_fill_one(cli: Cli, desk: Path) -> None:
    call = cli("-C", desk, "emulator", "call", "+31850000010")
    assert call.code == 1
    assert f"\n    hmsplan -C {desk} --emulator apply\n" in call.err


# Errors in the place of results


@pytest.mark.parametrize("said", [{"error": "no"}, {"result": {"error": "no"}}, "results", "result in results"])
def test_a_tool_that_answers_nothing_but_errors_has_failed(webhook: Any, server: Server, said: Any) -> None:
    """It is the renamed tool: a service answers 200 and says that it knows no such tool."""

    def reply(request: Request) -> bytes:
        if "tool_call_list" not in request.message:
            return good(request)
        call_id = request.message["tool_call_list"][0]["id"]
        items: dict[str, dict[str, Any]] = {
            "results": {"error": "no"},
            "result in results": {"result": {"error": "no"}},
        }
        return answer(said if isinstance(said, dict) else {"results": [{"tool_call_id": call_id, **items[said]}]})

    server.reply = reply
    result = webhook("test")
    assert result.code == 1
    assert result.out.count("Error: Tool answers with an error") == 4
    assert "Does the service know the tool by this name?" in result.out.replace("\n ", "")


def test_one_error_may_be_what_there_is_to_say(webhook: Any, server: Server) -> None:
    def reply(request: Request) -> bytes:
        calls = request.message.get("tool_call_list")
        strange = calls and calls[0]["function"]["arguments"]["day"] == "2000-02-29"
        return answer({"error": "that day is over"}) if strange else good(request)

    server.reply = reply
    result = webhook("test")
    assert result.code == 0
    assert result.out.count("Warning: Tool answers with an error") == 1


@pytest.mark.parametrize("event", ["assistant-request", "tool-calls", "status-update", "end-of-call-report"])
def test_the_schemas_take_what_is_sent_and_answered(webhook: Any, server: Server, event: str) -> None:
    schema = webhook("schema", event).json
    webhook("test")
    sent = [json.loads(each.body) for each in server.received if each.message["type"] == event]
    assert sent
    assert all(jsonschema_rs.is_valid(schema, each, validate_formats=True) for each in sent)
    assert not jsonschema_rs.is_valid(schema, {"message": {"type": "another", "call": {}}})
    answers = webhook("schema", event, "--answer").json
    assert jsonschema_rs.is_valid(answers, {})
    if event == "tool-calls":
        assert jsonschema_rs.is_valid(answers, {"results": [{"tool_call_id": "a", "result": None}]})

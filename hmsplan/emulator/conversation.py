"""A call as a person and the model would have it: by a script, with its webhooks, from ringing to the end report.

Nothing rings and no model is asked: the script says what both say and which tools are called. What is real is what a
service sees: signed events over HTTP, in their order, at the address that the documentation says.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from hmsplan.emulator.context import stamp
from hmsplan.emulator.post import Sent, Target, documented_wait_s, post

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.emulator.emulator import Emulator
    from hmsplan.emulator.script import Script, Turn

Document = dict[str, Any]
_TOO_FEW = 2
"""Default of ``min_messages_threshold``."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what happened.

    Attributes:
        who: ``caller``, ``assistant``, ``tool``, ``status`` or ``event``.
        sent: the event, if one was sent.
    """

    who: str
    text: str
    sent: Sent | None = None


@dataclass(slots=True)
class Conversation:
    """One call, as far as it has come.

    Attributes:
        assistant: the one that speaks, after what the answer to assistant-request said.
        lines: what happened, in order.
        messages: what was said, as the end report has it.
        secrets: what signed the events.
    """

    emulator: Emulator
    script: Script
    number: Document
    assistant: Document
    key: str | None
    wait_s: Callable[[str], float] = documented_wait_s
    call: Document = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    messages: list[Document] = field(default_factory=list)
    later: list[asyncio.Task[Sent]] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    async def run(self) -> None:
        """Hold the whole call."""
        self._ring()
        ending = await self._request()
        if not ending:
            await self._status("in-progress")
            if first := self.assistant.get("first_message"):
                self._say("assistant", first)
            for turn in self.script.turns:
                await self._take(turn)
        status, reason = ending or ("ended", self.script.end_reason)
        for task in self.later:
            self._log(await task)
        self._end(status, reason)
        await self._status(status, end_reason=reason)
        await self._report()

    # --- stages -------------------------------------------------------------------------------------------

    def _ring(self) -> None:
        now = self.emulator.app.clock()
        fields = {
            "id": f"call-_{self.script.caller}_{token_hex(6)}",
            "caller_phone": self.script.caller,
            "assistant_phone": self.number["phone_number"],
            "phone_number": self.number["phone_number"],
            "status": "connecting",
            "direction": self.script.direction,
            "started_at": stamp(now),
            "messages": [],
            "agent_id": self.assistant.get("id"),
            "number_id": self.number["id"],
            "agent_name": self.assistant.get("name"),
        }
        call_id = self.emulator.add("calls", fields, key=self.key)
        self.call = self.emulator.get("calls", call_id)
        self.lines.append(Line("status", "connecting"))

    async def _request(self) -> tuple[str, str] | None:
        """Ask which assistant answers; return how the call ends when none does."""
        if self.script.direction == "inbound" and self._gets("assistant-request"):
            sent = await self._send("assistant-request", "", self._webhook(), {})
            answer = sent.answer if isinstance(sent.answer, dict) else {}
            if "error" in answer:
                return "rejected", "rejected-by-webhook"
            self._answered(answer)
        return None if self.assistant else ("failed", "no-assistant")

    def _answered(self, answer: Mapping[str, Any]) -> None:
        """Take the assistant of an answer: each key of an override replaces that whole block."""
        if "assistant" in answer:
            self.assistant = {"name": None, **answer["assistant"]}
        elif "assistant_id" in answer:
            found = [
                each for each in self.emulator.all("assistants", key=self.key) if each["id"] == answer["assistant_id"]
            ]
            self.assistant = found[0] if found else self.assistant
        self.assistant = {**self.assistant, **answer.get("assistant_override", {})}

    async def _take(self, turn: Turn) -> None:
        if turn.who != "tool":
            self._say(turn.who, turn.text)
            return
        tool = next((each for each in self._tools() if each["name"] == turn.text), None)
        if tool is None:
            known = ", ".join(sorted(each["name"] for each in self._tools())) or "none"
            self.lines.append(Line("tool", f"{turn.text}: the assistant has no such tool; it has {known}"))
            return
        function = {"name": turn.text, "arguments": dict(turn.arguments)}
        called = {"id": f"call_{token_hex(8)}", "type": "function", "function": function}
        self.lines.append(Line("tool", f"{turn.text} {json.dumps(dict(turn.arguments), ensure_ascii=False)}"))
        sending = self._post("tool-calls", turn.text, _target(tool) or self._webhook(), {"tool_call_list": [called]})
        if tool.get("async") is True:
            self.later.append(asyncio.ensure_future(sending))
            return
        sent = _with_result(await sending, str(called["id"]))
        self._log(sent)

    def _end(self, status: str, reason: str) -> None:
        now, began = self.emulator.app.clock(), self._began()
        analysis = dict(self.script.analysis) if self.script.analysis is not None and self._is_analysed() else None
        ending = {
            "status": status,
            "end_reason": reason,
            "ended_at": stamp(now),
            "duration_seconds": round(max(0.0, now - began), 3),
            "summary": self.script.summary,
            "messages": self.messages,
            "analysis_result": analysis,
        }
        self.call = self.emulator.edit("calls", self.call["id"], ending)

    async def _report(self) -> None:
        if not self._gets("end-of-call-report"):
            return
        names = ("duration_seconds", "end_reason", "started_at", "ended_at", "summary", "messages")
        report = {name: self.call[name] for name in names}
        if self.call["analysis_result"] is not None:
            report["analysis"] = self.call["analysis_result"]
        await self._send("end-of-call-report", "", self._webhook(), report)

    async def _status(self, status: str, **more: str) -> None:
        self.call = self.emulator.edit("calls", self.call["id"], {"status": status})
        self.lines.append(Line("status", status))
        if self._gets("status-update"):
            await self._send("status-update", status, self._webhook(), more)

    # --- what they need ---------------------------------------------------------------------------------------

    def _say(self, who: str, text: str) -> None:
        self.lines.append(Line(who, text))
        self.messages.append({"role": "user" if who == "caller" else "assistant", "content": text})

    def _webhook(self) -> Target | None:
        """Return the webhook of the assistant, else that of the account."""
        if url := self.assistant.get("webhook_url"):
            return Target(url, self.assistant.get("webhook_secret"))
        settings = self.emulator.settings
        return Target(settings.account_webhook, settings.account_secret) if settings.account_webhook else None

    def _gets(self, event: str) -> bool:
        """Tell whether an event is sent at all: there is a webhook, and it did not choose other events."""
        chosen = self.assistant.get("webhook_events")
        return self._webhook() is not None and (chosen is None or event in chosen)

    def _tools(self) -> list[Document]:
        """Return the tools that are called over HTTP in one form, those of the number's workflow among them."""
        found = [*((self.assistant.get("llm_config") or {}).get("tools") or ())]
        flows = self.emulator.all("workflows", key=self.key)
        for flow in flows:
            if flow["id"] == self.number.get("workflow_id") and flow.get("is_active"):
                for node in flow["definition"]["nodes"]:
                    found += node.get("tools") or ()
                    found += [{"name": node["tool_name"], "url": node.get("url")}] if node["type"] == "tool" else ()
        secret = self.assistant.get("webhook_secret")
        return [_flat(tool, secret) for tool in found if tool.get("type", "function") == "function"]

    def _is_analysed(self) -> bool:
        plan = self.assistant.get("analysis_plan") or {}
        least = plan.get("min_messages_threshold", _TOO_FEW)
        return bool((plan.get("structured_data_plan") or {}).get("enabled")) and len(self.messages) >= least

    def _began(self) -> float:
        return dt.datetime.fromisoformat(self.call["started_at"]).timestamp()

    async def _send(self, event: str, about: str, target: Target | None, fields: Mapping[str, Any]) -> Sent:
        sent = await self._post(event, about, target, fields)
        self._log(sent)
        return sent

    async def _post(self, event: str, about: str, target: Target | None, fields: Mapping[str, Any]) -> Sent:
        message = {
            "timestamp": stamp(self.emulator.app.clock()),
            "call": {
                "id": self.call["id"],
                "type": f"{self.script.direction}_phone_call",
                "status": self.call["status"],
            },
            "phone_number": {
                "id": self.number["id"],
                "number": self.number["phone_number"],
                "name": self.number.get("name"),
            },
            "customer": {"number": self.script.caller},
            "assistant": {name: self.assistant[name] for name in ("id", "name") if name in self.assistant},
            **fields,
        }
        if target is not None and target.secret:
            self.secrets.add(target.secret)
        return await post(event, about, target, message, wait_s=self.wait_s)

    def _log(self, sent: Sent) -> None:
        self.lines.append(Line("event", f"{sent.event} {sent.about}".strip(), sent))


def _with_result(sent: Sent, call_id: str) -> Sent:
    """Return what the model is told: the result of its own call, or that there is none."""
    if sent.problem or not isinstance(sent.answer, dict):
        return sent
    if "results" in sent.answer:
        mine = [each for each in sent.answer["results"] if each["tool_call_id"] == call_id]
        if len(mine) != 1:
            problem = f"there are {len(mine)} results for the call {call_id}"
            return Sent(sent.event, sent.about, sent.url, sent.status, None, problem)
        return Sent(sent.event, sent.about, sent.url, sent.status, mine[0].get("result", mine[0].get("error")))
    return Sent(sent.event, sent.about, sent.url, sent.status, sent.answer.get("result", sent.answer))


def _flat(tool: Mapping[str, Any], secret: str | None) -> Document:
    """Return a tool with its name at the top; a url of its own beats the one of its server."""
    server = tool.get("server") or {}
    name = tool.get("name") or (tool.get("function") or {}).get("name")
    url = tool.get("url") or server.get("url")
    return {"name": name, "async": tool.get("async"), "url": url, "secret": server.get("secret") or secret}


def _target(tool: Mapping[str, Any]) -> Target | None:
    return Target(tool["url"], tool["secret"]) if tool.get("url") else None


def hold(
    emulator: Emulator,
    number: str,
    script: Script,
    *,
    key: str | None = None,
    wait_s: Callable[[str], float] = documented_wait_s,
) -> Conversation:
    """Call a number, hold the conversation of a script, and return what happened.

    Args:
        emulator: which has the number.
        number: in E.164.
        script: what is said, and which tools are called.
        key: API key of the organization; None = the only one.
        wait_s: how long an event is waited for.

    Raises:
        LookupError: the number is not there or not active, or there are several organizations and no key.
    """
    found = [each for each in emulator.all("numbers", key=key) if each["phone_number"] == number]
    if not found:
        known = ", ".join(sorted(each["phone_number"] for each in emulator.all("numbers", key=key))) or "none"
        raise LookupError(f"The emulator has no number {number}. It has: {known}")
    if not found[0]["is_active"]:
        raise LookupError(f"{number} is not active")
    assistants = {each["id"]: each for each in emulator.all("assistants", key=key)}
    assistant = assistants.get(found[0]["agent_id"], {})
    call = Conversation(emulator, script, found[0], assistant if assistant.get("is_active") else {}, key, wait_s)
    asyncio.run(call.run())
    return call

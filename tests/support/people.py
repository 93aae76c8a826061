"""People who work beside a run of hmsplan: in the dashboard, on the phone, in the next room."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import httpx

    from hmsplan.model import Plan, ResourceChange
    from support.world import World

LONGER_THAN_A_READING_COUNTS_S = 11.0
"""A reading may decide a write for ten seconds, so whoever acts and takes longer has to be seen."""


@dataclass(slots=True)
class Colleague:
    """Acts once: right after the answer to the *nth* request that begins like *after*.

    Attributes:
        after: regular expression for ``METHOD /path``.
        does: what is done.
        takes_s: seconds that pass meanwhile.
        has_acted: whether it came to that.
    """

    world: World
    after: str
    does: Callable[[], object]
    nth: int = 1
    takes_s: float = LONGER_THAN_A_READING_COUNTS_S
    has_acted: bool = False
    _seen: int = 0

    def planned(self, plan: Plan) -> None:
        pass

    def sends(self, request: httpx.Request) -> None:
        pass

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:  # noqa: ARG002
        call = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        self._seen += bool(re.match(self.after, call))

    def act(self) -> None:
        if not self.has_acted and self._seen >= self.nth:
            self.has_acted = True
            self.does()
            self.world.clock.now += self.takes_s


# --- a crowd --------------------------------------------------------------------------------------------------------

PATHS: Final = {
    "assistants": "assistants",
    "numbers": "numbers",
    "sip-trunks": "sip_trunks",
    "tool-templates": "tool_templates",
    "analysis-templates": "analysis_templates",
    "campaigns": "campaigns",
    "mcp-servers": "mcp_servers",
    "workflows": "workflows",
    "byok": "byok_keys",
    "domains": "domain",
}
NAMES: Final = {"numbers": "phone_number", "byok_keys": "provider", "domain": "domain_name"}
"""Kind to the field that recognises an object; ``name`` for all others."""

WAITING: Final = "pending"
DIALS: Final = "scheduled"

ACTS: Final = (
    "edit the top",
    "edit a block",
    "edit a tool",
    "edit what is declared",
    "delete",
    "make a stranger",
    "make a twin",
    "repoint a number",
    "call",
    "take off",
    "add a lead",
    "stop",
    "start",
)
DECLARED: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "tool_templates": ({"description": "Edited."},),
    "analysis_templates": ({"user_prompt": "Edited."}, {"description": None}),
    "assistants": ({"first_message": "Edited."}, {"is_active": False}, {"business_name": None}),
    "numbers": ({"is_active": False}, {"agent_id": None, "transfer_trunk_id": None}),
    "campaigns": ({"timezone": "UTC"},),
    "mcp_servers": ({"timeout_seconds": 33}, {"url": "https://edited.example.com/"}),
    "workflows": ({"is_active": False},),
    "byok_keys": ({"secret_id": "00000000-0000-4000-8000-000000000000"},),
    "domain": ({"status": "failed"}, {"status": "verified", "records": None}),
}
"""What people change of what a stack may declare, kind to fields."""

BARE: Final[Mapping[str, Mapping[str, Any]]] = {
    "assistants": {"is_active": True, "llm_config": {"provider": "openai", "model": "gpt-5.4"}, "tts_config": None},
    "tool_templates": {"tool_type": "end_call", "tool_config": {}},
    "analysis_templates": {"system_prompt": "x", "user_prompt": "x", "schema": {"type": "object"}},
    "sip_trunks": {"provider": "custom", "address": "theirs.example"},
    "numbers": {"agent_id": None, "transfer_trunk_id": None, "workflow_id": None, "is_active": True},
    "mcp_servers": {"url": "https://theirs.example/", "header_names": []},
    "workflows": {
        "is_active": True,
        "definition": {
            "version": 1,
            "entry_node": "a",
            "nodes": [{"id": "a", "type": "conversation", "instructions": "Theirs."}],
        },
    },
}
"""What an object of somebody else holds beside its name."""


class Act(NamedTuple):
    """One act: after how many answers, what, and to which of the objects that it may be done to."""

    answers: int
    what: str
    choice: int


@dataclass(slots=True)
class _Edit:
    """A value that somebody set and no stack declares."""

    kind: str
    id: str
    path: tuple[str, ...]
    value: object
    is_new: bool = True


class Crowd:
    """People who act between the requests of runs, and what must hold of every write that they see.

    What is judged here is written down from the promise (P13), not from the product. Whoever acts takes longer than a
    reading counts, so a write that does not take an act into account is at fault.

    Attributes:
        declared: what the stack says, kind to key to fields.
        faults: what should never have been; empty when all is well.
        counts: acts that were done, by their names, and runs.
        log: what was done and sent, in order, for whoever looks into a failure.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.declared: Mapping[str, Mapping[str, Any]] = {}
        self.faults: list[str] = []
        self.counts: Counter[str] = Counter()
        self.log: list[str] = []
        self._acts: deque[Act] = deque()
        self._answers = 0
        self._number = 0
        self._made: set[tuple[str, str]] = set()
        self._strangers: dict[tuple[str, str], dict[str, Any]] = {}
        self._edits: list[_Edit] = []
        self._stopped: set[str] = set()
        self._ours: set[str] = set()
        self._off: set[tuple[str, str]] = set()
        self._leaving: set[str] = set()
        self._allowed: tuple[str, ...] = ()
        self._is_broken = False
        self._forget_the_run()

    def _forget_the_run(self) -> None:
        self._is_planned = False
        self._planned_status: dict[str, str] = {}
        self._planned_count: Counter[str] = Counter()
        self._replaced: set[str] = set()
        self._seen: dict[str, set[str]] = {}
        self._planned_leads: dict[str, set[str]] = {}
        self._called_now: set[str] = set()
        self._off_now: set[tuple[str, str]] = set()
        self._stopped_now: set[str] = set()
        self._new: set[str] = set()
        self._pointed: set[tuple[str, str]] = set()
        self._used = self._uses()
        for edit in self._edits:
            edit.is_new = False

    def _uses(self) -> set[tuple[str, str]]:
        """Return the numbers of somebody else, each with the trunk that it uses."""
        return {(i, doc["transfer_trunk_id"]) for (kind, i), doc in self._strangers.items() if kind == "numbers"}

    # --- runs ---------------------------------------------------------------------------------------------

    def begin(self, acts: Iterable[Act], allowed: tuple[str, ...], *, broken: bool) -> None:
        """Get ready for a run; *broken* is one that something happens to."""
        self.counts["runs"] += 1
        self.log.append(f"run, {'broken, ' if broken else ''}allowed {' '.join(allowed)}")
        self._acts, self._answers = deque(acts), 0
        self._allowed, self._is_broken = allowed, broken
        self._forget_the_run()

    def end(self, *, well: bool) -> None:
        """Learn from the end of a run; *well* when it was not broken and every step was done."""
        bound = {binding.id for binding in self.world.state().bindings.values()}
        self._made = {(kind, object_id) for kind, object_id in self._made if object_id not in bound}
        there = {(kind, object_id): self._doc(kind, object_id) for kind, object_id in self._made}
        self._strangers = {key: self._strangers.get(key, doc) for key, doc in there.items() if doc is not None}
        if well:
            self._leaving.clear()
            self._ours |= {lead["id"] for lead in self._leads() if ("leads", lead["id"]) not in self._strangers}
        if self._is_planned:
            self._forget_the_undeclared()

    def _forget_the_undeclared(self) -> None:
        """A campaign that the stack has no longer, and that is gone, takes its words with it."""
        letters = {_letter(fields) for fields in self.declared.get("campaigns", {}).values()}
        letters |= {_letter(each) for _, each in self._all("campaigns")}
        self._off = {(letter, phone) for letter, phone in self._off if letter in letters}

    def planned(self, plan: Plan) -> None:
        self.log.append(f"planned {' '.join(step.key for step in plan.steps)}")
        self.log += [f"  {change.address} {change.action} {[f.path for f in change.fields]}" for change in plan.pending]
        self._is_planned = True
        self._planned_leads = {campaign: set(leads) for campaign, leads in self._seen.items()}
        self._replaced = {f"{change.address.kind} {change.id}" for change in plan.changes if change.action == "replace"}
        changed = {change.id: change for change in plan.changes if change.id is not None}
        self._edits = [edit for edit in self._edits if not _shown(changed.get(edit.id), edit.path)]
        for edit in self._edits:
            edit.is_new = False
        self._strangers = {key: doc for key, doc in self._strangers.items() if key[1] not in changed}
        self._planned_status = {each["id"]: each["status"] for _, each in self._all("campaigns")}
        self._planned_count = Counter(lead["campaign_id"] for lead in self._leads())
        self._new, self._called_now, self._off_now, self._stopped_now = set(), set(), set(), set()
        self._pointed = set()
        self._used |= self._uses()

    # --- what people do -----------------------------------------------------------------------------------

    def act(self) -> None:
        self._answers += 1
        if self._acts and self._answers >= self._acts[0].answers:
            act = self._acts.popleft()
            self._answers = 0
            self.do(act.what, act.choice)

    def do(self, what: str, choice: int) -> None:
        """Do one thing, if there is anything to do it to; it takes a while."""
        self._number += 1
        before = len(self.faults)
        done = {
            "edit the top": self._edit_the_top,
            "edit a block": self._edit_a_block,
            "edit a tool": self._edit_a_tool,
            "edit what is declared": self._edit_what_is_declared,
            "delete": self._delete,
            "make a stranger": self._make_a_stranger,
            "make a twin": self._make_a_twin,
            "repoint a number": self._repoint_a_number,
            "call": self._call,
            "take off": self._take_off,
            "add a lead": self._add_a_lead,
            "stop": self._stop,
            "start": self._start,
        }[what](choice)
        assert len(self.faults) == before
        if done:
            self.log.append(
                f"  {what} {choice} {self._edits[-1].id if what.startswith('edit') and self._edits else ''}"
            )
            self.counts[what] += 1
            self.counts["acts"] += 1
        self.world.clock.now += LONGER_THAN_A_READING_COUNTS_S

    def _all(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the live objects that are no strangers."""
        found = [(kind, each) for kind in kinds for each in self.world.emulator.all(kind)]
        return [(kind, each) for kind, each in found if (kind, each["id"]) not in self._strangers]

    def _leads(self, **having: Any) -> list[dict[str, Any]]:
        leads = [
            lead for _, each in self._all("campaigns") for lead in self.world.emulator.all("leads", parent=each["id"])
        ]
        return [lead for lead in leads if all(lead[key] == value for key, value in having.items())]

    def _remember(self, kind: str, live: Mapping[str, Any], path: tuple[str, ...], value: object) -> None:
        self._edits = [edit for edit in self._edits if (edit.id, edit.path) != (live["id"], path)]
        self._edits.append(_Edit(kind, live["id"], path, value))

    def _edit_the_top(self, choice: int) -> bool:
        if not (found := self._all("assistants")):
            return False
        _, live = found[choice % len(found)]
        text = f"Theirs {self._number}"
        self.world.emulator.edit("assistants", live["id"], {"voicemail_message": text})
        self._remember("assistants", live, ("voicemail_message",), text)
        return True

    def _edit_a_block(self, choice: int) -> bool:
        places = [
            (live, path)
            for _, live in self._all("assistants")
            for path in (("llm_config", "max_completion_tokens"), ("speech_config", "first_message_outbound"))
            if isinstance(live.get(path[0]), dict)
            and (path[0] != "llm_config" or live["llm_config"].get("provider") == "openai")
        ]
        if not places:
            return False
        live, path = places[choice % len(places)]
        value = 100 + self._number if path[0] == "llm_config" else f"Theirs {self._number}"
        self.world.emulator.edit("assistants", live["id"], {path[0]: {**live[path[0]], path[1]: value}})
        self._remember("assistants", live, path, value)
        return True

    def _edit_a_tool(self, choice: int) -> bool:
        tools = [(live, _tool(live, "inline")) for _, live in self._all("assistants")]
        found = [live for live, tool in tools if tool is not None and not tool.get("async")]
        if not found:
            return False
        live = found[choice % len(found)]
        model, tool = live["llm_config"], _tool(live, "inline")
        edited = [{**each, "async": True} if each == tool else each for each in model["tools"]]
        self.world.emulator.edit("assistants", live["id"], {"llm_config": {**model, "tools": edited}})
        self._remember("assistants", live, ("llm_config", "tools", "inline", "async"), value=True)
        return True

    def _edit_what_is_declared(self, choice: int) -> bool:
        if not (found := self._all(*DECLARED)):
            return False
        kind, live = found[choice % len(found)]
        edits = DECLARED[kind]
        self.world.emulator.edit(kind, live["id"], edits[choice // 7 % len(edits)])
        return True

    def _delete(self, choice: int) -> bool:
        """All but the last: when nothing is left that state knows, the key is taken to be a wrong one."""
        found = self._all(*PATHS.values())
        if len(found) < 2:
            return False
        kind, live = found[choice % len(found)]
        if kind == "campaigns":
            for lead in self.world.emulator.all("leads", parent=live["id"]):
                self._gone(live, lead)
        self.world.emulator.remove(kind, live["id"])
        return True

    def _make(self, kind: str, fields: Mapping[str, Any]) -> None:
        made = self.world.emulator.add(kind, {**BARE.get(kind, {}), **fields})
        self._made.add((kind, made))
        self._strangers[kind, made] = self.world.emulator.get(kind, made)
        self._new.add(made)

    def _make_a_stranger(self, choice: int) -> bool:
        """A number that uses something of the stack, or an object that uses nothing."""
        used = [("agent_id", each["id"]) for _, each in self._all("assistants")]
        used += [("transfer_trunk_id", each["id"]) for _, each in self._all("sip_trunks")]
        used += [("workflow_id", each["id"]) for _, each in self._all("workflows")]
        if used and choice % 4:
            field, target = used[choice % len(used)]
            self._make("numbers", {"phone_number": f"+3197000{self._number:04}", field: target})
        else:
            kind = ("tool_templates", "sip_trunks", "assistants", "mcp_servers", "workflows")[choice // 4 % 5]
            self._make(kind, {"name": f"Stranger {self._number}"})
        return True

    def _make_a_twin(self, choice: int) -> bool:
        """An object of a declared name that is not there, or not any more."""
        there = {(kind, each[NAMES.get(kind, "name")]) for kind in BARE for each in self.world.emulator.all(kind)}
        free = [
            (kind, fields[NAMES.get(kind, "name")])
            for kind in BARE
            for fields in self.declared.get(kind, {}).values()
            if (kind, fields[NAMES.get(kind, "name")]) not in there
        ]
        if not free:
            return False
        kind, name = free[choice % len(free)]
        self._make(kind, {NAMES.get(kind, "name"): name})
        return True

    def _repoint_a_number(self, choice: int) -> bool:
        theirs = [object_id for kind, object_id in self._strangers if kind == "numbers"]
        trunks = [each["id"] for _, each in self._all("sip_trunks")]
        if not theirs or not trunks:
            return False
        number = theirs[choice % len(theirs)]
        target = {"transfer_trunk_id": trunks[choice % len(trunks)]}
        self._strangers["numbers", number] = self.world.emulator.edit("numbers", number, target)
        self._pointed |= {(number, target["transfer_trunk_id"])} - self._used
        return True

    def _call(self, choice: int) -> bool:
        """The platform calls some who wait on the lists of running campaigns."""
        running = {each["id"] for _, each in self._all("campaigns") if each["status"] == DIALS}
        waiting = [lead for lead in self._leads(status=WAITING) if lead["campaign_id"] in running]
        for lead in waiting[choice % 3 :: 2]:
            status = ("completed", "failed", "calling")[choice % 3]
            doc = self.world.emulator.edit("leads", lead["id"], {"status": status, "attempts": 1})
            self._called_now.add(lead["id"])
            if ("leads", lead["id"]) in self._strangers:
                self._strangers["leads", lead["id"]] = doc
        return bool(waiting)

    def _take_off(self, choice: int) -> bool:
        if not (leads := self._leads()):
            return False
        lead = leads[choice % len(leads)]
        self._gone(self.world.emulator.get("campaigns", lead["campaign_id"]), lead)
        self.world.emulator.remove("leads", lead["id"])
        return True

    def _gone(self, campaign: Mapping[str, Any], lead: Mapping[str, Any]) -> None:
        """Remember the word of a person: nobody may be called of whom this run, or an earlier one, knew."""
        word = (_letter(campaign), lead["phone_number"])
        if lead["id"] in self._ours and lead["id"] not in self._leaving:
            self._off.add(word)
            self._off_now.add(word)
        if lead["id"] in self._planned_leads.get(campaign["id"], ()) and lead["id"] not in self._leaving:
            self._off_now.add(word)
        self._strangers.pop(("leads", lead["id"]), None)

    def _add_a_lead(self, choice: int) -> bool:
        """Somebody new, or one whom the stack declares as well."""
        if not (found := self._all("campaigns")):
            return False
        _, live = found[choice % len(found)]
        phone = f"+31612349{self._number % 100:02}" if choice % 2 else f"+316123400{choice % 9 + 1}"
        self._make("leads", {"campaign_id": live["id"], "phone_number": phone, "variables": {"by": "them"}})
        self._off.discard((_letter(live), phone))
        self._off_now.discard((_letter(live), phone))
        return True

    def _stop(self, choice: int) -> bool:
        """Somebody says stop to a campaign, or to one that is about to begin."""
        if not (found := self._all("campaigns")):
            return False
        _, live = found[choice % len(found)]
        status = "cancelled" if live["status"] == "paused" else ("paused", "cancelled")[choice // 5 % 2]
        self.world.emulator.edit("campaigns", live["id"], {"status": status})
        self._stopped.add(live["id"])
        if status != self._planned_status.get(live["id"]):
            self._stopped_now |= {live["id"], _letter(live)}
        return True

    def _start(self, choice: int) -> bool:
        """Somebody starts a campaign, unless another one of that name dials."""
        found = [each for _, each in self._all("campaigns")]
        dialling = {_letter(each) for each in found if each["status"] == DIALS}
        found = [each for each in found if _letter(each) not in dialling]
        if not found:
            return False
        live = found[choice % len(found)]
        self.world.emulator.edit("campaigns", live["id"], {"status": DIALS})
        self._stopped -= {live["id"]}
        self._stopped_now -= {live["id"], _letter(live)}
        return True

    # --- what they see ------------------------------------------------------------------------------------

    def sends(self, request: httpx.Request) -> None:
        if request.method == "GET":
            return
        kind, object_id, member = _place(request)
        body = json.loads(request.content) if request.content else {}
        match request.method:
            case "POST" if kind == "leads":
                self._judge_added(self.world.emulator.get("campaigns", object_id), body["phone_number"])
            case "POST":
                self._judge_made(kind, body)
            case "PATCH" if kind == "campaigns" and body.get("status") == DIALS:
                self._judge_started(object_id)
            case "DELETE" if kind == "leads":
                self._leaving |= {member} if self._is_broken else set()
            case "DELETE" if kind == "campaigns" and self._is_broken:
                self._leaving |= {lead["id"] for lead in self.world.emulator.all("leads", parent=object_id)}
            case _:
                pass
        if request.method == "DELETE" and kind == "campaigns" and object_id not in self._planned_leads:
            there = {lead["id"] for lead in self.world.emulator.all("leads", parent=object_id)}
            self._new -= there if len(there) == self._planned_count[object_id] else set()  # only counted by the plan
        if request.method == "DELETE" and any(e.is_new and e.id == object_id for e in self._edits):
            self._fault(f"DELETE of {kind} {object_id}, which somebody edited meanwhile")

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:
        kind, object_id, _ = _place(request)
        self.log.append(
            f"{request.method} {request.url.path.removeprefix('/api/v1')} {response and response.status_code}"
        )
        if request.method == "GET":
            if kind == "leads" and response is not None:
                leads = self.world.emulator.all("leads", parent=object_id)
                self._seen[object_id] = {lead["id"] for lead in leads}
            return
        if request.method == "POST" and response is not None and response.is_success and not self._is_broken:
            self._learn_ours(kind, object_id)
        if request.method == "DELETE" and kind == "campaigns":
            self._forget_the_undeclared()
        self._judge_strangers(request)
        self._judge_edits(request)

    def _doc(self, kind: str, object_id: str) -> dict[str, Any] | None:
        try:
            return self.world.emulator.get(kind, object_id)
        except LookupError:
            return None

    def _learn_ours(self, kind: str, parent: str) -> None:
        if kind == "leads":
            found = self.world.emulator.all("leads", parent=parent)[-1:]
        elif kind == "campaigns":
            found = self.world.emulator.all("leads", parent=self.world.emulator.all("campaigns")[-1]["id"])
        else:
            return
        self._ours |= {lead["id"] for lead in found}

    def _fault(self, text: str) -> None:
        self.faults.append(text)

    def _judge_added(self, campaign: Mapping[str, Any], phone: str) -> None:
        letter, allowed = _letter(campaign), self._allows("recall")
        there = [
            lead for lead in self.world.emulator.all("leads", parent=campaign["id"]) if lead["phone_number"] == phone
        ]
        for lead in there:
            if lead["status"] != WAITING and (not allowed or lead["id"] in self._called_now):
                self._fault(f"{letter}: {phone} was called and is added again")
            if lead["id"] in self._new and self._is_planned and lead["status"] == WAITING:
                self._fault(f"{letter}: {phone} was added by somebody and is added again")
        self._judge_word(letter, phone)

    def _judge_word(self, letter: str, phone: str) -> None:
        if (letter, phone) in self._off_now or ((letter, phone) in self._off and not self._allows("recall")):
            self._fault(f"{letter}: {phone} was taken off the list and is added again")
        self._off.discard((letter, phone))

    def _judge_made(self, kind: str, body: Mapping[str, Any]) -> None:
        name = body.get(NAMES.get(kind, "name"))
        for (other, object_id), doc in self._strangers.items():
            if other == kind and doc.get(NAMES.get(kind, "name")) == name and self._is_a_surprise(kind, object_id):
                self._fault(f"a twin of {kind} {name} is made")
        for lead in body.get("leads", ()):
            self._judge_word(_letter(body), lead["phone_number"])

    def _is_a_surprise(self, kind: str, object_id: str) -> bool:
        return object_id in self._new or not any(key.startswith(f"{kind} ") for key in self._replaced)

    def _judge_started(self, campaign: str) -> None:
        live = self.world.emulator.get("campaigns", campaign)
        letter, allowed = _letter(live), self._allows("start")
        if self._stopped_now & {campaign, letter} or (campaign in self._stopped and not allowed):
            self._fault(f"{letter}: it was stopped by a person and is started")
        others = [each for _, each in self._all("campaigns") if each["id"] != campaign and each["status"] == DIALS]
        if any(_letter(each) == letter for each in others):
            self._fault(f"{letter}: two campaigns dial")
        self._stopped.discard(campaign)

    def _allows(self, risk: str) -> bool:
        return any(pattern in {"*", f"{risk}:*"} for pattern in self._allowed)

    def _judge_strangers(self, request: httpx.Request) -> None:
        """Fail unless everybody else's objects are as they left them, or went with what a person let go."""
        for (kind, object_id), doc in list(self._strangers.items()):
            if (now := self._doc(kind, object_id)) != doc:
                del self._strangers[kind, object_id]
                used = (object_id, _place(request)[1])
                if request.method != "DELETE" or object_id in self._new or used in self._pointed:
                    self._fault(f"{request.method} {request.url.path} changed {kind} of somebody else: {doc} to {now}")

    def _judge_edits(self, request: httpx.Request) -> None:
        for edit in list(self._edits):
            live = self._doc(edit.kind, edit.id)
            if live is None or _at(live, edit.path) != edit.value:
                self._edits.remove(edit)
            if live is not None and _at(live, edit.path) != edit.value:
                self._fault(f"{request.method} {request.url.path}: {'.'.join(edit.path)} is no longer {edit.value!r}")

    # --- the end ------------------------------------------------------------------------------------------

    def tidy_up(self) -> None:
        """Take away what would need a person's answer: twins, and what uses the objects of the stack.

        A number of ours that somebody pointed at a trunk, before it was adopted, uses it still, in a field that nobody
        declared.
        """
        fields = self.declared.get("numbers", {}).values()
        pointed = {each["phone_number"] for each in fields if "transfer_trunk_id" in each}
        for kind, live in self._all("numbers"):
            if live["transfer_trunk_id"] is not None and live["phone_number"] not in pointed:
                self.world.emulator.edit(kind, live["id"], {"transfer_trunk_id": None})
        for kind, object_id in list(self._strangers):
            if kind in {"leads", "numbers"} or self._is_a_twin(kind, object_id):
                self.world.emulator.remove(kind, object_id)
                del self._strangers[kind, object_id]

    def _is_a_twin(self, kind: str, object_id: str) -> bool:
        return not str(self.world.emulator.get(kind, object_id)["name"]).startswith("Stranger")

    @property
    def strangers(self) -> set[str]:
        """The ids of what nobody declared."""
        return {object_id for _, object_id in self._strangers}


def _letter(campaign: Mapping[str, Any]) -> str:
    """Return what a campaign and its successor have in common: ``Campaign m`` or ``Campaign m (new)``."""
    return str(campaign["name"]).split()[1]


def _place(request: httpx.Request) -> tuple[str, str, str]:
    """Return the kind, the id (of the parent, for leads) and the id of the lead."""
    parts = request.url.path.removeprefix("/api/v1/").split("/")
    kind = PATHS.get(parts[0], parts[0])
    if len(parts) > 2 and parts[2] == "leads":
        return "leads", parts[1], parts[3] if len(parts) > 3 else ""
    return kind, parts[1] if len(parts) > 1 else "", ""


def _tool(live: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    tools = (live.get("llm_config") or {}).get("tools") or ()
    return next((each for each in tools if name in {each.get("name"), each.get("function", {}).get("name")}), None)


def _at(live: Mapping[str, Any], path: tuple[str, ...]) -> object:
    if path[:2] == ("llm_config", "tools"):
        return (_tool(live, path[2]) or {}).get(path[3])
    value: Any = live
    for part in path:
        value = (value or {}).get(part)
    return value


def _shown(change: ResourceChange | None, path: tuple[str, ...]) -> bool:
    """Say whether the plan shows that the value at *path* goes."""
    if change is None:
        return False
    if change.action in {"delete", "replace", "forget"}:
        return True
    return any(all(a == b for a, b in zip(field.path, path, strict=False)) for field in change.fields)

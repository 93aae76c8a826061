"""One organization on an emulator process, one folder, and what is counted after every kill.

Two stacks of all eleven kinds take turns, so that each round creates, updates, replaces a trunk under a number and the
mail domain, adds and removes leads, and deletes what was used until then. The judge looks into the emulator's database,
past its API, and at the state on the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from support.stacks import campaign, lead

from hmsplan.config.load import load_stack
from hmsplan.emulator import Emulator
from hmsplan.errors import StateError
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.operations.history import audit
from hmsplan.state.backend import open_backend
from kills.crash_points import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.model import State
    from hmsplan.operations.history import Audit

TESTS: Final = Path(__file__).parents[1]
HMSPLAN: Final = Path(sys.executable).with_name("hmsplan")
KEY: Final = "fl_kills"
SECRETS: Final = {
    "HMS_SOVEREIGN_API_KEY": KEY,
    "HMSPLAN_SECRET_ONE": "hunter2-one",
    "HMSPLAN_SECRET_OTHER": "hunter2-other",
    "HMSPLAN_FINGERPRINT_KEY": "0123456789abcdef0123456789abcdef",
}
APPLY: Final = ("apply", "-y", "--allow", "*", "--json")
HEAD: Final = {"version": 1, "stack": "kills", "safety": {"settle_grace": "1s"}}
KILLED: Final = -9
_TOOL: Final = {"type": "mcp", "allowed_tools": ["find"]}
_NODE: Final = {"id": "hello", "type": "conversation", "instructions": "Ask."}
_TRIAGE: Final = {
    "name": "Triage",
    "definition": {"version": 1, "entry_node": "hello", "nodes": [_NODE], "edges": []},
}
_OUTCOME: Final = {"name": "Outcome", "system_prompt": "Judge.", "user_prompt": "{transcript}", "schema": {}}


def _trunk(host: str) -> dict[str, Any]:
    return {"name": "VoIP", "provider": "custom", "address": f"sip.{host}.example", "transport": "tls"}


def _number(last: str, assistant: str) -> dict[str, Any]:
    return {
        "phone_number": f"+3185000001{last}",
        "agent_id": f"${{assistants.{assistant}}}",
        "transfer_trunk_id": "${sip_trunks.voip}",
    }


def _model(*servers: str) -> dict[str, Any]:
    tools = [{**_TOOL, "mcp_server_id": f"${{mcp_servers.{key}}}"} for key in servers]
    return {"provider": "openai", "model": "gpt-5.4", "tools": tools}


def _hook(secret: str) -> dict[str, Any]:
    return {"webhook_url": "https://hooks.example.com/", "webhook_secret": f"${{secret:{secret}}}"}


def _mail(name: str, content_days: int, region: str) -> dict[str, Any]:
    """What there is once, and a key: the domain is replaced, and the settings of the key come in a second POST."""
    key = {"provider": "resend", "api_key": f"${{secret:{name}}}", "config": {"region": region}}
    return {
        "byok_keys": {"resend": key},
        "domain": {"main": {"domain_name": f"{name}.example.com"}},
        "organization": {"main": {"content_retention_days": content_days, "metadata_retention_days": 365}},
    }


ONE: Final[Mapping[str, Any]] = {
    **_mail("one", 30, "eu"),
    "mcp_servers": {
        "crm": {"name": "CRM", "url": "https://one.example.com/", "headers": {"Authorization": "${secret:one}"}},
        "old": {"name": "Old", "url": "https://old.example.com/"},
    },
    "workflows": {"triage": _TRIAGE},
    "analysis_templates": {"outcome": _OUTCOME},
    "tool_templates": {"end": {"name": "End", "tool_type": "end_call", "tool_config": {}}},
    "sip_trunks": {"voip": _trunk("one")},
    "assistants": {
        "desk": {"name": "Desk", "first_message": "Hello.", "llm_config": _model("crm", "old"), **_hook("one")},
        "leaver": {"name": "Leaver"},
    },
    "numbers": {"main": {**_number("0", "desk"), "workflow_id": "${workflows.triage}"}},
    "campaigns": {"recall": campaign("Recall", "${assistants.desk}", [lead("001"), lead("002")])},
}
OTHER: Final[Mapping[str, Any]] = {
    **_mail("other", 90, "us"),
    "mcp_servers": {
        "crm": {"name": "CRM", "url": "https://other.example.com/", "headers": {"Authorization": "${secret:other}"}}
    },
    "analysis_templates": {"outcome": _OUTCOME},
    "sip_trunks": {"voip": _trunk("two")},
    "assistants": {
        "desk": {
            "name": "Desk",
            "first_message": "Hi.",
            "llm_config": _model("crm"),
            "recording_consent": {"enabled": True, "message": "May we?"},
            **_hook("other"),
        },
        "newcomer": {"name": "Newcomer", "recording_consent": {"enabled": True, "message": "May we record?"}},
    },
    "numbers": {"main": _number("0", "newcomer"), "second": _number("1", "desk")},
    "campaigns": {
        "recall": campaign("Recall", "${assistants.desk}", [lead("001"), lead("004")]),
        "audit": campaign("Audit", "${assistants.newcomer}", [lead("007"), lead("008")]),
    },
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended; ``code`` is negative when a signal ended it."""

    code: int
    out: str
    err: str
    seconds: float


class Workspace:
    """A folder, an emulator process and a fork server.

    Attributes:
        counts: kills, and what was found after them: nothing, everywhere, if all is well.
        evidence: of what was found.
        usual_s: what an apply takes that nobody kills.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.stack = root, root / "stack"
        self.counts: Counter[str] = Counter(kills=0, twins=0, orphans=0, lost=0, unreadable=0, unconverged=0, doubted=0)
        self.usual_s = 0.0
        self.evidence: list[str] = []
        self._declared: Mapping[str, Any] = ONE
        self._made: dict[bool, int] = {}
        self._closing = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self.stack.mkdir(parents=True)
        (self.stack / "hmsplan.yaml").write_text(json.dumps(HEAD))
        (self.root / "settings.json").write_text(json.dumps({"rate_limit": None}))
        with self._closing:
            self._begin()
            self._closing = self._closing.pop_all()
        return self

    def _begin(self) -> None:
        database = self.root / "emulator.db"
        others = {name: value for name, value in os.environ.items() if not name.startswith(("HMS_", "HMSPLAN_"))}
        self._environ = {**others, **SECRETS, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"}
        words = ["--port", "0", "--json", "--db", str(database), "--settings", str(self.root / "settings.json")]
        emulator = self._start([str(HMSPLAN), "emulator", *words])
        assert emulator.stdout is not None
        self._environ["HMS_SOVEREIGN_BASE_URL"] = json.loads(emulator.stdout.readline())["url"]
        self._write()
        self._fork_server = self._start([sys.executable, "-m", "kills.fork_server", "-C", str(self.stack), "plan"])
        self._live = self._closing.enter_context(Emulator(database))
        self._live.organization(KEY)
        self._measure()
        for _ in ("there", "back"):
            self.turn()
            self._measure()

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.root
        )
        self._closing.enter_context(process)
        self._closing.callback(process.terminate)
        return process

    def _measure(self) -> None:
        """Apply without a kill, and remember how many objects that makes and the seconds it takes."""
        made = self.inserted()
        ended = self.run(*APPLY)
        assert ended.code == 0, (ended.out, ended.err)
        self._made[self._declared is ONE], self.usual_s = self.inserted() - made, ended.seconds

    # --- what a round does --------------------------------------------------------------------------------

    def turn(self) -> None:
        """Declare the other stack."""
        self._declared = OTHER if self._declared is ONE else ONE
        self._write()

    def _write(self) -> None:
        (self.stack / "resources.yaml").write_text(json.dumps(self._declared))

    def run(self, *words: str, crash: str = "", kill_after_s: float | None = None) -> Ended:
        """Run one command in a child of the fork server."""
        assert self._fork_server.stdin is not None
        assert self._fork_server.stdout is not None
        asked = {
            "arguments": ["-C", str(self.stack), *words],
            "crash": crash,
            "kill_after_s": kill_after_s,
        }
        print(json.dumps(asked), file=self._fork_server.stdin, flush=True)
        return self._counted(Ended(**json.loads(self._fork_server.stdout.readline())))

    def run_unforked(self, *words: str, crash: str) -> Ended:
        """Run one command as a process of its own, imports and all."""
        done = subprocess.run(
            [sys.executable, "-m", "kills.crash_points", "-C", self.stack, *words],
            env={**self._environ, VARIABLE: crash},
            capture_output=True,
            text=True,
            check=False,
        )
        return self._counted(Ended(done.returncode, done.stdout, done.stderr, 0.0))

    def _counted(self, ended: Ended) -> Ended:
        if ended.code == KILLED:
            self.counts["kills"] += 1
            if self._read_state() is not None:
                problems = self.history().problems
                self._found("doubted", len(problems), problems)
        return ended

    def history(self) -> Audit:
        """Return the history on the disk."""
        return audit(open_backend("file", self.stack, "default"))

    def round(self, *crashes: str | float | None, unforked: bool = False) -> int:
        """Declare the other stack, kill one apply after another, let the last one live, and judge what it leaves.

        Args:
            crashes: a fault point and its number (``after-intent:2``), or the share of an apply's usual time after
                which the process is killed from outside. A process that is over before ends the row. None: nobody is
                killed, and the author goes back to the stack before.
            unforked: the first process is not forked from the fork server; that takes longer, and nothing is shared.

        Returns:
            how many processes were killed.
        """
        self.turn()
        inserted, kills = self.inserted(), self.counts["kills"]
        ended = Ended(KILLED, "", "", 0.0)
        for number, crash in enumerate(crashes):
            if crash is None:
                self.turn()
                continue
            if isinstance(crash, str):
                ended = (
                    self.run_unforked(*APPLY, crash=crash) if unforked and not number else self.run(*APPLY, crash=crash)
                )
            else:
                ended = self.run(*APPLY, kill_after_s=crash * self.usual_s)
            if ended.code != KILLED:
                break
        else:
            ended = self.run(*APPLY)
        plan = self.run("plan", "--detailed-exitcode")
        if (ended.code, plan.code) != (0, 0):
            self._found("unconverged", 1, (crashes, ended, plan))
        made = self.inserted() - inserted
        self.judge()
        if None not in crashes:
            self._found("twins", abs(made - self._made[self._declared is ONE]), f"{made} made")
        return self.counts["kills"] - kills

    def way_back(self, crash: str) -> int:
        """Apply the other stack, go back from there while the files still declare it, and be killed on the way.

        Afterwards the author follows: all that is left to an apply then are the leads that the history cannot name.

        Returns:
            how many processes were killed.
        """
        then, kills = self._last_apply(), self.counts["kills"]
        self.turn()
        assert self.run(*APPLY).code == 0
        back = ("rollback", f"@{then}", *APPLY[1:])
        if self.run(*back, crash=crash).code == KILLED:
            ended = self.run(*back)
            self._found("unconverged", int(ended.code != 0), (crash, ended))
        self.turn()
        plan = json.loads(self.run("plan", "--json").out)
        left = [each for each in plan["hmsplan"]["changes"] if each["action"] != "update" or not each["members"]]
        self._found("unconverged", len(left), (crash, left))
        ended = self.run(*APPLY)
        self._found("unconverged", int(ended.code != 0), (crash, ended))
        self.judge()
        return self.counts["kills"] - kills

    def _last_apply(self) -> int:
        number: int = json.loads(self.run("history", "--json").out)["applies"][-1]["number"]
        return number

    # --- what is there ------------------------------------------------------------------------------------

    def inserted(self) -> int:
        """Return how many objects the emulator has ever made."""
        rows = self._live.app.store._sql.execute("SELECT seq FROM sqlite_sequence WHERE name = 'object'")
        return sum(int(count) for (count,) in rows)

    def judge(self) -> None:
        """Count what is there too often, what nobody knows of, and what is gone."""
        state = self._read_state()
        if state is None:
            return
        stack = load_stack(self.stack)
        for name, kind in KINDS.items():
            if kind.is_organization:
                continue
            live = {each[kind.named_by or "id"]: each for each in self._live.all(name)}
            bound = {binding.id for address, binding in state.bindings.items() if address.kind == name}
            keys = Counter(identity_of(kind, each) for each in live.values())
            self._found("twins", sum(count - 1 for count in keys.values()), keys)
            self._found("orphans", len(live.keys() - bound), live.keys() - bound)
            self._found("lost", len(bound - live.keys()), bound - live.keys())
        for address, resource in stack.resources.items():
            if address not in state.bindings:
                self._found("lost", 1, address)
            elif resource.members is not None:
                self._judge_leads(state, address, [dict(spec) for spec in resource.members])
        self._judge_the_unseen()
        self._found("lost", len(state.bindings.keys() - stack.resources.keys()), state)
        self._found("unconverged", len(state.intents) + len(state.deposed) + (state.begun is not None), state)
        self._found("doubted", len(self.history().problems), self.history().problems)

    def _judge_the_unseen(self) -> None:
        """Compare what no answer shows: retention, the settings of a key, and secrets that are changed in place."""
        organization = self._live.organization(KEY)
        stored = self._live.app.store.organization(organization)
        assert stored is not None
        (key,) = self._live.app.store.named("byok_keys", "resend", organization)
        (crm,) = self._live.app.store.named("mcp_servers", "CRM", organization)
        (desk,) = self._live.app.store.named("assistants", "Desk", organization)
        periods, settings = self._declared["organization"]["main"], self._declared["byok_keys"]["resend"]["config"]
        secret = SECRETS["HMSPLAN_SECRET_ONE" if self._declared is ONE else "HMSPLAN_SECRET_OTHER"]
        wanted = (periods, settings, secret, {"Authorization": secret}, secret)
        unseen = (
            {name: stored[name.removesuffix("_days")] for name in periods},
            key.doc["config"],
            key.hidden["api_key"],
            crm.hidden["headers"],
            desk.doc["webhook_secret"],
        )
        self._found("lost", int(unseen != wanted), unseen)

    def _judge_leads(self, state: State, address: Any, declared: list[dict[str, Any]]) -> None:
        live = Counter(each["phone_number"] for each in self._live.all("leads", parent=state.bindings[address].id))
        wanted = Counter(each["phone_number"] for each in declared)
        self._found("twins", (live - wanted).total(), live)
        self._found("lost", (wanted - live).total(), live)

    def _read_state(self) -> State | None:
        try:
            state = open_backend("file", self.stack, "default").load()
        except StateError as error:
            self._found("unreadable", 1, error)
            return None
        assert state is not None
        return state

    def _found(self, what: str, count: int, evidence: object) -> None:
        if count:
            self.counts[what] += count
            self.evidence.append(f"{what}: {count}: {evidence}")

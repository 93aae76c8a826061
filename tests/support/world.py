"""One organization on the emulator, and one folder with a stack and its state: all of hmsplan but the command line.

Every ``plan`` and ``apply`` is a process of its own: what it knows of earlier ones it reads from the files. Nothing in
it is a stand-in; only the network is replaced by the emulator's transport, and time by ``virtual_time``.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import httpx

from hmsplan.api.client import ReadClient, WriteClient
from hmsplan.apply.admission import CallWait, Conditions
from hmsplan.apply.executor import CONCURRENCY, Stop, apply
from hmsplan.config.load import load_stack
from hmsplan.emulator import Emulator, Settings
from hmsplan.errors import StateError, UnsafePlan, UnsettledCreate
from hmsplan.formats.snapshot_file import save, snapshot_from_bytes, snapshot_to_bytes
from hmsplan.kinds import KINDS
from hmsplan.kinds.identity import identity_of
from hmsplan.model import Address, Status
from hmsplan.operations.plan import plan_live
from hmsplan.operations.refresh import read
from hmsplan.planner.drift import survey
from hmsplan.planner.members import fingerprint
from hmsplan.planner.planner import Options
from hmsplan.planner.windows import closed_by
from hmsplan.state.backend import Backend, new_state, open_backend
from hmsplan.state.ledger import Ledger
from support.virtual_time import Clock, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from hmsplan.formats.snapshot_file import SavedSnapshot
    from hmsplan.model import Outcome, Plan, Report, Snapshot, Stack, State, Step
    from hmsplan.planner.drift import DriftReport
    from hmsplan.state.journal import Entry

Client = TypeVar("Client", bound=ReadClient)

KEY = "fl_test_world"
URL = "http://127.0.0.1/api/v1"
ANYTHING = ("*",)
UNLIMITED = Settings(rate_limit=None)
CANARY = "c4nary"
"""Begins the value of every secret in tests, so that none can hide."""


class Killed(BaseException):
    """The process is dead. Nothing of it reaches the API or the disk from here on."""


class Beside(Protocol):
    """People who work beside a run, and what they see of it."""

    def act(self) -> None:
        """Do something, or nothing, between two requests of the run."""

    def planned(self, plan: Plan) -> None:
        """Learn what the run is about to do."""

    def sends(self, request: httpx.Request) -> None:
        """See a request that leaves; whoever is killed there has been about to send it."""

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:
        """See what came of it; None for an answer that was lost."""


class Life:
    """The life of one process, which ends at one of its calls.

    Attributes:
        concurrency: steps at once.
        beside: who acts after an answer came and before the next request is begun. A write is decided right before it
            leaves, so nobody acts between that and the API.
        calls: requests that the process has begun, as ``METHOD /path``.
        waits_for_calls: how its steps wait for telephone calls.
        entries: what it has written to the journal.
        ends_at: number of the call, from 1, at which the process is killed; None = it lives.
        ends_after: the call still reaches the API.
        refuses_at: number of the call whose connection is refused.
        stops_at: number of the call at which a signal asks it to stop.
        disk_full_at: number of the journal's entry, from 1, from which on nothing can be written any more.
    """

    def __init__(
        self,
        *,
        ends_at: int | None = None,
        ends_after: bool = False,
        refuses_at: int | None = None,
        calls: CallWait | None = None,
        stops_at: int | None = None,
        disk_full_at: int | None = None,
        concurrency: int = CONCURRENCY,
        beside: Beside | None = None,
    ) -> None:
        self.concurrency, self.beside = concurrency, beside
        self.waits_for_calls = calls
        self._in_flight, self._is_due = 0, False
        self.calls: list[str] = []
        self.ends_at, self.ends_after, self.refuses_at = ends_at, ends_after, refuses_at
        self.stops_at, self.disk_full_at = stops_at, disk_full_at
        self.stop = Stop()
        self.over = False
        self.entries = 0

    def check(self) -> None:
        """Raise ``Killed`` when it is over."""
        if self.over:
            raise Killed

    def end(self) -> None:
        """Die here."""
        self.over = True
        raise Killed

    def begins(self, request: httpx.Request) -> None:
        """Let people act before what is read, and see what is sent."""
        if request.method == "GET":
            self._act()
        self._in_flight += 1
        if self.beside is not None:
            self.beside.sends(request)

    def ends(self, request: httpx.Request, response: httpx.Response | None) -> None:
        """Let people see what came of a request, and act as soon as the process has taken the answer."""
        self._in_flight -= 1
        if self.beside is not None:
            self.beside.sent(request, response)
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._act)

    def _act(self) -> None:
        if self.beside is not None and self._is_due and not self._in_flight and not self.over:
            self._is_due = False
            self.beside.act()


class _Wire(httpx.AsyncBaseTransport):
    """The emulator's transport, as far as the process lives."""

    def __init__(self, inner: httpx.AsyncBaseTransport, life: Life) -> None:
        self._inner, self._life = inner, life

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        life = self._life
        life.check()
        life.calls.append(f"{request.method} {request.url.path.removeprefix('/api/v1')}")
        number = len(life.calls)
        if number == life.stops_at:
            life.stop.signal = 2
        if number == life.refuses_at:
            raise httpx.ConnectError("Connection refused", request=request)
        life.begins(request)
        if number == life.ends_at and not life.ends_after:
            life.end()
        response = None
        try:
            response = await self._inner.handle_async_request(request)
        finally:
            life.ends(request, response)
        if number == life.ends_at:
            life.end()
        life.check()
        return response


class _Disk(Backend):
    """The file backend, as far as the process lives."""

    def __init__(self, inner: Backend, life: Life) -> None:
        super().__init__(inner.storage)
        self._life = life

    def append(self, entries: Sequence[Entry]) -> None:
        self._check(len(entries))
        super().append(entries)
        self._life.entries += len(entries)

    def save(self, state: State) -> None:
        self._check(0)
        super().save(state)

    def _check(self, more: int) -> None:
        self._life.check()
        full_at = self._life.disk_full_at
        if full_at is not None and self._life.entries + more >= full_at:
            self._life.disk_full_at = 0
            raise StateError("No space left on device")


@dataclass(slots=True)
class Progress:
    """Remembers what an apply said while it ran."""

    notes: list[str] = field(default_factory=list)

    def started(self, step: Step) -> None:
        pass

    def finished(self, outcome: Outcome) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass(frozen=True, slots=True)
class Applied:
    """What one apply planned, how it ended, and what it said meanwhile."""

    plan: Plan
    report: Report
    notes: tuple[str, ...]

    @property
    def bad(self) -> list[str]:
        """What did not end well, with the reason."""
        return [f"{o.step.key}: {o.status}: {o.error}" for o in self.report.outcomes if o.status is not Status.DONE]

    @property
    def remarks(self) -> list[str]:
        """What people are told of steps that ended well."""
        return [note for outcome in self.report.outcomes for note in outcome.notes]


class World:
    """The organization and the folder.

    Args:
        root: folder of the stack; made when it is not there.
        settings: of the emulator.
        environment: as chosen with ``-e``.
        environ: of the process; secrets and the fingerprint key stand in it.
        memory: what the emulator's database holds; nothing when None.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings = UNLIMITED,
        *,
        environment: str | None = None,
        environ: Mapping[str, str] | None = None,
        secrets_file: Path | None = None,
        key: str = KEY,
        memory: bytes | None = None,
    ) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root, self.environment, self.secrets_file, self.key = root, environment, secrets_file, key
        self.environ = dict(environ) if environ is not None else {}
        self._declared: Stack | None = None
        self.clock = Clock()
        self.emulator = Emulator(":memory:", settings, clock=self.clock)
        if memory is not None:
            self.emulator.app.store._sql.deserialize(memory)
        self.emulator.organization(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.emulator.close()

    def copy(self, root: Path) -> World:
        """Return another world in the same state, in a folder of its own."""
        shutil.copytree(self.root, root)
        other = World(
            root,
            self.emulator.settings,
            environment=self.environment,
            environ=self.environ,
            secrets_file=self.secrets_file,
            key=self.key,
            memory=self.emulator.app.store._sql.serialize(),
        )
        other.emulator.app.store.keep_past = self.emulator.app.store.keep_past
        other.clock.now = self.clock.now
        other._declared = self._declared
        return other

    # --- what is declared ---------------------------------------------------------------------------------

    def declare(self, resources: Mapping[str, Any], safety: Mapping[str, Any] | None = None, **blocks: Any) -> None:
        """Write the stack anew: kind to key to fields; blocks are ``moved``, ``imports`` and ``removed``."""
        head = {"version": 1, "stack": "test"} | ({"safety": safety} if safety else {})
        (self.root / "hmsplan.yaml").write_text(json.dumps(head))
        (self.root / "resources.yaml").write_text(
            json.dumps({**resources, **blocks}, ensure_ascii=False), encoding="utf-8"
        )
        self._declared = None
        self._declared = self.stack()

    def stack(self) -> Stack:
        """Read the stack; what ``declare`` wrote is read once."""
        return self._declared or load_stack(
            self.root,
            environment=self.environment,
            environ=self.environ,
            secrets_file=self.secrets_file,
            need_secrets=True,
        )

    # --- what hmsplan does --------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the state as it is on the disk; a new one when there is none."""
        return self.stored_state() or new_state()

    def stored_state(self) -> State | None:
        """Return the state as it is on the disk."""
        return self._backend().load()

    def plan(self, options: Options | None = None) -> Plan:
        """Plan as ``hmsplan plan`` does, with a client that cannot write."""
        return run(self._plan(options or Options()), self.clock)

    async def _plan(self, options: Options) -> Plan:
        stack, state = self.stack(), self.state()
        async with self._client(ReadClient, Life()) as client:
            plan, _ = await plan_live(client, stack, state, options)
        return plan

    def reading(self) -> tuple[Stack, State, Snapshot]:
        """Return the three readings that a plan is made of."""
        return run(self._reading(), self.clock)

    async def _reading(self) -> tuple[Stack, State, Snapshot]:
        stack, state = self.stack(), self.state()
        async with self._client(ReadClient, Life()) as client:
            return stack, state, await read(client, stack, state)

    def snapshot(self) -> SavedSnapshot:
        """Save a picture as ``hmsplan snapshot`` does, and read the file again."""
        return snapshot_from_bytes(snapshot_to_bytes(run(self._snapshot(), self.clock)))

    async def _snapshot(self) -> SavedSnapshot:
        stack, state, taken = self.stack(), self.state(), self.clock()
        async with self._client(ReadClient, Life()) as client:
            return save(stack, await read(client, stack, state, for_any=True), state, taken)

    def drift(self) -> DriftReport:
        """Survey as ``hmsplan drift`` does."""
        return run(self._drift(), self.clock)

    async def _drift(self) -> DriftReport:
        stack, state = self.stack(), self.state()
        async with self._client(ReadClient, Life()) as client:
            snapshot = await read(client, stack, state)
        return survey(stack, snapshot, state)

    def apply(
        self, options: Options | None = None, life: Life | None = None, progress: Progress | None = None
    ) -> Applied:
        """Apply as ``hmsplan apply -y`` does; *progress* is told as it goes.

        Raises:
            UnsafePlan: refused.
            UnsettledCreate: an earlier create cannot be settled.
            Killed: its life ended.
        """
        return run(self._apply(options or Options(), life or Life(), progress or Progress()), self.clock)

    async def _apply(self, options: Options, life: Life, progress: Progress) -> Applied:
        stack, backend = self.stack(), _Disk(self._backend(), life)
        with backend.lock("a test"):
            state = backend.load() or new_state()
            ledger = Ledger(backend, state)
            async with self._client(WriteClient, life) as client:
                plan, snapshot = await self._settled(client, stack, state, options)
                if life.beside is not None:
                    life.beside.planned(plan)
                if plan.refusals:
                    raise UnsafePlan(plan.refusals)
                try:
                    report = await apply(
                        plan,
                        snapshot,
                        client,
                        ledger,
                        progress=progress,
                        clock=self.clock,
                        sleep=asyncio.sleep,
                        grace_s=stack.safety.settle_grace_s,
                        stop=life.stop,
                        concurrency=life.concurrency,
                        resources=stack.resources,
                        conditions=Conditions(closed_by(stack.safety, plan, options.allowed), life.waits_for_calls),
                    )
                except Killed:
                    await _buried()
                    raise
                finally:
                    if not life.over:
                        await ledger.close()
        return Applied(plan, report, tuple(progress.notes))

    async def _settled(
        self, client: WriteClient, stack: Stack, state: State, options: Options
    ) -> tuple[Plan, Snapshot]:
        """Read and plan until the creates of earlier runs are decided, as the command does."""
        while True:
            plan, snapshot = await plan_live(client, stack, state, options)
            if not plan.unsettled:
                return plan, snapshot
            if any(unsettled.candidates or not unsettled.remaining_s for unsettled in plan.unsettled):
                raise UnsettledCreate(plan.unsettled)
            await asyncio.sleep(min(max(u.remaining_s for u in plan.unsettled) + 0.01, 4.0))

    def _client(self, kind: type[Client], life: Life) -> Client:
        return kind(
            URL,
            api_key=self.key,
            transport=_Wire(self.emulator.transport(), life),
            clock=self.clock,
            wall=self.clock,
            sleep=asyncio.sleep,
            random=lambda: 0.5,
        )

    def _backend(self) -> Backend:
        return open_backend("file", self.root, self.environment or "default")

    # --- what is live -------------------------------------------------------------------------------------

    def live(self, kind: str, name: str) -> dict[str, Any]:
        """Return the one live object with that name (phone number, for numbers)."""
        (found,) = (each for each in self.emulator.all(kind) if each[KINDS[kind].identity] == name)
        return found

    def leads(self, campaign: str) -> list[dict[str, Any]]:
        """Return the leads of the campaign of that name."""
        return self.emulator.all("leads", parent=self.live("campaigns", campaign)["id"])

    def id(self, address: str) -> str:
        """Return the id that state binds."""
        return self.state().bindings[Address.parse(address)].id

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do what a person, or another program, does through the API; return the answer."""
        return run(self._request(method, path, body), self.clock)

    async def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        head = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(transport=self.emulator.transport(), headers=head) as client:
            answer = await client.request(method, f"{URL}{path}", json=body)
            answer.raise_for_status()
            return answer.json()

    # --- what has to hold ---------------------------------------------------------------------------------

    def check_at_rest(self, *, unmanaged: Iterable[str] = (), leads: bool = True) -> None:
        """Fail unless declared, live and remembered are one, and nothing is left over.

        *unmanaged* are the ids of live objects that nobody declared. With *leads*, nobody else's stand on the lists.
        """
        plan = self.plan()
        assert not plan.pending, [
            (str(c.address), str(c.action), c.fields, c.members, c.released) for c in plan.pending
        ]
        assert not plan.steps, [step.key for step in plan.steps]
        assert (plan.drift, plan.unsettled, plan.decided, plan.refusals) == ((), (), (), ())
        stack, state = self.stack(), self.state()
        assert (state.intents, state.deposed) == ((), ())
        assert set(state.bindings) == set(stack.resources)
        foreign = set(unmanaged)
        for name, kind in KINDS.items():
            if kind.is_organization:
                continue
            key = kind.named_by or "id"
            live = {each[key]: each for each in self.emulator.all(name) if each[key] not in foreign}
            bound = [binding.id for address, binding in state.bindings.items() if address.kind == name]
            assert sorted(bound) == sorted(live), f"{name}: bound {bound}, live {sorted(live)}"
            keys = Counter(identity_of(kind, each) for each in live.values())
            wanted = Counter(identity_of(kind, r.spec) for a, r in stack.resources.items() if a.kind == name)
            assert keys == wanted, f"{name}: {keys} live, {wanted} declared"
        if leads:
            self._check_leads(stack, state)

    def _check_leads(self, stack: Stack, state: State) -> None:
        members = KINDS["campaigns"].members
        assert members is not None
        for address, resource in stack.resources.items():
            if resource.members is None:
                continue
            binding = state.bindings[address]
            marks = Counter(fingerprint(members, spec, state.lineage) for spec in resource.members)
            live = self.emulator.all("leads", parent=binding.id)
            assert Counter(fingerprint(members, spec, state.lineage) for spec in live) == marks, "leads"
            assert marks <= Counter(dict(binding.members)), "a lead that we added is not remembered as ours"


async def _buried() -> None:
    """End the other tasks of a process that is dead, so that none of them outlives it."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def allowing(*patterns: str) -> Options:
    """Return options with these ``--allow``; everything when none is named."""
    return Options(allowed=patterns or ANYTHING)


def applied(world: World, resources: Mapping[str, Any], *allow: str) -> Applied:
    """Declare *resources* and apply them; every step has to succeed, and nothing to be left over."""
    world.declare(resources)
    done = world.apply(allowing(*allow) if allow else None)
    assert not done.bad
    world.check_at_rest()
    return done


def steps(done: Applied) -> list[str]:
    """Name the steps of an apply in the order in which they ended."""
    return [outcome.step.key for outcome in done.report.outcomes]

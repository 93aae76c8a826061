"""What each verb of a step does to the API and to the state."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmsplan.api.endpoint import segments
from hmsplan.api.snapshot import parse_one, read_one
from hmsplan.apply.verify import left_behind, merged_blocks, mismatches
from hmsplan.diff import diff
from hmsplan.errors import Ambiguous, ApiError, HmsplanError
from hmsplan.identity import identity_of
from hmsplan.kinds import KINDS
from hmsplan.members import fingerprint
from hmsplan.model import EMPTY, Binding, Deposed, Intent, Outcome, RemoteObject, Secret, Status, Step, Verb, dotted
from hmsplan.overlay import leaves, nulled, overlay, resolve
from hmsplan.recorded import record, unsent
from hmsplan.secrets.masks import is_mask, sounds_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.api.client import WriteClient
    from hmsplan.apply.settle import Creator
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Snapshot, Spec
    from hmsplan.state.ledger import Ledger

REFUSED = frozenset({400, 422})
"""The API looked at the body and did nothing."""


@dataclass(slots=True)
class Performer:
    """Performs one step at a time; many at once are fine.

    Attributes:
        ids: address to live id, as far as known; grows as creates are done.
        live: id to the newest reading of that object.
        namesakes: (kind, natural key) to the ids that have it.
        marked: id of a parent to the marks of its members before the apply, as far as anybody asked.
    """

    client: WriteClient
    ledger: Ledger
    creator: Creator
    snapshot: Snapshot
    clock: Callable[[], float]
    note: Callable[[str], None]
    ids: dict[Address, str] = field(default_factory=dict)
    live: dict[str, Spec] = field(default_factory=dict)
    namesakes: defaultdict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    marked: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Learn what the snapshot shows."""
        for name, objects in self.snapshot.objects.items():
            for live in objects.values():
                self.live[live.id] = live.fields
                self.namesakes[name, identity_of(KINDS[name], live.fields)].add(live.id)

    async def perform(self, step: Step) -> Outcome:
        """Do what *step* says, write it down, and judge the answer.

        Raises:
            HmsplanError: it was not done.
        """
        match step.verb:
            case Verb.CREATE if step.member:
                return await self._add_member(step)
            case Verb.CREATE:
                return await self._create(step)
            case Verb.UPDATE:
                return await self._update(step)
            case Verb.DELETE:
                return await self._delete(step)
            case Verb.BIND:
                return await self._bind(step)
            case Verb.FORGET:
                return await self._forget(step)

    async def _create(self, step: Step) -> Outcome:
        kind = KINDS[step.address.kind]
        spec = resolve(step.spec, self.ids)
        body = dict(sendable(spec))
        if kind.members is not None and step.members:
            body[kind.members.name] = [dict(member) for member in step.members]
        applied = record(step.records or EMPTY, self.ids)
        live = await self.creator.create(kind, self._intent(step, kind, spec, applied), body)
        self.ids[step.address] = live.id
        self.live[live.id] = live.fields
        self.namesakes[kind.name, identity_of(kind, spec)].add(live.id)
        marks = self._marks(kind, step.members or ())
        deposed = Deposed(step.address, step.deposes) if step.deposes else None
        binding = Binding(step.address, live.id, applied, step.protected, marks)
        await self.ledger.bind(binding, settles=step.key, deposed=deposed)
        return _judged(kind, step, spec, live)

    def _intent(self, step: Step, kind: Kind, spec: Spec, applied: Spec) -> Intent:
        identity = identity_of(kind, spec)
        return Intent(
            step=step.key,
            address=step.address,
            kind=kind.name,
            identity=(identity,),
            applied=applied,
            before=frozenset(self.namesakes[kind.name, identity]),
            started=self.clock(),
            deposes=step.deposes,
            protected=step.protected,
        )

    def _marks(self, kind: Kind, specs: tuple[Spec, ...]) -> Mapping[str, int]:
        if kind.members is None:
            return EMPTY
        lineage = self.ledger.lineage
        return MappingProxyType(dict(Counter(fingerprint(kind.members, spec, lineage) for spec in specs)))

    async def _add_member(self, step: Step) -> Outcome:
        kind = KINDS[step.address.kind]
        parent = step.id or self.ids[step.address]
        (mark,) = self._marks(kind, (step.spec,))
        intent = Intent(
            step=step.key,
            address=step.address,
            kind=kind.name,
            identity=(mark,),
            applied=EMPTY,
            before=self._members_before(kind, parent).get(mark, frozenset()),
            started=self.clock(),
            parent=parent,
        )
        live = await self.creator.create(kind, intent, dict(step.spec))
        await self.ledger.count(step.address, mark, settles=step.key)
        return Outcome(step, Status.DONE, live.id)

    def _members_before(self, kind: Kind, parent: str) -> Mapping[str, frozenset[str]]:
        """Return mark to the ids of the members of *parent* that had it before the apply; read once a parent."""
        if parent not in self.marked:
            ids: defaultdict[str, set[str]] = defaultdict(set)
            for item in self.snapshot.members.get(parent, ()):
                for mark in self._marks(kind, (item.fields,)):
                    ids[mark].add(item.id)
            self.marked[parent] = {mark: frozenset(found) for mark, found in ids.items()}
        return self.marked[parent]

    async def _update(self, step: Step) -> Outcome:
        kind = KINDS[step.address.kind]
        object_id = step.id or self.ids[step.address]
        spec = resolve(step.spec, self.ids)
        before = self.live.get(object_id, EMPTY)
        if step.id is None and all(key in before for key in spec) and not diff(kind, spec, before):
            live = RemoteObject(kind.name, object_id, before)  # the create's own answer says so already
        else:
            live = await self._patch(kind, step, object_id, spec, before)
        self.live[object_id] = live.fields
        bound = self.ledger.binding(step.address)
        members = bound.members if bound is not None else EMPTY
        binding = Binding(step.address, object_id, self._applied(step, bound), step.protected, members)
        await self.ledger.bind(binding)
        return _judged(kind, step, spec, live)

    async def _patch(self, kind: Kind, step: Step, object_id: str, spec: Spec, before: Spec) -> RemoteObject:
        """PATCH, and once more where the answer shows that the API lays a block over the stored one.

        Whether it merges or replaces is unknown. Where it merges, a key that is left out stays; null takes it out, as
        RFC 7396 has it, and user-owned JSON gets rid of its old keys when its block is cleared first.
        """
        body = sendable(overlay(kind, spec, before, step.removed))
        send = functools.partial(self._send, kind, step, object_id, before)
        try:
            live = await send(spec, body)
        except ApiError as error:
            if error.status not in REFUSED or not step.removed:
                raise
            with contextlib.suppress(ApiError):
                return await send(spec, nulled(body, step.removed))
            raise
        if (nulls := nulled(body, left_behind(kind, step.removed, live.fields))) != body:
            with contextlib.suppress(ApiError):
                live = await send(spec, nulls)
        if blocks := merged_blocks(kind, spec, live.fields):
            cleared = dict.fromkeys(blocks)
            await send(cleared, cleared)
            live = await send(spec, body)
        return live

    async def _send(self, kind: Kind, step: Step, object_id: str, before: Spec, spec: Spec, body: Spec) -> RemoteObject:
        """PATCH once. When nobody knows what became of it, read back, and repeat only what is proven not to hold."""
        try:
            return await self._patched(kind, object_id, spec, before, body)
        except Ambiguous as error:
            self.note(f"{step.address}: {error}. Reading back ...")
            live = await read_one(self.client, kind, object_id)
            if live is not None and not diff(kind, spec, live.fields) and not has_secret(spec):
                return live
            return await self._patched(kind, object_id, spec, before, body)

    async def _patched(self, kind: Kind, object_id: str, spec: Spec, before: Spec, body: Spec) -> RemoteObject:
        live = parse_one(kind, await self.client.patch(segments(kind.path, object_id), body))
        return live or RemoteObject(kind.name, object_id, {**before, **spec})

    async def _delete(self, step: Step) -> Outcome:
        kind = KINDS[step.address.kind]
        if step.id is None:
            raise AssertionError
        if step.member and kind.members is not None:
            parent = self.ids[step.address]
            await self.client.delete(segments(kind.path, parent, kind.members.path, step.id))
            (mark,) = self._marks(kind, (step.spec,))
            await self.ledger.count(step.address, mark, -1)
        else:
            await self.client.delete(segments(kind.path, step.id))
            await self._forget(step)
        return Outcome(step, Status.DONE, step.id)

    async def _bind(self, step: Step) -> Outcome:
        kind = KINDS[step.address.kind]
        if step.member:
            (mark,) = self._marks(kind, (step.spec,))
            await self.ledger.count(step.address, mark, settles=step.settles)
            return Outcome(step, Status.DONE, step.id)
        if step.moved_from is not None:
            await self.ledger.move(step.moved_from, step.address)
        bound = self.ledger.binding(step.address)
        if step.id is None:
            raise AssertionError
        if step.members is not None:
            members = self._marks(kind, step.members)
        else:
            members = bound.members if bound is not None else EMPTY
        deposed = Deposed(step.address, step.deposes) if step.deposes else None
        binding = Binding(step.address, step.id, self._applied(step, bound), step.protected, members)
        await self.ledger.bind(binding, settles=step.settles, deposed=deposed)
        return Outcome(step, Status.DONE, step.id)

    def _applied(self, step: Step, bound: Binding | None) -> Spec:
        """Return the fields to remember once *step* is done; what is remembered already when it says nothing."""
        known = bound.applied if bound is not None else EMPTY
        if step.records is None:
            return known
        return record(unsent(KINDS[step.address.kind], step.records, known, sent=step.spec), self.ids)

    async def _forget(self, step: Step) -> Outcome:
        if step.deposes is not None:
            await self.ledger.drop_deposed(step.deposes)
        else:
            await self.ledger.unbind(step.address)
        return Outcome(step, Status.DONE, step.id)


def _judged(kind: Kind, step: Step, spec: Spec, live: RemoteObject) -> Outcome:
    """Compare an answer with what was sent; what the answer leaves out is left to the list at the end."""
    wrong = mismatches(kind, spec, live.fields)
    notes = tuple(
        f"the API kept {dotted(path)}; it is released and stays as it is"
        for path in left_behind(kind, step.removed, live.fields)
    )
    return Outcome(step, Status.FAILED if wrong else Status.DONE, live.id, error=wrong, notes=notes)


def has_secret(spec: Spec) -> bool:
    """Say whether *spec* holds a value that reading back does not show."""
    return any(isinstance(leaf, Secret) for _, leaf in leaves(spec))


def sendable(body: Spec) -> Spec:
    """Return *body* when every secret in it may be sent; the client unwraps them.

    Raises:
        HmsplanError: a secret has no value here, or the API masked it: a mask must never be sent back as the value.
    """
    for path, leaf in leaves(body):
        if isinstance(leaf, Secret):
            unknown = leaf.reveal() is None or (leaf.name == Secret.LIVE and is_mask(leaf.reveal() or ""))
        else:  # a field that the API knows and we do not, or one that somebody copied from its answer
            unknown = isinstance(leaf, str) and leaf != "" and sounds_secret(path[-1]) and is_mask(leaf)
        if unknown:
            detail = f"{dotted(path)} has to be sent along, and the API does not show its value. Declare it"
            raise HmsplanError(f"{detail} as ${{secret:name}}.", summary="Secret unknown")
    return body

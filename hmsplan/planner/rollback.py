"""The stack as an earlier apply left it, rebuilt from the history. Pure.

Of each address the history tells what was declared when that apply had ended; where it does not reach back so far, what
was live before the first apply since. What no apply that is remembered has touched stays as it was last applied, and
not as the files declare it by now. What such a stack means is left to the planner, as with any other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.kinds import KINDS
from hmsplan.model import (
    ANY,
    EMPTY,
    MEMBER_HALF,
    MISSING,
    Action,
    Diagnostic,
    Lifecycle,
    Move,
    Ref,
    Resource,
    RolledBack,
    Secret,
    Severity,
    SourceLine,
    TakenBack,
    Topic,
    dotted,
    leaves,
)
from hmsplan.planner.diff import at_path
from hmsplan.planner.digest import plain
from hmsplan.planner.members import by_member, fingerprint
from hmsplan.planner.places import named_path
from hmsplan.secrets.detect import HIDDEN, hidden
from hmsplan.text.canonical_json import digest
from hmsplan.text.timestamps import for_people
from hmsplan.text.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Kind, Kinds, Members
    from hmsplan.model import (
        Address,
        Binding,
        FieldPath,
        HistoryEntry,
        Pattern,
        Picture,
        Plan,
        ResourceChange,
        Rollback,
        Spec,
        Stack,
        State,
        Value,
    )

_STACK_FILE: Final = "hmsplan.yaml"
_STAYING: Final = frozenset({Action.ADOPT, Action.UPDATE, Action.REPLACE, Action.NO_OP})


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier apply, to be planned.

    Attributes:
        stack: what was declared when it had ended.
        rollback: what a plan says of it.
        lost: what the history does not tell of it.
        before: of each field that an apply since was about, the number of the first one and what was live before it.
        applied: what counts as last applied: also what an apply since put into a block that was declared then, and
            another one let go of.
    """

    stack: Stack
    rollback: Rollback
    lost: tuple[Diagnostic, ...] = ()
    before: Mapping[Address, Mapping[str, tuple[int, Value]]] = field(default_factory=lambda: MappingProxyType({}))
    applied: Mapping[Address, Spec] = field(default_factory=lambda: MappingProxyType({}))


class _Then(NamedTuple):
    """One address when the apply had ended.

    Attributes:
        fields: what was declared there; None = there was nothing.
        id: of its object; None where that does not matter.
        members: which it had, as ``Binding.members``; None = they stay as they are.
    """

    fields: Spec | None = None
    id: str | None = None
    members: Mapping[str, int] | None = None


_NOTHING: Final = _Then()


def lost(summary: str, detail: str, address: Address, path: FieldPath = ()) -> Diagnostic:
    """Say what a rollback cannot bring back."""
    return Diagnostic(summary, detail, None, address, path, Severity.WARNING, Topic.LOST)


def stack_at(
    stack: Stack,
    state: State,
    entries: Sequence[HistoryEntry],
    rollback: Rollback,
    secrets: Mapping[str, Secret] = EMPTY,
    kinds: Kinds = KINDS,
) -> Past:
    """Return what was declared when an apply had ended.

    Args:
        stack: what the files declare now: it lends lifecycle, limits, approvals, secrets, and the people on lists.
        state: what earlier applies left behind.
        entries: the history, the oldest first, as far back as it tells something of what was touched since.
        rollback: which apply it is.
        secrets: more secrets by name, which *stack* does not use any more.
        kinds: what is known of the API.
    """
    return _Rebuilding(stack, state, entries, rollback, secrets, kinds).past()


def taken_back(
    changes: Iterable[ResourceChange], stack: Stack, state: State, kinds: Kinds = KINDS
) -> Iterator[Diagnostic]:
    """Warn where a plan of the files would bring back what a rollback took back."""
    pending = {address for change in changes for address in (change.address, change.moved_from)}
    names = [str(address) for address in _still_declared(stack, state, kinds) if address in pending]
    if state.rolled_back is not None and names:
        yield _not_followed(state.rolled_back, f"This plan would bring back what it took back of {listed(names)}.")


def not_followed(stack: Stack, state: State, kinds: Kinds = KINDS) -> Iterator[Diagnostic]:
    """Warn while the files declare what a rollback took back, which is no drift."""
    names = [str(address) for address in _still_declared(stack, state, kinds)]
    if state.rolled_back is not None and names:
        what = f"The files still declare what it took back of {listed(names)}, which drift does not count."
        yield _not_followed(state.rolled_back, what)


def _still_declared(stack: Stack, state: State, kinds: Kinds) -> Iterator[Address]:
    """Yield of what was rolled back the addresses of which *stack* declares a value that was taken back."""
    names = _names(state)
    for address, taken in sorted(state.rolled_back.addresses.items() if state.rolled_back is not None else ()):
        kind, resource = kinds[address.kind], stack.resources.get(address)
        spec = resource.spec if resource is not None else None
        members = _marks(kind, resource.members if resource is not None else None, state.lineage)
        if any(each.digest == _digest_at(kind, spec, members, each.path, names) for each in taken):
            yield address


def _names(state: State) -> Mapping[str, str]:
    return {binding.id: str(address) for address, binding in state.bindings.items()}


def _marks(kind: Kind, members: Iterable[Spec] | None, lineage: str) -> Mapping[str, int] | None:
    """Return *members* as ``Binding.members`` counts them."""
    if kind.members is None or members is None:
        return None
    return Counter(fingerprint(kind.members, spec, lineage) for spec in members)


def _digest_at(
    kind: Kind, spec: Spec | None, members: Mapping[str, int] | None, path: FieldPath, names: Mapping[str, str]
) -> str:
    """Return the digest of what *spec* says at *path*, as ``TakenBack`` has it; "" where there is no object."""
    if not path:
        return digest({"is_there": spec is not None})
    if spec is None:
        return ""
    if kind.members is not None and path == (kind.members.name,):
        return digest(dict(members or {}))
    value = at_path(kind, spec, path)
    return digest(plain(None if value is MISSING else _comparable(value, names)))


def _comparable(value: Value, names: Mapping[str, str]) -> Value:
    """Return *value* with addresses in place of references and ids, and names in place of secrets."""
    if isinstance(value, Ref):
        return str(value.address)
    if isinstance(value, Secret):
        return {"$secret": value.name}
    if isinstance(value, Mapping):
        if "$secret" in value:
            return {"$secret": value["$secret"]}
        return {key: _comparable(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _not_followed(memory: RolledBack, what: str) -> Diagnostic:
    way = (
        f" Bring the repository in line first:\n  {memory.revert}"
        if memory.revert
        else " Take it out of the files first."
    )
    detail = f"The organization was rolled back to @{memory.number} on {for_people(memory.at)}. {what}{way}"
    return Diagnostic("Rolled back", detail, severity=Severity.WARNING)


def memory_of(plan: Plan, state: State, now: float, kinds: Kinds = KINDS) -> RolledBack | None:
    """Return what a state remembers of rollbacks once *plan* is applied."""
    memory = state.rolled_back
    before = memory.addresses if memory is not None else {}
    if plan.rollback is not None:
        touched = {
            change.address: _taken_back(change, before.get(change.address, ()), state, kinds)
            for change in plan.pending
            if not change.deposed
        }
        if not touched:
            return memory
        left = {address: taken for address, taken in {**before, **touched}.items() if taken}
        return RolledBack(plan.rollback.to.number, now, MappingProxyType(left), plan.rollback.revert) if left else None
    applied = {change.address for change in plan.changes}
    left = {address: taken for address, taken in before.items() if address not in applied}
    if memory is None or not (plan.targets or plan.excluded) or not left:
        return None
    return memory if len(left) == len(before) else replace(memory, addresses=MappingProxyType(left))


def _taken_back(
    change: ResourceChange, before: Iterable[TakenBack], state: State, kinds: Kinds
) -> tuple[TakenBack, ...]:
    """Return what a rollback takes back of one object, and what one *before* it did that it does not bring back."""
    kind, names = kinds[change.address.kind], _names(state)
    binding = state.bindings.get(change.address)
    was = binding.applied if binding is not None else None
    then = None if change.action in {Action.DELETE, Action.FORGET} else change.after
    paths: list[FieldPath] = [(), *(field.path for field in change.fields)] if was is not None else [()]
    found = {path: _digest_at(kind, was, None, path, names) for path in paths}
    left = {path: _digest_at(kind, then, None, path, names) for path in (*paths, *(each.path for each in before))}
    taken = {
        TakenBack(path, mark) for path, mark in found.items() if mark != left[path] and (then is not None or not path)
    }
    taken |= {each for each in before if each.digest != left[each.path]}
    if kind.members is not None and binding is not None and then is not None and change.members is not None:
        taken.add(TakenBack((kind.members.name,), digest(dict(binding.members))))
    return tuple(sorted(taken, key=lambda each: (tuple(map(str, each.path)), each.digest)))


class _Rebuilding:
    def __init__(
        self,
        stack: Stack,
        state: State,
        entries: Sequence[HistoryEntry],
        rollback: Rollback,
        secrets: Mapping[str, Secret],
        kinds: Kinds,
    ) -> None:
        self.stack, self.state, self.rollback, self.kinds = stack, state, rollback, kinds
        self.number = rollback.to.number
        self.earlier: dict[Address, Picture] = {}
        self.later: dict[Address, tuple[int, Picture]] = {}
        self.before: defaultdict[Address, dict[str, tuple[int, Value]]] = defaultdict(dict)
        self.since: defaultdict[Address, list[Spec]] = defaultdict(list)
        self.owners: dict[tuple[str, str], Address] = {}
        self.lost: list[Diagnostic] = []
        self._read(entries)
        self.secrets = {**{each.name: each for each in secrets_of(stack)}, **secrets}
        self._warned: defaultdict[tuple[Address, str], list[str]] = defaultdict(list)

    def _read(self, entries: Sequence[HistoryEntry]) -> None:
        """Keep the last picture until then and the first one since, and whose each id is: as of then, or else since."""
        until = [entry for entry in entries if entry.head.number <= self.number]
        since = [entry for entry in entries if entry.head.number > self.number]
        for entry in until:
            self.earlier |= {picture.address: picture for picture in entry.pictures}
        for entry in since:
            for picture in entry.pictures:
                self.later.setdefault(picture.address, (entry.head.number, picture))
                self.since[picture.address].append(picture.after)
                for name in picture.before.keys() | picture.after.keys():
                    known = (entry.head.number, picture.before.get(name, MISSING))
                    self.before[picture.address].setdefault(name, known)
        for entry in (*reversed(until), *since):
            for picture in entry.pictures:
                if picture.id is not None:
                    self.owners.setdefault((picture.address.kind, picture.id), picture.address)
        for address, binding in self.state.bindings.items():
            self.owners.setdefault((address.kind, binding.id), address)

    def past(self) -> Past:
        known = {*self.earlier, *self.later, *self.state.bindings}
        then = {address: self._then_here(address) for address in sorted(known)}
        moved = self._moved(then)
        for move in moved:
            then[move.origin] = _NOTHING
        there = {address: each for address, each in then.items() if each.fields is not None}
        self.owners = {key: address for key, address in self.owners.items() if address in there}
        origins = {move.target: move.origin for move in moved}
        resources = {a: self._resource(a, each, origins.get(a, a)) for a, each in there.items()}
        self.lost += self._secrets_lost()
        stack = replace(
            self.stack,
            resources=MappingProxyType(resources),
            moved=tuple(moved),
            imports=(),
            removed=frozenset(),
            warnings=(),
            requirement=None,  # it was applied here before
            is_required=False,  # nor does it prove anything: what the files declare is not what is applied
        )
        applied = {address: self._applied(address, each.spec) for address, each in resources.items()}
        return Past(stack, self.rollback, tuple(self.lost), self.before, applied)

    def _applied(self, address: Address, then: Spec) -> Spec:
        binding = self.state.bindings.get(address)
        applied: Spec = binding.applied if binding is not None else EMPTY
        seen = then.keys() - self.kinds[address.kind].write_only  # of the others nothing else tells what is there
        for spec in self.since[address]:
            applied = _also(applied, {key: spec[key] for key in spec.keys() & seen}, then)
        return applied

    # --- what was there -----------------------------------------------------------------------------------

    def _then_here(self, address: Address) -> _Then:
        """Return what was there; nothing where its object had another address then."""
        then = self._then(address)
        owner = self.owners.get((address.kind, then.id)) if then.id is not None else None
        return then if owner in {address, None} else _NOTHING

    def _then(self, address: Address) -> _Then:
        earlier, (number, later) = self.earlier.get(address), self.later.get(address, (0, None))
        binding = self.state.bindings.get(address)
        if earlier is not None and earlier.after:
            return _Then(earlier.after, earlier.id, earlier.members)
        if later is None:
            return self._untouched(address, earlier, binding)
        if later.action is Action.CREATE:
            return _NOTHING
        if later.after and later.action not in _STAYING:  # a replaced object went, or the delete failed
            return _Then(later.after, later.id, later.members_before)
        if not later.before:
            self._not_known(address, number, later)
            return _NOTHING if binding is None else self._as_applied(binding)
        if later.action is Action.ADOPT or earlier is not None:
            self.lost.append(_adopted(address, number))
        return _Then(_declarable(self.kinds[address.kind], later.before), later.id, later.members_before)

    def _untouched(self, address: Address, earlier: Picture | None, binding: Binding | None) -> _Then:
        """Return what no apply since has touched: as it was last applied."""
        if binding is None:
            return _NOTHING
        if earlier is not None or binding.made > self.rollback.to.at:
            detail = (
                f"{address} is managed since @{self.number}, and by no apply that the history has: it was imported, or "
                "the apply was killed. It stays as it is."
            )
            self.lost.append(lost("Not in the history", detail, address))
        return self._as_applied(binding)

    def _as_applied(self, binding: Binding) -> _Then:
        return _Then(binding.applied, binding.id, None)

    def _not_known(self, address: Address, number: int, later: Picture) -> None:
        detail = (
            f"@{number} is the first apply in the history that touched {address}, and it does not tell what was "
            f"declared before. {'It is not managed again' if later.action is Action.FORGET else 'It stays as it is'}."
        )
        self.lost.append(lost("Not in the history", detail, address))

    def _moved(self, then: Mapping[Address, _Then]) -> list[Move]:
        """Name the objects that have another address now: they get back the one that they had."""
        now = {(address.kind, binding.id): address for address, binding in self.state.bindings.items()}
        found = []
        for address, each in then.items():
            present = now.get((address.kind, each.id or ""))
            if each.fields is None or present is None or address in self.state.bindings:
                continue
            if present != address and (self.earlier.get(present) is None or self.earlier[present].id == each.id):
                found.append(Move(present, address, SourceLine(_STACK_FILE, 1)))
        return found

    # --- how it was declared ------------------------------------------------------------------------------

    def _resource(self, address: Address, then: _Then, present: Address) -> Resource:
        kind = self.kinds[address.kind]
        declared, binding = self.stack.resources.get(address), self.state.bindings.get(present)
        declared = declared or self.stack.resources.get(present)
        fields = then.fields or EMPTY
        spec = {
            key: made
            for key, value in fields.items()
            if (made := self._value(kind, address, present, fields, value, (key,), (key,))) is not MISSING
        }
        members = self._members(address, then, binding)
        if declared is not None and declared.address == address and plain(declared.spec) == plain(spec):
            return replace(declared, members=members, member_sources=())
        found = list(leaves(spec))
        return Resource(
            address,
            spec,
            declared.source if declared is not None else SourceLine(_STACK_FILE, 1),
            declared.lifecycle if declared is not None else Lifecycle(binding is not None and binding.protected),
            members,
            tuple(sorted({leaf.address for _, leaf in found if isinstance(leaf, Ref)})),
            secret_paths=tuple(named_path(kind, spec, path) for path, leaf in found if isinstance(leaf, Secret)),
        )

    def _value(
        self, kind: Kind, address: Address, present: Address, root: Spec, value: Value, path: FieldPath, pat: Pattern
    ) -> Value:
        """Return a value of a picture as it was declared; MISSING for one that is not known."""
        if kind.is_secret(pat) and isinstance(value, Mapping) and "$secret" in value:
            value = Secret.remembered(value)
        if isinstance(value, Secret):
            return self._secret(kind, address, present, root, value, path)
        if isinstance(value, Mapping):
            items = {
                key: self._value(kind, address, present, root, item, (*path, key), (*pat, key))
                for key, item in value.items()
            }
            return {key: item for key, item in items.items() if item is not MISSING}
        if isinstance(value, list | tuple):
            each = [
                self._value(kind, address, present, root, item, (*path, index), (*pat, ANY))
                for index, item in enumerate(value)
            ]
            return [item for item in each if item is not MISSING]
        if isinstance(value, str) and (target := kind.refs.get(pat)) is not None:
            owner = self.owners.get((target, value))
            return Ref(owner) if owner is not None else value
        if isinstance(value, str) and HIDDEN in value:
            return self._credential(kind, address, present, root, value, path)
        return value

    def _remembered(self, kind: Kind, present: Address, root: Spec, path: FieldPath) -> Value:
        """Return what was last applied at *path*; MISSING for nothing."""
        binding = self.state.bindings.get(present)
        return MISSING if binding is None else at_path(kind, binding.applied, named_path(kind, root, path))

    def _secret(
        self, kind: Kind, address: Address, present: Address, root: Spec, then: Secret, path: FieldPath
    ) -> Value:
        """Return the present secret of that name; one without a value where it is not given any more."""
        now = self.secrets.get(then.name)
        if now is not None and now.reveal() is not None:
            placed = now.placed(" ".join(map(str, (address, *path))), then.version)
            if (then.fingerprint is None or placed.is_like(then.fingerprint) is not True) and address in self.later:
                self._warned[address, "value"].append(dotted(path))
            return placed
        known = self._remembered(kind, present, root, path)
        is_there = isinstance(known, Mapping) and "$secret" in known
        if address in self.later:
            self._warned[address, "kept" if is_there else "none"].append(dotted(path))
        if is_there:
            return Secret.remembered(known)
        return MISSING if then.name == Secret.LIVE else Secret(then.name, None, then.fingerprint, then.version)

    def _credential(
        self, kind: Kind, address: Address, present: Address, root: Spec, text: str, path: FieldPath
    ) -> Value:
        """Return a text of which the history does not keep the credential, if what was last applied tells it."""
        known = self._remembered(kind, present, root, path)
        if not isinstance(known, str) or hidden(known) != text:
            detail = (
                f"{dotted(path)} of {address} had a credential in it, which the history does not keep. "
                f"{'What is there stays' if isinstance(known, str) else 'It is left out'}."
            )
            self.lost.append(lost("Credential is not kept", detail, address, path))
        return known if isinstance(known, str) else MISSING

    def _secrets_lost(self) -> Iterator[Diagnostic]:
        for (address, why), paths in self._warned.items():
            what = f"{listed(sorted(set(paths)))} of {address}"
            match why:
                case "value":
                    detail = f"The history keeps no secret, and cannot tell that {what} had the present value then."
                    detail += " The present one stays, or is sent where something has to be."
                case "kept":
                    detail = f"The secret of then at {what} is not given here. What the platform has stays."
                case _:
                    detail = f"The secret of then at {what} is not given here, and nothing is known to be there."
            yield lost("Secret is not kept", detail, address)

    def _members(self, address: Address, then: _Then, binding: Binding | None) -> tuple[Spec, ...] | None:
        """Return who was on the list, as far as the files of now name them; None: it stays as it is."""
        members = self.kinds[address.kind].members
        if members is None or then.members is None:
            return None
        wanted, owned = by_member(then.members), by_member(binding.members if binding is not None else EMPTY)
        if wanted == owned and binding is not None:
            return None
        declared = self.stack.resources.get(address)
        found, missing = _found(members, (declared.members if declared else None) or (), wanted, self.state.lineage)
        if missing & owned:
            detail = (
                f"The files do not name all {count(sum(wanted.values()), members.singular)} that {address} had then, "
                f"and the history keeps no {members.singular}. Its list stays as it is."
            )
            self.lost.append(lost("Members are not kept", detail, address))
            return None
        if missing:
            number = count(sum(missing.values()), members.singular)
            detail = (
                f"{number} that {address} had then cannot be put back: the history keeps no {members.singular}, and "
                "the files of now do not name them. Bring the repository in line, and apply."
            )
            self.lost.append(lost("Members are not kept", detail, address))
        return found


def secrets_of(stack: Stack) -> Iterator[Secret]:
    """Yield the secrets that *stack* uses, each as often as it does."""
    specs = (resource.spec for resource in stack.resources.values() if resource.secret_paths)
    yield from (leaf for spec in specs for _, leaf in leaves(spec) if isinstance(leaf, Secret))


def _also(applied: Value, since: Spec, then: Spec) -> Spec:
    """Return *applied* with the keys that were applied *since* and that nothing declared *then*."""
    found = dict(applied) if isinstance(applied, Mapping) else {}
    for key, value in since.items():
        if key not in then:
            found.setdefault(key, value)
        elif isinstance(value, Mapping) and isinstance(then[key], Mapping):
            inner = _also(found.get(key), value, then[key])
            if inner:
                found[key] = inner
    return found


def _adopted(address: Address, number: int) -> Diagnostic:
    detail = (
        f"{address} was live before, and is managed since @{number}. Its fields go back, and it stays managed: files "
        f"that do not declare it would delete it. To let go of it then, type\n  hmsplan state rm {address}"
    )
    return lost("Stays managed", detail, address)


def _declarable(kind: Kind, live: Spec) -> dict[str, Any]:
    """Return of live fields what a stack could declare."""
    return {key: value for key, value in live.items() if key not in kind.computed and value is not None}


def _found(
    members: Members, specs: Iterable[Spec], wanted: Counter[str], lineage: str
) -> tuple[tuple[Spec, ...], Counter[str]]:
    """Return those of *specs* that are *wanted*, and who is missing."""
    missing, found = Counter(wanted), []
    for spec in specs:
        mark = fingerprint(members, spec, lineage)[-MEMBER_HALF:]
        if missing[mark] > 0:
            missing[mark] -= 1
            found.append(spec)
    return tuple(found), +missing

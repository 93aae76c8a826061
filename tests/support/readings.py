"""The three readings that a plan is made of, in as few words as a test can bear: declared, live, and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.model import (
    ANY,
    Address,
    Binding,
    Import,
    Lifecycle,
    Move,
    Pattern,
    PendingCreate,
    Plan,
    Ref,
    RemoteObject,
    Resource,
    ResourceChange,
    Secret,
    Snapshot,
    SourceLine,
    Stack,
    State,
    Step,
    Unsettled,
    leaves,
)
from hmsplan.planner.diff import items_by_key
from hmsplan.planner.members import fingerprint
from hmsplan.planner.planner import Options, make_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import FieldPath

LINEAGE: Final = "11111111-1111-4111-8111-111111111111"
NOW: Final = 1_790_000_000.0
LINE: Final = SourceLine("main.yaml", 3)
LEADS: Final = KINDS["campaigns"].members
TRUNK: Final[Mapping[str, Any]] = {"name": "VoIP", "provider": "custom", "address": "sip.example"}
SPRING: Final[Mapping[str, Any]] = {
    "name": "Spring",
    "agent_id": "a1",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:00:00",
    "timezone": "Europe/Amsterdam",
}
"""A campaign."""


def at(text: str) -> Address:
    """Read an address."""
    return Address.parse(text)


def ref(text: str) -> Ref:
    """Stand for the id of an address."""
    return Ref(at(text))


# Declared


def resource(address: str, leads: Sequence[Mapping[str, Any]] | None = None, /, **more: Any) -> Resource:
    """Declare one object; keywords that a ``Resource`` does not know are its fields."""
    of_resource = {name: more.pop(name) for name in ("via", "locate") if name in more}
    lifecycle = Lifecycle(more.pop("prevent_destroy", False), tuple(more.pop("ignore_changes", ())))
    where = at(address)
    return Resource(
        where,
        more,
        LINE,
        lifecycle,
        members=None if leads is None else tuple(leads),
        refs=tuple(sorted({leaf.address for _, leaf in leaves(more) if isinstance(leaf, Ref)})),
        secret_paths=tuple(_secret_paths(where.kind, more, (), ())) if _has_secret(more) else (),
        **of_resource,
    )


def _has_secret(value: Any) -> bool:
    return any(isinstance(leaf, Secret) for _, leaf in leaves(value))


def _secret_paths(kind: str, value: Any, path: FieldPath, pat: Pattern) -> Iterator[FieldPath]:
    if isinstance(value, Secret):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secret_paths(kind, item, (*path, key), (*pat, key))
    elif isinstance(value, list):
        for name, item in items_by_key(KINDS[kind], pat, value).items():
            yield from _secret_paths(kind, item, (*path, name), (*pat, ANY))


def declared(
    *resources: Resource,
    moved: Iterable[tuple[str, str]] = (),
    imports: Iterable[tuple[str, str]] = (),
    removed: Iterable[str] = (),
    **more: Any,
) -> Stack:
    """Declare a stack."""
    return Stack(
        "acme",
        "default",
        {each.address: each for each in resources},
        moved=tuple(Move(at(origin), at(target), LINE) for origin, target in moved),
        imports=tuple(Import(at(target), object_id, LINE) for target, object_id in imports),
        removed=frozenset(map(at, removed)),
        **more,
    )


# Live


def remote(kind: str, object_id: str, /, **fields: Any) -> RemoteObject:
    """Return one live object, its id among its fields."""
    return RemoteObject(kind, object_id, {"id": object_id, **fields})


def lead(object_id: str, phone_number: str, status: str = "pending", **variables: str) -> RemoteObject:
    """Return one live lead."""
    return remote("leads", object_id, phone_number=phone_number, variables=variables, status=status)


def live(
    *objects: RemoteObject, leads: Mapping[str, Sequence[RemoteObject]] | None = None, kinds: Iterable[str] = KINDS
) -> Snapshot:
    """Return a reading of *kinds* that found *objects*, and the leads of some campaigns."""
    by_kind: dict[str, dict[str, RemoteObject]] = {kind: {} for kind in kinds}
    for each in objects:
        by_kind[each.kind][each.id] = each
    return Snapshot(by_kind, {owner: tuple(found) for owner, found in (leads or {}).items()}, now=NOW)


# Remembered


def bound(
    address: str, object_id: str, /, *leads: Mapping[str, Any], protected: bool = False, **applied: Any
) -> Binding:
    """Remember the object of one address, the fields last applied, and the leads that were added."""
    marks: dict[str, int] = {}
    for each in leads:
        marks[mark(each)] = marks.get(mark(each), 0) + 1
    return Binding(at(address), object_id, applied, protected, marks)


def mark(spec: Mapping[str, Any]) -> str:
    """Return the fingerprint of a lead."""
    assert LEADS is not None
    return fingerprint(LEADS, spec, LINEAGE)


def remembered(*bindings: Binding, **more: Any) -> State:
    """Remember some bindings."""
    return State(LINEAGE, 7, bindings={each.address: each for each in bindings}, **more)


def open_create(address: str, identity: str, /, *, age_s: float = 0.0, **applied: Any) -> PendingCreate:
    """Remember a create whose answer was lost, *age_s* seconds ago."""
    where = at(address)
    return PendingCreate(f"{address}:create", where, where.kind, (identity,), applied, frozenset(), NOW - age_s)


def doubt(intent: PendingCreate, candidates: tuple[str, ...] = (), remaining_s: float = 0.0) -> Unsettled:
    """Return an open create that is not settled."""
    return Unsettled(intent.address, candidates, remaining_s, intent)


# Planned


def planned(
    stack: Stack,
    snapshot: Snapshot | None = None,
    state: State | None = None,
    elsewhere: Mapping[tuple[str, str], str] | None = None,
    kinds: Kinds = KINDS,
    **options: Any,
) -> Plan:
    """Make the plan; other keywords are the command line's."""
    for name in ("targets", "excluded"):
        options[name] = tuple(options.get(name, ()))
    snapshot = snapshot or live(kinds=kinds)
    return make_plan(stack, snapshot, state or remembered(), Options(**options), elsewhere or {}, kinds)


def change_of(plan: Plan, address: str) -> ResourceChange:
    """Return the one change of an address."""
    (found,) = [change for change in plan.changes if change.address == at(address)]
    return found


def step_of(plan: Plan, key: str) -> Step:
    """Return the one step of that key."""
    (found,) = [step for step in plan.steps if step.key == key]
    return found


def keys(plan: Plan) -> list[str]:
    """Return the keys of all steps, in their order."""
    return [step.key for step in plan.steps]

"""A plan in the shape of Terraform's plan JSON, format 1.2, really redacted. Pure.

OPA, conftest, checkov and terraform-compliance read ``resource_changes``, ``planned_values``, ``prior_state`` and
``configuration``. What Terraform only marks in ``*_sensitive`` is also replaced by "(sensitive value)" here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from hmsplan.formats.blast_radius_json import reached_json
from hmsplan.formats.flow_json import flow_json
from hmsplan.formats.member_rows import member_json
from hmsplan.formats.redact import LEAVES, SENSITIVE, bare, managed_before, public_value, sealed
from hmsplan.kinds import KINDS, Kind
from hmsplan.kinds.references import owned_references, owners_of
from hmsplan.model import ANY, Action, DriftKind, Ref, Secret, is_written
from hmsplan.planner.diff import items_by_key
from hmsplan.planner.flow import flow_of

if TYPE_CHECKING:
    from hmsplan.model import Address, Drift, Pattern, Plan, ResourceChange, Spec, Value, Wait

Json: TypeAlias = dict[str, Any]

FORMAT_VERSION: Final = "1.2"
TERRAFORM_VERSION: Final = "1.11.0"
PROVIDER: Final = "registry.terraform.io/hmsplan/hms"
_ACTIONS: Final[Mapping[Action, list[str]]] = {
    Action.NO_OP: ["no-op"],
    Action.CREATE: ["create"],
    Action.UPDATE: ["update"],
    Action.REPLACE: ["create", "delete"],
    Action.DELETE: ["delete"],
    Action.ADOPT: ["no-op"],
    Action.FORGET: ["forget"],
}
_WITHOUT_AFTER: Final = frozenset({Action.DELETE, Action.FORGET})


def terraform_json(plan: Plan) -> Json:
    """Return *plan* without what only hmsplan has a word for."""
    owners = owners_of(plan)
    sides = [(change, *_sides(change)) for change in plan.changes]
    staying = [(change, after) for change, _, after in sides if after is not None]
    return {
        "format_version": FORMAT_VERSION,
        "terraform_version": TERRAFORM_VERSION,
        "variables": {},
        "planned_values": {"root_module": {"resources": [_standing(change, after) for change, after in staying]}},
        "resource_drift": [_drifted(drift, drift.address) for drift in plan.drift if drift.address is not None],
        "resource_changes": [_changed(*each) for each in sides],
        "output_changes": {},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": {
                "root_module": {
                    "resources": [
                        _standing(change, was) for change, was, _ in sides if was is not None and not change.deposed
                    ]
                }
            },
        },
        "configuration": {
            "provider_config": {"hms": {"name": "hms", "full_name": PROVIDER}},
            "root_module": {"resources": [_configured(change, owners) for change, _ in staying]},
        },
        "applyable": bool(plan.pending or plan.steps) and not plan.is_refused and plan.against is None,
        "complete": not plan.targets and not plan.excluded and not plan.unsettled,
        "errored": False,
    }


def resource_type(kind: str) -> str:
    """Return what Terraform would call a resource of *kind*."""
    return f"hms_{KINDS[kind].singular}"


def beyond(change: ResourceChange, *, whole: bool = False) -> Json:
    """Return what Terraform's shape has no place for, of one change; no value of a field is in it.

    Of *whole* ones each member is named; else they are counted.
    """
    calls = change.calls
    flow = flow_of(KINDS[change.address.kind], change)
    return {
        "address": str(change.address),
        "action": str(change.action),
        "deposed": change.deposed,
        "reason": change.reason,
        "notes": list(change.notes),
        "reaches": list(map(reached_json, change.reaches)),
        "calls": None
        if calls is None
        else {"running": calls.running, "recent": calls.recent, "at_least": calls.at_least},
        "started": change.started,
        "released": [list(path) for path in change.released],
        "source": str(change.source) if change.source is not None else None,
        "members": member_json(KINDS[change.address.kind].members, change.members, whole=whole),
        **({"wait": wait_json(change.wait)} if change.wait is not None else {}),
    } | ({"flow": flow_json(flow)} if flow is not None else {})


def wait_json(wait: Wait) -> Json:
    """Return what a change waits for."""
    return {"reason": wait.reason, "until": wait.opening.typed if wait.opening is not None else None}


def action_reason(change: ResourceChange) -> str:
    """Say in Terraform's words why something is replaced or deleted; "" where it has none."""
    if change.action is Action.REPLACE:
        return "replace_because_cannot_update"
    return "delete_because_no_resource_config" if change.action is Action.DELETE and not change.deposed else ""


def _named(address: Address) -> Json:
    return {
        "address": str(address),
        "mode": "managed",
        "type": resource_type(address.kind),
        "name": address.key,
        "provider_name": PROVIDER,
    }


class _Side(NamedTuple):
    """An object as it was or will be.

    Attributes:
        values: its fields for a reader.
        special: those of its fields in which there may be a secret, or an id that is not known yet.
        sensitive: where secrets stand.
    """

    values: Json
    special: Json
    sensitive: Value


def _sides(change: ResourceChange) -> tuple[_Side | None, _Side | None]:
    """Return what was and what will be; None where there is no object."""
    kind = KINDS[change.address.kind]
    before, after = _before(kind, change), _after(kind, change)
    partly = {
        str(field.path[0]): True
        for field in change.fields
        if len(field.path) == 1 and isinstance(field.after, str) and SENSITIVE in field.after
    }
    return None if before is None else _side(before, partly), None if after is None else _side(after, partly)


def _side(fields: Spec, partly: Mapping[str, bool]) -> _Side:
    """Return one side; *partly* are texts of which a part is hidden."""
    special = {key: value for key, value in fields.items() if not _is_json(value)}
    values = {
        key: bare(value) if key in special else value for key, value in fields.items() if not isinstance(value, Ref)
    }
    return _Side(values, special, {**(_marks(special, Secret) or {}), **partly})


def _is_json(value: Value) -> bool:
    """Say whether *value* holds nothing but what JSON has a word for; most do, and need no closer look."""
    if isinstance(value, LEAVES):
        return True
    if type(value) is dict:
        return all(map(_is_json, value.values()))
    return type(value) is list and all(map(_is_json, value))


def _changed(change: ResourceChange, before: _Side | None, after: _Side | None) -> Json:
    unknown = _marks(after.special, Ref) or {} if after is not None else {}
    if change.action in {Action.CREATE, Action.REPLACE}:
        unknown = {"id": True, **unknown}
    found: Json = {
        "actions": ["update"] if change.action is Action.ADOPT and is_written(change) else _ACTIONS[change.action],
        "before": before.values if before is not None else None,
        "after": after.values if after is not None else None,
        "after_unknown": unknown,
        "before_sensitive": before.sensitive if before is not None else False,
        "after_sensitive": after.sensitive if after is not None else False,
    }
    if change.replaces:
        found["replace_paths"] = [list(path) for path in change.replaces]
    if change.action is Action.ADOPT:
        found["importing"] = {"id": change.id}
    entry = _named(change.address) | {"change": found}
    if change.moved_from is not None:
        entry["previous_address"] = str(change.moved_from)
    if change.deposed:
        entry["deposed"] = change.id
    if reason := action_reason(change):
        entry["action_reason"] = reason
    return entry


def _before(kind: Kind, change: ResourceChange) -> Spec | None:
    """Return the managed fields of the live object with its id; None where there is no object."""
    if change.id is None:
        return None
    fields = managed_before(kind, change)
    if change.action is not Action.DELETE:
        touched = {str(field.path[0]) for field in change.fields}
        fields = {
            key: value if key in touched else _projected(kind, value, change.after.get(key), (key,))
            for key, value in fields.items()
        }
    whole = {key: sealed(kind, f.before, (key,)) for f in change.fields if len(f.path) == 1 for key in map(str, f.path)}
    unseen = {key: value for key, value in whole.items() if isinstance(value, Secret)}
    return {"id": change.id, **unseen} | {key: sealed(kind, value, (key,)) for key, value in fields.items()}


def _projected(kind: Kind, live: Value, declared: Value, pat: Pattern) -> Value:
    """Return *live* less the keys that are not in *declared*, at every depth outside user-owned JSON."""
    if pat in kind.atomic:
        return live
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return {
            key: _projected(kind, item, declared[key], (*pat, key)) for key, item in live.items() if key in declared
        }
    if _of_mappings(live) and _of_mappings(declared):
        wanted = items_by_key(kind, pat, declared)
        return [
            _projected(kind, item, wanted.get(key, item), (*pat, ANY))
            for key, item in items_by_key(kind, pat, live).items()
        ]
    return live


def _of_mappings(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _after(kind: Kind, change: ResourceChange) -> Spec | None:
    """Return the declared fields, with the id where it stays; None where no object is managed any more."""
    if change.action in _WITHOUT_AFTER:
        return None
    fields = {key: sealed(kind, value, (key,)) for key, value in change.after.items()}
    return fields if change.action in {Action.CREATE, Action.REPLACE} else {"id": change.id, **fields}


def _marks(value: Value, wanted: type) -> Value:
    """Return the shape of *value* with True where something *wanted* stands; False where it stands nowhere.

    A list keeps its length, as Terraform's does; a mapping keeps only the keys that matter.
    """
    if isinstance(value, wanted):
        return True
    if isinstance(value, Mapping):
        return {key: mark for key, item in value.items() if (mark := _marks(item, wanted))} or False
    if isinstance(value, list):
        marks = [_marks(item, wanted) for item in value]
        if any(marks):
            return [
                mark or ({} if isinstance(item, Mapping) else False) for mark, item in zip(marks, value, strict=True)
            ]
    return False


def _standing(change: ResourceChange, side: _Side) -> Json:
    """Return the object of one side by itself."""
    return _named(change.address) | {
        "schema_version": 0,
        "values": side.values,
        "sensitive_values": side.sensitive,
    }


def _configured(change: ResourceChange, owners: Mapping[str, Address]) -> Json:
    """Say of a declared resource only that it is there and what it refers to, as Terraform names it: type and key."""
    expressions: dict[str, Json] = {}
    for key, needed in owned_references(KINDS[change.address.kind], change.after, owners):
        name = f"{resource_type(needed.kind)}.{needed.key}"
        expressions.setdefault(key, {"references": []})["references"] += [f"{name}.id", name]
    named = _named(change.address)
    del named["provider_name"]
    return named | {"provider_config_key": "hms", "expressions": expressions, "schema_version": 0}


def _drifted(drift: Drift, address: Address) -> Json:
    """Return what changed outside; ``before`` and ``after`` hold nothing but the fields that did."""
    kind = KINDS[drift.kind]
    gone = drift.drift is DriftKind.GONE
    before: Json = {"id": drift.id}
    after: Json = {"id": drift.id}
    for field in drift.fields:
        _put(before, field.path, public_value(kind, field.path, field.before))
        _put(after, field.path, public_value(kind, field.path, field.after))
    return _named(address) | {
        "change": {
            "actions": ["delete"] if gone else ["update"],
            "before": before,
            "after": None if gone else after,
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": False if gone else {},
        }
    }


def _put(into: Json, path: tuple[str | int, ...], value: Value) -> None:
    """Set the value at *path*; an item of a list is named by its index or name, because the others are not told."""
    for part in map(str, path[:-1]):
        if not isinstance(into.get(part), dict):
            into[part] = {}
        into = into[part]
    into[str(path[-1])] = value

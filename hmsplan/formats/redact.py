"""What of a plan may leave: no secret or credential, no lead's whole number, nothing that is not managed. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from operator import is_
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS, Kind
from hmsplan.kinds.conceal import without_credentials
from hmsplan.model import (
    ANY,
    EMPTY,
    MISSING,
    Action,
    FieldChange,
    MembersChange,
    Missing,
    Pattern,
    Ref,
    Secret,
    is_pending,
)
from hmsplan.planner.diff import pattern_of
from hmsplan.planner.digest import added
from hmsplan.secrets.detect import HIDDEN, hidden

if TYPE_CHECKING:
    from hmsplan.model import Drift, FieldPath, Plan, ResourceChange, Spec, Step, Unsettled, Value


LEAVES: Final = (str, int, float, type(None))
"""What most values are, and needs no closer look."""
SENSITIVE: Final = HIDDEN
UNKNOWN: Final = "(known after apply)"
UNSEEN: Final = "(cannot be seen)"
_SHOWN_DIGITS: Final = 2
_LEAST_DIGITS: Final = 7
"""Of a shorter number none is shown."""
_MASKED: Final = re.compile(rf"…(?:[0-9]{{{_SHOWN_DIGITS}}})?|{re.escape(UNSEEN)}")


def public_plan(plan: Plan) -> Plan:
    """Return what a saved plan keeps of *plan*; the text of the two is the same.

    Bodies of requests go, because an apply makes its own plan and compares. So do the values that are not managed, and
    phone numbers of leads but for their last two digits.
    """
    return kept(shown(plan, whole=True))


def kept(plan: Plan) -> Plan:
    """Return what a saved plan keeps of a *plan* that is ``shown`` already."""
    return replace(
        plan,
        changes=tuple(map(_public_change, plan.changes)),
        drift=tuple(map(_public_drift, plan.drift)),
        steps=tuple(map(_public_step, plan.steps)),
        unsettled=tuple(map(_public_unsettled, plan.unsettled)),
    )


def shown(plan: Plan, *, whole: bool = False) -> Plan:
    """Return *plan* as a reader may see it: without the credentials in its URLs. What an apply sends is not in it.

    What does not change is looked through only when the *whole* of it is shown.
    """
    return replace(
        plan,
        changes=tuple(_shown_change(each) if whole or is_pending(each) else each for each in plan.changes),
        drift=tuple(map(shown_drift, plan.drift)),
        warnings=tuple(replace(each, detail=hidden(each.detail)) for each in plan.warnings),
    )


def _shown_change(change: ResourceChange) -> ResourceChange:
    before, after = without_credentials(change.before), without_credentials(change.after)
    fields = tuple(map(shown_field, change.fields))
    if before is change.before and after is change.after and all(map(is_, fields, change.fields)):
        return change
    return replace(change, before=before, after=after, fields=fields)


def shown_drift(drift: Drift) -> Drift:
    """Return *drift* without the credentials in its URLs."""
    return replace(drift, fields=tuple(map(shown_field, drift.fields)))


def shown_field(field: FieldChange) -> FieldChange:
    """Return *field* without the credentials in its URLs; the same one where there are none."""
    before, after = without_credentials(field.before), without_credentials(field.after)
    return field if before is field.before and after is field.after else FieldChange(field.path, before, after)


def _public_change(change: ResourceChange) -> ResourceChange:
    kind = KINDS[change.address.kind]
    return replace(
        change,
        before={key: sealed(kind, value, (key,)) for key, value in managed_before(kind, change).items()},
        after={key: sealed(kind, value, (key,)) for key, value in change.after.items()},
        fields=tuple(_sealed_field(kind, field) for field in change.fields),
        members=_masked_members(kind, change.members),
    )


def managed_before(kind: Kind, change: ResourceChange) -> dict[str, Value]:
    """Return the live fields that the plan is about: the declared ones, or for a delete all but the platform's own."""
    if change.action is Action.DELETE:
        return {key: value for key, value in change.before.items() if key not in kind.computed}
    about = change.after.keys() | {str(path[0]) for path in (*change.released, *(f.path for f in change.fields))}
    return {key: value for key, value in change.before.items() if key in about}


def _sealed_field(kind: Kind, field: FieldChange) -> FieldChange:
    pat = pattern_of(kind, field.path)
    return FieldChange(field.path, sealed(kind, field.before, pat), sealed(kind, field.after, pat))


def sealed(kind: Kind, value: Value | Missing, pat: Pattern) -> Value | Missing:
    """Return *value* with whatever stands at the place of a secret wrapped as one; shares what holds none."""
    if not kind.may_hold_secret(pat):
        return value
    if kind.is_secret(pat):
        if value is None or value is MISSING or isinstance(value, Secret):
            return value
        known = isinstance(value, Mapping) and "$secret" in value
        return Secret.remembered(value) if known else Secret(Secret.LIVE)
    if isinstance(value, Mapping):
        return {key: sealed(kind, item, (*pat, key)) for key, item in value.items()}
    return [sealed(kind, item, (*pat, ANY)) for item in value] if isinstance(value, list) else value


def _masked_members(kind: Kind, members: MembersChange | None) -> MembersChange | None:
    if members is None or kind.members is None:
        return None
    first = kind.members.identity[0]

    def mask(spec: Spec) -> Spec:
        return {first: masked(spec.get(first))}

    remove = tuple(replace(item, fields=mask(item.fields)) for item in members.remove)
    add = tuple(map(mask, members.add))
    return replace(members, add=add, remove=remove, mark=added(members) if members.add else "")


def _public_drift(drift: Drift) -> Drift:
    return replace(drift, fields=tuple(_sealed_field(KINDS[drift.kind], field) for field in drift.fields))


def _public_step(step: Step) -> Step:
    return replace(step, spec=EMPTY, records=None, members=None, expects=(), calls=None)


def _public_unsettled(item: Unsettled) -> Unsettled:
    return item if item.intent is None else replace(item, intent=replace(item.intent, applied=EMPTY))


def public_value(kind: Kind, path: FieldPath, value: Value | Missing) -> Value:
    """Return *value* as plain JSON for a reader: a secret as "(sensitive value)", an unknown id and MISSING as null."""
    return bare(sealed(kind, value, pattern_of(kind, path)))


def bare(value: Value | Missing) -> Value:
    """Return *value* as plain JSON; a key whose id is not known yet is left out."""
    if isinstance(value, LEAVES):
        return value
    if value is MISSING or isinstance(value, Ref):
        return None
    if isinstance(value, Secret):
        return SENSITIVE
    if isinstance(value, dict | Mapping):
        return {key: bare(item) for key, item in value.items() if not isinstance(item, Ref)}
    return [bare(item) for item in value] if isinstance(value, list | tuple) else value


def masked(phone_number: object) -> str:
    """Return the last two digits of a lead's phone number, ``…37``: a CI log need not know whom we call."""
    text = UNSEEN if phone_number is None else str(phone_number)
    if _MASKED.fullmatch(text):  # done before
        return text
    digits = re.sub("[^0-9]", "", text)
    return f"…{digits[-_SHOWN_DIGITS:]}" if len(digits) >= _LEAST_DIGITS and not text.endswith("•") else "…"

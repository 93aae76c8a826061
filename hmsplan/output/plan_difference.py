"""What moved between a saved plan and a fresh one, by object and field. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.formats.member_rows import counts
from hmsplan.formats.redact import public_plan
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, FieldChange, Missing, is_pending
from hmsplan.output.changes import what_happens
from hmsplan.output.lines import safe
from hmsplan.output.members import counts_text
from hmsplan.output.plan_page import names_of
from hmsplan.output.values import Look, brief, path_text
from hmsplan.planner.diff import pattern_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmsplan.model import Address, FieldPath, MembersChange, Plan, ResourceChange, Value


def explain_difference(saved: Plan, fresh: Plan) -> list[str]:
    """Say, one line a fact, why *fresh* is not what *saved* promised; empty when the two mean the same.

    Every line is safe to show. A saved plan does not hold the whole phone numbers of leads, so that a lead is another
    one is said without its number.
    """
    found = [*elsewhere(saved, fresh), *_scope(saved, fresh)]
    old, new = (_by_object(public_plan(plan)) for plan in (saved, fresh))
    names = names_of(saved)
    everything = {(c.address, c.deposed): c for c in fresh.changes}
    for key in sorted(old.keys() | new.keys()):
        if key not in new:
            found.append(_no_longer(old[key], everything.get(key[:2])))
        elif key not in old:
            found.append(f"{key[0]} was not planned and is now: {what_happens(new[key])}")
        else:
            found += _moved(old[key], new[key], names)
    if not found and saved.digest != fresh.digest:
        found.append("the two differ in something that a saved plan does not show")
    return found


def elsewhere(saved: Plan, fresh: Plan) -> list[str]:
    """Say, one line a fact, why *fresh* is for another place than *saved*, where both do the same; safe to show.

    A digest does not know the state; where the organization was not told, it does not know that either.
    """
    found = []
    if None not in (saved.organization, fresh.organization) and saved.organization != fresh.organization:
        was, now = safe(str(saved.organization)), safe(str(fresh.organization))
        found.append(f"the plan is for organization {was}, this is organization {now}")
    if saved.lineage != fresh.lineage and saved.serial and fresh.serial:  # before its first write a state is no state
        found.append("the plan was made from another state (its lineage differs)")
    return found


def _scope(saved: Plan, fresh: Plan) -> Iterator[str]:
    for name in ("stack", "environment"):
        was, now = getattr(saved, name), getattr(fresh, name)
        if was != now:
            yield f"the plan is for {name} {safe(str(was))}, this is {name} {safe(str(now))}"
    was, now = (f"a rollback to @{p.rollback.to.number}" if p.rollback else "one of the files" for p in (saved, fresh))
    if was != now:
        yield f"the plan is {was}, this is {now}"
    if saved.targets != fresh.targets:
        was, now = (", ".join(map(safe, plan.targets)) or "everything" for plan in (saved, fresh))
        yield f"the plan is limited to {was}, this one to {now}"
    if saved.excluded != fresh.excluded:
        was, now = (", ".join(map(safe, plan.excluded)) or "nothing" for plan in (saved, fresh))
        yield f"the plan leaves out {was}, this one {now}"


def _by_object(plan: Plan) -> dict[tuple[Address, bool, str], ResourceChange]:
    return {(c.address, c.deposed, (c.id or "") if c.deposed else ""): c for c in plan.changes if is_pending(c)}


def _no_longer(was: ResourceChange, now: ResourceChange | None) -> str:
    why = "it is neither declared nor managed now" if now is None else "it matches the stack by now"
    return f"{was.address} is no longer planned ({what_happens(was)}): {why}"


def _moved(was: ResourceChange, now: ResourceChange, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what differs between two changes of one address."""
    if (was.action, was.moved_from) != (now.action, now.moved_from):
        yield f"{was.address}: the plan said it {what_happens(was)}, now it {what_happens(now)}"
        if was.action is not now.action:
            return
    elif was.id != now.id:
        yield f"{was.address}: was the object {safe(str(was.id))} when planned, is {safe(str(now.id))} now"
    keys = was.before.keys() | now.before.keys() if was.action is Action.DELETE else set()
    old, new = (_fields(change, keys) for change in (was, now))
    for path in sorted(old.keys() | new.keys(), key=str):
        yield from _field(was.address, old.get(path), new.get(path), now, names)
    for path in sorted(set(was.released) ^ set(now.released), key=str):
        word = "is no longer released" if path in was.released else "is released, which was not planned"
        yield f"{was.address} {path_text(KINDS[was.address.kind], path)}: {word}"
    yield from _members(was, now)


def _fields(change: ResourceChange, gone: Iterable[str]) -> dict[FieldPath, FieldChange]:
    """Return the fields by path; of an object that goes away, all that are *gone* with it."""
    left = (FieldChange((key,), change.before.get(key, MISSING), MISSING) for key in gone)
    return {field.path: field for field in (*change.fields, *left)}


def _field(
    address: Address, was: FieldChange | None, now: FieldChange | None, change: ResourceChange, names: Mapping[str, str]
) -> Iterator[str]:
    field = was or now
    if field is None or was == now:
        return
    kind = KINDS[address.kind]
    look = Look(kind, names=names)
    pat, name = pattern_of(kind, field.path), f"{address} {path_text(kind, field.path)}"

    def shown(value: Value | Missing, than: Value | Missing = MISSING) -> str:
        text = brief(look, value, pat)
        return f"another {text}" if than is not MISSING and brief(look, than, pat) == text else text

    if was is None and now is not None:
        yield f"{name}: {shown(now.before)} -> {shown(now.after)} was not planned"
    elif now is None and was is not None:
        is_there = "is what was planned by now" if field.path[0] in change.after else "is not declared any more"
        yield f"{name}: was {shown(was.before)} when planned, {is_there}"
    elif was is not None and now is not None:
        if was.before != now.before:
            yield f"{name}: was {shown(was.before)} when planned, is {shown(now.before, was.before)} now"
        if was.after != now.after:
            yield f"{name}: {shown(was.after)} was planned, {shown(now.after, was.after)} is declared now"


def _without_places(members: MembersChange | None) -> MembersChange | None:
    """Return *members* wherever they are written: a line more in the file changes nothing of what is done."""
    return None if members is None else replace(members, places=())


def _members(was: ResourceChange, now: ResourceChange) -> Iterator[str]:
    kind = KINDS[was.address.kind].members
    if kind is None or _without_places(was.members) == _without_places(now.members):
        return
    old, new = (counts(c.members) if c.members is not None else (0, 0, 0) for c in (was, now))
    if old != new:
        yield f"{was.address} {kind.name}: planned were {counts_text(old)}, now {counts_text(new)}"
    elif was.members is not None and now.members is not None and was.members.pending != now.members.pending:
        yield f"{was.address} {kind.name}: {was.members.pending} were pending when planned, {now.members.pending} now"
    else:
        yield f"{was.address} {kind.name}: other {kind.name} than were planned"

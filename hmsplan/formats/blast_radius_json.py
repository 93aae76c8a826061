"""Whom a change reaches, for machines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from hmsplan.model import Plan, Reached


def met_by(plan: Plan) -> tuple[Reached, ...]:
    """Return the numbers and campaigns that a plan reaches, each once."""
    found = {
        (each.kind, each.id): each
        for change in plan.pending
        for each in change.reaches
        if KINDS[each.kind].meets_people and not each.copies
    }
    return tuple(found.values())


def blast_radius_json(plan: Plan) -> dict[str, Any]:
    """Return the same for machines."""
    met = met_by(plan)
    waiting = [each.waiting for each in met if KINDS[each.kind].members is not None]
    return {
        **{name: sum(each.kind == name for each in met) for name, kind in KINDS.items() if kind.meets_people},
        "waiting": None if None in waiting else sum(each for each in waiting if each is not None),
        "unread": list(plan.unread),
    }


def reached_json(met: Reached) -> dict[str, Any]:
    """Return one of ``ResourceChange.reaches`` for machines."""
    return {
        "kind": met.kind,
        "name": met.name,
        "id": met.id,
        "address": str(met.address) if met.address is not None else None,
        "waiting": met.waiting,
        "at_most": met.at_most,
        "copies": met.copies or None,
    }

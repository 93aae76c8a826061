"""Which object refers to which. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.model import Address, Plan, Ref, Spec, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.kinds import Kind


def owners_of(plan: Plan) -> dict[str, Address]:
    """Return which address of *plan* an id belongs to."""
    return {change.id: change.address for change in plan.changes if change.id is not None and not change.deposed}


def references(kind: Kind, fields: Spec, owners: Mapping[str, Address]) -> Iterator[tuple[str, Address]]:
    """Yield each field that refers to another object of the plan, by an id that is known or not, and that object."""
    for pattern in kind.refs:
        for _, value in values_at(fields, pattern):
            needed = value.address if isinstance(value, Ref) else owners.get(value) if isinstance(value, str) else None
            if needed is not None:
                yield pattern[0], needed

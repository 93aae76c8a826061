"""What an export takes out because the loader or the planner would not accept it, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.kinds import KINDS
from hmsplan.model import Severity, Topic, dotted, matches, values_at
from hmsplan.planner.places import indexed_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmsplan.kinds import Kind
    from hmsplan.model import Address, Diagnostic, FieldPath, Plan, Spec


@dataclass(slots=True)
class Choices:
    """Found out in earlier rounds, and kept in the next ones.

    Attributes:
        dropped: objects that cannot be declared at all.
        pruned: fields that cannot.
        alone: assistants whose tools are written out, and templates that are not named.
    """

    dropped: dict[Address, str] = field(default_factory=dict)
    pruned: dict[Address, dict[FieldPath, str]] = field(default_factory=dict)
    alone: set[Address] = field(default_factory=set)
    _new: set[tuple[Address, FieldPath]] = field(default_factory=set)

    def heed(self, diagnostics: Iterable[Diagnostic], specs: Mapping[Address, Spec]) -> bool:
        """Take out what the loader refused; say whether that may help.

        Args:
            diagnostics: what it said.
            specs: what was written.
        """
        helped = False
        self._new.clear()
        for found in diagnostics:
            if found.severity is not Severity.ERROR or found.address is None:
                continue
            if found.topic is Topic.TEMPLATE:
                helped |= found.address not in self.alone
                self.alone.add(found.address)
            elif found.address in specs:
                self.take_out(found.address, found.path, f"{found.summary}: {found.detail}", specs[found.address])
                helped = True
        return helped

    def heed_plan(self, plan: Plan, specs: Mapping[Address, Spec]) -> bool:
        """Take out what the next plan would change; say whether there was anything."""
        changes = [change for change in plan.pending if change.address in specs]
        self._new.clear()
        for change in changes:
            why = "hmsplan would read it back differently, and change it"
            spec, address = specs[change.address], change.address
            if change.members is not None and (members := KINDS[address.kind].members) is not None:
                self.take_out(address, (members.name,), why, spec)
            for each in change.fields:
                if address not in self.alone and _names_template(KINDS[address.kind], spec, each.path[0]):
                    self.alone.add(address)
                else:
                    self.take_out(address, each.path, why, spec)
            if change.members is None and not change.fields:
                self.dropped[address] = why
        return bool(changes)

    def take_out(self, address: Address, path: FieldPath, why: str, spec: Spec) -> None:
        """Leave out one field, or as much around it as makes no sense without it."""
        kind = KINDS[address.kind]
        place = _removable(spec, indexed_path(kind, spec, path))
        atomic = next(
            (place[:n] for n in range(1, len(place)) if any(matches(place[:n], p) for p in kind.atomic)), None
        )
        place = atomic or place
        known = self.pruned.setdefault(address, {})
        if (address, place) in self._new:  # a second reason of this round: whether the first is enough shows the next
            return
        if not place or place in known or _is_needed(kind, place):
            self.dropped.setdefault(address, f"{dotted(path)}: {why}" if path else why)
        else:
            known[place] = why
            self._new.add((address, place))


def _is_needed(kind: Kind, place: FieldPath) -> bool:
    """Say whether the object makes no sense without what stands at *place*."""
    match place:
        case (name,):
            return name in kind.required | {kind.identity}
        case (block, name):
            return block in kind.required and name in kind.required_in.get(str(block), ())
    return False


def _names_template(kind: Kind, spec: Spec, field: str | int) -> bool:
    """Say whether a template is pasted into the *field* of what is written."""
    places = [pattern for pattern in kind.expands if pattern[0] == field]
    return any(isinstance(value, str) for pattern in places for _, value in values_at(spec, pattern))


def _removable(spec: Any, path: FieldPath) -> FieldPath:
    """Return what has to go for *path*: itself, the block that lacks it, or the whole list that it stands in."""
    value: Any = spec
    place: FieldPath = ()
    for part in path:
        is_there = part in value if isinstance(value, dict) else isinstance(value, list) and isinstance(part, int)
        if not is_there:
            break
        value, place = value[part], (*place, part)
    while place and isinstance(place[-1], int):
        place = place[:-1]
    return place


def without(spec: dict[str, Any], path: FieldPath) -> None:
    """Take the field at *path* out of *spec*, in place, if it is there."""
    value: Any = spec
    for part in path[:-1]:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(value, dict):
        value.pop(path[-1], None)

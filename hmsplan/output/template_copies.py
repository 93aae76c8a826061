"""What an object has only because a template has it: that is drawn once, at the template. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from hmsplan.kinds import KINDS
from hmsplan.kinds.expand import expanded
from hmsplan.model import EMPTY, MISSING, Action, matches
from hmsplan.planner.diff import same

if TYPE_CHECKING:
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, FieldChange, FieldPath, Missing, Pattern, Plan, ResourceChange, Spec, Value


class Copied(NamedTuple):
    """Where a template was pasted in, and which one."""

    path: FieldPath
    template: Address


class _Template(NamedTuple):
    """What a template stands for, before and after; *old* is empty unless the template changes."""

    kind: str
    old: Spec
    new: Spec


class TemplateCopies:
    """The templates of a plan, and who has the same as they."""

    def __init__(self, plan: Plan) -> None:
        self._templates = {
            change.address: _template(KINDS[change.address.kind], change)
            for change in plan.changes
            if KINDS[change.address.kind].expansion is not None
        }

    def changes(self, change: ResourceChange) -> dict[FieldPath, Copied]:
        """Return the changed fields whose template changes in just that way, by their path.

        A field that had another value than the template is not among them: its reader has to see what it loses.
        """
        if change.action is not Action.UPDATE:
            return {}
        found: dict[FieldPath, Copied] = {}
        for place, address, template in self._pasted(change):
            for field in change.fields if template.old else ():
                at = field.path[: len(place)]
                if matches(at, place) and _is_named(at, place, template) and _is_part(field, len(place), template):
                    found[field.path] = Copied(at, address)
        return found

    def is_all(self, change: ResourceChange) -> bool:
        """Say whether all that changes does so because a template does."""
        return len(self.changes(change)) == len(change.fields) > 0

    def source(self, change: ResourceChange, pattern: Pattern, value: Mapping[str, Value]) -> Address | None:
        """Return the template that *value*, which stands at *pattern*, is a copy of."""
        return next(
            (a for place, a, template in self._pasted(change) if place == pattern and same(template.new, value)), None
        )

    def _pasted(self, change: ResourceChange) -> list[tuple[Pattern, Address, _Template]]:
        places = KINDS[change.address.kind].expands.items()
        known = [(address, self._templates[address]) for address in change.pasted if address in self._templates]
        return [(place, a, template) for place, kind in places for a, template in known if template.kind == kind]


def _template(kind: Kind, change: ResourceChange) -> _Template:
    new = expanded(kind, {**change.before, **change.after})
    return _Template(kind.name, expanded(kind, change.before) if change.action is Action.UPDATE else EMPTY, new)


def _is_named(at: FieldPath, place: Pattern, template: _Template) -> bool:
    """Say whether the item of a keyed list is that of the template."""
    return at == place or at[-1] == template.new.get("name")


def _is_part(field: FieldChange, depth: int, template: _Template) -> bool:
    rest = field.path[depth:]
    return same(_at(template.old, rest), field.before) and same(_at(template.new, rest), field.after)


def _at(value: Value | Missing, path: FieldPath) -> Value | Missing:
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(str(part), MISSING)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return MISSING
    return value

"""What the API does not show, said as it is: a field that was never compared is not called equal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, Diagnostic, Severity, dotted, leaves
from hmsplan.planner.diff import pattern_of
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import FieldChange, FieldPath, ResourceChange, Spec


def unseen_fields(kind: Kind, applied: Spec, live: Spec) -> Iterator[FieldPath]:
    """Name the applied fields whose live value the API does not tell."""
    for path, _ in leaves(applied):
        if path[-1] == "$secret":
            yield path[:-1]
    yield from ((key,) for key in _write_only(kind, applied, live))


def why_unconfirmed(kind: Kind, fields: Iterable[FieldChange], unconfirmed: Collection[str]) -> list[str]:
    """Say for people which of *fields* are sent again because an earlier apply did not learn what became of them."""
    paths = {f.path[:1] if f.path[0] in kind.write_only else f.path for f in fields if f.path[0] in unconfirmed}
    again = sorted(dotted(p) for p in paths if p[0] in kind.write_only or kind.is_secret(pattern_of(kind, p)))
    return (
        [f"{listed(again)}: it is not known whether the last apply still set it, so it is sent again"] if again else []
    )


def why_blind(kind: Kind, fields: Iterable[FieldChange], live: Spec, unconfirmed: Collection[str] = ()) -> list[str]:
    """Say for people which of *fields* are sent without a look at what is there, and which may stay in spite of it."""
    fields = tuple(fields)
    blind = [f for f in fields if f.path[0] in kind.write_only and f.path[0] not in live]
    new = [dotted(f.path) for f in blind if f.before is MISSING and len(f.path) == 1 and f.path[0] not in unconfirmed]
    kept = [dotted(f.path) for f in blind if f.after is MISSING and f.path[0] in kind.posted_to]
    notes = [f"{listed(new)} cannot be seen: sent in any case"] if new else []
    if kept:
        what = "it" if len(kept) == 1 else "them"
        notes.append(
            f"the platform merges {kept[0].split('.')[0]}: it is sent null for {listed(kept)}, and may keep {what}"
        )
    return notes


def not_compared(changes: Iterable[ResourceChange], kinds: Kinds = KINDS) -> Iterator[Diagnostic]:
    """Warn of declared fields that stay as they are because the API does not show them."""
    found = []
    for change in changes:
        kind = kinds[change.address.kind]
        if not kind.write_only:
            continue
        sent = {str(field.path[0]) for field in change.fields}
        sent |= {along for name in sent for along in kind.together.get(name, ())}
        if change.id is not None and change.action in {Action.NO_OP, Action.UPDATE, Action.ADOPT}:
            names = [n for n in _write_only(kind, change.after, change.before) if n not in sent]
            found += [f"{listed(names)} of {change.address}"] if names else []
    if found:
        detail = f"The API does not show {listed(found)}, so what is there now cannot be compared with the stack."
        yield Diagnostic("Not compared", detail, severity=Severity.WARNING)


def _write_only(kind: Kind, fields: Spec, live: Spec) -> Iterator[str]:
    return (key for key in sorted(kind.write_only) if fields.get(key) is not None and key not in live)

"""Which update cannot be sent because a secret has to go along that nobody here knows. Pure.

A nested block is sent whole, so what nobody declared goes along as it is live. Where the API shows a mask in the place
of a secret, the mask would become the secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.diff import items_by_key
from hmsplan.kinds import ANY
from hmsplan.model import MISSING, Action, Diagnostic, Secret, dotted
from hmsplan.overlay import leaves, overlay
from hmsplan.secrets.masks import is_mask, sounds_secret

if TYPE_CHECKING:
    from hmsplan.kinds import Kind, Pattern
    from hmsplan.model import FieldPath, ResourceChange, Value


def unsendable(kind: Kind, change: ResourceChange) -> list[Diagnostic]:
    """Name each secret that the PATCH of *change* would have to carry and of which only a mask is known.

    A declared secret is none of them: whether it has a value is checked when the stack is read.
    """
    if change.action not in {Action.UPDATE, Action.ADOPT} or not kind.patchable:
        return []
    names = {str(field.path[0]) for field in change.fields}
    names |= {name for top in names for name in kind.together.get(top, ()) if name in change.after}
    removed = [field.path for field in change.fields if field.after is MISSING]
    body = overlay(kind, {name: change.after.get(name) for name in sorted(names)}, change.before, removed)
    return [_problem(kind, change, path, body) for path, leaf in leaves(body) if is_masked(path, leaf)]


def is_masked(path: FieldPath, leaf: Value) -> bool:
    """Say whether *leaf* of an answer is the mask of a secret; without its value, as in a snapshot, nobody can tell."""
    if isinstance(leaf, Secret):
        return leaf.name == Secret.LIVE and leaf.reveal() is not None and is_mask(leaf.reveal() or "")
    return isinstance(leaf, str) and leaf != "" and sounds_secret(path[-1]) and is_mask(leaf)


def _problem(kind: Kind, change: ResourceChange, path: FieldPath, body: Value) -> Diagnostic:
    named = _named(kind, path, body)
    is_declarable = tuple(ANY if isinstance(part, int) else part for part in path) in kind.secrets
    advice = (
        f"Declare it at {dotted(named)}: ${{secret:name}}, and give its value as HMSPLAN_SECRET_NAME."
        if is_declarable
        else f"It is no field that can be declared: change {path[0]} in the dashboard, and leave it alone here "
        f"(lifecycle: {{ignore_changes: [{path[0]}]}})."
    )
    detail = (
        f"{path[0]} changes and is sent whole, {dotted(named)} with it. Nothing declares that secret, and the API "
        f"shows only a mask of it, which would become the secret. {advice}"
    )
    return Diagnostic("Secret unknown", detail, change.source, change.address, named)


def _named(kind: Kind, path: FieldPath, value: Value) -> FieldPath:
    """Return *path* with the names of keyed items in place of their indexes."""
    named: FieldPath = ()
    pat: Pattern = ()
    for part in path:
        key: str | int = part
        if isinstance(value, list) and isinstance(part, int):
            key = list(items_by_key(kind, pat, value))[part]
        named, pat = (*named, key), (*pat, ANY if isinstance(part, int) else part)
        value = value[part]
    return named

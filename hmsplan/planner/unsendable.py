"""Which update cannot be sent because a secret has to go along that is unknown here. Pure.

A nested block is sent whole, so what is not declared goes along as it is live. Where the API shows a mask in the place
of a secret, the mask would become the secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import (
    ANY_KEY,
    MISSING,
    Action,
    Diagnostic,
    Refusal,
    Risk,
    Secret,
    dotted,
    leaves,
    pattern_of,
    values_at,
)
from hmsplan.planner.diff import at_path
from hmsplan.planner.places import named_path
from hmsplan.planner.request_body import overlay
from hmsplan.secrets.detect import is_mask, sounds_secret
from hmsplan.secrets.urls import receiver
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import Address, Binding, FieldPath, ResourceChange, Value


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
    masked = [_problem(kind, change, path, body) for path, leaf in leaves(body) if is_masked(path, leaf)]
    return [*masked, *_not_declared(kind, change)]


def _not_declared(kind: Kind, change: ResourceChange) -> Iterator[Diagnostic]:
    """Name the maps of secrets that have to go along to another receiver, and that nothing declares.

    "When url moves to another host, headers must be sent in the same call."
    """
    for field in change.fields:
        sides = [side for side in (field.before, field.after) if isinstance(side, str)]
        for name in kind.together.get(str(field.path[0]), ()) if len(set(map(receiver, sides))) > 1 else ():
            if name in kind.shown_names and name not in change.after and (there := change.before.get(name)):
                detail = (
                    f"{dotted(field.path)} moves to another host, and the platform wants all {name} with it. It has "
                    f"{listed(sorted(there))} and does not show what is in them. Declare {name}: each as "
                    "${secret:name}, or {} to take them all away."
                )
                yield Diagnostic("Secret unknown", detail, change.source, change.address, (name,))


def may_lose(
    changes: Iterable[ResourceChange], bindings: Mapping[Address, Binding], kinds: Kinds = KINDS
) -> Iterator[Refusal]:
    """Refuse to send a block whole that may hold a secret of which no answer tells, until it was sent once.

    "Whether a per-tool secret is echoed by GET is not documented": where it is not, the PATCH would take it away.
    """
    for change in changes:
        kind, binding = kinds[change.address.kind], bindings.get(change.address)
        known = binding.sent if binding is not None else frozenset[str]()
        names = {str(field.path[0]) for field in change.fields} - known
        if change.action in {Action.UPDATE, Action.ADOPT} and (places := sorted(_doubtful(kind, change, names))):
            told = ", ".join(map(dotted, places))
            yield Refusal(
                Risk.EGRESS,
                change.address,
                f"{places[0][0]} is sent whole, and the API does not show whether there is a secret at {told}; one "
                "would be lost. Declare it as ${secret:name}, or allow this once",
            )


def _doubtful(kind: Kind, change: ResourceChange, names: Collection[str]) -> Iterator[FieldPath]:
    """Yield where a secret may stand live of which nothing is seen, and that the stack does not declare."""
    for pattern in kind.secrets:
        if len(pattern) < 2 or pattern[0] not in names:  # noqa: PLR2004 -- a field, and a secret in it
            continue
        if pattern[-1] == ANY_KEY:  # of such a map the API shows the names
            continue
        for path, block in values_at(change.before, pattern[:-1]):
            if isinstance(block, Mapping) and pattern[-1] not in block:
                place = (*named_path(kind, change.before, path), pattern[-1])
                if at_path(kind, change.after, place) in (None, MISSING):
                    yield place


def is_masked(path: FieldPath, leaf: Value) -> bool:
    """Say whether *leaf* of an answer is the mask of a secret; without its value, as in a snapshot, that is unknown."""
    if isinstance(leaf, Secret):
        return leaf.name == Secret.LIVE and leaf.reveal() is not None and is_mask(leaf.reveal() or "")
    return isinstance(leaf, str) and leaf != "" and sounds_secret(path[-1]) and is_mask(leaf)


def _problem(kind: Kind, change: ResourceChange, path: FieldPath, body: Value) -> Diagnostic:
    named = named_path(kind, body, path)
    is_declarable = kind.is_secret(pattern_of(path))
    advice = (
        f"Declare it at {dotted(named)}: ${{secret:name}}, and give its value as HMSPLAN_SECRET_NAME."
        if is_declarable
        else f"It is not a field that can be declared: change {path[0]} in the dashboard, and leave it alone here "
        f"(lifecycle: {{ignore_changes: [{path[0]}]}})."
    )
    detail = (
        f"{path[0]} changes and is sent whole, {dotted(named)} with it. Nothing declares that secret, and the API "
        f"shows only a mask of it, which would become the secret. {advice}"
    )
    return Diagnostic("Secret unknown", detail, change.source, change.address, named)

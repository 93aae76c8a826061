"""How an object of a kind is created, changed and deleted: by its URL, or by a name in the body.

Most kinds are a list at ``Kind.path`` and an object below it, with POST, PATCH and DELETE. Where the organization has
one object, that lives at the path itself; where it has one by name (a provider's key), the body says which, and a POST
takes the place of what is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.api.refresh import parse_one
from hmsplan.api.urls import segments
from hmsplan.kinds.identity import identity_of
from hmsplan.model import RemoteObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.api.client import Before, WriteClient
    from hmsplan.api.urls import Segments
    from hmsplan.kinds import Kind


async def create_object(
    client: WriteClient, kind: Kind, body: Mapping[str, Any], before: Before
) -> RemoteObject | None:
    """POST one object; None when the answer holds none. Raises as ``WriteClient.post``."""
    return parse_one(kind, await client.post(segments(kind.path), body, before=before), identity_of(kind, body))


async def change_object(
    client: WriteClient, kind: Kind, live: RemoteObject, body: Mapping[str, Any], before: Before
) -> RemoteObject | None:
    """Send the changed fields of one object; None when no answer shows it. Raises as ``WriteClient.patch``.

    Fields that another path takes travel on their own, after the others.
    """
    body = {key: {} if value is None and key in kind.emptied else value for key, value in body.items()}
    if not kind.named_by:
        answer = await client.patch(_where(kind, live.id), body, before=before)
        return parse_one(kind, answer, identity_of(kind, live.fields))
    name = {kind.named_by: live.fields[kind.named_by]}
    fields: dict[str, Any] = {}
    main = {key: value for key, value in body.items() if key not in kind.posted_to and key != kind.named_by}
    parts = [(kind.path, main)] if main else []
    parts += [(path, {field: body[field]}) for field, path in kind.posted_to.items() if field in body]
    for path, part in parts:
        answer = await client.post(segments(path), {**name, **part}, before=before)
        shown = parse_one(kind, answer, identity_of(kind, live.fields))
        fields |= shown.fields if shown is not None else {}
    return RemoteObject(kind.name, live.id, {**live.fields, **fields}) if fields else None


async def delete_object(client: WriteClient, kind: Kind, live: RemoteObject, before: Before) -> None:
    """DELETE one object. Raises as ``WriteClient.delete``."""
    name = {kind.named_by: live.fields[kind.named_by]} if kind.named_by else None
    await client.delete(_where(kind, live.id), name, before=before)


def _where(kind: Kind, object_id: str) -> Segments:
    return segments(kind.path) if kind.unfold is not None else segments(kind.path, object_id)

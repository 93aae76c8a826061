"""What a PATCH carries and no answer shows is written down before it is sent.

Until its outcome is known, the state does not believe what it remembers of these fields: a process may die, or an
answer get lost, with either value stored.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.apply.fresh import NotSent
from hmsplan.errors import Ambiguous, ApiError
from hmsplan.model import EMPTY
from hmsplan.planner.last_applied import blind
from hmsplan.state.journal import Sending

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hmsplan.api.client import Before
    from hmsplan.apply.context import Context
    from hmsplan.kinds import Kind
    from hmsplan.model import Address, RemoteObject, Spec


@asynccontextmanager
async def written_down(
    context: Context, kind: Kind, address: Address, live: RemoteObject, body: Spec, before: Before
) -> AsyncIterator[Before]:
    """Write down what of *body* cannot be seen, and give what to await right before each send: *before*, counted.

    Not written by *before* itself: no other write leaves meanwhile, and many would wait for a disk each.
    What was remembered is put back where nothing of *body* was taken: refused, or never sent.
    """
    bound, sends = context.ledger.binding(address), 0
    fields, kept = frozenset[str](), EMPTY
    if bound is not None and bound.id == live.id:
        fields, kept = blind(kind, body, live.fields, bound.applied)
    is_new = bound is not None and (bool(kept) or not fields <= bound.unconfirmed)
    if is_new:
        await context.ledger.write(Sending(address, fields, kept))

    async def counted() -> None:
        nonlocal sends
        await before()
        sends += 1

    try:
        yield counted
    except (ApiError, NotSent) as error:
        is_refused = isinstance(error, ApiError) and not isinstance(error, Ambiguous)
        now = context.ledger.binding(address)
        if is_new and bound is not None and now is not None and sends <= int(is_refused):
            await context.ledger.bind(replace(now, applied=bound.applied, unconfirmed=bound.unconfirmed))
        raise

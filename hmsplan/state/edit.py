"""State surgery for the command line; pure. Each edit gives a new state, one serial on, or says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, Intent, State
from hmsplan.state.journal import Bound, Counted, Entry, Moved, Settled, Unbound, replay

if TYPE_CHECKING:
    from collections.abc import Collection


def move(state: State, origin: Address, target: Address) -> State:
    """Bind the object of *origin* to *target* instead (``state mv``)."""
    refuse_move(state.bindings, origin, target)
    return replay(state, [Moved(origin, target)])


def remove(state: State, address: Address) -> State:
    """Forget the object of *address*, which lives on (``state rm``)."""
    if address not in state.bindings:
        raise StateError(f"{address} is not in the state. To see what is, type\n  hmsplan state list")
    return replay(state, [Unbound(address)])


def bind(state: State, binding: Binding) -> State:
    """Bind one object (``import``); binding it a second time, to the same id, renews what was applied."""
    address = binding.address
    bound = state.bindings.get(address)
    if bound is not None and bound.id != binding.id:
        raise StateError(
            f"{address} is bound to {bound.id} already. To let go of it, type\n  hmsplan state rm {address}"
        )
    for other in state.bindings.values():
        if (other.address.kind, other.id) == (address.kind, binding.id) and other.address != address:
            raise StateError(
                f"{binding.id} is bound to {other.address} already. To rename it, type\n"
                f"  hmsplan state mv {other.address} {address}"
            )
    return replay(state, [Bound(binding)])


def resolve(state: State, address: Address, object_id: str | None) -> State:
    """Settle the open create of *address*: *object_id* is what it made, None = it made nothing (``resolve``)."""
    intents = [intent for intent in state.intents if intent.address == address]
    if not intents:
        raise StateError(f"{address} has no open create")
    if object_id is None:
        return replay(state, [Settled(intent.step, "resolved") for intent in intents])
    if len(intents) > 1:
        steps = ", ".join(intent.step for intent in intents)
        raise StateError(f"{address} has several open creates ({steps}), which one id cannot answer; use --none")
    return replay(state, [settling(intents[0], object_id)])


def settling(intent: Intent, object_id: str) -> Entry:
    """Give the entry that says: this intent made that object."""
    if intent.parent is not None:
        return Counted(intent.address, intent.identity[0], 1, intent.step)
    deposes = Deposed(intent.address, intent.deposes) if intent.deposes else None
    binding = Binding(intent.address, object_id, intent.applied, intent.protected)
    return Bound(binding, intent.step, deposes)


def refuse_move(bindings: Collection[Address], origin: Address, target: Address) -> None:
    """Refuse to move what is not bound, or onto what is, or to another kind."""
    if origin not in bindings:
        raise StateError(f"{origin} is not in the state. To see what is, type\n  hmsplan state list")
    if target in bindings:
        raise StateError(f"{target} is bound already. To let go of its object, type\n  hmsplan state rm {target}")
    if origin.kind != target.kind:
        raise StateError(f"{origin} cannot become {target}: the kind of an object never changes")

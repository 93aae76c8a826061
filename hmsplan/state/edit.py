"""State surgery for the command line; pure. Each edit gives a new state, one serial on, or says why not."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmsplan.errors import StateError
from hmsplan.model import Address, Binding, Deposed, PendingCreate, State
from hmsplan.state.journal import Bound, Counted, Entry, Moved, Settled, StackKnown, Unbound, replay

if TYPE_CHECKING:
    from collections.abc import Collection


def refuse_other_stack(state: State, name: str) -> None:
    """Refuse a state that is not the one of the stack *name*: all that it binds would seem to be taken out.

    Raises:
        StateError: it is another stack's.
    """
    if state.stack is not None and state.stack != name:
        raise StateError(
            f"this state belongs to the stack {state.stack}, and the stack here is {name}: an apply would delete the "
            f"objects of {state.stack}. If {state.stack} was renamed, type\n  hmsplan state rename-stack {name}\n"
            "If not, give each stack a place of its own: state: in hmsplan.yaml, or HMSPLAN_STATE",
            summary="State of another stack",
        )


def not_of_the_future(state: State, now: float) -> State:
    """Return *state* with what was dated by a clock that is ahead begun *now*, so that a wait for it ends."""
    intents = tuple(replace(each, started=min(each.started, now)) for each in state.intents)
    bindings = {a: replace(b, made=min(b.made, now)) if b.made > now else b for a, b in state.bindings.items()}
    return replace(state, intents=intents, bindings=MappingProxyType(bindings))


def rename_stack(state: State, name: str) -> State:
    """Say that the stack of *state* is called *name* now (``state rename-stack``)."""
    return replay(state, [StackKnown(name)])


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
    refuse_bound(state, address, binding.id)
    return replay(state, [Bound(binding)])


def refuse_bound(state: State, address: Address, object_id: str) -> None:
    """Refuse to give *address* an object that another address has, or that is still to be deleted.

    Raises:
        StateError: says which address.
    """
    for other in state.bindings.values():
        if (other.address.kind, other.id) == (address.kind, object_id) and other.address != address:
            raise StateError(
                f"{object_id} is bound to {other.address} already. To rename it, type\n"
                f"  hmsplan state mv {other.address} {address}"
            )
    for deposed in state.deposed:
        if (deposed.address.kind, deposed.id) == (address.kind, object_id):
            raise StateError(
                f"{object_id} was replaced as {deposed.address}, and the next apply deletes it; bind another object"
            )


def refuse_twice(state: State) -> None:
    """Refuse a whole state from elsewhere in which two addresses have one object.

    Raises:
        StateError: says which.
    """
    first: dict[tuple[str, str], Address] = {}
    for address, binding in sorted(state.bindings.items()):
        other = first.setdefault((address.kind, binding.id), address)
        if other != address:
            raise StateError(
                f"{other} and {address} both are {binding.id} in it, and one object has one address. Take one of the "
                "two out of bindings, then push again",
                summary="Bound twice",
            )


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
    if intents[0].parent is None:
        refuse_bound(state, address, object_id)
    return replay(state, [settling(intents[0], object_id)])


def settling(intent: PendingCreate, object_id: str) -> Entry:
    """Give the entry that says: this intent made that object."""
    if intent.parent is not None:
        return Counted(intent.address, intent.identity[0], 1, intent.step)
    deposes = Deposed(intent.address, intent.deposes) if intent.deposes else None
    binding = Binding(
        intent.address,
        object_id,
        intent.applied,
        intent.protected,
        intent.members,
        intent.started,
        sent=frozenset(intent.applied),
    )
    return Bound(binding, intent.step, deposes)


def refuse_move(bindings: Collection[Address], origin: Address, target: Address) -> None:
    """Refuse to move what is not bound, or onto what is, or to another kind."""
    if origin not in bindings:
        raise StateError(f"{origin} is not in the state. To see what is, type\n  hmsplan state list")
    if target in bindings:
        raise StateError(f"{target} is bound already. To let go of its object, type\n  hmsplan state rm {target}")
    if origin.kind != target.kind:
        raise StateError(f"{origin} cannot become {target}: the kind of an object never changes")

"""Guards name the risks of a plan; ``consent`` says which of them are allowed. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, Action, Diagnostic, Refusal, Risk, Safety, Severity, Topic
from hmsplan.planner.egress import new_receivers
from hmsplan.planner.resource_diff import acts
from hmsplan.planner.unsendable import may_lose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind, Kinds, Members
    from hmsplan.model import Address, Binding, RemoteObject, ResourceChange, Snapshot, Spec, Stack, State


"""Summary of the warning that stands at the head of a plan."""


def risks(
    changes: Sequence[ResourceChange],
    stack: Stack,
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    users: Mapping[str, Sequence[str]],
    kinds: Kinds = KINDS,
    *,
    destroy: bool = False,
) -> tuple[Refusal, ...]:
    """Name every risk of *changes*, allowed or not.

    *stack* is what the author declared, even where *destroy* asks to delete all of it. *users* maps the id of an object
    that goes away to the live objects that this plan does not change and that still use it.
    """
    risky = [change for change in changes if change.action is not Action.NO_OP or change.members is not None]
    found = [refusal for change in risky for refusal in _risks(change, stack, snapshot, bindings, users, kinds)]
    told = {refusal.flag for refusal in found}
    more = [
        *_limits(changes, stack, bindings, destroy=destroy),
        *_emptied(changes, stack, kinds),
        *_starts(changes, stack, bindings, kinds),
        *new_receivers(changes, stack, bindings, kinds),
        *may_lose(changes, bindings, kinds),
    ]
    found += [refusal for refusal in more if refusal.flag not in told]
    return tuple(dict.fromkeys(found))


def loosened(
    changes: Sequence[ResourceChange], stack: Stack, bindings: Mapping[Address, Binding]
) -> Iterator[Diagnostic]:
    """Warn of deletes that pass only because ``safety:`` is looser than it comes: their author may have raised it."""
    usual, own = Safety(), stack.safety
    if own.max_deletes <= usual.max_deletes and own.max_delete_share <= usual.max_delete_share:
        return
    held, refused = (
        {refusal.address for refusal in _limits(changes, each, bindings, destroy=False)}
        for each in (replace(stack, safety=usual), stack)
    )
    if passing := sorted(held - refused):
        names = ", ".join(map(str, passing))
        detail = (
            f"safety: in the stack lets the deletes of {names} pass; as it comes, with max_deletes {usual.max_deletes} "
            f"and max_delete_share {usual.max_delete_share:.0%}, it would refuse them."
        )
        yield Diagnostic("Limits are loosened", detail, severity=Severity.WARNING, topic=Topic.CONSENT)


def without_memory(state: State, adopted: Iterable[Address], kinds: Kinds = KINDS) -> Iterator[Diagnostic]:
    """Warn when no apply is remembered and yet live objects are the *adopted* ones: the state may be another one.

    The organization is there before any apply.
    """
    adopted = [address for address in adopted if not kinds[address.kind].is_organization]
    if state.bindings or state.deposed or state.intents or not adopted:
        return
    what = "a live object is" if len(adopted) == 1 else f"{len(adopted)} live objects are"
    detail = (
        "egress and prevent_destroy are not remembered, nor are fields and leads that were taken out. No earlier apply "
        f"is known here, and yet {what} what this stack declares. If there was one, its state is elsewhere: see state: "
        "in hmsplan.yaml, HMSPLAN_STATE and --state."
    )
    yield Diagnostic("No state", detail, severity=Severity.WARNING, topic=Topic.NO_STATE)


def _loss(kind: Kind) -> str:
    return f", and {kind.loss}" if kind.loss else ""


def _risks(
    change: ResourceChange,
    stack: Stack,
    snapshot: Snapshot,
    bindings: Mapping[Address, Binding],
    users: Mapping[str, Sequence[str]],
    kinds: Kinds,
) -> Iterator[Refusal]:
    kind, address = kinds[change.address.kind], change.address
    leaves = change.action in {Action.DELETE, Action.REPLACE}
    goes = leaves and not change.deposed  # to allow the replace is to allow the end of the old one
    risk = Risk.REPLACE if change.action is Action.REPLACE else Risk.DELETE
    if goes and is_protected(address, stack, bindings):
        yield Refusal(risk, address, "prevent_destroy protects it")
    elif change.action is Action.DELETE and goes and kind.guarded_delete:
        yield Refusal(risk, address, f"deleting a {kind.singular} cannot be undone{_loss(kind)}")
    elif change.action is Action.REPLACE and kind.guarded_replace:
        yield Refusal(
            risk,
            address,
            f"{_names(change)} cannot change in place: the {kind.singular} would be recreated{_loss(kind)}",
        )
    elif change.action is Action.REPLACE and not _applied(address, bindings):
        yield Refusal(risk, address, "hmsplan did not make it, and would delete it for a new one")
    if leaves and change.id is not None and (still := users.get(change.id)):
        yield Refusal(risk, address, f"still used by {', '.join(still)}")
    if kind.members is not None and change.members is not None:
        yield from _recalls(kind.members, change, snapshot.members.get(change.id or "", ()))


def is_protected(address: Address, stack: Stack, bindings: Mapping[Address, Binding]) -> bool:
    """Say whether ``prevent_destroy`` holds: the block's word, or the remembered one when the block is gone."""
    if address in stack.resources:
        return stack.resources[address].lifecycle.prevent_destroy
    return address in bindings and bindings[address].protected


def _applied(address: Address, bindings: Mapping[Address, Binding]) -> Spec:
    """Return the fields last applied; none when the object was adopted and nothing of it was ever written."""
    return bindings[address].applied if address in bindings else EMPTY


def _names(change: ResourceChange) -> str:
    return ", ".join(sorted({str(path[0]) for path in change.replaces}))


def _starts(
    changes: Sequence[ResourceChange], stack: Stack, bindings: Mapping[Address, Binding], kinds: Kinds
) -> Iterator[Refusal]:
    """Refuse what would call people who would not have been called, once they are more than ``max_new_calls`` in all.

    One that was paused outside hmsplan is not resumed however few there are.
    """
    exposing = [(change, newly_called(kinds[change.address.kind], change)) for change in changes]
    found = [(change, people) for change, people in exposing if people != 0 or change.started]
    total = sum(people for _, people in found if people is not None)
    within = 0 < total <= stack.safety.max_new_calls
    for change, people in found:
        kind, applied = kinds[change.address.kind], _applied(change.address, bindings)
        stopped = change.started and change.id is not None and acts(kind, applied) and not acts(kind, change.before)
        if people is None or stopped or not within:
            yield Refusal(Risk.START, change.address, _dialling(kind, change, people, stopped=stopped))


def _emptied(changes: Sequence[ResourceChange], stack: Stack, kinds: Kinds) -> Iterator[Refusal]:
    """Refuse to empty a long list of members: an export that failed looks the same as a list without people to call."""
    for change in changes:
        resource = stack.resources.get(change.address)
        members = kinds[change.address.kind].members
        if members is None or resource is None or resource.members != () or change.members is None:
            continue
        if (count := len(change.members.remove)) > stack.safety.max_deletes:
            reason = f"no {members.singular} is declared any more, so all {count} of them would be taken off its list"
            yield Refusal(Risk.DELETE, change.address, f"{reason}. Did an export fail?")


def newly_called(kind: Kind, change: ResourceChange) -> int | None:
    """Return how many people *change* newly exposes to being called; None when unknown."""
    if kind.members is None or change.action is Action.DELETE:
        return 0
    after = {**change.before, **change.after}
    if change.started:
        return change.members.pending if change.members is not None else None
    if not acts(kind, change.before) or not acts(kind, after):
        return 0
    if any(field.path[0] in kind.exposing for field in change.fields):
        return change.members.pending if change.members is not None else None
    return change.members.exposed if change.members is not None else 0


def _dialling(kind: Kind, change: ResourceChange, people: int | None, *, stopped: bool) -> str:
    number = "an unknown number of people" if people is None else f"{people} {'person' if people == 1 else 'people'}"
    hours = kind.hours({**change.before, **change.after})
    daily = f", daily between {hours[0]} and {hours[1]} {hours[2]}" if hours is not None else ""
    if not change.started:
        return f"it is running, and would call {number} who would not have been called{daily}"
    why = ", though it was stopped outside hmsplan since the last apply" if stopped else ""
    return f"it would begin to call {number}{daily}{why}"


def _recalls(members: Members, change: ResourceChange, live: Sequence[RemoteObject]) -> Iterator[Refusal]:
    if change.members is None:
        return
    add, again, taken = change.members.add, change.members.called, change.members.taken
    if again:
        noun = "person was" if again == 1 else "people were"
        yield Refusal(Risk.RECALL, change.address, f"{again} {noun} called already and would be called again")
    total = change.before.get(members.total)
    is_cut = bool(add) and isinstance(total, int) and total > len(live)
    if taken and not is_cut:
        noun = "person whom hmsplan added was" if taken == 1 else "people whom hmsplan added were"
        reason = f"{taken} {noun} taken off the list since, perhaps on request, and would be added again"
        yield Refusal(Risk.RECALL, change.address, reason)
    if is_cut:
        reason = f"its list shows {len(live)} of {total} {members.name}, so some to be added may be there already"
        yield Refusal(Risk.RECALL, change.address, reason)


def _limits(
    changes: Sequence[ResourceChange],
    stack: Stack,
    bindings: Mapping[Address, Binding],
    *,
    destroy: bool,
) -> Iterator[Refusal]:
    """Refuse every delete once there are too many, in all or of one kind, or nothing is left."""
    safety = stack.safety
    deletes = [change.address for change in changes if change.action is Action.DELETE and not change.deposed]
    have = Counter(address.kind for address in bindings)
    of_kind = Counter(address.kind for address in deletes)
    for address in deletes:
        share = of_kind[address.kind] / have[address.kind]
        reason = ""
        if not (stack.resources or stack.removed or destroy):
            reason = "the stack declares nothing at all: a wrong folder? To delete everything, add --destroy"
        elif len(deletes) > safety.max_deletes:
            reason = f"one of {len(deletes)} deletes, and safety.max_deletes is {safety.max_deletes}"
        elif of_kind[address.kind] > 1 and share > safety.max_delete_share:
            reason = (
                f"one of {of_kind[address.kind]} deletes among {have[address.kind]} {address.kind}, and "
                f"safety.max_delete_share is {safety.max_delete_share:.0%}"
            )
        if reason:
            yield Refusal(Risk.DELETE, address, reason)

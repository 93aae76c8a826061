"""A plan against a saved snapshot: the same planner, and nothing but files. Pure.

What the file cannot tell is said and never invented: secrets are compared only as far as fingerprints go, and a lead
that is not declared has no phone number.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError, WrongOrganization
from hmsplan.formats.snapshot_file import LEADS, anonymous, mark_of, members_of
from hmsplan.kinds import KINDS
from hmsplan.kinds.conceal import without_credentials
from hmsplan.model import MEMBER_HALF, Against, Diagnostic, Secret, Severity, leaves
from hmsplan.planner.inputs import kinds_in_use, kinds_to_consult, wanted_details
from hmsplan.planner.last_applied import share
from hmsplan.planner.members import fingerprint, number_fingerprint
from hmsplan.planner.planner import DEFAULTS, Options, make_plan
from hmsplan.text import timestamps, wording
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.formats.snapshot_file import SavedSnapshot
    from hmsplan.model import Plan, RemoteObject, Snapshot, Spec, Stack, State

_SKEW_S: Final = 300


def plan_against(saved: SavedSnapshot, stack: Stack, now: float, options: Options = DEFAULTS) -> Plan:
    """Say what an apply would do if the organization were still as it was; *now* in Unix seconds tells how old that is.

    It is the plan that was to be had at that time, of the same digest, where no secret with a fingerprint is among the
    changes.

    Raises:
        WrongOrganization: the environment declares another one.
        StateError: it is a snapshot of another stack or environment, of the future, or without what is asked for.
    """
    _check_origin(saved, stack, now)
    options = replace(options, now=now)
    stack = _without_credentials(stack)
    state = share(saved.state, stack)
    members = MappingProxyType(dict(_recognised(saved.live, stack, state.lineage)))
    live = replace(saved.live, members=members)
    names = kinds_in_use(stack, state)
    snapshot = _read(live, stack, state, names)
    plan = make_plan(stack, snapshot, state, options)
    while more := kinds_to_consult(plan, snapshot):
        names += more
        snapshot = _read(live, stack, state, names)
        plan = make_plan(stack, snapshot, state, options)
    against = Against(timestamps.iso(saved.taken), max(0, int(now) - saved.taken), saved.digest)
    return replace(
        plan, against=against, warnings=(*plan.warnings, *_unlike(plan, state), *_strangers(plan, saved.live))
    )


def _without_credentials(stack: Stack) -> Stack:
    """Return *stack* as the snapshot shows it: whether the credential in a URL changed cannot be seen here."""
    resources = {a: replace(r, spec=without_credentials(r.spec)) for a, r in stack.resources.items()}
    return replace(stack, resources=MappingProxyType(resources))


def _check_origin(saved: SavedSnapshot, stack: Stack, now: float) -> None:
    if saved.taken - now > _SKEW_S:
        raise StateError(
            f"taken is in the future ({timestamps.iso(saved.taken)}); check the clocks",
            summary="Snapshot of the future",
        )
    if saved.stack != stack.name:
        raise StateError(
            f"it shows the stack {plain(saved.stack)}, and {stack.name} is planned: its state binds other objects, and "
            f"all of them would seem to be deleted. Take a snapshot of this one:\n  hmsplan snapshot -o FILE",
            summary="Snapshot of another stack",
        )
    if saved.environment != stack.environment:
        raise StateError(
            f"it shows the environment {plain(saved.environment)}, and {stack.environment} is planned. Choose the "
            "environment with -e, or take a snapshot of it:\n  hmsplan snapshot -o FILE",
            summary="Snapshot of another environment",
        )
    if stack.organization is not None and saved.live.organization != stack.organization:
        raise WrongOrganization(
            f"environment {stack.environment} declares {stack.organization}, and the snapshot shows "
            f"{saved.live.organization or 'one that could not be asked for'}"
        )


def _read(live: Snapshot, stack: Stack, state: State, names: Sequence[str]) -> Snapshot:
    """Return as much of *live* as a plan would have read, so that it says the same.

    Raises:
        StateError: a kind or the leads of a campaign were not read; all of them would look as if they had to be made.
    """
    objects = {name: live.objects[name] for name in names if name in live.objects}
    parents = {name: found for name, found in objects.items() if KINDS[name].members is not None}
    owners = {o for name, found in parents.items() for o in wanted_details(stack, state, KINDS[name], found)}
    lacking = [*(set(names) - objects.keys()), *(f"the {LEADS} of {owner}" for owner in owners - live.members.keys())]
    if lacking:
        raise StateError(
            f"it does not show {wording.listed(sorted(lacking))}, as of an older hmsplan. Take a new "
            "one:\n  hmsplan snapshot -o FILE",
            summary="Snapshot is not enough",
        )
    members = {owner: found for owner, found in live.members.items() if owner in owners}
    return replace(live, objects=MappingProxyType(objects), members=MappingProxyType(members))


def _recognised(live: Snapshot, stack: Stack, lineage: str) -> Iterator[tuple[str, tuple[RemoteObject, ...]]]:
    """Give the leads that the stack declares their names back."""
    members = members_of(LEADS)
    first = members.identity[0]
    declared = [spec for resource in stack.resources.values() for spec in resource.members or ()]
    named = {fingerprint(members, spec, lineage)[-MEMBER_HALF:]: spec for spec in declared}
    numbers = {number_fingerprint(members, spec, lineage): spec.get(first) for spec in declared}
    for owner, found in live.members.items():
        yield owner, tuple(_one(item, named, numbers) for item in found)


def _one(item: RemoteObject, named: Mapping[str, Spec], numbers: Mapping[str, object]) -> RemoteObject:
    mark, members = mark_of(item), members_of(item.kind)
    if (half := mark.fingerprint[-MEMBER_HALF:]) in named:
        status = members.untouched[0]
        return replace(item, fields={**named[half], status: item.fields[status]})
    who = mark.fingerprint[:-MEMBER_HALF] or mark.called or ""  # of other variables, or called: the same person
    return anonymous(members, item.id, mark, **{members.identity[0]: numbers[who]}) if who in numbers else item


def _unlike(plan: Plan, state: State) -> Iterator[Diagnostic]:
    """Warn where the digest of a live plan is another one for all that is known."""
    sent = (leaf for change in plan.pending for field in change.fields for _, leaf in leaves(field.after))
    blank = sorted({leaf.name for leaf in sent if isinstance(leaf, Secret) and leaf.fingerprint is None})
    printed = any(
        path[-1] == "fingerprint" and leaf is not None
        for binding in state.bindings.values()
        for path, leaf in leaves(binding.applied)
    )
    if blank and printed:
        yield Diagnostic(
            "Digest of a snapshot's plan",
            f"The fingerprint of {', '.join(f'${{secret:{name}}}' for name in blank)} cannot be seen here, and is "
            "part of the digest of a live plan, so that one will differ even if nothing else does.",
            severity=Severity.WARNING,
        )


def _strangers(plan: Plan, live: Snapshot) -> Iterator[Diagnostic]:
    """Warn where a lead that is added may be there already."""
    adding = {change.id: change.address for change in plan.pending if change.members is not None and change.members.add}
    for owner, address in adding.items():
        unknown = sum(mark_of(item).fingerprint == "" for item in live.members.get(owner or "", ()))
        if unknown:
            yield Diagnostic(
                "Unknown leads",
                f"{address} has {wording.count(unknown, 'lead')} added outside hmsplan, and the snapshot does not "
                "say who they are. A lead that is added here may be among them; a live plan knows.",
                address=address,
                severity=Severity.WARNING,
            )

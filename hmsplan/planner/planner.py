"""The planner: Stack, Snapshot, State -> Plan. Pure, and the only one there is.

``plan``, ``apply``, ``drift`` and CI see what this module returns; there is no dry run. What it calls, in order:
``matching`` (which live object is which address), ``resource_diff`` (what differs), ``blast_radius`` (whom it reaches),
``drift`` (what changed outside), ``safety``, ``windows`` and ``promotion`` (what is a risk), ``steps`` (one write and
the steps it needs), ``consent`` (which risks are allowed), ``digest``.
"""

from __future__ import annotations

import graphlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmsplan.errors import ConfigError, PlanError
from hmsplan.kinds import KINDS, phone
from hmsplan.kinds.conceal import concealed
from hmsplan.kinds.identity import identity_of
from hmsplan.kinds.references import references
from hmsplan.model import Action, Deposed, Diagnostic, Plan, ResourceChange, Severity, Topic, is_pending
from hmsplan.planner.absence import may_be_cut
from hmsplan.planner.blast_radius import staying_users, unread, with_blast_radius
from hmsplan.planner.consent import with_consent
from hmsplan.planner.copies import too_early, with_origins
from hmsplan.planner.create_order import identity_needs, outage
from hmsplan.planner.digest import with_digests
from hmsplan.planner.drift import find_drift, find_twins, twin_warning
from hmsplan.planner.matching import NOWHERE, identify
from hmsplan.planner.members import gone_with
from hmsplan.planner.narrow import narrowed
from hmsplan.planner.promotion import first_in, proven_from, unproven
from hmsplan.planner.resource_diff import comparison, creation
from hmsplan.planner.rollback import taken_back
from hmsplan.planner.safety import loosened, risks, without_memory
from hmsplan.planner.secret_changes import unmatched, unseen, wants_resend
from hmsplan.planner.steps import lower
from hmsplan.planner.trouble import troubles
from hmsplan.planner.unseen import not_compared
from hmsplan.planner.unsendable import unsendable
from hmsplan.planner.uses import unmet, with_substitutes
from hmsplan.planner.windows import first_opening, looser, overrides, told_by, with_waits, written
from hmsplan.text.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kind, Kinds
    from hmsplan.model import (
        Address,
        Binding,
        PendingCreate,
        Proof,
        Refusal,
        RemoteObject,
        Resource,
        Snapshot,
        Spec,
        Stack,
        State,
    )
    from hmsplan.planner.matching import Elsewhere, Identities
    from hmsplan.planner.rollback import Past


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line adds to the stack.

    Attributes:
        targets: patterns of addresses: plan only these and what they refer to; empty = everything.
        excluded: patterns of addresses: leave these out, and what refers to them.
        destroy: plan the delete of everything that state binds.
        resend: patterns of addresses whose secrets are sent though nothing else changed.
        allowed: the values of ``--allow``: ``RISK:ADDRESS`` patterns, in which ``*`` matches anything.
        past: the earlier apply whose stack is planned; None = the stack is what the files declare.
        now: Unix seconds by which an approval expires; None = when the snapshot was read.
        at: Unix seconds as of which windows are judged; None = *now*.
        at_opening: judge them as of the first moment at which all may be done, whatever *at* is.
        proof: what is applied in the environment that the stack requires; None = it was not asked.
    """

    targets: tuple[str, ...] = ()
    destroy: bool = False
    allowed: tuple[str, ...] = ()
    resend: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    now: float | None = None
    at: float | None = None
    at_opening: bool = False
    past: Past | None = None
    proof: Proof | None = None


DEFAULTS = Options()


def make_plan(
    stack: Stack,
    snapshot: Snapshot,
    state: State,
    options: Options = DEFAULTS,
    elsewhere: Elsewhere = NOWHERE,
    kinds: Kinds = KINDS,
) -> Plan:
    """Say what an apply would do; *elsewhere* are the objects that other environments of the stack bind.

    *kinds* is what is known of the API: every address, live object and binding is of one of them.

    Raises:
        PlanError: identities that cannot be told apart, or an import that names nothing.
        ConfigError: an object that has to be created lacks fields that a create needs, or a secret that has to be sent
            along is not known.
    """
    declared = stack
    if unknown := unmatched(stack, options.resend):
        raise PlanError(unknown)
    if options.destroy:
        stack = replace(stack, resources={}, removed=frozenset(), imports=(), moved=())
    found = identify(stack, snapshot, state, elsewhere, kinds)
    if found.problems:
        raise PlanError(found.problems)
    given = _Given(stack, declared, snapshot, state, found, options, elsewhere, kinds)
    changes = narrowed(_changes(given), stack, options.targets, options.excluded, kinds)
    _refuse_impossible(changes, given)
    holders = identity_needs(changes, snapshot, kinds)
    changes = _annotated(changes, holders, given)
    steps = lower(changes, stack, found, state, holders, kinds)
    now = snapshot.now if options.now is None else options.now
    at = _judged_at(changes, given, now)
    plan = Plan(
        stack=stack.name,
        environment=stack.environment,
        changes=changes,
        drift=find_drift(stack, snapshot, found, state.lineage, kinds),
        steps=steps,
        refusals=tuple(_refusals(changes, given, at)),
        unsettled=tuple(found.unsettled),
        decided=tuple(found.decided),
        warnings=(*_warnings(changes, given, at), *too_early(steps, stack)),
        organization=snapshot.organization or state.organization,
        lineage=state.lineage,
        serial=state.serial,
        targets=options.targets,
        excluded=options.excluded,
        resend=options.resend,
        destroy=options.destroy,
        rollback=options.past.rollback if options.past is not None else None,
        unread=unread(changes, snapshot, kinds),
        requests=snapshot.requests,
        as_of=at if at != now else None,
        as_of_told=told_by(declared.safety.zone, at) if at != now else "",
        first_in=first_in(changes, declared, options.proof, at),
    )
    plan = with_consent(plan, declared, snapshot, state, options.allowed, at, kinds)
    return with_digests(with_waits(plan, declared.safety, at, proven_from(changes, declared, options.proof, at)), kinds)


@dataclass(frozen=True, slots=True)
class _Given:
    """What a plan is made of.

    Attributes:
        stack: what is planned: *declared*, or nothing for a destroy.
        declared: the stack that ``make_plan`` was given.
        found: which live object each address is.
    """

    stack: Stack
    declared: Stack
    snapshot: Snapshot
    state: State
    found: Identities
    options: Options
    elsewhere: Elsewhere
    kinds: Kinds


def _refuse_impossible(changes: Sequence[ResourceChange], given: _Given) -> None:
    """Refuse changes that cannot be sent, or that lack what they refer to.

    Raises:
        ConfigError: there are some.
    """
    if stuck := [problem for each in changes for problem in unsendable(given.kinds[each.address.kind], each)]:
        raise ConfigError(stuck)
    if missing := list(unmet(changes, given.stack, given.snapshot, given.kinds)):
        raise ConfigError(missing)


def _annotated(
    changes: Sequence[ResourceChange], holders: Mapping[Address, Address], given: _Given
) -> tuple[ResourceChange, ...]:
    """Say of each change where it comes from and whom it reaches, and hide the secrets of what goes away."""
    snapshot, bindings, kinds = given.snapshot, given.found.bindings, given.kinds
    changes = with_origins(tuple(_with_outages(changes, holders, kinds)), given.stack)
    changes = with_blast_radius(changes, given.stack, snapshot, bindings, kinds)
    changes = with_substitutes(changes, snapshot, bindings, kinds)
    return tuple(_safe_to_show(change, kinds) for change in changes)


def _judged_at(changes: Sequence[ResourceChange], given: _Given, now: float) -> float:
    """Return the moment as of which windows are judged."""
    options, declared = given.options, given.declared
    if options.at_opening:
        proven = proven_from(changes, declared, options.proof, now)
        return first_opening(declared.safety, written(changes), proven) or now
    return now if options.at is None else options.at


def _refusals(changes: Sequence[ResourceChange], given: _Given, at: float) -> Iterator[Refusal]:
    """Yield every risk, whether or not it is allowed."""
    snapshot, bindings, declared, kinds = given.snapshot, given.found.bindings, given.declared, given.kinds
    users = remaining_users(changes, snapshot, bindings, kinds)
    yield from risks(changes, declared, snapshot, bindings, users, kinds, destroy=given.options.destroy)
    yield from overrides(changes, declared.safety, at)
    yield from unproven(changes, declared, given.options.proof, at)


def _warnings(changes: Sequence[ResourceChange], given: _Given, at: float) -> Iterator[Diagnostic]:
    """Yield what a reviewer has to know besides the changes, the most general first."""
    stack, declared, snapshot, state = given.stack, given.declared, given.snapshot, given.state
    found, kinds = given.found, given.kinds
    yield from looser(changes, declared.safety, state.in_force, at)
    yield from _of_the_past(changes, given)
    yield from without_memory(state, found.adopted, kinds)
    yield from (_without_numbers(warning, kinds) for warning in _still_true(stack, found, kinds))
    yield from (twin_warning(twin, kinds) for twin in find_twins(stack, snapshot, found, given.elsewhere, kinds))
    yield from _cut_lists(changes, snapshot, kinds)
    yield from troubles(stack, found.bindings, snapshot, kinds)
    yield from loosened(changes, declared, found.bindings)
    yield from unseen(stack, changes, found.bindings, kinds)
    yield from not_compared(changes, kinds)


def _of_the_past(changes: Sequence[ResourceChange], given: _Given) -> Iterator[Diagnostic]:
    """Yield what a rollback cannot bring back; or what was rolled back, and would come again."""
    past, state, kinds = given.options.past, given.state, given.kinds
    pending = [change for change in changes if is_pending(change)]
    if past is None:
        yield from taken_back(pending, given.stack, state, kinds)
        return
    from hmsplan.planner.losses import losses, unknown_secrets  # noqa: PLC0415 -- only for a rollback

    if missing := list(unknown_secrets(pending, kinds)):
        raise ConfigError(missing)
    yield from losses(past, changes, given.snapshot, given.found.bindings, state.lineage, kinds)


def _changes(given: _Given) -> tuple[ResourceChange, ...]:
    stack, found, options, kinds = given.stack, given.found, given.options, given.kinds
    held = {each.address: each for each in found.unsettled if each.intent is None or each.intent.parent is None}
    ids = {
        address: binding.id
        for address, binding in found.bindings.items()
        if address not in found.gone and (address not in held or held[address].id is not None)
    }
    changes: list[ResourceChange] = []
    lacking: list[Diagnostic] = []
    for address in _in_order(stack.resources):
        if address in held:
            continue
        resource, kind = stack.resources[address], kinds[address.kind]
        again = wants_resend(resource, options.resend)
        applied = options.past.applied.get(address) if options.past is not None else None
        change = _one(kind, resource, given.snapshot, given.state.lineage, found, ids, resend=again, applied=applied)
        if change.action is Action.REPLACE:
            ids.pop(address, None)  # what refers to it gets the id of the new one
        if change.action in {Action.CREATE, Action.REPLACE}:
            lacking += _lacking(kind, resource)
        changes.append(change)
    if lacking:
        raise ConfigError(lacking)
    changes += _removals(given)
    return tuple(sorted(changes, key=lambda change: (change.address, change.deposed)))


def _in_order(resources: Mapping[Address, Resource]) -> Iterator[Address]:
    """Yield every address after the ones it refers to."""
    graph = {address: [ref for ref in resource.refs if ref in resources] for address, resource in resources.items()}
    if not any(graph.values()):
        return iter(sorted(resources))
    return iter(tuple(graphlib.TopologicalSorter(graph).static_order()))


def _one(
    kind: Kind,
    resource: Resource,
    snapshot: Snapshot,
    lineage: str,
    found: Identities,
    ids: Mapping[Address, str],
    *,
    resend: bool,
    applied: Spec | None = None,
) -> ResourceChange:
    """Plan one address; *applied*, where it is given, counts as what was applied last."""
    address = resource.address
    binding = found.bindings.get(address)
    if applied is not None and binding is not None and address not in found.adopted:
        binding = replace(binding, applied=applied)
    live = snapshot.get(address.kind, binding.id) if binding is not None else None
    if binding is None or live is None:
        change = creation(kind, resource, ids, binding, lineage)
    else:
        change = comparison(
            kind,
            resource,
            live,
            binding,
            ids,
            adopted=found.adopted.get(address, ""),
            live_members=snapshot.members.get(live.id, ()),
            lineage=lineage,
            resend=resend,
        )
    return replace(change, moved_from=found.moved.get(address)) if address in found.moved else change


def _lacking(kind: Kind, resource: Resource) -> Iterator[Diagnostic]:
    """Name what a create needs and the author left to an object that does not exist."""
    if absent := sorted(kind.required_if_new - resource.spec.keys()):
        what = f"{kind.article} {kind.noun} needs {' and '.join(absent)}"
        detail = f"{resource.address} does not exist yet, and to create it {what}."
        yield Diagnostic("Missing field", detail, resource.source, resource.address)
    for block, names in kind.required_in.items():
        value = resource.spec.get(block)
        missing = [name for name in names if isinstance(value, dict) and name not in value]
        if missing:
            yield Diagnostic(
                "Missing field",
                f"{resource.address} does not exist yet, and to create it {block} needs {' and '.join(missing)}.",
                resource.locate((block,)) if resource.locate else resource.source,
                resource.address,
                (block,),
            )


def _removals(given: _Given) -> Iterator[ResourceChange]:
    """Plan what state binds and the stack does not have, and what an earlier replace left behind."""
    stack, snapshot, found, kinds = given.stack, given.snapshot, given.found, given.kinds
    past = given.options.past
    absent = "not declared any more" if past is None else f"not there after @{past.rollback.to.number}"
    for address, binding in found.bindings.items():
        if address in stack.resources:
            continue
        live = snapshot.get(address.kind, binding.id)
        if address in stack.removed:
            yield ResourceChange(address, Action.FORGET, binding.id, reason="removed entry")
        elif address in found.gone:
            yield ResourceChange(address, Action.FORGET, binding.id, reason="already gone")
        elif "DELETE" not in kinds[address.kind].verbs:
            reason = f"no {kinds[address.kind].noun} can be deleted; its settings stay as they are"
            yield ResourceChange(address, Action.FORGET, binding.id, reason=reason)
        elif live is not None:
            reason = "asked for with --destroy" if address in given.declared.resources else absent
            notes = _gone_with(kinds[address.kind], live, snapshot)
            yield ResourceChange(address, Action.DELETE, binding.id, before=live.fields, reason=reason, notes=notes)
    for deposed in (*given.state.deposed, *_deposed_by(found.answered)):
        live = snapshot.get(deposed.address.kind, deposed.id)
        action = Action.DELETE if live is not None else Action.FORGET
        reason = "replaced by an earlier apply" if live is not None else "replaced, and already gone"
        before = live.fields if live is not None else {}
        notes = _gone_with(kinds[deposed.address.kind], live, snapshot) if live is not None else ()
        yield ResourceChange(
            deposed.address, action, deposed.id, before=before, reason=reason, notes=notes, deposed=True
        )


def _gone_with(kind: Kind, live: RemoteObject, snapshot: Snapshot) -> tuple[str, ...]:
    """Say what goes with an object that goes away."""
    note = gone_with(kind.members, live, snapshot.members.get(live.id)) if kind.members is not None else ""
    return (note,) if note else ()


def _deposed_by(answered: Mapping[Address, PendingCreate]) -> Iterator[Deposed]:
    """Name what the creates of an earlier run, found again, were to replace."""
    for address, intent in answered.items():
        if intent.deposes is not None:
            yield Deposed(address, intent.deposes)


def _cut_lists(changes: Iterable[ResourceChange], snapshot: Snapshot, kinds: Kinds) -> Iterator[Diagnostic]:
    """Warn where an object would be created that may be there, beyond the end of a list that the API cuts."""
    made: dict[str, list[Address]] = {}
    for change in changes:
        if change.action is Action.CREATE:
            made.setdefault(change.address.kind, []).append(change.address)
    for name, addresses in made.items():
        objects = snapshot.objects.get(name, {})
        if may_be_cut(kinds[name], objects):
            yield Diagnostic(
                "List may be cut off",
                f"The list of {name} shows {len(objects)}, a round number, and the API may have more than it lists. "
                f"{listed(map(str, addresses))} would be created; if one of them is there already, bind it "
                f"instead: hmsplan import {addresses[0]} ID",
                address=addresses[0],
                severity=Severity.WARNING,
            )


def _still_true(stack: Stack, found: Identities, kinds: Kinds) -> Iterator[Diagnostic]:
    """Return the warnings about the stack, without those that its bindings settle: two bound objects of one name."""
    known = found.bindings.keys() - found.gone
    names: dict[tuple[str, str], list[Address]] = {}
    for address, resource in stack.resources.items():
        names.setdefault((address.kind, identity_of(kinds[address.kind], resource.spec)), []).append(address)
    clear = {address for same in names.values() if known.issuperset(same) for address in same}
    for warning in stack.warnings:
        if warning.topic is not Topic.SAME_NAME or warning.address not in clear:
            yield warning


def _without_numbers(warning: Diagnostic, kinds: Kinds) -> Diagnostic:
    """Return a warning about members without their whole phone numbers: more people read a plan than the stack."""
    members = kinds[warning.address.kind].members if warning.address is not None else None
    if members is None or warning.path[:1] != (members.name,):
        return warning
    return replace(warning, detail=phone.masked_in(warning.detail))


def _with_outages(
    changes: Iterable[ResourceChange], needs: Mapping[Address, Address], kinds: Kinds
) -> Iterator[ResourceChange]:
    """Say of each create that waits for a delete what that means."""
    for change in changes:
        if change.address in needs and not change.deposed:
            yield replace(change, notes=(*change.notes, outage(change, needs[change.address], kinds)))
        else:
            yield change


def _safe_to_show(change: ResourceChange, kinds: Kinds) -> ResourceChange:
    """Return *change* with no secret in an object that goes away: all of it is shown, also what is not declared."""
    if change.action is not Action.DELETE:
        return change
    return replace(change, before=concealed(kinds[change.address.kind], change.before))


def remaining_users(
    changes: Iterable[ResourceChange], snapshot: Snapshot, bindings: Mapping[Address, Binding], kinds: Kinds = KINDS
) -> Mapping[str, list[str]]:
    """Return, for the id of each object that goes away, the live objects that would still use it."""
    changes = tuple(changes)
    owner = {binding.id: address for address, binding in bindings.items()}
    stays = {Action.UPDATE, Action.ADOPT, Action.NO_OP}
    declared = {change.id: change.after for change in changes if change.action in stays}
    going = {change.id: change.address for change in changes if change.id is not None}

    def told(live: RemoteObject, target: str) -> str:
        if live.id not in owner:
            return f"{_title(live, kinds)} (not managed)"
        kept = _kept_fields(live, target, declared[live.id], kinds) if live.id in declared else ()
        return f"{owner[live.id]}{_not_declared(live, kept, going[target]) if kept else ''}"

    return {
        target: sorted(told(live, target) for live in users)
        for target, users in staying_users(changes, snapshot, kinds).items()
    }


def _kept_fields(live: RemoteObject, target: str, declared: Spec, kinds: Kinds) -> list[str]:
    """Name the fields of *live* that refer to *target* and that no stack declares, so that they stay as they are."""
    paths = (each.path for each in references(kinds[live.kind], live.fields) if each.target == target)
    return sorted({str(path[0]) for path in paths if path} - declared.keys())


def _not_declared(live: RemoteObject, fields: Sequence[str], target: Address) -> str:
    return (
        f" ({live.id}), whose {listed(fields)} is not declared and stays as it is: declare it there again without "
        f"{target}, and plan again"
    )


def _title(live: RemoteObject, kinds: Kinds) -> str:
    return f"{kinds[live.kind].singular} {identity_of(kinds[live.kind], live.fields)}"

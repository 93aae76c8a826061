"""Which risks of a plan are allowed, by ``--allow`` or by ``approvals.yaml``, and what became looser. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.model import (
    Address,
    ApprovalStatus,
    ApprovalUse,
    Diagnostic,
    InForce,
    Risk,
    Safety,
    Severity,
    Topic,
)
from hmsplan.planner.digest import change_digest
from hmsplan.planner.narrow import nowhere
from hmsplan.planner.resource_diff import acts
from hmsplan.text import canonical_json, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import Approval, Plan, Refusal, ResourceChange, Snapshot, Stack, State

_LIMITS: Final = ("max_deletes", "max_delete_share", "max_new_calls")
_USUAL_DAYS: Final = 14
"""How long an approval is proposed to hold: a pull request is merged by then, or is looked at once more."""


def with_consent(
    plan: Plan,
    declared: Stack,
    snapshot: Snapshot,
    state: State,
    allowed: Collection[str],
    at: float,
    kinds: Kinds = KINDS,
) -> Plan:
    """Return *plan*, whose refusals are all risks there are, with those alone that neither *allowed* nor git allows.

    *at*, in Unix seconds, is the moment that is planned for: approvals are held against their last day as of then.
    """
    of_address: defaultdict[Address, list[ResourceChange]] = defaultdict(list)
    for change in plan.changes:
        of_address[change.address].append(change)

    @cache
    def change_of(address: Address) -> str:
        changes, bound = of_address[address], state.bindings.get(address)
        was_on = bound is not None and acts(kinds[address.kind], bound.applied)
        is_again = was_on and any(change.started for change in changes)
        return change_digest(plan, changes, snapshot.members, kinds, is_again=is_again)

    today = timestamps.day(at)
    uses = tuple(_uses(plan.refusals, declared.approvals, state, change_of, today))
    used = {use.approval.allows for use in uses if use.status is ApprovalStatus.USED}
    proposed = timestamps.day(at, _USUAL_DAYS)
    refused = (
        replace(
            risk,
            change=change_of(risk.address),
            expires=proposed,
            void=_void(risk, uses, is_ahead=plan.as_of is not None),
        )
        for risk in plan.refusals
        if _name(risk) not in used and not is_allowed(risk, allowed)
    )
    plan = replace(plan, refusals=tuple(refused), approvals=uses)
    looser = (*_looser(declared.safety, state), *_new(uses))
    unneeded = (*_unneeded(plan, declared, state, today), *_unknown(allowed, declared, state))
    return replace(plan, warnings=(*looser, *plan.warnings, *unneeded))


def is_allowed(risk: Refusal, allowed: Iterable[str]) -> bool:
    """Say whether a ``--allow`` pattern covers the risk."""
    return any(fnmatchcase(_name(risk), pattern) for pattern in allowed)


def in_force(stack: Stack) -> InForce:
    """Return what lets risks of *stack* pass or holds them back, for the state to remember."""
    usual = Safety()
    limits = {name: value for name in _LIMITS if (value := getattr(stack.safety, name)) != getattr(usual, name)}
    digests = tuple(sorted(map(_digest, stack.approvals)))
    return InForce(limits, digests, stack.safety.windows, stack.safety.freezes)


def _name(risk: Refusal) -> str:
    return f"{risk.risk}:{risk.address}"


def _digest(approval: Approval) -> str:
    return canonical_json.digest([approval.allows, approval.change, approval.reason, approval.expires])


def _uses(
    risks: Sequence[Refusal],
    approvals: Iterable[Approval],
    state: State,
    change_of: Callable[[Address], str],
    today: str,
) -> Iterator[ApprovalUse]:
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for risk in risks:
        reasons[_name(risk)].append(risk.reason)
    for approval in approvals:
        status, allowed = ApprovalStatus.UNNEEDED, ""
        if approval.allows in reasons:
            if approval.change != change_of(approval.address):
                status = ApprovalStatus.ANOTHER_CHANGE
            elif approval.expires < today:
                status = ApprovalStatus.EXPIRED
            else:
                status, allowed = ApprovalStatus.USED, "; ".join(dict.fromkeys(reasons[approval.allows]))
        yield ApprovalUse(approval, status, allowed, _digest(approval) not in state.in_force.approvals)


def _void(risk: Refusal, uses: Iterable[ApprovalUse], *, is_ahead: bool) -> str:
    """Say why no approval of *risk* allows it; of several, that the right one has expired says most."""
    ours = [use for use in uses if use.approval.allows == _name(risk)]
    for use in sorted(ours, key=lambda use: use.status is not ApprovalStatus.EXPIRED):
        if use.status is ApprovalStatus.EXPIRED:
            day = use.approval.expires
            ended = f"ends on {day}, before the moment that is planned for" if is_ahead else f"expired on {day}"
            return f"the approval at {use.approval.place} {ended}, and a later day renews it"
        return f"the approval at {use.approval.place} is for another change, environment or organization"
    return ""


def _looser(safety: Safety, state: State) -> Iterator[Diagnostic]:
    """Say which limits let more pass than those of the last apply; where there was none, than the usual ones."""
    usual = Safety()
    since = "at the last apply" if state.serial else "by default"
    raised = [
        f"{name} is {_limit(name, now)} ({since}: {_limit(name, was)})"
        for name in _LIMITS
        if (now := getattr(safety, name)) > (was := state.in_force.limits.get(name, getattr(usual, name)))
    ]
    if raised:
        detail = f"{', '.join(raised)}."
        yield Diagnostic("Limits are looser", detail, severity=Severity.WARNING, topic=Topic.CONSENT)


def _limit(name: str, value: float) -> str:
    return f"{value:.0%}" if name.endswith("share") else f"{value:.0f}"


def _new(uses: Iterable[ApprovalUse]) -> Iterator[Diagnostic]:
    for use in uses:
        if use.is_new:
            approval = use.approval
            detail = f"{approval.allows}, until {approval.expires}: {approval.reason}. It is new since the last apply."
            yield _warning("New approval", detail, approval, Topic.CONSENT)


def _unneeded(plan: Plan, declared: Stack, state: State, today: str) -> Iterator[Diagnostic]:
    """Warn of approvals for nothing that is planned; with targets, they may be for what is left out."""
    known = {*declared.resources, *state.bindings}
    refused = set(map(_name, plan.refusals))  # which says what is wrong with the approvals of it
    for use in plan.approvals if not plan.targets else ():
        approval = use.approval
        if use.status is ApprovalStatus.USED or approval.allows in refused:
            continue
        if use.status is ApprovalStatus.ANOTHER_CHANGE:
            why = f"It approves another change of {approval.address} than the one that is planned."
        elif approval.address in known:
            why = f"Nothing that is planned needs {approval.allows}."
        elif approval.risk is Risk.DELETE:
            why = nowhere(approval.address, known)
        else:
            continue  # reading the file has warned of it
        ended = "expired" if plan.as_of is None else "ends"
        expired = f" It {ended} on {approval.expires}." if approval.expires < today else ""
        advice = "Take the entry out, unless another environment waits for it."
        yield _warning("Unneeded approval", f"{why}{expired} {advice}", approval)


def _unknown(allowed: Iterable[str], declared: Stack, state: State) -> Iterator[Diagnostic]:
    """Warn of ``--allow`` for an address that is nowhere: mostly a typo, and what was meant stays refused."""
    known = {*declared.resources, *state.bindings}
    for pattern in sorted(set(allowed)):
        try:
            address = Address.parse(pattern.partition(":")[2])
        except ValueError:  # a pattern
            continue
        if address not in known:
            detail = f"--allow {pattern} allows nothing: {nowhere(address, known)}"
            yield Diagnostic("Unknown address", detail, severity=Severity.WARNING)


def _warning(summary: str, detail: str, approval: Approval, topic: Topic | None = None) -> Diagnostic:
    return Diagnostic(summary, detail, approval.source, approval.address, severity=Severity.WARNING, topic=topic)

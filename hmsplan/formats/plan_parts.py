"""What a plan refuses, was allowed, cannot tell and takes back, as its JSON says it: one object each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.model import dotted
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.model import ApprovalUse, Denial, Diagnostic, Refusal, Rollback, Unsettled


def refusal_json(refusal: Refusal) -> dict[str, Any]:
    """Return a risk that nothing allows, with the flag and the approval that would."""
    return {
        "risk": str(refusal.risk),
        "address": str(refusal.address),
        "reason": refusal.reason,
        "void": refusal.void,
        "flag": refusal.flag,
        "change": refusal.change,
        "approval": "\n".join(refusal.approval),
    }


def denial_json(denial: Denial) -> dict[str, Any]:
    """Return what a policy denies."""
    return {
        "policy": denial.policy,
        "rule": denial.rule,
        "message": denial.message,
        "address": str(denial.address) if denial.address is not None else None,
        "source": str(denial.source) if denial.source is not None else None,
    }


def approval_json(use: ApprovalUse) -> dict[str, Any]:
    """Return an entry of ``approvals.yaml``, and what became of it."""
    return {
        "allow": use.approval.allows,
        "change": use.approval.change,
        "reason": use.approval.reason,
        "expires": use.approval.expires,
        "source": str(use.approval.source),
        "status": use.status.value,
        "is_new": use.is_new,
    }


def unsettled_json(item: Unsettled) -> dict[str, Any]:
    """Return a create of an earlier run whose answer is not known."""
    return {
        "address": str(item.address),
        "candidates": list(item.candidates),
        "remaining_s": item.remaining_s,
        "id": item.id,
    }


def rollback_json(rollback: Rollback, lost: Iterable[Diagnostic]) -> dict[str, Any]:
    """Return which apply is gone back to, and what of it does not come back."""
    return {
        "number": rollback.to.number,
        "at": for_people(rollback.to.at),
        "user": rollback.to.author.user,
        "host": rollback.to.author.host,
        "run": rollback.to.author.run,
        "commit": rollback.to.author.commit,
        "git_revert": rollback.revert,
        "doubt": rollback.doubt,
        "lost": [
            {"address": str(each.address), "summary": each.summary, "detail": each.detail, "path": dotted(each.path)}
            for each in lost
        ],
    }

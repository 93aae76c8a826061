"""Plans and drift reports that surfaces are drawn from in tests, ordinary ones and hostile ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.model import (
    Action,
    Address,
    Approval,
    ApprovalStatus,
    ApprovalUse,
    Diagnostic,
    Drift,
    DriftKind,
    FieldChange,
    MembersChange,
    PendingCreate,
    Plan,
    Reached,
    Refusal,
    RemoteObject,
    ResourceChange,
    Risk,
    Severity,
    SourceLine,
    Topic,
    Unsettled,
)
from hmsplan.output.drift_page import drift_page
from hmsplan.output.text import render_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.output.drift import Coverage, Unseen

SUPPORT, MAIN, VOIP, RECALL = (
    Address(*name.split(".")) for name in ("assistants.support", "numbers.main", "sip_trunks.voip", "campaigns.recall")
)
COVERAGE: Final = {"assistants": (1, 2)}


def plan(*changes: ResourceChange, **more: Any) -> Plan:
    return Plan("acme", "prod", changes, **{"digest": "0" * 64, **more})


def render_drift(
    found: Sequence[Drift], coverage: Coverage, *, width: int, color: bool, unseen: Unseen | None = None
) -> str:
    return render_text(drift_page(found, coverage, "acme", "prod", width, unseen=unseen), color=color)


def update(key: str, before: str = "old", after: str = "new") -> ResourceChange:
    return ResourceChange(
        Address("assistants", key),
        Action.UPDATE,
        f"id-{key}",
        {},
        {},
        (FieldChange(("first_message",), before, after),),
    )


def full(text: str = "why", key: str = "support") -> Plan:
    """Return a plan with everything in it that a plan can say, and *text* at every place that is foreign."""
    address = Address("assistants", key)
    intent = PendingCreate("s", Address("assistants", "open"), "assistants", (), {}, frozenset(), 0.0)
    prompt = "Greet the caller, say who you are and ask what you can do for them today.\n\n"
    fields = (
        FieldChange(("name",), text, "new"),
        FieldChange(("llm_config", "tools", text, "url"), text, [text]),
        FieldChange(
            ("first_message",), f"{prompt}{text}\n\n{prompt}", f"{text}\n\n{prompt}Never. {text} {{{{{text}}}}}"
        ),
        FieldChange(("end_call_message",), f"{prompt}A{prompt}{text}", f"A{prompt}{text}\n\n{prompt}"),
        FieldChange(("analysis_plan", "structured_data_plan", "schema"), {text: text, "a": [text]}, {text: 1, "a": []}),
    )
    reaches = (Reached("numbers", text, "n1"), Reached("campaigns", text, "c1", waiting=3))
    leads = MembersChange(({"phone_number": text},), (RemoteObject("leads", text, {"phone_number": text}),), 1)
    return Plan(
        text or "stack",
        text or "environment",
        (
            ResourceChange(
                address,
                Action.UPDATE,
                text,
                {"name": text},
                {"name": "new"},
                fields,
                reason=text,
                notes=(text,),
                reaches=reaches,
            ),
            ResourceChange(MAIN, Action.DELETE, text, {"phone_number": text}, reason=text),
            ResourceChange(
                VOIP, Action.REPLACE, "t1", fields=(FieldChange(("name",), text, text + "x"),), replaces=(("name",),)
            ),
            ResourceChange(
                RECALL, Action.CREATE, None, fields=(FieldChange(("name",), None, text),), members=leads, started=True
            ),
            ResourceChange(Address("numbers", "old"), Action.FORGET, text),
            ResourceChange(Address("assistants", "new"), Action.NO_OP, "a", moved_from=Address("assistants", "was")),
        ),
        digest="0" * 64,
        organization=text,
        refusals=(
            Refusal(Risk.DELETE, MAIN, text, change="sha256:1", expires="2026-10-05"),
            Refusal(Risk.START, RECALL, text, change="sha256:2", expires="2026-10-05", void=text),
        ),
        approvals=(
            ApprovalUse(
                Approval(Risk.RECALL, RECALL, text, text, text, SourceLine("approvals.yaml", 2)),
                ApprovalStatus.USED,
                text,
            ),
        ),
        unsettled=(Unsettled(intent.address, (text, "id2"), 0.0, intent),),
        drift=drifts(text),
        warnings=(
            Diagnostic("Odd", text, SourceLine(text, 3), severity=Severity.WARNING),
            Diagnostic("New approval", text, SourceLine(text, 3), severity=Severity.WARNING, topic=Topic.CONSENT),
        ),
        targets=(str(SUPPORT),),
    )


def drifts(text: str) -> tuple[Drift, ...]:
    return (
        Drift("assistants", text, DriftKind.CHANGED, SUPPORT, text, (FieldChange(("name",), text, text + "y"),)),
        Drift("numbers", text, DriftKind.GONE, MAIN, text),
        Drift("assistants", text, DriftKind.UNMANAGED, None, text),
    )


def many(number: int, text: str = "a line of text\n" * 20) -> Plan:
    """Return a plan of *number* updates, and a delete that is found only behind them."""
    gone = ResourceChange(Address("numbers", "gone"), Action.DELETE, "b", {"phone_number": "+31850000001"})
    return plan(*(update(f"a{n}", text, f"{text}{n}\n") for n in range(number)), gone)

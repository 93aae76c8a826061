"""The values every stage speaks in; frozen.

Three readings meet in ``plan.make_plan``: what is ``declared`` (``Stack``), what is ``live`` (``Snapshot``) and what we
did before, as it is ``remembered`` (``State``). The answer is ``planned`` (``Plan``); ``apply`` performs exactly that
value, and what it did is ``reported`` (``Report``). ``values`` are what all of these are made of. The other rooms
import every one of them from here.
"""

from hmsplan.model.declared import Import, Lifecycle, Move, Resource, Safety, Stack
from hmsplan.model.live import Anonymous, RemoteObject, Snapshot
from hmsplan.model.planned import (
    Action,
    Against,
    Calls,
    Digest,
    Drift,
    DriftKind,
    FieldChange,
    MembersChange,
    Plan,
    Reached,
    Refusal,
    ResourceChange,
    Risk,
    Step,
    Unsettled,
    Verb,
    is_pending,
)
from hmsplan.model.remembered import Binding, Deposed, Intent, State
from hmsplan.model.reported import Outcome, Report, Status
from hmsplan.model.values import (
    EMPTY,
    KEY_PATTERN,
    MISSING,
    Address,
    Diagnostic,
    FieldPath,
    Missing,
    Ref,
    Secret,
    Severity,
    SourceLine,
    Spec,
    Unsendable,
    Value,
    dotted,
)

__all__ = [
    "EMPTY",
    "KEY_PATTERN",
    "MISSING",
    "Action",
    "Address",
    "Against",
    "Anonymous",
    "Binding",
    "Calls",
    "Deposed",
    "Diagnostic",
    "Digest",
    "Drift",
    "DriftKind",
    "FieldChange",
    "FieldPath",
    "Import",
    "Intent",
    "Lifecycle",
    "MembersChange",
    "Missing",
    "Move",
    "Outcome",
    "Plan",
    "Reached",
    "Ref",
    "Refusal",
    "RemoteObject",
    "Report",
    "Resource",
    "ResourceChange",
    "Risk",
    "Safety",
    "Secret",
    "Severity",
    "Snapshot",
    "SourceLine",
    "Spec",
    "Stack",
    "State",
    "Status",
    "Step",
    "Unsendable",
    "Unsettled",
    "Value",
    "Verb",
    "dotted",
    "is_pending",
]

"""The values every stage speaks in; frozen.

Three readings meet in ``planner.planner.make_plan``: what is declared (``config``: ``Stack``), what is live
(``snapshot``: ``Snapshot``) and what we did before (``state``: ``State``). The answer is the ``plan`` (``Plan``);
``apply`` performs exactly that value, and says what it did in a ``report`` (``Report``). ``address``, ``paths``,
``value``, ``secret`` and ``diagnostic`` are what all of these are made of. Other folders import them from here.
"""

from hmsplan.model.address import KEY_PATTERN, Address
from hmsplan.model.config import Import, Lifecycle, Move, Resource, Safety, Stack
from hmsplan.model.diagnostic import Diagnostic, Severity, SourceLine, Topic
from hmsplan.model.paths import (
    ANY,
    FieldPath,
    Pattern,
    dotted,
    leaves,
    matches,
    pattern,
    pattern_of,
    value_at,
    values_at,
)
from hmsplan.model.plan import (
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
    is_written,
    tally,
)
from hmsplan.model.report import Outcome, Report, Status
from hmsplan.model.secret import Secret
from hmsplan.model.snapshot import Anonymous, RemoteObject, Snapshot
from hmsplan.model.state import Binding, Deposed, PendingCreate, State
from hmsplan.model.value import EMPTY, MISSING, Missing, Ref, Spec, Unsendable, Value

__all__ = [
    "ANY",
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
    "Lifecycle",
    "MembersChange",
    "Missing",
    "Move",
    "Outcome",
    "Pattern",
    "PendingCreate",
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
    "Topic",
    "Unsendable",
    "Unsettled",
    "Value",
    "Verb",
    "dotted",
    "is_pending",
    "is_written",
    "leaves",
    "matches",
    "pattern",
    "pattern_of",
    "tally",
    "value_at",
    "values_at",
]

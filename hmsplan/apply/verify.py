"""Did it stick? What was written compared by value with what the API answers and lists. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.diff import at_path, diff
from hmsplan.model import MISSING, Secret, dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldPath, Spec, Value


def mismatches(kind: Kind, sent: Spec, live: Spec) -> str:
    """Say which of the fields that were sent the API does not have; "" when it has them all.

    A field that *live* leaves out is not judged when it stands at the top: an answer need not repeat everything.
    """
    judged = {key: value for key, value in sent.items() if key in live}
    wrong = diff(kind, judged, live)
    return "; ".join(
        f"the API did not keep {dotted(change.path)}: sent {_short(change.after)}, has {_short(change.before)}"
        for change in wrong
    )


def left_behind(kind: Kind, removed: Sequence[FieldPath], live: Spec) -> tuple[FieldPath, ...]:
    """Name the nested keys that were taken out of a block and that the API still has."""
    return tuple(path for path in removed if at_path(kind, live, path) not in (MISSING, None))


def merged_blocks(kind: Kind, sent: Spec, live: Spec) -> tuple[str, ...]:
    """Name the clearable blocks whose user-owned JSON is not the one that was sent."""
    changes = diff(kind, {key: value for key, value in sent.items() if key in live}, live)
    return tuple(sorted({str(c.path[0]) for c in changes if c.path in kind.atomic and c.path[0] in kind.clearable}))


def _short(value: Value) -> str:
    if isinstance(value, Secret):
        return str(value)
    text = "nothing" if value is MISSING else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 -- one line of a report

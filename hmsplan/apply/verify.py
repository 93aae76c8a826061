"""Did it stick? What was written compared by value with what the API answers and lists. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hmsplan.kinds.normalise import is_tidied
from hmsplan.kinds.references import within
from hmsplan.model import MISSING, Secret, dotted
from hmsplan.planner.diff import at_path, diff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.kinds import Kind
    from hmsplan.model import FieldChange, FieldPath, Spec, Value


def unkept(kind: Kind, sent: Spec, live: Spec, *, whole: bool) -> tuple[FieldChange, ...]:
    """Return the fields that the API does not have as sent: ``before`` is what it has, ``after`` what was sent.

    Text that it merely tidied is kept. Unless *live* is the *whole* object, a field that it leaves out at the top is
    not judged: an answer need not repeat everything.
    """
    judged = sent if whole else {key: value for key, value in sent.items() if key in live}
    return tuple(change for change in diff(kind, judged, live) if not is_tidied(change.after, change.before))


def is_vital(kind: Kind, change: FieldChange) -> bool:
    """Say whether an object without this field as it was sent is not what was planned: who answers, whom it calls."""
    vital = {kind.identity} if kind.status is None else {kind.identity, kind.status[0]}
    refers = any(True for side in (change.before, change.after) for _ in within(kind, change.path, side))
    return change.path[0] in vital or refers or isinstance(change.before, Secret)


def vital(kind: Kind, sent: Spec, live: Spec) -> str:
    """Say which of the vital fields that were sent an answer has otherwise; "" when it has them all."""
    return told(change for change in unkept(kind, sent, live, whole=False) if is_vital(kind, change))


def told(changes: Iterable[FieldChange]) -> str:
    """Say for people which fields the API did not keep; "" for none."""
    return "; ".join(
        f"the API did not keep {dotted(change.path)}: sent {_short(change.after)}, has {_short(change.before)}"
        for change in changes
    )


def left_behind(kind: Kind, removed: Sequence[FieldPath], live: Spec) -> tuple[FieldPath, ...]:
    """Name the nested keys that were taken out of a block and that the API still has."""
    return tuple(path for path in removed if at_path(kind, live, path) not in (MISSING, None))


def merged_beside(kind: Kind, sent: Spec, live: Spec) -> Iterator[str]:
    """Say what else the API has beside the settings that it merged; only names, since values may be secrets."""
    for name in sorted(kind.posted_to.keys() & sent.keys()):
        settings = live.get(name)
        if isinstance(settings, Mapping) and isinstance(sent[name], Mapping):
            more = sorted(settings.keys() - sent[name].keys())
            told = [f"{name}.{key}" + (" as null" if settings[key] is None else "") for key in more]
            if told:
                yield f"the API merges {name} and still has {', '.join(told)}"


def merged_blocks(kind: Kind, sent: Spec, live: Spec) -> tuple[str, ...]:
    """Name the clearable blocks whose user-owned JSON is not the one that was sent."""
    changes = diff(kind, {key: value for key, value in sent.items() if key in live}, live)
    return tuple(sorted({str(c.path[0]) for c in changes if c.path in kind.atomic and c.path[0] in kind.clearable}))


def _short(value: Value) -> str:
    if isinstance(value, Secret):
        return str(value)
    text = "nothing" if value is MISSING else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 -- one line of a report

"""The calls in progress, as a table and as JSON. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds import KINDS
from hmsplan.output.lines import BLANK, Line, paint, safe, title
from hmsplan.text.timestamps import duration, for_people, iso
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmsplan.model import CalledObject, CallInProgress

FORMAT_VERSION: Final = "1.0"
NOTHING: Final = "No calls in progress."


def calls_text(now: float, calls: Sequence[CallInProgress], *, width: int, color: bool) -> str:
    """Return each call with what it is on, and how many are on what; *now* is the API's time, in Unix seconds."""
    return paint(_lines(now, calls), width=width, color=color)


def _lines(now: float, calls: Sequence[CallInProgress]) -> Iterator[Line]:
    if not calls:
        yield title(NOTHING)
        return
    yield title(f"{count(len(calls), 'call')} in progress at {for_people(now)}")
    yield BLANK
    for call in calls:
        yield Line(safe(_told(call, now)), ">")
        yield Line("on " + ", ".join(_name(on) for on in call.on) if call.on else "on nothing that is known", "", 1)
    yield BLANK
    number = Counter(_name(on) for call in calls for on in call.on)
    yield Line("; ".join(f"{name}: {times}" for name, times in sorted(number.items())), depth=-1)


def _told(call: CallInProgress, now: float) -> str:
    began = f"since {for_people(call.began)} ({duration(max(now - call.began, 0))})" if call.began is not None else ""
    caller = f"with {call.caller}" if call.caller else ""
    return ", ".join(filter(None, [" ".join(filter(None, [call.direction, call.status])), began, caller]))


def _name(on: CalledObject) -> str:
    if on.address is not None:
        return str(on.address)
    return f'{KINDS[on.kind].singular} "{safe(on.name)}" (not managed)'


def calls_json(now: float, calls: Sequence[CallInProgress]) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "format_version": FORMAT_VERSION,
        "now": iso(now),
        "calls": [
            {
                "id": call.id,
                "status": call.status,
                "direction": call.direction or None,
                "since": iso(call.began) if call.began is not None else None,
                "caller": call.caller or None,
                "on": [
                    {
                        "kind": on.kind,
                        "id": on.id,
                        "name": on.name,
                        "address": str(on.address) if on.address is not None else None,
                    }
                    for on in call.on
                ],
            }
            for call in calls
        ],
    }

"""``safety.windows`` and ``safety.freeze``: hours of the week and days of the calendar as they are written. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from hmsplan.kinds import KINDS
from hmsplan.model import EVERYTHING, Diagnostic, Freeze, Hours, Severity, Window, is_address_pattern
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hmsplan.config.document import Node
    from hmsplan.model import Address

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EXAMPLE: Final = "Mon-Fri 18:00-08:00, Sat-Sun 00:00-24:00"
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_MOMENT: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2})?")
_FULL_DAY: Final = 24 * 60
_UTC: Final = "UTC"


class BadHours(ValueError):
    """Hours that cannot be read; the text says why, and what to write."""


def hours_of(text: str) -> tuple[Hours, ...]:
    """Read ``Mon-Fri 18:00-08:00, Sat 00:00-24:00``: days and the times that hold on them; no days are all days.

    Raises:
        BadHours: saying what is wrong.
    """
    groups: list[tuple[list[str], list[str]]] = [([], [])]
    for word in re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", text.strip())):
        days, times = groups[-1]
        if word[:1].isdigit():
            times.append(word)
        elif times:
            groups.append(([word], []))
        else:
            days.append(word)
    return tuple(hours for days, times in groups for hours in _group(days, times))


def _group(days: list[str], times: list[str]) -> Iterator[Hours]:
    on = frozenset(day for word in days for day in _days(word)) or frozenset(range(7))
    if not times:
        raise BadHours(f"{wording.listed(days)} stands without a time. Write from when to when, as in {_EXAMPLE}.")
    for word in times:
        yield Hours(on, *_times(word))


def _days(word: str) -> Iterator[int]:
    first, dash, last = word.partition("-")
    begin, end = _day(first), _day(last) if dash else _day(first)
    yield from ((begin + number) % 7 for number in range((end - begin) % 7 + 1))


def _day(word: str) -> int:
    if word in DAYS:
        return DAYS.index(word)
    begin = word[:3].lower()
    near = next((day for day in DAYS if len(begin) > 1 and day.lower().startswith(begin)), None)
    guess = f" Did you mean {near}?" if near else f" There are: {wording.listed(DAYS)}."
    raise BadHours(f"{wording.shown(word)} is not a day.{guess} Write it as in {_EXAMPLE}.")


def _times(word: str) -> tuple[int, int]:
    first, dash, last = word.partition("-")
    if not dash:
        raise BadHours(f"{wording.shown(word)} does not say until when. Write it as in {_EXAMPLE}.")
    opens, closes = _minutes(first), _minutes(last)
    if opens == _FULL_DAY:
        raise BadHours(f"{wording.shown(word)} begins at the end of the day. Write 00:00 of the day after.")
    if opens == closes:
        raise BadHours(f"{wording.shown(word)} ends when it begins. A whole day is 00:00-24:00.")
    return opens, closes


def _minutes(word: str) -> int:
    found = _CLOCK.fullmatch(word)
    minutes = int(found[1]) * 60 + int(found[2]) if found else _FULL_DAY + 1
    if minutes > _FULL_DAY:
        raise BadHours(f"{wording.shown(word)} is not a time of the day. Write hours and minutes, as in {_EXAMPLE}.")
    return minutes


def why_no_hours(text: str) -> str:
    """Say why *text* holds no hours; "" when it does."""
    try:
        hours_of(text)
    except BadHours as error:
        return str(error)
    return ""


def day_or_time(text: str) -> tuple[dt.datetime, bool]:
    """Read ``2026-12-24``, or ``2026-12-24 17:00``; return it, and whether it is a whole day.

    Raises:
        ValueError: it is neither.
    """
    at = dt.datetime.fromisoformat(text)
    return at, ":" not in text


def why_no_day(text: str) -> str:
    """Say why *text* is no day of the calendar, and no time on one; "" when it is, and for what breaks the pattern."""
    try:
        day_or_time(text)
    except ValueError:
        if _MOMENT.fullmatch(text) is None:
            return ""
        return f"{wording.shown(text)} is not a day of the calendar, or not a time on one."
    return ""


def why_no_addresses(text: str) -> str:
    """Say why *text* is neither an address nor a pattern of some; "" when it is."""
    kind, dot, _ = text.partition(".")
    if text != "*" and dot and not {"*", "?"} & set(kind) and kind not in KINDS:
        return f"{wording.shown(kind)} is not a kind.{wording.did_you_mean(kind, KINDS)}"
    if is_address_pattern(text):
        return ""
    return f"{wording.shown(text)} is not an address. Write assistants.support, or a pattern, as in assistants.*"


def windows_of(node: Node | None) -> tuple[Window, ...]:
    """Return the entries of ``safety.windows``. Only for a node that fits its schema."""
    return tuple(
        Window(
            item.value["allow"],
            hours_of(item.value["allow"]),
            item.value["zone"],
            tuple(item.value.get("for", EVERYTHING)),
            item.source,
        )
        for item in _items(node)
    )


def freezes_of(node: Node | None, windows: Iterable[Window]) -> tuple[Freeze, ...]:
    """Return the entries of ``safety.freeze``; without a zone they have that of the windows, if these have but one."""
    zones = {window.zone for window in windows}
    usual = zones.pop() if len(zones) == 1 else _UTC
    return tuple(_freeze(item, usual) for item in _items(node))


def _freeze(item: Node, usual: str) -> Freeze:
    value = item.value
    begins, _ = day_or_time(value["from"])
    ends, is_day = day_or_time(value["to"])
    return Freeze(
        begins,
        ends + dt.timedelta(days=1) if is_day else ends,
        value.get("zone", usual),
        value["reason"],
        f"from {value['from']} to {value['to']}" if value["from"] != value["to"] else f"on {value['from']}",
        tuple(value.get("for", EVERYTHING)),
        item.source,
    )


def misordered(node: Node | None) -> Iterator[Diagnostic]:
    """Yield a problem for each freeze that ends before it begins. Only for a node that fits its schema."""
    for item in _items(node):
        begins, _ = day_or_time(item.value["from"])
        ends, is_day = day_or_time(item.value["to"])
        if ends < begins or (ends == begins and not is_day):
            detail = f"It ends on {item.value['to']}, not after it begins, so it never holds. Exchange the two."
            yield Diagnostic("Freeze without a length", detail, item.locate(("to",)), path=("safety", "freeze"))


def for_nothing(entries: Iterable[Window | Freeze], written: Collection[Address]) -> Iterator[Diagnostic]:
    """Warn of each entry for an address that no file declares: mostly a typo, and what was meant is not held back."""
    known = set(map(str, written))
    for entry in entries:
        for text in entry.patterns:
            if "*" in text or "?" in text or text in known:
                continue
            what = "window" if isinstance(entry, Window) else "freeze"
            detail = f"The {what} is for {text}, which no file declares.{wording.did_you_mean(text, known)}"
            yield Diagnostic("Unknown address", detail, entry.source, severity=Severity.WARNING)


def _items(node: Node | None) -> Iterable[Node]:
    return node.items() if node is not None and isinstance(node.value, list) else ()

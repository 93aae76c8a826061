"""Where audio and text of calls go, as a report for people, for a page, and for programs. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from hmsplan.lint.residency import NOT_DECLARED, PLATFORM, Verdict
from hmsplan.model import dotted
from hmsplan.output.catalog import table
from hmsplan.text.escape import markdown, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.lint.residency import Flow
    from hmsplan.model import Address

_EEA: Final = {Verdict.INSIDE: "yes", Verdict.FOREIGN_LAW: "yes*", Verdict.OUTSIDE: "no", Verdict.UNKNOWN: "?"}
_HEAD: Final = ("what", "gets", "who", "seat", "where", "EEA")
_MEANING: Final = (
    "seat: the country whose law the company is under. where: the country where it is processed, or EU. EEA: whether "
    "that is in the European Economic Area, where the GDPR applies; yes* is there too, by a company outside. ? is not "
    "known."
)
_BESIDE: Final = (
    "Beside this, all of a call passes the platform, whose documentation does not say where it runs, and what is said "
    "may be kept there: see the retention of the organization."
)


def residency_text(found: Mapping[Address, Sequence[Flow]], width: int) -> str:
    """Return a table for each assistant and workflow, with its sum; wide names are cut."""
    return "\n".join(_text(found, width))


def residency_markdown(found: Mapping[Address, Sequence[Flow]]) -> str:
    """Return the same as a page."""
    return "\n".join(_markdown(found))


def residency_json(found: Mapping[Address, Sequence[Flow]]) -> dict[str, Any]:
    """Return the same for a program."""
    return {
        "format_version": "1.0",
        "resources": [
            {"address": str(address), "flows": [_flow(each) for each in flows]} for address, flows in found.items()
        ],
    }


def _flow(flow: Flow) -> dict[str, Any]:
    company = flow.company
    return {
        "part": str(flow.part),
        "field": f"{flow.address}.{dotted(flow.path)}" if flow.path else None,
        "carries": flow.carries.split(", "),
        "receiver": flow.receiver,
        "company": company.name if company is not None else None,
        "seat": company.seat if company is not None else None,
        "region": flow.region,
        "region_in_eea": flow.region_in_eea,
        "seat_in_eea": flow.seat_in_eea,
        "verdict": str(flow.verdict),
        "source": flow.source or None,
    }


def _cells(flow: Flow) -> tuple[str, ...]:
    seat = flow.company.seat if flow.company is not None else None
    unknown = flow.receiver in (NOT_DECLARED, PLATFORM)
    who = flow.receiver if unknown else plain(flow.receiver)
    return str(flow.part), flow.carries, who, seat or "?", flow.region or "?", _EEA[flow.verdict]


def _sum(flows: Sequence[Flow]) -> str:
    counts = Counter(flow.verdict for flow in flows)
    inside = counts[Verdict.INSIDE] + counts[Verdict.FOREIGN_LAW]
    return f"{inside} in the EEA, {counts[Verdict.OUTSIDE]} outside, {counts[Verdict.UNKNOWN]} not known"


def _text(found: Mapping[Address, Sequence[Flow]], width: int) -> Iterator[str]:
    for address, flows in found.items():
        yield f"{address}: {_sum(flows)}"
        if flows:
            yield from (f"  {row}" for row in table([_HEAD, *map(_cells, flows)], width - 2, cut=2))
        yield ""
    for text in (_MEANING, _BESIDE):
        yield textwrap.fill(text, width)
        yield ""
    yield "Sources"
    for source in _sources(found):
        yield from textwrap.wrap(
            source,
            width,
            initial_indent="  ",
            subsequent_indent="    ",
            break_on_hyphens=False,
            break_long_words=False,
        )


def _markdown(found: Mapping[Address, Sequence[Flow]]) -> Iterator[str]:
    yield "# Where calls go"
    for address, flows in found.items():
        yield f"\n## {address}\n\n{_sum(flows)}.\n"
        yield f"| {' | '.join(_HEAD)} |\n|{'---|' * len(_HEAD)}"
        for flow in flows:
            yield f"| {' | '.join(markdown(cell).replace('|', '&#124;') for cell in _cells(flow))} |"
    yield f"\n{markdown(_MEANING)}\n\n{markdown(_BESIDE)}\n\n## Sources\n"
    for source in _sources(found):
        yield f"- {markdown(source)}"


def _sources(found: Mapping[Address, Iterable[Flow]]) -> Iterator[str]:
    """Yield who each provider is, and where that and its place can be read; once."""
    told = set()
    for flow in (each for flows in found.values() for each in flows):
        if flow.company is not None:
            read = ", ".join(dict.fromkeys(filter(None, (flow.source, flow.company.source))))
            told.add(f"{flow.receiver}, {flow.company.name}{f': {read}' if read else ''}")
    yield from sorted(told)

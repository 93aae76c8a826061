"""The catalog of providers as people and programs read it. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from hmsplan.catalog import BLOCKS, OLD_DAYS
from hmsplan.output.lines import columns
from hmsplan.text import wording
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from hmsplan.catalog import Catalog, Provider

TITLES: Final = {
    "stt_config": "Speech to text (stt_config)",
    "llm_config": "Language models (llm_config)",
    "tts_config": "Text to speech (tts_config)",
}
UNKNOWN: Final = "not known"
_LABEL: Final = 11


def catalog_text(catalog: Catalog, today: date, width: int) -> str:
    """Return every provider with its models, whose it is and where it processes."""
    return "\n".join(_overview(catalog, today, width))


def provider_text(catalog: Catalog, name: str, width: int) -> str:
    """Return all that is known of the providers of one name, block by block."""
    lines = [line for each in _named(catalog, name) for line in ("", *_details(catalog, each, width))]
    return "\n".join(lines[1:])


def age_text(catalog: Catalog, today: date) -> str:
    """Return what is to be said of the age of the catalog; nothing while it is young."""
    days = catalog.age_days(today)
    if days <= OLD_DAYS:
        return ""
    return (
        f"What is known of providers was looked up on {catalog.checked}, {days} days ago, and models come and go. "
        "Update hmsplan, or compare it with the platform:"
    )


def catalog_json(catalog: Catalog, today: date, name: str | None = None) -> dict[str, Any]:
    """Return the catalog for a program, or what it has of one name."""
    found = [each for block in BLOCKS for each in catalog.of(block) if name is None or name in _names(each)]
    return {
        "format_version": "1.0",
        "checked": str(catalog.checked),
        "is_old": catalog.age_days(today) > OLD_DAYS,
        "languages": list(catalog.languages),
        "providers": [_as_json(catalog, each) for each in found],
    }


def names(catalog: Catalog) -> list[str]:
    """Return the names that a provider may be asked for by."""
    return sorted({name for _, name in catalog.providers})


def _names(provider: Provider) -> tuple[str, ...]:
    return (provider.provider, *provider.aliases)


def _named(catalog: Catalog, name: str) -> Iterator[Provider]:
    return (each for block in BLOCKS for each in catalog.of(block) if name in _names(each))


def _overview(catalog: Catalog, today: date, width: int) -> Iterator[str]:
    indent = max(len(name) for _, name in catalog.providers) + 4
    for block in BLOCKS:
        yield TITLES[block]
        for provider in catalog.of(block):
            models = [_model(provider, model.id) for model in provider.models if not model.legacy]
            lines = [*_wrapped(", ".join(models), width - indent), _whose(catalog, provider)]
            for number, line in enumerate(lines):
                lead = f"  {provider.provider}" if number == 0 else ""
                yield f"{lead:<{indent}}{line}".rstrip()
        yield ""
    yield f"* the platform's own choice. Looked up on {catalog.checked}. All of one provider:"
    yield "  hmsplan catalog show elevenlabs"
    yield from _age(catalog, today, width)


def _age(catalog: Catalog, today: date, width: int) -> Iterator[str]:
    if told := age_text(catalog, today):
        yield ""
        yield textwrap.fill(told, width)
        yield "  hmsplan catalog show --live"


def _model(provider: Provider, model: str) -> str:
    return f"{model}*" if model == provider.default_model else model


def _whose(catalog: Catalog, provider: Provider) -> str:
    company = catalog.company(provider)
    seat = f"{company.name}, {company.seat}" if company.seat else company.name
    return f"{seat}; processes in: {_region(provider)}"


def _region(provider: Provider) -> str:
    if provider.region is not None:
        return provider.region
    return f"as {provider.region_by.field} says" if provider.region_by is not None else UNKNOWN


def _details(catalog: Catalog, provider: Provider, width: int) -> Iterator[str]:
    yield f"{provider.provider}: {TITLES[provider.block]}"
    for label, text in _rows(catalog, provider):
        for number, line in enumerate(_wrapped(text, width - _LABEL - 2)):
            yield f"  {label if number == 0 else '':<{_LABEL}}{line}"


def _rows(catalog: Catalog, provider: Provider) -> Iterator[tuple[str, str]]:
    company = catalog.company(provider)
    if provider.aliases:
        yield "also", ", ".join(provider.aliases)
    yield "company", f"{company.name}, {f'seat {company.seat}' if company.seat else 'seat not known'}"
    yield "processes", _regions(provider)
    if company.note:
        yield "", company.note
    yield "key", _key(provider)
    if provider.realtime:
        yield "kind", "realtime: listens, thinks and speaks, so tts_config is null"
    if provider.models:
        yield "models", ", ".join(_model(provider, model.id) for model in provider.models if not model.legacy)
    if outdated := [model.id for model in provider.models if model.legacy]:
        yield "outdated", ", ".join(outdated)
    yield from _limits(provider)
    if provider.block == "stt_config":
        yield "languages", ", ".join(catalog.languages)
    if provider.voices is not None:
        yield "voices", ", ".join(f"{each}*" if each == provider.default_voice else each for each in provider.voices)
    elif provider.block == "tts_config":
        yield "voices", "those of the account; none is listed"
    if provider.ranges:
        yield "ranges", "; ".join(_range(name, bounds) for name, bounds in provider.ranges.items())
    sources = dict.fromkeys(filter(None, (provider.source, provider.region_source, company.source)))
    yield "sources", f"{', '.join(sources)} ({provider.checked})"


def _limits(provider: Provider) -> Iterator[tuple[str, str]]:
    """Yield which settings some models refuse, or do not use, each list once."""
    for label, lists in (("refuses", "refuses"), ("no effect", "ignores")):
        by_list: dict[tuple[str, ...], list[str]] = {}
        for model in provider.models:
            if found := getattr(model, lists):
                by_list.setdefault(found, []).append(model.id)
        for settings, models in by_list.items():
            yield label, f"{', '.join(settings)} (with {', '.join(models)})"


def _key(provider: Provider) -> str:
    if provider.key is None:
        return "none: it is the platform itself"
    others = [f"{model.key} for {model.id}" for model in provider.models if model.key is not None]
    keys = ", ".join([provider.key, *others])
    if provider.key_needed:
        return f"{keys}; the organization has to have it (byok_keys)"
    return f"{keys} (byok_keys); without it the platform's own, where it has one"


def _regions(provider: Provider) -> str:
    by = provider.region_by
    if by is None:
        return provider.region or UNKNOWN
    values = ", ".join(f"{value} ({region})" for value, region in by.values.items())
    condition = f", while {by.switch} is true or the key is {by.key}" if by.switch else ""
    return f"as {by.field} says{condition}: {values}"


def _range(name: str, bounds: Mapping[str, float]) -> str:
    default = f", default {bounds['default']:g}" if "default" in bounds else ""
    return f"{name} {bounds['minimum']:g} to {bounds['maximum']:g}{default}"


def _wrapped(text: str, width: int) -> Sequence[str]:
    return textwrap.wrap(plain(text), width, break_on_hyphens=False, break_long_words=False)


def _as_json(catalog: Catalog, provider: Provider) -> dict[str, Any]:
    company = catalog.company(provider)
    by = provider.region_by
    return {
        "block": provider.block,
        "provider": provider.provider,
        "aliases": list(provider.aliases),
        "realtime": provider.realtime,
        "company": {"name": company.name, "seat": company.seat, "source": company.source, "note": company.note},
        "key": provider.key,
        "key_needed": provider.key_needed,
        "models": [
            {
                "id": model.id,
                "is_default": model.id == provider.default_model,
                "is_outdated": model.legacy,
                "key": model.key or provider.key,
                "refuses": list(model.refuses),
                "ignores": list(model.ignores),
            }
            for model in provider.models
        ],
        "voices": None if provider.voices is None else list(provider.voices),
        "default_voice": provider.default_voice,
        "ranges": {name: dict(bounds) for name, bounds in provider.ranges.items()},
        "region": provider.region,
        "region_by": None if by is None else {"field": by.field, "values": dict(by.values)},
        "sources": list(dict.fromkeys(filter(None, (provider.source, provider.region_source)))),
        "checked": str(provider.checked),
    }


def table(rows: Sequence[Sequence[str]], width: int, *, cut: int) -> Iterator[str]:
    """Yield rows under each other, two spaces apart; column *cut* is cut short until a row fits."""
    sizes = [max(columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    room = width - sum(sizes) - 2 * (len(sizes) - 1) + sizes[cut]
    sizes[cut] = min(sizes[cut], max(room, 8))
    for row in rows:
        cells = [
            f"{cell[: sizes[cut] - 1]}…" if columns(cell) > size else cell
            for cell, size in zip(row, sizes, strict=True)
        ]
        yield "  ".join(cell + " " * (size - columns(cell)) for cell, size in zip(cells, sizes, strict=True)).rstrip()


def guess(name: str, catalog: Catalog) -> str:
    """Return what may be meant by the name of a provider that there is not."""
    known = names(catalog)
    return wording.did_you_mean(name, known) or f" There are: {wording.listed(known)}."

"""What is known of providers: models, voices, ranges, keys, seats and regions. Dated data, in ``catalog.json``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OLD_DAYS: Final = 180
"""Days after which what was looked up deserves to be looked up again."""
BLOCKS: Final = ("stt_config", "llm_config", "tts_config")
"""The blocks of an assistant that name a provider."""


class Company(NamedTuple):
    """Who runs a provider.

    Attributes:
        seat: two letters of the country whose law it is under, its parent's where that is another; None = not known.
        source: where that can be read.
        note: what else decides where it processes.
        region: where it processes, whatever is set; two letters of a country; None = not known, or see ``Provider``.
        checked: when it was looked up.
    """

    name: str
    checked: date
    seat: str | None = None
    region: str | None = None
    source: str | None = None
    note: str | None = None


class Model(NamedTuple):
    """One model of a provider.

    Attributes:
        legacy: still accepted, and not offered for anything new.
        key: the account it is used with, where that is another one than the provider's.
        refuses: settings next to which the API refuses it.
        ignores: settings that are documented to be another model's.
    """

    id: str
    legacy: bool = False
    key: str | None = None
    refuses: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()


class RegionField(NamedTuple):
    """A field that decides where a provider processes.

    Attributes:
        values: of the field, to two letters of a country, or EU.
        key, switch: it counts only for models that are used with that account, or while that field is true.
    """

    field: str
    values: Mapping[str, str]
    key: str | None = None
    switch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider in one block of an assistant.

    Attributes:
        provider: its name in the block.
        aliases: other names that mean the same.
        realtime: listens, thinks and speaks by itself.
        company: key of ``Catalog.companies``.
        key: the account it is used with: a provider of ``byok_keys``; None for the platform itself.
        key_needed: whether the organization has to have that key; None = not known, the platform may have its own.
        models: best known first; empty where it has no choice of models.
        default_model, default_voice: the platform's own choice; None = not documented.
        voices: None = not listed: any voice of the account.
        ranges: dotted setting to ``minimum``, ``maximum`` and, where there is one, ``default``.
        values: dotted setting to the values that are known.
        region: where it processes, for all models: two letters of a country, or EU; None = not known, or see below.
        region_by: the field that decides it.
        source, region_source: where it can be read.
        checked: when it was looked up.
    """

    block: str
    provider: str
    aliases: tuple[str, ...] = ()
    realtime: bool = False
    company: str
    key: str | None = None
    key_needed: bool | None = None
    models: tuple[Model, ...] = ()
    default_model: str | None = None
    voices: tuple[str, ...] | None = None
    default_voice: str | None = None
    ranges: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    region: str | None = None
    region_by: RegionField | None = None
    region_source: str | None = None
    source: str
    checked: date

    def model(self, name: object) -> Model | None:
        """Return a model by its id; None for one that is not known."""
        return next((model for model in self.models if model.id == name), None)

    def key_of(self, model: object) -> str | None:
        """Return the account that a model is used with; of one that is not known, the provider's."""
        known = self.model(model)
        return known.key if known is not None and known.key is not None else self.key

    def region_of(self, config: Mapping[str, Any]) -> str | None:
        """Return where a block with these fields is processed: two letters of a country, or EU; None = not known."""
        by = self.region_by
        if by is None:
            return self.region
        counts = by.key is None or self.key_of(config.get("model")) == by.key
        if not counts and not (by.switch is not None and config.get(by.switch) is True):
            return self.region
        value = config.get(by.field)
        return by.values.get(value, self.region) if isinstance(value, str) else self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All of it.

    Attributes:
        languages: that ``stt_config.language`` takes.
        pipeline_only: fields that a realtime assistant does not use.
        providers: by block and name, each alias too.
    """

    companies: Mapping[str, Company]
    languages: tuple[str, ...]
    pipeline_only: tuple[str, ...]
    providers: Mapping[tuple[str, str], Provider]

    def find(self, block: str, config: object) -> Provider | None:
        """Return the provider that a block of an assistant names; None for none, and for one that is not known."""
        name = config.get("provider") if isinstance(config, dict) else None
        return self.providers.get((block, name)) if isinstance(name, str) else None

    def of(self, block: str) -> Iterator[Provider]:
        """Yield the providers of a block, each once."""
        for (where, name), provider in self.providers.items():
            if where == block and name == provider.provider:
                yield provider

    def company(self, provider: Provider) -> Company:
        """Return who runs a provider."""
        return self.companies[provider.company]

    @property
    def checked(self) -> date:
        """The day on which the oldest entry was looked up."""
        companies = (company.checked for company in self.companies.values())
        return min(*companies, *(provider.checked for provider in self.providers.values()))

    def age_days(self, today: date) -> int:
        """Return how many days ago that was."""
        return (today - self.checked).days


@cache
def catalog() -> Catalog:
    """Return the catalog; it is read once."""
    import orjson  # noqa: PLC0415 -- 2 ms, for those who look anything up

    data = orjson.loads(Path(__file__).with_name("catalog.json").read_bytes())
    providers = [_provider(entry) for entry in data["providers"]]
    return Catalog(
        companies={name: Company(**_dated(entry)) for name, entry in data["companies"].items()},
        languages=tuple(data["languages"]["values"]),
        pipeline_only=tuple(data["pipeline_only"]["values"]),
        providers={(each.block, name): each for each in providers for name in (each.provider, *each.aliases)},
    )


def _provider(entry: dict[str, Any]) -> Provider:
    fields = _dated(entry)
    fields["models"] = tuple(Model(**_tuples(model)) for model in entry.get("models", ()))
    if "values" in entry:
        fields["values"] = _tuples(entry["values"])
    if "region_by" in entry:
        fields["region_by"] = RegionField(**entry["region_by"])
    return Provider(**fields)


def _dated(entry: dict[str, Any]) -> dict[str, Any]:
    return {**_tuples(entry), "checked": date.fromisoformat(entry["checked"])}


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}

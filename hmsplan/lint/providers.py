"""The blocks of assistants and of workflow nodes that name a provider, each with what the catalog knows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.catalog import BLOCKS, catalog
from hmsplan.model import pattern, values_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.catalog import Model, Provider
    from hmsplan.model import FieldPath, Resource

_NODES = pattern("definition.nodes[]")


class Block(NamedTuple):
    """One block.

    Attributes:
        name: one of ``catalog.BLOCKS``.
        provider: None for one that is not in the catalog, or not written here.
        model: None for one that is not in the catalog, or not written here.
    """

    path: FieldPath
    name: str
    config: Mapping[str, Any]
    provider: Provider | None
    model: Model | None


def blocks_of(resource: Resource) -> Iterator[Block]:
    """Yield the blocks of an assistant or a workflow; of any other kind none."""
    if resource.address.kind == "assistants":
        yield from _blocks(resource.spec, ())
    elif resource.address.kind == "workflows":
        for path, node in values_at(resource.spec, _NODES):
            if isinstance(node, dict):
                yield from _blocks(node, path)


def _blocks(fields: Mapping[str, Any], at: FieldPath) -> Iterator[Block]:
    for name in BLOCKS:
        if isinstance(config := fields.get(name), dict):
            provider = catalog().find(name, config)
            model = provider.model(config.get("model")) if provider is not None else None
            yield Block((*at, name), name, config, provider, model)


def voices_of(resource: Resource) -> Iterator[tuple[FieldPath, Any]]:
    """Yield every field that names a voice, with what stands there."""
    for block in blocks_of(resource):
        yield from (((*block.path, name), block.config[name]) for name in ("voice", "voice_id") if name in block.config)
    if resource.address.kind == "workflows":
        yield from values_at(resource.spec, (*_NODES, "voice"))


def is_realtime(assistant: Resource) -> bool | None:
    """Say whether an assistant's model speaks by itself; None = not known."""
    provider = catalog().find("llm_config", assistant.spec.get("llm_config"))
    return None if provider is None else provider.realtime


def number_of(value: Any, default: float | None = None) -> float | None:
    """Return a number of a spec; *default* for one that is absent or of another form."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default

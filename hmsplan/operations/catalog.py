"""The catalog against what the platform offers now, and where the calls of a stack go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.api.urls import segments
from hmsplan.catalog import BLOCKS, catalog
from hmsplan.errors import NotFound
from hmsplan.lint.providers import voices_of
from hmsplan.lint.residency import flows, leading
from hmsplan.lint.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from hmsplan.api.client import ReadClient
    from hmsplan.lint.residency import Flow
    from hmsplan.model import Address, FieldPath, Stack

_CATEGORIES: Final = dict(zip(("stt", "llm", "tts"), BLOCKS, strict=True))
_LOCAL: Final = re.compile(r"[a-z]{2,3}_[A-Z]{2}-[a-z0-9_]+-(?:x_low|low|medium|high)")
"""The form of the platform's own local voices, ``nl_NL-pim-medium``; those of providers have other forms."""


class Comparison(NamedTuple):
    """What the platform offers now, against the catalog and a stack.

    Attributes:
        told: whether the platform says which providers and models it has at all.
        new: block and provider to the models that the catalog does not have; a provider that is new has all of its.
        gone: the same the other way round.
        voices: the platform's local voices by their ids.
        missing: each local voice that the stack names and the platform does not have, with its field.
    """

    told: bool
    new: Mapping[tuple[str, str], Sequence[str]]
    gone: Mapping[tuple[str, str], Sequence[str]]
    voices: Sequence[str]
    missing: Sequence[tuple[Address, FieldPath, str]]


async def compare(client: ReadClient, stack: Stack | None) -> Comparison:
    """Ask the platform what it offers: two requests.

    Args:
        client: one that reads.
        stack: whose local voices are looked up; None = of none.

    Raises:
        ApiError: it could not be read.
    """
    answer = await client.get(segments("/voices"))
    listed = answer.get("voices") if isinstance(answer, dict) else None
    voices = [each["id"] for each in _objects(listed) if isinstance(each.get("id"), str)]
    try:
        offered = _offered(await client.get(segments("/byok/config")))
    except NotFound:
        offered = None
    known = {
        (each.block, each.provider): [model.id for model in each.models] for b in BLOCKS for each in catalog().of(b)
    }
    used = local_voices(stack) if stack is not None else ()
    return Comparison(
        offered is not None,
        _less(offered or {}, known),
        _less(known, offered) if offered is not None else {},
        voices,
        [each for each in used if each[2] not in voices],
    )


def local_voices(stack: Stack) -> Iterator[tuple[Address, FieldPath, str]]:
    """Yield the local voices that a stack names, each with its field."""
    for resource in stack.resources.values():
        for path, value in voices_of(resource):
            if isinstance(value, str) and _LOCAL.fullmatch(value):
                yield resource.address, path, value


def residency(stack: Stack, today: date) -> dict[Address, tuple[Flow, ...]]:
    """Return where the calls of each assistant and workflow of a stack go."""
    view = View(stack, today)
    return {resource.address: flows(resource, view) for resource in leading(view)}


def _offered(answer: Any) -> dict[tuple[str, str], list[str]] | None:
    """Return the models by block and provider; None for an answer that is no catalog."""
    listed = answer.get("providers") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        return None
    found = {}
    for each in _objects(listed):
        block, name = _CATEGORIES.get(str(each.get("category"))), each.get("id")
        if block is not None and isinstance(name, str):
            known = catalog().providers.get((block, name))
            key = (block, known.provider if known is not None else name)
            found[key] = [str(model["id"]) for model in _objects(each.get("models")) if "id" in model]
    return found


def _objects(listed: Any) -> list[dict[str, Any]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _less(
    some: Mapping[tuple[str, str], Sequence[str]], others: Mapping[tuple[str, str], Sequence[str]]
) -> dict[tuple[str, str], list[str]]:
    """Return what *some* have and *others* have not; a provider that others have not at all, also without models."""
    found = {key: [each for each in models if each not in others.get(key, ())] for key, models in some.items()}
    return {key: models for key, models in found.items() if models or key not in others}

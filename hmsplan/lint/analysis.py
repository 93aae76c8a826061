"""What is to be extracted from calls, as assistants and analysis templates say it in two forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.model import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import FieldPath, Resource

PLAN = ("analysis_plan", "structured_data_plan")


class Extraction(NamedTuple):
    """One.

    Attributes:
        at: the path of the block that it stands in.
        schema: of the data; None for none.
        prompts: path and text of what the model is told; empty where that is left to the platform.
        braces: what stands around a placeholder here, with ``transcript`` between.
    """

    at: FieldPath
    schema: Any
    prompts: tuple[tuple[FieldPath, str], ...]
    braces: str


def extraction_of(resource: Resource) -> Extraction | None:
    """Return what is extracted, if that is switched on; None also for a pasted template, which is checked itself."""
    if resource.address.kind == "analysis_templates":
        spec = resource.spec
        prompts = tuple(_texts(((name,), spec.get(name)) for name in ("system_prompt", "user_prompt")))
        return Extraction((), spec.get("schema"), prompts, "{transcript}")
    plan = value_at(resource.spec, PLAN)
    if not isinstance(plan, dict) or plan.get("enabled") is not True or any(p == PLAN[:1] for p, _ in resource.via):
        return None
    messages = plan.get("messages")
    told = (
        ((*PLAN, "messages", index, "content"), value_at(message, ("content",)))
        for index, message in enumerate(messages if isinstance(messages, list) else ())
    )
    return Extraction(PLAN, plan.get("schema"), tuple(_texts(told)), "{{transcript}}")


def _texts(fields: Iterator[tuple[FieldPath, Any]]) -> Iterator[tuple[FieldPath, str]]:
    return ((path, value) for path, value in fields if isinstance(value, str))

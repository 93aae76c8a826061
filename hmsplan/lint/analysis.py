"""What is to be extracted from calls, as assistants and analysis templates say it in two forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hmsplan.model import value_at

if TYPE_CHECKING:
    from hmsplan.model import FieldPath, Resource

PLAN = ("analysis_plan", "structured_data_plan")


class Extraction(NamedTuple):
    """One.

    Attributes:
        at: the path of the block that it stands in.
        schema: of the data; None for none.
    """

    at: FieldPath
    schema: Any


def extraction_of(resource: Resource) -> Extraction | None:
    """Return what is extracted, if that is switched on; None also for a pasted template, which is checked itself."""
    if resource.address.kind == "analysis_templates":
        return Extraction((), resource.spec.get("schema"))
    plan = value_at(resource.spec, PLAN)
    if not isinstance(plan, dict) or plan.get("enabled") is not True or any(p == PLAN[:1] for p, _ in resource.via):
        return None
    return Extraction(PLAN, plan.get("schema"))

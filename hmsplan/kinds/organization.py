"""The organization itself: how long it keeps what was said, and that it was said."""

from __future__ import annotations

from typing import Any, Final

from hmsplan.kinds.kind import STAMPS, Kind

_PERIODS: Final = ("content_retention_days", "metadata_retention_days")


def own(answer: Any) -> list[dict[str, Any]] | None:
    """Return the organization of the key: bare, or in an envelope."""
    if isinstance(answer, dict) and isinstance(answer.get("organization"), dict):
        answer = answer["organization"]
    is_one = isinstance(answer, dict) and isinstance(answer.get("id"), str) and answer["id"]
    return [answer] if is_one else None


ORGANIZATION: Final = Kind(
    name="organization",
    singular="organization",
    noun="organization",
    article="an",
    path="/organizations",
    docs="SDK types Organization and OrganizationRetention; API reference, section Organization",
    collection=(),
    envelope=(),
    unfold=own,
    is_single=True,
    identity="name",
    file="organization.yaml",
    unique=True,
    verbs=frozenset({"GET", "PATCH"}),
    is_organization=True,
    minutes="minutes_balance",
    required=frozenset(_PERIODS),
    described={(): "OrganizationRetention"},
    computed=STAMPS
    | {
        "name",
        "minutes_balance",
        "monthly_usage_minutes",
        "active_numbers",
        "active_agents",
        "active_calls",
        "has_local_models_access",
        "parent_org_id",
        "children",
    },
    write_only=frozenset(_PERIODS),  # "Neither the reference nor the SDK lists the retention periods on GET"
    together={_PERIODS[0]: (_PERIODS[1],), _PERIODS[1]: (_PERIODS[0],)},  # "Always sent together"
)

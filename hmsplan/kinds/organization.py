"""The organization itself: how long it keeps what was said, and that it was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.kinds.kind import STAMPS, Kind, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.model import Spec

_PERIODS: Final = ("content_retention_days", "metadata_retention_days")


def own(answer: Any) -> list[dict[str, Any]] | None:
    """Return the organization of the key: bare, or in an envelope."""
    if isinstance(answer, dict) and isinstance(answer.get("organization"), dict):
        answer = answer["organization"]
    is_one = isinstance(answer, dict) and isinstance(answer.get("id"), str) and answer["id"]
    return [answer] if is_one else None


def retention(spec: Spec) -> Iterator[Problem]:
    """Name contents that are kept longer than what is about them ("content may not outlive metadata")."""
    content, metadata = (spec.get(name) for name in _PERIODS)
    if isinstance(content, int) and isinstance(metadata, int) and content > metadata:
        detail = (
            f"{_PERIODS[0]} is {content} and {_PERIODS[1]} is {metadata}, and the platform refuses to keep the content "
            f"of a call longer than what is about it. Write {metadata} or less here, or {content} or more there."
        )
        yield Problem((_PERIODS[0],), "Contents kept too long", detail)


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
    required=frozenset(_PERIODS),
    checks=retention,
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

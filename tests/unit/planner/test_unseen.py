"""What the API does not show is said as it is, in a plan as in a report of drift."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.readings import at, bound, change_of, declared, live, planned, remembered, remote, resource

from hmsplan.planner.drift import survey

PERIODS: dict[str, Any] = {"content_retention_days": 30, "metadata_retention_days": 90}
KEY: dict[str, Any] = {"provider": "google"}


def organization(applied: dict[str, Any], **shown: Any) -> Any:
    stack = declared(resource("organization.main", **PERIODS))
    state = remembered(bound("organization.main", "o1", **applied))
    return planned(stack, live(remote("organization", "o1", name="Acme", **shown)), state)


def test_what_was_never_sent_is_sent_whatever_is_there() -> None:
    change = change_of(organization({}), "organization.main")
    assert [field.path for field in change.fields] == [("content_retention_days",), ("metadata_retention_days",)]
    assert change.notes == ("content_retention_days, metadata_retention_days cannot be seen: sent in any case",)


def test_what_was_sent_is_not_sent_again_and_is_not_called_equal() -> None:
    plan = organization(PERIODS)
    assert not plan.pending
    (warning,) = plan.warnings
    assert warning.summary == "Not compared"
    assert "content_retention_days, metadata_retention_days of organization.main" in warning.detail


@pytest.mark.parametrize("applied", [{}, PERIODS])
def test_what_an_answer_shows_is_compared(applied: dict[str, Any]) -> None:
    plan = organization(applied, content_retention_days=90, metadata_retention_days=90)
    (field,) = change_of(plan, "organization.main").fields
    assert (field.path, field.before, field.after) == (("content_retention_days",), 90, 30)
    assert plan.warnings == ()
    assert plan.drift if applied else not plan.drift


def test_what_is_not_confirmed_is_sent_again_and_the_plan_says_why() -> None:
    stack = declared(resource("organization.main", **PERIODS))
    binding = replace(bound("organization.main", "o1", **PERIODS), unconfirmed=frozenset({"content_retention_days"}))
    plan = planned(stack, live(remote("organization", "o1", name="Acme")), remembered(binding))
    change = change_of(plan, "organization.main")
    assert [(field.path, field.after) for field in change.fields] == [(("content_retention_days",), 30)]
    why = "content_retention_days: it is not known whether the last apply still set it, so it is sent again"
    assert change.notes == (why,)
    assert plan.drift == ()


def test_what_is_not_confirmed_is_no_drift_where_an_answer_shows_it() -> None:
    """It may have been this very stack that set it."""
    shown = live(remote("organization", "o1", name="Acme", content_retention_days=90, metadata_retention_days=90))
    stack = declared(resource("organization.main", **PERIODS))
    binding = bound("organization.main", "o1", **PERIODS)
    unconfirmed = replace(binding, unconfirmed=frozenset({"content_retention_days"}))
    assert planned(stack, shown, remembered(binding)).drift
    plan = planned(stack, shown, remembered(unconfirmed))
    assert plan.drift == ()
    assert [field.before for field in change_of(plan, "organization.main").fields] == [90]


def google(declared_config: dict[str, Any] | None) -> Any:
    more = {} if declared_config is None else {"config": declared_config}
    stack = declared(resource("byok_keys.google", **KEY, **more))
    state = remembered(bound("byok_keys.google", "google", **KEY, config={"project": "acme", "region": "eu"}))
    return planned(stack, live(remote("byok_keys", "google", **KEY, secret_id="s1")), state)


def test_a_setting_that_is_taken_out_may_stay() -> None:
    change = change_of(google({"project": "acme"}), "byok_keys.google")
    assert change.notes == ("the platform merges config: it is sent null for config.region, and may keep it",)


def test_a_whole_block_that_cannot_be_cleared_is_released() -> None:
    change = change_of(google(None), "byok_keys.google")
    assert (change.fields, change.released) == ((), (("config",),))


def test_a_report_of_drift_names_what_is_not_seen_of_objects_that_are_there() -> None:
    stack = declared()
    state = remembered(
        bound("organization.main", "o1", **PERIODS), bound("byok_keys.google", "google", config={"a": 1})
    )
    report = survey(stack, live(remote("organization", "o1", name="Acme")), state)
    assert report.unseen == {at("organization.main"): (("content_retention_days",), ("metadata_retention_days",))}

"""What an organization has once: its mail domain, which needs a key, and its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.world import World, applied, steps

from hmsplan.errors import ConfigError, UnsafePlan
from hmsplan.model import Action, dotted
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RESEND = {"resend": {"provider": "resend", "api_key": "${secret:hook}"}}
MAIL = {"main": {"domain_name": "mail.example.com"}}
KEPT = {"main": {"content_retention_days": 30, "metadata_retention_days": 365}}


def refused(world: World, resources: Mapping[str, Any]) -> list[str]:
    world.declare(resources)
    with pytest.raises(UnsafePlan) as error:
        world.apply()
    return [f"{refusal.risk}:{refusal.address} {refusal.reason}" for refusal in error.value.refusals]


# The domain


@pytest.mark.parametrize("unread", ["null", "refused"])
def test_the_key_comes_first_and_goes_last(made: Callable[..., World], unread: str) -> None:
    """Also where the domain cannot be read without the key: then there is none, as none can be made."""
    world = made(delete_resend_key="conflict", domain_without_key=unread)
    assert steps(applied(world, {"byok_keys": RESEND, "domain": MAIL})) == [
        "byok_keys.resend:create",
        "domain.main:create",
    ]
    assert steps(applied(world, {}, "*")) == ["domain.main:delete", "byok_keys.resend:delete"]


def test_a_domain_without_a_key_is_an_error_of_the_plan(made: Callable[..., World]) -> None:
    world = made()
    world.declare({"domain": MAIL})
    with pytest.raises(ConfigError) as caught:
        world.plan()
    (problem,) = caught.value.diagnostics
    assert problem.summary == "Provider key is missing"
    assert problem.detail.endswith("Declare it in byok_keys, with provider: resend.")


def test_a_key_that_is_stored_and_not_declared_will_do(made: Callable[..., World]) -> None:
    world = made()
    world.request("POST", "/byok", {"provider": "resend", "api_key": "re_1"})
    world.declare({"domain": MAIL})
    assert not world.apply().bad
    assert not world.plan().pending


def test_a_key_that_goes_away_will_not_do(made: Callable[..., World]) -> None:
    world = made()
    applied(world, {"byok_keys": RESEND})
    world.declare({"domain": MAIL})
    with pytest.raises(ConfigError):
        world.plan()


@pytest.mark.parametrize("stance", ["allowed", "conflict", "cascade"])
def test_the_key_stays_as_long_as_the_domain_does(made: Callable[..., World], stance: str) -> None:
    world = made(delete_resend_key=stance)
    applied(world, {"byok_keys": RESEND, "domain": MAIL})
    assert refused(world, {"domain": MAIL}) == ["delete:byok_keys.resend still used by domain.main"]


def test_a_target_brings_the_key_along(made: Callable[..., World]) -> None:
    world = made()
    world.declare({"byok_keys": RESEND, "domain": MAIL, "assistants": {"desk": {"name": "Desk"}}})
    plan = world.plan(Options(targets=("domain.*",)))
    assert [str(change.address) for change in plan.changes] == ["byok_keys.resend", "domain.main"]


def test_another_name_is_guarded_and_says_what_stops(made: Callable[..., World]) -> None:
    world = made()
    applied(world, {"byok_keys": RESEND, "domain": MAIL})
    other = {"byok_keys": RESEND, "domain": {"main": {"domain_name": "post.example.com"}}}
    (reason,) = refused(world, other)
    assert reason == (
        "replace:domain.main domain_name cannot change in place: the domain would be recreated, and no mail is sent "
        "until the DNS records of another one are set and verified"
    )
    assert steps(applied(world, other, "replace:domain.main")) == ["domain.main:delete-old", "domain.main:create"]


@pytest.mark.parametrize("found", ["verified", "pending", "failed"])
def test_verification_is_status_and_never_drift(made: Callable[..., World], found: str) -> None:
    world = made(domain_check=found)
    applied(world, {"byok_keys": RESEND, "domain": MAIL})
    for path in ("/domains/verify", "/domains/refresh"):
        world.request("POST", path)
        assert (world.drift().drifted, world.plan().pending) == ((), ())
    assert world.request("GET", "/domains")["domain"]["status"] == found
    failed = [("DNS check failed", "domain.main")] if found == "failed" else []
    assert [(each.summary, str(each.address)) for each in world.plan().warnings] == failed
    assert [(each.summary, str(each.address)) for each in world.drift().warnings] == failed


def test_a_domain_of_the_dashboard_is_adopted(made: Callable[..., World]) -> None:
    world = made()
    world.request("POST", "/byok", {"provider": "resend", "api_key": "re_1"})
    world.request("POST", "/domains", {"domain_name": "mail.example.com"})
    done = applied(world, {"byok_keys": RESEND, "domain": MAIL})
    assert {change.action for change in done.plan.changes} == {Action.ADOPT}


# The organization


def periods(world: World) -> tuple[int, int]:
    row = world.emulator.app.store.organization(world.emulator.organization(world.key))
    assert row is not None
    return row["content_retention"], row["metadata_retention"]


@pytest.mark.parametrize("readable", [False, True])
def test_both_periods_are_sent_together(made: Callable[..., World], readable: bool) -> None:
    world = made(retention_readable=readable)
    applied(world, {"organization": KEPT})
    assert periods(world) == (30, 365)
    done = applied(world, {"organization": {"main": {**KEPT["main"], "content_retention_days": 90}}})
    assert [dotted(f.path) for change in done.plan.changes for f in change.fields] == ["content_retention_days"]
    assert periods(world) == (90, 365)
    assert len(world.emulator.writes) == 2


def test_a_person_who_changes_a_period_is_seen_where_the_api_shows_it(made: Callable[..., World]) -> None:
    world = made(retention_readable=True)
    applied(world, {"organization": KEPT})
    world.request("PATCH", "/organizations", {"content_retention_days": 90, "metadata_retention_days": 365})
    (drift,) = world.drift().drifted
    assert [(dotted(f.path), f.before, f.after) for f in drift.fields] == [("content_retention_days", 30, 90)]
    applied(world, {"organization": KEPT})


def test_what_a_person_changes_cannot_be_seen_and_the_report_says_so(made: Callable[..., World]) -> None:
    world = made()
    applied(world, {"organization": KEPT})
    world.request("PATCH", "/organizations", {"content_retention_days": 90, "metadata_retention_days": 365})
    report = world.drift()
    assert report.drifted == ()
    assert list(report.unseen.values()) == [(("content_retention_days",), ("metadata_retention_days",))]


def test_it_is_neither_created_nor_deleted(made: Callable[..., World]) -> None:
    world = made()
    done = applied(world, {"organization": KEPT})
    assert [change.action for change in done.plan.changes] == [Action.ADOPT]
    assert [change.reason for change in done.plan.changes] == ["the organization of the key"]
    world.declare({})
    (change,) = world.plan().changes
    assert change.action is Action.FORGET
    (change,) = world.plan(Options(destroy=True)).changes
    assert change.action is Action.FORGET


def test_it_is_no_unmanaged_object_where_nobody_declares_it(made: Callable[..., World]) -> None:
    world = made()
    applied(world, {"assistants": {"desk": {"name": "Desk"}}})
    report = world.drift()
    assert (report.unmanaged, report.coverage) == ((), {"assistants": (1, 1)})


def test_a_first_plan_does_not_miss_a_state_because_of_it(made: Callable[..., World]) -> None:
    """The organization is there before any apply, so finding it is no sign of an earlier one."""
    world = made(retention_readable=True)
    world.declare({"organization": KEPT})
    assert world.plan().warnings == ()

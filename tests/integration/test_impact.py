"""``plan --impact``: the calls that a change meets, read beside the plan and never instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.virtual_time import run
from support.world import UNLIMITED, Life, World, allowing

from hmsplan.api.client import ReadClient
from hmsplan.emulator import Fault
from hmsplan.model import Calls
from hmsplan.operations.impact import with_impact
from hmsplan.operations.plan import plan_live
from hmsplan.output.changes import remarks
from hmsplan.output.template_copies import TemplateCopies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Plan

DAY_S: Final = 86_400
NUMBER: Final = "+31850835037"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return an organization with an assistant, whose prompt is about to change, and a number that nobody manages."""
    with World(tmp_path, UNLIMITED) as made:
        made.declare({"assistants": {"desk": {"name": "Desk", "first_message": "Hello"}}})
        made.apply(allowing())
        made.declare({"assistants": {"desk": {"name": "Desk", "first_message": "Good day"}}})
        made.emulator.add("numbers", {"phone_number": NUMBER, "agent_id": made.id("assistants.desk")})
        made.emulator.requests.clear()
        yield made


def look(world: World) -> Plan:
    """Plan with --impact, with a client that cannot write."""

    async def planned() -> Plan:
        async with world._client(ReadClient, Life()) as client:
            stack, state = world.stack(), world.state()
            return await with_impact(client, stack, state, *await plan_live(client, stack, state))

    return run(planned(), world.clock)


def called(world: World, status: str, number: int = 1, **fields: Any) -> None:
    """Let the assistant be called some times."""
    for _ in range(number):
        world.emulator.add("calls", {"status": status, "agent_id": world.id("assistants.desk"), **fields})


def told(plan: Plan) -> list[str]:
    return list(remarks(plan.changes[0], plan, TemplateCopies(plan)))


def calls(plan: Plan) -> Calls | None:
    (change,) = plan.changes
    return change.calls


def test_calls_in_progress_and_of_the_last_days_stand_on_the_change(world: World) -> None:
    """Older ones and those of others do not count; a status that nobody knows goes on until it says that it ended."""
    called(world, "in-progress")
    world.clock.now += 8 * DAY_S
    called(world, "ended", 3)
    called(world, "in-progress", agent_id="somebody-else")
    called(world, "in-progress")
    called(world, "on-hold")
    called(world, "hung-up", ended_at="2026-11-22T12:00:00Z")
    called(world, "in-progress", agent_id=None)
    plan = look(world)
    assert calls(plan) == Calls(running=2, recent=6)
    assert "2 calls in progress, 6 calls in 7 days" in told(plan)


def test_a_plan_reads_no_calls_unless_it_is_asked_to(world: World) -> None:
    assert calls(world.plan()) is None
    assert {request.path for request in world.emulator.requests} == {"/assistants", "/organizations"}


def test_what_is_planned_is_the_same(world: World) -> None:
    """The calls of the moment are no part of what is reviewed."""
    called(world, "in-progress")
    assert look(world).digest == world.plan().digest


def test_the_kinds_that_nobody_declares_are_read_too(world: World) -> None:
    """So it is known who is reached through them."""
    assert world.plan().unread == ("numbers", "campaigns")
    plan = look(world)
    assert plan.unread == ()
    assert [reached.name for reached in plan.changes[0].reaches] == [NUMBER]
    assert plan.requests == 5
    assert {request.method for request in world.emulator.requests} == {"GET"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/calls", "Which calls the plan meets is not known"),
        ("/numbers", "Whom the plan reaches through numbers and campaigns is not known"),
    ],
)
def test_what_fails_beside_the_plan_is_said_and_fails_nothing(world: World, path: str, words: str) -> None:
    digest = world.plan().digest
    world.emulator.inject(Fault(do="status", path=path, status=403, body={"error": "no"}))
    plan = look(world)
    assert plan.digest == digest
    (warning,) = plan.warnings
    assert warning.detail.startswith(words)


@pytest.mark.parametrize("body", [[], {"calls": None}, {"calls": [{"id": "1"}]}, {"calls": ["1"]}, {"logs": []}])
def test_an_answer_that_tells_nothing_is_no_zero(world: World, body: Any) -> None:
    """Calls that do not name their assistant could all be of this one."""
    world.emulator.inject(Fault(do="status", path="/calls", status=200, body=body))
    plan = look(world)
    assert calls(plan) is None
    assert [warning.summary for warning in plan.warnings] == ["Impact not known"]


def test_many_calls_are_read_page_by_page(world: World) -> None:
    """The server's own limit is a thousand."""
    called(world, "ended", 2003)
    assert calls(look(world)) == Calls(running=0, recent=2003)
    assert [request.path for request in world.emulator.requests].count("/calls") == 3


def test_more_calls_than_anybody_wants_to_wait_for_are_at_least(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    called(world, "ended", 2003)
    monkeypatch.setattr("hmsplan.api.calls.MOST_PAGES", 2)
    plan = look(world)
    assert calls(plan) == Calls(running=0, recent=2000, at_least=True)
    assert "0 calls in progress, at least 2,000 calls in 7 days" in list(
        remarks(plan.changes[0], plan, TemplateCopies(plan))
    )


CAMPAIGN: Final[dict[str, Any]] = {
    "name": "Recall",
    "agent_id": "${assistants.desk}",
    "schedule_start_time": "10:00",
    "schedule_end_time": "12:00",
    "timezone": "Europe/Amsterdam",
    "status": "scheduled",
    "leads": [{"phone_number": f"+3161234567{digit}"} for digit in range(4)],
}


def scheduled(world: World, **fields: Any) -> None:
    """Declare a campaign that begins to call four people."""
    world.declare({"assistants": {"desk": {"name": "Desk"}}, "campaigns": {"recall": CAMPAIGN | fields}})


def short(world: World) -> list[str]:
    """Return what a plan says of the minutes that are left."""
    return [each.detail for each in look(world).warnings if each.summary == "Not enough minutes"]


def test_a_campaign_that_needs_more_minutes_than_are_left_is_warned_of(world: World) -> None:
    """By the median of the calls that were made: one long call, and those that others made to us, do not count."""
    scheduled(world)
    called(world, "ended", 2, direction="outbound", duration_seconds=120)
    called(world, "ended", direction="outbound", duration_seconds=1800)
    called(world, "ended", 5, direction="inbound", duration_seconds=3600)
    world.emulator.set_credits(7.5)
    (detail,) = short(world)
    assert detail.startswith("4 people to call are 8 minutes, by the median of 3 calls in 7 days; 7.5 are left.")
    world.emulator.set_credits(8)
    assert short(world) == []


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"status": "paused"}, {"leads": []}])
def test_a_campaign_that_calls_no_one_needs_no_minutes(world: World, fields: dict[str, Any]) -> None:
    scheduled(world, **fields)
    called(world, "ended", direction="outbound", duration_seconds=90)
    world.emulator.set_credits(0)
    assert short(world) == []


def test_without_earlier_calls_their_length_is_not_guessed(world: World) -> None:
    scheduled(world)
    called(world, "in-progress", direction="outbound")
    called(world, "failed", direction="outbound", duration_seconds=0)
    world.emulator.set_credits(0)
    assert short(world) == []


def test_calls_of_any_direction_stand_for_those_that_none_was_made_of(world: World) -> None:
    scheduled(world)
    called(world, "ended", direction="inbound", duration_seconds=60)
    world.emulator.set_credits(1)
    (detail,) = short(world)
    assert "the median of 1 call in 7 days" in detail


def test_each_campaign_takes_as_long_as_the_calls_of_its_own_assistant(world: World) -> None:
    """And one whose assistant has made none, as long as those of the others; what is left is for all of them."""
    other = CAMPAIGN | {"name": "Other", "agent_id": "${assistants.new}", "leads": [{"phone_number": "+31612345670"}]}
    assistants = {"desk": {"name": "Desk"}, "new": {"name": "New"}}
    world.declare({"assistants": assistants, "campaigns": {"recall": CAMPAIGN, "other": other}})
    called(world, "ended", 3, direction="outbound", duration_seconds=60)
    called(world, "ended", 5, direction="outbound", duration_seconds=600, agent_id="somebody-else")
    world.emulator.set_credits(100)
    minutes = look(world).minutes
    assert minutes is not None
    assert [(str(e.address), e.people, e.call_s, e.calls, e.is_own, e.minutes) for e in minutes.campaigns] == [
        ("campaigns.other", 1, 600, 8, False, 10),
        ("campaigns.recall", 4, 60, 3, True, 4),
    ]
    assert (minutes.needed, minutes.left) == (14, 100)


def last_day(world: World) -> str:
    minutes = look(world).minutes
    assert minutes is not None
    (campaign,) = minutes.campaigns
    assert campaign.minutes == 80
    return campaign.last_day


def test_the_last_day_is_told_by_the_calling_window(world: World) -> None:
    """It is 15 January, nine in the morning where the people are; half an hour a day, one call at a time."""
    called(world, "ended", direction="outbound", duration_seconds=1200)
    scheduled(world, schedule_start_time="12:00", schedule_end_time="12:30")
    assert last_day(world) == "2027-01-17"
    scheduled(world, schedule_start_time="08:30", schedule_end_time="09:50")
    assert last_day(world) == "2027-01-16"
    scheduled(world, schedule_start_time="10:00", schedule_end_time="17:00")
    assert last_day(world) == "2027-01-15"
    scheduled(world, schedule_start_time="22:00", schedule_end_time="06:00")
    assert last_day(world) == ""


def test_no_minutes_are_told_where_no_one_is_called_or_nothing_is_known(world: World) -> None:
    assert look(world).minutes is None
    scheduled(world)
    assert look(world).minutes is None
    assert world.plan().minutes is None


@pytest.mark.parametrize("balance", [None, "many", True])
def test_a_balance_that_is_not_a_number_is_not_compared(world: World, balance: Any) -> None:
    scheduled(world)
    called(world, "ended", direction="outbound", duration_seconds=90)
    body = {"id": "00000000-0000-4000-8000-000000000001", "name": "Acme", "minutes_balance": balance}
    world.emulator.inject(Fault(do="status", path="/organizations", status=200, body=body, nth=2))
    assert short(world) == []


def test_minutes_are_not_asked_for_without_impact(world: World) -> None:
    scheduled(world)
    called(world, "ended", direction="outbound", duration_seconds=90)
    world.emulator.set_credits(0)
    assert [each.summary for each in world.plan().warnings if each.summary == "Not enough minutes"] == []
    assert "/calls" not in {request.path for request in world.emulator.requests}


def test_a_balance_that_cannot_be_read_is_said_and_fails_nothing(world: World) -> None:
    scheduled(world)
    called(world, "ended", direction="outbound", duration_seconds=90)
    world.emulator.inject(Fault(do="status", path="/organizations", status=403, body={"error": "no"}, nth=2))
    (warning,) = [each for each in look(world).warnings if each.summary == "Impact not known"]
    assert warning.detail.startswith("Whether the minutes that are left are enough is not known")

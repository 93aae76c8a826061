"""The create protocol by itself, on the emulator: one POST, and looking before anything else is done."""

from __future__ import annotations

import asyncio
import email.utils
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.virtual_time import Clock, run

from hmsplan.api.client import WriteClient
from hmsplan.apply.create_once import CreateOnce, UnknownOutcome
from hmsplan.apply.fresh import NotBegun, Outdated
from hmsplan.apply.polling import Polling
from hmsplan.emulator import Emulator, Fault, Settings
from hmsplan.errors import ApiError, HmsplanError
from hmsplan.kinds import KINDS
from hmsplan.model import Address, PendingCreate
from hmsplan.planner.members import fingerprint
from hmsplan.state.backend import new_state, open_backend
from hmsplan.state.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import RemoteObject

ASSISTANTS, CAMPAIGNS = KINDS["assistants"], KINDS["campaigns"]
KEY = "fl_settle"
GRACE_S = 30.0
BODY = {"name": "Desk", "first_message": "Hello."}
LOST_AFTER, LOST_BEFORE = (Fault(do=do, method="POST", nth=1) for do in ("lost_after", "lost_before"))
WAY_OUT = "To decide: hmsplan resolve assistants.desk --adopt ID, or --none"


class Dated(httpx.AsyncBaseTransport):
    """Gives every answer the time in whole seconds, as a web server does."""

    def __init__(self, inner: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self.inner, self.clock = inner, clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        answer.headers["Date"] = email.utils.formatdate(self.clock(), usegmt=True)
        return answer


class Run:
    """One run of hmsplan that only creates."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, Clock()
        self.emulator = Emulator(":memory:", Settings(rate_limit=None), clock=self.clock)
        self.emulator.organization(KEY)
        self.backend = open_backend("file", root, "default")
        self.notes: list[str] = []
        self.bound: dict[str, set[str]] = {"assistants": set(), "campaigns": set()}
        self.stopping = False
        self.intents: tuple[PendingCreate, ...] = ()
        self.sent_at = 0.0

    def create(self, *faults: Fault, times: int = 1, **intent: Any) -> list[RemoteObject]:
        """Create assistants.desk, *times* at once, or a lead of a *parent*."""
        self.emulator.inject(*faults)
        try:
            return run(self._create(times, intent), self.clock)
        finally:
            self.emulator.inject()

    async def _create(self, times: int, intent: dict[str, Any]) -> list[RemoteObject]:
        transport = Dated(self.emulator.transport(), self.clock)
        client = WriteClient(
            "http://127.0.0.1/api/v1",
            api_key=KEY,
            transport=transport,
            clock=self.clock,
            wall=self.clock,
            sleep=asyncio.sleep,
            random=lambda: 0.5,
        )
        with self.backend.lock("a test"):
            ledger = Ledger(self.backend, self.backend.load() or new_state())
            async with client:
                grace = Polling(GRACE_S, self.clock, asyncio.sleep, lambda: self.stopping)
                creator = CreateOnce(client, ledger, grace, lambda kind: self.bound[kind], self.notes.append)
                wanted = [self._one(creator, ledger, number, intent) for number in range(times)]
                try:
                    return list(await asyncio.gather(*wanted))
                finally:
                    self.intents = tuple(ledger.state.intents)

    async def _one(self, creator: CreateOnce, ledger: Ledger, number: int, more: dict[str, Any]) -> RemoteObject:
        body, kind, identity = more.get("body", BODY), more.get("kind", ASSISTANTS), ("Desk",)
        if "lead" in more:
            assert CAMPAIGNS.members is not None
            body, kind = more["lead"], CAMPAIGNS
            identity = (fingerprint(CAMPAIGNS.members, body, ledger.lineage),)

        async def confirm() -> None:
            await asyncio.sleep(more.get("waits_s", 0.0))
            more.get("meanwhile", lambda: None)()
            await ledger.confirm()
            self.sent_at = self.clock()

        await creator.client.get(("assistants",))  # whose answer tells the time
        intent = PendingCreate(
            step=f"desk:{number}",
            address=Address("assistants", "desk"),
            kind=kind.name,
            identity=identity,
            applied={} if "lead" in more else body,
            before=frozenset(more.get("before", ())),
            started=creator.sent_by(),
            parent=more.get("parent"),
        )
        async with creator.one_at_a_time(kind, intent.parent, intent.identity):
            while True:
                try:
                    made = await creator.create(kind, intent, body, confirm)
                    break
                except Outdated:
                    if not more.get("again"):
                        raise
        self.bound[kind.name].add(made.id)
        return made

    @property
    def open(self) -> list[str]:
        return [each.step for each in self.intents]

    @property
    def journal(self) -> str:
        return (self.root / ".hmsplan" / "default" / "journal.jsonl").read_text("utf-8")

    @property
    def posts(self) -> int:
        return sum(write.method == "POST" for write in self.emulator.writes)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.emulator.close()


def test_an_answer_ends_it(desk: Run) -> None:
    (made,) = desk.create()
    assert (made.fields["name"], desk.posts, desk.notes, desk.open) == ("Desk", 1, [], ["desk:0"])


def test_a_refusal_proves_that_nothing_was_made(desk: Run) -> None:
    with pytest.raises(ApiError):
        desk.create(Fault(do="status", method="POST", status=400, body={"error": "no"}))
    assert (desk.emulator.all("assistants"), desk.notes, desk.open) == ([], [], [])
    assert '"refused"' in desk.journal


@pytest.mark.parametrize("why", [Outdated("moved"), NotBegun("too late")], ids=["outdated", "not begun"])
def test_what_is_stopped_right_before_its_post_leaves_no_doubt_behind(desk: Run, why: Exception) -> None:
    def stop() -> None:
        raise why

    with pytest.raises(type(why)):
        desk.create(meanwhile=stop)
    assert (desk.posts, desk.notes, desk.open) == (0, [], [])
    assert '"not sent"' in desk.journal


@pytest.mark.parametrize("do", ["lost_after", "truncated_body", "garbage_body", "empty_body"])
def test_a_lost_answer_is_looked_for_and_not_sent_again(desk: Run, do: str) -> None:
    (made,) = desk.create(Fault(do=do, method="POST", nth=1))
    (live,) = desk.emulator.all("assistants")
    assert made.id == live["id"]
    doubt = "its answer holds no object" if do == "empty_body" else "Unknown outcome: POST /assistants.+"
    assert re.fullmatch(rf"assistants\.desk: {doubt}\. Looking whether it was made \.\.\.", desk.notes[0], re.DOTALL)
    assert desk.notes[1:] == [f"assistants.desk: it was made, as {made.id}"]


def test_an_answer_without_an_object_is_no_answer(desk: Run) -> None:
    desk.create(Fault(do="status", method="POST", nth=1, status=200, body={"ok": True}))
    assert desk.notes[0] == "assistants.desk: its answer holds no object. Looking whether it was made ..."


def test_what_was_not_made_is_sent_once_more_after_the_grace_time(desk: Run) -> None:
    began = desk.clock()
    (made,) = desk.create(LOST_BEFORE)
    assert [each["id"] for each in desk.emulator.all("assistants")] == [made.id]
    assert GRACE_S <= desk.clock() - began < 2 * GRACE_S


def test_lost_answers_count_also_when_it_is_decided_on_again_in_between(desk: Run) -> None:
    """A grace time is longer than a reading counts, so that each second POST of a create is one of the next create."""
    asked = iter(range(99))

    def outdated() -> None:
        if next(asked) % 2:
            raise Outdated

    with pytest.raises(HmsplanError, match="tried twice, and it was not made"):
        desk.create(Fault(do="lost_before", method="POST"), meanwhile=outdated, again=True)
    assert len(desk.notes) == 2


def test_what_was_not_made_twice_is_given_up(desk: Run) -> None:
    began = desk.clock()
    with pytest.raises(HmsplanError, match="tried twice, and it was not made") as error:
        desk.create(Fault(do="lost_before", method="POST"))
    assert 2 * GRACE_S <= desk.clock() - began < 3 * GRACE_S
    assert error.value.summary == "Not created"
    assert (desk.emulator.all("assistants"), desk.open) == ([], [])
    assert '"proven absent"' in desk.journal


@pytest.mark.parametrize("twins", [1, 2])
def test_what_people_have_to_decide_stays_open(desk: Run, twins: int) -> None:
    """Another one of that name, or two that equal what was sent."""
    fields = BODY if twins == 2 else {**BODY, "first_message": "Somebody's."}
    ids = [desk.emulator.add("assistants", fields) for _ in range(twins)]
    with pytest.raises(UnknownOutcome) as error:
        desk.create(LOST_BEFORE)
    assert str(error.value).endswith(f"{twins} live objects may be it: {', '.join(ids[::-1])}. {WAY_OUT}")
    assert desk.open == ["desk:0"]


def test_what_was_there_before_or_belongs_to_somebody_is_not_it(desk: Run) -> None:
    before, bound = (desk.emulator.add("assistants", BODY) for _ in range(2))
    desk.bound["assistants"] = {bound}
    (made,) = desk.create(LOST_AFTER, before=[before])
    assert made.id not in {before, bound}


def test_a_list_that_lacks_what_is_known_proves_nothing(desk: Run) -> None:
    desk.bound["assistants"] = {"a1"}
    with pytest.raises(UnknownOutcome) as error:
        desk.create(LOST_BEFORE)
    assert error.value.detail == f"the list of assistants may be incomplete and proves nothing. {WAY_OUT}"


def test_a_list_that_may_be_cut_proves_nothing_by_what_was_made_before_the_last_post(desk: Run) -> None:
    """49 are a whole list, and the create is sent again; by then there are 50, none of them younger than that POST."""
    for number in range(48):
        desk.emulator.add("assistants", {"name": f"Other {number}"})
    with pytest.raises(UnknownOutcome) as error:
        desk.create(
            Fault(do="lost_before", method="POST"),
            meanwhile=lambda: desk.emulator.add("assistants", {"name": "Somebody's"}),
        )
    assert error.value.detail == f"the list of assistants may be incomplete and proves nothing. {WAY_OUT}"
    assert (desk.posts, desk.open) == (2, ["desk:0"])


def test_the_grace_time_of_a_lost_create_begins_no_earlier_than_its_post(desk: Run) -> None:
    """``Date`` has whole seconds and an intent is written up to a second early: neither may shorten the grace time."""
    desk.clock.now = int(desk.clock.now) + 0.9
    desk.stopping = True
    with pytest.raises(UnknownOutcome):
        desk.create(LOST_BEFORE, waits_s=0.99)
    (intent,) = desk.intents
    assert intent.started >= desk.sent_at
    assert desk.sent_at > int(desk.sent_at) + 0.8  # or it would not tell


def test_a_run_that_is_stopped_leaves_it_to_the_next(desk: Run) -> None:
    desk.stopping = True
    with pytest.raises(UnknownOutcome) as error:
        desk.create(LOST_BEFORE)
    assert error.value.detail == f"stopped before it showed up. The next run looks again. {WAY_OUT}"
    assert desk.open == ["desk:0"]


def test_where_nobody_can_look_it_stays_open(desk: Run) -> None:
    with pytest.raises(UnknownOutcome, match=r"nor can it be looked for: .*403.*hmsplan resolve"):
        desk.create(LOST_AFTER, Fault(do="status", method="GET", nth=2, status=403))
    assert desk.open == ["desk:0"]


def test_equal_creates_take_turns(desk: Run) -> None:
    """Or two that lost their answers would find the same object."""
    made = desk.create(Fault(do="lost_after", method="POST"), times=3)
    assert sorted(each.id for each in made) == sorted(each["id"] for each in desk.emulator.all("assistants"))
    assert len({each.id for each in made}) == 3


def test_a_campaign_is_looked_for_among_campaigns(desk: Run) -> None:
    times = {"schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
    agent = desk.emulator.add("assistants", {"name": "Agent"})
    (made,) = desk.create(LOST_AFTER, kind=CAMPAIGNS, body={"name": "Desk", "agent_id": agent, **times})
    assert [each["id"] for each in desk.emulator.all("campaigns")] == [made.id]
    assert desk.posts == 1


# Leads

ANNA = {"phone_number": "+31850000001", "variables": {"name": "Anna"}}


@pytest.fixture
def campaign(desk: Run) -> str:
    return desk.emulator.add("campaigns", {"name": "Spring", "agent_id": "a1"})


def leads(desk: Run, campaign: str) -> list[str]:
    return [each["id"] for each in desk.emulator.all("leads", parent=campaign)]


def test_a_lead_is_made_below_its_campaign(desk: Run, campaign: str) -> None:
    (made,) = desk.create(parent=campaign, lead=ANNA)
    assert leads(desk, campaign) == [made.id]
    assert (made.fields["phone_number"], desk.notes) == (ANNA["phone_number"], [])


def test_a_lead_that_is_stopped_right_before_its_post_is_not_sent(desk: Run, campaign: str) -> None:
    """The lock may belong to another run by now."""

    def stop() -> None:
        raise NotBegun

    with pytest.raises(NotBegun):
        desk.create(parent=campaign, lead=ANNA, meanwhile=stop)
    assert (leads(desk, campaign), desk.open) == ([], [])


def test_a_lead_whose_answer_is_lost_is_known_by_number_and_variables(desk: Run, campaign: str) -> None:
    other = {**ANNA, "variables": {"name": "Bert"}}
    before = [desk.emulator.add("leads", {"campaign_id": campaign, **lead}) for lead in (ANNA, other)]
    (made,) = desk.create(LOST_AFTER, parent=campaign, lead=ANNA, before=before[:1])
    assert leads(desk, campaign) == [*before, made.id]
    assert desk.posts == 1


def test_a_lead_that_was_not_made_is_sent_once_more(desk: Run, campaign: str) -> None:
    """The campaigns that are bound say nothing about the leads."""
    desk.bound["campaigns"] = {"c9"}
    before = desk.emulator.add("leads", {"campaign_id": campaign, **ANNA})
    (made,) = desk.create(LOST_BEFORE, parent=campaign, lead=ANNA, before=[before])
    assert leads(desk, campaign) == [before, made.id]


def test_of_equal_leads_any_will_do(desk: Run, campaign: str) -> None:
    new = [desk.emulator.add("leads", {"campaign_id": campaign, **ANNA}) for _ in range(2)]
    (made,) = desk.create(LOST_BEFORE, parent=campaign, lead=ANNA)
    assert made.id in new


def test_a_list_of_leads_that_shows_fewer_than_its_campaign_counts_proves_nothing(desk: Run, campaign: str) -> None:
    before = [desk.emulator.add("leads", {"campaign_id": campaign, **ANNA}) for _ in range(3)]
    short = Fault(do="truncated_list", method="GET", path="/campaigns/*/leads", items=1)
    with pytest.raises(UnknownOutcome) as error:
        desk.create(LOST_BEFORE, short, parent=campaign, lead=ANNA, before=before)
    assert error.value.detail == f"the list shows 1 of 3 leads, and proves nothing. {WAY_OUT}"
    assert (leads(desk, campaign), desk.open) == (before, ["desk:0"])


def test_a_round_list_of_leads_proves_nothing_where_the_campaign_does_not_count_them(desk: Run, campaign: str) -> None:
    before = [desk.emulator.add("leads", {"campaign_id": campaign, **ANNA}) for _ in range(50)]
    shown = {"campaign": {"id": campaign, "name": "Spring"}}
    silent = Fault(do="status", method="GET", path="/campaigns/*", status=200, body=shown)
    with pytest.raises(UnknownOutcome) as error:
        desk.create(LOST_BEFORE, silent, parent=campaign, lead=ANNA, before=before)
    assert error.value.detail == f"the list shows 50 of perhaps more leads, and proves nothing. {WAY_OUT}"


def test_a_lead_is_not_given_up_because_its_campaign_is_gone(desk: Run, campaign: str) -> None:
    """A campaign that answers 404 counts nothing; its list of leads was read, and does not have the lead."""
    gone = Fault(do="status", method="GET", path="/campaigns/*", status=404, body={"error": "not found"})
    (made,) = desk.create(LOST_BEFORE, gone, parent=campaign, lead=ANNA)
    assert leads(desk, campaign) == [made.id]

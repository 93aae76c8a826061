"""What people do while a run is under way: no edit is lost, nobody is called against their word, nothing else changes.

Time is virtual and the rate limit the emulator's, so that each of them acts at one known place of the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.faulty_runs import run_broken
from support.people import Colleague
from support.stacks import SECRETS, campaign, lead, prompt
from support.world import Applied, Killed, Life, World, allowing

from hmsplan.emulator import Fault, Settings
from hmsplan.errors import UnsafePlan
from hmsplan.kinds import KINDS
from hmsplan.model import Action, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from hmsplan.model import Plan

AGENTS = {"a": {"name": "A"}, "b": {"name": "B"}}
LEADS = [lead(f"0{number:02}", who="Jan") for number in range(5)]
PACED = Settings(rate_limit=20)


def applied_beside(
    world: World,
    after: str,
    does: Callable[[], object],
    *allowed: str,
    nth: int = 1,
    concurrency: int = 20,
    takes_s: float = 11.0,
) -> Applied:
    """Apply, while somebody acts once."""
    colleague = Colleague(world, after, does, nth, takes_s)
    applied = world.apply(allowing(*allowed), Life(beside=colleague, concurrency=concurrency))
    assert colleague.has_acted
    return applied


def begun(world: World, safety: dict[str, Any] | None = None, **resources: Any) -> None:
    """Declare and apply, with everything allowed."""
    world.declare(resources, safety)
    assert not world.apply(allowing()).bad


def failed(applied: Applied) -> dict[str, str]:
    """Return what ended badly, by step, with the reason."""
    return {o.step.key: o.error for o in applied.report.outcomes if o.status is Status.FAILED}


def pending(world: World, name: str) -> list[str]:
    """Return the phone numbers that wait for a call of that campaign."""
    return [each["phone_number"] for each in world.leads(name) if each["status"] == "pending"]


def call(world: World, *leads: dict[str, Any]) -> None:
    """Let the platform call them."""
    for each in leads:
        world.emulator.edit("leads", each["id"], {"status": "completed", "attempts": 1})


# --- edits ----------------------------------------------------------------------------------------------------------


def assistants(text: str, count: int) -> dict[str, Any]:
    """Declare assistants with one prompt and one tool."""
    tool = {"name": "lookup", "description": text, "url": "https://hooks.example.com/x", "parameters": {}}
    model = {"provider": "openai", "model": "gpt-5.4", "messages": prompt(text), "tools": [tool]}
    return {f"a{number:02}": {"name": f"A{number:02}", "llm_config": model} for number in range(count)}


EDITS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "at the top": lambda _: {"voicemail_message": "Theirs"},
    "in a block": lambda model: {"llm_config": {**model, "temperature": 0.05}},
    "in an item of a list": lambda model: {
        "llm_config": {**model, "tools": [{**model["tools"][0], "async": True, "message": "One moment."}]}
    },
}


def at(live: dict[str, Any], where: str) -> Any:
    match where:
        case "at the top":
            return live["voicemail_message"]
        case "in a block":
            return live["llm_config"].get("temperature")
        case _:
            (tool,) = live["llm_config"]["tools"]
            return (tool.get("async"), tool.get("message"))


@pytest.mark.parametrize("concurrency", [1, 20])
@pytest.mark.parametrize("where", EDITS)
def test_an_edit_of_what_is_not_declared_outlives_a_paced_apply(tmp_path: Path, where: str, concurrency: int) -> None:
    """Its turn came minutes after the plan was made: the body is built on what is there then."""
    with World(tmp_path / "stack", PACED) as world:
        begun(world, assistants=assistants("one", 30))
        world.declare({"assistants": assistants("two", 30)})
        edited: dict[str, Any] = {}

        def edit() -> None:
            left = [a for a in world.emulator.all("assistants") if a["llm_config"]["messages"] == prompt("one")]
            edited.update(world.emulator.edit("assistants", left[-1]["id"], EDITS[where](left[-1]["llm_config"])))

        applied = applied_beside(world, "PATCH", edit, nth=3, concurrency=concurrency)
        assert not applied.bad
        live = world.emulator.get("assistants", edited["id"])
        assert live["llm_config"]["messages"] == prompt("two")
        assert at(live, where) == at(edited, where)
        world.check_at_rest()


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda model: {"llm_config": {**model, "model": "gpt-5.4-mini"}}, "llm_config.model"),
        (
            lambda model: {"llm_config": {**model, "tools": [*model["tools"], {"type": "end_call"}]}},
            "llm_config.tools",
        ),
        (lambda model: {"llm_config": {**model, "messages": prompt("theirs")}}, "llm_config.messages"),
    ],
)
def test_an_edit_of_what_is_declared_is_not_overwritten_unseen(
    tmp_path: Path, edit: Callable[[dict[str, Any]], dict[str, Any]], told: str
) -> None:
    """The plan said nothing of undoing it, though it stands in a block that is sent: the step fails, by that field."""
    with World(tmp_path / "stack", PACED) as world:
        begun(world, assistants=assistants("one", 30))
        changed = assistants("one", 30)
        for each in changed.values():
            each["llm_config"] = {**each["llm_config"], "messages": prompt("two")}
        world.declare({"assistants": changed})
        edited: dict[str, Any] = {}

        def act() -> None:
            left = [a for a in world.emulator.all("assistants") if a["llm_config"]["messages"] == prompt("one")]
            edited.update(world.emulator.edit("assistants", left[-1]["id"], edit(left[-1]["llm_config"])))

        applied = applied_beside(world, "PATCH", act, nth=3, concurrency=1)
        ((key, error),) = failed(applied).items()
        assert told in error
        assert key == f"assistants.{edited['name'].lower()}:update"
        assert world.emulator.get("assistants", edited["id"])["llm_config"] == edited["llm_config"]
        assert [change.address.key for change in world.plan().pending] == [edited["name"].lower()]
        assert not world.apply().bad
        world.check_at_rest()


def test_what_somebody_adds_to_a_block_that_changes_its_provider_is_not_dropped_unseen(tmp_path: Path) -> None:
    """A block of another provider keeps nothing of the old one, and the plan did not show that this goes."""
    one, two = (
        {"assistants": {"a": {"name": "A", "llm_config": {"provider": provider, "model": model}}}}
        for provider, model in (("openai", "gpt-5.4"), ("mistral", "mistral-small-latest"))
    )
    with World(tmp_path / "stack") as world:
        begun(world, **one)
        world.declare(two)
        edited = {**world.live("assistants", "A")["llm_config"], "max_completion_tokens": 77}
        applied = applied_beside(
            world, "GET", lambda: world.emulator.edit("assistants", world.id("assistants.a"), {"llm_config": edited})
        )
        assert "max_completion_tokens" in failed(applied)["assistants.a:update"]
        assert world.live("assistants", "A")["llm_config"] == edited
        assert not world.apply().bad
        world.check_at_rest()


def test_an_edit_between_the_two_halves_of_a_change_is_kept(tmp_path: Path) -> None:
    """Where the API merges blocks, JSON of the user's own is cleared and sent again: on what is there then."""

    def declared(*names: str) -> dict[str, Any]:
        schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
        return {"a": {"name": "A", "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": schema}}}}

    for nth in (1, 2, 3):
        with World(tmp_path / str(nth), Settings(rate_limit=None, nested_patch="merge")) as world:
            begun(world, assistants=declared("one", "two"))
            world.declare({"assistants": declared("one")})

            def edit(world: World = world) -> None:
                live = world.live("assistants", "A")
                plan = {**(live["analysis_plan"] or {}), "min_messages_threshold": 7}
                world.emulator.edit("assistants", live["id"], {"analysis_plan": plan})

            applied_beside(world, "PATCH", edit, nth=nth)
            assert not world.apply().bad
            world.check_at_rest()
            assert world.live("assistants", "A")["analysis_plan"]["min_messages_threshold"] == 7


def test_an_edit_right_after_our_write_is_drift_and_no_wont_of_the_api(tmp_path: Path) -> None:
    """The answer had it as sent, so it is not remembered as something that the API does not store."""
    with World(tmp_path / "stack", Settings(rate_limit=None)) as world:
        begun(world, assistants={"a": {"name": "A", "first_message": "One."}})
        world.declare({"assistants": {"a": {"name": "A", "first_message": "Two."}}})
        edit = {"first_message": "Theirs."}
        applied = applied_beside(
            world, "PATCH", lambda: world.emulator.edit("assistants", world.id("assistants.a"), edit)
        )
        assert any("first_message" in remark for remark in applied.remarks)
        plan = world.plan()
        assert [d.address.key for d in plan.drift if d.address] == ["a"]
        assert [change.action for change in plan.pending] == [Action.UPDATE]
        assert not world.apply().bad
        world.check_at_rest()
        assert world.live("assistants", "A")["first_message"] == "Two."


# --- leads ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 20])
def test_a_lead_that_was_called_meanwhile_stays_and_is_not_called_again(tmp_path: Path, concurrency: int) -> None:
    """24 leads get another variable in a running campaign, and the platform calls nine of them."""
    with World(tmp_path / "stack", PACED) as world:
        leads = [[lead(f"0{number:02}", who=who) for number in range(24)] for who in ("Jan", "Piet")]
        old, new = (campaign("Recall", "${assistants.a}", each, status="scheduled") for each in leads)
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        called: list[dict[str, Any]] = []

        def dial() -> None:
            called.extend([each for each in world.leads("Recall") if each["variables"]["who"] == "Jan"][-9:])
            call(world, *called)

        applied = applied_beside(world, "DELETE", dial, "start:*", nth=3, concurrency=concurrency)
        bad = [o for o in applied.report.outcomes if o.status is not Status.DONE]
        assert len(bad) == 18, applied.bad
        assert all("was called since" in o.error or o.status is Status.BLOCKED for o in bad)
        assert {o.stale for o in bad if o.status is Status.FAILED} == {True}
        there = {each["id"]: each for each in world.leads("Recall")}
        assert all(there[each["id"]]["status"] == "completed" for each in called)
        assert not {each["phone_number"] for each in called} & set(pending(world, "Recall"))
        assert len(there) == 24
        with pytest.raises(UnsafePlan, match=r"recall:campaigns\.recall"):
            world.apply(allowing("start:*"))


def test_people_who_were_taken_off_the_list_come_back_only_when_allowed(tmp_path: Path) -> None:
    """One asked not to be called, and the CSV gets other variables for all of them at the same time."""
    with World(tmp_path / "stack") as world:
        old = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        first, second, *_ = world.leads("Recall")
        call(world, first)
        for each in (first, second):
            world.emulator.remove("leads", each["id"])
        new = {**old, "leads": [lead(each["phone_number"][-3:], who="Piet") for each in LEADS]}
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        (refusal,) = (each for each in world.plan(allowing("start:*")).refusals)
        assert refusal.flag == "--allow recall:campaigns.recall"
        assert "2 people" in refusal.reason
        with pytest.raises(UnsafePlan):
            world.apply(allowing("start:*"))
        assert len(world.leads("Recall")) == 3
        assert not world.apply(allowing()).bad
        world.check_at_rest()


@pytest.mark.parametrize("concurrency", [1, 20])
def test_a_lead_taken_off_the_list_during_a_run_is_not_added_again(tmp_path: Path, concurrency: int) -> None:
    """Its removal was planned, and its twin with other variables was to follow: a person was first."""
    with World(tmp_path / "stack", PACED) as world:
        old, new = (
            campaign("Recall", "${assistants.a}", [lead(f"0{n:02}", who=who) for n in range(24)])
            for who in ("Jan", "Piet")
        )
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        gone: list[str] = []

        def take_off() -> None:
            last = next(each for each in reversed(world.leads("Recall")) if each["variables"]["who"] == "Jan")
            gone.append(last["phone_number"])
            world.emulator.remove("leads", last["id"])

        applied_beside(world, "DELETE", take_off, "start:*", nth=3, concurrency=concurrency)
        assert gone[0] not in pending(world, "Recall")
        with pytest.raises(UnsafePlan, match=r"recall:campaigns\.recall"):
            world.apply(allowing("start:*"))


def test_a_person_who_is_taken_off_is_not_added_with_other_variables(tmp_path: Path) -> None:
    """Somebody else's lead of that person waited when the plan was made, and is taken off before ours is added."""
    with World(tmp_path / "stack", PACED) as world:
        recall = campaign("Recall", "${assistants.a}", LEADS)
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        theirs = {"campaign_id": world.id("campaigns.recall"), **lead("999", who="theirs")}
        theirs_id = world.emulator.add("leads", theirs)
        more = [lead(f"1{number:02}") for number in range(20)] + [lead("999", who="ours")]
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "leads": [*LEADS, *more]}}})
        applied = applied_beside(world, "POST", lambda: world.emulator.remove("leads", theirs_id), nth=3, concurrency=1)
        assert "off the list" in next(iter(failed(applied).values()))
        assert theirs["phone_number"] not in pending(world, "Recall")


def test_a_removal_that_the_api_refused_is_not_remembered_as_ours(tmp_path: Path) -> None:
    """It was being called when its removal was sent. Whoever takes it off later has to be asked."""
    with World(tmp_path / "stack") as world:
        old, new = (campaign("Recall", "${assistants.a}", [lead("001", who=who)]) for who in ("Jan", "Piet"))
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        world.emulator.inject(Fault(do="status", method="DELETE", status=409))
        assert world.apply(allowing("start:*")).bad
        world.emulator.inject()
        (left,) = world.leads("Recall")
        world.emulator.remove("leads", left["id"])
        with pytest.raises(UnsafePlan, match=r"recall:campaigns\.recall"):
            world.apply(allowing("start:*"))


def test_a_lead_moves_to_another_campaign_only_when_it_has_left_the_first(tmp_path: Path) -> None:
    """It was called there meanwhile, so it is not added here."""
    with World(tmp_path / "stack") as world:
        running = {"status": "scheduled"}
        one, two = (
            campaign("One", "${assistants.a}", LEADS, **running),
            campaign("Two", "${assistants.a}", [], **running),
        )
        begun(world, assistants=AGENTS, campaigns={"one": one, "two": two})
        moved = LEADS[-1]
        one, two = {**one, "leads": LEADS[:-1]}, {**two, "leads": [moved]}
        world.declare({"assistants": AGENTS, "campaigns": {"one": one, "two": two}})
        (waiting,) = (each for each in world.leads("One") if each["phone_number"] == moved["phone_number"])
        applied = applied_beside(world, "GET /campaigns/", lambda: call(world, waiting), nth=2)
        assert len(applied.bad) == 2
        assert world.leads("Two") == []


def test_a_removal_that_was_never_sent_is_forgotten(tmp_path: Path) -> None:
    """The run died right before its DELETE, the change was taken back, and then a person takes the lead off."""
    with World(tmp_path / "stack") as world:
        old, new = (campaign("Recall", "${assistants.a}", [lead("001", who=who)]) for who in ("Jan", "Piet"))
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        rehearsal = Life()
        with world.copy(tmp_path / "rehearsal") as copy:
            copy.apply(allowing("start:*"), rehearsal)
        (removal,) = (n for n, request in enumerate(rehearsal.calls, start=1) if request.startswith("DELETE"))
        with pytest.raises(Killed):
            world.apply(allowing("start:*"), Life(ends_at=removal))
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        (left,) = world.leads("Recall")
        world.emulator.remove("leads", left["id"])
        with pytest.raises(UnsafePlan, match=r"recall:campaigns\.recall"):
            world.apply(allowing("start:*"))


# --- campaigns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["cancelled", "paused"])
@pytest.mark.parametrize("concurrency", [1, 20])
def test_a_campaign_that_somebody_stopped_meanwhile_is_not_started(
    tmp_path: Path, status: str, concurrency: int
) -> None:
    """Leads go in for minutes before the campaign starts, and somebody says stop."""
    with World(tmp_path / "stack", PACED) as world:
        recall = campaign("Recall", "${assistants.a}", LEADS, status="draft")
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        more = [lead(f"1{number:02}") for number in range(35)]
        then = {**recall, "status": "scheduled", "leads": [*LEADS, *more]}
        world.declare({"assistants": AGENTS, "campaigns": {"recall": then}})
        stop = {"status": status}
        applied = applied_beside(
            world,
            "POST",
            lambda: world.emulator.edit("campaigns", world.id("campaigns.recall"), stop),
            "start:*",
            nth=9,
            concurrency=concurrency,
        )
        assert f"is {status!r} now" in failed(applied)["campaigns.recall:update"]
        assert world.live("campaigns", "Recall")["status"] == status
        if status == "paused":
            assert [r.flag for r in world.plan().refusals] == ["--allow start:campaigns.recall"]


def test_leads_are_not_added_to_a_campaign_that_somebody_started_meanwhile(tmp_path: Path) -> None:
    """Adding them to a draft needed no word; now each would be called at once."""
    with World(tmp_path / "stack", PACED) as world:
        recall = campaign("Recall", "${assistants.a}", LEADS, status="draft")
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        del recall["status"]
        more = [lead(f"1{number:02}") for number in range(30)]
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "leads": [*LEADS, *more]}}})
        run = {"status": "scheduled"}
        there: list[int] = []

        def start() -> None:
            world.emulator.edit("campaigns", world.id("campaigns.recall"), run)
            there.append(len(world.leads("Recall")))

        applied = applied_beside(world, "POST", start, "recall:*", nth=3, concurrency=1)
        assert "was started outside hmsplan" in next(iter(failed(applied).values()))
        assert len(world.leads("Recall")) == there[0]


def test_the_window_of_a_campaign_that_somebody_started_meanwhile_is_not_changed(tmp_path: Path) -> None:
    """Nobody would have been called outside of the old window."""
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", LEADS)
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "schedule_end_time": "22:00"}}})
        run = {"status": "scheduled"}
        applied = applied_beside(
            world, "GET /campaigns/", lambda: world.emulator.edit("campaigns", world.id("campaigns.recall"), run), "x:x"
        )
        assert "was started outside hmsplan" in failed(applied)["campaigns.recall:update"]
        assert world.live("campaigns", "Recall")["schedule_end_time"] == "17:30:00"


def replaced(world: World) -> None:
    """Let a running campaign with leads be replaced by one with another agent."""
    recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
    begun(world, assistants=AGENTS, campaigns={"recall": recall})
    world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "agent_id": "${assistants.b}"}}})


CONSENT = ("replace:*", "start:*", "delete:*")


class Dialling:
    """Counts, after every request, the campaigns that dial."""

    def __init__(self, world: World) -> None:
        self.world, self.most = world, 0

    def act(self) -> None:
        dialling = [each for each in self.world.emulator.all("campaigns") if each["status"] == "scheduled"]
        self.most = max(self.most, len(dialling))

    def planned(self, plan: Plan) -> None:
        pass

    def sends(self, request: httpx.Request) -> None:  # noqa: ARG002 -- any request
        self.act()

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:  # noqa: ARG002
        self.act()


@pytest.mark.parametrize("delete", ["allowed", "conflict"])
def test_of_a_running_campaign_and_its_successor_only_one_ever_dials(tmp_path: Path, delete: Any) -> None:
    """Killed before and after every call, refused and made good: never two at once, and one in the end."""
    with World(tmp_path / "stack", Settings(rate_limit=None, delete_campaign=delete)) as world:
        replaced(world)
        rehearsal = Life()
        with world.copy(tmp_path / "rehearsal") as copy:
            assert not copy.apply(allowing(*CONSENT), rehearsal).bad
            copy.check_at_rest()
        for number in range(1, len(rehearsal.calls) + 1):
            for after in (False, True):
                with world.copy(tmp_path / f"{number}-{after}") as copy:
                    watch = Dialling(copy)
                    with pytest.raises(Killed):
                        copy.apply(allowing(*CONSENT), Life(ends_at=number, ends_after=after, beside=watch))
                    assert not copy.apply(allowing(*CONSENT), Life(beside=watch)).bad
                    copy.check_at_rest()
                    assert watch.most == 1
                    assert len(pending(copy, "Recall")) == len(LEADS)


@pytest.mark.parametrize("delete", ["allowed", "conflict"])
def test_a_running_campaign_that_goes_away_is_paused_first(tmp_path: Path, delete: Any) -> None:
    """A delete of what dials converges, whether the API would have refused it or not."""
    with World(tmp_path / "stack", Settings(rate_limit=None, delete_campaign=delete)) as world:
        replaced(world)
        world.declare({"assistants": AGENTS})
        assert not world.apply(allowing("delete:*")).bad
        world.check_at_rest()


@pytest.mark.parametrize("after", ["GET /campaigns/[^/]+/leads", "PATCH", "GET /campaigns/[^/]+$"])
@pytest.mark.parametrize("word", ["called", "taken off", "cancelled", "added", "deleted"])
def test_what_happens_to_a_campaign_while_it_is_replaced_counts_for_its_successor(
    tmp_path: Path, after: str, word: str
) -> None:
    """Nobody who was called or taken off meanwhile is on the new list, and a campaign that was stopped stays so."""
    with World(tmp_path / "stack") as world:
        replaced(world)
        first = world.leads("Recall")[0]
        theirs = {"campaign_id": world.id("campaigns.recall"), **lead("999")}

        def act() -> None:
            match word:
                case "called":
                    call(world, first)
                case "taken off":
                    world.emulator.remove("leads", first["id"])
                case "added":
                    world.emulator.add("leads", theirs)
                case "deleted":
                    world.emulator.remove("campaigns", first["campaign_id"])
                case _:
                    world.emulator.edit("campaigns", first["campaign_id"], {"status": word})

        applied = applied_beside(world, after, act, *CONSENT)
        assert len(failed(applied)) == 1, applied.bad
        assert [each["id"] for each in world.emulator.all("campaigns")] == [first["campaign_id"]] * (word != "deleted")
        world.clock.now += 60
        risk = {"cancelled": "start", "added": ""}.get(word, "recall")
        flags = {refusal.flag for refusal in world.plan(allowing("replace:*", "delete:*")).refusals}
        assert not risk or f"--allow {risk}:campaigns.recall" in flags
        if word == "added":
            assert theirs["phone_number"] in pending(world, "Recall")


def test_a_replace_that_died_after_its_delete_asks_for_nobody_who_waits(tmp_path: Path) -> None:
    """Those who waited left by our hand; those who were called are asked for, though the list went with the old one."""
    with World(tmp_path / "stack") as world:
        replaced(world)
        call(world, world.leads("Recall")[0])
        world.emulator.inject(Fault(do="status", method="POST", status=400))
        assert world.apply(allowing()).bad
        world.emulator.inject()
        assert world.emulator.all("campaigns") == []
        world.clock.now += 60
        (refusal,) = world.plan(allowing("start:*")).refusals
        assert (refusal.flag, refusal.reason[:8]) == ("--allow recall:campaigns.recall", "1 person")
        assert not world.apply(allowing()).bad
        world.check_at_rest()


def test_a_word_outlives_the_replace_of_its_campaign(tmp_path: Path) -> None:
    """Taken off, then out of the stack, then the campaign is replaced: to declare that person again needs a word."""
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        first, second, *rest = world.leads("Recall")
        call(world, first)
        world.emulator.remove("leads", second["id"])
        fewer = {**recall, "agent_id": "${assistants.b}", "leads": LEADS[2:]}
        begun(world, assistants=AGENTS, campaigns={"recall": fewer})
        assert len(world.leads("Recall")) == len(rest)
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**fewer, "leads": LEADS}}})
        (refusal,) = world.plan(allowing("start:*")).refusals
        assert (refusal.flag, refusal.reason[:8]) == ("--allow recall:campaigns.recall", "2 people")
        assert not world.apply(allowing()).bad
        world.check_at_rest()


# --- what nobody manages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delete_trunk", ["conflict", "detach", "cascade"])
@pytest.mark.parametrize("after", ["GET /numbers", "POST /sip-trunks", "PATCH /numbers", "GET /sip-trunks/"])
def test_a_number_registered_on_a_trunk_that_goes_away_keeps_it(tmp_path: Path, delete_trunk: Any, after: str) -> None:
    """Whatever the API makes of a trunk in use, a colleague's number is neither deleted nor cut off."""
    with World(tmp_path / "stack", Settings(rate_limit=None, delete_trunk=delete_trunk), environ=SECRETS) as world:
        trunk = {"name": "VoIP", "provider": "custom", "address": "one.example"}
        main = {"phone_number": "+31850000010", "transfer_trunk_id": "${sip_trunks.voip}"}
        begun(world, sip_trunks={"voip": trunk}, numbers={"main": main})
        old = world.id("sip_trunks.voip")
        world.declare({"sip_trunks": {"voip": {**trunk, "address": "two.example"}}, "numbers": {"main": main}})
        theirs = {"phone_number": "+31209999999", "transfer_trunk_id": old, "agent_id": None, "workflow_id": None}
        applied = applied_beside(world, after, lambda: world.emulator.add("numbers", theirs), "egress:*")
        assert "number +31209999999" in failed(applied)["sip_trunks.voip:delete-old"]
        assert world.live("numbers", "+31209999999")["transfer_trunk_id"] == old
        assert world.live("numbers", "+31850000010")["transfer_trunk_id"] == world.id("sip_trunks.voip") != old
        (refusal,) = world.plan().refusals
        assert "+31209999999 (not managed)" in refusal.reason


@pytest.mark.parametrize("delete_assistant", ["conflict", "detach", "cascade"])
@pytest.mark.parametrize("kind", ["numbers", "campaigns"])
def test_what_begins_to_use_an_assistant_that_goes_away_keeps_it(
    tmp_path: Path, delete_assistant: Any, kind: str
) -> None:
    with World(tmp_path / "stack", Settings(rate_limit=None, delete_assistant=delete_assistant)) as world:
        begun(world, assistants=AGENTS)
        agent = world.id("assistants.b")
        world.declare({"assistants": {"a": AGENTS["a"]}})
        theirs: dict[str, Any] = {"agent_id": agent}
        if kind == "numbers":
            theirs |= {"phone_number": "+31209999999", "transfer_trunk_id": None, "workflow_id": None}
        else:
            theirs |= {**campaign("Theirs", agent, []), "status": "draft"}
            del theirs["leads"]
        applied = applied_beside(world, "GET /campaigns", lambda: world.emulator.add(kind, theirs), "x:x")
        assert "still used by" in failed(applied)["assistants.b:delete"]
        (live,) = world.emulator.all(kind)
        assert live["agent_id"] == agent


@pytest.mark.parametrize("delete_trunk", ["detach", "cascade"])
def test_who_allows_the_end_of_something_in_use_gets_it(tmp_path: Path, delete_trunk: Any) -> None:
    """The plan named the user and a person allowed it, so it is no news when the time comes."""
    with World(tmp_path / "stack", Settings(rate_limit=None, delete_trunk=delete_trunk)) as world:
        begun(world, sip_trunks={"voip": {"name": "VoIP", "provider": "custom", "address": "one.example"}})
        theirs = {"phone_number": "+31209999999", "agent_id": None, "workflow_id": None}
        world.emulator.add("numbers", {**theirs, "transfer_trunk_id": world.id("sip_trunks.voip")})
        world.declare({})
        with pytest.raises(UnsafePlan, match=r"delete:sip_trunks\.voip"):
            world.apply()
        assert not world.apply(allowing("delete:*")).bad
        assert world.emulator.all("sip_trunks") == []


def test_leads_that_somebody_adds_do_not_go_with_a_campaign_unseen(tmp_path: Path) -> None:
    """The campaign was to be deleted with those who stood on it, and not with those who came since."""
    with World(tmp_path / "stack") as world:
        begun(world, assistants=AGENTS, campaigns={"recall": campaign("Recall", "${assistants.a}", LEADS)})
        world.declare({"assistants": AGENTS})
        theirs = {"campaign_id": world.id("campaigns.recall"), **lead("999")}
        applied = applied_beside(world, "GET /campaigns/", lambda: world.emulator.add("leads", theirs), "delete:*")
        assert "1 lead" in failed(applied)["campaigns.recall:delete"]
        assert theirs["phone_number"] in pending(world, "Recall")
        assert not world.apply(allowing("delete:*")).bad


def test_an_object_of_the_same_name_made_meanwhile_is_not_doubled(tmp_path: Path) -> None:
    with World(tmp_path / "stack", PACED) as world:
        world.declare({"assistants": {f"a{number:02}": {"name": f"A{number:02}"} for number in range(30)}})
        theirs = {"name": "A29", "is_active": True}
        applied = applied_beside(world, "POST", lambda: world.emulator.add("assistants", theirs), nth=3, concurrency=1)
        assert "was created outside hmsplan" in failed(applied)["assistants.a29:create"]
        assert len([each for each in world.emulator.all("assistants") if each["name"] == "A29"]) == 1
        assert {c.action for c in world.plan().pending} == {Action.ADOPT}
        assert not world.apply().bad
        world.check_at_rest()


@pytest.mark.parametrize(
    ("path", "edit"),
    [
        ("voicemail_message", {"voicemail_message": "Theirs"}),
        ("llm_config", {"llm_config": {"provider": "openai", "model": "gpt-5.4", "temperature": 0.05}}),
        ("new_key", {"new_key": 1}),
    ],
)
def test_what_somebody_works_on_is_not_deleted(tmp_path: Path, path: str, edit: dict[str, Any]) -> None:
    """Whatever they changed, at whatever depth, was there or was not there when the delete was planned."""
    with World(tmp_path / "stack") as world:
        model = {"llm_config": {"provider": "openai", "model": "gpt-5.4"}}
        begun(world, assistants={"a": {"name": "A"}, "b": {"name": "B", **model}})
        world.declare({"assistants": {"a": {"name": "A"}}})
        applied = applied_beside(
            world, "GET", lambda: world.emulator.edit("assistants", world.id("assistants.b"), edit)
        )
        assert f"{path} changed" in failed(applied)["assistants.b:delete"]
        live = world.live("assistants", "B")
        assert {key: live[key] for key in edit} == edit


@pytest.mark.parametrize("kind", ["numbers", "sip_trunks", "campaigns", "assistants"])
def test_what_a_proxy_says_of_a_delete_is_not_believed(tmp_path: Path, kind: str) -> None:
    """It answered 200 with a page of its own: bound until a reading shows it gone, and the next apply goes on."""
    things: dict[str, Any] = {
        "numbers": {"n": {"phone_number": "+31850000010"}},
        "sip_trunks": {"n": {"name": "VoIP", "provider": "custom", "address": "one.example"}},
        "campaigns": {"n": campaign("Recall", "${assistants.a}", LEADS)},
        "assistants": {"a": AGENTS["a"], "n": {"name": "N"}},
    }
    rest = {"assistants": {"a": AGENTS["a"]}}
    with World(tmp_path / "stack") as world:
        begun(world, {"settle_grace": "1s"}, **{**rest, kind: things[kind]})
        world.declare(rest, {"settle_grace": "1s"})
        page = Fault(do="status", method="DELETE", path="/**", nth=(1, 2), status=200, body="<html>Log in</html>")
        world.emulator.inject(page)
        assert "still shows it" in failed(world.apply(allowing()))[f"{kind}.n:delete"]
        assert len(world.emulator.all(kind)) == len({**rest, kind: things[kind]}[kind])
        assert str(next(iter(a for a in world.state().bindings if a.key == "n"))) == f"{kind}.n"
        assert not world.apply(allowing()).bad
        world.check_at_rest()


# --- words that are needed --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "people"),
    [
        ({"leads": [*LEADS, *(lead(f"1{number:02}") for number in range(51))]}, 51),
        ({"schedule_end_time": "22:00"}, 5),
        ({"timezone": "Asia/Tokyo"}, 5),
    ],
)
def test_whoever_would_be_called_by_a_change_of_a_running_campaign_is_counted(
    tmp_path: Path, change: dict[str, Any], people: int
) -> None:
    """More people, a wider window, another zone: all of it is a start of calls, within ``max_new_calls`` or asked."""
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", LEADS, status="scheduled")
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, **change}}})
        (refusal,) = world.plan().refusals
        assert refusal.flag == "--allow start:campaigns.recall"
        assert f"would call {people} people" in refusal.reason
        with pytest.raises(UnsafePlan):
            world.apply()
        resources = {"assistants": AGENTS, "campaigns": {"recall": {**recall, **change}}}
        world.declare(resources, {"max_new_calls": people - 1})
        assert world.plan().refusals
        world.declare(resources, {"max_new_calls": people})
        assert not world.apply().bad
        world.check_at_rest()


def test_a_campaign_scheduled_without_leads_and_filled_later_needs_a_word(tmp_path: Path) -> None:
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", [], status="scheduled")
        begun(world, assistants=AGENTS, campaigns={"recall": recall})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": {**recall, "leads": LEADS}}})
        assert [refusal.flag for refusal in world.plan().refusals] == ["--allow start:campaigns.recall"]


@pytest.mark.parametrize(("status", "starts"), [("scheduled", True), ("draft", False)])
def test_the_last_step_of_a_new_campaign_starts_it_or_is_not_there(tmp_path: Path, status: str, starts: bool) -> None:
    """Where nothing is to be sent there is no step, and one that makes the platform dial says so."""
    with World(tmp_path / "stack") as world:
        recall = campaign("Recall", "${assistants.a}", LEADS, status=status)
        world.declare({"assistants": AGENTS, "campaigns": {"recall": recall}})
        steps = [step for step in world.plan().steps if step.address.kind == "campaigns"]
        assert [step.starts for step in steps] == ([False, True] if starts else [False])
        assert [step.calls for step in steps if step.starts] == ([len(LEADS)] if starts else [])
        world.emulator.requests.clear()
        assert not world.apply(allowing()).bad
        assert [r.method for r in world.emulator.writes if "campaigns" in r.path] == ["POST", "PATCH"][: len(steps)]


def test_a_run_that_dies_while_leads_are_removed_asks_for_nobody(tmp_path: Path) -> None:
    """Whoever left by our hand comes back with other variables and no word, wherever the run was cut short."""
    with World(tmp_path / "stack") as world:
        old, new = (campaign("Recall", "${assistants.a}", [lead("001", who=who)]) for who in ("Jan", "Piet"))
        begun(world, assistants=AGENTS, campaigns={"recall": old})
        world.declare({"assistants": AGENTS, "campaigns": {"recall": new}})
        for number in range(1, 8):
            with world.copy(tmp_path / str(number)) as copy:
                run_broken(copy, Life(ends_at=number, ends_after=True))
                assert not copy.apply(allowing("start:*")).bad
                copy.check_at_rest()


RESEND = {"resend": {"provider": "resend", "api_key": "${secret:tool}"}}


@pytest.mark.parametrize(
    ("kind", "fields", "theirs"),
    [
        ("byok_keys", {"provider": "gladia", "api_key": "${secret:tool}"}, {"provider": "gladia", "secret_id": "v1"}),
        ("domain", {"domain_name": "mail.example.com"}, {"domain_name": "theirs.example.com"}),
        ("mcp_servers", {"name": "CRM", "url": "https://crm.example.com/"}, {"name": "CRM", "header_names": []}),
    ],
)
def test_what_there_is_once_is_not_made_over_that_of_a_person(
    tmp_path: Path, kind: str, fields: dict[str, Any], theirs: dict[str, Any]
) -> None:
    """A POST to /byok replaces a stored key without a word, so it must not be sent where a key came meanwhile."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world, byok_keys=RESEND)
        world.declare({"byok_keys": RESEND, kind: {**(RESEND if kind == "byok_keys" else {}), "main": fields}})
        path, written = KINDS[kind].path, len(world.emulator.writes)
        applied = applied_beside(world, f"GET {path}$", lambda: world.emulator.add(kind, theirs))
        assert "was created outside hmsplan" in failed(applied)[f"{kind}.main:create"]
        assert len(world.emulator.writes) == written

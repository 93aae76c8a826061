"""The end of an apply: failures first, counts, and what to type next."""

from __future__ import annotations

import json
from dataclasses import replace

from hmsplan.model import Action, Address, Outcome, Plan, Report, ResourceChange, Status, Step, Verb
from hmsplan.output.report import progress_line, render_report, report_json, step_text

SUPPORT, MAIN, RECALL = Address("assistants", "support"), Address("numbers", "main"), Address("campaigns", "recall")


def step(address: Address, verb: Verb, name: str = "", *, member: bool = False, deposes: str | None = None) -> Step:
    return Step(f"{address}:{name or verb}", verb, address, member=member, deposes=deposes)


def shown(*outcomes: Outcome, signal: int | None = None, plan: Plan | None = None) -> str:
    report = Report(outcomes, signal, requests={"GET": 12, "POST": 1, "PATCH": 0}, elapsed_s=75.2, waited_s=3.4)
    return render_report(report, width=80, color=False, plan=plan)


def test_a_complete_apply() -> None:
    text = shown(
        Outcome(step(SUPPORT, Verb.CREATE), Status.DONE, "id-1"),
        Outcome(step(MAIN, Verb.UPDATE), Status.DONE, "id-2", notes=("the API kept is_active",)),
        Outcome(step(SUPPORT, Verb.UPDATE, "finish"), Status.DONE, "id-1"),
    )
    assert text == (
        "  + done         create assistants.support\n"
        "  ~ done         update numbers.main\n"
        "          │ the API kept is_active\n"
        "  ~ done         update assistants.support\n"
        "\n"
        "Requests: 12 GET, 1 POST. Time: 1m15s, of which 3s waiting for the rate limit.\n"
        "Apply complete! 1 added, 1 changed, 0 destroyed, 0 adopted.\n"
    )


def test_an_incomplete_apply_begins_with_what_failed() -> None:
    failed = Outcome(
        step(SUPPORT, Verb.CREATE), Status.FAILED, error="POST /assistants answered 422: no\n  - ::error::\x1b[2J"
    )
    blocked = Outcome(step(MAIN, Verb.CREATE), Status.BLOCKED, blockers=("assistants.support:create",))
    done = Outcome(step(RECALL, Verb.UPDATE), Status.DONE)
    waiting = Outcome(step(RECALL, Verb.DELETE), Status.NOT_STARTED)
    assert shown(done, blocked, failed, waiting).splitlines() == [
        "  ! failed       create assistants.support",
        "          │ POST /assistants answered 422: no",
        "          │   - ::error::\\u001b[2J",
        "  . blocked      create numbers.main",
        "        waits for: create assistants.support",
        "  . not started  destroy campaigns.recall",
        "  ~ done         update campaigns.recall",
        "",
        "Requests: 12 GET, 1 POST. Time: 1m15s, of which 3s waiting for the rate limit.",
        "Apply incomplete: 1 done, 1 failed, 1 blocked, 1 not started.",
        "What is done is kept. Fix what failed, then go on where it stopped:",
        "    hmsplan apply",
    ]


def test_an_unsettled_create_says_how_to_settle_it() -> None:
    text = shown(Outcome(step(SUPPORT, Verb.CREATE), Status.UNSETTLED, error="no answer"))
    assert "Apply incomplete: 0 done, 0 failed, 0 blocked, 0 not started, 1 unsettled." in text
    assert "    hmsplan resolve assistants.support --adopt ID\n    hmsplan resolve assistants.support --none\n" in text


def test_a_signal_is_named() -> None:
    text = shown(Outcome(step(SUPPORT, Verb.CREATE), Status.NOT_STARTED), signal=2)
    assert "Stopped: SIGINT." in text
    assert "Apply incomplete: 0 done, 0 failed, 0 blocked, 1 not started." in text


def test_many_done_steps_are_counted_and_equal_ones_are_one_row() -> None:
    leads = [Outcome(step(RECALL, Verb.CREATE, f"add-{n}", member=True), Status.DONE, str(n)) for n in range(40)]
    more = [Outcome(step(RECALL, Verb.CREATE, f"more-{n}", member=True), Status.FAILED, error="no") for n in range(9)]
    rows = shown(*leads, *more).splitlines()
    assert rows[:3] == [
        "  ! failed       add 9 leads to campaigns.recall",
        "          │ no",
        "    done         40 steps: 40 members added",
    ]


def test_an_adoption_is_told_from_news_for_the_state() -> None:
    plan = Plan("s", "e", (ResourceChange(SUPPORT, Action.ADOPT, "a"), ResourceChange(MAIN, Action.NO_OP, "b")))
    outcomes = [Outcome(step(address, Verb.BIND, "bind"), Status.DONE) for address in (SUPPORT, MAIN)]
    assert "0 destroyed, 1 adopted." in shown(*outcomes, plan=plan)


def test_a_replacement_adds_and_destroys() -> None:
    trunk = Address("sip_trunks", "voip")
    new = Outcome(step(trunk, Verb.CREATE, deposes="old"), Status.DONE, "new")
    old = Outcome(step(trunk, Verb.DELETE, "delete-old", deposes="old"), Status.DONE, "old")
    text = shown(new, old)
    assert "create sip_trunks.voip again, to replace the old one" in text
    assert "destroy the old sip_trunks.voip" in text
    assert "1 added, 0 changed, 1 destroyed" in text


def test_the_json_counts_the_same() -> None:
    report = Report((Outcome(step(SUPPORT, Verb.CREATE), Status.DONE, "id-1"),), requests={"POST": 1})
    found = json.loads(json.dumps(report_json(report)))
    assert found["complete"] is True
    assert found["totals"]["added"] == 1
    assert found["counts"]["not_started"] == 0
    assert found["steps"][0]["key"] == "assistants.support:create"


def test_events_read_as_terraform_s() -> None:
    create = step(SUPPORT, Verb.CREATE)
    lead = step(RECALL, Verb.DELETE, "x", member=True)
    assert progress_line(create) == "assistants.support: Creating..."
    assert progress_line(create, Outcome(create, Status.DONE, "i\n1"), 1.2) == (
        "assistants.support: Creation complete after 1s [id=i\\u000a1]"
    )
    assert progress_line(create, Outcome(create, Status.FAILED, error="no\nmore"), 0.26) == (
        "assistants.support: Creation failed after 0.3s: no"
    )
    assert progress_line(create, Outcome(create, Status.BLOCKED, blockers=("a:b",))).endswith("blocked by a:b")
    assert progress_line(create, Outcome(create, Status.UNSETTLED)).endswith("it is not known whether it happened")
    assert progress_line(create, Outcome(create, Status.NOT_STARTED)).endswith("not started")
    assert progress_line(lead) == "campaigns.recall: Removing a lead..."


def test_the_step_that_begins_to_call_is_called_so() -> None:
    starts = Step("campaigns.recall:finish", Verb.UPDATE, RECALL, starts=True, calls=100, when="daily 10:00 to 18:00")
    assert step_text(starts) == "start campaigns.recall (100 people, daily 10:00 to 18:00)"
    assert step_text(replace(starts, calls=None, when="")) == "start campaigns.recall (an unknown number of people)"
    rests = Step("campaigns.recall:pause-old", Verb.UPDATE, RECALL, rests=True, deposes="c1")
    assert step_text(rests) == "pause the old campaigns.recall"

"""The policies of examples/policies read our plans: each finds what it looks for, and says so of the right resource."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest

from .outside import JUDGES, POLICIES, ask, ask_python, needs, once

if TYPE_CHECKING:
    from pathlib import Path

CONSENT: Final = "CKV2_PRACTICE_1"
ANSWERED: Final = "CKV2_PRACTICE_2"
ACTIONS: Final = {"create", "update", "replace", "delete", "adopt", "forget"}

Judgement: TypeAlias = dict[str, dict[str, dict[str, str]]]
"""Policy to plan to address to result."""


def document(plans: Path, name: str) -> Any:
    return json.loads((plans / f"{name}.json").read_text("utf-8"))


def planned(plan: Any, type_: str) -> set[str]:
    """Return the addresses of what is there after *plan*."""
    resources = plan["planned_values"]["root_module"]["resources"]
    return {each["address"] for each in resources if each["type"] == type_}


# What is judged.


def test_there_is_a_plan_with_every_action(plans: Path) -> None:
    """The judges have seen each of them, drift, a secret and an unknown id as well."""
    plan = document(plans, "everything")
    assert {change["action"] for change in plan["hmsplan"]["changes"]} == ACTIONS
    changes = [each["change"] for each in plan["resource_changes"]]
    actions = {tuple(change["actions"]) for change in changes}
    assert actions == {("create",), ("update",), ("create", "delete"), ("delete",), ("forget",), ("no-op",)}
    assert plan["resource_drift"]
    assert any("webhook_secret" in (change["before_sensitive"] or {}) for change in changes)
    assert any(change["after_unknown"].get("transfer_trunk_id") is True for change in changes)


def test_a_saved_plan_is_judged_as_the_one_that_was_printed(plans: Path) -> None:
    """The two are one document, so what the workflow keeps may be given to a policy."""
    assert document(plans, "example_shown") == document(plans, "example_edited")
    assert (plans / "example_shown.json").read_text("utf-8").count("\n") == 1  # terraform-compliance reads one line


# checkov


@pytest.fixture(scope="session")
def judged(plans: Path, tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """Return what checkov made of all plans in one go."""

    def run(folder: Path) -> None:
        flags = ("--framework", "terraform_plan", "--output", "json", "--compact", "--skip-download")
        rules = ("--external-checks-dir", POLICIES / "checkov", "--check", f"{CONSENT},{ANSWERED}")
        done = ask(JUDGES / "checkov" / "bin" / "checkov", "--directory", plans, *flags, *rules, cwd=folder)
        (folder / "report.json").write_text(done.stdout or done.stderr, "utf-8")

    report = json.loads((once(tmp_path_factory, "checkov", run) / "report.json").read_text("utf-8"))
    assert report["summary"]["parsing_errors"] == 0
    found: Judgement = defaultdict(lambda: defaultdict(dict))
    for result in ("passed", "failed"):
        for each in report["results"][f"{result}_checks"]:
            plan = each["file_path"].strip("/").removesuffix(".json")
            found[each["check_id"]][plan][each["resource"]] = result
    return found


@needs("checkov")
def test_checkov_reads_every_resource_of_every_plan(plans: Path, judged: Judgement) -> None:
    """Each assistant and number that a plan leaves is judged, those of hostile names as well, and nothing else is."""
    for policy, type_ in ((CONSENT, "hms_assistant"), (ANSWERED, "hms_number")):
        for file in plans.glob("*.json"):
            assert set(judged[policy][file.stem]) == planned(document(plans, file.stem), type_), (policy, file.stem)


@needs("checkov")
@pytest.mark.parametrize("plan", ["example_new", "example_edited", "example_shown"])
def test_checkov_finds_the_example_as_its_policies_want_it(plan: str, judged: Judgement) -> None:
    """Before the first apply, when no id is known, and afterwards."""
    assert judged[CONSENT][plan] == dict.fromkeys(("assistants.balie", "assistants.international"), "passed")
    assert judged[ANSWERED][plan] == dict.fromkeys(("numbers.main", "numbers.international"), "passed")


@needs("checkov")
def test_checkov_fails_one_resource_and_passes_another(judged: Judgement) -> None:
    """The value decides, and whether a number refers to an assistant of the plan."""
    assert judged[CONSENT]["everything"] == {
        "assistants.desk": "failed",
        "assistants.early": "failed",
        "assistants.late": "failed",
        "assistants.newcomer": "passed",
        "assistants.steady": "passed",
    }
    assert judged[ANSWERED]["everything"] == {
        "numbers.main": "passed",
        "numbers.night": "failed",
        "numbers.second": "failed",
        "numbers.third": "passed",
    }


# terraform-compliance


def comply(plan: Path) -> tuple[int, str]:
    command = (JUDGES / "terraform-compliance" / "bin" / "terraform-compliance", "--no-ansi")
    done = ask(*command, "-f", POLICIES / "terraform-compliance", "-p", plan)
    return done.returncode, done.stdout


@needs("terraform-compliance")
@pytest.mark.parametrize("plan", ["example_new", "example_edited"])
def test_terraform_compliance_finds_the_example_compliant(plan: str, plans: Path) -> None:
    """No scenario is skipped: each found the resources, values and references that it is about."""
    code, said = comply(plans / f"{plan}.json")
    assert code == 0, said
    assert "5 scenarios (5 passed)" in said


@needs("terraform-compliance")
def test_terraform_compliance_names_what_breaks_the_rules(plans: Path) -> None:
    """Of a plan with every action, by address and with the value; what obeys is not named."""
    code, said = comply(plans / "everything.json")
    assert code == 1
    failures = "\n".join(line for line in said.splitlines() if "Failure:" in line)
    assert "assistants.early (hms_assistant) does not have recording_consent property." in failures
    assert "numbers.second (hms_number) does not have agent_id property." in failures
    assert "assistants.early (hms_assistant) does not have numbers property." in failures
    assert "numbers.third" not in failures
    assert "webhook_url" not in failures


# Rego, the language of OPA and conftest


@needs("readers")
def test_rego_denies_what_nobody_can_take_back(plans: Path) -> None:
    """A released number, a campaign that begins, a webhook without a secret; nothing of the example."""
    names = ["example_new", "example_edited", "everything", "golden_delete_number_refused", "golden_campaign_started"]
    policy = (POLICIES / "opa" / "plan.rego").read_text("utf-8")
    texts = [(plans / f"{name}.json").read_text("utf-8") for name in names]
    denied = ask_python("readers", "rego.py", {"policy": policy, "rule": "data.main.deny", "inputs": texts})
    assert dict(zip(names, map(sorted, denied), strict=True)) == {
        "example_new": [],
        "example_edited": [],
        "everything": [
            "assistants.desk: a webhook without a secret can be forged",
            "campaigns.recall: it would begin to call people",
            "campaigns.survey: it would begin to call people",
        ],
        "golden_delete_number_refused": ["numbers.main: a number may not be released"],
        "golden_campaign_started": ["campaigns.recall: it would begin to call people"],
    }

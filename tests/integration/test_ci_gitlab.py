"""What ``init --ci gitlab`` writes works as written: its jobs, run on this machine against a fake of GitLab's API.

What is real and what is not, ``support/gitlab_runner.py`` says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml
from support.ci_world import PROTECTED, World, assistant, block_in, opened, results
from support.fake_hosts import GITLAB_TOKEN, GitLab
from support.gitlab_runner import GitLabRunner, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.ci_machine import Job, Machine

pytestmark = pytest.mark.system

REQUEST = 3


class GitLabWorld(World[GitLab]):
    """One merge request after another."""

    def __init__(self, machine: Machine, host: GitLab) -> None:
        super().__init__("gitlab", machine, host)
        scoped = self.environments | {"hmsplan-notes": {"HMSPLAN_GITLAB_TOKEN": GITLAB_TOKEN}}
        self.runner = GitLabRunner(machine, host, scoped, frozenset({"production"}))

    def request(self, files: dict[str, str | None], *, branch: str = "change", is_fork: bool = False) -> dict[str, Job]:
        """Push to the branch of a merge request."""
        self.head = self.machine.commit(files, branch)
        return self.runner.run(Pipeline("merge_request_event", self.head, REQUEST, is_fork=is_fork))

    def merge(self, branch: str = "change") -> dict[str, Job]:
        """Merge the merge request."""
        commit = self.machine.merge(branch)
        made = {"iid": REQUEST, "state": "merged", "target_branch": "main", "sha": self.head}
        self.host.merge_requests.append(made | {"merge_commit_sha": commit})
        return self.start("push")

    def start(self, source: str, *played: str, **variables: str) -> dict[str, Job]:
        commit = self.machine.git("rev-parse", "main")
        return self.runner.run(Pipeline(source, commit, played=frozenset(played), variables=variables))

    @property
    def notes(self) -> list[str]:
        return [each["body"] for each in self.host.notes.get(f"merge_requests/{REQUEST}", [])]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GitLabWorld]:
    with opened(GitLabWorld, GitLab(), tmp_path) as world:
        yield world


def test_a_merge_request_is_planned_changed_merged_and_watched(world: GitLabWorld) -> None:
    """One note, created and then updated; the plan that it shows is applied; drift opens one issue and closes it."""
    jobs = world.request({"a.yaml": assistant("reception", "Hi")})
    assert results(jobs) == {"plan": "success", "note": "success"}, jobs
    assert jobs["plan"].installed == ["hmsplan[postgres,object-store]==0.1.0"]
    (note,) = world.notes
    assert "assistants.reception" in note
    assert json.loads(jobs["plan"].reports["terraform"]) == {"create": 2, "update": 0, "delete": 0}
    lines = {issue["location"]["path"]: issue for issue in json.loads(jobs["plan"].reports["codequality"])}
    assert lines["a.yaml"]["check_name"] == "planned-create"
    assert lines["a.yaml"]["location"]["lines"] == {"begin": 2}

    # Others write notes too, more than one page of them, and one that looks like ours.
    forged = {"author": {"id": 1}, "body": note}
    world.host.notes[f"merge_requests/{REQUEST}"][:0] = [{"id": number, **forged} for number in range(3)]
    jobs = world.request({"a.yaml": assistant("reception", "Hello")})
    assert results(jobs)["note"] == "success", jobs
    assert len(world.notes) == 4
    assert f":{world.head} -->" in world.notes[3]

    jobs = world.merge()
    assert results(jobs) == {"reviewed": "success", "apply": "success"}, jobs
    live = world.machine.assistants()["reception"]
    assert live["first_message"] == "Hello"

    world.machine.call("PATCH", f"/assistants/{live['id']}", {"first_message": "Yo"})
    for _ in range(2):  # the second night updates the issue
        jobs = world.start("schedule")
        assert results(jobs) == dict.fromkeys(("drift", "drift-issue", "drift-merge-request"), "success"), jobs
    (issue,) = world.host.issues
    assert (issue["state"], issue["title"]) == ("opened", "hmsplan: drift in production")
    assert "assistants.reception" in issue["description"]
    (proposed,) = world.host.proposed
    assert (proposed["state"], proposed["title"]) == ("opened", "hmsplan: what changed in production")
    assert "assistants.reception first_message" in proposed["description"]
    declared = assistant("reception", "Hello")
    assert world.host.branches[proposed["source_branch"]] == {"a.yaml": declared.replace("Hello", "Yo")}
    world.machine.call("PATCH", f"/assistants/{live['id']}", {"first_message": "Hello"})
    assert results(world.start("schedule"))["drift-merge-request"] == "success"
    (issue,) = world.host.issues
    assert issue["state"] == proposed["state"] == "closed"
    assert len(world.host.notes[f"issues/{issue['iid']}"]) == 1


@pytest.mark.parametrize("is_fork", [True, False], ids=["fork", "no key"])
def test_without_a_key_a_merge_request_is_validated_only(world: GitLabWorld, *, is_fork: bool) -> None:
    """A pipeline of a fork has no variable of ours; a new project has none yet."""
    if not is_fork:
        world.runner.scoped.clear()
    jobs = world.request({"a.yaml": assistant("stranger", "Hi")}, is_fork=is_fork)
    assert results(jobs) == {"plan": "success", "note": "success"}, jobs
    assert "validated only" in jobs["plan"].log
    assert world.notes == []
    jobs = world.request({"a.yaml": "assistants: {stranger: {nme: x}}\n"}, is_fork=is_fork)
    assert (jobs["plan"].result, jobs["plan"].code) == ("failure", 3), jobs
    assert "nme" in jobs["plan"].reports["codequality"]
    assert 'failures="2"' in jobs["plan"].reports["junit"]


def test_a_refused_plan_is_red_until_the_entry_from_its_note_is_merged(world: GitLabWorld) -> None:
    """The note has the block for approvals.yaml. Pasted, it makes the plan green, and the merge applies it."""
    world.request({"old.yaml": assistant("old", "Hi", PROTECTED)}, branch="make")
    assert results(world.merge("make"))["apply"] == "success"

    jobs = world.request({"old.yaml": None})
    assert (jobs["plan"].result, jobs["plan"].code, jobs["note"].result) == ("failure", 4, "success"), jobs
    block = block_in(world.notes[-1])
    refused = [issue for issue in json.loads(jobs["plan"].reports["codequality"]) if issue["severity"] == "critical"]
    assert [issue["check_name"] for issue in refused] == ["refused"]

    jobs = world.request({"approvals.yaml": block.replace('reason: ""', "reason: agreed with operations")})
    assert results(jobs)["plan"] == "success", jobs
    assert results(world.merge())["apply"] == "success"
    assert "old" not in world.machine.assistants()


def test_a_stale_apply_writes_nothing_and_a_pipeline_by_hand_plans_again(world: GitLabWorld) -> None:
    """Somebody changed the platform between review and merge; the new plan waits for a person to start its apply."""
    world.request({"a.yaml": assistant("reception", "Hi")}, branch="make")
    world.merge("make")
    world.request({"a.yaml": assistant("reception", "Hello")})
    live = world.machine.assistants()["reception"]["id"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Yo"})
    jobs = world.merge()
    assert (jobs["apply"].result, jobs["apply"].code) == ("failure", 5), jobs
    assert world.machine.assistants()["reception"]["first_message"] == "Yo"

    assert results(world.start("web")) == {"plan": "success", "apply": "skipped"}
    assert results(world.start("web", "apply")) == {"plan": "success", "apply": "success"}
    assert world.machine.assistants()["reception"]["first_message"] == "Hello"


def test_a_push_without_a_merge_request_is_not_applied(world: GitLabWorld) -> None:
    world.machine.commit({"a.yaml": assistant("reception", "Hi")})
    jobs = world.start("push")
    assert results(jobs) == {"reviewed": "failure", "apply": "skipped"}, jobs
    assert "New pipeline" in jobs["reviewed"].log
    assert world.machine.assistants() == {}


def test_no_line_of_a_plan_is_a_command_to_gitlab(world: GitLabWorld) -> None:
    """A line of a note that begins with a slash is obeyed, with the rights of the token: "/merge", "/approve"."""
    (script,) = yaml.safe_load((world.machine.repository / ".gitlab-ci.yml").read_text("utf-8"))[".gitlab"][
        "before_script"
    ]
    text = "a / b\n/merge\n  /approve\n\n\t/close\n> /x"
    more = f'{script}\npython -I - <<< "$(cat gitlab.py; echo \'print(harmless(os.environ["TEXT"]))\')"'
    known = {"TEXT": text, "CI_API_V4_URL": "", "CI_PROJECT_ID": ""}
    code, said = world.machine.shell(more, world.machine.new_folder("note"), known)
    assert (code, said) == (0, "a / b\n\\/merge\n  \\/approve\n\n\t\\/close\n> /x\n")


def test_what_has_to_wait_is_green_and_applied_by_a_schedule_once_it_may(world: GitLabWorld) -> None:
    """It is tried again every hour: red once, at the merge, and quiet from then on, also when all is done."""
    world.request({"a.yaml": assistant("reception", "Hi")}, branch="make")
    assert world.merge("make")["apply"].result == "success"
    jobs = world.request({"a.yaml": assistant("reception", "Good morning"), "hmsplan.yaml": world.frozen()})
    assert jobs["plan"].result == "success", jobs
    assert "Windows are judged as of" in world.notes[-1]
    jobs = world.merge()
    assert (jobs["apply"].result, jobs["apply"].code) == ("failure", 4), jobs
    assert "frozen from" in jobs["apply"].log
    assert world.start("schedule", RETRY="apply")["apply"].result == "success"
    assert world.machine.assistants()["reception"]["first_message"] == "Hi"

    world.ahead_s = 3 * 86_400.0
    jobs = world.start("schedule", RETRY="apply")
    assert jobs["apply"].result == "success", jobs
    assert world.machine.assistants()["reception"]["first_message"] == "Good morning"
    jobs = world.start("schedule", RETRY="apply")
    assert jobs["apply"].result == "success", jobs
    assert "No changes" in jobs["apply"].log

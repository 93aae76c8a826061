"""What ``init --ci github`` writes works as written: its jobs, run on this machine against a fake of GitHub's API.

What is real and what is not, ``support/github_runner.py`` says.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest
from support.ci_machine import APPLY_KEY, PLAN_KEY
from support.ci_world import PROTECTED, World, assistant, block_in, opened, results
from support.fake_hosts import GitHub
from support.github_runner import Event, GitHubRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.ci_machine import Job, Machine

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("node") is None, reason="github-script is JavaScript, and there is no node"),
]

PULL: Final = 12


class GitHubWorld(World[GitHub]):
    """One pull request after another."""

    def __init__(self, machine: Machine, host: GitHub) -> None:
        super().__init__("github", machine, host)
        self.runner = GitHubRunner(machine, host, self.environments)

    def pull(self, files: dict[str, str | None], *, branch: str = "change", is_fork: bool = False) -> dict[str, Job]:
        """Push to the branch of a pull request."""
        self.head = self.machine.commit(files, branch)
        tree = self.machine.git("merge-tree", "--write-tree", "main", branch)
        commit = self.machine.git("commit-tree", tree, "-p", "main", "-p", branch, "-m", "merge")
        return self.runner.run(Event("pull_request", commit, PULL, self.head, is_fork))

    def merge(self, branch: str = "change") -> dict[str, Job]:
        """Merge the pull request."""
        commit = self.machine.merge(branch)
        self.host.pulls.append(
            {
                "number": PULL,
                "merged_at": "2026-11-20T10:00:00Z",
                "merge_commit_sha": commit,
                "base": {"ref": "main"},
                "head": {"sha": self.head},
            }
        )
        return self.runner.run(Event("push", commit))

    def start(self, name: str) -> dict[str, Job]:
        """Let the schedule, or a person by "Run workflow", start what it starts."""
        return self.runner.run(Event(name, self.machine.git("rev-parse", "main")))

    @property
    def comments(self) -> list[str]:
        return [each["body"] for each in self.host.comments.get(PULL, [])]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GitHubWorld]:
    with opened(GitHubWorld, GitHub(), tmp_path) as world:
        yield world


def test_a_pull_request_is_planned_changed_merged_and_watched(world: GitHubWorld) -> None:
    """One comment, created and then updated; the plan that it shows is applied; drift opens one issue and closes it."""
    jobs = world.pull({"a.yaml": assistant("reception", "Hi")})
    assert results(jobs) == {"plan": "success", "offline": "skipped", "report": "success"}, jobs
    assert jobs["plan"].installed == ["hmsplan[postgres,object-store]==0.1.0"]
    assert len(world.comments) == 1
    assert "assistants.reception" in world.comments[0]
    first_head = world.head

    # Others write comments too, more than one page of them, and one that looks like ours.
    forged = {"user": {"login": "stranger"}, "body": world.comments[0]}
    world.host.comments[PULL][:0] = [{"id": number, **forged} for number in range(3)]
    jobs = world.pull({"a.yaml": assistant("reception", "Good morning")})
    assert results(jobs)["report"] == "success", jobs
    assert len(world.comments) == 4
    assert first_head not in world.comments[3]
    assert f":{world.head} -->" in world.comments[3]

    jobs = world.merge()
    assert results(jobs) == {"reviewed": "success", "again": "skipped", "apply": "success"}, jobs
    assert world.machine.assistants()["reception"]["first_message"] == "Good morning"
    assert "Apply complete" in jobs["apply"].summary
    assert not [key for key in (PLAN_KEY, APPLY_KEY) if key in "".join(job.log + job.summary for job in jobs.values())]

    live = world.machine.assistants()["reception"]["id"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Yo"})
    for _ in range(2):  # the second night updates the issue
        assert results(world.start("schedule")) == {"drift": "success", "report": "success", "propose": "success"}
    (issue,) = world.host.issues
    assert (issue["state"], issue["title"]) == ("open", "hmsplan: drift in production")
    assert "assistants.reception" in issue["body"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Good morning"})
    (proposed,) = world.host.proposed
    assert (proposed["state"], proposed["title"]) == ("open", "hmsplan: what changed in production")
    assert "assistants.reception first_message" in proposed["body"]
    declared = assistant("reception", "Good morning")
    assert world.host.files_of(proposed["head"]) == {"a.yaml": declared.replace("Good morning", "Yo")}
    assert results(world.start("schedule"))["report"] == "success"
    (issue,) = world.host.issues
    assert issue["state"] == proposed["state"] == "closed"
    assert len(world.host.comments[issue["number"]]) == 1


def test_an_open_proposal_says_when_what_drifted_cannot_be_written_any_more(world: GitHubWorld) -> None:
    world.pull({"a.yaml": assistant("reception", "Hi")})
    world.merge()
    live = world.machine.assistants()["reception"]["id"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Yo"})
    world.start("schedule")
    world.pull({"a.yaml": assistant("reception", "Hey")}, branch="both")
    world.machine.merge("both")  # and it is not applied yet, so both sides changed
    assert results(world.start("schedule")) == {"drift": "success", "report": "success", "propose": "success"}
    (proposed,) = world.host.proposed
    assert proposed["state"] == "open"
    assert "cannot write any more, and what this branch holds is older" in proposed["body"]


def test_where_no_job_may_open_a_pull_request_the_branch_is_told(world: GitHubWorld) -> None:
    """It is a setting of the repository, and off in most; what drifted is in the issue all the same."""
    world.pull({"a.yaml": assistant("reception", "Hi")})
    world.merge()
    live = world.machine.assistants()["reception"]["id"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Yo"})
    world.host.lets_jobs_propose = False
    jobs = world.start("schedule")
    assert results(jobs) == {"drift": "success", "report": "success", "propose": "success"}, jobs
    assert "allow GitHub Actions to create one" in jobs["propose"].log
    assert list(world.host.branches) == ["hmsplan-pull-production"]


def test_a_fork_is_validated_and_planned_against_a_snapshot(world: GitHubWorld) -> None:
    """Without a secret and without a write; where there is no snapshot yet, it is only validated."""
    jobs = world.pull({"a.yaml": assistant("stranger", "Hi")}, branch="fork", is_fork=True)
    assert results(jobs) == {"plan": "success", "offline": "success", "report": "skipped"}, jobs
    assert "No snapshot of the default branch" in jobs["offline"].log
    assert world.comments == []

    file = ".github/workflows/hmsplan-drift-production.yml"
    text = (world.machine.repository / file).read_text("utf-8")
    world.machine.git("checkout", "-q", "main")
    world.machine.commit({file: text.replace('SNAPSHOT: "false"', 'SNAPSHOT: "true"')})
    assert results(world.start("schedule"))["drift"] == "success"
    jobs = world.pull({"a.yaml": assistant("stranger", "Hello")}, branch="fork", is_fork=True)
    assert results(jobs) == {"plan": "success", "offline": "success", "report": "success"}, jobs
    assert "assistants.stranger" in jobs["offline"].summary
    assert "may not comment here" in jobs["report"].log
    assert world.comments == []


def test_without_a_key_an_invalid_stack_is_red(world: GitHubWorld) -> None:
    """The repository is new and nothing is filled in yet."""
    world.runner.secrets.clear()
    jobs = world.pull({"a.yaml": "assistants: {reception: {nme: x}}\n"})
    assert results(jobs) == {"plan": "failure", "offline": "success", "report": "skipped"}, jobs
    assert jobs["plan"].code == 3
    assert "::error file=a.yaml,line=1" in jobs["plan"].log


def test_a_refused_plan_is_red_until_the_entry_from_its_comment_is_merged(world: GitHubWorld) -> None:
    """The comment has the block for approvals.yaml. Pasted, it makes the plan green, and the merge applies it."""
    world.pull({"old.yaml": assistant("old", "Hi", PROTECTED)}, branch="make")
    assert results(world.merge("make"))["apply"] == "success"

    jobs = world.pull({"old.yaml": None})
    assert results(jobs) == {"plan": "failure", "offline": "skipped", "report": "success"}, jobs
    assert jobs["plan"].code == 4
    block = block_in(world.comments[-1])
    assert "old" in world.machine.assistants()

    jobs = world.pull({"approvals.yaml": block.replace('reason: ""', "reason: agreed with operations")})
    assert results(jobs)["plan"] == "success", jobs
    assert "agreed with operations" in world.comments[-1]
    assert results(world.merge())["apply"] == "success"
    assert "old" not in world.machine.assistants()


def test_an_entry_that_was_not_merged_allows_nothing(world: GitHubWorld) -> None:
    """The plan of the pull request was allowed; then somebody takes the entry out of what is merged."""
    world.pull({"old.yaml": assistant("old", "Hi", PROTECTED)}, branch="make")
    world.merge("make")
    world.pull({"old.yaml": None})
    block = block_in(world.comments[-1])
    world.pull({"approvals.yaml": block.replace('reason: ""', "reason: agreed")})
    # As an evil merge: the head is the one that was reviewed, the tree is not.
    world.machine.git("checkout", "-q", "main")
    world.machine.git("merge", "-q", "--no-ff", "--no-commit", "change")
    world.machine.git("rm", "-q", "-f", "approvals.yaml")
    world.machine.git("commit", "-q", "-m", "merge")
    jobs = world.merge()
    assert jobs["apply"].result == "failure"
    assert jobs["apply"].code in {4, 5}
    assert "old" in world.machine.assistants()


def test_a_stale_apply_writes_nothing_and_a_run_by_hand_plans_again(world: GitHubWorld) -> None:
    """Somebody changed the platform between review and merge; the plan made again is shown, and applied."""
    world.pull({"a.yaml": assistant("reception", "Hi")}, branch="make")
    world.merge("make")
    world.pull({"a.yaml": assistant("reception", "Good morning")})
    live = world.machine.assistants()["reception"]["id"]
    world.machine.call("PATCH", f"/assistants/{live}", {"first_message": "Yo"})
    jobs = world.merge()
    assert (jobs["apply"].result, jobs["apply"].code) == ("failure", 5), jobs
    assert "plans again" in jobs["apply"].log
    assert world.machine.assistants()["reception"]["first_message"] == "Yo"

    jobs = world.start("workflow_dispatch")  # starts the drift workflow too, which has the same trigger
    assert {name: results(jobs)[name] for name in ("reviewed", "again", "apply")} == {
        "reviewed": "skipped",
        "again": "success",
        "apply": "success",
    }, jobs
    assert "Good morning" in jobs["again"].summary
    assert world.machine.assistants()["reception"]["first_message"] == "Good morning"


def test_a_push_without_a_pull_request_is_not_applied(world: GitHubWorld) -> None:
    world.machine.commit({"a.yaml": assistant("reception", "Hi")})
    jobs = world.start("push")
    assert results(jobs) == {"reviewed": "failure", "again": "skipped", "apply": "skipped"}, jobs
    assert "Run workflow" in jobs["reviewed"].log
    assert world.machine.assistants() == {}


def test_what_has_to_wait_is_green_and_applied_by_a_schedule_once_it_may(world: GitHubWorld) -> None:
    """It is tried again every hour: red once, at the merge, and quiet from then on, also when all is done."""
    (workflow,) = (world.machine.repository / ".github" / "workflows").glob("hmsplan-apply-*.yml")
    scheduled: dict[str, str | None] = {
        workflow.relative_to(world.machine.repository).as_posix(): workflow.read_text("utf-8").replace("# sch", "sch")
    }
    world.pull({"a.yaml": assistant("reception", "Hi"), **scheduled}, branch="make")
    assert results(world.merge("make"))["apply"] == "success"
    jobs = world.pull({"a.yaml": assistant("reception", "Good morning"), "hmsplan.yaml": world.frozen()})
    assert jobs["plan"].result == "success", jobs
    assert "Windows are judged as of" in world.comments[-1]
    jobs = world.merge()
    assert (jobs["apply"].result, jobs["apply"].code) == ("failure", 4), jobs
    assert "frozen from" in jobs["apply"].log
    assert world.start("schedule")["apply"].result == "success"
    assert world.machine.assistants()["reception"]["first_message"] == "Hi"

    world.ahead_s = 3 * 86_400.0
    jobs = world.start("schedule")
    assert jobs["apply"].result == "success", jobs
    assert world.machine.assistants()["reception"]["first_message"] == "Good morning"
    jobs = world.start("schedule")
    assert jobs["apply"].result == "success", jobs
    assert "No changes" in jobs["apply"].log

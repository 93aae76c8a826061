"""Runs GitHub workflows on this machine: the shell steps and scripts as they stand, in the order of their jobs.

Read from the YAML of the commit that the event is about, as GitHub does. Real are bash, node, hmsplan and the API of
the organization; conditions and outputs are evaluated. Stood in for by this module are the actions: checkout (the files
of the commit), setup-python (nothing to do), upload- and download-artifact (the artifacts of the fake host).
github-script runs its body in node, with ``github_script.cjs`` for its arguments.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from support.ci_machine import Job

if TYPE_CHECKING:
    from support.ci_machine import Machine
    from support.fake_hosts import GitHub

SHIM: Final = Path(__file__).with_name("github_script.cjs")
_TOKENS: Final = re.compile(r"\s*(&&|\|\||!=|==|!|\(|\)|,|'[^']*'|[A-Za-z_][\w.-]*)")
_WORDS: Final = {"&&": " and ", "||": " or ", "!": " not "}
_STATUS: Final = re.compile(r"\b(always|cancelled|failure|success)\(\)")


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    Attributes:
        commit: what is checked out; of a pull request, the merge with its base.
        head: the last commit of the pull request.
        is_fork: GitHub gives no secrets then, and a token that reads.
    """

    name: str
    commit: str
    pull: int | None = None
    head: str = ""
    is_fork: bool = False


class GitHubRunner:
    """Runs the workflows of a repository.

    Attributes:
        secrets: environment -> name -> value, as the settings of the repository keep them.
    """

    def __init__(self, machine: Machine, host: GitHub, secrets: dict[str, dict[str, str]]) -> None:
        self.machine = machine
        self.host = host
        self.secrets = secrets

    def run(self, event: Event) -> dict[str, Job]:
        """Run whatever an event starts, and return the jobs that were looked at."""
        files = self.machine.git("ls-tree", "-r", "--name-only", event.commit, ".github/workflows").splitlines()
        done: dict[str, Job] = {}
        for file in files:
            workflow = yaml.safe_load(self.machine.git("show", f"{event.commit}:{file}"))
            if event.name in workflow[True]:  # PyYAML reads the key "on" as true
                done |= self.workflow(workflow, event)
        return done

    def workflow(self, workflow: dict[str, Any], event: Event) -> dict[str, Job]:
        jobs: dict[str, Job] = {}
        for name, job in workflow["jobs"].items():  # written in the order in which they need each other
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            known = {
                "github": _github(event),
                "needs": {each: {"result": jobs[each].result, "outputs": jobs[each].outputs} for each in needs},
            }
            failed = any(jobs[each].result == "failure" for each in needs)
            ran_all = all(jobs[each].result == "success" for each in needs)
            condition = str(job.get("if", "success()"))
            if holds(condition, known, failed=failed, ran_all=ran_all):
                jobs[name] = _Run(self, workflow, job, event, known).job
            else:
                jobs[name] = Job()
        return jobs


def _github(event: Event) -> dict[str, Any]:
    ref = f"refs/pull/{event.pull}/merge" if event.pull else "refs/heads/main"
    return {
        "event_name": event.name,
        "ref": ref,
        "ref_name": ref.removeprefix("refs/heads/"),
        "run_id": "1",
        "run_attempt": "1",
        "event": {"repository": {"default_branch": "main"}},
    }


class _Run:
    """One job on a machine of its own."""

    def __init__(
        self, runner: GitHubRunner, workflow: dict[str, Any], job: dict[str, Any], event: Event, known: dict[str, Any]
    ) -> None:
        self.machine, self.host, self.event = runner.machine, runner.host, event
        self.temp, self.workspace = self.machine.new_folder("temp"), self.machine.new_folder("workspace")
        permissions = dict(job.get("permissions", workflow["permissions"]))
        scopes = [f"{scope}:read" for scope in permissions]
        if not event.is_fork:
            scopes += [f"{scope}:{level}" for scope, level in permissions.items() if level != "read"]
        secrets = {} if event.is_fork else runner.secrets.get(job.get("environment", ""), {})
        self.token = ",".join(scopes)
        self.known = known | {
            "env": workflow.get("env", {}),
            "secrets": secrets,
            "steps": {},
            "runner": {"temp": str(self.temp)},
        }
        self.known["github"] = self.known["github"] | {"token": self.token}
        self.job = Job("success")
        for step in job["steps"]:
            self._step(step)
        self.job.outputs = {name: self._filled(text) for name, text in job.get("outputs", {}).items()}
        self.job.installed = self.machine.installed()

    def _step(self, step: dict[str, Any]) -> None:
        failed = self.job.result == "failure"
        if not holds(str(step.get("if", "success()")), self.known, failed=failed, ran_all=not failed):
            return
        output = self.temp / "outputs"
        output.write_text("", "utf-8")
        action = str(step.get("uses", "")).partition("@")[0]
        code = self._script(step) if action in {"", "actions/github-script"} else self._stand_in(action, step)
        outputs = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
        outcome = "failure" if code else "success"
        if "id" in step:
            self.known["steps"][step["id"]] = {"outputs": outputs, "outcome": outcome}
        if code and not step.get("continue-on-error"):
            self.job.result, self.job.code = "failure", self.job.code or code

    def _script(self, step: dict[str, Any]) -> int:
        summary = self.temp / "summary"
        event = (
            {"pull_request": {"number": self.event.pull, "head": {"sha": self.event.head}}} if self.event.pull else {}
        )
        (self.temp / "event.json").write_text(json.dumps(event), "utf-8")
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.host.url,
            "GITHUB_EVENT_NAME": self.event.name,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_OUTPUT": str(self.temp / "outputs"),
            "GITHUB_REF": self.known["github"]["ref"],
            "GITHUB_REPOSITORY": "acme/voice",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": self.event.commit,
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **{name: self._filled(str(text)) for name, text in {**self.known["env"], **step.get("env", {})}.items()},
        }
        if "run" in step:
            code, said = self.machine.shell(step["run"], self.workspace, environ, "-e")
        else:
            body = self.temp / "script.js"
            body.write_text(step["with"]["script"], "utf-8")
            environ["RUNNER_TOKEN"] = self.token
            code, said = self.machine.program(["node", str(SHIM), str(body)], self.workspace, environ)
        self.job.log += said
        self.job.summary = summary.read_text("utf-8") if summary.exists() else ""
        return code

    def _stand_in(self, action: str, step: dict[str, Any]) -> int:
        given = {name: self._filled(str(value)) for name, value in step.get("with", {}).items()}
        match action:
            case "actions/checkout":
                self.machine.check_out(self.event.commit, self.workspace)
            case "actions/setup-python":
                pass
            case "actions/upload-artifact":
                self._upload(given)
            case "actions/download-artifact":
                (found,) = (each for each in self.host.artifacts if str(each["id"]) == given["artifact-ids"])
                for name, data in self.host.files[found["id"]].items():
                    Path(given["path"]).mkdir(parents=True, exist_ok=True)
                    (Path(given["path"]) / name).write_bytes(data)
            case _:
                raise NotImplementedError(action)
        return 0

    def _upload(self, given: dict[str, str]) -> None:
        path = self.workspace / given["path"]
        files = sorted(path.iterdir()) if path.is_dir() else sorted(path.parent.glob(path.name))
        if not files and given.get("if-no-files-found") == "ignore":
            return
        number = 100 + len(self.host.artifacts)
        branch = "feature" if self.event.pull else "main"
        run = {"id": 1, "head_branch": branch, "head_repository_id": self.host.ID + self.event.is_fork}
        made = {"id": number, "name": given["name"], "expired": False, "created_at": f"2026-11-20T03:17:{number % 60}Z"}
        self.host.artifacts.append(made | {"workflow_run": run})
        self.host.files[number] = self.job.files = {file.name: file.read_bytes() for file in files}
        (self.temp / "outputs").write_text(f"artifact-id={number}\n", "utf-8")

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _text(value(found[1], self.known)), text)


def holds(condition: str, known: dict[str, Any], *, failed: bool, ran_all: bool) -> bool:
    """Say whether a job or step runs: without one of the four functions only after success."""
    bare = condition.removeprefix("${{").removesuffix("}}")
    if not _STATUS.search(bare):
        bare = f"success() && ({bare})"
    states = {"always": "yes", "cancelled": "", "failure": "yes" * failed, "success": "yes" * ran_all}
    return bool(value(_STATUS.sub(lambda found: f"'{states[found[1]]}'", bare), known))


def value(expression: str, known: dict[str, Any]) -> Any:
    """Evaluate what stands in ``${{ }}``: names, texts, comparisons and their combinations; what is unknown is ""."""
    words, at = [], 0
    while expression[at:].strip():
        found = _TOKENS.match(expression, at)
        assert found is not None, expression
        token, at = found[1], found.end()
        is_name = token[0].isalpha()
        words.append(_WORDS.get(token, f" look({token!r}) " if is_name else token))
    return eval("".join(words).strip(), {"look": lambda name: _look(name, known)})


def _look(name: str, known: dict[str, Any]) -> Any:
    at: Any = known
    for key in name.split("."):
        at = at.get(key, "") if isinstance(at, dict) else ""
    return at


def _text(found: Any) -> str:
    return str(found).lower() if isinstance(found, bool) else str(found)

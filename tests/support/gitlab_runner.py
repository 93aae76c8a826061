"""Runs a ``.gitlab-ci.yml`` on this machine: the scripts of its jobs as they stand, in the order of the stages.

Real are bash, Python, hmsplan and the API of the organization. This module does what GitLab does around a script:
rules, ``extends``, variables with their scopes, artifacts and reports. No image is pulled: jobs run on this machine.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import yaml

from support.ci_machine import Job

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from support.ci_machine import Machine
    from support.fake_hosts import GitLab

_KEYWORDS: Final = frozenset({"stages", "variables", "workflow"})
_COMPARED: Final = re.compile(r'\$(\w+)\s*==\s*(?:\$(\w+)|"([^"]*)")')


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What started a pipeline.

    Attributes:
        source: merge_request_event, push, web or schedule.
        played: manual jobs that somebody starts.
        variables: those of its schedule.
        is_fork: it runs in the project of the fork, which has none of our variables.
    """

    source: str
    commit: str
    merge_request: int | None = None
    played: frozenset[str] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
    is_fork: bool = False


@dataclass(slots=True)
class GitLabRunner:
    """Runs the pipelines of a project.

    Attributes:
        scoped: environment -> name -> value, as the settings of the project keep them.
        protected: environments whose variables only the default branch gets.
    """

    machine: Machine
    host: GitLab
    scoped: dict[str, dict[str, str]]
    protected: frozenset[str] = field(default_factory=frozenset)

    def run(self, pipeline: Pipeline) -> dict[str, Job]:
        """Run a pipeline; return its jobs by name."""
        config = yaml.safe_load(self.machine.git("show", f"{pipeline.commit}:.gitlab-ci.yml"))
        known = self._predefined(pipeline) | config["variables"] | dict(pipeline.variables)
        if _rule(config["workflow"]["rules"], known) is None:
            return {}
        named = {name: _extended(config, job) for name, job in config.items() if name not in _KEYWORDS}
        jobs = {name: job for name, job in named.items() if not name.startswith(".") and _rule(job["rules"], known)}
        done: dict[str, Job] = {}
        for name, job in sorted(jobs.items(), key=lambda item: config["stages"].index(item[1]["stage"])):
            needs = [each if isinstance(each, str) else each["job"] for each in job.get("needs", ())]
            before = [done[each] for each in needs if each in jobs]
            when = _rule(job["rules"], known)
            runs = when == "always" or all(each.result == "success" for each in before)
            if runs and (when != "manual" or name in pipeline.played):
                done[name] = self._job(job, pipeline, known, before)
            else:
                done[name] = Job()
        return done

    def _predefined(self, pipeline: Pipeline) -> dict[str, str]:
        known = {
            "CI_API_V4_URL": f"{self.host.url}/api/v4",
            "CI_COMMIT_SHA": pipeline.commit,
            "CI_DEFAULT_BRANCH": "main",
            "CI_PIPELINE_SOURCE": pipeline.source,
            "CI_PIPELINE_URL": "https://gitlab.example/acme/voice/-/pipelines/1",
            "CI_PROJECT_ID": str(self.host.ID + pipeline.is_fork),
        }
        if pipeline.merge_request is None:
            return known | {"CI_COMMIT_BRANCH": "main"}
        return known | {"CI_MERGE_REQUEST_IID": str(pipeline.merge_request)}

    def _job(self, job: dict[str, Any], pipeline: Pipeline, known: dict[str, str], before: list[Job]) -> Job:
        workspace, scope = self.machine.new_folder("workspace"), job.get("environment", {}).get("name", "")
        variables = known | {key: str(text) for key, text in job.get("variables", {}).items()}
        if variables.get("GIT_STRATEGY") != "none":
            self.machine.check_out(pipeline.commit, workspace)
        if not pipeline.is_fork and (scope not in self.protected or pipeline.merge_request is None):
            variables |= self.scoped.get(scope, {})
        for each in before:
            variables |= each.outputs
            for name, data in each.files.items():
                (workspace / name).parent.mkdir(parents=True, exist_ok=True)
                (workspace / name).write_bytes(data)
        script = "\n".join(["set -eo pipefail", *job.get("before_script", ()), *job["script"]])
        code, log = self.machine.shell(script, workspace, variables)
        made = Job("failure" if code else "success", code, log, installed=self.machine.installed())
        artifacts = job.get("artifacts", {})
        if artifacts.get("when", "on_success") in {"always", "on_failure" if code else "on_success"}:
            self._keep(made, artifacts, workspace, variables)
        return made

    def _keep(self, job: Job, artifacts: dict[str, Any], workspace: Path, variables: dict[str, str]) -> None:
        for listed in artifacts.get("paths", ()):
            pattern = re.sub(r"\$(\w+)", lambda found: variables[found[1]], listed)
            for path in workspace.glob(os.path.normpath(pattern)):
                files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
                job.files |= {file.relative_to(workspace).as_posix(): file.read_bytes() for file in files}
        for kind, name in artifacts.get("reports", {}).items():
            if (workspace / name).exists():
                read_report(kind, (workspace / name).read_text("utf-8"), job)


def read_report(kind: str, text: str, job: Job) -> None:
    """Read a report as GitLab does, into the reports of the job, and variables into its outputs."""
    match kind:
        case "dotenv":
            job.outputs |= dict(line.split("=", 1) for line in text.splitlines())
        case "junit":
            assert ET.fromstring(text).tag == "testsuites"
        case "codequality":
            for issue in json.loads(text):
                assert {"description", "fingerprint", "severity", "location"} <= set(issue)
        case "terraform":
            assert set(json.loads(text)) == {"create", "update", "delete"}
        case _:
            raise NotImplementedError(kind)
    job.reports[kind] = text


def _extended(config: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    if "extends" not in job:
        return job
    under = _extended(config, config[job["extends"]])
    both = {key: {**under[key], **job[key]} for key in under.keys() & job.keys() if isinstance(job[key], dict)}
    return under | job | both


def _rule(rules: list[dict[str, str]], known: dict[str, str]) -> str | None:
    """Return ``when`` of the first rule that holds; None when none does."""
    for rule in rules:
        compared = [_COMPARED.fullmatch(part.strip()) for part in rule["if"].split("&&")]
        assert all(compared), rule
        if all(
            known.get(one[1], "") == (known.get(one[2], "") if one[2] else one[3])
            for one in compared
            if one is not None
        ):
            return rule.get("when", "on_success")
    return None

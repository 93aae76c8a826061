"""A fleet on a Dask cluster: a scheduler and workers that are processes, and have the keys (P12)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from canaries.leaks import Canary, found
from support.fleets import emulator_of, environ, greetings, key_of, until, write_fleet

from hmsplan.emulator import Emulator, Fault, running
from hmsplan.errors import HmsplanError
from hmsplan.fleet import cluster as of_cluster
from hmsplan.fleet.executors import Workers
from hmsplan.fleet.load import load_fleet
from hmsplan.fleet.task import Common, Operation, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.dask_cluster import Cluster

pytest.importorskip("distributed", reason="the extra dask is not installed: pip install 'hmsplan[dask]'")

NAMES = ("acme", "beta", "gamma", "delta", "eps", "zeta")
MAIN = "from hmsplan.cli import main; main()"
SECRET = Canary("a secret of a stack", "c4nary0001-of-a-header-1000yran4c")
KEYS = [Canary(name, key_of(name)) for name in NAMES]
WITH_SECRET = """\
mcp_servers:
  crm: {name: CRM, url: https://mcp.example.com/v1, headers: {Authorization: "${secret:crm}"}}
assistants:
  desk: {name: Desk, first_message: "Good morning, this is ${var:business_name}."}
"""
PAGES = ("/info/main/workers.html", "/info/main/logs.html", "/json/identity.json", "/json/counts.json", "/metrics")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    from support.dask_cluster import Cluster  # noqa: PLC0415 -- an extra

    started = Cluster(tmp_path_factory.mktemp("dask"), {**environ(NAMES), "HMSPLAN_SECRET_CRM": SECRET.value})
    try:
        yield started
    finally:
        started.end()


@pytest.fixture
def cluster(shared: Cluster) -> Cluster:
    """Return it with two workers, whatever became of them in another test."""
    shared.grow(2)
    return shared


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with emulator_of(NAMES) as made:
        yield made


@pytest.fixture
def url(emulator: Emulator) -> Iterator[str]:
    with running(emulator) as found_:
        yield found_


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return what begins a command of the fleet in a process that has the keys only if told so."""
    root = write_fleet(tmp_path / "agency", NAMES, grace="1s")
    begun: list[subprocess.Popen[str]] = []

    def call(*words: str, **env: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HMS_", "HMSPLAN_"))}
        begun.append(
            subprocess.Popen(
                [sys.executable, "-c", MAIN, "-C", str(root), "fleet", *words],
                env={**kept, "HMS_SOVEREIGN_BASE_URL": url, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return begun[-1]

    yield call
    for each in begun:
        each.kill()
        each.communicate()


def said(run: subprocess.Popen[str], code: int = 0) -> str:
    text, _ = run.communicate(timeout=120)
    assert run.returncode == code, text
    return text


def twins(emulator: Emulator) -> dict[str, int]:
    return {name: len(texts) for name, texts in greetings(emulator, NAMES).items()}


def test_a_report_is_the_same_as_that_of_processes(cluster: Cluster, start: Callable[..., Any]) -> None:
    """Only the workers of the cluster have the keys: the command that asks them has none."""
    for words in (("plan",), ("plan", "--json")):
        on_cluster = said(start(*words, "--executor", cluster.url))
        assert on_cluster == said(start(*words, **environ(NAMES)))
        assert "acme" in on_cluster


def test_a_worker_that_dies_loses_and_doubles_nothing(
    cluster: Cluster, start: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.inject(
        Fault(do="delay", method="write", seconds=0.3), Fault(do="delay_after", method="write", seconds=0.3)
    )
    run = start("apply", "-y", "--executor", cluster.url)
    until(lambda: emulator.writes)
    cluster.workers[0].kill()
    assert "Fleet apply: 6 applied." in said(run)
    assert len(cluster.info()["workers"]) == 1
    assert twins(emulator) == dict.fromkeys(NAMES, 1)
    emulator.inject()
    assert said(start("plan", **environ(NAMES))).startswith("No changes.")


def test_the_cluster_sees_neither_a_key_nor_a_secret(
    cluster: Cluster, start: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    """Neither in its pages nor in its logs, its tasks and what it keeps of them; names of tasks say nothing."""
    from distributed import Client  # noqa: PLC0415 -- an extra

    def all_of(dask_scheduler: Any) -> str:
        tasks = dask_scheduler.tasks.values()
        return repr([[each.key, each.run_spec, each.prefix, each.annotations] for each in tasks])

    write_fleet(tmp_path / "agency", NAMES, desk=WITH_SECRET, grace="1s")
    emulator.inject(Fault(do="delay", method="write", seconds=2))
    run = start("apply", "-y", "--executor", cluster.url)
    until(lambda: emulator.writes)
    with Client(f"tcp://{cluster.address}", set_as_default=False) as client:
        kept = client.run_on_scheduler(all_of)
        tasks = re.findall(r"members-[0-9a-f]{32}", kept)
        assert len(set(tasks)) == 2
        assert all(map(cluster.page, PAGES))
        pages = [*PAGES, *(f"/info/{what}/{task}.html" for what in ("task", "call-stack") for task in set(tasks))]
        pages += [f"/info/worker/{each.replace('/', '%2F')}.html" for each in cluster.info()["workers"]]
        seen = b"".join(map(cluster.page, pages)) + kept.encode()  # "" for a task that has ended meanwhile
        seen += repr([client.scheduler_info(-1), client.get_scheduler_logs(), client.get_worker_logs()]).encode()
        seen += repr([client.call_stack(), client.who_has(), client.processing()]).encode()
        said(run)
        seen += repr([client.get_events(), client.get_worker_logs()]).encode() + cluster.logs().encode()
    assert tasks[0].encode() in seen
    assert not found(seen, [*KEYS, SECRET])
    assert not [name for name in NAMES if f"{name}-".encode() in b"".join(each.encode() for each in tasks)]
    sent = b"".join(each.content for each in emulator.writes)
    assert found(sent, [SECRET])


def test_the_first_signal_finishes_what_is_in_flight(
    cluster: Cluster, start: Callable[..., Any], emulator: Emulator, tmp_path: Path
) -> None:
    write_fleet(tmp_path / "agency", NAMES, "waves: [{share: 30%}, {share: 100%}]\n", grace="1s")
    emulator.inject(Fault(do="delay", method="write", seconds=0.5))
    run = start("apply", "-y", "--executor", cluster.url)
    until(lambda: emulator.writes)
    run.send_signal(signal.SIGINT)
    assert "not started" in said(run, 130)
    emulator.inject()
    assert "Fleet apply: 6 applied." in said(start("apply", "--continue", "--executor", cluster.url))
    assert twins(emulator) == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("has_scheduler", [True, False])
def test_a_cluster_that_is_not_there_is_told(
    shared: Cluster, tmp_path: Path, has_scheduler: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.grow(0)
    monkeypatch.setattr(of_cluster, "_CONNECT_S", 1)
    tasks = tasks_of(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(HmsplanError, match="has no worker" if has_scheduler else "No Dask scheduler answers") as told:
        Workers(shared.url if has_scheduler else "dask://127.0.0.1:1").perform(tasks)
    assert told.value.summary == "No Dask cluster"


def tasks_of(tmp_path: Path, url: str) -> list[Task]:
    root = write_fleet(tmp_path / "agency", NAMES)
    return [Task(Operation.PLAN, member, Common(root, url)) for member in load_fleet(root).members]


def test_workers_that_are_all_gone_are_told_for_each_member(
    cluster: Cluster, url: str, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_cluster, "_EMPTY_LOOKS", 2)
    monkeypatch.setattr(of_cluster, "_CONNECT_S", 2)
    emulator.inject(Fault(do="delay", seconds=1))

    def kill() -> None:
        until(lambda: emulator.requests)
        cluster.end_workers()

    killer = threading.Thread(target=kill)
    killer.start()
    results = Workers(cluster.url).perform(tasks_of(tmp_path, url))
    killer.join()
    assert [result.name for result in results] == sorted(NAMES)
    assert {result.problems[0].summary for result in results} == {"No Dask cluster"}

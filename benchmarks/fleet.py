"""``hmsplan fleet plan`` of N unchanged organizations of 30 objects, against a client that only reads, and on Dask.

``HMSPLAN_BENCH_MEMBERS=1000`` measures a thousand. The floor is ``fleet_floor.py``; it reads the same lists from the
same server, which works on the same cores.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from benchmarks import fleet_floor
from benchmarks.fleet_floor import key_of
from benchmarks.measure import PYTHON, line
from benchmarks.startup import HMSPLAN
from hmsplan.emulator import Emulator, Settings, running
from hmsplan.formats.state_file import dump
from hmsplan.model import Address, Binding, State
from tests.support.dask_cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.model import Spec

MEMBERS: Final = int(os.environ.get("HMSPLAN_BENCH_MEMBERS", "100"))
ROUNDS: Final = int(os.environ.get("HMSPLAN_BENCH_ROUNDS", "3"))
WORKERS: Final = 2
_TIME: Final = 1.5
_DASK: Final = 1.2
_MEMORY: Final = 3.0
_MIB_A_MEMBER: Final = 1.0
STACK: Final = "version: 1\nstack: bench\n"
PROMPT: Final = "Vraag altijd naar de naam van de beller en herhaal het nummer voordat u een afspraak vastlegt. " * 4


def declared() -> dict[Address, Spec]:
    """Return the 30 objects of each organization."""
    assistants = {
        Address("assistants", f"a{number}"): {
            "name": f"Assistant {number}",
            "first_message": f"Goedemorgen, u spreekt met vestiging {number}.",
            "llm_config": {
                "provider": "openai",
                "model": "gpt-5.4",
                "messages": [{"role": "system", "content": PROMPT}],
            },
        }
        for number in range(20)
    }
    servers = {
        Address("mcp_servers", f"s{number}"): {"name": f"Server {number}", "url": f"https://mcp.example.com/{number}"}
        for number in range(10)
    }
    return {**assistants, **servers}


def write(emulator: Emulator, root: Path, count: int) -> dict[str, str]:
    """Make *count* organizations, the fleet below *root* and its states; return the variables with their keys."""
    import yaml  # noqa: PLC0415

    objects = declared()
    stack = root / "stack"
    stack.mkdir(parents=True)
    (stack / "hmsplan.yaml").write_text(STACK)
    for kind in ("assistants", "mcp_servers"):
        of_kind = {address.key: spec for address, spec in objects.items() if address.kind == kind}
        (stack / f"{kind}.yaml").write_text(yaml.dump({kind: of_kind}, Dumper=yaml.CSafeDumper))
    names = [f"m{number:04}" for number in range(count)]
    rows = [f"{name},KEY_{number:04}\n" for number, name in enumerate(names)]
    (root / "clients.csv").write_text("name,key\n" + "".join(rows))
    (root / "fleet.yaml").write_text("members: ${csv:clients.csv}\nstack: stack\n")
    for number, name in enumerate(names):
        key = key_of(number)
        emulator.organization(key)
        bindings = {
            address: Binding(address, emulator.add(address.kind, spec, key=key), spec)
            for address, spec in objects.items()
        }
        folder = stack / ".hmsplan" / "members" / name / "default"
        folder.mkdir(parents=True)
        (folder / "state.json").write_bytes(dump(State("bench", serial=1, bindings=bindings)))
    return {f"KEY_{number:04}": key_of(number) for number in range(count)}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took, all its processes together.

    Attributes:
        cpu_s: user and system; of a command on Dask without the workers of the cluster.
        peak_mib: resident memory, looked at twenty times a second; 0 = nobody looked.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    output: str


def run(command: Sequence[str | Path], env: Mapping[str, str], *, is_watched: bool = False) -> Taken:
    """Run a command; looking at its memory takes time of the cores, so only one that *is_watched* tells it."""
    began, before = time.perf_counter(), _cpu_s()
    process = subprocess.Popen(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **env}
    )
    peak, is_over = [0], threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            peak[0] = max(peak[0], _resident(process.pid))

    looking = threading.Thread(target=look)
    if is_watched:
        looking.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    is_over.set()
    if is_watched:
        looking.join()
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{output[-3000:]}")
    return Taken(seconds, _cpu_s() - before, peak[0] / 2**20, output)


def _cpu_s() -> float:
    """Return the processor time of all processes that have ended here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(pid: int) -> int:
    try:
        main = psutil.Process(pid)
        return sum(each.memory_info().rss for each in (main, *main.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def main() -> bool:
    with tempfile.TemporaryDirectory() as folder, Emulator(settings=Settings(rate_limit=None)) as emulator:
        root = Path(folder, "fleet")
        keys = write(emulator, root, MEMBERS)
        with running(emulator) as url:
            env = {**keys, "HMS_SOVEREIGN_BASE_URL": url, "PYTHONDONTWRITEBYTECODE": ""}
            plan = [HMSPLAN, "-C", root, "fleet", "plan"]
            one = run([*plan, "--member", "m0000"], env, is_watched=True)
            paths = [each.path for each in emulator.requests]
            floor = [PYTHON, fleet_floor.__file__, url, str(MEMBERS), *paths]
            logs = Path(folder, "dask")
            logs.mkdir()
            cluster = Cluster(logs, env)
            try:
                cluster.grow(WORKERS)
                found = _by_turns({"floor": floor, "processes": plan, "dask": [*plan, "--executor", cluster.url]}, env)
            finally:
                cluster.end()
    return _told(one, found, len(paths))


def _by_turns(commands: Mapping[str, Sequence[str | Path]], env: Mapping[str, str]) -> dict[str, Taken]:
    """Return the fastest run of each; by turns, so that a busy machine is unfair to none."""
    runs: dict[str, list[Taken]] = {}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs.setdefault(name, []).append(run(command, env))
    for name in ("processes", "dask"):
        if not runs[name][0].output.startswith("No changes"):
            raise SystemExit(runs[name][0].output[-3000:])
    fastest = {name: min(taken, key=lambda each: each.seconds) for name, taken in runs.items()}
    peaks = {name: run(command, env, is_watched=True).peak_mib for name, command in commands.items()}
    return {name: replace(taken, peak_mib=peaks[name]) for name, taken in fastest.items()}


def _told(one: Taken, found: Mapping[str, Taken], lists: int) -> bool:
    print(f"      {MEMBERS} members of 30 objects, {lists} requests each")
    print(f"      one member {one.seconds:7.2f} s, {one.peak_mib:22.0f} MiB")
    for name, taken in found.items():
        each_ms, cpu_ms = (seconds / MEMBERS * 1000 for seconds in (taken.seconds, taken.cpu_s))
        told = f"{each_ms:6.1f} ms a member, {cpu_ms:6.1f} ms of a core"
        print(f"      {name:<10} {taken.seconds:7.2f} s, {told}, {taken.peak_mib:6.0f} MiB")
    floor, processes, dask = (found[name] for name in ("floor", "processes", "dask"))
    allowed_mib = _MEMORY * one.peak_mib + MEMBERS * _MIB_A_MEMBER
    good = [
        line(f"fleet plan of {MEMBERS} members / floor, time", processes.seconds / floor.seconds, _TIME),
        line("memory of it / three times one member's and 1 MiB a member", processes.peak_mib / allowed_mib, 1.0),
        line(f"the same on Dask with {WORKERS} workers / processes, time", dask.seconds / processes.seconds, _DASK),
    ]
    return all(good)

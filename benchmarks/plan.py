"""``hmsplan plan`` of N unchanged assistants of 5 kB, cold, against the floor (``floor.py``) and Terraform."""

from __future__ import annotations

import json
import shutil
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import floor, organization
from benchmarks.measure import PYTHON, Taken, line, run
from benchmarks.startup import HMSPLAN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNTS = (1_000, 10_000)
_TIME = 0.85
"""On two idle cores; ``docs/decisions/0008`` says where it goes, and why it is not 0.6."""
_CPU = 1.12
_MEMORY = 1.5


def main() -> bool:
    small, large = COUNTS
    pairs = {count: _pair(count) for count in COUNTS}
    over, under = pairs[large]
    good = [
        line(f"plan of {large} unchanged assistants / floor, time", over.seconds / under.seconds, _TIME),
        line(f"plan of {large} unchanged assistants / floor, CPU time of all cores", over.cpu_s / under.cpu_s, _CPU),
        line(f"plan of {large} unchanged assistants / floor, memory", over.peak_mib / under.peak_mib, _MEMORY),
        line(
            f"plan of {large} / {large // small} x plan of {small} (linear)",
            over.seconds / (pairs[small][0].seconds * (large // small)),
            1.2,
        ),
        _terraform(over.seconds),
    ]
    return all(good)


def _pair(count: int) -> tuple[Taken, Taken]:
    """Return (hmsplan, floor), alternating so that a busy machine is unfair to neither."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "stack")
        body = organization.write(root, count)
        with organization.serving(body) as url:
            env = {"HMS_SOVEREIGN_API_KEY": "fl_bench", "HMS_SOVEREIGN_BASE_URL": url}
            pairs = []
            for _ in range(3):
                under = run([PYTHON, floor.__file__, root, url])
                over = run([HMSPLAN, "-C", root, "plan"], env=env)
                pairs.append((over, under))
    if "No changes" not in pairs[0][0].output:
        raise SystemExit(pairs[0][0].output)
    over, under = ([pair[side] for pair in pairs] for side in (0, 1))
    return _best(over), _best(under)


def _best(runs: Sequence[Taken]) -> Taken:
    """Return the fastest run, with the least CPU time of any."""
    return replace(min(runs, key=lambda taken: taken.seconds), cpu_s=min(taken.cpu_s for taken in runs))


def _terraform(seconds: float) -> bool:
    """Plan the same number of unchanged ``terraform_data`` resources of 5 kB, where Terraform is installed.

    Their state is written here: to let Terraform create them takes it most of an hour.
    """
    if shutil.which("terraform") is None:
        print("      terraform is not installed: not compared")
        return True
    count = COUNTS[-1]
    declared = {f"a{number}": json.dumps(organization.assistant(number)) for number in range(count)}
    with tempfile.TemporaryDirectory() as folder:
        resources = {name: {"input": spec} for name, spec in declared.items()}
        Path(folder, "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": resources}}))
        Path(folder, "terraform.tfstate").write_text(json.dumps(_terraform_state(declared)))
        alone = {"CHECKPOINT_DISABLE": "1"}  # or it asks the network for its newest version
        run(["terraform", f"-chdir={folder}", "init", "-input=false", "-no-color"], env=alone)
        taken = run(["terraform", f"-chdir={folder}", "plan", "-input=false", "-no-color"], env=alone)
    if "No changes" not in taken.output:
        raise SystemExit(taken.output[-2000:])
    print(f"      terraform plans {count} unchanged resources in {taken.seconds:.1f} s and {taken.peak_mib:.0f} MiB")
    return line("hmsplan / terraform, time", seconds / taken.seconds, 0.2)


def _terraform_state(declared: Mapping[str, str]) -> dict[str, Any]:
    """Return the state that an apply of these resources would have left."""
    found = []
    for name, spec in declared.items():
        dynamic = {"value": spec, "type": "string"}
        attributes = {"id": str(uuid.uuid4()), "input": dynamic, "output": dynamic, "triggers_replace": None}
        instance = {"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}
        provider = 'provider["terraform.io/builtin/terraform"]'
        resource = {"mode": "managed", "type": "terraform_data", "name": name, "provider": provider}
        found.append({**resource, "instances": [instance]})
    head = {"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": str(uuid.uuid4()), "outputs": {}}
    return {**head, "resources": found}

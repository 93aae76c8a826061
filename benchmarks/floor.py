"""The floor of a plan: read the files, load their YAML, one GET, parse it, one == an object. Nothing else."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

import yaml


def main(root: str, url: str) -> None:
    declared = {}
    for file in sorted(Path(root, "assistants").glob("*.yaml")):
        declared.update(yaml.load(file.read_bytes(), yaml.CSafeLoader)["assistants"])
    with urllib.request.urlopen(f"{url}/assistants") as answer:
        live = {item["name"]: item for item in json.loads(answer.read())["assistants"]}
    same = sum(spec == {key: live[spec["name"]][key] for key in spec} for spec in declared.values())
    print(f"{same} of {len(declared)} equal")


if __name__ == "__main__":
    main(*sys.argv[1:])

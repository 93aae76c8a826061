"""The floor of a campaign's leads: read the CSV, GET the leads, parse them, compare the two. Nothing else."""

from __future__ import annotations

import csv
import sys
import urllib.request
from pathlib import Path

import orjson


def main(file: str, url: str = "") -> None:
    with Path(file).open(encoding="utf-8", newline="") as lines:
        declared = {row.pop("phone_number"): row for row in csv.DictReader(lines)}
    if not url:
        print(f"{len(declared)} leads")
        return
    request = urllib.request.Request(url, headers={"Authorization": "Bearer fl_bench"})
    with urllib.request.urlopen(request) as answer:
        live = {item["phone_number"]: item["variables"] for item in orjson.loads(answer.read())["leads"]}
    print(f"{sum(live.get(number) == row for number, row in declared.items())} of {len(declared)} equal")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Showing 1,000 changed prompts of 6 kB against reading and planning them, in one process."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import yaml

from benchmarks import organization
from benchmarks.measure import line
from hmsplan.api.snapshot import parse_one
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Binding, Snapshot, State
from hmsplan.plan import make_plan
from hmsplan.render.text import render_plan
from hmsplan.stack.stackfile import load_stack

COUNT = 1_000
PARTS = ("Rol", "Toon", "Openingstijden", "Afspraken", "Spoed", "Afsluiting")


def prompt(number: int) -> str:
    """Return a prompt of 6 kB with headings, paragraphs and bullets."""
    text = f"Je bent de assistent van vestiging {number}.\n\n"
    for part in PARTS:
        text += f"## {part}\n\n" + f"Over {part}: {organization.SENTENCE}" * 4 + "\n\n"
        text += "".join(f"- {part} {row}: {organization.SENTENCE}\n" for row in range(5)) + "\n"
    return text


def edited(text: str) -> str:
    """Change one word in the middle, and add a bullet near the end."""
    text = text.replace("Over Afspraken: Vraag altijd", "Over Afspraken: Vraag meestal", 1)
    return text.replace("- Spoed 3:", "- Blijf rustig.\n- Spoed 3:", 1)


def main() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "stack")
        live = orjson.loads(organization.write(root, COUNT))["assistants"]
        bindings = {}
        for number, item in enumerate(live):
            item["llm_config"]["messages"][0]["content"] = prompt(number)
            address = Address("assistants", f"a{number}")
            bindings[address] = Binding(
                address, item["id"], {**organization.assistant(number), "llm_config": item["llm_config"]}
            )
            spec = {**organization.assistant(number), "llm_config": _edited(item["llm_config"])}
            text = yaml.dump({"assistants": {address.key: spec}}, Dumper=yaml.CSafeDumper, sort_keys=False, width=100)
            (root / "assistants" / f"{address.key}.yaml").write_text(text)
        state = State("bench", serial=1, bindings=bindings)
        planning, showing = [], []
        for _ in range(3):
            began = time.process_time()
            plan = make_plan(load_stack(root, environ={}), _snapshot(live), state, 0.0)
            planned = time.process_time()
            shown = render_plan(plan, width=80, color=False)
            showing.append(time.process_time() - planned)
            planning.append(planned - began)
    if shown.count("[-altijd-]{+meestal+}") != COUNT:
        raise SystemExit(shown[:4000])
    return line(f"show {COUNT:,} changed prompts of 6 kB / read and plan them", min(showing) / min(planning), 1.0)


def _edited(block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "messages": [{"role": "system", "content": edited(block["messages"][0]["content"])}]}


def _snapshot(live: list[dict[str, Any]]) -> Snapshot:
    found = [parse_one(KINDS["assistants"], item) for item in live]
    return Snapshot({"assistants": {item.id: item for item in found if item is not None}})

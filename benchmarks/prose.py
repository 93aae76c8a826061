"""Showing 1,000 changed prompts of 6 kB on every surface, against planning them and against reading and planning them.

Every prompt and every edit is another one, so that nothing can be shared between two objects.
"""

from __future__ import annotations

import gc
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import yaml

from benchmarks import organization
from benchmarks.measure import line
from hmsplan.api.refresh import parse_one
from hmsplan.cli.surfaces import locator
from hmsplan.config.load import load_stack
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Binding, Snapshot, State
from hmsplan.output.findings import of_plan
from hmsplan.output.github import as_annotations
from hmsplan.output.graph import graph_of_plan
from hmsplan.output.html.page import render_html
from hmsplan.output.markdown import SUMMARY, render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_text
from hmsplan.planner.planner import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hmsplan.model import Plan, Stack

COUNT: Final = 1_000
ROUNDS: Final = 3
PARTS: Final = ("Rol", "Toon", "Openingstijden", "Afspraken", "Spoed", "Afsluiting")
WORDS: Final = tuple(
    """
    de een het van kliniek praktijk afspraak beller vraag antwoord nummer naam dag uur minuut morgen middag avond dokter
    assistent recept verzekering kosten vergoeding behandeling controle kies tand mond pijn wacht lijn rustig
    vriendelijk duidelijk kort helder nooit altijd soms meestal direct later terugbellen doorverbinden noteer herhaal
    bevestig controleer geboortedatum achternaam spelling wachtkamer verwijzing huisarts balie opnieuw volgende vorige
    """.split()  # noqa: SIM905 -- four lines in place of sixty
)


def prompt(seed: str) -> str:
    """Return a prompt of 6 kB with headings, paragraphs and bullets."""
    draw = random.Random(seed)
    text = f"Je bent de assistent van {seed}. {_sentence(draw, 8)}\n\n"
    for part in PARTS:
        text += f"## {part}\n\n{_paragraph(draw)}\n\n"
        text += "".join(f"- {_sentence(draw, 14)}\n" for _ in range(5)) + "\n"
    return text


def _paragraph(draw: random.Random) -> str:
    return " ".join(_sentence(draw, 15) for _ in range(4))


def _sentence(draw: random.Random, words: int) -> str:
    return " ".join(draw.choices(WORDS, k=words)).capitalize() + "."


def one_word(text: str) -> str:
    """Change one word in the middle."""
    at = text.index(" ", text.index("## Afspraken") + 80)
    return f"{text[:at]} dringend{text[text.index(' ', at + 1) :]}"


def one_paragraph(text: str) -> str:
    """Write the paragraph in the middle anew."""
    begin = text.index("\n\n", text.index("## Afspraken")) + 2
    return text[:begin] + _paragraph(random.Random(text)) + text[text.index("\n\n", begin) :]


def all_of_it(text: str) -> str:
    """Write everything anew but the headings: the worst there is, because nothing holds on to anything."""
    return prompt(f"vestiging {len(text)} {text[:80]}")


EDITS: Final[Mapping[str, Callable[[str], str]]] = {
    "one word": one_word,
    "one paragraph": one_paragraph,
    "all of it": all_of_it,
}
BOUNDS: Final = {"one word": 1.0, "one paragraph": 1.0, "all of it": 10.0}
"""Most that a surface may take of the time of reading and planning. Of all of it 12 MB are compared and shown."""


def main() -> bool:
    good = []
    for name, edit in EDITS.items():
        took = _measured(edit)
        reading, planning = took.pop("read"), took.pop("plan")
        for surface, showing in took.items():
            whole = [one + other for one, other in zip(reading, planning, strict=True)]
            head = f"{COUNT:,} prompts, {name}, {surface}"
            middle = statistics.median(showing) / statistics.median(planning)
            print(f"      {head + ' / plan':<66} {min(showing) / min(planning):8.2f}x  (median {middle:.2f}x)")
            good.append(line(f"{head} / read and plan", min(showing) / min(whole), BOUNDS[name]))
    return all(good)


def _measured(edit: Callable[[str], str]) -> dict[str, list[float]]:
    """Return the seconds of processor time of each round: to read, to plan, and to show on each surface."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "stack")
        live, state = _organization(root, edit)
        took: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            stack, snapshot = _timed(took, "read", lambda: (load_stack(root, environ={}), _snapshot(live)))
            plan = _timed(took, "plan", lambda: make_plan(stack, snapshot, state))  # noqa: B023 -- called at once
            if len(plan.pending) != COUNT:
                raise SystemExit(f"{len(plan.pending)} changes")
            for surface, show in SURFACES.items():
                _timed(took, surface, lambda: show(plan, stack))  # noqa: B023
    return took


def _timed(took: dict[str, list[float]], name: str, act: Callable[[], Any]) -> Any:
    gc.collect()
    began = time.process_time()
    made = act()
    took.setdefault(name, []).append(time.process_time() - began)
    return made


def _github(plan: Plan, stack: Stack) -> str:
    """Show what ``--format github`` does in a workflow: annotations, the step's summary and the log."""
    page = page_of(plan, 100)
    log = render_text(page, color=False)
    return as_annotations(of_plan(plan, locator(stack))) + render_markdown(page, budget=SUMMARY) + log


SURFACES: Final[Mapping[str, Callable[[Plan, Stack], str | bytes]]] = {
    "text": lambda plan, _: render_text(page_of(plan, 80), color=False),
    "text in colour": lambda plan, _: render_text(page_of(plan, 80), color=True),
    "Markdown": lambda plan, _: render_markdown(page_of(plan, 100)),
    "HTML": lambda plan, stack: render_html(page_of(plan, 100), graph_of_plan(plan, stack)),
    "JSON": lambda plan, _: plan_to_bytes(plan),
    "GitHub": _github,
}


def _organization(root: Path, edit: Callable[[str], str]) -> tuple[list[dict[str, Any]], State]:
    """Write a stack in which every prompt is edited; return what is live and what was applied."""
    live = orjson.loads(organization.write(root, COUNT))["assistants"]
    bindings = {}
    for number, item in enumerate(live):
        before = prompt(f"vestiging {number}")
        item["llm_config"]["messages"][0]["content"] = before
        address = Address("assistants", f"a{number}")
        spec = organization.assistant(number)
        bindings[address] = Binding(address, item["id"], {**spec, "llm_config": item["llm_config"]})
        block = {**item["llm_config"], "messages": [{"role": "system", "content": edit(before)}]}
        declared = {"assistants": {address.key: {**spec, "llm_config": block}}}
        text = yaml.dump(declared, Dumper=yaml.CSafeDumper, sort_keys=False, width=100)
        (root / "assistants" / f"{address.key}.yaml").write_text(text)
    return live, State("bench", serial=1, bindings=bindings)


def _snapshot(live: list[dict[str, Any]]) -> Snapshot:
    found = [parse_one(KINDS["assistants"], item) for item in live]
    return Snapshot({"assistants": {item.id: item for item in found if item is not None}})

"""Lint of N assistants with prompts of 5 kB, against reading them; and which rules take the most of it."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import line
from hmsplan.config.load import load_stack
from hmsplan.lint.rules import all_rules
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hmsplan.lint.rule import Rule
    from hmsplan.model import Stack

COUNT: Final = 1_000
SIZE: Final = 5_000
SHOWN: Final = 10
_BOUND: Final = 0.5
_CORPUS: Final = Path(__file__).parents[1] / "tests" / "lint_corpus" / "organization"
_LANGUAGES: Final = (
    ("gemeente_waterwijk", "receptie_de_werf", "storingsdienst_de_vos"),
    ("harbour_view_front_desk", "northgate_caller", "pedal_and_thread_support", "riverside_clinic_desk"),
    ("empfang_zahnarztpraxis", "kundenservice_stadtwerke", "sekretariat_kanzlei"),
    ("accueil_garage_lemoine", "accueil_le_petit_canal"),
)
_SAME: Final = {one: [other for other in group if other != one] for group in _LANGUAGES for one in group}


def main() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root)
        load_stack(root)  # what is loaded once a process is no part of it
        pairs = [_pair(root) for _ in range(3)]
        stack = load_stack(root)
        spent = _by_rule(stack, root)
    reading, linting = (min(each) for each in zip(*pairs, strict=True))
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1])[:SHOWN]:
        print(f"      {seconds / COUNT * 1e6:7.1f} µs an assistant  {name}")
    print(f"      reading {reading:.2f} s, lint {linting:.2f} s, of which rules {sum(spent.values()):.2f} s")
    return line(f"lint of {COUNT} assistants / reading them, CPU time ({len(spent)} rules)", linting / reading, _BOUND)


def _pair(root: Path) -> tuple[float, float]:
    """Return the CPU seconds of reading and of linting, without the collector, as in a command (``cli.root``)."""
    gc.collect()
    gc.disable()
    before = _cpu_s()
    stack = load_stack(root)
    read = _cpu_s()
    lint_stack(stack, root)
    linted = _cpu_s()
    gc.enable()
    return read - before, linted - read


def _cpu_s() -> float:
    """Return the CPU time of this process and of those that parsed files for it."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def _by_rule(stack: Stack, root: Path) -> Mapping[str, float]:
    """Return the seconds that each rule takes; a fact that several share counts for the first that asks."""
    spent: dict[str, float] = defaultdict(float)

    def timed(name: str, check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def run(*args: Any) -> Iterator[Any]:
            began = time.thread_time()
            found: Sequence[Any] = list(check(*args))
            spent[name] += time.thread_time() - began
            return iter(found)

        return run

    def watched(rule: Rule) -> Rule:
        checks = {name: getattr(rule, name) for name in ("check", "check_all")}
        named: Any = {n: timed(rule.id, check) for n, check in checks.items() if check is not None}
        return replace(rule, **named)

    lint_stack(stack, root, rules={name: watched(rule) for name, rule in all_rules().items()})
    return spent


def _write(root: Path) -> None:
    """Write the assistants of the corpus again and again, each with a number and 5 kB of prompt of its own."""
    shutil.copytree(_CORPUS, root, dirs_exist_ok=True)
    shutil.rmtree(root / "campaigns")
    shutil.rmtree(root / "leads")
    (root / "imports.yaml").unlink()
    files = sorted((root / "assistants").iterdir())
    prompts = {path.stem: path.read_text("utf-8") for path in (root / "prompts" / "assistants").iterdir()}
    numbers, trunk = [], 'transfer_trunk_id: "${sip_trunks.stemlijn_eu}"'
    for number in range(len(files), COUNT):
        source = files[number % len(files)]
        key = f"{source.stem}_{number:04d}"
        text = source.read_text("utf-8").replace(f"prompts/assistants/{source.stem}.md", f"prompts/assistants/{key}.md")
        text = text.replace(f"  {source.stem}:\n", f"  {key}:\n").replace("    name: ", f"    name: {number} ", 1)
        source.with_name(f"{key}.yaml").write_text(text, "utf-8")
        (root / "prompts" / "assistants" / f"{key}.md").write_text(_long(source.stem, number, prompts), "utf-8")
        numbers.append(
            f'  n{number}: {{phone_number: "+3185{number:07d}", agent_id: "${{assistants.{key}}}", {trunk}}}\n'
        )
    (root / "numbers.yaml").write_text("numbers:\n" + "".join(numbers), "utf-8")


def _long(stem: str, number: int, prompts: Mapping[str, str]) -> str:
    """Return a prompt of 5 kB: its own, and what others say in the same language of other things than tools."""
    lines = [
        line for other in _SAME[stem] for line in prompts[other].splitlines() if "`" not in line and "#" not in line
    ]
    text = f"{prompts[stem]}\n# {number}\n\n"
    for each in lines[number % 7 :]:
        if len(text.encode()) + len(each.encode()) > SIZE:
            break
        text += f"{each}\n"
    return text

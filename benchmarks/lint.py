"""Lint of N assistants with prompts of 5 kB, against reading them; and which rules take the most of it."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.measure import line
from benchmarks.organization import assistant
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
_PROMPTS: Final = Path(__file__).parents[1] / "tests" / "lint_corpus" / "organization" / "prompts" / "assistants"
_PER_FILE: Final = 100


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
    """Return the CPU seconds of reading and of linting."""
    before = _cpu_s()
    stack = load_stack(root)
    read = _cpu_s()
    lint_stack(stack, root)
    return read - before, _cpu_s() - read


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
    import yaml  # noqa: PLC0415

    texts = [path.read_text("utf-8") for path in sorted(_PROMPTS.glob("*.md"))]
    (root / "hmsplan.yaml").write_text("version: 1\nstack: bench\n", "utf-8")
    for start in range(0, COUNT, _PER_FILE):
        made = {f"a{number:05d}": _assistant(number, texts) for number in range(start, start + _PER_FILE)}
        text = yaml.dump({"assistants": made}, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
        (root / f"part{start:05d}.yaml").write_text(text, "utf-8")


def _assistant(number: int, texts: Sequence[str]) -> dict[str, Any]:
    """Return an assistant with a prompt as people write them, 5 kB of it."""
    made = assistant(number)
    text = f"Branch {number}.\n\n" + texts[number % len(texts)]
    while len(text.encode()) < SIZE:
        text += f"\nPart {len(text)}.\n" + texts[(number + len(text)) % len(texts)]
    llm = {**made["llm_config"], "messages": [{"role": "system", "content": text[:SIZE]}]}
    return {**made, "llm_config": llm}

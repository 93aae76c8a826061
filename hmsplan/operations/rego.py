"""Evaluate Rego with rego-cpp, in a process of its own: it can loop, crash or ask for all memory."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.errors import ConfigError, HmsplanError
from hmsplan.model import Diagnostic
from hmsplan.operations.policy_files import is_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmsplan.operations.policy_files import Policies

TIME_S: Final = 60.0
_BYTES_A_SECOND: Final = 500_000
"""What is read of a large plan at least, on a slow machine: it gets so much more time."""

_WORKER: Final = Path(__file__).with_name("rego_worker.py")
_LIBRARY: Final = "regopy"
_KEPT: Final = ("SYSTEMROOT", "TEMP", "TMPDIR")
"""Of our environment, which has the key of the API: Windows starts no program without the first."""


class NoRego(HmsplanError):
    """What evaluates policies is not installed."""

    summary = "Not installed"

    def __init__(self) -> None:
        super().__init__(
            f"The stack has policies, and {_LIBRARY}, which evaluates them, is missing. Nothing is planned without "
            "them. Type: pip install 'hmsplan[policies]'"
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One result of a policy; foreign texts of bounded length.

    Attributes:
        address, severity: "" where the policy gives none.
    """

    msg: str
    address: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule gave.

    Attributes:
        error: why it could not be evaluated; "" when it could.
        holds: of a test: it passed.
        more: messages that are not among *messages*, because they are too many.
    """

    file: str
    line: int
    rule: str
    error: str
    holds: bool
    messages: tuple[Message, ...]
    more: int


def evaluate(
    policies: Policies, given: dict[str, Any] | None = None, *, tests: bool = False, time_s: float = TIME_S
) -> tuple[Result, ...]:
    """Return what each rule of *policies* gives for the input *given*, or, of *tests*, each test of them.

    Raises:
        NoRego: the extra is not installed.
        ConfigError: what cannot be evaluated, all of it, by file and line.
    """
    if find_spec(_LIBRARY) is None:
        raise NoRego
    files = policies.files if tests else policies.rules
    paths = list(files)
    question = {
        "path": sys.path,
        "modules": list(files.values()),
        "is_test": list(map(is_test, paths)),
        "tests": tests,
        "input": given,
    }
    answer = _ask(question, time_s)
    if problems := answer["problems"]:
        raise ConfigError([_problem(policies, paths, *each) for each in sorted(map(tuple, problems))])
    results = [_result(paths, **each) for each in answer["results"]]
    return tuple(sorted(results, key=lambda each: (each.file, each.line)))


def _result(paths: Sequence[str], *, file: int, messages: Sequence[dict[str, str]], **rest: Any) -> Result:
    return Result(paths[file], messages=tuple(Message(**each) for each in messages), **rest)


def _problem(policies: Policies, paths: Sequence[str], file: int, line: int, text: str) -> Diagnostic:
    where = policies.source(paths[file], line) if line else None
    named = "" if where is not None or not line else f"{policies.place(paths[file], line)}: "
    return Diagnostic("Policy not understood", f"{named}{text}", where)


def _ask(question: dict[str, Any], time_s: float) -> Any:
    data = orjson.dumps(question)
    time_s += len(data) // _BYTES_A_SECOND
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    command = [sys.executable, "-I", str(_WORKER)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own program
            command, input=data, capture_output=True, env=environ, timeout=time_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise _failed(
            f"They took longer than {time_s:g} s, and were stopped. Does one of them go through all pairs of "
            "resources, or a long range of numbers? Take files out of policies/ one by one to see which"
        ) from None
    if done.returncode == 0:
        return orjson.loads(done.stdout)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
    raise _failed(f"What evaluates them ended with {how}: {said[-1].strip() if said else 'it did not say why'}")


def _failed(detail: str) -> ConfigError:
    return ConfigError([Diagnostic("Policies not evaluated", f"{detail}\nNothing is planned without them.")])

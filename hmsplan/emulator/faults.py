r"""Faults: what goes wrong between the API and its client, on purpose and in order.

A fault file is a JSON object with one member, or a list of the same rules::

    {"faults": [
      {"do": "lost_after", "method": "POST", "path": "/assistants", "nth": 1},
      {"do": "status", "path": "/numbers/*", "nth": [2, 3], "status": 503, "headers": {"Retry-After": "1"}},
      {"do": "delay", "path": "/**", "probability": 0.1, "seed": 7, "seconds": 0.5}
    ]}

Which requests
    ``method``: one method, several with a bar between (``POST|PATCH``), ``write`` for all but GET, or ``*`` (default).
    ``path``: path without ``/api/v1``; ``*`` stands for one segment or a part of it, ``**`` for anything;
    ``re:`` before it makes it a regular expression for the whole path. Default ``/**``.
    ``key``: only requests with this API key; default: whosever they are.
    ``nth``: the n-th request that the rule matches, or a list of those; ``first`` and ``last`` give a range.
    Without any of them the rule means every request.
    ``probability`` (0 to 1) with ``seed``: a request at random, the same ones every time.

What happens (``do``), with its members
    ``status``: nothing is done; answers ``status`` with ``body`` (text or JSON) and ``headers``.
    ``apply_then_status``: the same, after the request was carried out.
    ``rate_limited``: nothing is done; 429 with a ``retry_after`` of any text.
    ``redirect``: nothing is done; ``status`` (302) with a ``location``.
    ``delay``, ``delay_after``: waits ``seconds`` before, or after, the request is carried out.
    ``lost_before``: the connection closes; nothing was done.
    ``lost_after``: the request is carried out, then the connection closes without an answer.
    ``truncated_body``: Content-Length tells the whole, ``bytes`` of it arrive (default half).
    ``slow_drip``: ``bytes`` at a time (1), ``seconds`` between them (0.1).
    ``garbage_body``, ``html_body``, ``empty_body``: another body under the true status.
    ``content_type``: another ``value`` of that header.
    ``stale_list``: a list as it was ``writes`` ago, or ``seconds`` ago.
    ``truncated_list``: only the first ``items`` of a list. ``empty_list``: none.

Several rules may meet in one request; each counts its own matches.
"""

from __future__ import annotations

import difflib
import json
import random
import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, Self, get_args, get_origin, get_type_hints

ACTIONS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    name: (frozenset(needs.split()), frozenset(takes.split()))
    for name, needs, takes in (
        ("status", "status", "body headers"),
        ("apply_then_status", "status", "body headers"),
        ("rate_limited", "retry_after", ""),
        ("redirect", "location", "status"),
        ("delay", "seconds", ""),
        ("delay_after", "seconds", ""),
        ("lost_before", "", ""),
        ("lost_after", "", ""),
        ("truncated_body", "", "bytes"),
        ("slow_drip", "", "bytes seconds"),
        ("garbage_body", "", ""),
        ("html_body", "", ""),
        ("empty_body", "", ""),
        ("content_type", "value", ""),
        ("stale_list", "", "writes seconds"),
        ("truncated_list", "items", ""),
        ("empty_list", "", ""),
    )
}
"""What each action needs, and what it takes besides."""

_MATCHING = frozenset({"do", "method", "path", "key", "nth", "first", "last", "probability", "seed"})


class ConnectionLost(Exception):
    """The connection closed without an answer; raised where there is no socket to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule; see the module for what the members mean."""

    do: str
    method: str = "*"
    path: str = "/**"
    key: str | None = None
    nth: int | tuple[int, ...] | None = None
    first: int | None = None
    last: int | None = None
    probability: float | None = None
    seed: int = 0
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    bytes: int | None = None
    writes: int | None = None
    items: int | None = None
    location: str | None = None
    retry_after: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError(f"fault {self.do!r}: " + "; ".join(problems))

    @classmethod
    def from_dict(cls, rule: Mapping[str, Any]) -> Self:
        """Build a rule from JSON.

        Raises:
            ValueError: a member that is unknown, missing, of the wrong type, or of no use to the action.
        """
        known = [each.name for each in fields(cls)]
        unknown = [key for key in rule if key not in known]
        if unknown:
            near = difflib.get_close_matches(unknown[0], known, n=1)
            raise ValueError(f"unknown member {unknown[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        if "do" not in rule:
            raise ValueError("a fault needs 'do'")
        values = dict(rule)
        if isinstance(values.get("nth"), list):
            values["nth"] = tuple(values["nth"])
        if isinstance(values.get("retry_after"), int | float):
            values["retry_after"] = str(values["retry_after"])
        return cls(**values)

    def matches(self, method: str, path: str, key: str = "") -> bool:
        """Tell whether the rule means requests like this one."""
        if self.key is not None and self.key != key:
            return False
        methods = self.method.split("|")
        if not ("*" in methods or method in methods or ("write" in methods and method != "GET")):
            return False
        return re.fullmatch(_pattern(self.path), path) is not None

    def strikes(self, occurrence: int, dice: random.Random) -> bool:
        """Tell whether the n-th match of the rule is one that fails; rolls the dice exactly once."""
        roll = dice.random()
        nth = (self.nth,) if isinstance(self.nth, int) else self.nth
        if nth is not None and occurrence not in nth:
            return False
        if occurrence < (self.first or 1) or (self.last is not None and occurrence > self.last):
            return False
        return self.probability is None or roll < self.probability


def _pattern(path: str) -> str:
    if path.startswith("re:"):
        return path[3:]
    parts = re.split(r"(\*\*|\*)", path)
    return "".join({"**": ".*", "*": "[^/]+"}.get(part, re.escape(part)) for part in parts)


@cache
def _types(name: str) -> tuple[type, ...]:
    """Return the types that a member may have, as it is declared."""
    hint = get_type_hints(Fault)[name]
    parts = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    found = tuple(get_origin(part) or part for part in parts)
    return (*found, int) if float in found else found


def _problems(fault: Fault) -> Iterable[str]:
    if not isinstance(fault.do, str) or fault.do not in ACTIONS:
        near = difflib.get_close_matches(str(fault.do), ACTIONS, n=1)
        yield "unknown action" + (f"; did you mean {near[0]!r}?" if near else "")
        return
    needs, takes = ACTIONS[fault.do]
    given = {each.name for each in fields(fault) if getattr(fault, each.name) not in (None, {})}
    yield from (f"needs {name!r}" for name in sorted(needs - given))
    yield from (f"{name!r} means nothing here" for name in sorted(given - needs - takes - _MATCHING))
    for name in sorted(given - {"body"}):
        value = getattr(fault, name)
        if not isinstance(value, _types(name)) or isinstance(value, bool):
            yield f"{name!r} has the wrong type"
        elif isinstance(value, int | float) and name != "seed" and value < 0:
            yield f"{name!r} must not be negative"
    if fault.do == "stale_list" and (fault.writes is None) == (fault.seconds is None):
        yield "needs either 'writes' or 'seconds'"
    if isinstance(fault.status, int) and not 200 <= fault.status <= 599:  # noqa: PLR2004 - what HTTP can answer
        yield "'status' must be 200 to 599"
    if isinstance(fault.path, str):
        try:
            re.compile(_pattern(fault.path))
        except re.error as error:
            yield f"'path' is no regular expression: {error}"


def read_faults(source: str | Path | Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> tuple[Fault, ...]:
    """Read rules from a file, from JSON text, or from what was parsed already.

    Raises:
        ValueError: a rule that is not as the module says, with its position.
        OSError: a file that cannot be read.
    """
    if isinstance(source, Path) or (isinstance(source, str) and not source.lstrip().startswith(("{", "["))):
        source = Path(source).read_text(encoding="utf-8")
    value: Any = json.loads(source) if isinstance(source, str) else source
    if isinstance(value, Mapping):
        if set(value) != {"faults"}:
            raise ValueError("a fault file has one member, 'faults'")
        value = value["faults"]
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("'faults' must be a list")  # noqa: TRY004 - the file is wrong, not the caller
    found = []
    for position, rule in enumerate(value, start=1):
        try:
            found.append(Fault.from_dict(rule))
        except (ValueError, TypeError) as error:
            raise ValueError(f"fault {position}: {error}") from error
    return tuple(found)


class FaultPlan:
    """The rules of one emulator, with how often each has matched."""

    def __init__(self, rules: Iterable[Fault] = ()) -> None:
        self.rules = tuple(rules)
        self._counts = [0] * len(self.rules)
        self._dice = [random.Random(rule.seed) for rule in self.rules]

    @property
    def keeps_past(self) -> bool:
        """Some rule needs lists as they were."""
        return any(rule.do == "stale_list" for rule in self.rules)

    def strike(self, method: str, path: str, key: str = "") -> list[Fault]:
        """Count a request, and return the faults that happen to it."""
        found = []
        for index, rule in enumerate(self.rules):
            if rule.matches(method, path, key):
                self._counts[index] += 1
                if rule.strikes(self._counts[index], self._dice[index]):
                    found.append(rule)
        return found

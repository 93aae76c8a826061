"""What ``hmsplan validate`` says yes to, the API takes: an apply of it meets no 400."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import orjson
from hypothesis import event, given, settings
from support.faulty_runs import BOUNDED
from support.from_schema import stacks
from support.stacks import SECRETS
from support.world import World, allowing

from hmsplan.errors import ConfigError
from hmsplan.model import Severity, has_severity
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hmsplan.model import Diagnostic

EXAMPLES: Final = int(os.environ.get("HMSPLAN_SOAK_STACKS", "60"))


@settings(BOUNDED, max_examples=EXAMPLES)
@given(stack=stacks())
def test_an_apply_of_a_valid_stack_meets_no_400(folders: Iterator[Path], stack: dict[str, dict[str, Any]]) -> None:
    """What validate refuses is taken out until it refuses nothing; the rest is applied to an empty organization."""
    with World(next(folders), environ=SECRETS) as world:
        _declare_what_is_valid(world, stack)
        world.apply(allowing())
        refused = [
            (each.method, each.path, orjson.loads(each.content))
            for each in world.emulator.requests
            if each.status == 400
        ]
        assert refused == []


def _declare_what_is_valid(world: World, stack: dict[str, dict[str, Any]]) -> None:
    while True:
        found = _errors(world, stack)
        if not found:
            return
        bad = defaultdict[str, set[str]](set)
        for each in found:
            assert each.address is not None, each
            event(f"{each.address.kind}: {each.rule or each.summary}")
            bad[each.address.kind].add(each.address.key)
        stack = {
            kind: {key: fields for key, fields in resources.items() if key not in bad[kind]}
            for kind, resources in stack.items()
        }


def _errors(world: World, stack: dict[str, dict[str, Any]]) -> Iterable[Diagnostic]:
    """Return what ``hmsplan validate`` would fail for."""
    try:
        world.declare({kind: resources for kind, resources in stack.items() if resources})
    except ConfigError as error:
        return [each for each in error.diagnostics if each.severity is Severity.ERROR]
    found = lint_stack(world.stack(), world.root)
    return [each for each in found if has_severity([each], world.stack().lint.fail)]

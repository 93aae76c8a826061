"""What holds for every stack, every change of it, and every call that fails."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.faulty_runs import BOUNDED, ENDS, STANCES, WRONG, run_faults, run_with
from support.stacks import SECRETS
from support.strategies import stacks
from support.world import CANARY, World, allowing

from hmsplan.emulator import Fault, Settings
from hmsplan.errors import HmsplanError
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.model import Ref, Verb, leaves
from hmsplan.output.report import report_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Plan


@pytest.mark.no_cover
@BOUNDED
@given(stack=stacks(), stance=STANCES)
def test_applying_a_plan_leaves_an_empty_plan(folders: Iterator[Path], stack: dict[str, Any], stance: Settings) -> None:
    """Whatever is declared, one apply gets there and a second one writes nothing."""
    with World(next(folders), stance, environ=SECRETS) as world:
        world.declare(stack)
        run_with(world, None)
        world.check_at_rest()
        written = len(world.emulator.writes)
        assert not world.apply(allowing()).plan.steps
        assert len(world.emulator.writes) == written


@pytest.mark.no_cover
@BOUNDED
@given(first=stacks(), then=stacks(), stance=STANCES)
def test_any_stack_can_follow_any_other(
    folders: Iterator[Path], first: dict[str, Any], then: dict[str, Any], stance: Settings
) -> None:
    """With everything allowed, one apply leads from any stack to any other."""
    with World(next(folders), stance, environ=SECRETS) as world:
        for stack in (first, then):
            world.declare(stack)
            run_with(world, None)
            world.check_at_rest()


@settings(BOUNDED, max_examples=60)
@given(history=st.lists(st.tuples(stacks(), run_faults(*WRONG, *ENDS)), min_size=1, max_size=3), stance=STANCES)
def test_whatever_happened_the_next_run_makes_it_good(
    folders: Iterator[Path], history: list[tuple[dict[str, Any], tuple[str, int] | None]], stance: Settings
) -> None:
    """After any history of stacks and faults one unbroken run leaves no twin, no orphan, and nothing to do."""
    with World(next(folders), stance, environ=SECRETS) as world:
        for stack, fault in history:
            world.declare(stack)
            run_with(world, fault)
        run_with(world, None)
        world.check_at_rest()


def told(plan: Plan) -> Plan:
    """Return *plan* less the lines it was read from, and the name of a state that was never stored."""
    changes = tuple(replace(change, source=None) for change in plan.changes)
    warnings = tuple(sorted((replace(warning, source=None) for warning in plan.warnings), key=repr))
    return replace(plan, changes=changes, warnings=warnings, lineage="")


@pytest.mark.no_cover
@BOUNDED
@given(first=stacks(), then=stacks())
def test_order_means_nothing(folders: Iterator[Path], first: dict[str, Any], then: dict[str, Any]) -> None:
    """Files written in another order, and lists that come in another order, give the same plan and digest."""
    with World(next(folders), environ=SECRETS) as world:
        world.declare(first)
        run_with(world, None)
        world.declare(then)
        plan = world.plan(allowing())
        mirrored = {
            kind: {key: dict(reversed(each.items())) for key, each in reversed(resources.items())}
            for kind, resources in reversed(then.items())
        }
        world.declare(mirrored)
        world.emulator.app.settings = replace(world.emulator.settings, list_order="shuffled")
        again = world.plan(allowing())
        assert again.digest == plan.digest
        assert told(again) == told(plan)


@pytest.mark.no_cover
@BOUNDED
@given(first=stacks(), then=stacks())
def test_every_step_follows_what_it_needs(folders: Iterator[Path], first: dict[str, Any], then: dict[str, Any]) -> None:
    """Steps come in an order in which ids are known before they are sent and users let go before a delete."""
    with World(next(folders), environ=SECRETS) as world:
        for stack in (first, then):
            world.declare(stack)
            plan = world.plan(allowing())
            place = {step.key: number for number, step in enumerate(plan.steps)}
            assert len(place) == len(plan.steps)
            for step in plan.steps:
                assert all(place[need] < place[step.key] for need in step.needs)
                for _, value in leaves(step.spec):
                    if isinstance(value, Ref):
                        assert f"{value.address}:create" in step.needs
            used = {
                c.id: c.before.get(name) for c in plan.changes for name in ("agent_id", "transfer_trunk_id") if c.id
            }
            for step in plan.steps:
                if step.verb is Verb.DELETE and not step.member:
                    users = {user for user, target in used.items() if target == step.id}
                    letting_go = {
                        other.key for other in plan.steps if other.id in users and other.verb is not Verb.BIND
                    }
                    assert letting_go & step.needs or not letting_go
            run_with(world, None)


@BOUNDED
@given(first=stacks(), then=stacks(), fault=run_faults("400", "500"), stance=STANCES)
def test_no_secret_is_told(
    folders: Iterator[Path],
    first: dict[str, Any],
    then: dict[str, Any],
    fault: tuple[str, int] | None,
    stance: Settings,
) -> None:
    """The value of a secret reaches the API, and no text, plan, state, journal, report or error."""
    with World(next(folders), stance, environ=SECRETS) as world:
        said = []
        for stack in (first, then):
            world.declare(stack)
            plan = world.plan(allowing())
            said += [repr(plan), str(plan), plan_to_bytes(plan).decode(), repr(world.stack())]
            if fault is not None:
                world.emulator.inject(Fault(do="status", nth=fault[1], status=int(fault[0])))
            try:
                applied = world.apply(allowing())
            except HmsplanError as error:
                said += [repr(error), str(error)]
            else:
                said += [repr(applied), json.dumps(report_json(applied.report))]
            world.emulator.inject()
            said += [repr(world.drift()), repr(world.state())]
        said += [file.read_text() for file in (world.root / ".hmsplan").rglob("*") if file.is_file()]
        assert not [text for text in said if CANARY in text]
        assert SECRETS["HMSPLAN_FINGERPRINT_KEY"] not in "".join(said)

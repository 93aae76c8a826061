"""A plan against a saved snapshot is the plan that was to be had when it was taken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from support.faulty_runs import BOUNDED, STANCES, run_faults, run_with
from support.stacks import SECRETS
from support.strategies import stacks
from support.world import CANARY, World

from hmsplan.config.load import load_stack
from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes
from hmsplan.formats.snapshot_file import snapshot_to_bytes
from hmsplan.model import MemberUpdate, Secret, leaves
from hmsplan.operations.offline import plan_against

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.emulator import Settings
    from hmsplan.model import Plan, ResourceChange


def without_names(change: ResourceChange) -> ResourceChange:
    """Return *change* without the names of the leads that go: a snapshot knows their ids only."""
    if change.members is None:
        return change
    remove = tuple(replace(item, fields={}) for item in change.members.remove)
    # nor can a snapshot say why a lead comes back: its variables are not in the file
    notes = tuple(note for note in change.notes if "removed and added again" not in note)
    # nor which variables differ, so that of a household another entry may be the one that changes
    updates = tuple(MemberUpdate(0, 0) for _ in change.members.updates)
    return replace(change, members=replace(change.members, remove=remove, updates=updates), notes=notes)


def meaning(plan: Plan) -> tuple[Any, ...]:
    """Return all that a plan says about the organization."""
    changes = tuple(map(without_names, plan.changes))
    steps = [(step.key, step.verb, step.id, step.needs) for step in plan.steps]
    return changes, plan.drift, steps, plan.refusals, plan.decided, plan.destroy, plan.digest


def sends_a_secret(plan: Plan) -> bool:
    found = (leaf for change in plan.pending for field in change.fields for _, leaf in leaves(field.after))
    return any(isinstance(leaf, Secret) for leaf in found)


@settings(BOUNDED, max_examples=30)
@given(first=stacks(), then=stacks(), fault=run_faults("400", "500"), stance=STANCES)
def test_the_plan_against_a_snapshot_is_the_live_plan(
    folders: Iterator[Path],
    first: dict[str, Any],
    then: dict[str, Any],
    fault: tuple[str, int] | None,
    stance: Settings,
) -> None:
    """Whatever is live, remembered and declared next: the same changes, drift, steps, refusals and digest."""
    with World(next(folders), stance, environ=SECRETS) as world:
        world.declare(first)
        run_with(world, fault)
        saved = world.snapshot()
        numbers = [
            lead["phone_number"] for each in first.get("campaigns", {}).values() for lead in each.get("leads", [])
        ]
        written = snapshot_to_bytes(saved).decode()
        assert not [text for text in (CANARY, *numbers) if text in written]
        world.declare(then)
        live, known = world.plan(), plan_against(saved, world.stack(), world.clock())
        assert meaning(known) == meaning(live)
        assert plan_from_bytes(plan_to_bytes(known)).against == known.against

        strangers = load_stack(world.root, environ={})  # a fork: neither secrets nor the key of their fingerprints
        blind = plan_against(saved, strangers, world.clock())
        assert blind.digest == live.digest or sends_a_secret(live)
        assert [(c.address, c.action) for c in blind.changes] == [(c.address, c.action) for c in live.changes]

"""The life of an organization in which people work beside every run: edit, delete, call, take off, stop, make.

Each life has runs that are broken and runs that are not, runs with all words said and runs without. After every write
the crowd looks at what must hold (P13), and in the end one unbroken apply puts everything right.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from support.faulty_runs import ENDS, STANCES, WRONG, run_faults
from support.people import ACTS, Act, Crowd
from support.stacks import SECRETS
from support.strategies import campaigns, stacks
from support.world import Killed, Life, World, allowing

from hmsplan.emulator import Fault
from hmsplan.errors import HmsplanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmsplan.emulator import Settings

LIVES = int(os.environ.get("HMSPLAN_SOAK_LIVES", "100"))
SHARDS = 4 if LIVES > 100 else 2
STEPS = 10
WORDS = (
    ("*",),
    ("delete:*", "replace:*", "egress:*", "start:*"),
    ("delete:*", "replace:*", "egress:*", "recall:*"),
)
"""What is allowed: everything, all but to call people again, all but to begin to call."""

CROWDS = st.lists(st.builds(Act, st.integers(1, 6), st.sampled_from(ACTS), st.integers(0, 999)), max_size=6)


@st.composite
def busy(draw: Any) -> dict[str, dict[str, Any]]:
    """Draw a stack whose campaigns dial more often than not."""
    stack: dict[str, dict[str, Any]] = draw(stacks())
    if "assistants" in stack:
        agents = sorted(stack["assistants"])
        calling = stack.setdefault("campaigns", {"m": draw(campaigns("m", agents))})
        for each in calling.values():
            each["status"] = draw(st.sampled_from(["scheduled", "scheduled", "draft", "paused"]))
    return stack


class Beside(RuleBasedStateMachine):
    """An organization through its life, among people."""

    counted: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    @initialize(stance=STANCES, stack=busy())
    def begin(self, stance: Settings, stack: dict[str, Any]) -> None:
        self.world = World(Path(self.folder.name) / "stack", stance, environ=SECRETS)
        self.crowd = Crowd(self.world)
        self.declare(stack)
        self.run(None, [], ("*",), 20)

    def declare(self, stack: dict[str, Any]) -> None:
        self.world.declare(stack)
        self.crowd.declared = stack

    @rule(stack=busy())
    def edit_the_stack(self, stack: dict[str, Any]) -> None:
        self.declare(stack)

    @rule(
        stack=st.one_of(st.none(), busy(), busy()),
        fault=st.one_of(st.none(), st.none(), run_faults(*WRONG, *ENDS)),
        acts=CROWDS,
        words=st.sampled_from(WORDS),
        concurrency=st.sampled_from([1, 20]),
    )
    def apply(
        self,
        stack: dict[str, Any] | None,
        fault: tuple[str, int] | None,
        acts: list[Act],
        words: tuple[str, ...],
        concurrency: int,
    ) -> None:
        if stack is not None:
            self.declare(stack)
        self.run(fault, acts, words, concurrency)

    @rule(act=st.builds(Act, st.just(0), st.sampled_from(ACTS), st.integers(0, 999)))
    def act(self, act: Act) -> None:
        self.crowd.do(act.what, act.choice)

    @rule(seconds=st.sampled_from([1, 60, 86_400]))
    def wait(self, seconds: int) -> None:
        self.world.clock.now += seconds

    def run(self, fault: tuple[str, int] | None, acts: list[Act], words: tuple[str, ...], concurrency: int) -> None:
        """Apply among people, to whatever end it leads."""
        way, number = fault or ("", 0)
        dies = way.startswith("killed")
        life = Life(
            concurrency=concurrency,
            beside=self.crowd,
            ends_at=number if dies else None,
            ends_after=way == "killed after",
            refuses_at=number if way == "refused" else None,
        )
        if way in {"500", "400"}:
            self.world.emulator.inject(Fault(do="status", nth=number, status=int(way)))
        elif way and not dies and way != "refused":
            self.world.emulator.inject(Fault(do=way, nth=number))
        self.crowd.begin(acts, words, broken=fault is not None)
        well = False
        try:
            well = not self.world.apply(allowing(*words), life).bad and fault is None
            self.crowd.counts["runs that ended well"] += well
        except Killed:
            self.crowd.counts["killed"] += 1
        except HmsplanError as error:
            self.crowd.log.append(f"{type(error).__name__}: {error}"[:300])
            self.crowd.counts[f"{type(error).__name__}"] += 1
        self.crowd.end(well=well)
        self.world.emulator.inject()

    @invariant()
    def holds(self) -> None:
        """The state can be read and binds no object twice, and nobody saw anything that should not be."""
        if hasattr(self, "world"):
            assert not self.crowd.faults, "\n".join([*self.crowd.log[-160:], *self.crowd.faults])
            state = self.world.state()
            ids = [binding.id for binding in state.bindings.values()] + [each.id for each in state.deposed]
            assert len(ids) == len(set(ids))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.counted["lives"] += 1
                self.counted.update(self.crowd.counts)
                if not self.crowd.faults:
                    self.put_right()
                self.world.emulator.close()
        finally:
            self.folder.cleanup()

    def put_right(self) -> None:
        """Let the crowd go home, and apply once."""
        self.crowd.tidy_up()
        self.world.clock.now += 60
        self.crowd.begin((), ("*",), broken=False)
        applied = self.world.apply(allowing(), Life(beside=self.crowd))
        assert not applied.bad, "\n".join([*self.crowd.log[-160:], *applied.bad])
        assert not self.crowd.faults, "\n".join([*self.crowd.log[-160:], *self.crowd.faults])
        self.world.check_at_rest(unmanaged=self.crowd.strangers, leads=False)


@pytest.mark.parametrize("shard", [0, *(pytest.param(shard, marks=pytest.mark.no_cover) for shard in range(1, SHARDS))])
def test_people_beside_every_run_lose_nothing(shard: int, record_property: Callable[[str, object], None]) -> None:
    """Whatever anybody does between any two requests of a run: nothing of theirs is lost, nobody is called twice."""
    bounded = settings(
        max_examples=LIVES // SHARDS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )

    class Shard(Beside):
        counted: ClassVar[Counter[str]] = Counter()

    try:
        run_state_machine_as_test(seed(shard)(Shard), settings=bounded)
    finally:
        record_property("counted", " ".join(f"{name}={count}" for name, count in sorted(Shard.counted.items())))
    assert Shard.counted["lives"] >= LIVES // SHARDS

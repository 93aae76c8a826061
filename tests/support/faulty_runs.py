"""Runs in which something goes wrong: which faults there are, a run under one, and the run that makes good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from hmsplan.emulator import Fault, Settings
from hmsplan.errors import HmsplanError
from support.world import Killed, Life, allowing

if TYPE_CHECKING:
    from support.world import World

BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""A search that is the same every time and ends soon."""

WRONG = ("lost_before", "lost_after", "truncated_body", "garbage_body", "empty_body", "500", "400")
ENDS = ("refused", "killed before", "killed after")
STANCES = st.builds(
    Settings,
    rate_limit=st.just(None),
    nested_patch=st.sampled_from(["replace", "merge"]),
    unknown_fields=st.sampled_from(["ignored", "refused", "stored"]),
    webhook_secret=st.sampled_from(["returned", "masked", "null"]),
    defaults=st.sampled_from(["required", "top", "all"]),
    realtime_tts=st.sampled_from(["null", "kept"]),
    list_order=st.sampled_from(["newest", "oldest", "shuffled"]),
    number_agent=st.sampled_from(["agent_id", "assistant_id", "both"]),
    delete_assistant=st.sampled_from(["conflict", "detach", "cascade"]),
    delete_trunk=st.sampled_from(["conflict", "detach", "cascade"]),
    end_call_tool=st.sampled_from(["unstored", "stored"]),
    tool_form=st.sampled_from(["kept", "flat", "nested"]),
    tool_names=st.sampled_from(["kept", "snake"]),
    late_fields=st.sampled_from(["ignored", "refused", "stored"]),
    empty_text=st.sampled_from(["kept", "null"]),
    analysis_envelope=st.sampled_from(["sdk", "reference", "guide"]),
)


def run_faults(*ways: str) -> st.SearchStrategy[tuple[str, int] | None]:
    """Draw what goes wrong in a run, and at which of its calls; None for nothing."""
    return st.one_of(st.none(), st.tuples(st.sampled_from(ways), st.integers(1, 40)))


def run_with(world: World, fault: tuple[str, int] | None) -> None:
    """Apply, with everything allowed, to whatever end the fault leads."""
    way, number = fault or ("", 0)
    life = Life()
    match way:
        case "500" | "400":
            world.emulator.inject(Fault(do="status", nth=number, status=int(way)))
        case "refused":
            life = Life(refuses_at=number)
        case "killed before" | "killed after":
            life = Life(ends_at=number, ends_after=way == "killed after")
        case str() if way:
            world.emulator.inject(Fault(do=way, nth=number))
    try:
        applied = world.apply(allowing(), life)
    except Killed:
        pass
    except HmsplanError:
        if fault is None:
            raise
    else:
        assert fault is not None or not applied.bad, applied.bad
    world.emulator.inject()


def run_broken(world: World, life: Life) -> None:
    """Let a run come to whatever end it comes to."""
    try:
        world.apply(allowing(), life)
    except Killed:
        assert life.over
    except HmsplanError:
        pass  # what it leaves behind is what counts
    world.emulator.inject()


def check_made_good(world: World) -> None:
    """Run once more, unbroken, and look at everything."""
    again = world.apply(allowing())
    assert not again.bad, again.bad
    world.check_at_rest()

"""Running with something broken, and running again without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.errors import HmsplanError
from support.world import Killed, allowing

if TYPE_CHECKING:
    from support.world import Life, World


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

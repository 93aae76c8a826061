"""What the storages of the state say of themselves with ``-v``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from hmsplan.text.wording import count

if TYPE_CHECKING:
    from hmsplan.model import State

LOG: Final = logging.getLogger("hmsplan.state")


def loaded(state: State | None, place: str) -> State | None:
    """Log what was read of the state at *place*, and return it."""
    if state is None:
        LOG.info("%s: there has never been one", place)
    else:
        LOG.info(
            "%s: serial %d, %s, %s",
            place,
            state.serial,
            count(len(state.bindings), "binding"),
            count(len(state.intents), "open create"),
        )
    return state

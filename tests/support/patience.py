"""A lock whose holder is about to go. Scripts begin with the text of this module."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from hmsplan.errors import StateLocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmsplan.state.backend import Backend


@contextlib.contextmanager
def locked_within(backend: Backend, owner: str, patience_s: float) -> Iterator[None]:
    """Hold the lock as soon as its holder lets go of it."""
    deadline = time.monotonic() + patience_s
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(backend.lock(owner))
                break
            except StateLocked:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        yield

"""Fixtures: an emulator with a client, and a way to make others."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.emulator import Emulator, Settings

from .helpers import KEY, Api, MakeApi

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def make_api() -> Iterator[MakeApi]:
    """Make a client of a new emulator with some settings, or of a given emulator."""
    with contextlib.ExitStack() as stack:

        def make(emulator: Emulator | None = None, key: str | None = KEY, clock: Any = None, **settings: Any) -> Api:
            if emulator is None:
                options = {"clock": clock} if clock else {}
                emulator = Emulator(settings=Settings(**{"rate_limit": None, **settings}), **options)
                stack.callback(emulator.close)
            return stack.enter_context(Api(emulator, key))

        yield make


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """A client of an emulator with the likeliest stance and no rate limit."""
    return make_api()

"""Beginnings that are made once: a stack applied, another one declared, and the calls that its apply will take."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from support.stacks import AFTER, BEFORE, SECRETS
from support.world import Life, World, allowing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHANGES: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {
    "create": ({}, BEFORE),
    "change": (BEFORE, AFTER),
    "destroy": (AFTER, {}),
}
Beginning: TypeAlias = "tuple[World, list[str]]"


@pytest.fixture(scope="module", autouse=True)
def _no_power_failure() -> Iterator[None]:
    """A process that dies loses nothing that the system was given, so nobody has to wait for the disk here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def beginnings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Beginning]]:
    """Make each beginning once, with the calls that its change takes; every test takes copies of it."""
    made: dict[str, Beginning] = {}
    closing = contextlib.ExitStack()

    def beginning(name: str) -> Beginning:
        if name not in made:
            root = tmp_path_factory.mktemp("world")
            first, then = CHANGES[name]
            world, life = closing.enter_context(World(root / "stack", environ=SECRETS)), Life()
            world.emulator.app.store.keep_past = True
            if first:
                world.declare(first)
                world.apply(allowing())
            world.declare(then)
            with world.copy(root / "rehearsal") as rehearsal:
                assert not rehearsal.apply(allowing(), life).bad
                rehearsal.check_at_rest()
            made[name] = world, life.calls
        return made[name]

    with closing:
        yield beginning

"""The way back on every place for a state, by one process after the other, as of runners that keep nothing."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.stores import STORES
from support.two_environments import Two
from support.virtual_time import run
from support.writing import STACK

from hmsplan.operations.apply import apply
from hmsplan.operations.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES: Final[dict[str, str | bytes]] = {
    "hmsplan.yaml": STACK + "safety: {settle_grace: 0s}\n",
    "a.yaml": "assistants:\n  desk: {name: Desk, first_message: Hello}\n  old: {name: Old}\n",
    "environments/staging.yaml": "{}\n",
}
LATER: Final = "assistants:\n  desk: {name: Desk, first_message: Buy now}\n  new: {name: New}\n"


@pytest.fixture(params=STORES)
def here(request: pytest.FixtureRequest) -> Iterator[Two]:
    with ExitStack() as closing:
        store = request.getfixturevalue(request.param)
        yield Two(store.url, store.root, FILES, closing)


def live(here: Two) -> dict[str, Any]:
    """Return the greeting of each assistant there is, by name."""
    return {each["name"]: each["first_message"] for each in here.emulators["staging"].all("assistants")}


def test_a_rollback_is_made_from_what_the_store_alone_remembers(here: Two) -> None:
    here.apply("staging")
    earlier = live(here)
    here.write({"a.yaml": LATER})
    here.apply("staging")
    assert live(here) != earlier
    run(apply(replace(here.workspace("staging"), rollback=1)), here.clock)
    assert live(here) == earlier
    heads = [line.head for line in here.workspace("staging").backend.lines()]
    assert [(head.number, head.back_to) for head in heads] == [(1, None), (2, None), (3, 1)]
    assert run(plan(replace(here.workspace("staging"), rollback=1)), here.clock).pending == ()
    assert [warning.summary for warning in here.plan("staging").warnings] == ["Rolled back"]

"""``hmsplan calls``, and an apply that waits for calls, at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .helpers import KEY, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmsplan.emulator import Emulator

    from .helpers import Result

CALLER = "+31623731537"
STARTED = "2026-11-30T04:00:00Z"


@pytest.fixture
def desk(live: Callable[..., Result], emulator: Emulator) -> dict[str, str]:
    """Apply the small stack; return the ids of its objects by name."""
    assert live("apply", "-y", "--allow", "*").code == 0
    return {
        "support": emulator.all("assistants", key=KEY)[0]["id"],
        "main": emulator.all("numbers", key=KEY)[0]["id"],
    }


def called(emulator: Emulator, **fields: str | None) -> None:
    usual = {"status": "in-progress", "direction": "inbound", "caller_phone": CALLER, "started_at": STARTED}
    ids = {"agent_id": None, "number_id": None}
    emulator.add("calls", {**usual, **ids, **fields}, key=KEY)


@pytest.mark.usefixtures("desk")
def test_no_calls_are_said(live: Callable[..., Result]) -> None:
    assert live("calls").out == "No calls in progress.\n"
    assert live("calls", "--json").json["calls"] == []


def test_each_call_is_shown_with_what_it_is_on(
    live: Callable[..., Result], emulator: Emulator, desk: dict[str, str]
) -> None:
    other = emulator.add("assistants", {"name": "Other"}, key=KEY)
    called(emulator, number_id=desk["main"])
    called(emulator, agent_id=other, direction="web", caller_phone=None)
    called(emulator, agent_id="gone")
    called(emulator, agent_id=desk["support"], status="ended")
    said = live("calls")
    assert said.code == 0
    assert said.out.startswith("3 calls in progress at 20")
    assert "> inbound in-progress, since 2026-11-30 04:00:00 UTC (" in said.out
    assert "with …37" in said.out
    assert CALLER[3:] not in said.out
    assert "on assistants.support, numbers.main\n" in said.out
    assert 'on assistant "Other" (not managed)\n' in said.out
    told = live("calls", "--json").json
    (found,) = (call for call in told["calls"] if len(call["on"]) == 2)
    assert [on["address"] for on in found["on"]] == ["assistants.support", "numbers.main"]
    assert found["since"] == STARTED
    assert (found["caller"], found["direction"]) == ("…37", "inbound")


def test_calls_on_an_address_only(live: Callable[..., Result], emulator: Emulator, desk: dict[str, str]) -> None:
    called(emulator, number_id=desk["main"])
    called(emulator, agent_id="gone")
    for words in (["numbers.main"], ["assistants.*"], ["assistants.support", "numbers.main"]):
        assert len(live("calls", *words, "--json").json["calls"]) == 1


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["assistants.suport"], 1, "Did you mean assistants.support?"),
        (["workflows.*"], 1, "nothing that is declared or in the state is called workflows.*"),
        (["support"], 1, "not an address: 'support'"),
    ],
)
def test_an_address_that_means_nothing_is_an_error(
    live: Callable[..., Result], words: list[str], code: int, said: str
) -> None:
    result = live("calls", *words)
    assert (result.code, result.out) == (code, "")
    assert said in " ".join(result.err.split())


def test_an_apply_skips_what_is_called(
    live: Callable[..., Result], emulator: Emulator, stack: Path, desk: dict[str, str]
) -> None:
    """Exit 6 where something was done, 4 where nothing was."""
    called(emulator, number_id=desk["main"])
    write(stack, {"a.yaml": "assistants: {support: {name: Support, first_message: Good day}, new: {name: New}}\n"})
    result = live("apply", "-y", "--wait-for-calls", "1s")
    assert result.code == 6, result
    assert "waiting for 1 call on assistants.support" in result.err
    assert "skipped" in result.out
    assert "1 call is still on it" in result.out
    again = live("apply", "-y", "--wait-for-calls", "1s")
    assert again.code == 4
    assert "0 done, 0 failed, 0 blocked, 0 not started, 1 skipped" in again.out
    assert live("apply", "-y", "--wait-for-calls", "1s", "--then", "proceed").code == 0


def test_then_needs_a_time(live: Callable[..., Result]) -> None:
    result = live("apply", "-y", "--then", "proceed")
    assert result.code == 1
    assert "Add that, as in --wait-for-calls 10m" in " ".join(result.err.split())

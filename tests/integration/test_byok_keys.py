"""Provider keys: one a provider, never shown; settings that the platform merges and does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.world import CANARY, World, applied, steps

from hmsplan.model import dotted
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = {"provider": "elevenlabs", "api_key": "${secret:tool}"}
ASSISTANT = {"name": "Desk", "tts_config": {"provider": "elevenlabs", "voice_id": "v1"}}
OTHER = {"name": "Desk", "tts_config": {"provider": "inworld", "voice_id": "v1"}}
NUMBER = {"phone_number": "+31850835037", "agent_id": "${assistants.desk}"}


def stack(key: Mapping[str, Any] | None = KEY, assistant: Mapping[str, Any] = ASSISTANT) -> dict[str, Any]:
    keys = {"byok_keys": {"eleven": key}} if key is not None else {}
    return {**keys, "assistants": {"desk": assistant}, "numbers": {"main": NUMBER}}


def stored(world: World) -> dict[str, Any]:
    (row,) = world.emulator.app.store.rows(world.emulator.organization(world.key), "byok_keys")
    return {**row.doc, **row.hidden}


@pytest.mark.parametrize("stance", ["changes", "stays"])
def test_a_new_value_is_seen_by_its_fingerprint(made: Callable[..., World], stance: str) -> None:
    world = made(key_id=stance)
    applied(world, stack())
    world.environ["HMSPLAN_SECRET_TOOL"] = f"{CANARY}-another"
    done = applied(world, stack())
    assert [dotted(field.path) for change in done.plan.changes for field in change.fields] == ["api_key"]
    assert stored(world)["api_key"] == f"{CANARY}-another"


def test_a_key_is_sent_again_for_a_higher_version_or_when_asked_for(made: Callable[..., World]) -> None:
    world = made()
    world.environ.pop("HMSPLAN_FINGERPRINT_KEY")
    applied(world, stack())
    assert [step.key for step in world.plan(Options(resend=("byok_keys.*",))).steps] == ["byok_keys.eleven:update"]
    done = applied(world, stack({**KEY, "lifecycle": {"secret_version": 2}}))
    assert steps(done) == ["byok_keys.eleven:update"]


def test_a_key_is_there_before_the_assistant_that_uses_it(made: Callable[..., World]) -> None:
    world = made(model_keys="refused")
    assert steps(applied(world, stack()))[:2] == ["byok_keys.eleven:create", "assistants.desk:create"]


def test_an_assistant_leaves_the_provider_before_its_key_goes(made: Callable[..., World]) -> None:
    world = made(delete_key="conflict")
    applied(world, stack())
    assert steps(applied(world, stack(None, OTHER))) == ["assistants.desk:update", "byok_keys.eleven:delete"]
    assert steps(applied(world, stack())) == ["byok_keys.eleven:create", "assistants.desk:update"]


def test_a_delete_names_who_goes_on_with_another_key_and_whom_it_reaches(made: Callable[..., World]) -> None:
    world = made()
    applied(world, stack())
    world.request("POST", "/assistants", {**ASSISTANT, "name": "A person's"})
    world.declare(stack(None))
    (change,) = world.plan().pending
    (note,) = change.notes
    assert note == (
        "assistant A person's (not managed), assistants.desk use it and go on with the platform's own key, where it "
        "has one"
    )
    assert [reached.name for reached in change.reaches] == ["+31850835037"]
    assert not world.apply().bad


def test_a_key_in_use_that_the_api_does_not_let_go_is_told_and_stays_ours(made: Callable[..., World]) -> None:
    world = made(delete_key="conflict")
    applied(world, stack())
    world.declare(stack(None))
    done = world.apply()
    (bad,) = done.bad
    assert bad.startswith("byok_keys.eleven:delete: failed: API error: DELETE /byok answered 409")
    assert [change.action for change in world.plan().pending] == ["delete"]


SETTINGS = {"voice": "v1", "region": "eu"}


@pytest.mark.parametrize(
    ("stance", "told"),
    [("stored", ["the API merges config and still has config.region as null"]), ("removes", [])],
)
def test_a_setting_that_is_taken_out_is_sent_as_null_and_what_stays_is_told(
    made: Callable[..., World], stance: str, told: list[str]
) -> None:
    world = made(config_null=stance)
    applied(world, stack({**KEY, "config": SETTINGS}))
    assert stored(world)["config"] == SETTINGS
    done = applied(world, stack({**KEY, "config": {"voice": "v1"}}))
    assert done.remarks == told
    assert stored(world)["config"].get("region") is None


def test_settings_of_somebody_else_are_told_and_kept(made: Callable[..., World]) -> None:
    world = made()
    applied(world, stack({**KEY, "config": SETTINGS}))
    world.request("POST", "/byok/config", {"provider": "elevenlabs", "config": {"theirs": 1}})
    done = applied(world, stack({**KEY, "config": {**SETTINGS, "region": "us"}}))
    assert done.remarks == ["the API merges config and still has config.theirs"]
    assert stored(world)["config"] == {**SETTINGS, "region": "us", "theirs": 1}


def test_settings_that_are_not_declared_any_more_are_released(made: Callable[..., World]) -> None:
    world = made()
    applied(world, stack({**KEY, "config": SETTINGS}))
    world.declare(stack())
    (change,) = world.plan().pending
    assert change.released == (("config",),)
    assert not world.apply().bad
    assert stored(world)["config"] == SETTINGS


def test_a_stored_key_is_adopted_and_sent(made: Callable[..., World]) -> None:
    world = made()
    world.request("POST", "/byok", {"provider": "elevenlabs", "api_key": "old"})
    applied(world, stack())
    assert stored(world)["api_key"] == f"{CANARY}-tool"


def test_everything_goes_again(made: Callable[..., World]) -> None:
    world = made(delete_key="conflict")
    applied(world, stack())
    applied(world, {}, "*")
    assert world.emulator.all("byok_keys") == []

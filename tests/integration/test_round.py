"""A whole round: apply makes the organization what the stack says, once; whatever the API's open questions come to."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from support.emulator_settings import combination, every_value
from support.stacks import AFTER, BEFORE, SECRETS, VOICE, WITH_TEMPLATES
from support.stacks import example as copy_example
from support.world import World, allowing

from hmsplan.emulator import Fault, Settings
from hmsplan.errors import UnsafePlan
from hmsplan.kinds import KINDS

EXAMPLE = Path(__file__).parents[2] / "examples" / "stack"
SWITCHES = [
    pytest.param({name: value}, id=f"{name}={value}", marks=pytest.mark.no_cover) for name, value in every_value()
]
DELETING = [switch for switch in SWITCHES if str(switch.id).startswith(("delete_", "nested_", "list_"))]
COMBINED = [pytest.param(seed, id=f"combination {seed}") for seed in range(12)]


def example(root: Path, settings: Settings, environment: str | None) -> World:
    if environment is None:
        copy_example(root)
    else:
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".hmsplan"))
    return World(root, settings, environment=environment, secrets_file=root / "secrets.example.env")


def hold_round(world: World) -> None:
    """Apply once, and find nothing left to do."""
    applied = world.apply()
    assert not applied.bad
    written = len(world.emulator.writes)
    world.check_at_rest()
    again = world.apply()
    assert (again.plan.steps, again.bad) == ((), [])
    world.drift()
    assert len(world.emulator.writes) == written, "something was written though nothing had changed"


def test_every_kind_goes_the_round(tmp_path: Path) -> None:
    """What is held below under every switch is held for all kinds: by the example, and by the stack that changes."""
    with example(tmp_path / "stack", Settings(), None) as world:
        assert {address.kind for address in world.stack().resources} == set(BEFORE) == set(AFTER) == set(KINDS)


@pytest.mark.parametrize("environment", [None, "staging"])
def test_apply_after_apply_writes_nothing(tmp_path: Path, environment: str | None) -> None:
    """The example stack is applied in one go, and after that plan, drift and apply find nothing to do."""
    with example(tmp_path / "stack", Settings(), environment) as world:
        hold_round(world)


def test_plan_and_drift_send_nothing_but_get(tmp_path: Path) -> None:
    """Reading commands only read, before the first apply as after it."""
    with example(tmp_path / "stack", Settings(), None) as world:
        assert world.plan().pending
        world.drift()
        assert world.emulator.requests
        assert not world.emulator.writes


@pytest.mark.parametrize("stance", SWITCHES)
def test_the_round_holds_under_every_switch(tmp_path: Path, stance: dict[str, Any]) -> None:
    """Whichever way an open question of the API is answered, apply after apply writes nothing."""
    with example(tmp_path / "stack", Settings(**stance), None) as world:
        hold_round(world)


@pytest.mark.parametrize("seed", COMBINED)
@pytest.mark.parametrize("environment", [None, "staging"])
def test_the_round_holds_under_many_switches_at_once(tmp_path: Path, seed: int, environment: str | None) -> None:
    """Stances that meet do not add up to something that none of them does alone."""
    with example(tmp_path / "stack", combination(seed), environment) as world:
        hold_round(world)


def change_over(world: World) -> None:
    world.declare(BEFORE)
    assert not world.apply().bad
    world.check_at_rest()
    world.declare(AFTER)
    applied = world.apply(allowing())
    assert not applied.bad
    world.check_at_rest()


@pytest.mark.parametrize("stance", [pytest.param({}, id="default"), *SWITCHES])
def test_a_changed_stack_is_reached_in_one_apply(tmp_path: Path, stance: dict[str, Any]) -> None:
    """Everything that can change in a stack changes at once, and one apply gets there."""
    with World(tmp_path / "stack", Settings(**stance), environ=SECRETS) as world:
        change_over(world)


@pytest.mark.parametrize("seed", COMBINED)
def test_a_changed_stack_is_reached_under_many_switches_at_once(tmp_path: Path, seed: int) -> None:
    """The same, when many open questions are answered another way."""
    with World(tmp_path / "stack", combination(seed), environ=SECRETS) as world:
        change_over(world)


@pytest.mark.parametrize("stance", DELETING)
def test_everything_can_be_taken_away_again(tmp_path: Path, stance: dict[str, Any]) -> None:
    """With everything allowed, an empty stack leaves an empty organization, whatever a delete does to others."""
    with World(tmp_path / "stack", Settings(**stance), environ=SECRETS) as world:
        world.declare(BEFORE)
        world.apply()
        world.declare({})
        assert not world.apply(allowing()).bad
        world.check_at_rest()


@pytest.mark.parametrize("cap", [1, 2, 3])
def test_a_list_that_is_cut_short_in_silence_hides_nothing_that_is_bound(tmp_path: Path, cap: int) -> None:
    """Under a cap that nobody documents, what is bound is looked up by its id and neither made nor deleted again."""
    resources = {kind: each for kind, each in BEFORE.items() if kind != "campaigns"}
    with World(tmp_path / "stack", Settings(list_cap=cap), environ=SECRETS) as world:
        world.declare(resources)
        assert not world.apply().bad
        world.check_at_rest()
        world.declare({**resources, "assistants": {**resources["assistants"], "more": {"name": "More"}}})
        assert not world.apply().bad
        world.check_at_rest()


def test_a_list_of_leads_that_is_cut_short_calls_nobody_twice(tmp_path: Path) -> None:
    """When the campaign counts more leads than its list shows, adding the missing ones needs somebody's word."""
    with World(tmp_path / "stack", Settings(list_cap=1), environ=SECRETS) as world:
        world.declare({kind: BEFORE[kind] for kind in (*WITH_TEMPLATES, "campaigns")})
        assert any("leads of 3 were sent and are not there" in text for text in world.apply().bad)
        written = len(world.emulator.writes)
        (refusal,) = world.plan().refusals
        assert refusal.flag == "--allow recall:campaigns.recall"
        assert "shows 1 of 3 leads" in refusal.reason
        with pytest.raises(UnsafePlan):
            world.apply()
        assert len(world.emulator.writes) == written


def test_a_list_that_leaves_out_fields_plans_nothing_for_ever(tmp_path: Path) -> None:
    """A list item without a field is no proof that the field is not set."""
    with World(tmp_path / "stack", Settings(list_omits=("speech_config", "analysis_plan")), environ=SECRETS) as world:
        world.declare(BEFORE)
        assert not world.apply().bad
        world.check_at_rest()


MERGING = Settings(nested_patch="merge")


def desk(**fields: Any) -> dict[str, Any]:
    """Return a stack of one assistant."""
    return {"assistants": {"desk": {"name": "Desk", **fields}}}


def test_a_key_taken_out_of_a_block_leaves_a_merging_api_too(tmp_path: Path) -> None:
    """An API that lays a block over the stored one keeps a key that is left out, and drops one that is null."""
    model = {"provider": "openai", "model": "gpt-5.4"}
    with World(tmp_path / "stack", MERGING) as world:
        world.declare(desk(llm_config={**model, "temperature": 0.3}))
        world.apply()
        world.declare(desk(llm_config=model))
        applied = world.apply()
        assert (applied.bad, applied.remarks) == ([], [])
        assert "temperature" not in world.live("assistants", "Desk")["llm_config"]
        world.check_at_rest()


@pytest.mark.parametrize("unknown_fields", ["ignored", "refused", "stored"])
@pytest.mark.parametrize(
    "voice", [{"model": "eleven_v3"}, {"provider": "google", "model": "chirp-3-hd", "voice_id": "Leda"}]
)
def test_a_voice_is_switched_under_a_merging_api_too(
    tmp_path: Path, voice: dict[str, str], unknown_fields: Any
) -> None:
    """Keys that the new voice refuses leave in the same request, whatever the API makes of those left out."""
    settings = Settings(nested_patch="merge", unknown_fields=unknown_fields)
    with World(tmp_path / "stack", settings) as world:
        world.declare(desk(tts_config={**VOICE, "similarity_boost": 0.7}))
        world.apply()
        world.declare(desk(tts_config={**VOICE, **voice}))
        assert not world.apply().bad
        assert "similarity_boost" not in world.live("assistants", "Desk")["tts_config"]
        world.check_at_rest()


@pytest.mark.parametrize("settings", [Settings(), MERGING])
def test_a_property_taken_out_of_a_schema_leaves_it(tmp_path: Path, settings: Settings) -> None:
    """User-owned JSON is replaced whole; where the API merges, the block is cleared first."""
    with World(tmp_path / "stack", settings) as world:
        for names in (["a", "b"], ["a"]):
            schema = {"type": "object", "properties": {name: {} for name in names}}
            world.declare(desk(analysis_plan={"structured_data_plan": {"enabled": True, "schema": schema}}))
            assert not world.apply().bad
            world.check_at_rest()
        plan = world.live("assistants", "Desk")["analysis_plan"]
        assert list(plan["structured_data_plan"]["schema"]["properties"]) == ["a"]


@pytest.mark.parametrize("trimmed", [True, False])
def test_spaces_around_a_name_are_no_difference(tmp_path: Path, trimmed: bool) -> None:
    """Whether the platform trims a name or not, it is the same one: planned once, and found when its answer is lost."""
    with World(tmp_path / "stack", Settings(trim_names=trimmed)) as world:
        world.declare({"assistants": {"desk": {"name": " Desk "}}})
        world.emulator.inject(Fault(do="lost_after", method="POST"))
        assert not world.apply().bad
        world.check_at_rest()


def test_a_voice_taken_out_of_the_stack_goes_on_speaking(tmp_path: Path) -> None:
    """A pipeline assistant needs a voice, so one that nobody declares any more is released and not cleared."""
    with World(tmp_path / "stack") as world:
        world.declare(desk(tts_config=VOICE))
        world.apply()
        world.declare(desk())
        (change,) = world.plan().pending
        assert (change.fields, change.released) == ((), (("tts_config",),))
        assert not world.apply().bad
        world.check_at_rest()
        assert world.live("assistants", "Desk")["tts_config"]["voice_id"] == VOICE["voice_id"]


@pytest.mark.parametrize("shown", ["dropped", "masked", "returned"])
def test_the_secret_of_a_tool_that_is_taken_out_is_taken_away(tmp_path: Path, shown: Any) -> None:
    """A secret that nobody can read back was applied once, so the plan knows that it has to leave."""

    def declare(**secret: str) -> None:
        tool = {"name": "t", "description": "A tool.", "server": {"url": "https://api.example.com/t", **secret}}
        world.declare(desk(llm_config={"provider": "openai", "model": "gpt-5.4", "tools": [tool]}))

    with World(tmp_path / "stack", Settings(tool_secret=shown), environ=SECRETS) as world:
        declare(secret="${secret:tool}")
        assert not world.apply().bad
        world.check_at_rest()
        assert "secret" in world.live("assistants", "Desk")["llm_config"]["tools"][0]["server"]
        declare()
        (change,) = world.plan().pending
        assert [field.path[:4] for field in change.fields] == [("llm_config", "tools", "t", "server")]
        assert not world.apply().bad
        assert "secret" not in world.live("assistants", "Desk")["llm_config"]["tools"][0]["server"]
        world.check_at_rest()

"""A new value of a secret: seen by its fingerprint, named by its version, or sent because somebody says so."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest
from support.stacks import SECRETS
from support.world import UNLIMITED, World, allowing

from hmsplan.errors import PlanError
from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes, plan_to_json
from hmsplan.model import Action, Address, Secret
from hmsplan.output.text import render_plan
from hmsplan.planner.planner import Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.model import Plan

KEY = "HMSPLAN_FINGERPRINT_KEY"
OTHER_KEY = "fedcba9876543210fedcba9876543210"
HOOK = "HMSPLAN_SECRET_HOOK"
NEW = "c4nary-rotated"
BOTH = ["webhook_secret", "llm_config.tools.lookup.server.secret"]
STACK: Mapping[str, Any] = {
    "assistants": {
        "desk": {
            "name": "Desk",
            "first_message": "Hello.",
            "webhook_url": "https://hooks.example.com/voice",
            "webhook_secret": "${secret:hook}",
            "llm_config": {
                "provider": "openai",
                "model": "gpt-5.4",
                "tools": [
                    {
                        "name": "lookup",
                        "description": "Looks up.",
                        "parameters": {"type": "object"},
                        "server": {"url": "https://tools.example.com", "secret": "${secret:tool}"},
                    }
                ],
            },
        },
        "plain": {"name": "Plain"},
    },
    "sip_trunks": {
        "voip": {
            "name": "VoIP",
            "provider": "custom",
            "address": "sip.example.com",
            "auth_username": "desk",
            "auth_password": "${secret:sip}",
        }
    },
}
DESK, TRUNK = Address("assistants", "desk"), Address("sip_trunks", "voip")


class Recording(World):
    """A world that keeps the bodies of its writes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, UNLIMITED, environ=SECRETS)
        self.bodies: list[str] = []
        transport = self.emulator.transport
        self.emulator.transport = lambda: _Listening(transport(), self.bodies)  # type: ignore[assignment,method-assign,return-value]

    def sent(self) -> list[str]:
        """Return the bodies of all writes since the last look."""
        found = self.bodies[:]
        self.bodies.clear()
        return found


class _Listening(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, bodies: list[str]) -> None:
        self._inner, self._bodies = inner, bodies

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self._bodies.append(request.content.decode())
        return await self._inner.handle_async_request(request)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Recording]:
    with Recording(tmp_path / "stack") as made:
        made.declare(STACK)
        assert not made.apply().bad
        made.sent()
        yield made


def setting(world: Recording, **environ: str | None) -> None:
    """Change the environment of the next runs; None takes a variable away."""
    world.environ = {name: value for name, value in {**world.environ, **environ}.items() if value}
    world._declared = None


def declare(world: Recording, **desk: Any) -> None:
    stack = copy.deepcopy(dict(STACK))
    stack["assistants"]["desk"] |= desk
    world.declare(stack)


def changed(plan: Plan) -> dict[str, list[str]]:
    return {str(c.address): [".".join(map(str, f.path)) for f in c.fields] for c in plan.pending}


def warnings(plan: Plan) -> str:
    return "\n".join(warning.detail for warning in plan.warnings)


def shown(plan: Plan) -> str:
    return render_plan(plan, width=120, color=False)


def prints(world: Recording) -> dict[str, Any]:
    """Return what is remembered of each secret of the assistant."""
    applied = world.state().bindings[DESK].applied
    return {
        "webhook_secret": applied["webhook_secret"],
        "tool": applied["llm_config"]["tools"][0]["server"]["secret"],
    }


def test_a_new_value_is_seen_sent_and_then_known(world: Recording) -> None:
    setting(world, **{HOOK: NEW})
    plan = world.plan()
    assert changed(plan) == {"assistants.desk": ["webhook_secret"]}
    assert "webhook_secret = (sensitive value)  # new value of ${secret:hook}" in shown(plan)
    assert not world.apply(allowing()).bad
    assert [NEW in body for body in world.sent()] == [True]
    world.check_at_rest()


def test_a_run_without_the_key_forgets_nothing(world: Recording) -> None:
    """Another field is changed by a run without the key; the next run with it has nothing to do."""
    before = prints(world)
    setting(world, **{KEY: None})
    declare(world, first_message="Good morning.")
    assert not world.apply().bad
    assert prints(world) == before
    setting(world, **{KEY: SECRETS[KEY]})
    world.check_at_rest()
    assert not world.plan().warnings


def test_a_run_without_the_key_says_that_a_new_value_cannot_be_seen(world: Recording) -> None:
    setting(world, **{KEY: None, HOOK: NEW})
    plan = world.plan()
    assert not plan.pending
    assert "3 secrets of assistants.desk, sip_trunks.voip changed cannot be seen: no HMSPLAN_FINGERPRINT_KEY" in (
        warnings(plan)
    )
    assert "add --resend assistants.desk, or raise lifecycle.secret_version" in warnings(plan)
    assert "cannot be seen: no HMSPLAN_FINGERPRINT_KEY" in " ".join(shown(plan).split())
    setting(world, **{KEY: SECRETS[KEY]})
    assert changed(world.plan()) == {"assistants.desk": ["webhook_secret"]}


def test_what_is_sent_without_the_key_is_not_taken_for_what_was_known(world: Recording) -> None:
    """The fingerprint of an older value would call the one that is live a new one, or an old one the live one."""
    setting(world, **{KEY: None, HOOK: NEW})
    assert not world.apply(Options(resend=("assistants.desk",))).bad
    assert prints(world)["webhook_secret"] == {"$secret": "hook", "fingerprint": None}
    setting(world, **{KEY: SECRETS[KEY]})
    plan = world.plan()
    assert not plan.pending
    assert "2 secrets of assistants.desk went out without HMSPLAN_FINGERPRINT_KEY" in warnings(plan)
    assert not world.apply().bad
    assert not world.plan().warnings
    setting(world, **{HOOK: "another value"})
    assert changed(world.plan()) == {"assistants.desk": ["webhook_secret"]}


def test_another_key_sends_nothing_and_says_so(world: Recording) -> None:
    """All fingerprints differ under another key; that is not a reason to send every secret, or to make trunks anew."""
    before = prints(world)
    setting(world, **{KEY: OTHER_KEY, HOOK: NEW})
    plan = world.plan()
    assert not plan.pending
    assert not plan.steps
    assert "cannot be seen: another HMSPLAN_FINGERPRINT_KEY made the fingerprint" in warnings(plan)
    declare(world, first_message="Good morning.")
    assert not world.apply().bad
    assert prints(world) == before
    setting(world, **{KEY: SECRETS[KEY]})
    assert changed(world.plan()) == {"assistants.desk": ["webhook_secret"]}


def test_the_way_to_another_key_is_to_send_the_secrets_again(world: Recording) -> None:
    setting(world, **{KEY: OTHER_KEY})
    assert not world.apply(Options(resend=("assistants.*",))).bad
    assert "assistants.desk" not in warnings(world.plan())
    setting(world, **{HOOK: NEW})
    assert changed(world.plan()) == {"assistants.desk": ["webhook_secret"]}


def test_resend_sends_every_secret_of_an_address_and_of_no_other(world: Recording) -> None:
    plan = world.plan(Options(resend=("assistants.desk",)))
    assert sorted(changed(plan)["assistants.desk"]) == sorted(BOTH)
    assert list(changed(plan)) == ["assistants.desk"]
    assert "webhook_secret = (sensitive value)  # ${secret:hook}, sent again" in shown(plan)
    assert "(--resend: its secrets are sent again)" in shown(plan)
    world.sent()
    assert not world.apply(Options(resend=("assistants.desk",))).bad
    (body,) = world.sent()
    assert SECRETS[HOOK] in body
    assert SECRETS["HMSPLAN_SECRET_TOOL"] in body
    assert "first_message" not in body
    world.check_at_rest()


def test_resend_of_what_cannot_change_in_place_makes_it_anew(world: Recording) -> None:
    plan = world.plan(Options(resend=("sip_*",)))
    (change,) = plan.pending
    assert (change.address, change.action, change.replaces) == (TRUNK, Action.REPLACE, (("auth_password",),))
    assert not world.apply(Options(resend=("sip_*",), allowed=("*",))).bad
    world.check_at_rest()


@pytest.mark.parametrize("pattern", ["assistants.plain", "assistants.dsek", "numbers.*"])
def test_resend_of_an_address_without_secrets_is_a_mistake(world: Recording, pattern: str) -> None:
    with pytest.raises(PlanError) as caught:
        world.plan(Options(resend=("assistants.desk", pattern)))
    (problem,) = caught.value.diagnostics
    assert problem.detail.startswith(f"--resend {pattern}: no declared resource of that address has a secret.")
    assert "assistants.desk" in problem.detail


def test_a_saved_plan_remembers_what_is_sent_again(world: Recording) -> None:
    plan = world.plan(Options(resend=("assistants.desk",)))
    document = plan_to_bytes(plan)
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text("utf-8"))
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(json.loads(document))] == []
    saved = plan_from_bytes(document)
    assert saved.resend == ("assistants.desk",)
    assert world.plan(Options(resend=saved.resend)).digest == saved.digest


@pytest.mark.parametrize("key", [SECRETS[KEY], None])
def test_a_raised_version_sends_every_secret_once(world: Recording, key: str | None) -> None:
    setting(world, **{KEY: key})
    for version, why in ((1, "not set -> 1"), (2, "1 -> 2")):
        declare(world, lifecycle={"secret_version": version})
        plan = world.plan()
        assert sorted(changed(plan)["assistants.desk"]) == sorted(BOTH)
        assert f"(secret_version {why}: its secrets are sent again)" in shown(plan)
        world.sent()
        assert not world.apply().bad
        (body,) = world.sent()
        assert SECRETS[HOOK] in body
        assert "secret_version" not in body
        assert prints(world)["webhook_secret"]["version"] == version
        assert not world.plan().pending


def test_a_version_taken_out_or_kept_sends_nothing(world: Recording) -> None:
    declare(world, lifecycle={"secret_version": 3})
    world.apply()
    declare(world, first_message="Good morning.", lifecycle={"secret_version": 3})
    assert changed(world.plan()) == {"assistants.desk": ["first_message"]}
    world.apply()
    declare(world, first_message="Good morning.")
    assert not world.plan().pending


def test_the_first_version_rides_on_the_create(tmp_path: Path) -> None:
    with Recording(tmp_path / "stack") as world:
        declare(world, lifecycle={"secret_version": 7})
        assert not world.apply().bad
        assert prints(world)["tool"]["version"] == 7
        world.check_at_rest()


def test_an_ignored_secret_is_neither_sent_again_nor_warned_of(world: Recording) -> None:
    declare(world, lifecycle={"ignore_changes": ["webhook_secret", "llm_config"], "secret_version": 2})
    setting(world, **{KEY: None})
    plan = world.plan()
    assert changed(plan) == {}
    assert "assistants.desk" not in warnings(plan)


def test_a_moved_assistant_keeps_its_fingerprints(world: Recording) -> None:
    stack: dict[str, Any] = copy.deepcopy(dict(STACK))
    stack["assistants"]["reception"] = stack["assistants"].pop("desk")
    world.declare(stack, moved=[{"from": "assistants.desk", "to": "assistants.reception"}])
    plan = world.plan()
    assert changed(plan) == {"assistants.reception": []}
    assert not world.apply().bad
    assert not world.sent()
    world.declare(stack)
    world.check_at_rest()
    setting(world, **{HOOK: NEW})
    assert changed(world.plan()) == {"assistants.reception": ["webhook_secret"]}


@pytest.mark.parametrize("resend", [("assistants.desk",), ()])
def test_machines_see_that_a_secret_changes_and_never_the_value(world: Recording, resend: tuple[str, ...]) -> None:
    """Before and after are marked sensitive even when the API shows no secret at all."""
    if not resend:
        setting(world, **{HOOK: NEW})
    document = plan_to_json(world.plan(Options(resend=resend)))
    (entry,) = (e for e in document["resource_changes"] if e["change"]["actions"] != ["no-op"])
    assert entry["change"]["actions"] == ["update"]
    assert entry["change"]["after"]["webhook_secret"] == "(sensitive value)"
    assert entry["change"]["after_sensitive"]["webhook_secret"] is True
    assert entry["change"]["before_sensitive"]["webhook_secret"] is True
    assert not any(value in str(document) for name, value in {**SECRETS, HOOK: NEW}.items() if name != KEY)


def test_secrets_of_equal_value_do_not_look_equal_in_the_state(world: Recording) -> None:
    setting(world, **{HOOK: NEW, "HMSPLAN_SECRET_TOOL": NEW})
    assert not world.apply().bad
    marks = prints(world)
    assert Secret.remembered(marks["webhook_secret"]) != Secret.remembered(marks["tool"])
    ends = {each["fingerprint"].rpartition(":")[2] for each in marks.values()}
    assert len(ends) == 2

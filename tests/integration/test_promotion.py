"""``require: {applied_in: staging, for: 24h}``: two environments, two organizations, every place for their states."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.stores import STORES
from support.two_environments import Two
from support.virtual_time import run
from support.writing import STACK

from hmsplan.emulator import Fault
from hmsplan.errors import UnsafePlan
from hmsplan.model import Address, Status
from hmsplan.operations.apply import apply
from hmsplan.operations.plan import plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.stores import Store


REQUIRE: Final = "require: {applied_in: staging, for: 24h}\n"
FILES: Final[dict[str, str | bytes]] = {
    "hmsplan.yaml": STACK + "variables: {who: {default: Acme}}\nsafety: {settle_grace: 0s}\n",
    "a.yaml": "assistants:\n  desk: {name: Desk, first_message: 'Hello from ${var:who}'}\n  night: {name: Night}\n",
    "environments/staging.yaml": "variables: {who: Test}\n",
    "environments/production.yaml": REQUIRE,
}
OTHER: Final = "00000000-0000-4000-8000-0000000000ff"
DESK: Final = Address("assistants", "desk")


class Promoted(Two):
    """Of which production requires staging."""

    def __init__(self, store: Store, closing: ExitStack) -> None:
        super().__init__(store.url, store.root, FILES, closing)

    def say(self, text: str) -> None:
        """Declare another greeting."""
        desk = f"{{name: Desk, first_message: '{text}'}}"
        self.write({"a.yaml": f"assistants:\n  desk: {desk}\n  night: {{name: Night}}\n"})

    def put(self, environment: str, **changed: Any) -> None:
        """Put another state in the place of the stored one."""
        workspace = self.workspace(environment)
        state = workspace.state()
        with workspace.backend.lock("test"):
            workspace.backend.save(replace(state, serial=state.serial + 1, **changed))

    def age(self, environment: str, hours: int) -> None:
        """Let the state say that everything is applied for some more hours."""
        bindings = self.workspace(environment).state().bindings
        older = {
            address: replace(each, content=replace(each.content, since=each.content.since - hours * 3600))
            for address, each in bindings.items()
            if each.content is not None
        }
        self.put(environment, bindings={**bindings, **older})

    def missing(self) -> dict[str, str]:
        """Return what a plan of production says is missing, by address."""
        return {str(each.address): each.reason for each in self.plan().refusals if each.risk == "unproven"}


@pytest.fixture(params=STORES)
def two(request: pytest.FixtureRequest) -> Iterator[Promoted]:
    with ExitStack() as closing:
        yield Promoted(request.getfixturevalue(request.param), closing)


@pytest.fixture
def here(file_store: Store) -> Iterator[Promoted]:
    """Return two environments whose states are files."""
    with ExitStack() as closing:
        yield Promoted(file_store, closing)


def test_what_was_applied_long_enough_is_accepted(two: Promoted) -> None:
    """On every backend, by one process after the other."""
    reasons = two.missing()
    assert set(reasons) == {"assistants.desk", "assistants.night"}
    assert reasons["assistants.desk"].startswith("whether staging has it is not known: staging has no state beside ")
    two.apply("staging")
    two.wait(3)
    assert two.missing()["assistants.desk"] == (
        "applied in staging 3 hours ago (@1), and has to be for 24 hours: 20 hours to go"
    )
    with pytest.raises(UnsafePlan) as caught:
        two.apply("production")
    assert caught.value.exit_code == 4
    two.wait(21)
    assert two.missing() == {}
    assert two.apply("production").report.count(Status.DONE) == 2
    assert two.plan().pending == ()


def test_another_content_begins_anew_and_the_same_keeps_its_time(here: Promoted) -> None:
    here.apply("staging")
    here.wait(48)
    here.say("Good day from ${var:who}")
    assert here.missing() == {"assistants.desk": "not applied in staging, which has another version of it"}
    here.apply("staging")
    here.wait(1)
    assert here.missing()["assistants.desk"].startswith("applied in staging 60 minutes ago (@2)")
    here.say("Hello from ${var:who}")
    assert "another version" in here.missing()["assistants.desk"]
    here.apply("staging")
    assert " s ago (@3)" in here.missing()["assistants.desk"]


def test_variables_of_either_environment_need_no_proof(here: Promoted) -> None:
    here.apply("staging")
    here.wait(24)
    here.apply("production")
    here.write({"environments/production.yaml": f"{REQUIRE}variables: {{who: B}}\n"})
    assert [str(each.address) for each in here.plan().pending] == ["assistants.desk"]
    assert here.missing() == {}
    here.write({"environments/staging.yaml": "variables: {who: Other}\n"})
    here.apply("staging")
    assert here.missing() == {}


def test_an_apply_that_changes_nothing_proves_what_is_there(here: Promoted) -> None:
    """A state of the time before anybody required it, and a text that means the same in staging and not here."""
    here.write({"environments/production.yaml": ""})
    here.apply("staging")
    here.write({"environments/production.yaml": REQUIRE})
    assert "did not write it down" in here.missing()["assistants.desk"]
    assert here.apply("staging").report.outcomes == ()
    assert "0 to go" not in (reason := here.missing()["assistants.desk"])
    assert " s ago, and has to be" in reason
    here.wait(24)
    assert here.missing() == {}
    here.say("Hello from Test")
    assert "another version" in here.missing()["assistants.desk"]
    assert here.plan("staging").pending == ()
    here.apply("staging")
    assert " s ago" in here.missing()["assistants.desk"]


def test_a_delete_has_to_be_done_there_first(two: Promoted) -> None:
    two.apply("staging")
    two.apply("production", "unproven:*")
    two.write({"a.yaml": "assistants:\n  desk: {name: Desk, first_message: 'Hello from ${var:who}'}\n"})
    assert two.missing() == {"assistants.night": "not deleted in staging yet"}
    two.apply("staging")
    two.wait(2)
    assert two.missing()["assistants.night"].startswith("deleted in staging 2 hours ago (@2), and has to be for")
    two.wait(22)
    assert two.missing() == {}
    two.apply("production")


def test_what_staging_excludes_says_so(here: Promoted) -> None:
    here.write({"environments/staging.yaml": "exclude: [assistants.night]\n"})
    here.apply("staging")
    assert here.missing()["assistants.night"] == (
        "not applied in staging, which excludes it (environments/staging.yaml:1:11)"
    )


def test_a_field_that_only_staging_ignores_was_not_applied_there(here: Promoted) -> None:
    ignores = "overrides: {assistants.desk: {lifecycle: {ignore_changes: [first_message]}}}\n"
    here.apply("staging")
    here.wait(24)
    here.apply("production")
    here.write({"environments/staging.yaml": ignores})
    here.say("Never tried")
    here.apply("staging")
    here.wait(24)
    reason = (
        "first_message is not known to be applied in staging, which ignores changes of it "
        "(environments/staging.yaml:1:60)"
    )
    assert here.missing() == {"assistants.desk": reason}
    own = ignores.replace("first_message", "first_message, name")
    here.write({"environments/production.yaml": REQUIRE + own})
    assert here.missing() == {}


def test_a_created_object_sends_what_staging_ignores(here: Promoted) -> None:
    here.write({"environments/staging.yaml": "overrides: {assistants.desk: {lifecycle: {ignore_changes: [name]}}}\n"})
    here.apply("staging")
    here.wait(24)
    assert here.missing()["assistants.desk"].startswith("name is not known to be applied in staging")
    assert set(here.missing()) == {"assistants.desk"}


def test_what_only_production_has_needs_no_proof(here: Promoted) -> None:
    here.write({"environments/production/own.yaml": "assistants:\n  own: {name: Own}\n"})
    here.apply("staging")
    here.wait(24)
    assert here.missing() == {}
    here.apply("production")
    here.write({"environments/production/own.yaml": "assistants:\n  own: {name: Owner}\n"})
    assert here.missing() == {}


def test_an_apply_that_fails_proves_nothing_and_takes_back_what_was_proven(here: Promoted) -> None:
    here.apply("staging")
    here.wait(48)
    here.say("Good day from ${var:who}")
    refused = Fault(do="status", method="PATCH", status=400, body={"error": "no"}, nth=1)
    here.emulators["staging"].inject(refused)
    assert here.apply("staging").report.count(Status.FAILED) == 1
    assert "did not finish it" in here.missing()["assistants.desk"]
    here.say("Hello from ${var:who}")
    assert here.plan().refusals  # what is live in staging now is not known


def test_one_address_is_allowed_in_an_emergency(here: Promoted) -> None:
    here.apply("staging", "unproven:*")
    with pytest.raises(UnsafePlan):
        here.apply("production", "unproven:assistants.desk")
    applied = here.apply("production", "unproven:assistants.desk", "unproven:assistants.night")
    assert applied.report.count(Status.DONE) == 2


def test_a_damaged_state_of_staging_refuses_and_says_why(here: Promoted) -> None:
    here.apply("staging")
    here.wait(24)
    (here.root / ".hmsplan" / "staging" / "state.json").write_text("{")
    assert "the state of staging could not be read" in here.missing()["assistants.desk"]


def test_a_time_before_the_object_was_made_is_not_believed(here: Promoted) -> None:
    """As where somebody edited the state, so that the time is over."""
    here.apply("staging")
    here.wait(1)
    here.age("staging", 24)
    assert here.missing()["assistants.desk"] == (
        "not known to be applied in staging: by its state it is so since before the object was made (@1)"
    )
    here.write({"a.yaml": "assistants:\n  night: {name: Night}\n"})
    here.apply("staging")
    here.write({"a.yaml": FILES["a.yaml"]})
    here.apply("staging")
    assert " s ago (@3)" in here.missing()["assistants.desk"]
    here.age("staging", 24)
    assert here.missing()["assistants.desk"].endswith("made (@3)")


def test_a_state_of_another_stack_or_organization_is_no_proof(here: Promoted) -> None:
    """As when the folder of another stack's state was copied."""
    here.apply("staging")
    here.wait(24)
    assert here.missing() == {}
    here.write({"environments/staging.yaml": f"organization: {OTHER}\nvariables: {{who: Test}}\n"})
    here.put("staging", organization="org_test")
    known = "whether staging has it is not known: the state of staging belongs to"
    assert here.missing()["assistants.desk"] == f"{known} org_test, and staging declares {OTHER}"
    here.put("staging", organization=OTHER)
    assert here.missing() == {}
    here.put("staging", stack="other")
    assert here.missing()["assistants.desk"] == f"{known} the stack other, and the stack here is acme"
    with pytest.raises(UnsafePlan) as caught:
        here.apply("production")
    assert caught.value.exit_code == 4


def test_a_rollback_proves_nothing_and_needs_no_proof(here: Promoted) -> None:
    """What it applies is not what the files declare; where it goes back to was applied there before."""
    here.apply("staging")
    here.apply("production", "unproven:*")
    here.say("Good day from ${var:who}")
    here.apply("staging")
    here.apply("production", "unproven:*")
    here.wait(24)
    back = {name: replace(here.workspace(name), rollback=1) for name in ("staging", "production")}
    run(apply(back["staging"]), here.clock)
    assert run(plan(back["production"]), here.clock).refusals == ()
    here.emulators["production"].edit(
        "assistants", here.workspace("production").state().bindings[DESK].id, {"first_message": "Changed"}
    )
    assert "not known to be applied in staging" in here.missing()["assistants.desk"]


def test_a_moved_address_keeps_its_proof(here: Promoted) -> None:
    here.apply("staging")
    here.apply("production", "unproven:*")
    here.wait(24)
    text = "assistants:\n  front: {name: Desk, first_message: 'Hello from ${var:who}'}\n  night: {name: Night}\n"
    here.write({"a.yaml": text + "moved: [{from: assistants.desk, to: assistants.front}]\n"})
    here.apply("staging")
    state = here.workspace("staging").state()
    content = state.bindings[Address("assistants", "front")].content
    assert content is not None
    assert here.clock.now - content.since > 23 * 3600
    here.apply("production")

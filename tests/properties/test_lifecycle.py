"""A team, a dashboard, a network and a machine room, for as long as hypothesis likes: nothing lost, nothing twice."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from support.faulty_runs import BOUNDED, ENDS, STANCES, WRONG, run_faults, run_with
from support.stacks import SECRETS
from support.strategies import stacks
from support.world import World

from hmsplan.kinds import KINDS

if TYPE_CHECKING:
    from hmsplan.emulator import Settings

GRAPH: dict[str, Any] = {
    "version": 1,
    "entry_node": "a",
    "nodes": [{"id": "a", "type": "conversation", "instructions": "Theirs."}],
    "edges": [],
}
EDITS: dict[str, list[dict[str, Any]]] = {
    "tool_templates": [{"description": "Edited."}, {"name": "Edited"}],
    "analysis_templates": [{"description": None}, {"user_prompt": "Edited."}],
    "assistants": [{"first_message": "Edited."}, {"is_active": False}, {"name": "Edited"}, {"business_name": None}],
    "numbers": [{"is_active": False}, {"agent_id": None, "transfer_trunk_id": None}],
    "campaigns": [{"status": "paused"}, {"timezone": "UTC"}],
    "mcp_servers": [{"timeout_seconds": 33}, {"url": "https://edited.example.com/"}, {"header_names": ["X-Theirs"]}],
    "workflows": [{"is_active": False}, {"name": "Edited"}, {"definition": GRAPH}],
    "byok_keys": [{"secret_id": "00000000-0000-4000-8000-000000000000"}],
    "domain": [{"status": "verified"}, {"status": "failed", "records": None}],
}
"""What people change by hand, kind to fields."""

FOREIGN: dict[str, dict[str, Any]] = {
    "tool_templates": {"name": "Foreign", "tool_type": "end_call", "tool_config": {}},
    "sip_trunks": {"name": "Foreign", "provider": "custom", "address": "foreign.example"},
    "numbers": {"phone_number": "+31999999999"},
    "mcp_servers": {"name": "Foreign", "url": "https://foreign.example.com/", "header_names": []},
    "workflows": {"name": "Foreign", "definition": GRAPH, "is_active": True},
    "byok_keys": {"provider": "deepgram", "secret_id": "00000000-0000-4000-8000-000000000001", "config": {}},
}
"""What people make by hand and no stack declares."""


class Lifecycle(RuleBasedStateMachine):
    """An organization through its life. Whatever happened, one unbroken apply puts it right."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.foreign: dict[str, str] = {}

    @initialize(stance=STANCES, stack=stacks())
    def begin(self, stance: Settings, stack: dict[str, Any]) -> None:
        self.world = World(Path(self.folder.name) / "stack", stance, environ=SECRETS)
        self.world.declare(stack)

    @rule(stack=stacks())
    def edit_the_stack(self, stack: dict[str, Any]) -> None:
        self.world.declare(stack)

    @rule(fault=run_faults(*WRONG, *ENDS))
    def apply(self, fault: tuple[str, int] | None) -> None:
        run_with(self.world, fault)

    @rule(choice=st.integers(0, 99), change=st.integers(0, 9))
    def edit_by_hand(self, choice: int, change: int) -> None:
        """Only what state binds: whether a stranger's object is a lost create is for people to say."""
        bound = [b for a, b in sorted(self.world.state().bindings.items()) if a.kind in EDITS]
        if bound and (there := self._stored(picked := bound[choice % len(bound)])):
            edits = EDITS[picked.address.kind]
            self.world.emulator.edit(picked.address.kind, there, edits[change % len(edits)])

    @rule(choice=st.integers(0, 99))
    def delete_by_hand(self, choice: int) -> None:
        """All but the last: when nothing is left that state knows, the key is taken to be a wrong one."""
        bound = sorted(self.world.state().bindings.items())
        there = [(a.kind, stored) for a, b in bound if (stored := self._stored(b)) is not None]
        if len(there) > 1:
            self.world.emulator.remove(*there[choice % len(there)])

    @rule(kind=st.sampled_from(sorted(FOREIGN)))
    def make_by_hand(self, kind: str) -> None:
        if kind not in self.foreign:
            made = self.world.emulator.add(kind, FOREIGN[kind])
            self.foreign[kind] = str(FOREIGN[kind].get(KINDS[kind].named_by, made))

    @rule(seconds=st.sampled_from([1, 60, 86_400]))
    def wait(self, seconds: int) -> None:
        self.world.clock.now += seconds

    @rule()
    def look(self) -> None:
        """Neither a plan nor a survey writes anything, whatever is open."""
        written, state = len(self.world.emulator.writes), self.world.stored_state()
        for look in (self.world.plan, self.world.drift):
            look()
        assert len(self.world.emulator.writes) == written
        assert self.world.stored_state() == state

    @invariant()
    def remembers(self) -> None:
        """The state can be read, and binds no object twice."""
        if hasattr(self, "world"):
            state = self.world.state()
            ids = [binding.id for binding in state.bindings.values()] + [each.id for each in state.deposed]
            assert len(ids) == len(set(ids))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                run_with(self.world, None)
                self.world.check_at_rest(unmanaged=self.foreign.values())
                self.world.emulator.close()
        finally:
            self.folder.cleanup()

    def _stored(self, binding: Any) -> str | None:
        """Return the id under which the emulator has it; None for what is gone, and for the organization."""
        kind = KINDS[binding.address.kind]
        found = [] if kind.is_organization else self.world.emulator.all(kind.name)
        return next((each["id"] for each in found if each[kind.named_by or "id"] == binding.id), None)


def test_nothing_is_lost_and_nothing_is_twice() -> None:
    """Edits of files, edits by hand, faults, kills and waiting, in any order, end in an organization as declared."""
    run_state_machine_as_test(Lifecycle, settings=BOUNDED)

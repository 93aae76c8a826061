"""Whatever was applied since: a rollback gives the organization of then, less what its plan names."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.faulty_runs import BOUNDED
from support.stacks import SECRETS
from support.strategies import stacks
from support.world import KEY, URL, allowing

from hmsplan.config.load import load_stack
from hmsplan.emulator import Emulator, Settings
from hmsplan.kinds import KINDS
from hmsplan.operations.apply import apply
from hmsplan.operations.plan import plan
from hmsplan.operations.workspace import Workspace, connect_with
from hmsplan.secrets.sources import Secrets
from hmsplan.state.backend import open_backend

if TYPE_CHECKING:
    from hmsplan.model import Plan

HEAD = {"version": 1, "stack": "test", "safety": {"settle_grace": "0s"}}


class Organization:
    """One folder, and one emulator."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "hmsplan.yaml").write_text(json.dumps(HEAD))
        self.emulator = Emulator(":memory:", Settings(rate_limit=None))
        self.emulator.organization(KEY)

    def workspace(self, rollback: int | None = None) -> Workspace:
        stack = load_stack(self.root, environ=SECRETS, need_secrets=True)
        connect = connect_with(KEY, URL, transport=self.emulator.transport())
        backend = open_backend("file", self.root, "default")
        given = Secrets(SECRETS)
        return Workspace(
            stack, backend, connect, rollback=rollback, secrets=lambda names: {name: given.get(name) for name in names}
        )

    def apply(self, rollback: int | None = None) -> Plan:
        done = asyncio.run(apply(self.workspace(rollback), allowing()))
        bad = [(outcome.step.key, outcome.error) for outcome in done.report.outcomes if outcome.error]
        assert not bad, bad
        return done.plan

    def plan(self, rollback: int | None = None) -> Plan:
        return asyncio.run(plan(self.workspace(rollback), allowing()))

    def declare(self, resources: dict[str, Any]) -> None:
        (self.root / "resources.yaml").write_text(json.dumps(resources, ensure_ascii=False), "utf-8")

    def last(self) -> int:
        return self.workspace().backend.history()[-1].head.number

    def content(self) -> dict[str, dict[str, Any]]:
        """Return each bound object by address, with addresses in place of ids; its leads, and what is not answered."""
        state = self.workspace().state()
        names = {binding.id: str(address) for address, binding in state.bindings.items()}
        found = {}
        for address, binding in state.bindings.items():
            kind = KINDS[address.kind]
            if kind.is_organization:
                continue
            live = next(each for each in self.emulator.all(kind.name) if each[kind.named_by or "id"] == binding.id)
            fields = {key: value for key, value in live.items() if key not in kind.computed | {"secret_id"}}
            fields = _named(fields, names)
            if kind.members is not None:
                leads = self.emulator.all(kind.members.name, parent=live["id"])
                fields[kind.members.name] = Counter(
                    json.dumps([each[name] for name in kind.members.identity]) for each in leads
                )
            found[str(address)] = {**fields, **self.emulator.hidden(kind.name, live["id"])}
        return found


def _named(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _less(content: dict[str, dict[str, Any]], back: Plan) -> dict[str, dict[str, Any]]:
    """Return what a rollback has to give: without the fields that its plan names."""
    named = {(str(each.address), str(each.path[0])) for each in back.lost if each.path}
    whole = {(str(each.address), each.summary) for each in back.lost if not each.path}
    declared = {str(change.address): change.after.keys() for change in back.changes}
    found = {}
    for address, fields in content.items():
        kept = fields.keys() - {name for owner, name in named if owner == address}
        if (address, "Another object") in whole:
            kept &= {*declared[address], "leads"}
        if whole & {(address, "Members are not kept"), (address, "Stays as it is")}:
            kept -= {"leads"}
        found[address] = {name: fields[name] for name in sorted(kept)}
    return found


@pytest.mark.no_cover
@settings(parent=BOUNDED, max_examples=25)
@given(st.data(), st.lists(stacks(), min_size=2, max_size=4))
def test_a_rollback_gives_the_organization_of_then_less_what_it_names(
    data: st.DataObject, declared: list[dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        organization = Organization(Path(folder))
        then = {}
        for resources in declared:
            organization.declare(resources)
            if organization.apply().pending:
                then[organization.last()] = organization.content()
        if len(then) < 2:
            return
        number = data.draw(st.sampled_from(sorted(then)[:-1]))
        back = organization.apply(number)
        now, was = _less(organization.content(), back), _less(then[number], back)
        assert now.keys() == was.keys()
        wrong = [
            f"{address} {name}: {now[address].get(name)} and not {was[address].get(name)}"
            for address in now
            for name in sorted(now[address].keys() | was[address].keys())
            if now[address].get(name) != was[address].get(name)
        ]
        assert not wrong, [*wrong, *(each.detail for each in back.lost)]
        again = organization.plan(number)
        assert not again.pending, [(str(c.address), c.action, c.fields, c.members, c.released) for c in again.pending]
        organization.emulator.close()

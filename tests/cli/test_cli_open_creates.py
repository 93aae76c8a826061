"""A create of which nobody knows whether it happened: told by every command, changed by none but ``resolve``."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.stacks import campaign, lead

from hmsplan.emulator import Emulator, Fault, Settings
from hmsplan.kinds import KINDS

from .helpers import KEY, STACK, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Live = Callable[..., Result]

SPECS: Mapping[str, Mapping[str, Any]] = {
    "assistants": {"name": "One"},
    "tool_templates": {
        "name": "One",
        "tool_type": "function",
        "tool_config": {"name": "one", "description": "Finds.", "url": "https://api.example.com/"},
    },
    "analysis_templates": {"name": "One", "system_prompt": "File.", "user_prompt": "{transcript}", "schema": {}},
    "sip_trunks": {"name": "One", "provider": "custom", "address": "sip.example.com"},
    "numbers": {"phone_number": "+31850000010"},
    "campaigns": campaign("One", "${assistants.agent}", []),
    "mcp_servers": {"name": "One", "url": "https://mcp.example.com/"},
    "workflows": {
        "name": "One",
        "definition": {
            "version": 1,
            "entry_node": "a",
            "nodes": [{"id": "a", "type": "conversation", "instructions": "Ask."}],
            "edges": [],
        },
    },
}
AGENT = {"assistants": {"agent": {"name": "Agent"}}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(settings=Settings(rate_limit=None)) as made:
        made.organization(KEY)
        yield made


@pytest.fixture
def live(online: Live, tmp_path: Path) -> Live:
    """Return a function that runs a command on the folder ``stack`` against an API with a socket."""
    return functools.partial(online, "-C", tmp_path / "stack")


def declare(root: Path, resources: Mapping[str, Any]) -> None:
    write(root / "stack", {"hmsplan.yaml": STACK, "resources.yaml": json.dumps(resources)})


def lose(emulator: Emulator, path: str) -> None:
    """Lose the answer of a POST, and let the list be unreadable after it: nobody can say then what happened."""
    emulator.inject(
        Fault(do="lost_after", method="POST", path=path),
        Fault(do="status", status=403, method="GET", path=path, first=2),
    )


@pytest.mark.parametrize("kind", SPECS)
def test_an_open_create_is_8_until_it_is_resolved(emulator: Emulator, live: Live, tmp_path: Path, kind: str) -> None:
    """Of every kind: apply leaves it open, plan tells it in text and JSON without a write, resolve settles it."""
    address = f"{kind}.one"
    declare(tmp_path, {**AGENT, kind: {**(AGENT if kind == "assistants" else {}).get(kind, {}), "one": SPECS[kind]}})
    lose(emulator, KINDS[kind].path)
    result = live("apply", "-y")
    assert result.code == 8, result
    assert f" resolve {address} --none" in " ".join((result.out + result.err).split())
    emulator.inject()
    made = next(each for each in emulator.all(kind) if each[KINDS[kind].identity] in {"One", "+31850000010"})
    twin = {key: value for key, value in made.items() if key != "id"}
    emulator.add(kind, twin)  # somebody else made one that looks the same
    writes, state = len(emulator.writes), sorted((tmp_path / "stack" / ".hmsplan").rglob("*.json*"))
    before = [path.read_bytes() for path in state]
    told = live("plan")
    assert told.code == 8
    assert f" resolve {address} --adopt {made['id']}" in " ".join((told.out + told.err).split())
    (unsettled,) = json.loads(live("plan", "--json").out)["hmsplan"]["unsettled"]
    assert unsettled["address"] == address
    assert made["id"] in unsettled["candidates"]
    assert live("apply", "-y").code == 8
    assert len(emulator.writes) == writes
    assert [path.read_bytes() for path in state] == before
    assert live("resolve", address, "--adopt", made["id"]).code == 0
    assert live("state", "list").out.count(address) == 1
    assert made["id"] in live("state", "show", address).out


@pytest.mark.parametrize("kind", SPECS)
def test_an_open_create_that_is_not_declared_any_more_settles_itself(
    emulator: Emulator, live: Live, tmp_path: Path, kind: str
) -> None:
    """The author goes back before the next run: what was made is known by all that was sent, also beyond a list."""
    declare(tmp_path, {**AGENT, kind: {**(AGENT if kind == "assistants" else {}).get(kind, {}), "one": SPECS[kind]}})
    lose(emulator, KINDS[kind].path)
    assert live("apply", "-y").code == 8
    emulator.inject()
    declare(tmp_path, AGENT)
    done = live("apply", "-y", "--allow", "*")
    assert done.code == 0, done
    assert [each for each in emulator.all(kind) if each[KINDS[kind].identity] in {"One", "+31850000010"}] == []


def test_an_open_create_of_what_there_is_once_settles_itself(emulator: Emulator, live: Live, tmp_path: Path) -> None:
    """A provider's key and the mail domain: whatever shows up there is the one that was sent."""
    key = {"provider": "resend", "api_key": "${secret:resend}"}
    declare(tmp_path, {"byok_keys": {"one": key}, "domain": {"main": {"domain_name": "mail.example.com"}}})
    for path in ("/byok", "/domains"):
        lose(emulator, path)
        assert live("apply", "-y", HMSPLAN_SECRET_RESEND="re_1").code == 8
        emulator.inject()
    assert live("apply", "-y", HMSPLAN_SECRET_RESEND="re_1").code == 0
    assert live("plan", "--detailed-exitcode", HMSPLAN_SECRET_RESEND="re_1").code == 0
    assert len(emulator.all("byok_keys")) == len(emulator.all("domain")) == 1


@pytest.mark.parametrize("answer", ["--adopt", "--none"])
def test_an_open_lead_is_8_and_can_be_resolved(emulator: Emulator, live: Live, tmp_path: Path, answer: str) -> None:
    """Whatever is answered, the next apply leaves one such lead: leads are told apart by what they are."""
    declare(tmp_path, {**AGENT, "campaigns": {"one": campaign("One", "${assistants.agent}", [])}})
    assert live("apply", "-y").code == 0
    (made,) = emulator.all("campaigns")
    declare(tmp_path, {**AGENT, "campaigns": {"one": campaign("One", "${assistants.agent}", [lead("001")])}})
    lose(emulator, f"/campaigns/{made['id']}/leads")
    result = live("apply", "-y")
    assert result.code == 8, result
    emulator.inject()
    (there,) = emulator.all("leads", parent=made["id"])
    assert live("resolve", "campaigns.one", *([answer, there["id"]] if answer == "--adopt" else [answer])).code == 0
    assert live("apply", "-y").code == 0
    assert [each["id"] for each in emulator.all("leads", parent=made["id"])] == [there["id"]]
    assert live("plan", "--detailed-exitcode").code == 0

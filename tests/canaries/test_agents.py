"""No tool of ``hmsplan mcp`` shows a secret: before the last filter, and through the real pipe (P5)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from support.agent import ask

from canaries import rig
from canaries.leaks import found
from hmsplan.cli.mcp_tools import TOOLS, call
from hmsplan.cli.options import Globals

if TYPE_CHECKING:
    from canaries.conftest import Rig

CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("validate", {}),
    ("plan", {}),
    ("drift", {}),
    *(("explain", {"address": f"{kind}.one"}) for kind in rig.BASES),
    ("schema", {"kind": "assistants"}),
    ("docs", {"page": "secrets"}),
)


def test_every_tool_is_called() -> None:
    assert {name for name, _ in CALLS} == TOOLS.keys()


@pytest.mark.parametrize("mood", ["", "echoes", "page", "garbage", "redirect"])
def test_no_result_holds_a_secret_even_without_the_filter(
    told: Rig, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing live, with everything live and changed, and with an API that tells its requests back."""
    monkeypatch.setattr("hmsplan.cli.mcp_tools.cut", lambda text: text)
    if mood:
        told.run("apply", "-y", "--allow", "*")
    told.telltale.mood, told.telltale.methods = mood, frozenset({"GET"})
    options = Globals(told.stack, secrets_file=told.secrets_file)
    for name, arguments in CALLS:
        result = call(options, name, arguments)
        said = told.capsys.readouterr()
        assert not mood or result.is_error == TOOLS[name].is_live
        assert not found(repr([result.texts, result.data, said]).encode(), rig.ALL), (name, arguments)
    told.check_files()


@pytest.mark.system
def test_no_secret_passes_the_pipe(told: Rig) -> None:
    """The process as an agent starts it, with every secret in reach and the most talkative stderr."""
    told.run("apply", "-y", "--allow", "*")
    (one,) = (each for each in told.emulator.all("assistants") if each["name"] == "Desk")
    told.emulator.edit("assistants", one["id"], {"first_message": "Changed."})
    ours = {name: text for name, text in os.environ.items() if name.startswith("HMS")}
    visit = ask(told.stack, *CALLS, options=("-vvv", "--secrets-file", str(told.secrets_file)), **ours)
    assert [answer.said for answer in visit.answers if answer.is_error] == []
    assert "Changed." in visit.answers[1].text
    for answer in visit.answers:
        assert not found(answer.said.encode(), rig.ALL), answer.said
    assert not found(visit.stderr.encode(), rig.ALL), visit.stderr
    told.check_files()

"""A credential in a URL shows on no surface, though it is an ordinary value to the platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from canaries import rig
from hmsplan.cli import secret_filter
from hmsplan.cli.terminal import out

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from canaries.conftest import Rig

OLD, NEW, PATH, TEXT = (
    "tok-c4nary-old-1",
    "tok-c4nary-new-2",
    "c4nary9f86d081884c7d659a2feaa0c55",
    "sk-live-c4naryabcdefghijk",
)
LIVE: Final = "tok-c4nary-live-3"
CANARIES: Final = (OLD, NEW, PATH, TEXT, LIVE)
FORMATS: Final = ("text", "json", "markdown", "html", "github")


def stack(token: str) -> dict[str, Any]:
    tool = {
        "name": "lookup",
        "description": "Looks up.",
        "parameters": {"type": "object", "properties": {"u": {"default": f"https://t.example/?key={token}"}}},
        "url": f"https://tools.example.com/{PATH}/lookup?page=1&token={token}",
    }
    llm = {"provider": "openai", "model": "gpt-5.4", "tools": [tool]}
    llm["messages"] = [{"role": "system", "content": f"Call https://t.example/x?sig={token} now.\n\n" + "Hello. " * 99}]
    desk = {"name": "Desk", "first_message": f"Say {TEXT}", "llm_config": llm}
    desk["webhook_url"] = f"https://hooks.example.com/{'voice/' * 20}?api_key={token}"
    template = {"name": "T", "tool_type": "function", "tool_config": {**tool, "name": "other"}}
    return {"assistants": {"desk": desk}, "tool_templates": {"t": template}}


def write(root: Path, token: str) -> None:
    (root / "all.yaml").write_text(json.dumps(stack(token), indent=1), "utf-8")


def shows(*texts: str) -> list[str]:
    return [each for each in CANARIES if any(each in text for text in texts)]


def test_no_surface_shows_a_credential_of_a_url(told: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared, live and remembered; old and new; also where the last filter does not look."""
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    write(told.stack, OLD)
    said = [told.run("plan", "--format", each) for each in FORMATS]
    said += [
        told.run("validate", "--format", each) for each in ("text", "json", "github", "sarif", "junit", "codequality")
    ]
    said.append(told.run("apply", "-y"))
    for assistant in told.emulator.all("assistants", key=rig.API_KEY.value):
        if assistant["name"] == "Desk":
            edited = {"webhook_url": f"https://hooks.example.com/dashboard?token={LIVE}"}
            told.emulator.edit("assistants", assistant["id"], edited)
    said += [told.run("drift", "--format", each) for each in (*FORMATS, "sarif", "junit", "codequality")]
    write(told.stack, NEW)
    said += [told.run("plan", "-o", f"{each}.plan", "--format", each) for each in FORMATS]
    said.append(told.run("show", "text.plan"))
    said.append(told.run("plan", "--check", "text.plan"))
    said.append(told.run("snapshot", "-o", "picture.json"))
    said.append(told.run("plan", "--against", "picture.json", "--json"))
    said.append(told.run("plan", "--destroy"))
    said.append(told.run("apply", "-y", "text.plan", "--json"))
    told.telltale.mood, told.telltale.methods = "echoes", frozenset({"PATCH"})
    write(told.stack, OLD)
    said += [told.run("apply", "-y", code=None), told.run("apply", "-y", "--json", code=None)]
    assert shows(*said) == []
    assert any("(sensitive value)" in each for each in said)
    files = {file.name: file.read_text("utf-8") for file in [*told.stack.glob("*.plan"), told.stack / "picture.json"]}
    assert {name: shows(text) for name, text in files.items() if shows(text)} == {}
    assert shows(summary.read_text("utf-8")) == []


def test_a_credential_is_warned_of_where_it_stands_and_once(told: Rig) -> None:
    write(told.stack, OLD)
    found = json.loads(told.run("validate", "--json").partition("\n")[0])["diagnostics"]
    found = [each for each in found if not each.get("rule")]  # what lint says of it besides
    assert [(each["summary"], each["address"], each["path"]) for each in found] == [
        ("Credential in a readable field", address, path)
        for address, path in [
            ("assistants.desk", "first_message"),
            ("assistants.desk", "llm_config.tools[0].parameters.properties.u.default"),
            ("assistants.desk", "llm_config.tools[0].url"),
            ("assistants.desk", "llm_config.messages[0].content"),
            ("assistants.desk", "webhook_url"),
            ("tool_templates.t", "tool_config.parameters.properties.u.default"),
            ("tool_templates.t", "tool_config.url"),
        ]
    ]
    assert all(each["range"]["filename"] == "all.yaml" for each in found)
    assert "server: {url: …, secret: ${secret:name}}" in found[2]["detail"]
    assert "webhook_secret: ${secret:name}" in found[4]["detail"]


def test_the_state_is_printed_whole_for_push_and_shown_without(told: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state keeps URLs as they were sent, to compare them."""
    monkeypatch.setattr("hmsplan.cli.terminal.cut", secret_filter.cut)
    write(told.stack, OLD)
    told.run("apply", "-y")
    assert shows(told.run("state", "show", "assistants.desk")) == []
    assert OLD in told.run("state", "pull")


def test_the_last_filter_cuts_what_got_past_the_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmsplan.cli.terminal.cut", secret_filter.cut)
    out(f'{{"url":"https://a.example/?token={OLD}","more":1}}')
    assert capsys.readouterr().out == '{"url":"https://a.example/?token=(sensitive value)","more":1}\n'

"""``hmsplan explain``: where every value of a resource comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.hostile_texts import HOSTILE

from .helpers import EXAMPLE, Cli, write

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "hmsplan.yaml": """\
version: 1
stack: acme
default_environment: live
variables: {business: {default: Acme}}
defaults:
  assistants: {max_duration_seconds: 100}
bases:
  desk: {max_duration_seconds: 200, webhook_secret: "${secret:desk}"}
""",
    "a.yaml": """\
assistants:
  support:
    extends: desk
    name: ${var:business} support
    max_duration_seconds: 300
    webhook_url: https://acme.example/hook
    first_message: ${file:greeting.txt}
    llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.bye}"]}
tool_templates:
  bye: {name: bye, tool_type: end_call, tool_config: {}}
""",
    "greeting.txt": "Hello, this is a greeting that is rather long for one line of a terminal, and goes on.",
    "environments/live.yaml": "overrides:\n  assistants.support: {max_duration_seconds: 400}\n",
}


@pytest.fixture
def layered(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", FILES)


def test_a_resource_line_by_line(cli: Cli, layered: Path) -> None:
    """Value, layer and line; below it what it is made of, and what it lies over."""
    assert cli.ok("-C", layered, "explain", "assistants.support") == (
        """\
assistants.support in environment live, a.yaml:2
    name = "Acme support"  # declared, a.yaml:4
      # ${var:business} from default, hmsplan.yaml:4
    first_message = (text, 86 characters)  # declared, a.yaml:7
      # ${file:greeting.txt}, greeting.txt:1
    max_duration_seconds = 400
      # environment override, environments/live.yaml:2
      # over 300, declared, a.yaml:5
      # over 200, base desk, hmsplan.yaml:8
      # over 100, defaults, hmsplan.yaml:6
    webhook_url = "https://acme.example/hook"  # declared, a.yaml:6
    webhook_secret = (sensitive value)  # base desk, hmsplan.yaml:8
      # ${secret:desk}
    llm_config.provider = "openai"  # declared, a.yaml:8
    llm_config.model = "gpt-5.4"  # declared, a.yaml:8
    llm_config.tools["end_call"] = {…} (1 field)  # declared, a.yaml:8
      # ${tool_templates.bye}, a.yaml:10
    extends = "desk"  # declared, a.yaml:3
"""
    )


def test_one_field_with_all_of_its_text(cli: Cli, layered: Path) -> None:
    """From --var, as the run that is typed has it."""
    said = cli.ok("-C", layered, "explain", "assistants.support.name", "--var", "business=Zorg")
    assert '    name = "Zorg support"' in said
    assert "# ${var:business} from --var business\n" in said
    said = cli.ok("-C", layered, "explain", "assistants.support.first_message")
    assert "│ Hello, this is a greeting" in said


def test_a_reference_is_shown_as_it_is_written(cli: Cli, layered: Path) -> None:
    """Offline it is not known whether there is an id."""
    write(layered, {"n.yaml": 'numbers: {main: {phone_number: "+31850000001", agent_id: "${assistants.support}"}}\n'})
    said = cli.ok("-C", layered, "explain", "numbers.main.agent_id")
    assert said.splitlines()[1:] == [
        "    agent_id = ${assistants.support}  # declared, n.yaml:1",
        "      # ${assistants.support}, a.yaml:2",
    ]


def test_a_template_is_opened_where_it_is_asked_for(cli: Cli, layered: Path) -> None:
    said = cli.ok("-C", layered, "explain", 'assistants.support.llm_config.tools["end_call"]')
    assert 'llm_config.tools["end_call"].type = "end_call"' in said
    assert "part of tool_templates.bye" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("assistants.suport", "There is no assistants.suport in environment live. Did you mean assistants.support?"),
        ("assistant.support", "assistant is not a kind. Did you mean assistants?"),
        ("numbers.main", "There is no numbers.main in environment live."),
        ("assistants.support.nam", "An assistant has no field nam. Did you mean name?"),
        ("assistants.support.llm_config.modle", "llm_config has no field modle. Did you mean model?"),
        ("assistants.support.llm_config.tools[1]", "llm_config.tools has 1 item, counted from 0, and no item 1."),
        ("assistants.support.name.first", "name is a single value, so it has no first."),
        ("assistants.support.name[0]", "name is a single value, so it has no 0."),
        ("support", "'support' is not an address."),
        ("assistants.support..x", "not a path: '.x'"),
    ],
)
def test_what_is_not_there_is_1_and_says_what_is(cli: Cli, layered: Path, asked: str, said: str) -> None:
    result = cli("-C", layered, "explain", asked)
    assert result.code == 1
    assert said in " ".join(result.err.split())
    assert result.out == ""


def test_a_field_that_is_left_out_says_so(cli: Cli, layered: Path) -> None:
    """It is no mistake to leave one out; and a setting of our own is not the platform's."""
    said = cli.ok("-C", layered, "explain", "assistants.support.notification_email")
    assert " ".join(said.split()) == (
        "assistants.support does not say notification_email, so it is not managed: hmsplan leaves it as it is on the "
        "platform."
    )
    assert "managed" not in cli.ok("-C", layered, "explain", "assistants.support.lifecycle")
    found = cli("-C", layered, "explain", "assistants.support.notification_email", "--json").json
    assert (found["managed"], found["values"]) == (False, [])


def test_machines_read_the_same(cli: Cli, layered: Path) -> None:
    """With --json and --format json; a template's parts too."""
    found = cli("-C", layered, "explain", "assistants.support", "--json").json
    assert found == cli("-C", layered, "explain", "assistants.support", "--format", "json").json
    assert (found["format_version"], found["address"], found["environment"], found["field"], found["managed"]) == (
        "1.0",
        "assistants.support",
        "live",
        None,
        True,
    )
    values = {each["path"]: each for each in found["values"]}
    seconds = values["max_duration_seconds"]
    assert seconds["value"] == 400
    assert seconds["written"] == {
        "layer": "override",
        "base": None,
        "value": 400,
        "range": {"filename": "environments/live.yaml", "start": {"line": 2, "column": 46}},
    }
    assert [(each["layer"], each["base"], each["value"]) for each in seconds["overridden"]] == [
        ("declared", None, 300),
        ("base", "desk", 200),
        ("defaults", None, 100),
    ]
    assert [(each["form"], each["name"], each["origin"], each["given_by"]) for each in values["name"]["inputs"]] == [
        ("var", "business", "default", "default")
    ]
    assert (values["webhook_secret"]["value"], values["webhook_secret"]["secret"]) == ("(sensitive value)", "desk")
    assert values["llm_config.tools[0].type"]["template"] == "tool_templates.bye"


def test_it_fits_into_80_columns_and_needs_no_key(cli: Cli) -> None:
    """Every resource of the example, whatever it holds."""
    for environment in ("staging", "production"):
        nodes = cli("-C", EXAMPLE, "-e", environment, "graph", "--json").json["nodes"]
        for node in nodes:
            said = cli.ok("-C", EXAMPLE, "-e", environment, "explain", node["address"])
            assert all(len(line) <= 80 for line in said.splitlines()), said


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_shown_and_obeyed_by_nothing(cli: Cli, layered: Path, text: str) -> None:
    """In a value, in what it lies over, and in a name of the author's own."""
    extra = json.dumps({"knob": text, "box": {text: text}}) if text.isprintable() else json.dumps({"knob": text[:3]})
    write(layered, {"b.yaml": f"assistants: {{other: {{name: Other, extra: {extra}}}}}\n"})
    result = cli("-C", layered, "explain", "assistants.other")
    assert result.code in {0, 3}  # 3: a file may not hold everything
    assert all(line.isprintable() for line in result.out.splitlines())
    assert not any(line.lstrip().startswith("::") for line in result.out.splitlines())


def test_an_invalid_stack_is_3(cli: Cli, layered: Path) -> None:
    """All that is wrong is told; half of it would be explained wrongly."""
    write(layered, {"b.yaml": "assistants: {other: {nme: Other}}\n"})
    result = cli("-C", layered, "explain", "assistants.support")
    assert (result.code, result.out) == (3, "")
    assert "b.yaml:1" in result.err

"""The digest of what all environments declare of a resource, and ``require:`` of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from support.writing import STACK, load, problems, write

from hmsplan.model import Address

if TYPE_CHECKING:
    from pathlib import Path

FILES: Final[dict[str, str | bytes]] = {
    "hmsplan.yaml": STACK
    + """
variables: {who: {default: Acme}, other: {default: Acme}}
defaults: {assistants: {gdpr_mode: true}}
bases: {dutch: {first_message: "Hallo ${var:who}"}}
""",
    "a.yaml": """
assistants:
  desk:
    extends: dutch
    name: Desk
    webhook_secret: ${secret:hook}
    webhook_url: https://hooks.example.com
    llm_config:
      messages: [{role: system, content: "${file:prompts/desk.tmpl.md}"}]
      tools: ["${tool_templates.find}"]
tool_templates:
  find:
    name: find
    tool_type: function
    tool_config:
      name: find
      description: Find it
      url: "https://find.example.com/${var:who}"
      parameters: {type: object, properties: {}}
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.desk}
    timezone: Europe/Amsterdam
    schedule_start_time: "09:00"
    schedule_end_time: "17:00"
    leads: ${csv:leads.csv}
""",
    "prompts/desk.tmpl.md": "You are the desk of ${var:who}, at ${numbers.main.phone_number}.\n",
    "leads.csv": "phone_number\n+31612345678\n",
    "environments/staging.yaml": "variables: {who: Try}\noverrides: {assistants.desk: {first_message: Test}}\n",
    "environments/production.yaml": "require: {applied_in: staging, for: 24h}\nvariables: {who: Acme-BV}\n",
    "environments/production/own.yaml": "assistants:\n  own: {name: Own}\n",
}
ADDRESSES: Final = ("assistants.desk", "tool_templates.find", "numbers.main", "campaigns.recall")


def digests(root: Path, environment: str = "production", **changed: str) -> dict[str, str | None]:
    """Return the digest of each address in one environment, with text replaced in some files."""
    files = dict(FILES)
    for pair in changed.values():
        file, old, new = pair.split("|")
        text = files[file]
        assert isinstance(text, str)
        assert old in text
        files[file] = text.replace(old, new)
    stack = load(root, files, environment=environment)
    return {name: stack.content_of(Address.parse(name)) for name in ADDRESSES}


def changed(root: Path, change: str, environment: str = "production") -> list[str]:
    """Return the addresses whose content another text of a file changes."""
    before, after = digests(root, environment), digests(root, environment, change=change)
    return [name for name in ADDRESSES if before[name] != after[name]]


def test_environments_that_differ_in_variables_and_overrides_have_the_same_content(tmp_path: Path) -> None:
    found = digests(tmp_path)
    assert found == digests(tmp_path, "staging")
    assert all(found.values())
    assert len(set(found.values())) == len(ADDRESSES)


@pytest.mark.parametrize(
    ("change", "reaches"),
    [
        ("hmsplan.yaml|who: {default: Acme}|who: {default: Others}", []),
        ("environments/staging.yaml|Test|Other test", []),
        ("environments/production.yaml|Acme-BV|Acme-NV", []),
        ("leads.csv|+31612345678|+31612345679", []),
        ("a.yaml|name: Desk|name: The desk", ["assistants.desk"]),
        ("hmsplan.yaml|gdpr_mode: true|gdpr_mode: false", ["assistants.desk"]),
        ("hmsplan.yaml|Hallo|Dag", ["assistants.desk"]),
        ("hmsplan.yaml|${var:who}|${var:other}", ["assistants.desk"]),
        ("a.yaml|${secret:hook}|${secret:other}", ["assistants.desk"]),
        ("prompts/desk.tmpl.md|You are|You were", ["assistants.desk"]),
        ("prompts/desk.tmpl.md|${var:who}|${var:other}", ["assistants.desk"]),
        ("a.yaml|Find it|Find them", ["assistants.desk", "tool_templates.find"]),
        ("a.yaml|+31850835037|+31850835038", ["assistants.desk", "numbers.main"]),
        ("a.yaml|    timezone: Europe/Amsterdam|    timezone: Europe/Berlin", ["campaigns.recall"]),
        ("a.yaml|    name: Recall|    name: Recall\n    lifecycle: {prevent_destroy: true}", ["campaigns.recall"]),
    ],
)
def test_what_changes_the_content(tmp_path: Path, change: str, reaches: list[str]) -> None:
    """Everything that is declared for all does; people, and what one environment says for itself, do not."""
    assert changed(tmp_path, change) == reaches
    assert changed(tmp_path, change, "staging") == reaches


def test_it_does_not_matter_in_which_file_a_text_stands(tmp_path: Path) -> None:
    text = "You are the desk of ${var:who}, at ${numbers.main.phone_number}.\\n"
    assert changed(tmp_path, f'a.yaml|"${{file:prompts/desk.tmpl.md}}"|"{text}"') == []
    assert changed(tmp_path, 'hmsplan.yaml|{first_message: "Hallo ${var:who}"}|{gdpr_mode: true}') == [
        "assistants.desk"
    ]


def test_a_literal_is_not_a_variable(tmp_path: Path) -> None:
    assert changed(tmp_path, "hmsplan.yaml|Hallo ${var:who}|Hallo $${var:who}") == ["assistants.desk"]


def test_what_only_one_environment_has_has_no_content_for_others(tmp_path: Path) -> None:
    stack = load(tmp_path, FILES, environment="production")
    assert Address("assistants", "own") in stack.resources
    assert stack.content_of(Address("assistants", "own")) is None
    copying: dict[str, str | bytes] = {
        **FILES,
        "b.yaml": 'assistants:\n  second: {name: Second, first_message: "${assistants.own.name}"}\n',
        "environments/staging/own.yaml": "assistants:\n  own: {name: Try}\n",
    }
    second = Address("assistants", "second")
    staging, production = (load(tmp_path, copying, environment=name) for name in ("staging", "production"))
    assert staging.content_of(second) == production.content_of(second) is not None


def test_what_is_overridden_is_read_though_it_would_not_do(tmp_path: Path) -> None:
    """A shared text that no environment could use has a content all the same, and never fails a plan."""
    files: dict[str, str | bytes] = {
        **FILES,
        "b.yaml": "assistants:\n  b: {name: B, first_message: '${file:nowhere.md} ${assistants.gone.name}'}\n",
        "environments/production.yaml": "overrides: {assistants.b: {first_message: Hello}}\n",
    }
    stack = load(tmp_path, files, environment="production")
    assert stack.content_of(Address("assistants", "b"))


def test_the_requirement_names_its_line_and_what_is_excluded_there(tmp_path: Path) -> None:
    files = {**FILES, "environments/staging.yaml": "exclude:\n  - campaigns.recall\n"}
    stack = load(tmp_path, files, environment="production")
    assert stack.requirement is not None
    assert (stack.requirement.environment, stack.requirement.for_s) == ("staging", 86_400)
    assert str(stack.requirement.source) == "environments/production.yaml:1:23"
    assert {str(each): str(line) for each, line in stack.requirement.excluded.items()} == {
        "campaigns.recall": "environments/staging.yaml:2:5"
    }
    assert not stack.is_required
    staging = load(tmp_path, files, environment="staging")
    assert (staging.requirement, staging.is_required) == (None, True)


def test_a_requirement_without_a_length_is_met_at_once(tmp_path: Path) -> None:
    files = {**FILES, "environments/production.yaml": "require: {applied_in: staging}\n"}
    requirement = load(tmp_path, files, environment="production").requirement
    assert requirement is not None
    assert requirement.for_s == 0


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"production": "require: {applied_in: stagin}"}, 'no environment "stagin". Did you mean staging?'),
        ({"production": "require: {applied_in: acceptance}"}, "The environments are production, staging."),
        ({"production": "require: {applied_in: production}"}, "production requires itself"),
        (
            {"production": "require: {applied_in: staging}", "staging": "require: {applied_in: production}"},
            "production → staging → production",
        ),
        (
            {
                "production": "require: {applied_in: staging}",
                "staging": "require: {applied_in: test}",
                "test": "require: {applied_in: production}",
            },
            "production → staging → test → production",
        ),
        ({"production": "require: {applied_in: staging, for: 24}"}, "number of minutes, hours or days"),
        ({"production": "require: {applied_in: staging, during: 24h}"}, "during"),
        ({"production": "require: {for: 24h}"}, "applied_in"),
        ({"production": "require: staging"}, "has to be a block"),
        ({"production": "require: {applied_in: '${var:x}'}"}, "has no meaning here"),
    ],
)
def test_a_requirement_that_cannot_be_met_is_told(tmp_path: Path, files: dict[str, str], told: str) -> None:
    written: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK,
        "a.yaml": "assistants:\n  a: {name: A}\n",
        "environments/staging.yaml": "",
        **{f"environments/{name}.yaml": text + "\n" for name, text in files.items()},
    }
    found = problems(write(tmp_path / "stack", {}), written, environment="production")
    assert any(told in f"{each.summary} {each.detail}" for each in found), found
    assert all(each.source is not None and each.source.file == "environments/production.yaml" for each in found)


def test_a_circle_that_others_make_is_theirs(tmp_path: Path) -> None:
    """It is told to those who are in it."""
    written: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK,
        "environments/staging.yaml": "require: {applied_in: test}\n",
        "environments/test.yaml": "require: {applied_in: staging}\n",
        "environments/production.yaml": "require: {applied_in: staging}\n",
    }
    assert load(tmp_path, written, environment="production").requirement is not None

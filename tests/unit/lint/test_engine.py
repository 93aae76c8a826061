"""What lint makes of the findings of rules: their line, severity, and the comments that silence them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from support.lint import STACK, linted
from support.writing import write

from hmsplan.config.load import load_stack
from hmsplan.errors import ConfigError
from hmsplan.lint.engine import MOST
from hmsplan.lint.rules import all_rules
from hmsplan.operations.lint import lint_stack

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.caller}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads.csv}
# file: leads.csv
phone_number,first_name
+31201234567,Ann
"""
RULE = "unknown-placeholder"


def assistant(message: str, *, above: str = "", behind: str = "") -> str:
    return f"assistants:\n{above}  caller:\n    name: Caller\n    first_message: {message}{behind}\n{CAMPAIGN}"


def of_rule(root: Path, example: str, rule: str = RULE, today: date = date(2026, 11, 30)) -> list[str]:
    return [str(each.source) for each in linted(root, example, today=today) if each.rule == rule]


def test_a_finding_stands_on_the_line_of_its_field(tmp_path: Path) -> None:
    assert of_rule(tmp_path, assistant('"Hello {{frist_name}}."')) == ["stack.yaml:4:20"]


def test_a_finding_in_a_block_of_text_stands_on_its_own_line(tmp_path: Path) -> None:
    assert of_rule(tmp_path, assistant("|\n      Hello,\n      dear {{frist_name}}.")) == ["stack.yaml:6:12"]


def test_a_finding_in_a_file_stands_in_the_file(tmp_path: Path) -> None:
    example = assistant("${file:hello.md}") + "# file: hello.md\nHello,\n\ndear {{frist_name}}.\n"
    assert of_rule(tmp_path, example) == ["hello.md:3:6"]


def test_what_several_resources_inherit_is_told_of_the_first_of_them(tmp_path: Path) -> None:
    """In whatever order they are asked for: a report is the same byte by byte each time."""
    bases = "bases: {all: {webhook_url: 'http://hooks.example.com'}}\n"
    two = "assistants: {a: {name: A, extends: [all]}, b: {name: B, extends: [all]}}\n"
    write(tmp_path, {"hmsplan.yaml": STACK + bases, "a.yaml": two})
    rule = "url-without-encryption"
    stack = load_stack(tmp_path)
    for only in ([*stack.resources], [*reversed([*stack.resources])]):
        found = lint_stack(stack, tmp_path, only=only, rules={rule: all_rules()[rule]})
        assert [str(each.address) for each in found] == ["assistants.a"]


@pytest.mark.parametrize(
    "where",
    [
        {"behind": "  # hmsplan: ignore unknown-placeholder because we say it so"},
        {"above": "  # hmsplan: ignore unknown-placeholder until 2026-11-30 because we say it so\n"},
        {"above": "  # hmsplan: ignore missing-x, unknown-placeholder because we say it so\n"},
    ],
    ids=["at its line", "above the resource, on the last day", "with another rule"],
)
def test_a_comment_silences_a_rule(tmp_path: Path, where: dict[str, str]) -> None:
    known = {key: text.replace("missing-x, ", "") for key, text in where.items()}
    found = linted(tmp_path, assistant('"Hello {{frist_name}}."', **known))
    assert [each.rule for each in found if each.rule in {RULE, "ignore-without-effect", "ignore-expired"}] == []


@pytest.mark.parametrize(
    ("comment", "rule", "says"),
    [
        ("unknown-placeholder until 2026-11-29 because soon", "ignore-expired", "until 2026-11-29"),
        ("unknown-placeholder", "ignore-without-effect", "does not say why"),
        ("unknown-placeholdr because soon", "ignore-without-effect", "Did you mean unknown-placeholder?"),
        ("unknown-placeholder until Friday because soon", "ignore-without-effect", "Friday is not a date"),
        ("", "ignore-without-effect", "Write it as"),
    ],
)
def test_a_comment_that_is_wrong_or_over_silences_nothing_and_is_told(
    tmp_path: Path, comment: str, rule: str, says: str
) -> None:
    found = linted(tmp_path, assistant('"Hello {{frist_name}}."', behind=f"  # hmsplan: ignore {comment}"))
    assert RULE in {each.rule for each in found}
    (told,) = [each for each in found if each.rule == rule]
    assert says in told.detail
    assert told.source is not None
    assert told.source.line == 4


def test_of_thousands_of_places_the_first_are_told(tmp_path: Path) -> None:
    message = " ".join(f"{{{{x{number}}}}}" for number in range(200))
    told = [each for each in linted(tmp_path, assistant(f'"{message}"')) if each.rule == RULE]
    assert len(told) == MOST
    assert [each for each in told if "There are more like this" in each.detail] == [told[-1]]


def test_a_comment_at_the_head_of_a_file_is_about_the_file(tmp_path: Path) -> None:
    files = f"# file: hmsplan.yaml\n{STACK}default_environment: live\n# file: environments/live.yaml\n"
    head = "# A note.\n# hmsplan: ignore environment-of-any-organization because it is a sketch\n\n"
    rule = "environment-of-any-organization"
    assert of_rule(tmp_path, f"{files}variables: {{}}\n", rule) == ["environments/live.yaml:1:1"]
    assert of_rule(tmp_path, f"{files}{head}variables: {{}}\n", rule) == []
    assert of_rule(tmp_path, f"{files}variables: {{}}\n{head}", rule) == ["environments/live.yaml:1:1"]


def test_a_comment_that_silences_nothing_is_told(tmp_path: Path) -> None:
    example = assistant('"Hello {{first_name}}."', behind="  # hmsplan: ignore unknown-placeholder because soon")
    assert of_rule(tmp_path, example, "ignore-without-effect") == ["stack.yaml:4:45"]


def test_the_stack_decides_how_bad_a_rule_is(tmp_path: Path) -> None:
    example = assistant('"Hello {{frist_name}}."')
    for word, severities in {"off": set(), "info": {"info"}, "warning": {"warning"}}.items():
        settings = f"# file: hmsplan.yaml\n{STACK}lint: {{rules: {{{RULE}: {word}}}}}\n"
        assert {each.severity for each in linted(tmp_path, example + settings) if each.rule == RULE} == severities


def test_a_rule_that_there_is_not_is_told_at_its_line(tmp_path: Path) -> None:
    settings = f"# file: hmsplan.yaml\n{STACK}lint:\n  rules:\n    unknown-placeholdr: off\n"
    (told,) = [each for each in linted(tmp_path, assistant("Hello.") + settings) if each.rule == "unknown-rule"]
    assert str(told.source) == "hmsplan.yaml:5:5"
    assert "unknown-placeholder?" in told.detail


def test_a_severity_that_there_is_not_is_an_error_of_the_stack(tmp_path: Path) -> None:
    settings = f"# file: hmsplan.yaml\n{STACK}lint: {{rules: {{{RULE}: fatal}}}}\n"
    with pytest.raises(ConfigError, match="fatal"):
        linted(tmp_path, assistant("Hello.") + settings)


def test_a_comment_on_what_another_environment_has_is_not_told(tmp_path: Path) -> None:
    """Where its resource is left out, nothing can break the rule: the comment is right elsewhere."""
    comment = "  # hmsplan: ignore unknown-placeholder because we say it so\n"
    example = assistant('"Hello {{frist_name}}."', above=comment).replace(
        "campaigns:", "tool_templates: {}\ncampaigns:"
    )
    left_out = "# file: environments/test.yaml\nexclude: [assistants.caller, campaigns.recall]\n"
    head = "# file: hmsplan.yaml\nversion: 1\nstack: acme\ndefault_environment: test\n"
    assert of_rule(tmp_path, example + left_out + head, "ignore-without-effect") == []


def test_a_comment_on_a_rule_that_did_not_run_is_not_told(tmp_path: Path) -> None:
    example = assistant('"Hello {{first_name}}."', behind="  # hmsplan: ignore unknown-placeholder because soon")
    assert linted(tmp_path, example, all_rules()["names-differ-by-case"]) == ()


def test_a_wrong_comment_in_any_file_is_told_those_of_other_environments_too(tmp_path: Path) -> None:
    comment = "# hmsplan: ignore unknown-placeholdr because soon\n"
    files = ("hmsplan.yaml", "environments/live.yaml", "environments/test.yaml", "environments/test/more.yaml")
    start = {"hmsplan.yaml": f"{STACK}default_environment: live\n"}
    example = "".join(f"# file: {name}\n{start.get(name, '')}{comment}" for name in files)
    assert of_rule(tmp_path, comment + example, "ignore-without-effect") == [
        *("environments/live.yaml:1:1", "environments/test.yaml:1:1", "environments/test/more.yaml:1:1"),
        *("hmsplan.yaml:4:1", "stack.yaml:1:1"),
    ]


def test_each_of_many_resources_is_looked_at(tmp_path: Path) -> None:
    many = "".join(f'  desk_{number}: {{name: Desk {number}, first_message: "Hi 👍"}}\n' for number in range(100))
    found = linted(tmp_path, f"assistants:\n{many}", all_rules()["spoken-emoji"])
    assert [each.source.line for each in found if each.source is not None] == list(range(2, 102))


def test_what_a_template_brings_is_told_once_and_of_the_template(tmp_path: Path) -> None:
    destination = '{type: number, number: "+31201234567", description: The desk., message: "One moment 👍"}'
    example = f"""
assistants:
  day: {{name: Day, llm_config: {{provider: openai, model: gpt-5.4, tools: ["${{tool_templates.desk}}"]}}}}
  night: {{name: Night, llm_config: {{provider: openai, model: gpt-5.4, tools: ["${{tool_templates.desk}}"]}}}}
tool_templates:
  desk: {{name: Desk, tool_type: transfer_call, tool_config: {{destinations: [{destination}]}}}}
"""
    (found,) = linted(tmp_path, example, all_rules()["spoken-emoji"])
    assert str(found.address) == "tool_templates.desk"

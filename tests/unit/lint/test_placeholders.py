"""What lint finds between braces, and what it leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.lint import linted

from hmsplan.lint.examples import RECALL, RECALL_PROMPT
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

RECALL_, PROMPT_ = RECALL.lstrip("\n"), RECALL_PROMPT.lstrip("\n")
LEADS = "phone_number,first_name\n+31201234567,Ann\n"


def found(root: Path, rule: str, example: str) -> list[str]:
    """Return where *rule* finds something, in order, each with its detail."""
    return [f"{each.source} {each.detail}" for each in linted(root, example, all_rules()[rule])]


def places(root: Path, rule: str, example: str) -> list[str]:
    return [each.split(" ")[0] for each in found(root, rule, example)]


def caller(
    message: str = "Hello.", leads: str = LEADS, *, more: str = "", recall: str = RECALL_, behind: str = ""
) -> str:
    return f'assistants:\n  caller:\n    name: Caller\n    first_message: "{message}"\n{more}{recall}{leads}{behind}'


def prompted(prompt: str, leads: str = LEADS, **parts: str) -> str:
    return caller(leads=leads, recall=PROMPT_, behind=f"# file: recall.md\n{prompt}\n", **parts)


def in_yaml(*variables: str, message: str = "Hello {{first_name}}.") -> str:
    leads = "".join(f'      - {{phone_number: "+3120123456{n}", {each}}}\n' for n, each in enumerate(variables))
    return caller(message, "", recall=RECALL_.split("    leads:")[0] + "    leads:\n" + leads)


# unknown-placeholder


OLD = """
assistants:
  caller: {name: Caller, first_message: "Hello {{first_name}}, about {{date_of_visit}}."}
campaigns:
  old: {name: Old, status: %s, agent_id: "${assistants.caller}", schedule_start_time: "10:00",
    schedule_end_time: "12:00", timezone: Europe/Amsterdam,
    leads: [{phone_number: "+31201234567", variables: {first_name: Ann}}]}
  new: {name: New, agent_id: "${assistants.caller}", schedule_start_time: "10:00",
    schedule_end_time: "12:00", timezone: Europe/Amsterdam,
    leads: [{phone_number: "+31201234568", variables: {first_name: Bob, date_of_visit: Monday}}]}
"""


@pytest.mark.parametrize(("status", "is_found"), [("cancelled", False), ("paused", False), ("draft", True)])
def test_a_campaign_that_calls_nobody_any_more_blocks_no_other(tmp_path: Path, status: str, is_found: bool) -> None:
    assert bool(found(tmp_path, "unknown-placeholder", OLD % status)) is is_found


def test_a_paused_campaign_whose_names_no_other_gives_is_told(tmp_path: Path) -> None:
    example = (OLD % "paused").replace(", date_of_visit: Monday", "")
    assert len(found(tmp_path, "unknown-placeholder", example)) >= 1


@pytest.mark.parametrize("text", ["{{y] and {{naam}} too", ':-} and JSON {"a": {"b": {"c": x}}}'])
def test_a_name_is_not_cut_in_two(tmp_path: Path, text: str) -> None:
    told = found(tmp_path, "unbalanced-braces", prompted(text))
    assert [each for each in told if "{{aam}}" in each or "{{x}}" in each] == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("frist_name", "Did you mean first_name?"),
        ("firstName", "Write {{first_name}}, letter by letter"),
        ("First Name", "Write {{first_name}}, letter by letter"),
        ("first-name", "Write {{first_name}}, letter by letter"),
        ("transcript", "only in an analysis"),
        ("achternaam", "No lead of campaigns.recall gives {{achternaam}}."),
        ("prénom", "No lead of campaigns.recall gives {{prénom}}."),
    ],
)
def test_a_name_that_no_lead_gives_is_told_with_what_was_meant(tmp_path: Path, name: str, says: str) -> None:
    (told,) = found(tmp_path, "unknown-placeholder", prompted(f"You call\n{{{{ {name} }}}} today."))
    assert told.startswith("recall.md:2:1 ")
    assert says in told


@pytest.mark.parametrize(
    "text",
    [
        "{{first_name}} {{ first_name }} {{phone_number}}",
        "{first_name} {{{{",
        'Answer with JSON: {"a": {"b": {}}}',
        '{{"a": 1}}',
        "{{now}}, {{customer.number}} and {{system__time}} are of other platforms",
    ],
)
def test_a_text_without_unknown_names_is_right(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "unknown-placeholder", prompted(text)) == []


def test_a_name_that_only_the_leads_of_another_campaign_give_is_told(tmp_path: Path) -> None:
    second = RECALL_.split("    leads:")[0].replace("campaigns:\n  recall", "  second")
    second += '    leads: [{phone_number: "+31201234569", variables: {town: Delft}}]\n'
    recall = RECALL_.replace("# file", second + "# file")
    (told,) = found(tmp_path, "unknown-placeholder", caller("Hello {{first_name}}.", recall=recall))
    assert "No lead of campaigns.second gives {{first_name}}. Those of campaigns.recall do" in told


def test_a_campaign_without_leads_gives_nothing_to_compare(tmp_path: Path) -> None:
    for leads in ("phone_number,first_name\n",):
        assert found(tmp_path, "unknown-placeholder", caller("Hello {{frist_name}}.", leads)) == []


def test_consent_is_asked_of_callers_and_not_of_leads(tmp_path: Path) -> None:
    more = "    recording_consent: {enabled: true, message: 'Press 1, {{first_name}}.'}\n"
    assert found(tmp_path, "unknown-placeholder", caller(more=more)) == []
    (told,) = found(tmp_path, "unfilled-placeholder", caller(more=more))
    assert told.startswith("stack.yaml:5:")


# lead-without-value


def test_leads_without_a_value_are_told_once_at_the_first_of_them(tmp_path: Path) -> None:
    leads = "phone_number,first_name\n+31201234567,Ann\n+31201234568,\n+31201234569,  \n"
    (told,) = found(tmp_path, "lead-without-value", caller("Hello {{first_name}}.", leads))
    assert told.startswith("leads.csv:3:1 ")
    assert "2 of 3 leads (lines 3 and 4)" in told


def test_an_empty_value_is_told_only_where_it_is_spoken(tmp_path: Path) -> None:
    leads = "phone_number,first_name,note\n+31201234567,Ann,x\n+31201234568,Bob,\n"
    assert found(tmp_path, "lead-without-value", prompted("{{first_name}}: {{note}}", leads)) == []


def test_a_lead_that_lacks_a_variable_is_told_also_for_a_prompt(tmp_path: Path) -> None:
    example = in_yaml("variables: {first_name: Ann}", "variables: {}")
    assert places(tmp_path, "lead-without-value", example) == ["stack.yaml:14:9"]


def test_a_variable_that_all_leads_lack_is_no_matter_of_one_lead(tmp_path: Path) -> None:
    assert found(tmp_path, "lead-without-value", in_yaml("variables: {}", "variables: {}")) == []


# lead-value-not-real


@pytest.mark.parametrize("value", ["#REF!", "#N/A", "null", "NULL", "N/A", "undefined", "NaN", "[object Object]"])
def test_a_value_that_a_program_left_is_told(tmp_path: Path, value: str) -> None:
    leads = f"phone_number,first_name\n+31201234567,Ann\n+31201234568,{value}\n+31201234569,{value}\n"
    (told,) = found(tmp_path, "lead-value-not-real", caller("Hello {{first_name}}.", leads))
    assert told.startswith("leads.csv:3:1 ")
    assert "and line 4 like it" in told


@pytest.mark.parametrize("value", ["3.16E+10", "{{first_name}}", "#WAARDE!"])
def test_a_value_of_a_spreadsheet_is_told(tmp_path: Path, value: str) -> None:
    leads = f"phone_number,first_name\n+31201234568,{value}\n"
    assert places(tmp_path, "lead-value-not-real", caller("Hello {{first_name}}.", leads)) == ["leads.csv:2:1"]


@pytest.mark.parametrize("value", ["Null", "Nan", "None", "#1", "3.5", "-", "Nanne", "[sic]"])
def test_a_value_that_may_be_meant_is_left_alone(tmp_path: Path, value: str) -> None:
    leads = f"phone_number,first_name\n+31201234568,{value}\n"
    assert found(tmp_path, "lead-value-not-real", caller("Hello {{first_name}}.", leads)) == []


def test_a_value_that_nothing_uses_is_not_looked_at(tmp_path: Path) -> None:
    leads = "phone_number,first_name,id\n+31201234568,Ann,#REF!\n"
    assert found(tmp_path, "lead-value-not-real", caller("Hello {{first_name}}.", leads)) == []


# unused-lead-variable


def test_a_column_that_nothing_uses_is_told_at_the_header(tmp_path: Path) -> None:
    leads = "phone_number,first_name,iban,town\n+31201234567,Ann,x,Delft\n"
    (told,) = found(tmp_path, "unused-lead-variable", prompted("{{first_name}}", leads))
    assert told.startswith("leads.csv:1:1 iban, town are filled in nowhere")


@pytest.mark.parametrize(
    "more",
    [
        '    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "{{town}}"}]}\n',
        '    voicemail_message: "Hello to {{town}}"\n',
        '    analysis_plan: {structured_data_plan: {enabled: true, messages: [{role: user, content: "{{town}}"}]}}\n',
        '    voicemail_message: "Hello to {town}"\n',
    ],
    ids=["prompt", "voicemail", "analysis", "single braces, which another rule tells"],
)
def test_a_column_that_some_text_uses_is_right(tmp_path: Path, more: str) -> None:
    leads = "phone_number,first_name,town\n+31201234567,Ann,Delft\n"
    assert found(tmp_path, "unused-lead-variable", prompted("{{first_name}}", leads, more=more)) == []


def test_a_column_that_says_who_agreed_needs_no_text(tmp_path: Path) -> None:
    """``consent-unknown`` asks for one, and ``lead-without-consent`` reads it."""
    leads = "phone_number,first_name,consent,opt_out,town\n+31201234567,Ann,form of 2026-10-02,no,Delft\n"
    (told,) = found(tmp_path, "unused-lead-variable", prompted("{{first_name}}", leads))
    assert told.startswith("leads.csv:1:1 town is filled in nowhere")


def test_a_campaign_whose_prompt_is_not_in_git_may_use_any_column(tmp_path: Path) -> None:
    assert found(tmp_path, "unused-lead-variable", caller()) == []


# mixed-lead-variables


def test_one_variable_in_two_spellings_is_told_at_the_lead(tmp_path: Path) -> None:
    example = in_yaml("variables: {first_name: Ann}", "variables: {First-Name: Bob}", "variables: {town: Delft}")
    assert places(tmp_path, "mixed-lead-variables", example) == ["stack.yaml:14:9"]
    assert found(tmp_path, "mixed-lead-variables", in_yaml("variables: {a: x}", "variables: {b: x}")) == []


# unfilled-placeholder

NUMBER = 'numbers:\n  main: {phone_number: "+31201234567", agent_id: "${assistants.caller}"}\n'


def answering(message: str, more: str = "") -> str:
    return f'assistants:\n  caller:\n    name: Caller\n    first_message: "{message}"\n{more}{NUMBER}'


def test_a_placeholder_that_callers_hear_is_told(tmp_path: Path) -> None:
    (told,) = found(tmp_path, "unfilled-placeholder", answering("Hello {{first_name}}."))
    assert told.startswith("stack.yaml:4:20 ")
    assert "${var:first_name}" in told


@pytest.mark.parametrize(
    "example",
    [
        answering("Hello.", '    voicemail_message: "Hello {{first_name}}."\n'),
        answering("Hello {{first_name}}.", "    webhook_events: [assistant-request]\n"),
        answering("It is {{now}}."),
        answering("Hello {{first_name}}.").split("numbers:", maxsplit=1)[0],
    ],
    ids=["said in outgoing calls only", "a webhook gives other texts", "of another platform", "used by nothing"],
)
def test_a_placeholder_that_callers_may_not_hear_is_left_alone(tmp_path: Path, example: str) -> None:
    assert found(tmp_path, "unfilled-placeholder", example) == []


def test_of_an_assistant_that_calls_and_answers_only_the_greeting_is_told(tmp_path: Path) -> None:
    prompt = (
        '    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "{{first_name}}"}]}\n'
    )
    example = caller("Hello {{first_name}}.", more=prompt, recall=NUMBER + RECALL_)
    (told,) = found(tmp_path, "unfilled-placeholder", example)
    assert "speech_config.first_message_outbound" in told


# single-braces, double-braces-in-template, unknown-analysis-placeholder, analysis-without-transcript


def plan(prompt: str) -> str:
    return (
        "assistants:\n  caller:\n    name: Caller\n    analysis_plan:\n      structured_data_plan:\n"
        f"        enabled: true\n        messages:\n          - {{role: user, content: '{prompt}'}}\n"
    )


def template(prompt: str, system: str = "You file calls.") -> str:
    return (
        f"analysis_templates:\n  outcome:\n    name: Outcome\n    system_prompt: {system}\n"
        f"    user_prompt: '{prompt}'\n"
        "    schema: {type: object, properties: {result: {type: string}}}\n"
    )


@pytest.mark.parametrize(
    ("example", "where"),
    [
        (prompted("You call\n{first_name} at { first_name }"), ["recall.md:2:1", "recall.md:2:17"]),
        (caller("Hello {first_name}."), ["stack.yaml:4:20"]),
        (plan("File {transcript}, {ended_reason}"), ["stack.yaml:8:43", "stack.yaml:8:43"]),
        (template("File {transcript} as {schema}"), ["stack.yaml:5:18"]),
        (prompted("{{first_name}} ${first_name} {other} {}"), []),
        (template("File {transcript}, {summary}"), []),
        (plan("File {{transcript}} like {this}"), []),
    ],
)
def test_single_braces_are_told_where_double_ones_are_filled_in(tmp_path: Path, example: str, where: list[str]) -> None:
    seen = [each.split(":")[:2] for each in places(tmp_path, "single-braces", example)]
    assert seen == [each.split(":")[:2] for each in where]


def test_double_braces_are_told_in_a_template_and_not_in_a_plan(tmp_path: Path) -> None:
    assert places(tmp_path, "double-braces-in-template", template("File {{transcript}}")) == ["stack.yaml:5:18"]
    assert places(tmp_path, "double-braces-in-template", template("File {{ended_reason}} {transcript}")) == []
    assert places(tmp_path, "double-braces-in-template", plan("File {{transcript}}")) == []


@pytest.mark.parametrize(
    ("example", "says"),
    [
        (plan("File {{transcripts}}"), "Did you mean transcript?"),
        (plan("File {{customer}}"), "{{transcript}} and {{schema}} and {{ended_reason}} are."),
        (template("File {transcrpt}"), "Did you mean {transcript}?"),
        (template("File {{verslag}} {transcript}"), "{transcript} and {summary}"),
    ],
)
def test_an_unknown_name_in_an_analysis_is_told(tmp_path: Path, example: str, says: str) -> None:
    (told,) = found(tmp_path, "unknown-analysis-placeholder", example)
    assert says in told


@pytest.mark.parametrize(
    "example",
    [
        plan("File {{schema}} {{transcript}} {{ended_reason}} {{ summary }} {{duration}}"),
        template('Answer {"outcome": {"kind": 1}} or {name}, from {transcript}'),
        template("File {caller_number} {duration}")
        + "assistants:\n  a: {name: A, analysis_plan: '${analysis_templates.outcome}'}\n",
        prompted("{{first_name}}", more=plan("File {{first_name}}").split("Caller\n")[1]),
    ],
)
def test_a_known_name_in_an_analysis_is_right(tmp_path: Path, example: str) -> None:
    assert found(tmp_path, "unknown-analysis-placeholder", example) == []


def test_an_analysis_needs_the_conversation(tmp_path: Path) -> None:
    rule = "analysis-without-transcript"
    assert places(tmp_path, rule, template("What came of it?")) == ["stack.yaml:5:18"]
    assert places(tmp_path, rule, plan("What came of it?")) == ["stack.yaml:8:35"]
    assert places(tmp_path, rule, template("What came of it?", "File {transcript}")) == []
    assert places(tmp_path, rule, plan("What came of {{ transcript }}?")) == []
    assert places(tmp_path, rule, template("What came of it? {transcrpt}")) == []
    assert places(tmp_path, rule, "assistants:\n  a: {name: A, analysis_plan: null}\n") == []


# unbalanced-braces


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Hello {{first_name}.", ["stack.yaml:4:20"]),
        ("Hello {first_name}}.", ["stack.yaml:4:20"]),
        ("Hello {{first_name, hello", ["stack.yaml:4:20"]),
        ("Hello first_name}}.", ["stack.yaml:4:20"]),
        ("Hello {{first_name}}.", []),
        ("Answer {'a': {'b': {c}}}", []),
        ("A brace { of its own", []),
        ("Hello }.", []),
    ],
)
def test_a_placeholder_with_a_brace_too_few_is_told(tmp_path: Path, text: str, where: list[str]) -> None:
    assert places(tmp_path, "unbalanced-braces", caller(text)) == where


# foreign-placeholder, interpolation-in-plain-file


@pytest.mark.parametrize(
    "text",
    [
        "Hello [NAME].",
        "Hello [Customer Name].",
        "Hello <first_name>.",
        "Hello {name}.",
        "Hello {{customer.name}}.",
        "It is {{now}}.",
        "It is {{ 'now' | date: '%H' }}.",
        "Hello $${name}.",
        "Hello %FIRSTNAME%.",
        "Hello <%= name %>.",
        "Hello {% if name %}Ann.",
    ],
)
def test_a_placeholder_of_another_platform_is_told_where_it_is_spoken(tmp_path: Path, text: str) -> None:
    assert places(tmp_path, "foreign-placeholder", answering(text)) == ["stack.yaml:4:20"]


@pytest.mark.parametrize(
    "text",
    [
        "[laughs] Hello.",
        "[whispers] Hello, <break time='1s'/> there.",
        "Hello {{first_name}}.",
        "We give 10% off, 20 % today.",
        "<name>Ann</name>",
        "See [company](https://acme.example).",
        "{'a': 1}",
    ],
)
def test_what_a_voice_reads_is_no_placeholder(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "foreign-placeholder", answering(text)) == []


@pytest.mark.parametrize("text", ['Say: "Hello [name]."', "Answer as <name>, {name} or [date].", '{{"a": 1}}'])
def test_a_prompt_may_show_a_model_what_to_fill_in(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "foreign-placeholder", prompted(text)) == []


def test_a_variable_of_leads_in_single_braces_is_told_by_its_own_rule(tmp_path: Path) -> None:
    leads = "phone_number,name\n+31201234567,Ann\n"
    assert found(tmp_path, "foreign-placeholder", caller("Hello {name}.", leads)) == []
    assert len(found(tmp_path, "single-braces", caller("Hello {name}.", leads))) == 1


def test_a_variable_of_the_stack_in_a_plain_file_is_told_at_its_line(tmp_path: Path) -> None:
    rule = "interpolation-in-plain-file"
    assert places(tmp_path, rule, prompted("You call\nfor ${var:name} from ${numbers.main.phone_number}")) == [
        "recall.md:2:5",
        "recall.md:2:22",
    ]
    assert found(tmp_path, rule, prompted("You pay ${amount} or ${HOME}")) == []


BARE = (
    "assistants: {a: {name: A}}",
    "assistants: {a: {name: A, analysis_plan: {}, speech_config: null, webhook_events: null, first_message: null}}",
    "assistants: {a: {name: A, analysis_plan: {structured_data_plan: {enabled: true, messages: []}}}}",
    "assistants: {a: {name: A, llm_config: {provider: openai, model: gpt-5.4}}}",
    "assistants: {a: {name: A, llm_config: {provider: openai, model: gpt-5.4, tools: [], messages: []}}}",
    """
workflows:
  w:
    name: W
    definition:
      {version: 1, entry_node: a, nodes: [{id: a, type: conversation, instructions: Ask.}], global_prompt: null}
numbers: {n: {phone_number: "+31201234567", workflow_id: "${workflows.w}"}}
""",
    "tool_templates: {t: {name: T, tool_type: transfer_call, tool_config: {destinations: []}}}",
    "tool_templates: {t: {name: t_t, tool_type: function, tool_config: {}}}",
    """
campaigns:
  c:
    name: C
    agent_id: 3f0c0d5e-0000-4000-8000-000000000000
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
    leads: []
""",
)


@pytest.mark.parametrize("example", BARE)
def test_what_is_not_there_is_not_looked_at(tmp_path: Path, example: str) -> None:
    """Every rule runs over it; what they find is worth no more than a warning."""
    assert [each for each in linted(tmp_path, example) if each.severity == "error"] == []

"""What lint finds in tools and in what prompts say of them, and what it leaves alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.lint import linted

from hmsplan.lint.examples import RECALL_PROMPT
from hmsplan.lint.orders import HANG_UP, TRANSFER, orders
from hmsplan.lint.rules import all_rules
from hmsplan.lint.tools import names_in

if TYPE_CHECKING:
    from pathlib import Path

WHAT = "Finds the coming appointment of a patient in the diary of the practice, by date of birth and name."
TEMPLATE = f"""
tool_templates:
  lookup:
    name: Look up
    tool_type: function
    tool_config: {{name: lookup_appointment, description: "{WHAT}"}}
"""


def found(root: Path, rule: str, example: str, environ: dict[str, str] | None = None) -> list[str]:
    """Return where *rule* finds something, in order, each with its detail."""
    return [f"{each.source} {each.detail}" for each in linted(root, example, all_rules()[rule], environ=environ)]


def desk(prompt: str = "Help callers.", *tools: Any, more: str = "", **llm: Any) -> str:
    """Return an assistant with a prompt in desk.md."""
    config = {"provider": "openai", "model": "gpt-5.4", "tools": list(tools), **llm}
    config["messages"] = [{"role": "system", "content": "${file:desk.md}"}]
    return (
        f"assistants:\n  desk:\n    name: Desk\n{more}    llm_config: {json.dumps(config)}\n{TEMPLATE}\n"
        f"# file: desk.md\n{prompt}\n"
    )


def function(name: str = "find_slot", description: str = WHAT, **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": description, **fields}


# tool-not-attached


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("Call the `find_slots` tool.", "Did you mean find_slot?"),
        ("Use `findSlot` to look.", "Did you mean find_slot?"),
        ("First call find_slots, then talk.", "Did you mean find_slot?"),
        ("Use `lookup_appointment`.", "Add ${tool_templates.lookup} to the tools."),
        ("An appointment is found with lookup_appointment.", "Add ${tool_templates.lookup} to the tools."),
        ("Run `cancel_order()` at once.", "take it out of the prompt"),
        ("Use `send_invoice` for it.", "take it out of the prompt"),
        ("Verzet hem met `reschedule_visit`.", "take it out of the prompt"),
        ("Roep `check_voorraad` aan.", "take it out of the prompt"),
        ("The create_ticket tool opens a ticket.", "take it out of the prompt"),
    ],
)
def test_a_tool_that_the_model_lacks_is_told_where_the_prompt_names_it(tmp_path: Path, prompt: str, says: str) -> None:
    (told,) = found(tmp_path, "tool-not-attached", desk(f"Be kind.\n{prompt}", function()))
    assert told.startswith("desk.md:2:")
    assert says in told


PARAMETERS = {
    "type": "object",
    "properties": {"date_of_birth": {"type": "string"}, "part": {"enum": ["early_morning", "late_evening"]}},
}


@pytest.mark.parametrize(
    "prompt",
    [
        "Call `find_slot`, then find_slot again.",
        "Use `date_of_birth` and early_morning as the caller said them.",
        "Use `end_call` or transferCall.",
        "Never use `lookup_appointment`: that is for the desk.",
        "Do not call lookup_appointment.",
        "Use `en_US` and snake_case.",
        "See https://acme.example/call_center or mail first_last@acme.example, or read some_file.md.",
        "Say {{first_name}} or ${var_name}.",
        "A __bold__ word and an _emphatic_ one, and `code`.",
        "Call the booking tool and use the search function.",
        "Call `find_customer` of the CRM, or web_search.",
        "The variable is called customer_status.",
        "Note the `record_type`, the `list_price` and the `book_title`.",
        "An e-mail is sent by send_email.",
    ],
)
def test_a_name_that_is_attached_or_is_no_tool_is_left_alone(tmp_path: Path, prompt: str) -> None:
    mcp = {"type": "mcp", "mcp_server_id": "3f0c0d5e-0000-4000-8000-000000000000", "allowed_tools": ["find_customer"]}
    example = desk(
        prompt, function(parameters=PARAMETERS), mcp, provider="xai_realtime", model="grok-voice-think-fast-2.0"
    )
    example = example.replace('"tools": [', '"provider_tools": [{"type": "web_search"}], "tools": [')
    assert found(tmp_path, "tool-not-attached", example) == []


def test_a_template_that_is_attached_counts(tmp_path: Path) -> None:
    example = desk("Call `lookup_appointment`.", "${tool_templates.lookup}")
    assert found(tmp_path, "tool-not-attached", example) == []


def test_the_nested_form_counts(tmp_path: Path) -> None:
    nested = {"type": "function", "function": {"name": "find_slot", "description": WHAT}}
    assert found(tmp_path, "tool-not-attached", desk("Call `find_slot`.", nested)) == []


def test_the_prompt_of_a_campaign_means_the_tools_of_its_assistant(tmp_path: Path) -> None:
    leads = "phone_number,due_date\n+31201234567,May\n"
    leads += "# file: recall.md\nCall `find_slots` on {{due_date}}, use `due_date`.\n"
    example = RECALL_PROMPT.replace("assistants.caller", "assistants.desk").lstrip("\n") + leads
    (told,) = found(tmp_path, "tool-not-attached", f"{desk('Hello.', function())}# file: recall.yaml\n{example}")
    assert told.startswith("recall.md:1:7 ")


def flow(prompt: str, *, number: str = "") -> str:
    return (
        "workflows:\n  triage:\n    name: Triage\n    definition:\n      version: 1\n      entry_node: hello\n"
        f"      nodes:\n        - {{id: hello, type: conversation, instructions: '{prompt}'}}\n"
        f"{number}# file: desk.yaml\n"
    ) + desk("Hello.", function())


def test_a_node_means_its_own_tools_and_those_of_the_assistant(tmp_path: Path) -> None:
    prompt = "Call `find_slot`."
    number = 'agent_id: "${assistants.desk}", workflow_id: "${workflows.triage}"'
    number = f'numbers: {{main: {{phone_number: "+31201234567", {number}}}}}\n'
    (told,) = found(tmp_path, "tool-not-attached", flow(prompt))
    assert told.startswith("stack.yaml:8:")
    assert "the tool as assistants.desk has it" in told
    assert found(tmp_path, "tool-not-attached", flow(prompt, number=number)) == []


def test_names_have_the_form_of_a_tool() -> None:
    text = "Use `a_b`, call c_d(), `getIt` and gH; `x`, e_f.csv, g_h@i.nl, /j_k, {l_m}, n_o-p"
    assert [each.name for each in names_in(text)] == ["a_b", "getIt", "c_d"]


# tool-never-named, tool-without-description, tools-described-alike


@pytest.mark.parametrize(
    ("prompt", "tool", "count"),
    [
        ("Help.", function(description="Finds a slot in the diary."), 1),
        ("Help with `find_slot`.", function(description="Finds a slot in the diary."), 0),
        ("Find slot first.", function(description="Finds a slot in the diary."), 0),
        ("Help.", function(), 0),
        ("Help.", {"type": "end_call"}, 0),
    ],
)
def test_a_tool_that_no_prompt_names_is_told(tmp_path: Path, prompt: str, tool: dict[str, Any], count: int) -> None:
    assert len(found(tmp_path, "tool-never-named", desk(prompt, tool))) == count


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        (function(description=""), "find_slot has no description"),
        (function(description="Finds"), 'find_slot has only "Finds"'),
        (function(description="Find slot."), 'find_slot has only "Find slot."'),
        ({"type": "function", "function": {"name": "find_slot"}}, "find_slot has no description"),
        ({"type": "function", "function": {"name": "find_slot", "description": "x"}}, 'only "x"'),
    ],
)
def test_a_tool_that_does_not_say_what_it_does_is_told(tmp_path: Path, tool: dict[str, Any], says: str) -> None:
    (told,) = found(tmp_path, "tool-without-description", desk("Help.", tool))
    assert says in told


@pytest.mark.parametrize(
    "description", ["Zoekt een vrij uur op.", "Finds a slot.", "空いている時間を予約表から探します。"]
)
def test_a_short_description_in_any_language_is_enough(tmp_path: Path, description: str) -> None:
    assert found(tmp_path, "tool-without-description", desk("Help.", function(description=description))) == []


def test_a_template_is_told_once_where_it_stands(tmp_path: Path) -> None:
    example = desk("Help.", "${tool_templates.lookup}", {"type": "end_call"}).replace(WHAT, "Finds")
    (told,) = found(tmp_path, "tool-without-description", example)
    assert told.startswith("stack.yaml:10:")


@pytest.mark.parametrize(
    ("tools", "count"),
    [
        ((function("a_visit"), function("b_visit", WHAT.upper())), 1),
        ((function("find_slot", "One thing it does."), function("findSlot", "Another thing.")), 1),
        ((function("a_visit", ""), function("b_visit", "")), 0),
        ((function("a_visit", "One thing it does."), function("b_visit", "Another thing.")), 0),
    ],
)
def test_tools_that_cannot_be_told_apart_are_told(tmp_path: Path, tools: tuple[Any, ...], count: int) -> None:
    assert len(found(tmp_path, "tools-described-alike", desk("Help.", *tools))) == count


# parameters


def told_of(root: Path, rule: str, parameters: dict[str, Any]) -> list[str]:
    return [each.split(" ", 1)[1] for each in found(root, rule, desk("Help.", function(parameters=parameters)))]


TEXT = {"type": "string", "description": "A text."}


@pytest.mark.parametrize(
    ("parameters", "details"),
    [
        (
            {"properties": {"day": TEXT}, "required": ["day", "dya"]},
            ["find_slot: dya is required, and no property. Did you mean day?"],
        ),
        ({"required": ["day"]}, ["find_slot: day is required, and no property. Describe it in properties."]),
        (
            {"properties": {"a": {"type": "object", "required": ["x"]}}},
            ["find_slot: x is required, and no property. Describe it in properties.a.properties."],
        ),
        ({"properties": {"day": TEXT}, "required": ["day"]}, []),
        ({"required": ["day"], "anyOf": [{"properties": {"day": TEXT}}]}, []),
        ({"properties": {"required": TEXT}}, []),
        ({}, []),
    ],
)
def test_what_is_required_has_to_be_a_property(tmp_path: Path, parameters: dict[str, Any], details: list[str]) -> None:
    schema = {"type": "object", **parameters}
    assert told_of(tmp_path, "required-not-a-property", schema) == details


TREE = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Tree"}}}


@pytest.mark.parametrize(
    ("parameters", "reference", "recursive"),
    [
        ({"properties": {"a": {"$ref": "#/$defs/Day"}}}, 1, 0),
        ({"properties": {"a": {"$ref": "#/$defs/Dya"}}, "$defs": {"Day": TEXT}}, 1, 0),
        ({"properties": {"a": {"$ref": "https://acme.example/day.json"}}}, 1, 0),
        ({"properties": {"a": {"$ref": "#/$defs/Day"}}, "$defs": {"Day": TEXT}}, 0, 0),
        ({"properties": {"a": TEXT, "b": {"$ref": "#/properties/a"}}}, 0, 0),
        ({"properties": {"a": {"$ref": "#/$defs/Tree"}}, "$defs": {"Tree": TREE}}, 0, 1),
        ({"properties": {"a": {"type": "array", "items": {"$ref": "#"}}}}, 0, 1),
        ({"properties": {"$ref": TEXT}}, 0, 0),
    ],
)
def test_a_reference_leads_somewhere_and_comes_to_an_end(
    tmp_path: Path, parameters: dict[str, Any], reference: int, recursive: int
) -> None:
    schema = {"type": "object", **parameters}
    assert len(told_of(tmp_path, "reference-to-nothing", schema)) == reference
    assert len(told_of(tmp_path, "recursive-parameters", schema)) == recursive


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ({"enum": []}, "enum is empty"),
        ({"type": "string", "enum": [1, 2]}, "No value of enum is text."),
        ({"type": "string", "enum": [True]}, "No value of enum is text."),
        ({"enum": ["a"], "const": "b"}, "const is not among the values"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "minimum is 3 and maximum is 2"),
        ({"type": "number", "exclusiveMinimum": 2, "exclusiveMaximum": 2}, "exclusiveMinimum is 2"),
        ({"type": "string", "minLength": 9, "maxLength": 8}, "minLength is 9"),
        ({"type": "array"}, "A list has to say what it holds"),
        ({"type": "object", "additionalProperties": False}, "The block has no properties"),
    ],
)
def test_an_argument_that_no_value_fits_is_told(tmp_path: Path, argument: dict[str, Any], says: str) -> None:
    (told,) = told_of(tmp_path, "impossible-argument", {"type": "object", "properties": {"x": argument}})
    assert says in told


@pytest.mark.parametrize(
    "parameters",
    [
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"type": "object", "properties": {"x": {"type": ["string", "null"], "enum": ["a", None]}}},
        {"type": "object", "properties": {"x": {"type": "integer", "minimum": 2, "maximum": 2}}},
        {"type": "object", "properties": {"x": {"type": "array", "items": TEXT}}},
        {"type": "object", "properties": {"x": {"type": "object", "additionalProperties": True}}},
        {"type": "object", "properties": {"enum": TEXT, "type": TEXT}},
        {"anyOf": [{"type": "object"}]},
        {},
    ],
)
def test_an_argument_that_some_value_fits_is_right(tmp_path: Path, parameters: dict[str, Any]) -> None:
    assert told_of(tmp_path, "impossible-argument", parameters) == []


def test_arguments_are_a_block(tmp_path: Path) -> None:
    (told,) = told_of(tmp_path, "impossible-argument", {"type": "string"})
    assert 'write type: object, not "string".' in told
    (told,) = told_of(tmp_path, "impossible-argument", {"properties": {"x": TEXT}})
    assert "write type: object." in told


def test_an_argument_with_a_description_or_choices_is_described(tmp_path: Path) -> None:
    described = {"a": TEXT, "b": {"enum": ["x", "y"]}, "c": {"title": "Name of the street", "type": "string"}}
    assert told_of(tmp_path, "undescribed-argument", {"type": "object", "properties": described}) == []
    nested = {"a": {"type": "object", "description": "An address.", "properties": {"town": {"type": "string"}}}}
    assert told_of(tmp_path, "undescribed-argument", {"type": "object", "properties": nested}) == [
        "find_slot: town has no description."
    ]


# URLs


@pytest.mark.parametrize(
    ("host", "rule"),
    [
        ("10.0.0.5", "webhook-not-public"),
        ("127.0.0.1:3000", "webhook-not-public"),
        ("[::1]", "webhook-not-public"),
        ("169.254.169.254", "webhook-not-public"),
        ("localhost", "webhook-not-public"),
        ("crm", "webhook-not-public"),
        ("crm.internal", "webhook-not-public"),
        ("CRM.Local.", "webhook-not-public"),
        ("a1.ngrok-free.app", "webhook-on-a-tunnel"),
        ("x.trycloudflare.com", "webhook-on-a-tunnel"),
        ("api.acme.example", None),
        ("8.8.8.8", None),
        ("local.acme.nl", None),
        ("ngrok.com", None),
    ],
)
def test_a_webhook_has_to_be_reached_from_the_internet(tmp_path: Path, host: str, rule: str | None) -> None:
    url = f"https://{host}/voice"
    for example in (
        desk("Help.", function(url=url)),
        desk("Help.", function(server={"url": url})),
        desk("Help.", {"type": "function", "function": {"name": "a", "description": WHAT}, "server": {"url": url}}),
        desk("Help.", more=f"    webhook_url: '{url}'\n"),
    ):
        for each in ("webhook-not-public", "webhook-on-a-tunnel"):
            assert len(found(tmp_path, each, example)) == (each == rule), example


@pytest.mark.parametrize(
    ("url", "count"),
    [("http://a.example/x", 1), ("https://a.example/x", 0), ("http://localhost:3000/x", 0)],
)
def test_a_webhook_without_encryption_is_warned_of_where_it_is_written(tmp_path: Path, url: str, count: int) -> None:
    for example in (desk("Help.", function(url=url)), desk("Help.", more=f"    webhook_url: '{url}'\n")):
        assert len(found(tmp_path, "url-without-encryption", example)) == count, example
    copies = "".join(f"  a{n}: {{name: A{n}, llm_config: {{tools: ['${{tool_templates.find}}']}}}}\n" for n in (1, 2))
    template = f"{{name: find, tool_type: function, tool_config: {{name: find, description: D, url: '{url}'}}}}"
    example = f"assistants:\n{copies}tool_templates:\n  find: {template}\n"
    assert [each.split(":")[1] for each in found(tmp_path, "url-without-encryption", example)] == ["5"] * count


@pytest.mark.parametrize(("host", "count"), [("crm.internal", 1), ("192.168.0.4", 1), ("crm.acme.example", 0)])
def test_an_mcp_server_has_to_be_public(tmp_path: Path, host: str, count: int) -> None:
    example = f"mcp_servers:\n  crm: {{name: CRM, url: 'https://{host}/mcp'}}\n"
    assert len(found(tmp_path, "mcp-server-not-public", example)) == count


@pytest.mark.parametrize(("seconds", "count"), [("60", 1), ("21", 1), ("20", 0), ("5", 0)])
def test_an_mcp_server_may_not_keep_callers_waiting(tmp_path: Path, seconds: str, count: int) -> None:
    example = f"mcp_servers:\n  crm: {{name: CRM, url: 'https://crm.acme.example', timeout_seconds: {seconds}}}\n"
    assert len(found(tmp_path, "slow-mcp-server", example)) == count


URL = "https://api.acme.example/slots"


@pytest.mark.parametrize(
    ("example", "count"),
    [
        (desk("Help.", function(url=URL)), 1),
        (desk("Help.", function(url=URL), more="    webhook_secret: null\n"), 1),
        (desk("Help.", function(url=URL), more="    webhook_secret: ${secret:w}\n"), 0),
        (desk("Help.", function(server={"url": URL, "secret": "${secret:w}"})), 0),
        (desk("Help.", function()), 0),
        (desk("Help.", function(url=URL), more=f"    webhook_url: '{URL}'\n"), 0),
    ],
)
def test_a_call_of_a_tool_is_signed_by_one_of_two_secrets(tmp_path: Path, example: str, count: int) -> None:
    assert len(found(tmp_path, "unsigned-tool-call", example, {"HMSPLAN_SECRET_W": "x"})) == count


@pytest.mark.parametrize(
    ("tool", "count"),
    [
        (function(), 1),
        (function() | {"async": True}, 0),
        (function(message="One moment."), 0),
        (function(async_response="One moment."), 0),
        ({"type": "function", "function": function()}, 0),
        ("${tool_templates.lookup}", 0),
    ],
)
def test_a_tool_that_could_say_something_is_told(tmp_path: Path, tool: Any, count: int) -> None:
    assert len(found(tmp_path, "silent-tool", desk("Help.", tool))) == count
    assert found(tmp_path, "silent-tool", desk('Say "Momentje" while you look.', tool)) == []


def test_tools_of_one_assistant_are_told_together(tmp_path: Path) -> None:
    tools = [function("find_a", url=URL), function("find_b", url=URL), function("find_c", message="Wait.")]
    (silent,) = found(tmp_path, "silent-tool", desk("Help.", *tools))
    assert "during find_a, find_b." in silent
    (unsigned,) = found(tmp_path, "unsigned-tool-call", desk("Help.", *tools))
    assert "Calls of find_a, find_b are not signed." in unsigned


def test_a_server_of_which_nothing_is_allowed_is_told(tmp_path: Path) -> None:
    server = {"type": "mcp", "mcp_server_id": "3f0c0d5e-0000-4000-8000-000000000000"}
    (told,) = found(tmp_path, "mcp-without-tools", desk("Help.", {**server, "allowed_tools": []}))
    assert "even refused" in told
    (told,) = found(tmp_path, "mcp-without-tools", desk("Help.", {**server, "allowed_tools": [], "required": False}))
    assert "even refused" not in told
    assert found(tmp_path, "mcp-without-tools", desk("Help.", {**server, "allowed_tools": ["find"]})) == []


# Built-in tools


@pytest.mark.parametrize("name", ["end_call", "endCall", "transfer_call", "End-Call"])
def test_a_webhook_with_the_name_of_a_built_in_tool_is_told(tmp_path: Path, name: str) -> None:
    assert len(found(tmp_path, "tool-named-like-builtin", desk("Help.", function(name)))) == 1
    assert (
        found(tmp_path, "tool-named-like-builtin", desk("Help.", function(f"{name}_note"), {"type": "endCall"})) == []
    )


def transfer(*descriptions: str) -> dict[str, Any]:
    numbers = ({"type": "number", "number": f"+3120123456{n}", "description": d} for n, d in enumerate(descriptions))
    return {"type": "transferCall", "destinations": list(numbers)}


@pytest.mark.parametrize(
    ("descriptions", "count"),
    [
        (("",), 1),
        (("-",), 1),
        (("+31201234567",), 1),
        (("Reception", "reception"), 1),
        (("Reception", "Dentist"), 0),
        (("受付係",), 0),
    ],
)
def test_a_destination_says_who_is_there(tmp_path: Path, descriptions: tuple[str, ...], count: int) -> None:
    assert len(found(tmp_path, "transfer-without-description", desk("Help.", transfer(*descriptions)))) == count


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("Then use `end_call`.", 1),
        ("Say goodbye and hang up.", 1),
        ("Zeg gedag en beëindig het gesprek.", 1),
        ("Verabschiede dich und beende das Gespräch.", 1),
        ("Dis au revoir et mets fin à l'appel.", 1),
        ("Despídete y finaliza la llamada.", 1),
        ("If they cannot breathe, tell them to hang up and call one one two.", 0),
        ("Never end the call yourself.", 0),
        ("Callers may end the call at any time.", 0),
        ("Many people get angry and hang up.", 0),
        ("Help callers.", 0),
    ],
)
def test_a_prompt_that_hangs_up_needs_a_tool(tmp_path: Path, prompt: str, count: int) -> None:
    rule = "hang-up-without-tool"
    assert len(found(tmp_path, rule, desk(prompt))) == count
    assert found(tmp_path, rule, desk(prompt, {"type": "endCall"})) == []
    assert found(tmp_path, rule, desk(prompt, more="    autonomous_silence_handling: true\n")) == []
    assert found(tmp_path, rule, desk(prompt, more="    speech_config: {end_call_phrases: [goodbye]}\n")) == []


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("Use transfer_call for emergencies.", 1),
        ("When in doubt, transfer the call.", 1),
        ("Verbind dan door met de balie.", 1),
        ("You cannot transfer the call.", 0),
        ("Ask why they want you to transfer the call.", 0),
        ("Help callers.", 0),
    ],
)
def test_a_prompt_that_transfers_needs_a_tool(tmp_path: Path, prompt: str, count: int) -> None:
    rule = "transfer-without-tool"
    assert len(found(tmp_path, rule, desk(prompt))) == count
    assert found(tmp_path, rule, desk(prompt, transfer("Reception"))) == []


def test_a_webhook_may_do_what_a_prompt_asks_for_in_words(tmp_path: Path) -> None:
    assert (
        found(tmp_path, "transfer-without-tool", desk("When in doubt, transfer the call.", function("hand_over"))) == []
    )
    assert len(found(tmp_path, "transfer-without-tool", desk("Use transfer_call.", function("hand_over")))) == 1


def test_an_order_is_found_where_it_stands() -> None:
    assert list(orders("Say goodbye.\n- End the call.", HANG_UP)) == [("End the call", 15)]
    assert list(orders("Transfer the caller, then transfer the call to Ann", TRANSFER)) == [("transfer the call", 26)]

"""``explain``: where every value of a resource comes from, and that the values are those that the planner gets."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.writing import STACK, load

from hmsplan.config.confined import Folder
from hmsplan.config.explain import Explained, Form, asked_for, explain, within
from hmsplan.config.layers import Role
from hmsplan.config.load import load_stack
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Secret, VariableOrigin, dotted, undotted, value_at
from hmsplan.output.explain import as_json, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.model import Stack

EXAMPLE = Path(__file__).parents[3] / "examples" / "stack"
SUPPORT = Address("assistants", "support")


def explained(root: Path, stack: Stack, address: Address = SUPPORT) -> tuple[Explained, ...]:
    return explain(stack.resources[address], stack, Folder(str(root)).read_text)


def at(found: Iterable[Explained], path: str) -> Explained:
    (only,) = [each for each in found if each.path == undotted(path) and not each.is_block]
    return only


def built(found: Iterable[Explained]) -> dict[str, Any]:
    """Put values together at their paths."""
    whole: dict[Any, Any] = {}
    for each in found:
        block = whole
        for part in each.path[:-1]:
            block = block.setdefault(part, {})
        assert each.path[-1] not in block
        block[each.path[-1]] = each.value
    return {name: _lists(value) for name, value in whole.items()}


def _lists(value: Any) -> Any:
    """Turn blocks whose keys are indexes into lists."""
    if not isinstance(value, dict) or not value:
        return value
    if all(type(key) is int for key in value):
        assert list(value) == list(range(len(value)))
        return [_lists(item) for item in value.values()]
    return {key: _lists(item) for key, item in value.items()}


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_values_are_those_that_the_planner_gets(environment: str) -> None:
    """Every field of every resource of the example, put together again, is its spec."""
    stack = load_stack(EXAMPLE, environment=environment)
    for address, resource in stack.resources.items():
        ours = {"lifecycle", "extends", KINDS[address.kind].members and KINDS[address.kind].members.name}  # type: ignore[union-attr]  # see and
        found = [each for each in explained(EXAMPLE, stack, address) if each.path[0] not in ours and not each.is_block]
        assert built(found) == resource.spec, address


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_every_value_of_the_example_has_a_line_of_a_layer(environment: str) -> None:
    """The line is the one that messages name; only what the form of a template brings has none."""
    stack = load_stack(EXAMPLE, environment=environment)
    for address, resource in stack.resources.items():
        for each in explained(EXAMPLE, stack, address):
            if each.written is None:
                assert each.template is not None, each.path
            elif not each.is_block and each.path[0] not in {"lifecycle", "extends", "leads"}:
                assert resource.locate is not None
                assert each.written.source == resource.locate(each.path), (address, each.path)


LAYERED: dict[str, str | bytes] = {
    "hmsplan.yaml": STACK
    + """\
variables: {business: {default: Acme}, tone: {default: warm}}
defaults:
  assistants: {business_name: Acme, max_duration_seconds: 100, webhook_secret: "${secret:old}"}
bases:
  desk: {max_duration_seconds: 200, stt_config: {provider: deepgram, model: nova-3, language: nl}}
  loud: {max_duration_seconds: 300, lifecycle: {prevent_destroy: true}}
""",
    "a.yaml": """\
        assistants:
          support:
            extends: [desk, loud]
            name: ${var:business}
            max_duration_seconds: 400
            first_message: ${file:greeting.tmpl.md}
            webhook_url: https://acme.example/hook
            webhook_secret: ${secret:hook}
            stt_config: {language: en}
            voicemail_message: ${numbers.main.phone_number}
            llm_config:
              provider: openai
              model: gpt-5.4
              tools: ["${tool_templates.lookup}", {type: end_call}]
        numbers: {main: {phone_number: "+31850835037", agent_id: "${assistants.support}"}}
        tool_templates:
          lookup:
            name: lookup
            description: Finds ${var:tone} people.
            tool_type: function
            tool_config: {url: https://api.acme.example/x, parameters: {type: object}}
        """,
    "greeting.tmpl.md": "Hello, ${var:business}.",
    "environments/live.yaml": "overrides:\n  assistants.support: {max_duration_seconds: 500, business_name: null}\n",
}


def test_each_layer_and_what_it_lies_over(tmp_path: Path) -> None:
    """The strongest first, down to the defaults."""
    found = explained(tmp_path, load(tmp_path, LAYERED, environment="live"))
    seconds = at(found, "max_duration_seconds")
    assert seconds.written is not None
    layers = [seconds.written, *seconds.overridden]
    assert [(each.role, each.base, each.value) for each in layers] == [
        (Role.OVERRIDE, "", 500),
        (Role.DECLARED, "", 400),
        (Role.BASE, "loud", 300),
        (Role.BASE, "desk", 200),
        (Role.DEFAULTS, "", 100),
    ]
    assert [f"{each.source.file}:{each.source.line}" for each in layers] == [
        "environments/live.yaml:2",
        "a.yaml:5",
        "hmsplan.yaml:8",
        "hmsplan.yaml:7",
        "hmsplan.yaml:5",
    ]
    cleared = at(found, "business_name")
    assert (cleared.value, [each.value for each in cleared.overridden]) == (None, ["Acme"])
    language, provider = at(found, "stt_config.language"), at(found, "stt_config.provider")
    assert language.written is not None
    assert provider.written is not None
    assert (language.written.role, [each.base for each in language.overridden]) == (Role.DECLARED, ["desk"])
    assert (provider.written.base, provider.overridden) == ("desk", ())
    protect = at(found, "lifecycle.prevent_destroy")
    assert protect.written is not None
    assert (protect.value, protect.written.base) == (True, "loud")


def test_what_a_value_is_made_of(tmp_path: Path) -> None:
    """Variables, those in a file too, secrets by name, copies, references and templates, each with its place."""
    stack = load(tmp_path, LAYERED, environment="live", environ={"HMSPLAN_SECRET_HOOK": "hunter2"})
    found = explained(tmp_path, stack)

    def inputs(path: str) -> list[tuple[str, str, str]]:
        return [(each.form, each.name, str(each.source)) for each in at(found, path).inputs]

    assert inputs("name") == [("var", "business", "hmsplan.yaml:3:33")]
    assert inputs("first_message") == [
        ("file", "greeting.tmpl.md", "greeting.tmpl.md:1:1"),
        ("var", "business", "hmsplan.yaml:3:33"),
    ]
    assert inputs("webhook_secret") == [("secret", "hook", "None")]
    assert inputs("voicemail_message") == [("copy", "numbers.main.phone_number", "a.yaml:15:32")]
    (paste,) = [each for each in found if each.is_block]
    assert (paste.path, str(paste.template)) == (("llm_config", "tools", 0), "tool_templates.lookup")
    assert [(each.form, each.name) for each in paste.inputs] == [(Form.TEMPLATE, "tool_templates.lookup")]
    description = at(found, "llm_config.tools[0].description")
    assert description.value == "Finds warm people."
    assert description.written is not None
    assert description.written.source.line == 19
    assert [each.name for each in description.inputs] == ["tone"]
    assert description.name == ("llm_config", "tools", "lookup", "description")
    number = explained(tmp_path, stack, Address("numbers", "main"))
    assert [(each.form, each.name) for each in at(number, "agent_id").inputs] == [
        (Form.REFERENCE, "assistants.support")
    ]


@pytest.mark.parametrize(
    ("options", "origin", "given_by"),
    [
        ({"variables": {"x": "a"}, "environ": {"HMSPLAN_VAR_X": "b"}}, VariableOrigin.FLAG, "--var x"),
        ({"environ": {"HMSPLAN_VAR_X": "b"}}, VariableOrigin.ENVIRON, "HMSPLAN_VAR_X"),
        ({"environment": "live"}, VariableOrigin.ENVIRONMENT, "environment file"),
        ({"environment": "bare"}, VariableOrigin.DEFAULT, "default"),
    ],
)
def test_who_gave_a_variable(tmp_path: Path, options: dict[str, Any], origin: VariableOrigin, given_by: str) -> None:
    stack = load(
        tmp_path,
        {
            "hmsplan.yaml": STACK + "variables: {x: {default: d}}\n",
            "a.yaml": "assistants:\n  support: {name: '${var:x}'}\n",
            "environments/live.yaml": "variables: {x: c}\n",
            "environments/bare.yaml": "",
        },
        **{"environment": "live", **options},
    )
    (given_one,) = at(explained(tmp_path, stack), "name").inputs
    assert given_one.variable is not None
    assert (given_one.variable.origin, given_one.variable.given_by) == (origin, given_by)
    assert given_one.variable.value == at(explained(tmp_path, stack), "name").value
    assert (given_one.source is not None) == (origin in {VariableOrigin.ENVIRONMENT, VariableOrigin.DEFAULT})


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither its value, nor one that somebody wrote into a layer which another one lies over."""
    files = dict(LAYERED)
    files["a.yaml"] = str(files["a.yaml"]).replace("${secret:hook}", "hunter2")
    files["environments/live.yaml"] = "overrides: {assistants.support: {webhook_secret: '${secret:hook}'}}\n"
    stack = load(tmp_path, files, environment="live", environ={"HMSPLAN_SECRET_HOOK": "s3same"}, need_secrets=False)
    found = explained(tmp_path, stack)
    secret = at(found, "webhook_secret")
    assert isinstance(secret.value, Secret)
    assert [each.value for each in secret.overridden] == ["(sensitive value)", "${secret:old}"]
    resource = stack.resources[SUPPORT]
    shown = as_text(resource, stack, found, (), width=80, color=False)
    shown += json.dumps(as_json(resource, stack, found, ()))
    assert "hunter2" not in shown
    assert "s3same" not in shown
    assert "${secret:hook}" in shown


def test_leads_are_counted_and_not_shown(tmp_path: Path) -> None:
    """Who is called is no matter of a CI log."""
    stack = load(
        tmp_path,
        {
            "a.yaml": """
                assistants: {support: {name: S}}
                campaigns:
                  spring:
                    name: Spring
                    agent_id: ${assistants.support}
                    system_message_template: Call.
                    schedule_start_time: "17:00"
                    schedule_end_time: "19:00"
                    timezone: Europe/Amsterdam
                    leads: [{phone_number: "+31850835037"}, {phone_number: "+31850835038"}]
                """
        },
    )
    address = Address("campaigns", "spring")
    found = explained(tmp_path, stack, address)
    assert at(found, "leads").value == 2
    resource = stack.resources[address]
    assert within(found, asked_for(resource, undotted("leads[1].phone_number"))) == (at(found, "leads"),)
    shown = as_text(resource, stack, found, (), width=80, color=False) + str(as_json(resource, stack, found, ()))
    assert "leads = 2 leads" in shown
    assert "+3185" not in shown


def test_paths_that_people_type(tmp_path: Path) -> None:
    """Items by index, by name as plans print them, or by number behind a point as ${…} takes them."""
    stack = load(tmp_path, LAYERED, environment="live")
    resource, found = stack.resources[SUPPORT], explained(tmp_path, stack)
    for typed in ("llm_config.tools[0].url", 'llm_config.tools["lookup"].url', "llm_config.tools.0.url"):
        (only,) = within(found, asked_for(resource, undotted(typed)))
        assert only.value == "https://api.acme.example/x"
    (parameters,) = within(found, asked_for(resource, undotted("llm_config.tools[0].parameters.type")))
    assert parameters.path == ("llm_config", "tools", 0, "parameters")
    assert not within(found, asked_for(resource, undotted("name.first")))


@given(st.lists(st.integers(0, 99) | st.text("abz_-$ .[]0", min_size=1), max_size=5).map(tuple))
def test_a_path_that_is_written_is_read_again(path: tuple[str | int, ...]) -> None:
    """Whatever its names hold, but for the end of a quoted name itself."""
    if not path or isinstance(path[0], str):
        assert undotted(dotted(path)) == path


NAMES = st.sampled_from("abc")
BLOCKS = st.dictionaries(
    NAMES,
    st.recursive(
        st.none() | st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=2),
        lambda below: st.dictionaries(NAMES, below, min_size=1),
        max_leaves=5,
    ),
)


def stack_of(root: Path, layers: list[dict[str, Any]]) -> Stack:
    """Write layers, the strongest first, under the field ``extra``."""
    override, own, second, first, defaults = ({"extra": {"knob": layer}} for layer in layers)
    head = {
        "version": 1,
        "stack": "acme",
        "defaults": {"assistants": defaults},
        "bases": {"first": first, "second": second},
    }
    resource = {"name": "Support", "extends": ["first", "second"], **own}
    return load(
        root,
        {
            "hmsplan.yaml": json.dumps(head),
            "a.yaml": json.dumps({"assistants": {"support": resource}}),
            "environments/live.yaml": json.dumps({"overrides": {"assistants.support": override}}),
        },
        environment="live",
    )


ORDER = [(Role.OVERRIDE, ""), (Role.DECLARED, ""), (Role.BASE, "second"), (Role.BASE, "first"), (Role.DEFAULTS, "")]


@settings(max_examples=60, deadline=None)
@given(layers=st.lists(BLOCKS, min_size=5, max_size=5))
def test_without_its_layer_a_value_is_what_that_lies_over(tmp_path_factory: Any, layers: list[dict[str, Any]]) -> None:
    """Each value is the one of the layer that is named; taken out there, the next one that is named comes up."""
    root = tmp_path_factory.mktemp("stack")
    stack = stack_of(root, layers)
    found = [each for each in explained(root, stack) if each.path[0] == "knob" and not each.is_block]
    assert built(found).get("knob", {}) == stack.resources[SUPPORT].spec["knob"]
    for each in [one for one in found if len(one.path) > 1][:3]:
        assert each.written is not None
        number = ORDER.index((each.written.role, each.written.base))
        inside = each.path[1:]
        assert value_at(layers[number], inside) == each.value == each.written.value
        less = copy.deepcopy(layers)
        del value_at(less[number], inside[:-1])[inside[-1]]
        now = stack_of(root, less).resources[SUPPORT].spec["knob"]
        if each.overridden:
            below = each.overridden[0]
            assert value_at(layers[ORDER.index((below.role, below.base))], inside) == below.value
            if not isinstance(below.value, dict):
                assert value_at(now, inside) == below.value
        else:
            assert inside[-1] not in (value_at(now, inside[:-1]) or {})

from __future__ import annotations

import pytest

from hmsplan.config.resource_builder import _special
from hmsplan.kinds.expand import analysis_origin, double_braces, expand_analysis, expand_tool, tool_origin
from hmsplan.model import Address, Ref, Resource, Secret, SourceLine

PARAMETERS = {"type": "object"}


def test_function() -> None:
    """A function becomes a flat webhook tool; what the template leaves out stays out."""
    template = {"name": "Look up", "description": "For people.", "tool_type": "function"}
    config = {"name": "lookup", "description": "For the model.", "parameters": PARAMETERS, "async": False}
    assert expand_tool({**template, "tool_config": config}) == config
    assert expand_tool({**template, "tool_config": {}}) == {"name": "Look up", "description": "For people."}
    assert expand_tool({"name": "n", "description": None, "tool_type": "function", "tool_config": {}}) == {"name": "n"}


def test_built_in() -> None:
    """The built-in tools keep nothing of the template's own name."""
    destinations = [{"type": "number", "number": "+31850000020", "description": "Reception."}]
    assert expand_tool({"name": "bye", "tool_type": "end_call", "tool_config": {}}) == {"type": "end_call"}
    transfer = {"name": "t", "tool_type": "transfer_call", "tool_config": {"destinations": destinations}}
    assert expand_tool(transfer) == {"type": "transfer_call", "destinations": destinations}


def test_analysis() -> None:
    """An analysis template becomes an enabled plan with two messages, its placeholders in the plan's own syntax."""
    plan = expand_analysis({"system_prompt": "Sum up.", "user_prompt": "{transcript}", "schema": PARAMETERS})
    assert plan["structured_data_plan"]["messages"][1] == {"role": "user", "content": "{{transcript}}"}
    assert plan["structured_data_plan"]["schema"] is PARAMETERS
    assert plan["structured_data_plan"]["enabled"] is True


@pytest.mark.parametrize(
    ("single", "doubled"),
    [
        ("{transcript} {summary}", "{{transcript}} {{summary}}"),
        ("{duration}s from {caller_number}", "{{duration}}s from {{caller_number}}"),
        ("{{transcript}}", "{{transcript}}"),
        ('{"transcript": 1} {other}', '{"transcript": 1} {other}'),
    ],
)
def test_braces(single: str, doubled: str) -> None:
    """Only the four placeholders of a template are doubled, and none twice."""
    assert double_braces(single) == doubled
    assert double_braces(doubled) == doubled


def test_special_values_inside_a_template() -> None:
    """References and secrets in a template would be found in what is pasted, at their new paths."""
    secret, ref = Secret("x"), Ref(Address("sip_trunks", "voip"))
    template = Resource(
        Address("tool_templates", "t"), {}, SourceLine("a.yaml", 1), secret_paths=(("tool_config", "s"),)
    )
    pasted = {"server": {"secret": secret}, "destinations": [{"number": ref}], "name": "t"}
    assert _special(pasted, ("tools", 0), template) == [
        (("tools", 0, "server", "secret"), secret),
        (("tools", 0, "destinations", 0, "number"), ref),
    ]
    assert _special(pasted, (), None) == []


def test_origins() -> None:
    """A field of an expanded template is looked for where the template writes it."""
    assert tool_origin(("url",)) == (("tool_config", "url"), ("url",))
    assert analysis_origin(("structured_data_plan", "schema", "type")) == (("schema", "type"),)
    assert analysis_origin(("structured_data_plan", "messages", 1, "content")) == (("user_prompt",),)
    assert analysis_origin(("structured_data_plan", "enabled")) == ()

"""Templates of tools, pasted into assistants."""

from __future__ import annotations

from typing import Final

from hmsplan.kinds import normalise, tool_forms
from hmsplan.kinds.expand import expand_tool, tool_origin
from hmsplan.kinds.kind import NAME, STAMPS, Expansion, Kind, patterns
from hmsplan.model import pattern

TOOL_TEMPLATES: Final = Kind(
    name="tool_templates",
    singular="tool_template",
    noun="tool template",
    path="/tool-templates",
    docs="API reference, section Tool templates",
    collection=("tool_templates", "toolTemplates"),
    envelope=("tool_template", "toolTemplate"),
    identity="name",
    file="templates/tools.yaml",
    required=frozenset({"name", "tool_type", "tool_config"}),
    computed=STAMPS,
    expansion=Expansion(expand=expand_tool, origin=tool_origin, is_tool=True),
    clearable=frozenset({"description"}),
    atomic=patterns("tool_config.parameters"),
    canonical={
        **NAME,
        pattern("tool_type"): tool_forms.tool_type,
        pattern("tool_config.url"): normalise.url,
        pattern("tool_config.destinations[].number"): normalise.phone_number,
    },
    described={(): "ToolTemplateCreate"},
    keyed={pattern("tool_config.destinations"): tool_forms.destination_name},
    union={"tool_config": "tool_type"},  # the form of tool_config follows tool_type, which stands beside it
    together={"tool_config": ("tool_type",), "tool_type": ("tool_config",)},
)

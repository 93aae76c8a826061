"""Templates pasted into assistants. The platform copies them and keeps no link; hmsplan keeps the link in git.

Nothing is copied deeply: the JSON of a template is shared by all assistants that use it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hmsplan.kinds.kind import Kind
    from hmsplan.model import FieldPath, Spec

_TOOL_FIELDS: Final = ("parameters", "url", "async")
_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{(transcript|summary|duration|caller_number)\}(?!\})")


def expanded(kind: Kind, template: Spec) -> Spec:
    """Return what a template stands for, live or declared; empty for what is no template, or of an unknown form."""
    if kind.expansion is None or not template:
        return {}
    try:
        return kind.expansion.expand(template)
    except (KeyError, TypeError, AttributeError):
        return {}


def expand_tool(template: Spec) -> dict[str, Any]:
    """Return the tool, in flat form, that a ``tool_templates`` entry stands for."""
    config = template["tool_config"]
    match template["tool_type"]:
        case "end_call":
            return {"type": "end_call"}
        case "transfer_call":
            return {"type": "transfer_call", "destinations": config["destinations"]}
    tool = {"name": config.get("name", template["name"])}
    description = config.get("description", template.get("description"))
    if description is not None:
        tool["description"] = description
    return tool | {key: config[key] for key in _TOOL_FIELDS if key in config}


def expand_analysis(template: Spec) -> dict[str, Any]:
    """Return the ``analysis_plan`` that an ``analysis_templates`` entry stands for."""
    messages = [
        {"role": "system", "content": double_braces(template["system_prompt"])},
        {"role": "user", "content": double_braces(template["user_prompt"])},
    ]
    return {"structured_data_plan": {"enabled": True, "schema": template["schema"], "messages": messages}}


def double_braces(prompt: str) -> str:
    """Turn ``{transcript}`` of an analysis template into ``{{transcript}}`` of an analysis plan; leave doubled ones.

    "{transcript} in analysis templates, {{transcript}} in analysis_plan, {{variable}} in campaign messages."
    """
    return _PLACEHOLDER.sub(r"{{\1}}", prompt)


def tool_origin(path: FieldPath) -> tuple[FieldPath, ...]:
    """Return where in a tool template the field *path* of the expanded tool may come from, best first."""
    return (("tool_config", *path), path)


def analysis_origin(path: FieldPath) -> tuple[FieldPath, ...]:
    """Return where in an analysis template the field *path* of the expanded plan may come from."""
    match path:
        case ("structured_data_plan", "schema", *rest):
            return (("schema", *rest),)
        case ("structured_data_plan", "messages", index, *_):
            return (("system_prompt" if index == 0 else "user_prompt",),)
        case _:
            return ()

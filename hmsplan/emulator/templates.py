"""Tool templates and analysis templates: copies that nothing points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmsplan.emulator import rules
from hmsplan.emulator.answers import Answer, invalid, list_envelope
from hmsplan.emulator.description import schema_of
from hmsplan.emulator.jsonio import dumps
from hmsplan.emulator.resources import Document, Resource, listing

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.settings import Settings
    from hmsplan.emulator.store import Row


def _complete_tool(ctx: Context, base: Document, sent: Document, row: Row | None) -> Document:
    doc, config = {**base, **sent}, sent.get("tool_config")
    if row is not None and config is None and doc["tool_type"] != base["tool_type"]:
        raise invalid(f"tool_config: is required with a tool_type of {doc['tool_type']}")
    if config is not None:
        # An update's config follows its tool_type, so it is read again as a create's.
        whole = {"name": doc["name"], "tool_type": doc["tool_type"], "tool_config": config}
        doc["tool_config"] = ctx.read(schema_of("ToolTemplateCreate"), whole)["tool_config"]
    ctx.refuse_if([f"{field}: {problem}" for field, problem in rules.problems({"x-name": "ToolTemplateCreate"}, doc)])
    return doc


TOOL_TEMPLATES = Resource(kind="tool_templates", shape="ToolTemplate", what="Tool template", complete=_complete_tool)


def _envelopes(settings: Settings) -> tuple[str, str]:
    """Return the newest source's, the reference's or the oldest guide's."""
    return {
        "sdk": ("analysis_templates", "analysis_template"),
        "reference": ("data", ""),
        "guide": ("analysisTemplates", "analysisTemplate"),
    }[settings.analysis_envelope]


ANALYSIS_TEMPLATES = Resource(
    kind="analysis_templates", shape="AnalysisTemplate", what="Analysis template", names=_envelopes
)


def list_analysis_templates(ctx: Context) -> Answer:
    """Answer the one paged list: limit 1 to 100, 50 without it, and offset."""
    items = listing(ctx, ANALYSIS_TEMPLATES)
    limit = ctx.options.get("limit", ctx.settings.analysis_page or max(len(items), 1))
    offset = ctx.options.get("offset", 0)
    page = items[offset : offset + limit]
    many, _ = _envelopes(ctx.settings)
    if many != "data":
        return Answer(200, list_envelope(many, page))
    counts = dumps({"total": len(items), "limit": limit, "offset": offset})
    return Answer(200, b'{"data":[%s],%s' % (b",".join(page), counts[1:]))

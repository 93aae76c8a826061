"""Tool templates and analysis templates: copies that nothing points at."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.emulator import resources
from hmsplan.emulator.answers import Answer, list_envelope
from hmsplan.emulator.jsonio import dumps
from hmsplan.emulator.resources import Draft, Resource

if TYPE_CHECKING:
    from hmsplan.emulator.context import Context
    from hmsplan.emulator.store import Row

_BLANK = {"name": "", "description": None}
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def _complete_tool(ctx: Context, draft: Draft, old: Row | None) -> Draft:
    doc = {**(old.doc if old else _BLANK), **draft.doc}
    sent = draft.doc.get("tool_config")
    if old is not None and "tool_type" in draft.doc and sent is None and doc["tool_type"] != old.doc["tool_type"]:
        ctx.refuse_if([f"tool_config: is required with a tool_type of {doc['tool_type']}"])
    if sent is not None:
        # An update's config follows its tool_type, so it is read again as a create's.
        whole = {"name": doc["name"], "tool_type": doc["tool_type"], "tool_config": sent}
        doc["tool_config"] = ctx.read("ToolTemplateCreate", whole)["tool_config"]
    named = doc["tool_config"].get("name", doc["name"])
    if doc["tool_type"] == "function" and not _FUNCTION_NAME.fullmatch(named):
        # "When absent the template's own name is used, which then has to fit this pattern."
        ctx.refuse_if([f"name: must match {_FUNCTION_NAME.pattern} unless tool_config has a name"])
    return Draft(doc)


def _complete_analysis(_ctx: Context, draft: Draft, old: Row | None) -> Draft:
    return Draft({**({} if old else _BLANK), **draft.doc})


TOOL_TEMPLATES = Resource(
    kind="tool_templates",
    path="tool-templates",
    many="tool_templates",
    one="tool_template",
    what="Tool template",
    create="ToolTemplateCreate",
    update="ToolTemplateUpdate",
    blank=_BLANK,
    org_id=True,
    complete=_complete_tool,
)

ANALYSIS_TEMPLATES = Resource(
    kind="analysis_templates",
    path="analysis-templates",
    many="analysis_templates",
    one="analysis_template",
    what="Analysis template",
    create="AnalysisTemplateCreate",
    update="AnalysisTemplateUpdate",
    blank=_BLANK,
    org_id=True,
    complete=_complete_analysis,
)

_ENVELOPES = {
    "sdk": ("analysis_templates", "analysis_template"),
    "reference": ("data", ""),
    "guide": ("analysisTemplates", "analysisTemplate"),
}


def analysis_resource(ctx: Context) -> Resource:
    """Return the kind with the envelopes that the settings ask for."""
    many, one = _ENVELOPES[ctx.settings.analysis_envelope]
    return replace(ANALYSIS_TEMPLATES, many=many, one=one)


def list_analysis_templates(ctx: Context) -> Answer:
    """Answer the one paged list: limit 1 to 100, 50 without it, and offset."""
    resource = analysis_resource(ctx)
    items = resources.listing(ctx, resource)
    limit = ctx.number("limit", default=ctx.settings.analysis_page or max(len(items), 1), least=1)
    if "limit" in ctx.query:
        limit = ctx.number("limit", default=limit, least=1, most=100)
    offset = ctx.number("offset", default=0, least=0)
    page = items[offset : offset + limit]
    if resource.many != "data":
        return Answer(200, list_envelope(resource.many, page))
    counts = dumps({"total": len(items), "limit": limit, "offset": offset})
    return Answer(200, b'{"data":[%s],%s' % (b",".join(page), counts[1:]))

"""Templates of the analysis after a call, pasted into assistants."""

from __future__ import annotations

from typing import Final

from hmsplan.kinds.expand import analysis_origin, expand_analysis
from hmsplan.kinds.kind import NAME, STAMPS, Expansion, Kind, patterns

ANALYSIS_TEMPLATES: Final = Kind(
    name="analysis_templates",
    singular="analysis_template",
    noun="analysis template",
    article="an",
    path="/analysis-templates",
    docs="API reference, section Analysis templates: limit 1 to 100, default 50; three envelopes are documented",
    collection=("analysis_templates", "data", "analysisTemplates"),
    envelope=("analysis_template", "analysisTemplate"),
    identity="name",
    file="templates/analysis.yaml",
    paged=True,
    required=frozenset({"name", "system_prompt", "user_prompt", "schema"}),
    canonical=NAME,
    computed=STAMPS,
    expansion=Expansion(expand=expand_analysis, origin=analysis_origin),
    clearable=frozenset({"description"}),
    atomic=patterns("schema"),
)

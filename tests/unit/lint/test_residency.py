"""Where audio and text of a call go: every place that a stack names, and what is known of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from support.lint import STACK, files_of

from hmsplan.config.load import load_stack
from hmsplan.lint.residency import EEA, NOT_DECLARED, PLATFORM, Flow, Part, Verdict, flows, leading
from hmsplan.lint.view import View

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """
assistants:
  desk:
    name: Desk
    stt_config: {provider: gladia, model: solaria-1, language: nl, region: eu-west}
    llm_config: {provider: google, model: gemini-3.5-flash}
    tts_config: {provider: elevenlabs, voice_id: abc}
"""


def found(root: Path, example: str) -> list[Flow]:
    """Return every way out of the only resource of *example* that leads calls."""
    for name, text in {"hmsplan.yaml": STACK, **files_of(example)}.items():
        (root / name).write_text(text, "utf-8")
    environ = {"HMSPLAN_SECRET_KEY": "sk-12345"}
    view = View(load_stack(root, environ=environ), date(2026, 11, 30))
    (resource,) = leading(view)
    return list(flows(resource, view))


def of(part: Part, found: list[Flow]) -> Flow:
    (flow,) = [flow for flow in found if flow.part is part]
    return flow


def test_a_pipeline_leads_to_three_providers(tmp_path: Path) -> None:
    listens, thinks, speaks = found(tmp_path, PIPELINE)
    assert (listens.part, listens.carries, listens.region, listens.verdict) == (
        Part.LISTENS,
        "audio",
        "EU",
        Verdict.INSIDE,
    )
    assert listens.path == ("stt_config", "region")
    assert (thinks.region, thinks.seat_in_eea, thinks.verdict) == ("EU", False, Verdict.FOREIGN_LAW)
    assert (speaks.receiver, speaks.region, speaks.verdict) == ("elevenlabs", None, Verdict.UNKNOWN)
    assert all(flow.source for flow in (listens, thinks, speaks))


def test_the_region_of_gladia_may_be_another_one(tmp_path: Path) -> None:
    listens, *_ = found(tmp_path, PIPELINE.replace("eu-west", "us-west"))
    assert listens.verdict is Verdict.OUTSIDE
    listens, *_ = found(tmp_path, PIPELINE.replace(", region: eu-west", ""))
    assert (listens.verdict, listens.seat_in_eea) == (Verdict.UNKNOWN, True)


def test_a_realtime_model_hears_and_speaks(tmp_path: Path) -> None:
    example = """
assistants:
  desk:
    name: Desk
    llm_config:
      provider: google_realtime
      model: gemini-3.8-live
      vertexai: true
      location: europe-west6
    tts_config: null
"""
    (flow,) = found(tmp_path, example)
    assert (flow.part, flow.carries, flow.region, flow.verdict) == (
        Part.REALTIME,
        "audio, text",
        "CH",
        Verdict.OUTSIDE,
    )


def test_what_is_not_declared_is_not_known(tmp_path: Path) -> None:
    flows_ = found(tmp_path, "assistants: {desk: {name: Desk}}")
    assert [(flow.part, flow.receiver, flow.verdict) for flow in flows_] == [
        (part, NOT_DECLARED, Verdict.UNKNOWN) for part in (Part.LISTENS, Part.THINKS, Part.SPEAKS)
    ]


def test_tools_servers_hooks_and_mail_are_places_too(tmp_path: Path) -> None:
    example = """
mcp_servers: {crm: {name: CRM, url: "https://mcp.acme.example/v1"}}
sip_trunks: {voip: {name: VoIP, provider: custom, address: sip.acme.example}}
numbers: {main: {phone_number: "+31850000010", agent_id: "${assistants.desk}", transfer_trunk_id: "${sip_trunks.voip}"}}
assistants:
  desk:
    name: Desk
    webhook_url: https://hooks.acme.example/events?key=1
    notification_email: ops@acme.example
    analysis_plan: {structured_data_plan: {enabled: true}}
    llm_config:
      provider: xai_realtime
      model: grok-voice-think-fast-2.0
      provider_tools: [{type: web_search}]
      tools:
        - {name: a, description: A., url: "https://user.acme.example/a"}
        - {name: b, description: B., server: {url: "https://nested.acme.example/b", secret: "${secret:key}"}}
        - {type: function, function: {name: c, description: C.}}
        - {type: mcp, mcp_server_id: "${mcp_servers.crm}", allowed_tools: [find]}
        - {type: transfer_call, destinations: [{type: number, number: "+442012345678", description: A person.}]}
        - {type: end_call}
"""
    all_flows = found(tmp_path, example)
    tools = [flow.receiver for flow in all_flows if flow.part is Part.TOOL]
    assert tools == ["user.acme.example", "nested.acme.example", "hooks.acme.example"]
    assert of(Part.MCP, all_flows).receiver == "mcp.acme.example"
    assert of(Part.WEBHOOK, all_flows).receiver == "hooks.acme.example"
    assert of(Part.TRUNK, all_flows).receiver == "sip.acme.example"
    assert of(Part.PROVIDER_TOOL, all_flows).seat_in_eea is False
    assert of(Part.ANALYSIS, all_flows).receiver == PLATFORM
    assert of(Part.MAIL, all_flows).receiver == PLATFORM
    transfer = of(Part.TRANSFER, all_flows)
    assert (transfer.region, transfer.verdict) == ("GB", Verdict.OUTSIDE)
    assert "2012345" not in transfer.receiver
    assert len(all_flows) == 11


def test_mail_of_a_domain_goes_through_its_provider(tmp_path: Path) -> None:
    example = """
byok_keys: {resend: {provider: resend, api_key: "${secret:key}"}}
domain: {main: {domain_name: mail.acme.example}}
assistants: {desk: {name: Desk, notification_emails: [ops@acme.example]}}
"""
    assert of(Part.MAIL, found(tmp_path, example)).verdict is Verdict.OUTSIDE


def test_nothing_is_analysed_by_a_plan_that_is_off(tmp_path: Path) -> None:
    example = (
        "assistants: {desk: {name: Desk, analysis_plan: {structured_data_plan: {enabled: false}}, "
        "notification_emails: [], notification_email: null, webhook_url: null}}"
    )
    assert {flow.part for flow in found(tmp_path, example)} == {Part.LISTENS, Part.THINKS, Part.SPEAKS}


def test_nodes_of_a_workflow_lead_where_they_say_and_nowhere_else(tmp_path: Path) -> None:
    example = """
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - id: hello
          type: conversation
          instructions: Help.
          llm_config: {provider: mistral, model: mistral-small-latest}
          tts_config: {provider: voicedock, voice_id: voicedock}
          tools: [{name: a, description: A., url: "https://tools.acme.example/a"}]
        - {id: cooler, type: conversation, instructions: Help., llm_config: {temperature: 0}}
        - {id: look, type: tool, tool_name: a, url: "https://node.acme.example/a"}
        - {id: desk, type: transfer, destination: "+31201234567"}
      edges:
        - {from: hello, to: cooler, description: They ask for it.}
        - {from: hello, to: look, description: They ask for that.}
        - {from: look, to: desk}
"""
    all_flows = found(tmp_path, example)
    assert [(flow.part, flow.receiver) for flow in all_flows] == [
        (Part.THINKS, "mistral"),
        (Part.SPEAKS, "voicedock"),
        (Part.TOOL, "node.acme.example"),
        (Part.TRANSFER, "+31 •••• 67"),
        (Part.TOOL, "tools.acme.example"),
    ]
    speaks = of(Part.SPEAKS, all_flows)
    assert (speaks.seat_in_eea, speaks.verdict) == (None, Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("country", "inside"), [("NL", True), ("NO", True), ("CH", False), ("GB", False), ("US", False)]
)
def test_the_gdpr_applies_in_the_economic_area(country: str, inside: bool) -> None:
    assert (country in EEA) is inside

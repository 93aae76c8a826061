"""Rules about numbers, trunks and transfers: what they find, and the near misses that they pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from support.lint import linted

from hmsplan.errors import ConfigError
from hmsplan.lint.numbering import Rate, is_in_no_plan, look_up, masked
from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

ID: Final = "3f0c0d5e-0000-4000-8000-000000000000"
MAIN: Final = '"+31850835037"'
BY_DESK: Final = 'agent_id: "${assistants.desk}"'
BY_WORKFLOW: Final = 'workflow_id: "${workflows.triage}"'
ASLEEP: Final = "assistants: {desk: {name: Desk, is_active: false}}\n"
LIVE: Final = """
assistants: {desk: {name: Desk, llm_config: {provider: openai_live, model: gpt-live-1, voice: marin}}}
"""
DESK: Final = "assistants:\n  desk: {name: Desk}\n"
WORKFLOW: Final = """
workflows:
  triage:
    name: Triage
    is_active: %s
    definition:
      version: 1
      entry_node: hello
      nodes: [{id: hello, type: conversation, instructions: Ask what it is about.%s}]
      edges: []
"""
ON, OFF = WORKFLOW % ("true", ""), WORKFLOW % ("false", "")


def details(root: Path, rule: str, example: str) -> list[str]:
    return [each.detail for each in linted(root, example, all_rules()[rule])]


def places(root: Path, rule: str, example: str) -> list[str]:
    return [str(each.source) for each in linted(root, example, all_rules()[rule])]


def number(fields: str, dialled: str = MAIN) -> str:
    return f"numbers:\n  main: {{phone_number: {dialled}{', ' if fields else ''}{fields}}}\n"


def transfer(*dialled: str, name: str = "desk") -> str:
    """Return an assistant that may pass calls on."""
    to = ", ".join(
        f'{{type: number, number: "{each}", description: A telephone {at}.}}' for at, each in enumerate(dialled)
    )
    return f"""
assistants:
  {name}:
    name: {name}
    llm_config: {{provider: openai, model: gpt-5.4, tools: [{{type: transfer_call, destinations: [{to}]}}]}}
"""


class TestNumbering:
    """What the numbering plans say, without parsing each number."""

    @pytest.mark.parametrize(
        ("dialled", "country", "rate"),
        [
            ("+31612345678", "NL", Rate.ORDINARY),
            ("+31850835037", "NL", Rate.ORDINARY),
            ("+31900123456", "NL", Rate.PREMIUM),
            ("+31999999999", "NL", Rate.UNKNOWN),
            ("+12025550101", "US", Rate.ORDINARY),
            ("+14165550123", "CA", Rate.ORDINARY),
            ("+19005551234", "US", Rate.PREMIUM),
            ("+18005551234", "US", Rate.ORDINARY),
            ("+447400123456", "GB", Rate.ORDINARY),
            ("+447911123456", "GG", Rate.ORDINARY),
            ("+33810123456", "FR", Rate.SHARED),
            ("+390612345678", "IT", Rate.ORDINARY),
            ("+77012345678", "KZ", Rate.ORDINARY),
            ("+80012345678", "", Rate.ORDINARY),
            ("+99912345678", "", Rate.UNKNOWN),
        ],
    )
    def test_a_number_has_a_country_and_a_rate(self, dialled: str, country: str, rate: Rate) -> None:
        assert look_up(dialled) == (country, rate)

    @given(st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE)), st.from_regex(r"[1-9][0-9]{5,10}", fullmatch=True))
    @settings(max_examples=200, deadline=None)
    def test_it_agrees_with_phonenumbers(self, code: int, national: str) -> None:
        """But for what parsing takes away, such as a 1 that mobile numbers in Mexico once had."""
        parsed = phonenumbers.parse(f"+{code}{national}")
        assume(str(parsed.national_number) == national and not parsed.italian_leading_zero)
        kind = phonenumbers.number_type(parsed)
        region = phonenumbers.region_code_for_number(parsed)
        found = look_up(f"+{code}{national}")
        assert (found.rate is Rate.PREMIUM) == (kind == phonenumbers.PhoneNumberType.PREMIUM_RATE)
        assert (found.rate is Rate.SHARED) == (kind == phonenumbers.PhoneNumberType.SHARED_COST)
        assert (found.rate is Rate.UNKNOWN) == (kind == phonenumbers.PhoneNumberType.UNKNOWN)
        assert found.rate is Rate.UNKNOWN or found.country == ("" if region == "001" else region)

    @pytest.mark.parametrize("dialled", ["+31612345678", "+447700900100", "+15550100123", "+99912345678", "+3"])
    def test_a_number_that_may_be_dialled_or_is_kept_free_for_films(self, dialled: str) -> None:
        assert not is_in_no_plan(dialled)

    def test_a_number_is_masked(self) -> None:
        assert masked("+31612345678") == "+316 •••• 78"


class TestAnswering:
    """Which numbers are answered, and by whom."""

    @pytest.mark.parametrize(
        ("rule", "example"),
        [
            ("number-without-assistant", number("")),
            (
                "number-without-assistant",
                number('transfer_trunk_id: "${sip_trunks.voip}"')
                + "sip_trunks:\n  voip: {name: V, provider: c, address: sip.acme.example}\n",
            ),
            ("number-without-assistant", number("is_active: true")),
            ("number-without-answer", number("agent_id: null")),
            ("number-without-answer", number("workflow_id: null")),
            ("number-without-answer", number("agent_id: null, workflow_id: null")),
            (
                "inactive-assistant",
                ASLEEP + number(BY_DESK),
            ),
            (
                "inactive-assistant",
                OFF + ASLEEP + number(f"{BY_DESK}, {BY_WORKFLOW}"),
            ),
            ("inactive-workflow", OFF + number(BY_WORKFLOW)),
            ("inactive-workflow", OFF + number(f"{BY_WORKFLOW}, agent_id: null")),
            (
                "workflow-switched-off",
                OFF + DESK + number(f"{BY_DESK}, {BY_WORKFLOW}"),
            ),
            ("workflow-switched-off", OFF + number(f"{BY_WORKFLOW}, agent_id: {ID}")),
            ("workflow-without-assistant", ON + number(BY_WORKFLOW)),
            ("workflow-without-assistant", ON + number(f"{BY_WORKFLOW}, agent_id: null")),
        ],
    )
    def test_a_number_that_is_not_answered_as_it_reads(self, tmp_path: Path, rule: str, example: str) -> None:
        assert len(details(tmp_path, rule, example)) == 1

    @pytest.mark.parametrize(
        ("rule", "example"),
        [
            ("number-without-assistant", number("is_active: false")),
            ("number-without-assistant", number(f"agent_id: {ID}")),
            ("number-without-assistant", number("agent_id: null")),
            (
                "number-without-assistant",
                'numbers:\n  main: {phone_number: "+31850835037", assistant_id: null}\n'.replace(
                    "assistant_id", "agent_id"
                ),
            ),
            ("number-without-assistant", ON + number(BY_WORKFLOW)),
            ("number-without-answer", number("")),
            ("number-without-answer", number("agent_id: null, is_active: false")),
            ("number-without-answer", ON + number('agent_id: null, workflow_id: "${workflows.triage}"')),
            ("inactive-assistant", DESK + number(BY_DESK)),
            ("inactive-assistant", number(f"agent_id: {ID}")),
            (
                "inactive-assistant",
                "assistants: {desk: {name: Desk, is_active: false}}\n"
                + number('agent_id: "${assistants.desk}", is_active: false'),
            ),
            (
                "inactive-assistant",
                ON + ASLEEP + number(f"{BY_DESK}, {BY_WORKFLOW}"),
            ),
            ("inactive-workflow", ON + number(BY_WORKFLOW)),
            ("inactive-workflow", number(f"workflow_id: {ID}")),
            ("inactive-workflow", OFF + number('workflow_id: "${workflows.triage}", is_active: false')),
            ("workflow-switched-off", OFF + number(f"{BY_WORKFLOW}, agent_id: null")),
            ("workflow-without-assistant", ON + number(f"{BY_WORKFLOW}, agent_id: {ID}")),
            ("workflow-without-assistant", OFF + number(BY_WORKFLOW)),
        ],
    )
    def test_a_number_that_is(self, tmp_path: Path, rule: str, example: str) -> None:
        assert details(tmp_path, rule, example) == []

    def test_a_base_may_say_who_answers(self, tmp_path: Path) -> None:
        head = '# file: hmsplan.yaml\nversion: 1\nstack: acme\nbases: {shared: {agent_id: "${assistants.desk}"}}\n'
        assert details(tmp_path, "number-without-assistant", DESK + number("extends: shared") + head) == []

    @pytest.mark.parametrize(
        "change", ["voice: JBFqnCBsd6RMkjVDRZzb", "llm_config: {provider: openai, model: gpt-5.4}"]
    )
    def test_a_node_that_needs_a_pipeline_and_an_assistant_that_is_none(self, tmp_path: Path, change: str) -> None:
        graph = WORKFLOW % ("true", f", {change}")
        live = (
            "assistants: {desk: {name: Desk, llm_config: {provider: openai_live, model: gpt-live-1, voice: marin}}}\n"
        )
        both = number(f"{BY_DESK}, {BY_WORKFLOW}")
        (found,) = details(tmp_path, "rejected-before-pickup", graph + live + both)
        assert "hello" in found
        assert "openai_live" in found
        (found,) = details(tmp_path, "rejected-before-pickup", graph + number(f"{BY_WORKFLOW}, agent_id: null"))
        assert "the number has none" in found
        for passing in (
            graph + live + number(BY_WORKFLOW),
            graph + DESK + both,
            graph + live + number(f"{BY_DESK}, {BY_WORKFLOW}, is_active: false"),
            ON + live + both,
            (WORKFLOW % ("false", f", {change}")) + live + both,
        ):
            assert details(tmp_path, "rejected-before-pickup", passing) == []


class TestUnused:
    """What is kept, and used in no call."""

    TRUNK: Final = "sip_trunks:\n  voip: {name: VoIP, provider: custom, address: sip.acme.example, transport: tls}\n"
    MCP: Final = 'mcp_servers:\n  crm: {name: CRM, url: "https://mcp.acme.example/v1"}\n'
    HANG_UP: Final = "tool_templates:\n  hang_up: {name: Hang up, tool_type: end_call, tool_config: {}}\n"

    XAI: Final = 'byok_keys:\n  xai: {provider: xai, api_key: "${secret:xai}"}\n'
    ANALYSIS: Final = """
analysis_templates:
  a: {name: A, system_prompt: You read calls., user_prompt: Sum up., schema: {type: object}}
"""
    HANGING_UP: Final = """
assistants:
  desk: {name: Desk, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.hang_up}"]}}
"""
    GROK: Final = """
assistants:
  desk: {name: Desk, llm_config: {provider: xai_realtime, model: grok-voice-think-fast-2.0, voice: ara}}
"""
    MAIL: Final = """
domain: {main: {domain_name: mail.acme.example}}
byok_keys:
  mail: {provider: resend, api_key: "${secret:mail}"}
"""
    CAMPAIGN: Final = """
campaigns:
  c:
    name: C
    agent_id: ${assistants.desk}
    schedule_start_time: "10:00"
    schedule_end_time: "12:00"
    timezone: Europe/Amsterdam
"""

    @pytest.mark.parametrize(
        ("rule", "example"),
        [
            ("unused-assistant", DESK + number("agent_id: null")),
            ("unused-workflow", ON + number("agent_id: null")),
            ("unused-trunk", TRUNK + number("agent_id: null, transfer_trunk_id: null")),
            ("unused-template", HANG_UP),
            (
                "unused-template",
                ANALYSIS,
            ),
            ("unused-mcp-server", MCP + DESK),
            ("unused-key", DESK + XAI),
        ],
    )
    def test_what_nothing_uses(self, tmp_path: Path, rule: str, example: str) -> None:
        assert len(details(tmp_path, rule, example)) == 1

    @pytest.mark.parametrize(
        ("rule", "example"),
        [
            ("unused-assistant", DESK),  # a stack without numbers has them elsewhere
            ("unused-assistant", DESK + number('agent_id: "${assistants.desk}", is_active: false')),
            (
                "unused-assistant",
                DESK + number("agent_id: null") + CAMPAIGN,
            ),
            ("unused-workflow", ON),
            ("unused-trunk", TRUNK),
            (
                "unused-template",
                HANG_UP + HANGING_UP,
            ),
            ("unused-key", XAI),
            (
                "unused-key",
                GROK + XAI,
            ),
            (
                "unused-key",
                DESK + MAIL,
            ),
        ],
    )
    def test_what_something_uses(self, tmp_path: Path, rule: str, example: str) -> None:
        assert details(tmp_path, rule, example) == []

    def test_a_key_that_a_node_of_a_workflow_speaks_with(self, tmp_path: Path) -> None:
        node = ", tts_config: {provider: inworld, voice_id: Ashley}"
        key = 'byok_keys:\n  voice: {provider: inworld, api_key: "${secret:voice}"}\n'
        assert details(tmp_path, "unused-key", DESK + (WORKFLOW % ("true", node)) + key) == []


class TestTransfers:
    """Where calls are passed on to."""

    @pytest.mark.parametrize("dialled", ["112", "+31112", "0201234567", "+31 20 123 4567"])
    def test_an_emergency_number_and_one_in_national_form_are_refused_by_the_schema(
        self, tmp_path: Path, dialled: str
    ) -> None:
        with pytest.raises(ConfigError, match="number"):
            linted(tmp_path, transfer(dialled))

    @pytest.mark.parametrize(
        ("rule", "dialled", "says"),
        [
            ("impossible-number", "+31999999999", "the Netherlands"),
            ("impossible-number", "+12005550123", "its country"),
            ("costly-transfer", "+31900123456", "premium rate"),
            ("costly-transfer", "+33810123456", "shared cost"),
        ],
    )
    def test_a_number_that_is_not_an_ordinary_telephone(
        self, tmp_path: Path, rule: str, dialled: str, says: str
    ) -> None:
        (found,) = details(tmp_path, rule, transfer("+31201234567", dialled))
        assert says in found

    def test_a_number_of_ours_that_is_in_no_plan(self, tmp_path: Path) -> None:
        assert places(tmp_path, "impossible-number", number("agent_id: null", '"+31999999999"')) == ["stack.yaml:2:24"]

    def test_what_a_template_pastes_is_told_once_and_of_the_template(self, tmp_path: Path) -> None:
        example = """
assistants:
  one: {name: One, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.desk}"]}}
  two: {name: Two, llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.desk}"]}}
tool_templates:
  desk:
    name: Desk
    tool_type: transfer_call
    tool_config:
      destinations:
        - {type: number, number: "+31900123456", description: The desk.}
"""
        (found,) = linted(tmp_path, example, all_rules()["costly-transfer"])
        assert str(found.address) == "tool_templates.desk"
        assert str(found.source) == "stack.yaml:10:34"

    def test_a_node_of_a_workflow_that_passes_on(self, tmp_path: Path) -> None:
        graph = ON.replace("}]", '}, {id: desk, type: transfer, destination: "+31900123456"}]')
        assert len(details(tmp_path, "costly-transfer", graph)) == 1

    def test_a_variable_may_hold_the_number(self, tmp_path: Path) -> None:
        head = '# file: hmsplan.yaml\nversion: 1\nstack: acme\nvariables: {desk: {default: "+31900123456"}}\n'
        assert len(details(tmp_path, "costly-transfer", transfer("${var:desk}") + head)) == 1

    def test_to_itself(self, tmp_path: Path) -> None:
        own = number(BY_DESK)
        (found,) = details(tmp_path, "transfer-to-itself", transfer("${numbers.main.phone_number}") + own)
        assert "numbers.main" in found
        assert details(tmp_path, "transfer-to-itself", transfer("+31850835038") + own) == []
        assert details(tmp_path, "transfer-to-itself", transfer("+31850835037") + number("agent_id: null")) == []
        away = number('agent_id: "${assistants.desk}", is_active: false')
        assert details(tmp_path, "transfer-to-itself", transfer("+31850835037") + away) == []

    def test_a_workflow_to_its_own_number(self, tmp_path: Path) -> None:
        graph = ON.replace("}]", '}, {id: desk, type: transfer, destination: "+31850835037"}]')
        assert len(details(tmp_path, "transfer-to-itself", graph + number(BY_WORKFLOW))) == 1
        shared = number(f"{BY_DESK}, {BY_WORKFLOW}")
        assert details(tmp_path, "transfer-to-itself", ON + transfer("+31850835037") + shared) == []

    def test_round_and_round(self, tmp_path: Path) -> None:
        ring = "".join(
            transfer(f"+3185083503{(at + 1) % 3}", name=f"a{at}").replace(
                "assistants:\n", "" if at else "assistants:\n"
            )
            for at in range(3)
        )
        own = "numbers:\n" + "".join(
            f'  n{at}: {{phone_number: "+3185083503{at}", agent_id: "${{assistants.a{at}}}"}}\n' for at in range(3)
        )
        (found,) = details(tmp_path, "transfer-in-circles", ring + own)
        assert "assistants.a0 to assistants.a1 to assistants.a2 to assistants.a0" in found
        broken = own.replace('agent_id: "${assistants.a2}"', "agent_id: null")
        assert details(tmp_path, "transfer-in-circles", ring + broken) == []

    @pytest.mark.parametrize(
        ("target", "hits"),
        [
            ("agent_id: null", 1),
            ("", 1),
            ('agent_id: "${assistants.desk}", is_active: false', 1),
            ('agent_id: "${assistants.desk}"', 0),
            (f"agent_id: {ID}", 0),
            (f"workflow_id: {ID}", 0),
        ],
    )
    def test_to_a_number_of_ours(self, tmp_path: Path, target: str, hits: int) -> None:
        assert len(details(tmp_path, "transfer-to-silence", transfer("+31850835037") + number(target))) == hits

    def test_without_a_trunk(self, tmp_path: Path) -> None:
        desk = transfer("+31201234567")
        answered = 'agent_id: "${assistants.desk}"'
        assert len(details(tmp_path, "transfer-without-trunk", desk + number(answered))) == 1
        assert (
            len(details(tmp_path, "transfer-without-trunk", desk + number(answered + ", transfer_trunk_id: null"))) == 1
        )
        assert details(tmp_path, "transfer-without-trunk", desk + number(f"{answered}, transfer_trunk_id: {ID}")) == []
        assert details(tmp_path, "transfer-without-trunk", DESK + number(answered)) == []


class TestTrunks:
    """Where calls leave."""

    @pytest.mark.parametrize(
        ("field", "at"), [(", transport: udp", "transport"), (", transport: tcp", "transport"), ("", "address")]
    )
    def test_only_tls_is_encrypted(self, tmp_path: Path, field: str, at: str) -> None:
        trunk = f"sip_trunks:\n  voip: {{name: VoIP, provider: any, address: sip.acme.example{field}}}\n"
        (found,) = linted(tmp_path, trunk, all_rules()["trunk-without-tls"])
        assert found.path == (at,)
        assert details(tmp_path, "trunk-without-tls", self.trunk("sip.acme.example")) == []

    @staticmethod
    def trunk(address: str) -> str:
        return f'sip_trunks:\n  voip: {{name: VoIP, provider: any, address: "{address}", transport: tls}}\n'

    @pytest.mark.parametrize(
        "address",
        [
            "10.0.0.5",
            "192.168.1.20:5061",
            "127.0.0.1",
            "localhost",
            "pbx",
            "pbx:5060",
            "pbx.lan",
            "[::1]:5061",
            "fd00::1",
            "0.0.0.0",
            "SIP.LOCAL.",
        ],
    )
    def test_an_address_that_the_platform_cannot_reach(self, tmp_path: Path, address: str) -> None:
        assert len(details(tmp_path, "private-trunk", self.trunk(address))) == 1

    @pytest.mark.parametrize(
        "address",
        ["sip.acme.example", "sip.acme.example:5061", "8.8.8.8", "203.0.113.7", "[2001:4860:4860::8888]:5061"],
    )
    def test_one_that_it_can(self, tmp_path: Path, address: str) -> None:
        assert details(tmp_path, "private-trunk", self.trunk(address)) == []

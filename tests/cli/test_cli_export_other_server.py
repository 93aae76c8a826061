"""Export from another server than the emulator: older envelopes and aliases, nulls, gaps, and things yet unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from . import other_server

if TYPE_CHECKING:
    from pathlib import Path

    from .helpers import Cli


def an_id(number: int) -> str:
    return f"3f0c0d5e-0000-4000-8000-{number:012}"


ORGANIZATION = an_id(999)
TIMES = {"schedule_start_time": "09:00:00", "schedule_end_time": "10:00:00", "timezone": "Europe/Amsterdam"}
HELLO = {"id": "hello", "type": "conversation", "instructions": "x\ny"}
NESTED = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}, "async": True}
ASSISTANTS: list[dict[str, Any]] = [
    {
        "id": an_id(1),
        "name": "Unknown models",
        "stt_config": {"provider": "newstt", "model": "x"},
        "llm_config": {"provider": "newllm", "model": "x"},
        "tts_config": {"provider": "11labs", "voice_id": "v", "foo": None},
        "webhook_secret": None,
        "extra_thing": {"a": 1},
    },
    {
        "id": an_id(2),
        "name": "Tools",
        "stt_config": None,
        "llm_config": {
            "provider": "openai",
            "model": "gpt-99",
            "tools": [
                NESTED,
                {"name": "g", "description": "x", "server": {"url": "https://x.example/y"}},
                {"type": "mcp", "mcp_server_id": an_id(30), "allowed_tools": ["a"]},
            ],
        },
        "tts_config": None,
    },
    {"id": an_id(3), "name": None},
    {
        "id": an_id(4),
        "name": "Odd tools",
        "llm_config": {"provider": "openai", "model": "m", "tools": [{"type": "mcp", "mcp_server_id": an_id(30)}, {}]},
    },
]
WORKFLOWS: dict[str, Any] = {
    "/workflows": {"workflows": [{"id": an_id(number), "name": f"W{number}"} for number in range(40, 46)]},
    f"/workflows/{an_id(40)}": {
        "workflow": {
            "id": an_id(40),
            "name": "W40",
            "definition": {
                "version": 1,
                "entry_node": "hello",
                "nodes": [
                    {**HELLO, "label": "new", "tools": [NESTED], "llm_config": {"provider": "newllm"}},
                    {"id": "desk", "type": "transfer", "destination": "+31850000001"},
                ],
            },
        }
    },
    f"/workflows/{an_id(41)}": {
        "id": an_id(41),
        "name": "W41",
        "definition": {"version": 1, "entry_node": "hello", "nodes": [HELLO], "edges": None},
    },
    f"/workflows/{an_id(42)}": {"workflow": {"id": an_id(42), "name": "W42", "definition": None}},
    f"/workflows/{an_id(43)}": {
        "workflow": {
            "id": an_id(43),
            "name": "W43",
            "definition": {
                "version": 2,
                "entry_node": "A",
                "nodes": [{"id": "A", "type": "menu"}],
                "edges": [{"from": "A", "to": "A"}],
            },
        }
    },
    f"/workflows/{an_id(44)}": 403,
    f"/workflows/{an_id(45)}": 404,
}
ANSWERS: dict[str, Any] = {
    **WORKFLOWS,
    "/organizations": {
        "organization": {
            "id": ORGANIZATION,
            "name": "X",
            "content_retention_days": 30,
            "metadata_retention_days": 90,
            "plan": "pro",
        }
    },
    "/assistants": {"agents": ASSISTANTS},
    "/numbers": {
        "numbers": [
            {"id": an_id(10), "phone_number": "+31850000001", "assistant_id": an_id(1), "workflow_id": an_id(40)},
            {
                "id": an_id(11),
                "phone_number": "+31850000002",
                "agent_id": None,
                "assistant_id": an_id(2),
                "is_active": None,
            },
            {"id": an_id(12), "phone_number": "+31 85 000 00 03"},
        ],
        "total": 3,
    },
    "/sip-trunks": {
        "sip_trunks": [
            {
                "id": an_id(20),
                "name": "T",
                "provider": "custom",
                "address": "sip.x.example",
                "transport": None,
                "port": 5060,
            }
        ]
    },
    "/tool-templates": {
        "toolTemplates": [
            {
                "id": an_id(50),
                "name": "hand over",
                "tool_type": "transferCall",
                "tool_config": {
                    "destinations": [{"type": "number", "number": "+31850000001", "description": "d"}],
                },
            }
        ]
    },
    "/analysis-templates": {
        "data": [
            {"id": an_id(60), "name": "an", "system_prompt": "a", "user_prompt": "b", "schema": {"type": "object"}}
        ],
        "total": 1,
        "limit": 50,
        "offset": 0,
    },
    "/mcp-servers": {
        "mcp_servers": [
            {
                "id": an_id(30),
                "name": "m",
                "url": "https://m.example/",
                "header_names": ["Authorization"],
                "transport": "new",
            },
            {"id": an_id(31), "name": "open", "url": "http://m.example/", "header_names": None},
            {"id": an_id(32), "name": "h", "url": "https://h.example/", "headers": {"A": "hunter2-header"}},
        ]
    },
    "/byok": {"byok_keys": {"openai_secret_id": "v1", "newone_secret_id": "v2", "resend_secret_id": None}},
    "/domains": {"domain": {"id": an_id(70), "domain_name": "mail.x.example", "status": "pending", "records": None}},
    "/campaigns": {
        "campaigns": [
            {"id": an_id(80), "name": "C", "assistant_id": an_id(1), **TIMES, "status": "running", "total_leads": 2},
            {"id": an_id(81), "name": "D", "agent_id": an_id(2), **TIMES, "status": "paused", "total_leads": 2},
        ]
    },
    f"/campaigns/{an_id(80)}/leads": {
        "leads": [
            {"id": an_id(90), "phone_number": "+31612345678", "variables": None, "status": "calling"},
            {"id": an_id(91), "phone_number": "+31612345679"},
        ]
    },
    f"/campaigns/{an_id(81)}/leads": 403,
}


def exported(cli: Cli, answers: dict[str, Any], root: Path, *options: str) -> tuple[dict[str, Any], list[str]]:
    """Export, and prove that the stack is valid and its plan empty; return what is declared and what is left out."""
    with other_server.serving(answers) as url:
        env = {"HMS_SOVEREIGN_BASE_URL": url, "HMS_SOVEREIGN_API_KEY": "fl_other"}
        result = cli("export", root, "--json", *options, **env)
        assert result.code == 0, result
        assert cli("-C", root, "validate", **env).code == 0
        plan = cli("-C", root, "plan", "--detailed-exitcode", **env)
        assert plan.code == 0, plan
        elsewhere = cli("-C", root, "--state", root / "elsewhere", "plan", **env)
        assert "0 to add, 0 to change, 0 to destroy" in elsewhere.out, elsewhere
    found: dict[str, Any] = {}
    for path in root.rglob("*.yaml"):
        for kind, block in (yaml.safe_load(path.read_text("utf-8")) or {}).items():
            if isinstance(block, dict):
                found.setdefault(kind, {}).update(block)
    return found, result.json["left_out"]


@pytest.mark.parametrize("options", [(), ("--minimal",), ("--without-leads",)])
def test_what_fits_is_exported_and_the_rest_told_with_its_reason(
    cli: Cli, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Field by field: one that is not known costs its object nothing else."""
    found, left_out = exported(cli, ANSWERS, tmp_path / "new", *options)
    assert found["organization"] == {"main": {"content_retention_days": 30, "metadata_retention_days": 90}}
    assert found["assistants"].keys() == {"unknown_models", "tools", "odd_tools"}
    assert found["assistants"]["tools"]["llm_config"]["tools"][2]["mcp_server_id"] == "${mcp_servers.m}"
    assert found["assistants"]["unknown_models"]["tts_config"] == {"provider": "11labs", "voice_id": "v"}
    assert found["numbers"]["number_31850000001"]["agent_id"] == "${assistants.unknown_models}"
    assert found["numbers"]["number_31850000001"]["workflow_id"] == "${workflows.w40}"
    assert found["numbers"]["number_31850000002"]["agent_id"] == "${assistants.tools}"
    assert found["tool_templates"]["hand_over"]["tool_type"] == "transfer_call"
    assert found["workflows"].keys() == {"w40", "w41"}
    assert found["workflows"]["w40"]["definition"]["nodes"][1]["destination"] == (
        "${numbers.number_31850000001.phone_number}"
    )
    assert found["mcp_servers"].keys() == {"m", "h"}
    assert found["byok_keys"] == {"openai": {"provider": "openai"}}
    assert found["domain"] == {"main": {"domain_name": "mail.x.example"}}
    places = {line.split(":")[0] for line in left_out}
    assert places >= {
        "assistants.unknown_models extra_thing",
        "assistants.unknown_models llm_config.provider",
        "assistants.unknown_models stt_config.provider",
        "byok_keys.newone",
        "byok_keys.openai config",
        "campaigns.c status",
        "campaigns.d leads",
        "mcp_servers.m transport",
        "mcp_servers.open",
        "organization.main plan",
        "sip_trunks.t port",
        "workflows.w40 definition.nodes[0].label",
        "workflows.w40 definition.nodes[0].llm_config.provider",
        "workflows.w42",
        "workflows.w43",
        "workflows.w44",
    }
    text = "\n".join(path.read_text("utf-8") for path in (tmp_path / "new").rglob("*") if path.is_file())
    assert "hunter2" not in text


@pytest.mark.parametrize("path", [path for path in ANSWERS if path.count("/") == 1])
@pytest.mark.parametrize("answer", [403, 404])
def test_any_list_may_be_missing(cli: Cli, tmp_path: Path, path: str, answer: int) -> None:
    """What refers to it keeps the ids."""
    _, left_out = exported(cli, {**ANSWERS, path: answer}, tmp_path / "new")
    assert len([line for line in left_out if "the API does not have them" in line]) == 1


def test_a_key_that_may_read_nothing_gives_an_empty_stack(cli: Cli, tmp_path: Path) -> None:
    _, left_out = exported(cli, {}, tmp_path / "new")
    assert len(left_out) == 11


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/organizations", {"id": ORGANIZATION, "name": "X"}),
        ("/organizations", {"id": "org-1", "name": "X", "content_retention_days": 90, "metadata_retention_days": 30}),
        ("/domains", {"domain": None}),
        ("/byok", {"byok_keys": {}}),
        ("/campaigns", {"campaigns": []}),
        ("/analysis-templates", {"analysisTemplates": []}),
        ("/assistants", {"assistants": []}),
    ],
)
def test_other_forms_of_an_answer_are_understood(cli: Cli, tmp_path: Path, path: str, answer: dict[str, Any]) -> None:
    """Bare, empty, null, in another envelope, with an id that is not a UUID."""
    exported(cli, {**ANSWERS, path: answer}, tmp_path / "new")

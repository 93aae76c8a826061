"""The API's details name fields; each is led to the line that declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import at
from support.writing import STACK, load

from hmsplan.apply.complaints import complaints, path_of, placed
from hmsplan.errors import ApiError
from hmsplan.kinds import KINDS
from hmsplan.model import Complaint, SourceLine, Step, Verb

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import FieldPath

FILES: Final = {
    "hmsplan.yaml": STACK,
    "a.yaml": """
        assistants:
          desk:
            name: Desk
            extra: {voice_mode: warm}
            llm_config:
              provider: openai
              model: gpt-5.4
              messages:
                - {role: system, content: "${file:prompts/desk.md}"}
              tools:
                - ${tool_templates.lookup}
        """,
    "prompts/desk.md": "Be kind.\n",
    "tools.yaml": """
        tool_templates:
          lookup:
            name: lookup
            description: Finds a contact.
            tool_type: function
            tool_config:
              url: https://api.example.com/lookup
              parameters: {type: object}
        """,
    "campaigns.yaml": """
        campaigns:
          spring:
            name: Spring
            agent_id: ${assistants.desk}
            schedule_start_time: 09:00
            schedule_end_time: 17:00
            timezone: Europe/Amsterdam
            leads:
              - {phone_number: +31612345678}
              - {phone_number: +31612345679}
        """,
}


def found(root: Path, address: str, *details: str, status: int = 400, **step: Any) -> tuple[Complaint, ...]:
    stack, where = load(root, {**FILES}), at(address)
    error = ApiError("Validation failed", method="POST", path="/x", status=status, details=details)
    made = Step(f"{address}:create", Verb.CREATE, where, **step)
    return complaints(error, made, KINDS[where.kind], stack.resources.get(where))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("name: too long", ("name",)),
        ("definition.nodes[1].instructions: is required", ("definition", "nodes", 1, "instructions")),
        ("definition.nodes.1.instructions is required", ("definition", "nodes", 1, "instructions")),
        ("/definition/nodes/1: unknown", ("definition", "nodes", 1)),
        ('"llm_config.model" must be a string', ("llm_config", "model")),
        ('headers["x-a b"]: no', ("headers", "x-a b")),
        ('config["a"].b: no', ("config", "a", "b")),
        ("body.name: no", ("name",)),
        ('{"path":["definition","nodes",0],"message":"no"}', ("definition", "nodes", 0)),
        ('{"field":"name","message":"no"}', ("name",)),
        ('{"loc":["body","name"],"msg":"no"}', ("name",)),
        ('{"message":"no"}', ()),
        ("{broken", ()),
        ("", ()),
        ("42: no", ()),
    ],
)
def test_forms(text: str, path: FieldPath) -> None:
    """Documented is the first; servers write the others."""
    assert path_of(text) == path


@pytest.mark.parametrize(
    ("detail", "file", "line"),
    [
        ("name: too long", "a.yaml", 3),
        ("llm_config.model: unknown", "a.yaml", 7),
        ("llm_config.messages[0].content: too long", "prompts/desk.md", 1),
        ("llm_config.messages[0].mood: is required", "a.yaml", 9),
        ("llm_config.tools[0].url: must be reachable", "tools.yaml", 7),
        ("voice_mode: unknown field", "a.yaml", 4),
        ("webhook_url: is required", "a.yaml", 2),
        ("Something is wrong", "a.yaml", 2),
    ],
)
def test_each_is_led_to_its_line(tmp_path: Path, detail: str, file: str, line: int) -> None:
    """Of the prompt file, of the template, of the nearest block; what is not declared, to the resource."""
    (complaint,) = found(tmp_path, "assistants.desk", detail)
    assert complaint.source is not None
    assert (complaint.source.file, complaint.source.line) == (file, line)


def test_another_name_of_a_field_is_understood(tmp_path: Path) -> None:
    (complaint,) = found(tmp_path, "campaigns.spring", "assistant_id: unknown")
    assert (complaint.path, complaint.source) == (("agent_id",), SourceLine("campaigns.yaml", 4, 15))


def test_a_member_is_found_in_the_list(tmp_path: Path) -> None:
    """Be it sent along with the campaign, or by itself."""
    (riding,) = found(tmp_path, "campaigns.spring", "leads[1].phone_number: no")
    lead = {"phone_number": "+31612345679", "variables": {}}
    (alone,) = found(tmp_path, "campaigns.spring", "phone_number: no", member=True, spec=lead)
    assert (riding.path, riding.source) == (alone.path, alone.source)
    assert riding.source is not None
    assert (riding.source.file, riding.source.line) == ("campaigns.yaml", 10)


def test_other_errors_have_none_and_what_is_not_declared_has_no_line(tmp_path: Path) -> None:
    """The details of a conflict are names of objects."""
    assert found(tmp_path, "assistants.desk", "name: no", status=409) == ()
    assert found(tmp_path, "assistants.gone", "name: no") == (Complaint("name: no"),)


def test_the_text_has_the_line_behind_each_detail() -> None:
    error = ApiError("Validation failed", method="POST", path="/x", status=400, details=("name: no", "what"))
    lines = (Complaint("name: no", ("name",), SourceLine("a.yaml", 3, 5)), Complaint("what"))
    assert placed(error, lines) == (
        "API error: POST /x answered 400: Validation failed\n  - name: no (a.yaml:3:5)\n  - what"
    )
    assert placed(error, ()) == str(error)

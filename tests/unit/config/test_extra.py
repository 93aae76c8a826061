"""``extra``: a field that the API has and the schemas have not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from support.writing import STACK, load, problems

from hmsplan.config import schema
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Ref, SourceLine

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Resource, Stack

SUPPORT: Final = Address("assistants", "support")


def stack(root: Path, extra: str, **files: str) -> Stack:
    text = f"assistants:\n  support:\n    name: Support\n    extra: {extra}\n"
    return load(root, {"hmsplan.yaml": STACK, "a.yaml": text, **files})


def support(root: Path, extra: str, **files: str) -> Resource:
    return stack(root, extra, **files).resources[SUPPORT]


def test_its_fields_are_fields_of_the_object(tmp_path: Path) -> None:
    """They are merged at the top of the body, with what stands for their interpolations."""
    extra = '{voice_mode: "${file:mode.txt}", levels: {low: 1, off: null}, backup_id: "${assistants.night}"}'
    more = {"b.yaml": "assistants: {night: {name: Night}}\n", "mode.txt": "warm"}
    found = support(tmp_path, extra, **more)
    night = Address("assistants", "night")
    assert found.spec == {
        "name": "Support",
        "voice_mode": "warm",
        "levels": {"low": 1, "off": None},
        "backup_id": Ref(night),
    }
    assert found.refs == (night,)


def test_it_is_warned_of_once_with_its_line(tmp_path: Path) -> None:
    """However many fields, and however many resources take them from a default."""
    (warning,) = stack(tmp_path, "{voice_mode: warm, first_mesage: Hi}").warnings
    assert (warning.address, warning.source) == (SUPPORT, SourceLine("a.yaml", 4, 5))
    assert warning.detail == (
        "voice_mode, first_mesage: not known to hmsplan; sent as they are. If first_mesage was meant to be "
        "first_message, write first_message beside extra."
    )
    two = "assistants: {a: {name: A}, b: {name: B}}\n"
    head = STACK + "defaults: {assistants: {extra: {voice_mode: warm}}}\n"
    (warning,) = load(tmp_path / "defaults", {"hmsplan.yaml": head, "a.yaml": two}).warnings
    assert warning.detail == "voice_mode: not known to hmsplan; sent as it is."
    assert warning.source is not None
    assert warning.source.file == "hmsplan.yaml"


def test_a_problem_of_its_fields_has_their_line(tmp_path: Path) -> None:
    """What warns of credentials in readable fields looks here, too."""
    warnings = stack(tmp_path, "\n      hook_url: https://hooks.example/?token=0123456789abcdef0123").warnings
    assert [warning.source for warning in warnings if warning.summary == "Credential in a readable field"] == [
        SourceLine("a.yaml", 5, 17)
    ]


@pytest.mark.parametrize(
    ("extra", "summary", "detail"),
    [
        ("{first_message: Hi}", "Not an extra field", "first_message is a field that hmsplan knows of an assistant."),
        ("{lifecycle: {}}", "Not an extra field", "lifecycle is a field that hmsplan knows"),
        ("{org_id: x}", "Not an extra field", "org_id is set by the platform and cannot be declared."),
        ("{webhook_secret: x}", "Not an extra field", "webhook_secret is a field that hmsplan knows"),
        ("{api_token: x}", "Secret in a readable field", "api_token sounds like the name of a secret."),
        ("{door: [{password: 7}]}", "Secret in a readable field", "password sounds like the name of a secret."),
        ('{door: "${secret:door}"}', "Secret in a readable field", "${secret:door} would be sent as door"),
        ('{door: "Bearer ${secret:door}"}', "Secret inside a text", "${secret:door} has to be the whole value"),
        ("[x]", "Wrong type", "It is a list"),
    ],
)
def test_what_does_not_belong_there_is_refused(tmp_path: Path, extra: str, summary: str, detail: str) -> None:
    """With the line of the key."""
    text = f"assistants:\n  support:\n    name: Support\n    extra: {extra}\n"
    (problem,) = problems(tmp_path, {"hmsplan.yaml": STACK, "a.yaml": text})
    assert problem.summary == summary
    assert problem.detail.startswith(detail)
    assert problem.source is not None
    assert problem.source.line == 4


def test_another_name_of_a_field_is_refused(tmp_path: Path) -> None:
    text = 'numbers: {main: {phone_number: "+31850835037", extra: {assistant_id: x}}}\n'
    (problem,) = problems(tmp_path, {"hmsplan.yaml": STACK, "a.yaml": text})
    assert "assistant_id is another name of agent_id. Write agent_id" in problem.detail


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_it(kind: str) -> None:
    assert schema.fields(kind)["extra"]["$ref"].endswith("#/$defs/extra")


def test_its_changes_can_be_ignored(tmp_path: Path) -> None:
    found = support(tmp_path, "{voice_mode: warm}\n    lifecycle: {ignore_changes: [voice_mode]}")
    assert found.lifecycle.ignore_changes == (("voice_mode",),)


def test_an_event_that_is_not_known_is_warned_of(tmp_path: Path) -> None:
    """The newest types have any text there."""
    text = "assistants: {support: {name: S, webhook_events: [tool-calls, tool-cals, call-began]}}\n"
    loaded = load(tmp_path, {"hmsplan.yaml": STACK, "a.yaml": text})
    assert loaded.resources[SUPPORT].spec["webhook_events"] == ["tool-calls", "tool-cals", "call-began"]
    near, far = loaded.warnings
    assert near.detail == '"tool-cals" is not known to hmsplan; sent as it is. Did you mean tool-calls?'
    assert far.detail.startswith(
        '"call-began" is not known to hmsplan; sent as it is. Known are assistant-request, tool-'
    )
    assert {warning.summary for warning in loaded.warnings} == {"Unknown value"}
    assert all(warning.source is not None and warning.source.line == 1 for warning in loaded.warnings)

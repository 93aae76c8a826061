"""The rules about the repository itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from support.lint import STACK, linted

from hmsplan.lint.rules import all_rules

if TYPE_CHECKING:
    from pathlib import Path

LIVE: Final = f"# file: hmsplan.yaml\n{STACK}default_environment: live\n"
PROMPT: Final = "You answer the phone of a dental practice. Ask one question at a time, and repeat each date. " * 30


def found(root: Path, rule: str, example: str) -> list[str]:
    return [f"{each.source} {each.detail}" for each in linted(root, example, all_rules()[rule])]


def test_an_override_is_compared_field_by_field_with_what_it_lies_over(tmp_path: Path) -> None:
    example = (
        "assistants:\n  desk: {name: Desk, tts_config: {provider: elevenlabs, voice_id: a, speed: 1.1}}\n"
        f"{LIVE}# file: environments/live.yaml\noverrides:\n  assistants.desk:\n    tts_config:\n"
        "      voice_id: a\n      speed: 0.9\n"
    )
    assert found(tmp_path, "override-without-effect", example) == [
        "environments/live.yaml:4:17 tts_config.voice_id is the same at stack.yaml:2:67. Take the override out."
    ]


@pytest.mark.parametrize(
    ("below", "above"),
    [("true", "1"), ("null", "''"), ("[a@example.com]", "[b@example.com]"), ("1", "1.0")],
)
def test_another_type_or_value_is_another_value(tmp_path: Path, below: str, above: str) -> None:
    example = f"assistants:\n  desk: {{name: Desk, extra: {{x: {below}}}}}\n{LIVE}# file: environments/live.yaml\n"
    example += f"overrides:\n  assistants.desk: {{extra: {{x: {above}}}}}\n"
    assert found(tmp_path, "override-without-effect", example) == []


def test_what_the_defaults_say_is_repeated_and_what_a_base_changes_is_not(tmp_path: Path) -> None:
    example = (
        "assistants:\n  desk: {name: Desk, max_duration_seconds: 300}\n"
        "  night: {name: Night, extends: short, max_duration_seconds: 300}\n"
        f"# file: hmsplan.yaml\n{STACK}defaults: {{assistants: {{max_duration_seconds: 300}}}}\n"
        "bases: {short: {max_duration_seconds: 60}}\n"
    )
    (told,) = found(tmp_path, "repeated-default", example)
    assert told.startswith("stack.yaml:2:44 max_duration_seconds")


@pytest.mark.parametrize(
    ("one", "other", "is_found"),
    [("Front desk", "front-desk", True), ("Front desk", "Front desks", False), ("Étage", "étage", True)],
)
def test_names_are_compared_without_case_and_separators(tmp_path: Path, one: str, other: str, is_found: bool) -> None:
    example = f"assistants:\n  a: {{name: {one}}}\n  b: {{name: {other}}}\n"
    assert bool(found(tmp_path, "names-differ-by-case", example)) is is_found


def test_keys_that_look_alike_are_told(tmp_path: Path) -> None:
    (told,) = found(tmp_path, "names-differ-by-case", "assistants:\n  desk_1: {name: One}\n  Desk-1: {name: Two}\n")
    assert "nearly the same key" in told


def test_a_prompt_in_a_file_that_two_name_stands_in_one_place(tmp_path: Path) -> None:
    one = "{name: %s, llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: '%s'}]}}"
    same = [one % (name, "${file:p.md}") for name in ("A", "B")]
    example = f"assistants:\n  a: {same[0]}\n  b: {same[1]}\n# file: p.md\n{PROMPT}\n"
    assert found(tmp_path, "same-prompt-twice", example) == []
    assert found(tmp_path, "long-prompt-in-yaml", example) == []
    copied = [one % (name, "${file:%s.md}" % name) for name in ("A", "B")]  # noqa: UP031
    example = f"assistants:\n  a: {copied[0]}\n  b: {copied[1]}\n# file: A.md\n{PROMPT}\n# file: B.md\n{PROMPT}\n"
    assert found(tmp_path, "same-prompt-twice", example)[0].startswith("B.md:1:1 It is word for word that of assista")


def test_a_stack_without_environments_needs_no_organization(tmp_path: Path) -> None:
    assert found(tmp_path, "environment-of-any-organization", "assistants:\n  a: {name: A}\n") == []

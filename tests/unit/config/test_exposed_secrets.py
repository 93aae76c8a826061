"""What a declared resource shows to too many people."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.config.exposed_secrets import exposed
from hmsplan.kinds import KINDS
from hmsplan.model import Ref, Secret, Severity


def found(kind: str, spec: dict[str, Any], *pasted: tuple[str | int, ...]) -> list[tuple[str, tuple[str | int, ...]]]:
    warnings = list(exposed(KINDS[kind], spec, pasted))
    assert all(each.severity is Severity.WARNING for each in warnings)
    return [(each.summary, each.path) for each in warnings]


OPEN = "Credential in a readable field"


@pytest.mark.parametrize(
    ("spec", "summaries"),
    [
        ({"webhook_url": "https://a.example/x?token=t"}, [OPEN]),
        ({"webhook_url": "http://a.example/x?sig=s"}, [OPEN]),
        ({"webhook_url": "https://a.example/x?page=2"}, []),
        ({"webhook_url": None, "webhook_secret": Secret("s", "sk-live-abcdefghijklmnop")}, []),
        ({"first_message": "See http://a.example/"}, []),
        ({"first_message": "Bearer abcdef0123456789"}, [OPEN]),
    ],
)
def test_a_credential_is_warned_of(spec: dict[str, Any], summaries: list[str]) -> None:
    assert [summary for summary, _ in found("assistants", spec)] == summaries


def test_tools_are_looked_into_and_what_is_pasted_is_not() -> None:
    tool = {"name": "t", "server": {"url": "http://a.example/?key=k"}}
    spec = {"llm_config": {"tools": [tool, tool], "model": Ref(("assistants", "a"))}}  # type: ignore[arg-type]
    second = ("llm_config", "tools", 1, "server", "url")
    assert found("assistants", spec, ("llm_config", "tools", 0)) == [(OPEN, second)]


def test_a_setting_that_sounds_like_a_secret_is_warned_of() -> None:
    """Settings of a provider are never hidden: they are no place for a key."""
    config = {"region": "eu", "auth": {"password": "p"}, "access_token": None}
    spec = {"provider": "azure", "api_key": Secret("k", "f"), "config": config}
    assert found("byok_keys", spec) == [(OPEN, ("config", "auth", "password"))]


def test_a_warning_says_what_to_write_and_not_what_was_found() -> None:
    spec = {"webhook_url": "https://a.example/x?token=tok-1", "first_message": "sk-live-abcdefghijklmnop"}
    details = [warning.detail for warning in exposed(KINDS["assistants"], spec)]
    assert "webhook_secret: ${secret:name}" in details[0]
    assert "secret: ${secret:name}} of the tool" in details[1]
    assert not any("tok-1" in detail or "sk-live" in detail for detail in details)

"""The rules about credentials: what each finds, and what it passes over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest
from support.lint import RESOURCES, linted

from hmsplan.lint.rules import all_rules
from hmsplan.secrets.detect import service_keys

if TYPE_CHECKING:
    from pathlib import Path

KEY: Final = "sk-" + "proj-" + "Ab3dEf6hIj9kLm2nOp5q"
"""Made up, and in parts, for scanners of repositories."""
HOOK: Final = "https://hooks.acme.example/voice"


def found(root: Path, rule: str, example: str) -> list[str]:
    """Return the details of what one rule finds in a stack."""
    return [each.detail for each in linted(root, example, all_rules()[rule])]


def desk(**fields: object) -> str:
    """Return a stack of one assistant."""
    return json.dumps({"assistants": {"desk": {"name": "Desk", **fields}}}, ensure_ascii=False)


def prompt(text: str) -> str:
    """Return a stack of one assistant with a system prompt."""
    messages = [{"role": "system", "content": text}]
    return desk(llm_config={"provider": "openai", "model": "gpt-5.4", "messages": messages})


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"webhook_url": HOOK}, ["webhook-secret-not-declared"]),
        ({"webhook_url": HOOK, "webhook_secret": None}, ["webhook-without-secret"]),
        ({"webhook_url": HOOK, "webhook_secret": "${secret:webhook}"}, []),
        ({"webhook_url": None}, []),
        ({"webhook_secret": None}, []),
        ({}, []),
    ],
)
def test_a_webhook_is_signed(tmp_path: Path, fields: dict[str, object], rules: list[str]) -> None:
    both = ("webhook-secret-not-declared", "webhook-without-secret")
    assert [rule for rule in both if found(tmp_path, rule, desk(**fields))] == rules


def test_a_secret_that_comes_with_a_base_counts(tmp_path: Path) -> None:
    settings = "# file: hmsplan.yaml\nversion: 1\nstack: acme\nbases: {signed: {webhook_secret: '${secret:webhook}'}}\n"
    example = desk(webhook_url=HOOK, extends="signed") + "\n" + settings
    assert found(tmp_path, "webhook-secret-not-declared", example) == []


def test_a_secret_of_no_webhook_is_told_when_null_says_so(tmp_path: Path) -> None:
    secret = "${secret:webhook}"
    assert len(found(tmp_path, "secret-without-webhook", desk(webhook_url=None, webhook_secret=secret))) == 1
    assert found(tmp_path, "secret-without-webhook", desk(webhook_secret=secret)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Het wachtwoord is Zomer2026!",
        "Das Passwort lautet: Haus4711x.",
        "Le mot de passe est Cabinet75",
        "Password for the alarm is hunter2x",
        "api_key = abc123def456",
        "contraseña: Verano2026",
    ],
)
def test_a_password_in_a_prompt_is_found_and_not_repeated(tmp_path: Path, text: str) -> None:
    (told,) = found(tmp_path, "credential-in-prompt", prompt(text))
    assert text.rsplit(maxsplit=1)[-1].strip(".") not in told


@pytest.mark.parametrize(
    "text",
    [
        "Never ask for a password. A password is never asked for.",
        "The password is {{password}}, or <your-password1>.",
        "If the password is forgotten, say so. Password: ********1a",
        "Het wachtwoord is minstens acht tekens lang.",
        "The task-tracker sk-learn and eyJust are words.",
    ],
)
def test_talk_about_passwords_is_none(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, "credential-in-prompt", prompt(text)) == []


def test_a_key_is_told_once_by_lint_or_while_the_stack_is_read(tmp_path: Path) -> None:
    """Reading a stack looks for keys in short texts; lint does in long ones."""
    for text, by_lint in ((f"Use {KEY}.", 0), (f"Use {KEY}. {'Be kind. ' * 200}", 1)):
        problems = linted(tmp_path, prompt(text), all_rules()["credential-in-prompt"])
        assert len(problems) == by_lint
        assert all(KEY not in each.detail for each in problems)
    assert service_keys("Be kind. " * 200) == []


def receivers(*hosts: str, secret: str = "shared") -> str:
    """Return a stack of one assistant for each host, which all have one secret."""
    each = {
        f"a{at}": {"name": f"A{at}", "webhook_url": f"https://{host}/x", "webhook_secret": f"${{secret:{secret}}}"}
        for at, host in enumerate(hosts)
    }
    return json.dumps({"assistants": each})


def test_a_secret_has_one_receiver(tmp_path: Path) -> None:
    rule = "secret-for-two-receivers"
    (told,) = found(tmp_path, rule, receivers("a.example", "b.example", "c.example"))
    assert "shared goes to a.example and to b.example" in told
    assert found(tmp_path, rule, receivers("a.example", "a.example", "A.example")) == []
    assert found(tmp_path, rule, receivers("hooks.acme.example", "api.acme.example:8443")) == []


def test_a_secret_of_a_tool_goes_where_the_tool_is(tmp_path: Path) -> None:
    server = {"url": "https://tools.example/x", "secret": "${secret:webhook}"}
    function = {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object"}}
    tools = [{"type": "function", "function": function, "server": server}]
    model = {"provider": "openai", "model": "gpt-5.4", "tools": tools}
    rule = "secret-for-two-receivers"
    assert found(tmp_path, rule, desk(llm_config=model)) == []
    both = desk(llm_config=model, webhook_url=HOOK, webhook_secret="${secret:webhook}")
    (told,) = linted(tmp_path, both, all_rules()[rule])
    assert str(told.source).startswith(RESOURCES)


def test_a_secret_whose_receiver_is_not_declared_is_passed_over(tmp_path: Path) -> None:
    example = """
assistants:
  one: {name: One, webhook_url: "https://a.example", webhook_secret: "${secret:shared}"}
  two: {name: Two, webhook_secret: "${secret:shared}"}
"""
    assert found(tmp_path, "secret-for-two-receivers", example) == []


def test_a_secret_that_signs_is_not_sent(tmp_path: Path) -> None:
    def purposes(key: str) -> list[str]:
        byok = {"elevenlabs": {"provider": "elevenlabs", "api_key": f"${{secret:{key}}}"}}
        example = {**json.loads(receivers("a.example")), "byok_keys": byok}
        return found(tmp_path, "secret-for-two-purposes", json.dumps(example))

    (told,) = purposes("shared")
    assert "api_key of byok_keys.elevenlabs" in told
    assert purposes("eleven") == []

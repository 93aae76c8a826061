from __future__ import annotations

import pytest

from hmsplan.text.wording import nearest

COMMANDS = ("init", "validate", "plan", "apply", "drift", "show", "export", "import", "state", "graph")
FIELDS = ("first_message", "webhook_url", "webhook_secret", "llm_config", "agent_id", "name")


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("plna", COMMANDS, "plan"),
        ("aply", COMMANDS, "apply"),
        ("exprot", COMMANDS, "export"),
        ("validte", COMMANDS, "validate"),
        ("firstMessage", FIELDS, "first_message"),
        ("frist_mesage", FIELDS, "first_message"),
        ("agent", FIELDS, "agent_id"),
        ("secret", FIELDS, "webhook_secret"),
    ],
)
def test_a_slip_of_the_finger_is_understood(typed: str, known: tuple[str, ...], meant: str) -> None:
    assert nearest(typed, known) == meant


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("webhook", FIELDS),
        ("cat", ("car", "bat")),
        ("destroy", COMMANDS),
        ("refresh", COMMANDS),
        ("output", COMMANDS),
        ("taint", COMMANDS),
        ("pull", COMMANDS),
        ("go", ("do", "no")),
        ("x", ("y",)),
        ("", COMMANDS),
    ],
)
def test_what_resembles_nothing_or_two_things_is_no_guess(typed: str, known: tuple[str, ...]) -> None:
    assert nearest(typed, known) is None

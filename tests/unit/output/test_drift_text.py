"""Drift is a report: what was applied, what is live, what cannot be seen, and how much is managed."""

from __future__ import annotations

from support.pages import render_drift

from hmsplan.model import MISSING, Address, Drift, DriftKind, FieldChange, Secret
from hmsplan.output.drift import coverage_text, drift_json

CHANGED = Drift(
    "assistants",
    "a1",
    DriftKind.CHANGED,
    Address("assistants", "support"),
    "Support",
    (
        FieldChange(("llm_config", "model"), "gpt-5.4", "gpt-5.2"),
        FieldChange(("business_name",), "Acme", MISSING),
        FieldChange(("webhook_secret",), {"$secret": "hook", "fingerprint": None}, Secret(Secret.LIVE, "v")),
    ),
    (("webhook_secret",),),
)
GONE = Drift("numbers", "b1", DriftKind.GONE, Address("numbers", "main"), "+31850835037")
STRAY = Drift("assistants", "a9", DriftKind.UNMANAGED, name="\x1b[2J Try-out")


def test_a_report_and_no_proposal() -> None:
    text = render_drift([CHANGED, GONE, STRAY], {"assistants": (1, 2), "numbers": (0, 0)}, width=80, color=False)
    assert text.splitlines() == [
        "2 objects changed outside hmsplan since the last apply",
        "Shown as: last applied -> live now. Nothing is proposed or written.",
        "",
        "  # numbers.main is gone",
        '  # (number "+31850835037", b1)',
        "",
        "  # assistants.support was changed",
        '  ~ llm_config.model = "gpt-5.4" -> "gpt-5.2"',
        '  - business_name = "Acme"',
        "  ~ webhook_secret = (sensitive value)",
        "  # (cannot be seen: webhook_secret)",
        "",
        "1 object that no stack manages",
        "  # assistants",
        '        "\\u001b[2J Try-out"  a9',
        "",
        "To put back what the stack declares:",
        "    hmsplan apply",
        "To keep what is live, write it into the files:",
        "    hmsplan pull",
        "",
        "Coverage: 1 of 2 objects managed (assistants 1 of 2)",
        "Drift: 1 changed, 1 gone, 1 unmanaged.",
    ]


def test_no_drift_is_said_in_so_many_words() -> None:
    text = render_drift([], {"numbers": (3, 3)}, width=80, color=False)
    assert text.startswith("No drift. Every managed object is as the last apply left it, or")
    assert text.endswith("Coverage: 3 of 3 objects managed\nDrift: 0 changed, 0 gone.\n")


def test_coverage_names_the_kinds_that_are_not_managed_whole() -> None:
    coverage = {"numbers": (2, 3), "assistants": (1, 1)}
    assert coverage_text(coverage) == "3 of 4 objects managed (numbers 2 of 3)"


def test_the_json_tells_the_same_without_secrets() -> None:
    found = drift_json([CHANGED, GONE, STRAY], {"assistants": (1, 2)})
    assert found["coverage"] == {"managed": 1, "total": 2, "kinds": {"assistants": {"managed": 1, "total": 2}}}
    assert [entry["drift"] for entry in found["drift"]] == ["changed", "gone", "unmanaged"]
    fields = found["drift"][0]["fields"]
    assert fields[0] == {
        "path": ["llm_config", "model"],
        "field": "llm_config.model",
        "applied": "gpt-5.4",
        "live": "gpt-5.2",
    }
    assert "live" not in fields[1]
    assert fields[2]["applied"] == fields[2]["live"] == "(sensitive value)"
    assert found["drift"][0]["unseen"] == ["webhook_secret"]

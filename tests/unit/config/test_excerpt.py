"""A problem is shown with the line it is about, and never with a secret, a lead or a file outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hmsplan.config.excerpt import Excerpts
from hmsplan.model import SourceLine

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "hunter2-8f3a"


def quoted(root: Path, file: str, line: int) -> str | None:
    return Excerpts(root, {"production.yaml.env", "words.txt"})(SourceLine(file, line, 1))


def test_a_line_is_given_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("\ufeffassistants:\r\n\r\n  a: {name: A}\r\n".encode())
    assert [quoted(tmp_path, "a.yaml", line) for line in (0, 1, 2, 3, 9)] == [
        *(None, "assistants:", None, "  a: {name: A}", None)
    ]
    assert quoted(tmp_path, "gone.yaml", 1) is None


@pytest.mark.parametrize(
    "text",
    [
        f"assistants:\n  a:\n    webhook_secret: {CANARY}\n",
        f"assistants:\n  a: {{name: A, webhook_secret: {CANARY}}}\n",
        f"assistants:\n  a: {{name: A, 'webhook_secret': {CANARY}}}\n",
        f"assistants:\n  a:\n    webhook_secret: |\n      first\n      {CANARY}\n",
        f'assistants:\n  a:\n    webhook_secret:\n    "{CANARY}\n',
        f"assistants:\n  a:\n    webhook_secret: {{a: b,\n  c: {CANARY}\n",
        f"mcp_servers:\n  crm:\n    headers:\n      X-Tenant: {CANARY}\n",
        f"mcp_servers:\n  crm:\n    headers:\n    - x: y\n    - X-Tenant: {CANARY}\n",
        f"byok_keys:\n  eleven:\n    api_key: {CANARY}\n",
        f"sip_trunks:\n  voip: {{auth_password: {CANARY}\n",
        f"campaigns:\n  spring:\n    leads:\n    - {{phone_number: '{CANARY}'}}\n",
        f"state: postgresql://host/{CANARY}\n",
        f"assistants:\n  a: {{webhook_url: 'https://user:{CANARY}@acme.example/'}}\n",
        f"something:\n  token: {CANARY}\n",
    ],
)
def test_what_may_be_a_secret_or_a_lead_is_not_given(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    excerpts = Excerpts(tmp_path)
    lines = text.split("\n")
    assert CANARY not in "".join(excerpts(SourceLine("a.yaml", line + 1, 1)) or "" for line in range(len(lines)))


@pytest.mark.parametrize("name", ["leads.csv", ".env", "secrets.env", "words.txt", "sub/production.yaml.env"])
def test_no_line_of_a_file_of_secrets_or_leads_is_given(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / name).write_text(CANARY, "utf-8")
    assert quoted(tmp_path, name, 1) is None


def test_what_is_too_long_to_look_through_is_not_given(tmp_path: Path) -> None:
    entries = "".join(f"      x-{number}: {CANARY}\n" for number in range(3_000))
    (tmp_path / "a.yaml").write_text(f"mcp_servers:\n  crm:\n    headers:\n{entries}b: {'x' * 20_000}\n", "utf-8")
    assert [quoted(tmp_path, "a.yaml", line) for line in (4, 900, 2_990, 3_004)] == [None] * 4
    assert quoted(tmp_path, "a.yaml", 2) == "  crm:"


def test_no_link_leads_out(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    (tmp_path / "outside.yaml").write_text("a: b", "utf-8")
    (tmp_path / "stack" / "a.yaml").symlink_to("../outside.yaml")
    assert quoted(tmp_path / "stack", "a.yaml", 1) is None
    assert quoted(tmp_path / "stack", "../outside.yaml", 1) is None

"""Who gets which secret."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, Address, Binding, FieldChange, ResourceChange, Secret
from hmsplan.secrets.egress import new_receivers, receivers

SECRET = Secret("s", "value")
KEPT = {"$secret": "s", "fingerprint": None}


def tool(secret: Any, **places: Any) -> dict[str, Any]:
    server = {"secret": secret, **({"url": places.pop("server")} if "server" in places else {})}
    return {"llm_config": {"tools": [{"type": "end_call"}, {"type": "function", "server": server, **places}]}}


@pytest.mark.parametrize(
    ("kind", "spec", "hosts"),
    [
        ("assistants", {"webhook_secret": SECRET, "webhook_url": "https://a.example/x"}, ["a.example"]),
        ("assistants", {"webhook_secret": KEPT, "webhook_url": "https://u:p@A.example:443/x"}, ["a.example"]),
        ("assistants", {"webhook_secret": SECRET, "webhook_url": "https://a.example:8443"}, ["a.example:8443"]),
        ("assistants", {"webhook_secret": SECRET}, []),
        ("assistants", {"webhook_secret": None, "webhook_url": "https://a.example"}, []),
        ("assistants", tool(SECRET, server="https://b.example"), ["b.example"]),
        ("assistants", tool(KEPT, url="https://c.example", server="https://b.example"), ["b.example", "c.example"]),
        ("assistants", tool(SECRET) | {"webhook_url": "https://a.example"}, ["a.example"]),
        ("assistants", tool(SECRET, url="https://c.example") | {"webhook_url": "https://a.example"}, ["c.example"]),
        ("assistants", {"llm_config": {"tools": None}}, []),
        ("sip_trunks", {"auth_password": KEPT, "address": "SIP.a.example"}, ["sip.a.example"]),
        ("sip_trunks", {"auth_password": SECRET, "address": "http://[bad"}, ["http://[bad"]),
        ("numbers", {"phone_number": "+31850000001"}, []),
    ],
)
def test_the_receivers_of_a_spec(kind: str, spec: dict[str, Any], hosts: list[str]) -> None:
    """Declared or remembered; the nearest address counts."""
    assert [host for _, host in receivers(KINDS[kind], spec)] == hosts


def change(url: str, name: str = "s") -> ResourceChange:
    spec = {"webhook_url": url, "webhook_secret": Secret(name, "value")}
    fields = (FieldChange(("webhook_url",), MISSING, url),)
    return ResourceChange(Address("assistants", "new"), Action.CREATE, None, after=spec, fields=fields)


@pytest.mark.parametrize(
    ("planned", "refused"),
    [
        (change("https://old.example/other"), 0),
        (change("https://new.example"), 1),
        (change("https://old.example:444"), 1),
        (change("https://new.example", "unknown"), 0),
    ],
)
def test_only_a_known_secret_at_a_new_host_is_refused(planned: ResourceChange, refused: int) -> None:
    """A new secret goes wherever its author says; a known one to those who have it."""
    applied = {"webhook_url": "https://old.example/h", "webhook_secret": KEPT}
    binding = Binding(Address("assistants", "old"), "id", applied)
    found = list(new_receivers([planned], {binding.address: binding}))
    assert len(found) == refused
    assert all(refusal.flag == "--allow egress:assistants.new" for refusal in found)
    assert not list(new_receivers([planned], {}))

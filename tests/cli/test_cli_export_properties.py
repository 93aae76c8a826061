"""Whatever is live can be exported: each export proves its own plan empty, or leaves out what stands in the way."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.kinds import KINDS
from hmsplan.model import RemoteObject, Snapshot
from hmsplan.operations.export import prove

TEXTS = st.text(max_size=12) | st.sampled_from(
    ["${secret:x}", "$${", "no", "017", "a\r\nb", "x\ny", "word " * 60, "\u202e", "\x07"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.floats(0, 2) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
MESSAGES = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["system", "user"]), "content": TEXTS}), max_size=2)
PARAMETERS = st.fixed_dictionaries(
    {"type": st.just("object"), "properties": st.dictionaries(TEXTS, ANYTHING, max_size=2)}
)
TOOLS = st.lists(
    st.fixed_dictionaries({"name": TEXTS, "description": TEXTS}, optional={"parameters": PARAMETERS, "x": ANYTHING})
    | st.fixed_dictionaries({"type": st.just("function"), "function": st.fixed_dictionaries({"name": TEXTS})})
    | ANYTHING,
    max_size=2,
)
MODEL = st.fixed_dictionaries(
    {"provider": st.just("openai"), "model": TEXTS},
    optional={"messages": MESSAGES, "tools": TOOLS | ANYTHING, "extra": ANYTHING},
)
ASSISTANT = st.fixed_dictionaries(
    {"name": TEXTS, "llm_config": MODEL | ANYTHING},
    optional={
        "first_message": TEXTS | ANYTHING,
        "analysis_plan": ANYTHING,
        "webhook_events": ANYTHING,
        "new": ANYTHING,
    },
)
LEADS = st.lists(
    st.fixed_dictionaries(
        {
            "phone_number": st.sampled_from(["+31612345670", "0612345678", "x"]),
            "variables": st.dictionaries(TEXTS, TEXTS),
        }
    ),
    max_size=3,
)


def snapshot_of(assistants: list[dict[str, Any]], name: str, leads: list[dict[str, Any]]) -> Snapshot:
    ids = [f"3f0c0d5e-0000-4000-8000-{number:012}" for number in range(len(assistants) + 3)]
    campaign = {
        "name": name,
        "agent_id": ids[0],
        "schedule_start_time": "09:00:00",
        "schedule_end_time": "10:00:00",
        "timezone": "Europe/Amsterdam",
        "status": "draft",
    }
    number = {"phone_number": "+31850000001", "agent_id": ids[0], "name": name}
    made = {
        "assistants": dict(zip(ids, assistants, strict=False)),
        "campaigns": {ids[-1]: campaign},
        "numbers": {ids[-2]: number},
    }
    objects = {
        kind: {i: RemoteObject(kind, i, {"id": i, **fields}) for i, fields in made.get(kind, {}).items()}
        for kind in KINDS
    }
    members = tuple(RemoteObject("leads", str(n), {"status": "pending", **lead}) for n, lead in enumerate(leads))
    return Snapshot(objects, {ids[-1]: members})


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)
@given(st.lists(ASSISTANT, max_size=3), TEXTS, LEADS)
def test_every_organization_can_be_exported(
    assistants: list[dict[str, Any]], name: str, leads: list[dict[str, Any]]
) -> None:
    """It is valid and its plan is empty, or `prove` would not end; what is not in it is told."""
    proved = prove(snapshot_of(assistants, name, leads), "x", None)
    whole = proved.count == len(assistants) + 2
    assert whole or proved.left_out

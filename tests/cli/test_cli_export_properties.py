"""Whatever is live can be exported: each export proves its own plan empty, or leaves out what stands in the way."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.export.selection import Selection
from hmsplan.kinds import KINDS
from hmsplan.model import RemoteObject, Secret, Snapshot
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


IDS = [f"3f0c0d5e-0000-4000-8000-{number:012}" for number in range(20)]
NUMBER, OTHERS = "+31850000001", "+31850000002"
NODE_IDS = st.sampled_from(["hello", "bye", "Hello", "a b", ""])
NODE = st.fixed_dictionaries(
    {"id": NODE_IDS, "type": st.sampled_from(["conversation", "tool", "transfer", "end", "menu"])},
    optional={
        "instructions": TEXTS,
        "first_line": TEXTS | ANYTHING,
        "destination": st.sampled_from([NUMBER, OTHERS, "0031 85 000 00 01", "x"]),
        "tool_name": TEXTS,
        "arguments": ANYTHING,
        "global": st.booleans(),
        "tools": TOOLS | ANYTHING,
        "llm_config": ANYTHING,
        "ui": ANYTHING,
        "new": ANYTHING,
    },
)
EDGE = st.fixed_dictionaries({"from": NODE_IDS, "to": NODE_IDS}, optional={"description": TEXTS, "message": ANYTHING})
DEFINITION = st.fixed_dictionaries(
    {
        "version": st.sampled_from([1, 1, 1, 2, "1"]),
        "entry_node": NODE_IDS,
        "nodes": st.lists(NODE, max_size=3) | ANYTHING,
    },
    optional={"edges": st.lists(EDGE, max_size=2) | ANYTHING, "global_prompt": TEXTS, "x": ANYTHING},
)
GOOD_DEFINITION = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "entry_node": st.just("hello"),
        "nodes": st.tuples(
            st.fixed_dictionaries(
                {"id": st.just("hello"), "type": st.just("conversation"), "instructions": TEXTS},
                optional={"tools": TOOLS, "global": st.just(False)},
            ),
            st.fixed_dictionaries(
                {"id": st.just("desk"), "type": st.just("transfer"), "destination": st.sampled_from([NUMBER, OTHERS])}
            ),
        ).map(list),
    },
    optional={"edges": st.just([{"from": "hello", "to": "desk", "description": "x"}])},
)
WORKFLOW = st.fixed_dictionaries(
    {"name": TEXTS},
    optional={"definition": GOOD_DEFINITION | DEFINITION | ANYTHING, "is_active": st.booleans() | st.none()},
)
MCP_SERVER = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "url": st.sampled_from(["https://x.example/", "https://X.example:443", "http://x.example"]) | TEXTS,
    },
    optional={
        "transport": st.sampled_from(["sse", "streamable_http", "new"]),
        "timeout_seconds": st.integers(0, 90),
        "headers": st.dictionaries(
            st.sampled_from(["Authorization", "X-A", "X_A", "bad name", ""]), st.just(Secret(Secret.LIVE)), max_size=3
        ),
        "new": ANYTHING,
    },
)
PROVIDERS = st.sets(st.sampled_from(["openai", "resend", "cartesia", "google_vertex"]))
PERIODS = st.sampled_from([30, 90, 365, 45, None, "30"])
SELECTIONS = st.builds(
    Selection,
    only=st.sampled_from([(), (), ("workflows",), ("numbers", "assistants"), ("organization", "mcp_servers")]),
    without_leads=st.booleans(),
    minimal=st.booleans(),
)


@st.composite
def others(draw: st.DrawFn) -> dict[str, dict[str, dict[str, Any]]]:
    """Draw objects of the kinds that are no assistant, number or campaign."""
    workflows = draw(st.lists(WORKFLOW, max_size=2))
    servers = draw(st.lists(MCP_SERVER, max_size=2))
    made: dict[str, dict[str, dict[str, Any]]] = {
        "workflows": dict(zip(IDS[5:], workflows, strict=False)),
        "mcp_servers": dict(zip(IDS[8:], servers, strict=False)),
        "byok_keys": {name: {"provider": name, "secret_id": "x"} for name in draw(PROVIDERS)},
        "domain": draw(st.sampled_from([{}, {IDS[11]: {"domain_name": "x.example"}}, {IDS[11]: {"domain_name": "x"}}])),
        "organization": {
            IDS[12]: draw(
                st.fixed_dictionaries(
                    {"name": TEXTS},
                    optional={"content_retention_days": PERIODS, "metadata_retention_days": PERIODS, "new": ANYTHING},
                )
            )
        },
    }
    return {kind: objects for kind, objects in made.items() if draw(st.integers(0, 9))}  # else the key may not read it


def snapshot_of(
    assistants: list[dict[str, Any]],
    name: str,
    leads: list[dict[str, Any]],
    besides: dict[str, dict[str, dict[str, Any]]],
) -> Snapshot:
    ids = IDS
    campaign = {
        "name": name,
        "agent_id": ids[0],
        "schedule_start_time": "09:00:00",
        "schedule_end_time": "10:00:00",
        "timezone": "Europe/Amsterdam",
        "status": "draft",
    }
    number = {"phone_number": NUMBER, "agent_id": ids[0], "workflow_id": IDS[5], "name": name}
    made = {
        **besides,
        "assistants": dict(zip(ids, assistants, strict=False)),
        "campaigns": {ids[-1]: campaign},
        "numbers": {ids[-2]: number},
    }
    objects = {
        kind: {i: RemoteObject(kind, i, {"id": i, **fields}) for i, fields in made.get(kind, {}).items()}
        for kind in KINDS
        if kind in made or kind.endswith(("templates", "trunks"))
    }
    members = tuple(RemoteObject("leads", str(n), {"status": "pending", **lead}) for n, lead in enumerate(leads))
    return Snapshot(objects, {ids[-1]: members})


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(st.lists(ASSISTANT, max_size=2), TEXTS, LEADS, others(), SELECTIONS)
def test_every_organization_can_be_exported(
    assistants: list[dict[str, Any]],
    name: str,
    leads: list[dict[str, Any]],
    besides: dict[str, dict[str, dict[str, Any]]],
    selection: Selection,
) -> None:
    """It is valid and its plan is empty, or `prove` would not end; what is not in it is told. Twice it is the same."""
    snapshot = snapshot_of(assistants, name, leads, besides)
    proved = prove(snapshot, "x", "default", selection)
    live = sum(len(objects) for kind, objects in snapshot.objects.items() if selection.has_kind(kind))
    assert proved.count == live or proved.left_out
    assert prove(snapshot, "x", "default", selection).files == proved.files


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=25)
@given(TEXTS.filter(str.strip), GOOD_DEFINITION)
def test_a_usual_workflow_is_exported_whole(name: str, definition: dict[str, Any]) -> None:
    """Or what is left out of it is told, field by field."""
    workflow = {IDS[5]: {"name": name, "definition": definition}}
    proved = prove(snapshot_of([], "n", [], {"workflows": workflow}), "x", None)
    assert "workflows" in "".join(proved.files) or any(line.startswith("workflows.") for line in proved.left_out)

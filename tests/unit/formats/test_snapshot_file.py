"""A snapshot as a file: it comes back as it went, tells no secret and no lead, and refuses what is not one."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import pytest
from support.readings import LINEAGE, NOW, bound, declared, lead, live, planned, remembered, remote, resource

from hmsplan.api.refresh import parse_one
from hmsplan.errors import StateError
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.formats.snapshot_file import SavedSnapshot, save, snapshot_from_bytes, snapshot_to_bytes
from hmsplan.kinds import KINDS
from hmsplan.model import Anonymous, RemoteObject, Secret, Snapshot
from hmsplan.planner.members import fingerprint, number_fingerprint
from hmsplan.text.canonical_json import digest

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA: Final = json.loads((Path(__file__).parents[3] / "schemas" / "snapshot.schema.json").read_text("utf-8"))
CANARY: Final = "c4nary-of-a-secret"
AN: Final = {"phone_number": "+31612345671", "variables": {"who": "An"}}
STACK: Final = declared(resource("assistants.support", name="Support"))


def answered(kind: str, **fields: Any) -> RemoteObject:
    """Return an object as the client reads it from an answer."""
    found = parse_one(KINDS[kind], {"id": f"{kind}-1", **fields})
    assert found is not None
    return found


def taken(*objects: RemoteObject, leads: tuple[RemoteObject, ...] = ()) -> SavedSnapshot:
    """Save a reading of *objects* and of one campaign with *leads*."""
    campaign = remote("campaigns", "c1", name="Recall", agent_id="a1", status="paused")
    state = remembered(bound("campaigns.recall", "c1", AN, name="Recall"))
    return save(STACK, live(campaign, *objects, leads={"c1": leads}), state, NOW + 0.9, tool_version="1.2.3")


WHOLE: Final = taken(
    answered("assistants", name="Support", webhook_secret=CANARY, llm_config={"temperature": 0.5, "tools": []}),
    leads=(lead("l1", "0031 6 12345671", who="An"), lead("l2", "+31612345672", "completed")),
)


def document() -> dict[str, Any]:
    """Return the JSON of a snapshot."""
    found: dict[str, Any] = json.loads(snapshot_to_bytes(WHOLE))
    return found


def refused(data: bytes) -> str:
    """Return what is said of a file that is not read."""
    with pytest.raises(StateError) as error:
        snapshot_from_bytes(data)
    return str(error.value)


def test_it_comes_back_as_it_went() -> None:
    """What is live, what is remembered, of when it is and who took it."""
    again = snapshot_from_bytes(snapshot_to_bytes(WHOLE))
    assert again == WHOLE
    assert (again.taken, again.tool_version, again.state.lineage) == (int(NOW), "1.2.3", LINEAGE)


def test_nothing_of_a_reading_is_forgotten() -> None:
    """Whoever adds a field to a reading decides here whether it can be told."""
    kept = {"objects", "members", "gone", "lagging", "organization"}
    assert {field.name for field in fields(Snapshot)} == kept | {"requests", "now"}


def test_the_same_reading_gives_the_same_bytes() -> None:
    """A snapshot that is committed changes when the organization does."""
    one, two = remote("assistants", "a1", name="A"), remote("assistants", "a2", name="B")
    assert snapshot_to_bytes(taken(one, two)) == snapshot_to_bytes(taken(two, one))


def test_the_schema_describes_it() -> None:
    """And knows nothing that is not written."""
    jsonschema_rs.validator_for(SCHEMA).validate(document())
    assert SCHEMA["properties"].keys() == document().keys()


SECRETS: Final[dict[str, RemoteObject]] = {
    "of the schema": answered("assistants", webhook_secret=CANARY),
    "of the schema, in the other spelling": answered("assistants", webhookSecret=CANARY),
    "of a tool": answered("assistants", llm_config={"tools": [{"name": "x", "server": {"secret": CANARY}}]}),
    "of a nested tool": answered("assistants", llm_config={"tools": [{"function": {"server": {"secret": CANARY}}}]}),
    "that is an object": answered("assistants", webhook_secret={"value": CANARY}),
    "of a trunk": answered("sip_trunks", name="T", auth_password=CANARY),
    "that nobody knows": answered("sip_trunks", name="T", registration={"authPassword": CANARY}),
    "that is a list": answered("assistants", api_keys=["other", CANARY]),
    "below a name": answered("assistants", credentials={"login": {"value": CANARY}}),
    "of a header": answered("assistants", llm_config={"tools": [{"name": "x", "headers": {"X-Auth": CANARY}}]}),
    "in a URL": answered("assistants", webhook_url=f"https://user:{CANARY}@example.com/x"),
    "in the query of a URL": answered("assistants", webhook_url=f"https://example.com/x?a=1&access_token={CANARY}"),
    "that signs a URL": answered(
        "assistants", llm_config={"tools": [{"name": "x", "url": f"wss://e.com/?sig={CANARY}"}]}
    ),
    "of parameters that are no schema": answered("sip_trunks", parameters={"api-key": CANARY}),
}


@pytest.mark.parametrize("where", SECRETS)
def test_no_secret_is_in_it(where: str) -> None:
    """Neither one that the schema names nor one that only its name gives away."""
    data = snapshot_to_bytes(taken(SECRETS[where]))
    assert CANARY.encode() not in data
    assert CANARY not in repr(snapshot_from_bytes(data))


def test_whether_there_is_a_secret_stays_known() -> None:
    """A plan that clears one has something to clear."""
    again = snapshot_from_bytes(snapshot_to_bytes(taken(answered("assistants", webhook_secret=CANARY))))
    assert again.live.objects["assistants"]["assistants-1"].fields["webhook_secret"] == Secret(Secret.LIVE)
    none = snapshot_from_bytes(snapshot_to_bytes(taken(answered("assistants", webhook_secret=None))))
    assert none.live.objects["assistants"]["assistants-1"].fields["webhook_secret"] is None


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (
            "assistants",
            {"llm_config": {"max_completion_tokens": 300, "messages": [{"role": "user"}]}},
        ),
        ("assistants", {"llm_config": {"tools": [{"name": "x", "parameters": {"password": "string"}}]}}),
        ("analysis_templates", {"schema": {"properties": {"token": {"type": "string"}, "api_key": "x"}}}),
        ("tool_templates", {"tool_config": {"parameters": {"token": "x"}}}),
        ("numbers", {"phone_number": "+31850000001", "token": "", "secret": None}),
        (
            "assistants",
            {"webhook_url": "https://example.com/x?page=2&keyword=a#top", "first_message": "key: https://x.y/"},
        ),
        ("assistants", {"webhook_url": "https://example.com/a:b@c?token="}),
    ],
)
def test_what_is_no_secret_is_kept_as_it_is(kind: str, fields: dict[str, Any]) -> None:
    """Numbers, nothing, and names that the author gave in JSON of his own."""
    again = snapshot_from_bytes(snapshot_to_bytes(taken(answered(kind, **fields))))
    kept = again.live.objects[kind][f"{kind}-1"].fields
    assert {name: kept[name] for name in fields} == fields


def test_a_credential_in_a_url_is_hidden_though_stack_and_state_know_it() -> None:
    """All else of the URL is kept, so that a plan sees what differs."""
    url = f"https://example.com/x?token={CANARY}&page=2"
    stack = declared(resource("assistants.support", name="Support", webhook_url=url))
    state = remembered(bound("assistants.support", "assistants-1", name="Support", webhook_url=url))
    saved = save(stack, live(answered("assistants", webhook_url=url)), state, NOW)
    assert CANARY.encode() not in snapshot_to_bytes(saved)
    shown = saved.live.objects["assistants"]["assistants-1"].fields["webhook_url"]
    assert shown == "https://example.com/x?token=(sensitive value)&page=2"


def test_no_number_can_be_tried_out_that_the_stack_does_not_tell() -> None:
    """The key of the digests is in the file, and there are not so many phone numbers."""
    data = snapshot_to_bytes(WHOLE)
    members = KINDS["campaigns"].members
    assert members is not None
    for number, is_told in (("+31612345671", True), ("+31612345672", False)):
        spec = {"phone_number": number, "variables": {"who": "An"} if is_told else {}}
        digests = (fingerprint(members, spec, LINEAGE), number_fingerprint(members, spec, LINEAGE))
        assert any(each.encode() in data for each in digests) is is_told


def test_a_lead_is_an_id_and_a_digest() -> None:
    """Of one that was called the number has a digest of its own, so that nobody is called twice unseen."""
    one, two = document()["leads"]["c1"]
    assert (one.keys(), two.keys()) == ({"id", "fingerprint"}, {"id", "fingerprint", "called"})
    data = snapshot_to_bytes(WHOLE)
    assert not [text for text in (b"12345671", b"12345672", b'"An"') if text in data]
    assert all(isinstance(each.fields["variables"], Anonymous) for each in WHOLE.live.members["c1"])


def test_leads_that_an_answer_tells_with_their_campaign_are_left_out() -> None:
    """Nobody knows that an answer does so, and nobody promised that none will."""
    campaign = answered("campaigns", name="Recall", leads=[AN], total_leads=1)
    assert b"12345671" not in snapshot_to_bytes(taken(campaign))


def test_a_lead_has_the_digest_that_the_state_knows() -> None:
    """In whatever spelling the API tells the number."""
    (known,) = document()["state"]["bindings"]["campaigns.recall"]["members"]
    assert document()["leads"]["c1"][0]["fingerprint"] == known


EDITS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "a value": lambda found: found["objects"]["campaigns"]["c1"].update(name="Other"),
    "the time": lambda found: found.update(taken="2030-01-01T00:00:00Z"),
    "the organization": lambda found: found.update(organization="o2"),
    "the environment": lambda found: found.update(environment="production"),
    "the state": lambda found: found["state"]["bindings"].clear(),
    "an object": lambda found: found["objects"]["campaigns"].clear(),
    "a lead": lambda found: found["leads"]["c1"].pop(),
    "the digest": lambda found: found.update(digest="0" * 64),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_file_is_refused(edit: str) -> None:
    """The digest is over all of it."""
    found = document()
    EDITS[edit](found)
    said = refused(json.dumps(found).encode())
    assert "digest" in said
    assert "hmsplan snapshot -o" in said


def test_a_file_in_another_layout_is_as_good() -> None:
    """A formatter may have been at it."""
    assert snapshot_from_bytes(json.dumps(document(), indent=2).encode()) == WHOLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"format_version": 1}',
        b'{"format_version": "1", "objects": {}}',
        b'{"format_version": 1, "objects": {}}',
        b"[" * 100_000,
        snapshot_to_bytes(WHOLE)[:-9],
        snapshot_to_bytes(WHOLE).replace(b'"objects":', b'"objects":{},"objects":', 1),
        snapshot_to_bytes(WHOLE).replace(b'"paused"', b'"\\ud800"', 1),
    ],
)
def test_what_is_no_snapshot_is_refused(data: bytes) -> None:
    """Cut off, of another kind, or made to break a reader."""
    assert refused(data).startswith("Not a snapshot: ")


def test_a_plan_is_no_snapshot() -> None:
    """Two files of ours that are easily mixed up."""
    assert "every snapshot has" in refused(plan_to_bytes(planned(STACK)))


def test_a_newer_format_says_what_to_do() -> None:
    """Whatever else is in it."""
    said = refused(json.dumps(document() | {"format_version": 2, "more": 1}).encode())
    assert said.startswith("Snapshot is newer than this hmsplan")
    assert "pip install --upgrade" in said


@pytest.mark.parametrize(
    "change",
    [
        {"objects": {"rockets": {}}},
        {"objects": {"assistants": {"a1": []}}},
        {"objects": {"assistants": {"a1": {"x": {"$hmsplan": "rocket"}}}}},
        {"leads": {"c1": {}}},
        {"leads": {"c1": [{"id": "l1", "fingerprint": "f", "phone_number": "+31612345671"}]}},
        {"gone": [["assistants"]]},
        {"taken": "yesterday"},
        {"state": {"format_version": 1}},
    ],
    ids=str,
)
def test_a_forged_file_with_a_right_digest_is_read_as_strictly(change: dict[str, Any]) -> None:
    """The digest finds accidents; it is no proof of who wrote it."""
    forged = {key: value for key, value in (document() | change).items() if key != "digest"}
    assert refused(json.dumps(forged | {"digest": digest(forged)}).encode()).startswith("Not a snapshot: ")

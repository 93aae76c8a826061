"""A plan as a file: it comes back as it went, tells no secret, and refuses what is not one."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hmsplan.errors import StateError
from hmsplan.formats.codec import decode_value, encode, encode_value
from hmsplan.formats.plan_file import plan_from_bytes, plan_from_json, plan_to_bytes, plan_to_json
from hmsplan.formats.redact import public_plan
from hmsplan.kinds import KINDS
from hmsplan.model import (
    EMPTY,
    MISSING,
    Action,
    Address,
    Calls,
    Diagnostic,
    Drift,
    DriftKind,
    FieldChange,
    FieldPath,
    MembersChange,
    MemberUpdate,
    PendingCreate,
    Plan,
    Reached,
    Ref,
    Refusal,
    RemoteObject,
    ResourceChange,
    Risk,
    Secret,
    SourceLine,
    Step,
    Unsettled,
    Verb,
)
from hmsplan.output.plan_difference import explain_difference
from hmsplan.output.text import render_plan
from hmsplan.planner.digest import with_digests
from hmsplan.text import strict_json

SCHEMA: Final = json.loads((Path(__file__).parents[3] / "schemas" / "plan.schema.json").read_text("utf-8"))
LEAD: Final = {"phone_number": "+31612345678", "variables": {"who": "An"}}
SUPPORT, RECALL = Address("assistants", "support"), Address("campaigns", "recall")

# Values and plans of any shape that the types allow.

keys = st.sampled_from(["a", "name", "llm_config", "tools", "$ref", "$hmsplan", "$secret", "odd key", "webhook_secret"])
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
addresses = st.builds(Address, st.sampled_from(sorted(KINDS)), st.from_regex(r"[a-z]{1,4}", fullmatch=True))
secrets = st.builds(
    Secret, st.sampled_from(["hook", Secret.LIVE]), st.just("do-not-show"), st.sampled_from([None, "f"])
)
leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | text
special = leaves | secrets | st.builds(Ref, addresses)
values = st.recursive(
    special, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
specs = st.dictionaries(keys, values, max_size=3)
paths = st.lists(keys | st.integers(0, 3), min_size=1, max_size=3).map(tuple)
some_text = text.filter(lambda value: not value.endswith("•"))
field_changes = st.builds(FieldChange, paths, values | st.just(MISSING), values | st.just(MISSING))
remotes = st.builds(RemoteObject, st.just("leads"), text, st.fixed_dictionaries({"phone_number": text}))
members = st.builds(
    MembersChange,
    st.lists(st.fixed_dictionaries({"phone_number": text}), max_size=2).map(tuple),
    st.lists(remotes, max_size=2).map(tuple),
    st.integers(0, 9),
)
lines = st.builds(SourceLine, text, st.integers(1, 99), st.integers(1, 99))


def honest(plan: Plan) -> Plan:
    """Return *plan* with the digests of what of it is public; of a real one, those are all there is."""
    made = with_digests(public_plan(plan))
    return replace(plan, digest=made.digest, intent=made.intent)


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


reached = st.builds(
    Reached,
    st.sampled_from(sorted(KINDS)),
    text,
    st.none() | text,
    st.none() | addresses,
    st.none() | st.integers(0, 9),
    st.booleans(),
)
changes = st.builds(
    ResourceChange,
    addresses,
    st.sampled_from(Action),
    st.none() | text,
    before=specs,
    after=specs,
    fields=several(field_changes),
    members=st.none() | members,
    replaces=several(paths),
    released=several(paths),
    reason=text,
    notes=several(text),
    moved_from=st.none() | addresses,
    source=st.none() | lines,
    deposed=st.booleans(),
    started=st.booleans(),
    reaches=several(reached),
    calls=st.none() | st.builds(Calls, st.integers(0, 9), st.integers(0, 9), st.booleans()),
).map(lambda made: made if KINDS[made.address.kind].members else replace(made, members=None))
drifts = st.builds(
    Drift,
    st.sampled_from(sorted(KINDS)),
    text,
    st.sampled_from(DriftKind),
    st.none() | addresses,
    text,
    several(field_changes),
    several(paths),
    text,
    text,
)
steps = st.builds(
    Step, text, st.sampled_from(Verb), addresses, st.none() | text, specs, needs=st.frozensets(text, max_size=2)
)
intents = st.builds(
    PendingCreate,
    text,
    addresses,
    st.sampled_from(sorted(KINDS)),
    several(text),
    specs,
    st.frozensets(text),
    st.floats(0, 9),
)
plans = st.builds(
    Plan,
    text,
    text,
    several(changes),
    several(drifts),
    several(steps),
    several(st.builds(Refusal, st.sampled_from(Risk), addresses, text)),
    several(st.builds(Unsettled, addresses, several(text), st.floats(0, 99), st.none() | intents, st.none() | text)),
    warnings=several(st.builds(Diagnostic, text, text, st.none() | lines, st.none() | addresses, paths)),
    unread=several(st.sampled_from(sorted(KINDS))),
    made=st.none() | st.integers(0, 2**33),
    expires=st.none() | st.integers(0, 2**33),
    organization=st.none() | text,
    lineage=text,
    serial=st.integers(0, 9),
    targets=several(addresses.map(str)),
    excluded=several(addresses.map(str)),
    tool_version=text,
).map(honest)


@given(values | st.just(MISSING))
def test_any_value_comes_back(value: Any) -> None:
    """User-owned JSON may hold our own tag; nothing is mistaken for anything else."""
    encoded = json.loads(json.dumps(encode_value(value)))
    found = decode_value(encoded, "x")
    assert found == value
    assert repr(found) == repr(value)


@given(plans)
@example(
    honest(
        Plan(
            "",
            "",
            (
                ResourceChange(
                    Address("assistants", "a"),
                    Action.NO_OP,
                    id="",
                    fields=(FieldChange(("webhook_secret",), [], MISSING),),
                ),
            ),
        )
    )
)
@settings(max_examples=50, deadline=None)
def test_a_plan_comes_back_as_far_as_it_is_public(plan: Plan) -> None:
    """What is read equals what was written, and ``show --format json`` prints the same document."""
    saved = plan_from_bytes(plan_to_bytes(plan))
    assert saved == public_plan(plan)
    assert plan_to_json(saved) == plan_to_json(plan)
    assert public_plan(saved) == saved
    assert plan_to_bytes(plan) == plan_to_bytes(plan)


@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["\x7f", "\x9b", "\x85", "\u2028", "\uffff", "\U000e0041"])
)
def test_a_yaml_reader_takes_every_plan(name: str) -> None:
    """checkov is one: a single character it does not take, and no policy sees anything of the plan."""
    plan = plan_with(change(after={"name": name}))
    written = plan_to_bytes(plan)
    read = json.loads(written)
    assert yaml.load(written, yaml.CSafeLoader) == read
    del read["hmsplan"]["seal"]
    assert read == plan_to_json(plan)


@given(plans)
@settings(max_examples=50, deadline=None)
def test_no_secret_is_in_any_form(plan: Plan) -> None:
    assert b"do-not-show" not in plan_to_bytes(plan)
    assert "do-not-show" not in render_plan(plan, width=80, color=True)


def change(action: Action = Action.UPDATE, **more: Any) -> ResourceChange:
    given_ = {"before": {"name": "old"}, "after": {"name": "new"}, "fields": (FieldChange(("name",), "old", "new"),)}
    return ResourceChange(SUPPORT, action, "a1", **(given_ | more))


def started(pending: int) -> ResourceChange:
    fields_ = (FieldChange(("status",), "paused", "scheduled"),)
    return ResourceChange(
        RECALL, Action.UPDATE, "c1", fields=fields_, members=MembersChange(pending=pending), started=True
    )


def plan_with(*made: ResourceChange, **more: Any) -> Plan:
    return with_digests(Plan("acme", "prod", made, lineage="l", **more))


# Terraform's shape.


def only(plan: Plan) -> dict[str, Any]:
    (entry,) = plan_to_json(plan)["resource_changes"]
    return dict(entry)


def test_an_update_has_terraform_s_shape() -> None:
    assert only(plan_with(change())) == {
        "address": "assistants.support",
        "mode": "managed",
        "type": "hms_assistant",
        "name": "support",
        "provider_name": "registry.terraform.io/hmsplan/hms",
        "change": {
            "actions": ["update"],
            "before": {"id": "a1", "name": "old"},
            "after": {"id": "a1", "name": "new"},
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def test_unknown_ids_and_secrets_are_marked_and_not_there() -> None:
    tool = {"name": "x", "mcp_server_id": Ref(SUPPORT), "server": {"secret": Secret("t", "do-not-show")}}
    after = {"webhook_secret": Secret("hook", "do-not-show"), "llm_config": {"tools": [{"name": "y"}, tool]}}
    found = only(plan_with(ResourceChange(SUPPORT, Action.CREATE, None, after=after)))["change"]
    assert found["before"] is None
    assert found["before_sensitive"] is False
    assert found["after"] == {
        "webhook_secret": "(sensitive value)",
        "llm_config": {"tools": [{"name": "y"}, {"name": "x", "server": {"secret": "(sensitive value)"}}]},
    }
    assert found["after_unknown"] == {"id": True, "llm_config": {"tools": [{}, {"mcp_server_id": True}]}}
    assert found["after_sensitive"] == {
        "webhook_secret": True,
        "llm_config": {"tools": [{}, {"server": {"secret": True}}]},
    }


@pytest.mark.parametrize(
    ("made", "actions"),
    [
        (change(Action.REPLACE, replaces=(("name",),)), ["create", "delete"]),
        (change(Action.DELETE, after=EMPTY, fields=()), ["delete"]),
        (change(Action.FORGET, after=EMPTY, fields=()), ["forget"]),
        (change(Action.NO_OP, fields=()), ["no-op"]),
        (change(Action.ADOPT, fields=()), ["no-op"]),
        (change(Action.ADOPT), ["update"]),
    ],
)
def test_actions(made: ResourceChange, actions: list[str]) -> None:
    found = only(plan_with(made))
    assert found["change"]["actions"] == actions
    assert found["change"].get("importing") == ({"id": "a1"} if made.action is Action.ADOPT else None)
    assert found["change"].get("replace_paths") == ([["name"]] if made.action is Action.REPLACE else None)
    assert (found["change"]["after"] is None) == (actions[0] in {"delete", "forget"})


def test_before_holds_only_what_is_managed() -> None:
    """A dashboard field that nobody declared does not look as if it were taken away."""
    before = {"name": "old", "llm_config": {"model": "a", "temperature": 1}, "created_at": "x"}
    after = {"llm_config": {"model": "b"}}
    made = change(before=before, after=after, fields=(FieldChange(("llm_config", "model"), "a", "b"),))
    found = only(plan_with(replace(made, fields=())))["change"]
    assert found["before"] == {"id": "a1", "llm_config": {"model": "a"}}
    gone = only(plan_with(change(Action.DELETE, before=before, after=EMPTY, fields=())))["change"]
    assert gone["before"] == {"id": "a1", "name": "old", "llm_config": {"model": "a", "temperature": 1}}


def test_a_reference_is_configured_whether_its_id_is_known_or_not() -> None:
    """As Terraform writes it: by type and name, the attribute before the object. Policies about connections read it."""
    trunk = ResourceChange(Address("sip_trunks", "voip"), Action.CREATE, None, after={"name": "v"})
    after = {"agent_id": "a1", "transfer_trunk_id": Ref(trunk.address), "phone_number": "+31850000001"}
    number = ResourceChange(Address("numbers", "main"), Action.CREATE, None, after=after)
    document = plan_to_json(plan_with(change(Action.NO_OP, fields=()), trunk, number))
    resources = document["configuration"]["root_module"]["resources"]
    assert {each["address"]: each["expressions"] for each in resources} == {
        "assistants.support": {},
        "sip_trunks.voip": {},
        "numbers.main": {
            "agent_id": {"references": ["hms_assistant.support.id", "hms_assistant.support"]},
            "transfer_trunk_id": {"references": ["hms_sip_trunk.voip.id", "hms_sip_trunk.voip"]},
        },
    }


def test_moves_and_deposed_objects_have_terraform_s_keys() -> None:
    assert only(plan_with(change(moved_from=RECALL)))["previous_address"] == "campaigns.recall"
    assert only(plan_with(change(Action.DELETE, deposed=True, fields=())))["deposed"] == "a1"


def test_leads_are_counted_and_masked() -> None:
    lead = {"phone_number": "+31612345678", "variables": {"name": "Ann"}}
    new = {"phone_number": "+31612345699", "variables": {"name": "Cor"}}
    old = RemoteObject("leads", "l1", {"phone_number": "+31612345678", "variables": {"name": "Bob"}})
    gone = RemoteObject("leads", "l2", {"phone_number": "+31612345655", "variables": {}})
    change = MembersChange((new, lead), (gone, old), 7, updates=(MemberUpdate(1, 1, ("name",)),), places=("a:2", "a:3"))
    made = ResourceChange(RECALL, Action.UPDATE, "c1", members=change)
    document = plan_to_json(plan_with(made))
    written = json.dumps(document, ensure_ascii=False)
    assert document["hmsplan"]["changes"][0]["members"] == {
        "add": 2,
        "change": 1,
        "remove": 2,
        "pending": 7,
        "list": [
            {"action": "add", "source": "a:2", "number": "…99"},
            {"action": "change", "source": "a:3", "number": "…78", "variables": ["name"]},
            {"action": "remove", "source": None, "number": "…55"},
        ],
    }
    for private in ("1234", "456", "Ann", "Bob", "Cor"):
        assert private not in re.sub("[0-9a-f]{64}", "", written)


@pytest.mark.parametrize(
    "change",
    [
        MembersChange((LEAD,), (), 1, updates=(MemberUpdate(0, 0),)),
        MembersChange((LEAD,), (RemoteObject("leads", "l1", LEAD),), 1, updates=(MemberUpdate(-1, 0),)),
        MembersChange((LEAD,), (RemoteObject("leads", "l1", LEAD),), 1, updates=(MemberUpdate(0, 0),) * 2),
        MembersChange((LEAD,), (), 1, places=("a:1", "a:2")),
    ],
)
def test_a_plan_that_names_leads_which_it_does_not_have_is_refused(change: MembersChange) -> None:
    made = plan_with(ResourceChange(RECALL, Action.UPDATE, "c1", members=replace(change, mark="x")))
    with pytest.raises(StateError, match="members that are not there"):
        plan_from_json(
            {"format_version": "1.2", "hmsplan": {"version": 1, "digest": made.digest, "plan": encode(made, Plan)}}
        )


def test_a_line_more_above_a_lead_is_no_other_plan() -> None:
    one, other = (
        plan_with(ResourceChange(RECALL, Action.UPDATE, "c1", members=MembersChange((LEAD,), (), 1, places=(place,))))
        for place in ("a.csv:2", "a.csv:3")
    )
    assert one.digest == other.digest
    assert explain_difference(one, other) == []


def test_drift_stands_apart_and_holds_only_what_changed() -> None:
    drift = Drift(
        "assistants", "a1", DriftKind.CHANGED, SUPPORT, "S", (FieldChange(("llm_config", "model"), "a", "b"),)
    )
    (entry,) = plan_to_json(plan_with(drift=(drift,)))["resource_drift"]
    assert entry["change"]["before"] == {"id": "a1", "llm_config": {"model": "a"}}
    assert entry["change"]["after"] == {"id": "a1", "llm_config": {"model": "b"}}


def test_refusals_make_it_not_applyable() -> None:
    refusal = Refusal(Risk.DELETE, SUPPORT, "why", "sha256:0a", "2026-12-15", "it expired")
    document = plan_to_json(plan_with(change(), refusals=(refusal,)))
    assert document["applyable"] is False
    assert document["hmsplan"]["refusals"] == [
        {
            "risk": "delete",
            "address": "assistants.support",
            "reason": "why",
            "void": "it expired",
            "flag": "--allow delete:assistants.support",
            "change": "sha256:0a",
            "approval": "\n".join(refusal.approval),
        }
    ]
    assert plan_to_json(plan_with(change()))["applyable"] is True


def test_the_file_is_one_line() -> None:
    data = plan_to_bytes(replace(plan_with(change(notes=("a\nb",))), tool_version="1.2.3"))
    assert data.count(b"\n") == 1
    assert json.loads(data)["hmsplan"]["tool_version"] == "1.2.3"


# Reading.


def broken(**more: Any) -> dict[str, Any]:
    document = json.loads(plan_to_bytes(plan_with(change())))
    for path, value in more.items():
        *parents, last = path.split("__")
        into = document
        for key in parents:
            into = into[int(key) if key.isdigit() else key]
        if value is MISSING:
            del into[last]
        else:
            into[last] = value
    return dict(document)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "lacks the key hmsplan.plan"),
        (broken(hmsplan=MISSING), "lacks the key hmsplan.plan"),
        (broken(format_version="2.0"), "format_version is '2.0'"),
        (broken(hmsplan__version=2), "hmsplan.version is 2"),
        (broken(hmsplan__digest="0" * 64), "two digests"),
        (broken(hmsplan__plan__stack=7), "plan.stack cannot be a number"),
        (broken(hmsplan__plan__stack=MISSING), "'stack' is missing"),
        (broken(hmsplan__plan__surprise=1), "'surprise' is unknown to this version"),
        (broken(hmsplan__plan__changes__0__address="nope.x"), "knows no kind nope"),
        (broken(hmsplan__plan__changes__0__address="nope"), "not an address"),
        (broken(hmsplan__plan__changes__0__action="explode"), "cannot be 'explode'"),
        (broken(hmsplan__plan__changes__0__released=[[]]), "a field has no path"),
        (broken(hmsplan__plan__changes__0__reaches=[{"kind": "nope", "name": "x"}]), "of an unknown kind"),
        (broken(hmsplan__plan__made=-1), "no time that can be"),
        (broken(hmsplan__plan__expires=10**15), "no time that can be"),
        (broken(hmsplan__plan__expires="soon"), "cannot be a text"),
        (broken(hmsplan__plan__unread=["\u001b[2J"]), "an unknown kind"),
        (broken(hmsplan__plan__changes__0__after=[]), "cannot be a list"),
        (broken(hmsplan__plan__changes__0__after={"x": {"$hmsplan": "boo"}}), "does not know"),
        (broken(hmsplan__plan__serial=True), "cannot be true or false"),
    ],
)
def test_what_is_no_plan_is_refused_in_words(document: Any, words: str) -> None:
    with pytest.raises(StateError, match="hmsplan plan -o FILE") as caught:
        plan_from_json(document)
    assert words in str(caught.value)
    assert caught.value.summary == "Not a saved plan"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a":1}x', b"9" * 5000],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        plan_from_bytes(data)


def test_a_file_that_is_too_big_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "MAX_BYTES", 100)
    with pytest.raises(StateError, match="101 bytes"):
        plan_from_bytes(b"{" * 101)


FULL: Final = json.loads(
    plan_to_bytes(
        replace(
            honest(
                plan_with(
                    change(notes=("n",), source=SourceLine("a.yaml", 3, 4)),
                    ResourceChange(RECALL, Action.UPDATE, "c1", members=MembersChange((LEAD,), (), 1), started=True),
                    refusals=(Refusal(Risk.START, RECALL, "why"),),
                    organization="o1",
                )
            ),
            made=1_790_000_000,
            expires=1_790_086_400,
            tool_version="1.2.3",
        )
    )
)


def places(value: Any, *at: Any) -> list[tuple[Any, ...]]:
    """Return the way to everything in a document, but for the whole of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here for key, item in items for here in ((*at, key), *places(item, *at, key))]


def edited(document: Any, at: tuple[Any, ...], *value: Any) -> bytes:
    """Return *document* with another value in one place, or without it."""
    found = into = json.loads(json.dumps(document))
    for key in at[:-1]:
        into = into[key]
    if value:
        into[at[-1]] = value[0]
    else:
        del into[at[-1]]
    return json.dumps(found).encode()


@pytest.mark.parametrize("value", [(), ("other",), (7,), (None,), ([],), ({},), (2**70,), ("\ud800",)], ids=str)
def test_no_edit_of_a_saved_plan_goes_unseen(value: tuple[Any, ...]) -> None:
    """Wherever it is: what a policy read, what people saw, and what is applied are one document."""
    for at in places(FULL):
        data = edited(FULL, at, *value)
        if json.loads(data) != FULL:
            with pytest.raises(StateError, match="hmsplan plan -o FILE"):
                plan_from_bytes(data)


def test_another_layout_is_no_edit() -> None:
    """A formatter may have been at it."""
    assert plan_from_bytes(json.dumps(FULL, indent=2, sort_keys=True).encode()) == plan_from_bytes(
        json.dumps(FULL).encode()
    )


@pytest.mark.parametrize("place", ["fields", "action", "id", "members", "released", "address"])
def test_a_forger_cannot_show_other_changes_under_a_digest(place: str) -> None:
    """The seal finds accidents. What a digest stands for is counted again."""
    forged = json.loads(json.dumps(FULL))
    first, second = forged["hmsplan"]["plan"]["changes"]
    match place:
        case "fields":
            first["fields"].clear()
        case "action":
            first["action"] = "no-op"
        case "id":
            first["id"] = "a2"
        case "members":
            del second["members"]["mark"]
        case "released":
            first["released"] = [["webhook_url"]]
        case _:
            first["address"] = "assistants.other"
    with pytest.raises(StateError, match="edited"):
        plan_from_json(forged)


def test_deep_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(250):
        deep = [deep]
    with pytest.raises(StateError, match="deep"):
        plan_from_json(broken(hmsplan__plan__changes__0__after={"x": deep}))


def test_the_schema_describes_every_property() -> None:
    """Whoever hovers over a key learns what it is."""

    def look(schema: Any, where: str) -> list[str]:
        if isinstance(schema, list):
            return [found for item in schema for found in look(item, where)]
        if not isinstance(schema, dict):
            return []
        own = [
            f"{where}.{name}"
            for name, item in schema.get("properties", {}).items()
            if "description" not in item and "$ref" not in item
        ]
        return own + [found for key, item in schema.items() for found in look(item, f"{where}.{key}")]

    assert look(SCHEMA, "") == []


@given(plans)
@settings(max_examples=25, deadline=None)
def test_the_schema_fits_every_plan(plan: Plan) -> None:
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert [str(error.message) for error in validator.iter_errors(plan_to_json(plan))] == []


def test_the_codec_knows_every_field_of_a_change() -> None:
    """A field that is added to the model is written without further ado, unless it takes no part in comparing."""
    assert all(item.compare for cls in (Plan, ResourceChange, Drift, Step, Unsettled) for item in fields(cls))


# What moved since.


def test_nothing_moved() -> None:
    plan = plan_with(change())
    assert explain_difference(plan_from_bytes(plan_to_bytes(plan)), plan) == []


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        (
            plan_with(change(fields=(FieldChange(("name",), "other", "new"),))),
            'assistants.support name: was "old" when planned, is "other" now',
        ),
        (
            plan_with(change(fields=(FieldChange(("name",), "old", "newest"),))),
            'assistants.support name: "new" was planned, "newest" is declared now',
        ),
        (
            plan_with(),
            "assistants.support is no longer planned (will be updated in place): it is neither declared nor managed",
        ),
        (
            plan_with(change(Action.NO_OP, fields=())),
            "assistants.support is no longer planned (will be updated in place): it matches the stack by now",
        ),
        (
            plan_with(change(Action.DELETE, fields=())),
            "assistants.support: the plan said it will be updated in place, now it will be destroyed",
        ),
        (
            plan_with(change(fields=())),
            'assistants.support name: was "old" when planned, is what was planned by now',
        ),
        (
            plan_with(change(), ResourceChange(RECALL, Action.CREATE, None)),
            "campaigns.recall was not planned and is now: will be created",
        ),
        (
            plan_with(change(fields=(*change().fields, FieldChange(("gdpr_mode",), False, True)))),
            "assistants.support gdpr_mode: false -> true was not planned",
        ),
        (
            plan_with(started(13)),
            "campaigns.recall leads: 12 were pending when planned, 13 now",
        ),
        (plan_with(change(released=(("x",),))), "assistants.support x: is released, which was not planned"),
        (
            replace(plan_with(change()), environment="test"),
            "the plan is for environment prod, this is environment test",
        ),
        (
            replace(plan_with(change()), targets=(str(SUPPORT),)),
            "the plan is limited to everything, this one to assistants.support",
        ),
        (replace(plan_with(change()), digest="0" * 64), "the two differ in something that a saved plan does not show"),
    ],
)
def test_the_object_and_field_that_moved_are_named(fresh: Plan, words: str) -> None:
    first = started(12) if fresh.pending and fresh.pending[0].started else change()
    saved = plan_from_bytes(plan_to_bytes(plan_with(first)))
    assert any(line.startswith(words) for line in explain_difference(saved, fresh))


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ({"name": "Emergency line"}, 'assistants.support name: was "old" when planned, is "Emergency line" now'),
        ({"name": "old", "gdpr_mode": True}, "assistants.support gdpr_mode: was (not set) when planned, is true now"),
        ({"name": "old", "updated_at": "2026"}, ""),
    ],
)
def test_what_goes_away_is_what_was_reviewed(before: dict[str, Any], words: str) -> None:
    """Somebody may have made something of it since; the intent is the same."""
    saved, fresh = (
        plan_with(change(Action.DELETE, before=each, after=EMPTY, fields=())) for each in ({"name": "old"}, before)
    )
    assert saved.intent == fresh.intent
    assert (saved.digest == fresh.digest) is (words == "")
    assert explain_difference(plan_from_bytes(plan_to_bytes(saved)), fresh) == ([words] if words else [])


@pytest.mark.parametrize(("one", "other", "same"), [(1, 1.0, True), ([{"a": 2.0}], [{"a": 2}], True), (1, 1.5, False)])
def test_equal_numbers_have_one_digest(one: Any, other: Any, same: bool) -> None:
    """YAML and the API may write the same number in two ways."""
    found = [plan_with(change(fields=(FieldChange(("t",), value, value),))) for value in (one, other)]
    assert (found[0].digest == found[1].digest) is same
    assert (found[0].intent == found[1].intent) is same


def test_other_leads_are_told_without_numbers() -> None:
    def plan(*numbers: str, pending: int = 1) -> Plan:
        leads = tuple({"phone_number": number} for number in numbers)
        return plan_with(ResourceChange(RECALL, Action.UPDATE, "c1", members=MembersChange(leads, (), pending)))

    assert explain_difference(plan("+31611110000"), plan("+31611110000", "+31611110001")) == [
        "campaigns.recall leads: planned were 1 to add, now 2 to add"
    ]
    assert explain_difference(plan("+31611110000"), plan("+31699990000")) == [
        "campaigns.recall leads: other leads than were planned"
    ]
    assert explain_difference(plan("+31611110000"), plan("+31611110009")) == [
        "campaigns.recall leads: other leads than were planned"
    ]


def test_released_fields_by_name_and_by_index_stand_in_one_list() -> None:
    def plan(*released: FieldPath) -> Plan:
        change = ResourceChange(SUPPORT, Action.UPDATE, id="a1", released=released)
        return with_digests(Plan("acme", "prod", (change,), lineage="l"))

    assert len(explain_difference(plan(("tools", 0)), plan(("tools", "lookup")))) == 2


@given(plans, plans)
@settings(max_examples=25, deadline=None)
def test_explanations_are_safe_to_show(saved: Plan, fresh: Plan) -> None:
    for line in explain_difference(saved, fresh):
        assert line.isprintable() or not any(ord(char) < 32 for char in line)
        assert "do-not-show" not in line

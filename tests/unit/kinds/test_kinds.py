"""The table of what is known of the API: free of contradictions, and true to what its documentation states."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest

from hmsplan.kinds import KINDS, WORKFLOWS, Kind
from hmsplan.kinds.kind import patterns
from hmsplan.model import ANY, ANY_KEY, Pattern, pattern, written

ROOT: Final = Path(__file__).parents[3]
STAMPS: Final = {"id", "org_id", "created_at", "updated_at"}


def kind(**more: Any) -> Kind:
    """Return a kind that knows nothing but *more*."""
    bare = {
        "name": "x",
        "singular": "x",
        "path": "/x",
        "docs": "",
        "collection": (),
        "envelope": (),
        "identity": "name",
        "noun": "x",
    }
    return Kind(**{**bare, **more})


def schema_of(name: str) -> dict[str, Any]:
    """Return the fields of a kind as published."""
    document = json.loads((ROOT / "schemas" / "kinds" / f"{name}.schema.json").read_text("utf-8"))
    properties: dict[str, Any] = document["$defs"]["partial"]["properties"]
    return properties


@pytest.mark.parametrize(
    ("dotted", "parts"),
    [
        ("name", ("name",)),
        ("llm_config.tools", ("llm_config", "tools")),
        ("llm_config.tools[].server.secret", ("llm_config", "tools", ANY, "server", "secret")),
        ("server.headers.**", ("server", "headers", ANY_KEY)),
        ("servers.**.tools[].name", ("servers", ANY_KEY, "tools", ANY, "name")),
    ],
)
def test_dotted_names_become_patterns_and_are_written_so(dotted: str, parts: Pattern) -> None:
    assert pattern(dotted) == parts
    assert written(parts) == dotted


@pytest.mark.parametrize(
    ("place", "is_one", "is_on_the_way"),
    [
        ((), False, True),
        (("server",), False, True),
        (("server", "headers"), False, True),
        (("server", "headers", "Authorization"), True, True),
        (("server", "headers", "Authorization", "x"), False, False),
        (("server", "url"), False, False),
        (("tools", ANY), False, True),
        (("tools", ANY, "secret"), True, True),
        (("name",), False, False),
    ],
)
def test_a_secret_stands_at_any_key_of_a_map(place: Pattern, is_one: bool, is_on_the_way: bool) -> None:
    subject = kind(secrets=patterns("server.headers.**", "tools[].secret"))
    assert subject.is_secret(place) is is_one
    assert subject.may_hold_secret(place) is is_on_the_way


@pytest.mark.parametrize(
    ("contradiction", "words"),
    [
        ({"immutable": frozenset({"a"}), "clearable": frozenset({"a"})}, r"immutable and clearable: \['a'\]"),
        ({"computed": frozenset({"a"}), "required": frozenset({"a"})}, "computed and required"),
        ({"after_create": frozenset({"a"}), "required": frozenset({"a"})}, "after_create and required"),
        ({"after_create": frozenset({"a"}), "verbs": frozenset({"GET", "POST"})}, "after_create without PATCH"),
        ({"kept": frozenset({"a"})}, "kept and not clearable"),
        ({"computed": frozenset({"a"}), "immutable": frozenset({"a"})}, "computed and immutable"),
        ({"clearable": frozenset({"a"}), "required": frozenset({"a"})}, "clearable and required"),
        ({"secrets": patterns("a.b"), "refs": {pattern("a.b"): "y"}}, r"secret and reference: \['a.b'\]"),
        ({"unordered": patterns("a"), "keyed": {pattern("a"): str}}, "unordered and keyed"),
        ({"distinct": patterns("a")}, "distinct and not keyed"),
        ({"spare": {pattern("a"): bool}}, "spare and not keyed"),
        ({"flow": WORKFLOWS.flow}, r"flow and not keyed: \['definition.edges', 'definition.nodes'\]"),
        ({"receivers": {pattern("a"): patterns("url")}}, "receivers of a field that is not secret"),
        ({"atomic": patterns("a"), "refs": {pattern("a.b[]"): "y"}}, r"within what is atomic: \['a.b\[\]'\]"),
        ({"status": ("s", "on"), "initial": "off"}, r"status without: \['resting'\]"),
        ({"window": ("a", "b", "c"), "exposing": frozenset({"a"})}, r"without status: \['exposing', 'window'\]"),
    ],
)
def test_a_kind_refuses_contradictions(contradiction: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"kind x: {words}"):
        kind(**contradiction)


def test_a_kind_without_patch_is_not_patchable() -> None:
    assert kind().patchable
    assert not kind(verbs=frozenset({"GET", "POST", "DELETE"})).patchable
    assert [name for name, each in KINDS.items() if not each.patchable] == ["domain", "sip_trunks"]


def test_every_kind_stands_after_the_kinds_it_refers_to_or_expands() -> None:
    order = list(KINDS)
    for name, each in KINDS.items():
        for target in (*each.refs.values(), *each.expands.values()):
            assert target not in KINDS or order.index(target) < order.index(name), (name, target)


def test_a_kind_is_found_under_its_own_name() -> None:
    assert all(name == each.name for name, each in KINDS.items())
    assert len({each.singular for each in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("each", KINDS.values(), ids=lambda each: each.name)
def test_every_entry_says_where_its_facts_come_from(each: Kind) -> None:
    assert re.search("API reference|SDK|guide", each.docs)


def test_every_attribute_of_a_kind_is_explained() -> None:
    explained = Kind.__doc__ or ""
    names = {field.name for field in fields(Kind)} - {"singular", "docs", "members"}
    assert {name for name in names if f"        {name}: " not in explained} == set()


@pytest.mark.parametrize("each", KINDS.values(), ids=lambda each: each.name)
def test_the_table_names_only_fields_that_the_schema_has(each: Kind) -> None:
    known = set(schema_of(each.name))
    patterns: set[Pattern] = {*each.refs, *each.expands, *each.secrets, *each.atomic, *each.unordered, *each.keyed}
    patterns |= {*each.canonical, *each.null_matters, *each.receivers}
    named = {pat[0] for pat in patterns} | each.immutable | each.clearable | each.after_create | each.required
    named |= {
        *each.required_if_new,
        *each.required_in,
        *each.union,
        *each.refused_with,
        *each.together,
        *each.write_only,
        *each.shown_names,
    }
    named |= set() if each.is_single else {each.identity}
    assert named <= known


@pytest.mark.parametrize("each", KINDS.values(), ids=lambda each: each.name)
def test_what_the_platform_sets_can_neither_be_declared_nor_planned(each: Kind) -> None:
    assert each.computed >= STAMPS
    assert not each.computed & set(schema_of(each.name))


@pytest.mark.parametrize("each", KINDS.values(), ids=lambda each: each.name)
def test_what_null_clears_may_be_declared_null(each: Kind) -> None:
    for name in each.clearable:
        assert "null" in json.dumps(schema_of(each.name)[name]), name


@pytest.mark.parametrize("each", KINDS.values(), ids=lambda each: each.name)
def test_a_secret_is_marked_as_one_in_the_schema_at_the_top_level(each: Kind) -> None:
    for name, *rest in each.secrets:
        if not rest:
            assert "secret" in json.dumps(schema_of(each.name)[name]), name


# What the documentation states, word by word.


def test_lists_and_objects_come_in_the_envelopes_of_the_documentation() -> None:
    """The envelopes of section 2: trunks, not sip_trunks; three spellings of analysis templates."""
    assert KINDS["sip_trunks"].collection[0] == "trunks"
    assert set(KINDS["sip_trunks"].envelope) == {"trunk", "sip_trunk"}
    assert set(KINDS["analysis_templates"].collection) == {"analysis_templates", "data", "analysisTemplates"}
    assert set(KINDS["analysis_templates"].envelope) == {"analysis_template", "analysisTemplate"}
    assert [name for name, each in KINDS.items() if each.paged] == ["analysis_templates"]


def test_what_is_unique() -> None:
    """Section 4: everywhere else nothing says that names are unique."""
    unique = {name: each.identity for name, each in KINDS.items() if each.unique and not each.is_single}
    assert unique == {"byok_keys": "provider", "mcp_servers": "name", "numbers": "phone_number"}
    assert {name for name, each in KINDS.items() if each.is_single} == {"organization", "domain"}


def test_what_cannot_be_updated() -> None:
    """Section 5: the whole trunk, the phone number, the assistant of a campaign."""
    assert {name: each.immutable for name, each in KINDS.items() if each.immutable} == {
        "byok_keys": {"provider"},
        "domain": {"domain_name"},
        "sip_trunks": {"name", "provider", "address", "transport", "auth_username", "auth_password"},
        "numbers": {"phone_number"},
        "campaigns": {"agent_id"},
    }


def test_what_people_hear_is_never_replaced_or_deleted_behind_anybodys_back() -> None:
    """Section 5 of the design: it is an error that names the flag."""
    guarded = [name for name, each in KINDS.items() if each.guarded_delete and each.guarded_replace]
    assert guarded == ["domain", "numbers", "campaigns"]


def test_agent_id_is_read_as_assistant_id_too() -> None:
    """Section 7: read either, write agent_id."""
    assert KINDS["numbers"].aliases == KINDS["campaigns"].aliases == {"assistant_id": "agent_id"}


def test_a_campaign_starts_as_draft_and_ends_as_completed() -> None:
    """Section 9: scheduled begins to dial, completed is the platform's and final."""
    campaigns = KINDS["campaigns"]
    assert campaigns.status == ("status", "scheduled")
    assert campaigns.final == ("status", "completed")
    assert campaigns.runtime == {"status": {"completed"}}
    assert "status" in campaigns.after_create
    assert KINDS["assistants"].after_create == {"notification_emails", "recording_consent"}


def test_leads_are_told_apart_by_number_and_variables() -> None:
    """Section 4: a multiset keyed by phone number and variables; a called lead is history."""
    leads = KINDS["campaigns"].members
    assert leads is not None
    assert leads.identity == ("phone_number", "variables")
    assert leads.untouched == ("status", "pending")


def test_a_tool_template_travels_with_its_type() -> None:
    """Section 6: tool_config is replaced whole; send with tool_type."""
    assert KINDS["tool_templates"].together == {"tool_config": ("tool_type",), "tool_type": ("tool_config",)}


def test_every_secret_that_is_sent_somewhere_says_where() -> None:
    """The guard against a secret's new receiver knows every secret there is; a provider's key goes to that provider."""
    for each in KINDS.values():
        assert set(each.receivers) == each.secrets - {("api_key",)}, each.name

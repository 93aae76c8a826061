"""What holds for comparing and laying over, for every value there is."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import (
    analysis_templates,
    assistants,
    byok_keys,
    campaigns,
    mcp_servers,
    numbers,
    sip_trunks,
    tool_templates,
    workflows,
)

from hmsplan.kinds import KINDS, normalise, tool_forms
from hmsplan.kinds.assistants import tts_provider
from hmsplan.kinds.campaigns import clock_time
from hmsplan.model import Address, Ref, Secret, leaves
from hmsplan.planner.comparison import differing
from hmsplan.planner.diff import conflicting_fields, diff, dropped
from hmsplan.planner.last_applied import record
from hmsplan.planner.request_body import overlay, resolve, without

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDED = settings(max_examples=60, deadline=None, derandomize=True, database=None)

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(-1, 1), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["a", "b", "type", "url", "server", "function", "name", "message", "async_response"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
ADDRESSES = [Address("assistants", "a"), Address("assistants", "b")]
SPECS = st.recursive(
    st.one_of(
        st.none(), st.integers(0, 3), st.sampled_from(["x", "y"]), st.sampled_from([*map(Ref, ADDRESSES), Secret("s")])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), SPECS, max_size=3)
PATHS = st.lists(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(tuple), max_size=3)

FORMS = [
    normalise.phone_number,
    clock_time,
    normalise.name,
    normalise.url,
    tts_provider,
    tool_forms.tool_type,
    tool_forms.tool,
]
WRITTEN = st.one_of(
    JSON,
    st.text(max_size=20),
    st.from_regex(r"(00|\+)31 ?[0-9 ()-]{6,14}", fullmatch=True),
    st.from_regex(r"[0-2]?[0-9]:[0-5][0-9](:[0-5][0-9])?", fullmatch=True),
    st.from_regex(
        r"[Hh][Tt][Tt][Pp][Ss]?://([a-z]+@)?[A-Za-z.]{1,9}(:[0-9]{1,6})?(/[a-z/]*)?(\?[a-z=]*)?", fullmatch=True
    ),
    st.sampled_from(["endCall", "transferCall", "end_call", "11labs", "http://[::1]:80", "https://[", "HTTP://Ex.COM"]),
)


def specs(draw: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Draw a kind and two objects of it, references and all as they stand in YAML."""
    name = draw(st.sampled_from(sorted(KINDS)))
    made: dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]] = {
        "tool_templates": lambda: tool_templates("a"),
        "analysis_templates": lambda: analysis_templates("a"),
        "sip_trunks": lambda: sip_trunks("a"),
        "assistants": lambda: assistants("a", {}, []),
        "numbers": lambda: numbers("a", ["a", "b"], ["a"]),
        "campaigns": lambda: campaigns("a", ["a", "b"]),
        "mcp_servers": lambda: mcp_servers("a"),
        "workflows": lambda: workflows("a", {}),
        "byok_keys": lambda: byok_keys("openai"),
        "domain": lambda: st.just({"domain_name": "mail.example.com"}),
        "organization": lambda: st.just({"content_retention_days": 30, "metadata_retention_days": 90}),
    }
    one, other = (draw(made[name]()) for _ in range(2))
    return name, one, other


@BOUNDED
@given(data=st.data())
def test_an_object_does_not_differ_from_itself(data: st.DataObject) -> None:
    """diff(x, x) is empty, and so is what would have to leave, or was taken out."""
    name, one, _ = specs(data.draw)
    kind = KINDS[name]
    assert diff(kind, one, copy.deepcopy(one)) == ()
    assert dropped(kind, one, one, one) == ()
    assert conflicting_fields(kind, one, one) == ()


@BOUNDED
@given(data=st.data())
def test_two_environments_differ_in_the_same_places_seen_from_either(data: st.DataObject) -> None:
    """And in none where they are alike."""
    name, one, other = specs(data.draw)
    kind = KINDS[name]
    assert differing(kind, one, copy.deepcopy(one)) == ()
    there, back = differing(kind, one, other), differing(kind, other, one)
    assert [change.path for change in there] == [change.path for change in back]
    assert all(change.before != change.after for change in there)


@BOUNDED
@given(data=st.data())
def test_what_is_sent_makes_the_object_as_declared(data: st.DataObject) -> None:
    """Stored as it was sent, top-level fields replaced, the object no longer differs; and nothing else of it moved."""
    name, declared, live = specs(data.draw)
    kind = KINDS[name]
    extra = {"nobody_declares": {"this": 1}}
    before = copy.deepcopy(live)
    body = overlay(kind, declared, live | extra)
    assert live == before, "the reading was changed"
    stored = {**live, **extra, **body}
    assert diff(kind, declared, stored) == ()
    assert conflicting_fields(kind, declared, stored) == ()
    assert stored.keys() - declared.keys() == (live | extra).keys() - declared.keys()
    assert overlay(kind, declared, stored) == body


@BOUNDED
@given(data=st.data())
def test_what_was_taken_out_leaves_its_block(data: st.DataObject) -> None:
    """A key that was applied and is not declared any more is gone from the body, and from the next plan."""
    name, declared, applied = specs(data.draw)
    kind = KINDS[name]
    leaving = tuple(change for change in dropped(kind, applied, declared, applied) if change.path[0] in declared)
    body = overlay(kind, declared, applied, [change.path for change in leaving])
    stored = {**applied, **body}
    assert not [change for change in dropped(kind, applied, declared, stored) if change.path[0] in declared]
    assert diff(kind, declared, stored) == ()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@settings(BOUNDED, max_examples=200)
@given(value=WRITTEN)
def test_canonical_forms_are_idempotent(form: Callable[[Any], Any], value: Any) -> None:
    """The canonical form of a canonical form is itself, whatever was written, and the value is left as it was."""
    before = copy.deepcopy(value)
    once = form(value)
    assert form(once) == once
    assert value == before


@BOUNDED
@given(value=OBJECTS, known=st.sets(st.sampled_from(ADDRESSES)))
def test_resolving_shares_what_it_does_not_change(value: dict[str, Any], known: set[Address]) -> None:
    """Where no reference stands, the very same object comes back; elsewhere only the references differ."""
    ids = {address: f"id-{address.key}" for address in known}
    before = copy.deepcopy(value)
    resolved = resolve(value, ids)
    assert value == before
    left = [leaf for _, leaf in leaves(resolved) if isinstance(leaf, Ref)]
    assert not {leaf.address for leaf in left} & known
    shared(value, resolved, changed=lambda leaf: isinstance(leaf, Ref) and leaf.address in known)


@BOUNDED
@given(value=OBJECTS)
def test_recording_shares_what_it_does_not_change(value: dict[str, Any]) -> None:
    """Only references and secrets are put in another form."""
    recorded = record(value, {address: address.key for address in ADDRESSES})
    assert not [leaf for _, leaf in leaves(recorded) if isinstance(leaf, Ref | Secret)]
    shared(value, recorded, changed=lambda leaf: isinstance(leaf, Ref | Secret))


@BOUNDED
@given(value=OBJECTS, paths=PATHS)
def test_without_takes_out_those_paths_and_shares_the_rest(value: dict[str, Any], paths: list[tuple[str, ...]]) -> None:
    """Nothing stands at a path that was taken out; every other part is the very same object."""
    before = copy.deepcopy(value)
    cut = without(value, paths)
    assert value == before
    for path in paths:
        assert not any(at[: len(path)] == path for at, _ in leaves(cut))
    for key, item in cut.items():
        if not any(path[0] == key for path in paths):
            assert item is value[key]


def shared(value: Any, other: Any, *, changed: Callable[[Any], bool]) -> None:
    """Fail unless what holds nothing that changed is the same object on both sides."""
    if not any(changed(leaf) for _, leaf in leaves(value)):
        assert other is value
    elif isinstance(value, dict):
        for key, item in value.items():
            shared(item, other[key], changed=changed)
    elif isinstance(value, list):
        for one, two in zip(value, other, strict=True):
            shared(one, two, changed=changed)

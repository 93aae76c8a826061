"""The shape of a JSON value tells names and sizes, and nothing of what the value says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.api.body_shape import shape
from hmsplan.model import Secret


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"name": "Support", "is_active": True}, "{name: text 7, is_active: boolean}"),
        ({"speed": 1.5, "note": None}, "{speed: number, note: null}"),
        ({"messages": [{"role": "system"}, {"role": "user", "x": 1}]}, "{messages: 2 of {role: text 6}}"),
        ({"tools": [], "schema": {}}, "{tools: 0 items, schema: {}}"),
        ({"content": "x" * 12_345}, "{content: text 12,345}"),
        ({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}, "{a: {b: {c: {d: {e: 1 field}}}}}"),
    ],
)
def test_names_and_sizes_are_told(value: Any, told: str) -> None:
    assert shape(value) == told


def test_a_secret_has_no_size() -> None:
    """Neither one that is known as such, nor what is merely called like one; a number of tokens is none."""
    value = {"hook": Secret("x", "hunter-2"), "webhook_secret": "hunter-2", "max_tokens": 4, "api_key": ""}
    assert shape(value) == "{hook: secret, webhook_secret: secret, max_tokens: number, api_key: text 0}"


@pytest.mark.parametrize("name", ["two words", "+31850000001", "a\nb", "x" * 65, "", "hunter2"])
def test_a_text_in_the_place_of_a_name_is_not_told(name: str) -> None:
    """A JSON that belongs to the user may have anything as a key."""
    assert shape({name: 1}, hidden=["hunter2"]) == f"{{(name {len(name)}): number}}"


def test_many_fields_are_counted() -> None:
    assert shape({f"f{number}": 1 for number in range(1_000)}).endswith("f59: number, 940 more}")


_MARKED = st.recursive(
    st.text().map(lambda text: f"c4nary {text}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("c4nary value"), inner, max_size=3),
)


@given(_MARKED)
def test_no_value_is_ever_told(value: Any) -> None:
    assert "c4nary" not in shape(value)

"""One spelling for a JSON value, so that a digest of it means something."""

from __future__ import annotations

import hashlib

import pytest

from hmsplan.planner.digest import plain
from hmsplan.text.canonical_json import canonical_json, digest


def test_the_order_of_keys_has_no_meaning_at_any_depth() -> None:
    one = {"b": {"y": 1, "x": [1, {"d": 1, "c": 2}]}, "a": None}
    other = {"a": None, "b": {"x": [1, {"c": 2, "d": 1}], "y": 1}}
    assert canonical_json(one) == canonical_json(other) == b'{"a":null,"b":{"x":[1,{"c":2,"d":1}],"y":1}}'


def test_the_order_of_a_list_has_meaning() -> None:
    assert digest([1, 2]) != digest([2, 1])


def test_text_stays_readable_and_lines_stay_lines() -> None:
    assert canonical_json({"é": "€\n"}) == '{"é":"€\\n"}'.encode()


@pytest.mark.parametrize(("one", "other"), [(None, ""), (0, False), ("1", 1), ({}, []), ({"a": None}, {})])
def test_what_differs_in_json_differs_in_digest(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_a_digest_is_the_sha256_in_hex() -> None:
    assert digest({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical_json({"a": object()})


@pytest.mark.parametrize(("value", "json"), [(1.0, b"1"), (-7.0, b"-7"), (0.5, b"0.5"), (1e18, b"1000000000000000000")])
def test_equal_numbers_have_one_digest(value: float, json: bytes) -> None:
    assert canonical_json(plain(value)) == json


@pytest.mark.parametrize("value", [2.0**63, -(2.0**63), 1e20, 1.7976931348623157e308])
def test_a_number_of_any_size_has_a_digest(value: float) -> None:
    """The API may answer 1e20, and a YAML file may hold it in full."""
    assert digest(plain(value)) == digest(plain({"a": value})["a"]) != digest(plain(value / 2))

r"""One odd value of the API makes nothing else unreadable: it is shown as ``\ud83e`` or ``1e400``, and never sent."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.api.lenient_json import MAX_DEPTH, read
from hmsplan.api.responses import Unreadable, parse
from hmsplan.model import Unsendable

BIG = "1" + "0" * 399


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (rb'{"name": "Practice \ud83e"}', {"name": Unsendable("Practice \\ud83e")}),
        (rb'["\udd16 first", "\ud83e\udd16"]', [Unsendable("\\udd16 first"), "\N{ROBOT FACE}"]),
        (rb'{"a": {"\ud83e": [1]}}', {"a": {"\\ud83e": Unsendable("[1]")}}),
        (b'{"a": 1e400, "b": -1e400, "c": 1}', {"a": Unsendable("1e400"), "b": Unsendable("-1e400"), "c": 1}),
        (f"[{BIG}7]".encode(), [Unsendable(f"{BIG}7")]),
        (b"[" + b"9" * 5000 + b"]", [Unsendable("9" * 5000)]),
        (b"[12345678901234567890123]", [Unsendable("12345678901234567890123")]),
        (b"[18446744073709551615, -9223372036854775808]", [2**64 - 1, -(2**63)]),
        (b"[100000000000000000000]", [1e20]),
    ],
)
def test_what_cannot_be_sent_back_is_read_and_marked(body: bytes, value: Any) -> None:
    """Halves of surrogate pairs, also in a key, and numbers that 64 bits do not hold; no other value is touched."""
    found = parse(body)
    assert found == value
    assert repr(found) == repr(value)
    orjson.dumps(found)  # whoever writes it to a file, or hashes it, meets nothing odd


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 200, 255, 300, 900])
def test_endless_nesting_ends_where_a_file_does(levels: int) -> None:
    found, depth = parse(nested(levels)), 1
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert type(found) is Unsendable
    assert depth == MAX_DEPTH + 1


def test_what_a_file_can_hold_is_kept() -> None:
    assert parse(nested(MAX_DEPTH)) == json.loads(nested(MAX_DEPTH))


def test_an_id_stays_a_plain_text() -> None:
    """It becomes the key of a mapping, and a part of a URL."""
    assert type(parse(rb'{"id": "a\ud83e"}')["id"]) is str


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rb'{"a": NaN, "b": "\ud83e"}', "NaN is not a number"),
        (b'{"a": -Infinity}', "-Infinity is not a number"),
        (rb'{"name": 1, "name": "\ud83e"}', "the key name stands in one object twice"),
        (b'{"a": "\xed\xa0\xbe"}', "utf-8"),
        (nested(5_000), "nested too deeply"),
        (b'{"a": 1e400', "delimiter"),
    ],
)
def test_what_is_no_json_stays_unreadable(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        parse(body)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@given(JSON)
def test_the_slow_way_reads_what_the_fast_one_reads(value: Any) -> None:
    body = orjson.dumps(value)
    assert repr(read(body)) == repr(parse(body)) == repr(orjson.loads(body))


def test_nobody_declares_what_only_reads_the_same() -> None:
    """Else a copy of what the plan shows would count as the live value."""
    half = Unsendable("a \\ud83e")
    assert half != "a \\ud83e"
    assert [half] not in (["a \\ud83e"], ["a"])
    assert half == Unsendable("a \\ud83e")
    assert {half, Unsendable("a \\ud83e"), "a \\ud83e"} == {half, "a \\ud83e"}
    assert f"{half}" == "a \\ud83e"
    for other in (copy.deepcopy(half), pickle.loads(pickle.dumps(half))):
        assert other == half
        assert type(other) is Unsendable

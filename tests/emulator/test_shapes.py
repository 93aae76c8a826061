"""The language of shapes: what each one refuses, in words that tell where."""

from __future__ import annotations

from typing import Any

import pytest

from hmsplan.emulator import Settings
from hmsplan.emulator.shapes import (
    Choice,
    Flag,
    ListOf,
    MapOf,
    Nullable,
    Number,
    Phone,
    Reading,
    Record,
    Shape,
    Text,
    Variant,
    fill,
)

EITHER = Variant("kind", {"a": Record({"kind": Choice(("a",)), "n": Number(default=3)}), "b": Record({"kind": Text()})})


def _read(shape: Shape, value: Any, **settings: Any) -> tuple[Any, list[str]]:
    reading = Reading(Settings(**settings))
    return shape.read(value, "at", reading), reading.problems


@pytest.mark.parametrize(
    ("shape", "value", "problem"),
    [
        (Text(), 1, "at: must be text"),
        (Text(1), "", "at: must not be empty"),
        (Text(2), "a", "at: needs 2 characters"),
        (Text(max_length=1), "ab", "at: longer than 1 characters"),
        (Text(pattern="[ab]+"), "abc", "at: must match [ab]+"),
        (Text(format="email"), "a@", "at: must be an e-mail address"),
        (Text(format="uri"), "x", "at: must be a URL"),
        (Text(format="uri"), "https://\u0084", "at: must be a URL"),
        (Text(format="uuid"), "0", "at: must be a UUID"),
        (Phone(), "06", "at: must be a phone number in E.164, such as +31612345678"),
        (Number(), "1", "at: must be a number"),
        (Number(), True, "at: must be a number"),
        (Number(whole=True), 1.5, "at: must be a whole number"),
        (Number(1), 0, "at: must be at least 1"),
        (Number(maximum=1), 2, "at: must be at most 1"),
        (Flag(), 1, "at: must be true or false"),
        (Choice((1, "a")), True, "at: must be one of 1, a"),
        (Choice((1, "a")), "1", "at: must be one of 1, a"),
        (ListOf(Flag()), {}, "at: must be a list"),
        (ListOf(Flag(), min_items=1), [], "at: needs at least 1 items"),
        (ListOf(Flag(), max_items=1), [True, False], "at: has more than 1 items"),
        (ListOf(Flag()), [True, 0], "at[1]: must be true or false"),
        (MapOf(), [], "at: must be an object"),
        (MapOf(max_items=0), {"a": 1}, "at: has more than 0 entries"),
        (MapOf(Text()), {"a": 1}, "at.a: must be text"),
        (Record({}), [], "at: must be an object"),
        (Record({"a": Flag()}, frozenset("a")), {}, "at.a: is required"),
        (EITHER, [], "at: must be an object"),
        (EITHER, {}, "at.kind: must be one of a, b"),
        (EITHER, {"kind": ["a"]}, "at.kind: must be one of a, b"),
    ],
)
def test_a_wrong_value_is_refused_with_path_and_reason(shape: Shape, value: Any, problem: str) -> None:
    assert _read(shape, value)[1] == [problem]


@pytest.mark.parametrize(
    ("shape", "value", "cleaned"),
    [
        (Number(whole=True), 3.0, 3),
        (Number(0, 1, clamped=True), 7, 1),
        (Choice((90,)), 90.0, 90),
        (Nullable(Text()), None, None),
        (Text(format="uuid"), "ABCDEF00-0000-4000-8000-000000000000", "abcdef00-0000-4000-8000-000000000000"),
        (Record({"a": Flag()}), {"a": True, "b": 1}, {"a": True}),
        (MapOf(), {"any": [{"thing": None}]}, {"any": [{"thing": None}]}),
    ],
)
def test_a_right_value_is_cleaned(shape: Shape, value: Any, cleaned: Any) -> None:
    found, problems = _read(shape, value)
    assert (found, type(found), problems) == (cleaned, type(cleaned), [])


def test_rules_run_only_when_the_fields_are_right() -> None:
    record = Record({"a": Number()}, rules=(lambda found: iter([("a", f"is {found['a']}")]),))
    assert _read(record, {"a": 1})[1] == ["at.a: is 1"]
    assert _read(record, {"a": "x"})[1] == ["at.a: must be a number"]


def test_filling_adds_defaults_at_every_depth() -> None:
    shape = Record(
        {"list": ListOf(EITHER), "part": Record({"x": Flag(default=True)}, filled=True), "n": Nullable(EITHER)}
    )
    filled = fill(shape, {"list": [{"kind": "a"}, {"kind": "b"}, {"kind": "c"}], "n": None})
    assert filled == {"list": [{"kind": "a", "n": 3}, {"kind": "b"}, {"kind": "c"}], "part": {"x": True}, "n": None}

"""Values that a JSON Schema allows."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hmsplan.kinds.fiction import is_fiction
from hmsplan.webhooks.arguments import NoValue, Variant, value_of, variants
from hmsplan.webhooks.patterns import text_of


def block(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or []}


def test_the_variants_are_all_of_it_the_least_and_both_ends() -> None:
    schema = block(
        ["day", "people"],
        day={"type": "string", "format": "date"},
        people={"type": "integer", "minimum": 1, "maximum": 12},
        part={"enum": ["any", "morning", "evening"]},
    )
    assert dict(variants(schema)) == {
        Variant.USUAL: {"day": "2030-01-15", "people": 1, "part": "any"},
        Variant.LEAST: {"day": "2030-01-15", "people": 1},
        Variant.SMALL: {"day": "2000-02-29", "people": 1},
        Variant.LARGE: {"day": "2099-12-31", "people": 12, "part": "evening"},
    }


def test_a_variant_that_says_the_same_is_left_out() -> None:
    assert [variant for variant, _ in variants(block())] == [Variant.USUAL]
    assert len([*variants(block(["yes"], yes={"const": True}))]) == 1


@pytest.mark.parametrize(
    ("schema", "small", "large"),
    [
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 5}, 1, 4),
        ({"type": "integer", "minimum": -5, "maximum": -2}, -5, -2),
        ({"type": "integer", "minimum": 7, "multipleOf": 5, "maximum": 23}, 10, 20),
        ({"type": "number", "minimum": 0.5, "maximum": 2.5}, 0.5, 2.5),
        ({"type": "string", "minLength": 2, "maxLength": 4}, "aa", "Zoëë"),
        ({"type": "string", "maxLength": 0}, "", ""),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3}, [0, 0], [1000, 1000, 1000]),
        ({"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}, "minItems": 2}, ["a", "b"], None),
        ({"type": ["null", "boolean"]}, False, True),
        ({"enum": [None, "x", "y"]}, "x", "y"),
    ],
)
def test_the_ends_of_a_range_are_tried(schema: dict[str, Any], small: Any, large: Any) -> None:
    assert value_of(schema, Variant.SMALL) == small
    found = value_of(schema, Variant.LARGE)
    assert large is None or found == large


def test_examples_and_defaults_are_what_is_usual() -> None:
    assert value_of({"type": "string", "examples": ["A-1"], "default": "B-2"}, Variant.USUAL) == "A-1"
    assert value_of({"type": "string", "default": "B-2"}, Variant.LEAST) == "B-2"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/when", "$defs": {"when": {"type": "string", "format": "date-time"}}},
        {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 3}]},
        {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "integer"}]},
        {"allOf": [block(["a"], a={"type": "string"}), block(["b"], b={"type": "boolean"})]},
        block(["a"], a=block(["b"], b={"type": "array", "items": block(c={"type": "number"})})),
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False, "type": "array", "minItems": 2},
        True,
        {},
    ],
)
@pytest.mark.parametrize("variant", Variant)
def test_every_value_is_one_that_the_schema_allows(schema: Any, variant: Variant) -> None:
    assert jsonschema_rs.is_valid(schema, value_of(schema, variant), validate_formats=True)


def test_who_is_telephoned_is_fictional() -> None:
    found = value_of(
        block(phone_number={"type": "string"}, caller={"type": "string", "pattern": r"^\+[1-9]"}), Variant.USUAL
    )
    assert all(map(is_fiction, found.values()))


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (block(["a"], a={"$ref": "https://example.com/a.json"}), "a: https://example.com/a.json lies elsewhere"),
        ({"$ref": "#"}, "it contains itself"),
        (block(["a"], a={"$ref": "#"}), "it contains itself"),
        (block(["code"], code={"type": "string", "pattern": r"^\p{Lu}{3}$"}), "write one as examples: beside it"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no value was found for the whole"),
        ({"not": {}}, "no value was found for the whole"),
        ({"type": "integer", "minimum": "three"}, "this schema is not understood"),
        (False, "false allows no value"),
    ],
)
def test_what_is_not_understood_is_told(schema: Any, why: str) -> None:
    with pytest.raises(NoValue, match=r".") as error:
        value_of(schema, Variant.LEAST)
    assert why in str(error.value)


def test_an_optional_argument_that_is_not_understood_is_left_out() -> None:
    schema = block(["a"], a={"type": "string"}, b={"type": "string", "pattern": r"^\p{Lu}$"})
    assert value_of(schema, Variant.USUAL) == {"a": "Robin"}


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"^\+[1-9]\d{1,14}$", r"^\d{4} ?[A-Z]{2}$", r"[^a-z]{3}", r"^(a|b)+x$", r"^[A-Z]{2}-[0-9]+$", r"\S+", r"\W"),
        *(r"^(?:0[1-9]|1[0-2]):[0-5]\d$", r"^(?=.*\d).{8,}$", r"^[^@]+@[^@]+$", r".*", r"^$", r"\bterm\b", r"[^\d\s]a"),
    ],
)
@pytest.mark.parametrize("is_long", [False, True])
def test_a_pattern_takes_the_text_that_is_made_for_it(pattern: str, is_long: bool) -> None:
    text = text_of(pattern, is_long=is_long)
    assert text is not None
    assert jsonschema_rs.is_valid({"pattern": pattern}, text)


@pytest.mark.parametrize("pattern", ["(", r"\p{L}", "a(?!a)a{3}(?<=b)", "(" * 500, "((a{1000}){1000}){1000}", "(a)\\1"])
def test_a_pattern_that_is_not_understood_gives_no_text_and_no_error(pattern: str) -> None:
    assert text_of(pattern) is None


LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "format": "email"},
        {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": "integer", "minimum": -3, "maximum": 9},
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "boolean"},
        {"type": ["string", "null"], "enum": ["a", None]},
        {"const": {"a": 1}},
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(
            lambda known, closed: {**block(sorted(known)[::2], **known), "additionalProperties": not closed},
            st.dictionaries(st.sampled_from(["a", "b", "date", "phone"]), below, max_size=3),
            st.booleans(),
        ),
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, below, st.integers(0, 2)),
        st.builds(lambda each: {"anyOf": [{"type": "null"}, each]}, below),
    ),
    max_leaves=8,
)


@pytest.mark.no_cover
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMAS)
def test_for_what_tools_are_made_of_there_is_always_a_value_and_always_the_same(schema: Any) -> None:
    for variant in Variant:
        found = value_of(schema, variant)
        assert jsonschema_rs.is_valid(schema, found, validate_formats=True)
        assert json.dumps(value_of(schema, variant)) == json.dumps(found)

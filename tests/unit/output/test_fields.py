"""One field each: symbols, phrases, and what an id or a secret means."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmsplan.formats.redact import masked
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Address, FieldChange, Ref, Secret
from hmsplan.output.fields import field_lines
from hmsplan.output.inside import inside
from hmsplan.output.lines import paint
from hmsplan.output.values import Look, path_text
from hmsplan.planner.diff import pattern_of

NAMES = {"a1": "assistants.support", "a2": "assistants.night"}


def shown(kind: str, path: tuple[str | int, ...], before: Any, after: Any, *, width: int = 80) -> list[str]:
    look = Look(KINDS[kind], width, NAMES)
    return paint(field_lines(look, FieldChange(path, before, after)), width=width, color=False).splitlines()


def test_a_text_that_differs_where_it_is_hidden_says_so() -> None:
    url = "https://hooks.slack.com/services/(sensitive value)"
    assert shown("assistants", ("webhook_url",), url, url) == [
        f'  ~ webhook_url = "{url}"',
        "      # another value where it is hidden",
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("a", "b", '  ~ name = "a" -> "b"'),
        ("a", None, '  ~ name = "a" -> null'),
        (None, "b", '  ~ name = null -> "b"'),
        (MISSING, "b", '  + name = "b"'),
        ("a", MISSING, '  - name = "a"'),
        (1, 1.5, "  ~ name = 1 -> 1.5"),
        (False, True, "  ~ name = false -> true"),
        ({"a": 1}, None, "  ~ name = {…} (1 field) -> null"),
        ('q"uo\nte', 1, "  ~ name = (text, 2 lines, 7 characters) -> 1"),
        ('a"b', "\x1b[2J", '  ~ name = "a\\"b" -> "\\u001b[2J"'),
    ],
)
def test_scalars(before: Any, after: Any, line: str) -> None:
    assert shown("assistants", ("name",), before, after) == [line]


def test_a_block_that_takes_the_place_of_null_is_shown_whole() -> None:
    assert shown("assistants", ("analysis_plan",), None, {"on": True}) == [
        "  ~ analysis_plan = null -> {",
        "      ~ on = true",
        "    }",
    ]


def test_lists_show_what_comes_and_goes() -> None:
    assert shown("assistants", ("webhook_events",), ["a", "b", "c"], ["a", "c", "d"]) == [
        "  ~ webhook_events = [",
        '      - "b",',
        '      + "d",',
        "      # (2 unchanged items hidden)",
        "    ]",
    ]


def test_ids_are_explained() -> None:
    assert shown("numbers", ("agent_id",), "a1", "a2") == [
        '  ~ agent_id = "a1"  # assistants.support',
        '        -> "a2"  # assistants.night',
    ]
    assert shown("numbers", ("agent_id",), "a1", Ref(Address("assistants", "support"))) == [
        '  ~ agent_id = "a1" -> (known after apply)  # the new assistants.support'
    ]
    assert shown("numbers", ("agent_id",), MISSING, Ref(Address("assistants", "new"))) == [
        "  + agent_id = (known after apply)  # assistants.new"
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (
            MISSING,
            Secret("hook", "v"),
            "  + webhook_secret = (sensitive value)  # ${secret:hook}, not sent before",
        ),
        (
            Secret("hook", "v", "1"),
            Secret("hook", "w", "2"),
            "  ~ webhook_secret = (sensitive value)  # new value of ${secret:hook}",
        ),
        (Secret(Secret.LIVE, "v"), None, "  - webhook_secret = (sensitive value) -> null"),
        ("raw", MISSING, "  - webhook_secret = (sensitive value)"),
        ({"$secret": "hook"}, None, "  - webhook_secret = (sensitive value) -> null"),
    ],
)
def test_secrets_are_never_shown(before: Any, after: Any, line: str) -> None:
    assert shown("assistants", ("webhook_secret",), before, after) == [line]


def test_a_secret_inside_a_new_tool_is_not_shown() -> None:
    rows = shown("assistants", ("llm_config", "tools", "x"), MISSING, {"name": "x", "server": {"secret": "raw"}})
    assert "raw" not in "".join(rows)
    assert any("(sensitive value)" in row for row in rows)


def test_paths_name_keyed_items_and_odd_keys() -> None:
    kind = KINDS["assistants"]
    assert path_text(kind, ("llm_config", "tools", "look up", "description")) == (
        'llm_config.tools["look up"].description'
    )
    assert path_text(kind, ("llm_config", "messages", 0, "content")) == "llm_config.messages[0].content"
    assert path_text(kind, ("a\nb", "\x9b")) == '["a\\nb"]["\\u009b"]'
    assert pattern_of(kind, ("llm_config", "tools", "x", "url")) == ("llm_config", "tools", "*", "url")


def test_inside_user_json_only_the_places_that_changed_are_listed() -> None:
    before = {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}
    after = {"type": "object", "properties": {"a": {"type": "number"}, "c": {}}, "required": ["a", "c"]}
    assert shown("tool_templates", ("tool_config", "parameters"), before, after) == [
        "  ~ tool_config.parameters = (JSON, sent whole)",
        '      ~ properties.a.type = "string" -> "number"',
        "      - properties.b = {}",
        "      + properties.c = {}",
        '      + required: "c"',
    ]


def parameters(before: Any, after: Any) -> list[str]:
    return [row.strip() for row in shown("tool_templates", ("tool_config", "parameters"), before, after)[1:]]


def test_required_and_enum_are_sets() -> None:
    before = {"required": ["a", "b"], "properties": {"a": {"enum": ["x", "y"], "type": ["string", "null"]}}}
    after = {"required": ["b", "a"], "properties": {"a": {"enum": ["y", "z", "w"], "type": ["null", "string"]}}}
    assert parameters(before, after) == [
        '- properties.a.enum: "x"',
        '+ properties.a.enum: "z"',
        '+ properties.a.enum: "w"',
        "~ properties.a.type = (the same 2 items in another order)",
        "~ required = (the same 2 items in another order)",
    ]


def test_items_with_a_name_are_compared_by_it() -> None:
    before = [{"name": "one", "n": 1}, {"name": "two", "n": 2}]
    assert parameters({"steps": before}, {"steps": [{"name": "zero"}, *before]}) == [
        "+ steps.zero = {",
        '+ name = "zero"',
        "}",
    ]
    assert parameters({"steps": before}, {"steps": [before[1], {"name": "one", "n": 3}]}) == [
        "~ steps = (the same 2 items in another order)",
        "~ steps.one.n = 1 -> 3",
    ]


def test_an_added_property_is_shown_whole_and_a_description_word_by_word() -> None:
    long = "The date of birth of the patient; ask for it every time, even if the number is known."
    rows = parameters(
        {"properties": {"a": {"description": long}}},
        {"properties": {"a": {"description": long.replace("every time", "once")}, "b": {"type": "string"}}},
    )
    assert rows == [
        "~ properties.a.description = (text)",
        "~ │ The date of birth of the patient; ask for it [-every time-]{+once+},",
        "~ ┊ even if the number is known.",
        "+ properties.b = {",
        '+ type = "string"',
        "}",
    ]


def test_an_item_put_into_the_middle_of_a_list_is_one_addition() -> None:
    before = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    after = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}, {"minProperties": 2}]}
    assert parameters(before, after) == ["+ anyOf[2] = {", "+ minProperties = 2", "}"]
    after = {"anyOf": [{"minProperties": 2}, {"required": ["a"]}, {"required": ["b", "c"]}]}
    assert parameters(before, after) == [
        "+ anyOf[0] = {",
        "+ minProperties = 2",
        "}",
        '+ anyOf[2].required: "c"',
    ]


def test_what_is_equal_in_a_big_value_does_not_hide_what_is_not() -> None:
    big = {f"p{n}": {"type": "string", "enum": [str(k) for k in range(20)]} for n in range(500)}
    assert [found.place for found in inside(big, {**big, "p7": {"type": "number"}})] == ["p7.enum", "p7.type"]
    assert parameters({"enum": list(range(5000))}, {"x": 1}) == ["- enum = […] (5,000 items)", "+ x = 1"]


JSON: Final = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["a", "b"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["required", "name", "x", "enum"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_a_difference_is_always_shown_and_no_difference_never(before: Any, after: Any) -> None:
    assert bool(inside(before, after)) == (before != after)


def test_values_that_do_not_fit_stand_below_each_other() -> None:
    old, new = "https://one.example/" + "a" * 30, "https://two.example/" + "b" * 30
    rows = shown("assistants", ("webhook_url",), old, new)
    assert rows == [f'  ~ webhook_url = "{old}"', f'        -> "{new}"']
    assert len(shown("assistants", ("webhook_url",), old, new, width=140)) == 1


def test_a_value_inside_json_that_does_not_fit_stands_above_the_new_one() -> None:
    """Broken behind its name, it would be hard to compare."""
    old, new = "Is de vraag van de beller beantwoord?", "Is de vraag van de beller in dit gesprek beantwoord?"
    name = "properties.resolved_in_this_telephone_call.description"
    before, after = ({"properties": {name.split(".")[1]: {"description": text}}} for text in (old, new))
    assert parameters(before, after) == [f"~ {name} =", f'"{old}"', f'-> "{new}"']


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+31612345678", "…78"),
        ("06 1234 5678", "…78"),
        ("+2471234", "…34"),
        ("123456", "…"),
        ("", "…"),
        ("x" * 40, "…"),
        ("+3161234••••", "…"),
        (None, "(cannot be seen)"),
    ],
)
def test_phone_numbers_of_leads_are_masked_once(number: str | None, shown: str) -> None:
    """Two digits at most, and none of a short number, nor of one that an earlier version masked in its own way."""
    assert masked(number) == shown
    assert masked(masked(number)) == shown


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("Zo\u00eb", "Zoe\u0308", '"Zo\\u00eb" -> "Zoe\\u0308"'),
        ("pop", "\u0440\u043e\u0440", '"pop" -> "\\u0440\\u043e\\u0440"'),
        ("a b", "a\u00a0b", '"a b" -> "a\\u00a0b"'),
    ],
)
def test_values_that_look_the_same_are_told_apart(before: str, after: str, line: str) -> None:
    """A field and a place inside JSON never change from one thing into what looks like it."""
    assert shown("assistants", ("name",), before, after) == [f"  ~ name = {line}"]
    schema = ("analysis_plan", "structured_data_plan", "schema")
    assert shown("assistants", schema, {"title": before}, {"title": after})[1:] == [f"      ~ title = {line}"]


def test_a_default_that_becomes_true_is_shown() -> None:
    """To Python 1 and true are equal; a plan that says so without a line below cannot be reviewed."""
    (found,) = inside({"default": 1, "enum": [0, 2]}, {"default": True, "enum": [0, 2]})
    assert (found.place, found.before, found.after) == ("default", 1, True)
    (found,) = inside({"enum": [0, "a"]}, {"enum": [False, "a"]})
    assert found.place == "enum[0]"

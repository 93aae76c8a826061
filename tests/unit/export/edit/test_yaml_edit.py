"""One value of a YAML file changes, and every byte outside of it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.config.yaml_parser import parse
from hmsplan.export.edit.splices import CannotEdit, spliced
from hmsplan.export.edit.yaml_edit import set_value, with_value

if TYPE_CHECKING:
    from hmsplan.model import FieldPath


def edited(text: str, path: FieldPath, value: Any) -> str:
    after = spliced(text, set_value(text, path, value))
    assert parse(after.encode(), "").value == with_value(parse(text.encode(), "").value, path, value)
    return after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: one # c\nb: 2\n", "two", "a: two # c\nb: 2\n"),
        ("a: one\nb: 2\n", "two: three", 'a: "two: three"\nb: 2\n'),
        ("a: one\n", "12", 'a: "12"\n'),
        ("a: one\n", "no", 'a: "no"\n'),
        ("a: 09:00\n", "10:30", "a: 10:30\n"),
        ("a: 0.7\n", 1, "a: 1\n"),
        ("a: true\n", False, "a: false\n"),
        ("a: one\n", None, "a: null\n"),
        ("a:\nb: 2\n", "two", "a: two\nb: 2\n"),
        ("a: # c\nb: 2\n", "two", "a: two # c\nb: 2\n"),
        ("a: null\n", "two", "a: two\n"),
        ("a: 'one' # c\n", "it's", "a: 'it''s' # c\n"),
        ("a: 'one'\n", "two\nlines", 'a: "two\\nlines"\n'),
        ('a: "one" # c\n', 'say "two"\n', 'a: "say \\"two\\"\\n" # c\n'),
        ("a: one\n  more\nb: 2\n", "two", "a: two\nb: 2\n"),
        ("a: one # c\nb: 2\n", "two\nlines", "a: |- # c\n  two\n  lines\nb: 2\n"),
        ("a: |\n  one\n\n# c\nb: 2\n", "two\n\nthree\n", "a: |\n  two\n\n  three\n\n# c\nb: 2\n"),
        ("a: | # c\n    one\nb: 2\n", "two", "a: |- # c\n    two\nb: 2\n"),
        ("a: |-\n  one\n", "two\n", "a: |\n  two\n"),
        ("a: |\n  one\n", " two\n  three\n", "a: |2\n   two\n    three\n"),
        ("a: |\n  one  \nb: 2\n", "two  \n", "a: |\n  two  \nb: 2\n"),
        ("a: |+\n  one\n\nb: 2\n", "two\n\n", "a: |+\n  two\n\nb: 2\n"),
        ("a: |\n  one\nb: 2\n", "bell\rx\n", 'a: "bell\\rx\\n"\nb: 2\n'),
        ("a: |\n  one\nb: 2\n", "", 'a: ""\nb: 2\n'),
        ("a: >-\n  one\n  two\nb: 2\n", "one three", "a: >-\n  one three\nb: 2\n"),
        ("a: >\n  one\n  two\n\n  x\n  y\nb: 2\n", "one two\nz\n", "a: >\n  one\n  two\n\n  z\nb: 2\n"),
        ("a: >\n  one\n\n\n  x\n", "one\n\ny\n", "a: >\n  one\n\n\n  y\n"),
        ("a: >\n  one\n", "one\n  - two\n", "a: |\n  one\n    - two\n"),
        ("a: one\r\nb: 2\r\n", "two\nthree", "a: |-\r\n  two\r\n  three\r\nb: 2\r\n"),
        ("a: &x one\nb: 2\n", "two", "a: &x two\nb: 2\n"),
        ("{a: one, b: 2} # c\n", "two, three", '{a: "two, three", b: 2} # c\n'),
        ("a: one\n", ["x", "v"], "a: [x, v]\n"),
        ("a: [x, v]\n", None, "a: null\n"),
        ("a:\n  - x\n  # c\n  - v\nb: 2\n", [], "a: []\nb: 2\n"),
        ("a: # c\n  - x\nb: 2\n", None, "a: null # c\nb: 2\n"),
        ("a: []\n", ["x"], "a: [x]\n"),
        ("a:\n", {"x": 1}, "a: {x: 1}\n"),
    ],
)
def test_one_value(before: str, value: Any, after: str) -> None:
    assert edited(before, ("a",), value) == after


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a:\n  - x # 1\n  - v # 2\nb: 2\n", ["x", "z"], "a:\n  - x # 1\n  - z # 2\nb: 2\n"),
        ("a:\n  - x # 1\n  # 2\n  - v\nb: 2\n", ["x"], "a:\n  - x # 1\n  # 2\nb: 2\n"),
        ("a:\n  - x # 1\n  - v\nb: 2\n", ["v"], "a:\n  - v\nb: 2\n"),
        ("a:\n- x\n- v\nb: 2\n", ["x", "v", "z"], "a:\n- x\n- v\n- z\nb: 2\n"),
        ("a:\n  - x\n", ["w", "x"], "a:\n  - w\n  - x\n"),
        ("a:\n  - x", ["x", "v"], "a:\n  - x\n  - v"),
        ("a: [x, v] # c\n", ["x", "v", "z, 1"], 'a: [x, v, "z, 1"] # c\n'),
        ("a: [x, v] # c\n", ["v"], "a: [v] # c\n"),
        ("a: [x, v] # c\n", ["x"], "a: [x] # c\n"),
        ("a: [x, v]\n", ["w", "x", "v"], "a: [w, x, v]\n"),
        ("a: [x, # 1\n  y] # 2\n", ["x", "z"], "a: [x, # 1\n  z] # 2\n"),
        (
            "a:\n  - k: 1\n    v: x\n  - k: 2\n    v: y\n",
            [{"k": 1, "v": "x"}, {"k": 2, "v": "z"}],
            "a:\n  - k: 1\n    v: x\n  - k: 2\n    v: z\n",
        ),
        ("a:\n  - k: 1 # c\n    v: x\n", [{"v": "x"}], "a:\n  - v: x\n"),
        ("a:\n  k: 1\n  # c\n  v: x\n", {"v": "x"}, "a:\n  # c\n  v: x\n"),
        ("a:\n  k: 1\n  # c\n  v: x\n", {"k": 1, "m": "z", "v": "x"}, "a:\n  k: 1\n  m: z\n  # c\n  v: x\n"),
        ("a: {k: 1, v: x}\n", {"k": 1, "v": "x", "z": [1]}, "a: {k: 1, v: x, z: [1]}\n"),
        ("a: {k: 1, v: x}\n", {"v": "x"}, "a: {v: x}\n"),
        ("a:\n  k:\n    l: 1\n    m: 2\n", {"k": {"l": 1}}, "a:\n  k:\n    l: 1\n"),
    ],
)
def test_maps_and_lists(before: str, value: Any, after: str) -> None:
    assert edited(before, ("a",), value) == after


def test_a_key_that_is_not_there_yet() -> None:
    assert edited("a:\n  k: 1 # c\nb: 2\n", ("a", "v"), "x") == "a:\n  k: 1 # c\n  v: x\nb: 2\n"
    assert edited("a: 1\n", ("b",), {"x": "v"}) == "a: 1\nb:\n  x: v\n"


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("a: &x {k: 1}\nb: *x\n", ("a", "k"), "the anchor &x"),
        ("a: &x one\nb: *x\n", ("a",), "the anchor &x"),
        ("a: &x one\nb: *x\n", ("b",), "the alias \\*x"),
        ("a: &x {k: 1}\nb: *x\n", ("b", "k"), "the alias \\*x"),
        ("a: &x {k: 1}\nb: {<<: *x, l: 2}\n", ("b", "k"), "merged in with <<"),
    ],
)
def test_what_is_shared_in_a_file_is_refused(text: str, path: FieldPath, why: str) -> None:
    with pytest.raises(CannotEdit, match=why):
        set_value(text, path, "new")


def test_an_anchor_beside_stays() -> None:
    text = "a: &x one # c\nb: *x\nc: {k: *x, l: old}\n"
    assert edited(text, ("c", "l"), "new") == text.replace("old", "new")


def test_what_no_reader_would_see_is_refused() -> None:
    with pytest.raises(CannotEdit, match="no reader would see"):
        set_value("a: one\n", ("a",), "x\u202ey")


def test_two_changes_of_one_file_are_made_together() -> None:
    text = "a: one\nb: [x]\n"
    both = [*set_value(text, ("a",), "two"), *set_value(text, ("b",), ["x", "v"])]
    assert spliced(text, both) == "a: two\nb: [x, v]\n"
    assert spliced(text, [*both, *both]) == "a: two\nb: [x, v]\n"
    with pytest.raises(CannotEdit, match="differ"):
        spliced(text, [*both, *set_value(text, ("a",), "three")])

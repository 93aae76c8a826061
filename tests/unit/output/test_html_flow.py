"""The pictures of a graph inside an object: everything in its place, foreign text as text, nothing too large."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.html_reader import Reader

from hmsplan.output.flow import mermaid
from hmsplan.output.html.flow import pictures
from hmsplan.output.html.graph import MOST
from hmsplan.planner.flow import EdgeChange, Ends, Fate, FlowChange, NodeChange

if TYPE_CHECKING:
    from collections.abc import Iterable

TAGS = {"div", "figure", "figcaption", "svg", "g", "title", "rect", "text", "path", "p", "span"}
RECT = re.compile(r'<title>([^<]*)</title><rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"')


def flow(nodes: Iterable[str | tuple[str, Fate]], *edges: tuple[str, str] | tuple[str, str, Fate]) -> FlowChange:
    named = [(node, Fate.UNCHANGED) if isinstance(node, str) else node for node in nodes]
    ways = [(*edge, Fate.UNCHANGED)[:3] for edge in edges]
    return FlowChange(
        (named[0][0], named[0][0]),
        tuple(NodeChange(name, fate, "conversation") for name, fate in named),
        tuple(
            EdgeChange(
                f"{start} -> {end}",
                fate,
                None if fate is Fate.ADDED else Ends(start, end),
                None if fate is Fate.REMOVED else Ends(start, end),
                "when it is time",
                "when it was time",
            )
            for start, end, fate in ways
        ),
    )


def drawn(change: FlowChange) -> str:
    return "".join(pictures(change))


def boxes(figure: str) -> dict[str, tuple[int, ...]]:
    return {title.split(":")[0]: tuple(map(int, place)) for title, *place in RECT.findall(figure)}


CHANGE = flow(
    ["a", ("b", Fate.CHANGED), ("new", Fate.ADDED), ("old", Fate.REMOVED), "end"],
    ("a", "b"),
    ("b", "a"),
    ("b", "end"),
    ("a", "end"),
    ("a", "new", Fate.ADDED),
    ("new", "end", Fate.ADDED),
    ("a", "old", Fate.REMOVED),
    ("old", "end", Fate.REMOVED),
)


def test_what_stays_has_the_same_place_in_both_pictures() -> None:
    before, after = map(boxes, drawn(CHANGE).split("<figcaption>After"))
    assert before.keys() == {"a", "b", "old", "end"}
    assert after.keys() == {"a", "b", "new", "end"}
    assert all(before[name] == after[name] for name in before.keys() & after.keys())
    assert min(y for _, y, _, _ in before.values()) == before["a"][1]  # from the entry down


def test_a_change_is_told_by_a_mark_and_not_by_a_colour_alone() -> None:
    before, after = drawn(CHANGE).split("<figcaption>After")
    for figure, marked in ((before, {"- old", "~ b"}), (after, {"+ new", "~ b"})):
        shown = set(re.findall(r'<g class="node (?:add|chg|del)">.*?<text[^>]*>([^<]*)</text>', figure))
        assert shown == marked
    assert before.count(">- when it was time<") == 2
    assert after.count(">+ when it is time<") == 2
    assert "when it was" not in re.sub("<title>.*?</title>", "", after)


def test_no_box_stands_on_another_and_all_are_in_the_picture() -> None:
    names = [f"node_{number}" for number in range(30)]
    edges = [(one, other) for one, other in pairwise(names[:8])] + [("node_0", name) for name in names[8:]]
    figure = drawn(flow([*names[:-1], (names[-1], Fate.CHANGED)], *edges, ("node_7", "node_2"))).split("</figure>")[0]
    width, height = map(int, re.findall(r'<svg width="(\d+)" height="(\d+)"', figure)[0])
    found = list(boxes(figure).values())
    assert len(found) == len(names)
    assert all(x >= 0 and x + w <= width and y >= 0 and y + h <= height for x, y, w, h in found)
    rows: dict[int, list[int]] = {}
    for x, y, _, _ in found:
        rows.setdefault(y, []).append(x)
    assert all(other - one >= found[0][2] for row in rows.values() for one, other in pairwise(sorted(row)))


def test_of_a_large_graph_what_changes_is_drawn_with_its_neighbours() -> None:
    names = [f"n{number}" for number in range(300)]
    change = flow(
        [*names, ("new", Fate.ADDED)], *pairwise(names), ("n200", "new", Fate.ADDED), ("new", "n201", Fate.ADDED)
    )
    page = drawn(change)
    after = boxes(page.split("<figcaption>After")[1])
    assert {"n0", "n200", "new", "n201"} <= after.keys()
    assert len(after) <= MOST
    assert "Of 301 nodes, 301 edges, 297 nodes away from what changes: not drawn." in page


def test_a_graph_that_stays_is_not_drawn() -> None:
    assert drawn(flow(["a", ("b", Fate.MOVED)], ("a", "b"))) == ""


@pytest.mark.parametrize("fate", [Fate.ADDED, Fate.REMOVED])
def test_a_new_graph_has_one_picture_and_so_has_one_that_goes(fate: Fate) -> None:
    change = flow([("a", fate), ("b", fate)], ("a", "b", fate))
    (name,) = re.findall("<figcaption>(.*?)</figcaption>", drawn(change))
    assert name == ("After" if fate is Fate.ADDED else "Before")
    assert [bool(mermaid(change, after=after)) for after in (False, True)] == [name == "Before", name == "After"]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text()), min_size=1, unique=True))
def test_foreign_text_is_text(names: list[str]) -> None:
    nodes = tuple(NodeChange(name, Fate.ADDED, name) for name in names)
    edges = tuple(EdgeChange(name, Fate.ADDED, None, Ends(names[0], name), name, name) for name in names[1:])
    change = FlowChange(("", names[-1]), nodes, edges, ())
    read = Reader(drawn(change))
    assert {tag for tag, _ in read.tags} <= TAGS
    assert len([tag for tag, _ in read.tags if tag == "rect"]) == len(names)
    rows = mermaid(change, after=True).split("\n")
    assert len(rows) == 1 + len(names) + len(edges) + (1 if len(names) == 1 else 2)
    assert all(
        re.fullmatch(r'  n\d+(?:\["[^"]*"\]|\(\["[^"]*"\]\)| ==>(?:\|"[^"]*"\|) n\d+)', row)
        for row in rows[1 : 1 + len(names) + len(edges)]
    )

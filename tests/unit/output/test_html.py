"""The page: one file that asks for nothing, shows foreign text as text, and reads well in a browser."""

from __future__ import annotations

import base64
import hashlib
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_texts import HOSTILE
from support.html_reader import Reader
from support.pages import COVERAGE, MAIN, SUPPORT, drifts, full, many, plan

from hmsplan.model import Action, Address, FieldChange, Plan, ResourceChange
from hmsplan.output.drift_page import drift_page
from hmsplan.output.graph import Edge, Graph, graph_of_plan, visible
from hmsplan.output.html.graph import MOST, svg
from hmsplan.output.html.page import render_html
from hmsplan.output.plan_page import page_of


def shown(made: Plan) -> str:
    return render_html(page_of(made, 100), graph_of_plan(made))


def policy(page: str) -> str:
    match = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert match
    return match[1].replace("&#x27;", "'")


def test_the_page_may_ask_for_nothing_and_run_only_its_own_script() -> None:
    """The policy names the hash of the one script there is, and nothing in the page names an address."""
    page = shown(full())
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    mark = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    ours = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{mark}'; "
    assert policy(page) == ours + "base-uri 'none'; form-action 'none'"
    named = [(tag, name, value) for tag, attrs in Reader(page).tags for name, value in attrs if name in {"src", "href"}]
    assert {tag for tag, _, _ in named} == {"a"}
    assert all((value or "").startswith("#i") for _, _, value in named)
    assert not re.search(r"url\(|@import|\bon\w+=|javascript:|\sstyle=", page)


@settings(max_examples=25, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text()))
def test_no_tag_or_attribute_comes_from_data(text: str) -> None:
    """The tags of a page are those of the same page with harmless texts in it."""
    names = {"a", "b", "body", "button", "caption", "code", "details", "div", "figcaption", "figure", "footer"}
    names |= {"g", "h1", "h2", "head", "header", "html", "i", "input", "label", "li", "main", "meta", "output", "p"}
    names |= {"path", "pre", "rect", "script", "section", "small", "span", "style", "summary", "svg", "table", "tbody"}
    names |= {"td", "text", "th", "title", "tr", "ul", "del", "ins", "bdi"}
    graph = Graph({MAIN: text, SUPPORT: text}, (Edge(MAIN, SUPPORT),))
    drawn = render_html(page_of(full(text), 100), graph)
    for page in (drawn, shown(full(text)), render_html(drift_page(drifts(text), COVERAGE, text, text, 100))):
        read = Reader(page)
        assert [tag for tag, _ in read.tags].count("script") == 1
        assert {tag for tag, _ in read.tags} <= names
        known = {"class", "id", "href", "open", "content", "charset", "http-equiv", "lang", "name", "type", "for"}
        known |= {"hidden", "role", "scope", "tabindex", "autocomplete", "aria-label", "aria-labelledby", "d", "x", "y"}
        known |= {"width", "height", "viewbox", "rx"}
        assert {name for _, attrs in read.tags for name, _ in attrs} <= known


def test_every_link_leads_to_something() -> None:
    """From the table and the graph to the objects; no id is given twice."""
    page = shown(full())
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links
    assert links <= set(ids)


def test_what_goes_away_is_open_and_everything_can_be_read_without_a_script() -> None:
    """Details are native; the search is shown by the script alone."""
    page = shown(many(30))
    assert page.count('<details class="item"') == 31
    assert page.count(" open>") == 1
    assert '<div class="find" role="search" hidden>' in page


def test_each_box_and_arrow_is_drawn_apart_from_the_others() -> None:
    """No two boxes overlap, whatever refers to what; a circle is drawn as well."""
    a, b, c, d, e = (Address("assistants", key) for key in "abcde")
    edges = (Edge(a, b), Edge(b, c), Edge(a, c), Edge(d, c, pasted=True), Edge(c, e), Edge(e, a))
    drawn = svg(Graph(dict.fromkeys((a, b, c, d, e), "a name"), edges), {a: "add"}, {a: "+"}, {a: "i0"})
    boxes = [
        tuple(map(float, found))
        for found in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', drawn)
    ]
    assert len(boxes) == 5
    for n, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[n + 1 :]:
            assert x + width < x2 or x2 + width2 < x or y + height < y2 or y2 + height2 < y
    assert drawn.count('class="edge pasted"') == 1
    assert drawn.count('class="edge') == len(edges)
    assert '<a href="#i0">' in drawn


def test_boxes_without_a_common_arrow_stay_close() -> None:
    """A drawing is as high as its longest column, though nothing holds the two parts of this one together."""
    avond, main, recall = Address("numbers", "avond"), Address("numbers", "main"), Address("campaigns", "recall")
    desks = [Address("assistants", name) for name in ("avond", "balie", "spoed", "voip")]
    edges = (Edge(avond, desks[0]), Edge(recall, desks[1]), Edge(main, desks[1]), Edge(main, desks[3]))
    drawn = svg(Graph(dict.fromkeys([recall, avond, main, *desks], ""), edges), {}, {}, {})
    tops = sorted(float(top) for top in re.findall(r'<rect x="[^"]*" y="([^"]*)"', drawn))
    assert tops[-1] - tops[0] <= 200


def test_a_value_in_another_direction_does_not_turn_the_line() -> None:
    """What it was stays to the left of the arrow, as a reader of the page expects; prose goes its own way."""
    fields = (FieldChange(("name",), "استقبال", "عيادة"), FieldChange(("first_message",), "old", "new"))
    page = shown(plan(ResourceChange(Address("assistants", "a"), Action.UPDATE, "a1", fields=fields)))
    assert "name = <bdi>&quot;استقبال&quot;</bdi> -&gt; <bdi>&quot;عيادة&quot;</bdi>" in page
    assert "first_message = &quot;old&quot; -&gt; &quot;new&quot;" in page


def test_of_a_large_graph_what_the_plan_touches_is_drawn() -> None:
    """And a thousand objects do not take the page down."""
    hub = Address("sip_trunks", "hub")
    numbers = [Address("numbers", f"n{n}") for n in range(1000)]
    graph = Graph({hub: "", **dict.fromkeys(numbers, "")}, tuple(Edge(number, hub) for number in numbers))
    seen = visible(graph, {numbers[7], numbers[900]}, MOST)
    assert {numbers[7], numbers[900], hub} == set(seen.names)
    assert len(visible(graph, set(numbers), MOST).names) <= MOST + 12
    assert svg(seen, {}, {}, {}).count("<rect") == 3


def test_a_plan_knows_its_own_arrows() -> None:
    """Those of a reference that is not known yet, and those of an id."""
    trunk = ResourceChange(Address("sip_trunks", "voip"), Action.NO_OP, "t1")
    number = ResourceChange(
        Address("numbers", "main"),
        Action.UPDATE,
        "n1",
        after={"phone_number": "+31850000001", "transfer_trunk_id": "t1"},
    )
    graph = graph_of_plan(plan(trunk, number))
    assert graph.edges == (Edge(number.address, trunk.address),)
    assert graph.names[number.address] == "+31850000001"


def test_a_plan_knows_the_templates_that_are_pasted_in() -> None:
    """Also one that does not change itself."""
    user, template = Address("assistants", "a"), Address("tool_templates", "lookup")
    graph = graph_of_plan(plan(ResourceChange(user, Action.UPDATE, "a1", pasted=(template,))))
    assert graph.edges == (Edge(user, template, pasted=True),)
    assert set(graph.names) == {user, template}

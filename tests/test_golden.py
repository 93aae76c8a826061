"""Each folder of tests/golden with a ``stack/`` is a scenario, and what every surface says of its plan.

``stack/`` is an ordinary stack; ``live.json`` holds the objects by kind, and ``leads`` by the id of their
campaign; ``state.json`` is a state file and ``options.json`` what the command line says, if there are any.
``plan.txt`` is what 80 columns show, ``plan.json`` what machines read, ``plan.md`` the comment in a pull request,
``plan.html`` the page without what is the same in all pages, ``plan.github`` the annotations of a workflow.
``plan.wide.txt``, at 160 columns, is there only where not just the line breaks differ: anything else would be the same
text once more. So would be the step summary, which has another budget than the comment and nothing else.
``graph.mmd`` and ``graph.dot`` are what ``hmsplan graph`` draws of some stacks.

``--update-golden`` rewrites them all, and the diff is reviewed like any other change of wording.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jsonschema_rs
import orjson
import pytest
from support.golden import CASES, ENVIRON, GOLDEN, SECRETS, expect, plan_of, stack_of, without_constants

from hmsplan.cli.surfaces import locator
from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes, plan_to_json
from hmsplan.kinds import KINDS
from hmsplan.output.findings import of_plan
from hmsplan.output.github import MOST, as_annotations
from hmsplan.output.graph import dot, graph_of, graph_of_plan, mermaid
from hmsplan.output.html.page import render_html
from hmsplan.output.lines import columns
from hmsplan.output.markdown import SUMMARY, render_markdown
from hmsplan.output.page import page_of
from hmsplan.output.plan_difference import explain_difference
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from hmsplan.output.page import Page

SCHEMA: Final = Path(__file__).parents[1] / "schemas" / "plan.schema.json"
WIDE: Final = 160
GRAPHS: Final = ("create_all_kinds", "much_at_once", "other_scripts", "template_reaches_five")


@cache
def page(case: str) -> Page:
    return page_of(plan_of(case), 100)


def as_text(case: str) -> str:
    return render_plan(plan_of(case), width=80, color=False)


def as_json(case: str) -> str:
    return orjson.dumps(plan_to_json(plan_of(case)), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def as_html(case: str) -> str:
    return without_constants(render_html(page(case), graph_of_plan(plan_of(case), stack_of(case))))


def as_github(case: str) -> str:
    return as_annotations(of_plan(plan_of(case), locator(stack_of(case))))


SURFACES: Final = {
    "plan.txt": as_text,
    "plan.json": as_json,
    "plan.md": lambda case: render_markdown(page(case)),
    "plan.html": as_html,
    "plan.github": as_github,
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("file", SURFACES)
def test_surface(case: str, file: str, update: bool) -> None:
    """A plan reads exactly as it was reviewed, on every surface."""
    expect(GOLDEN / case / file, SURFACES[file](case), update=update)


@pytest.mark.parametrize("case", CASES)
def test_wide_text(case: str, update: bool) -> None:
    """A wide terminal says the same, or what was reviewed for it."""
    file, text = GOLDEN / case / "plan.wide.txt", render_plan(plan_of(case), width=WIDE, color=False)
    if letters(text) != letters(as_text(case)):
        expect(file, text, update=update)
    else:
        if update:
            file.unlink(missing_ok=True)
        assert not file.exists()


def letters(text: str) -> str:
    """Return *text* without white space and what stands before the second row of a line."""
    return "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize("case", GRAPHS)
@pytest.mark.parametrize(("file", "draw"), [("graph.mmd", mermaid), ("graph.dot", dot)])
def test_graph(case: str, file: str, draw: object, update: bool) -> None:
    """What depends on what is drawn as it was reviewed."""
    assert callable(draw)
    expect(GOLDEN / case / file, draw(graph_of(stack_of(case))), update=update)


@pytest.mark.parametrize("case", CASES)
def test_the_step_summary_is_the_comment(case: str) -> None:
    """As long as nothing has to be left out, both budgets give the same."""
    assert render_markdown(page(case), budget=SUMMARY) == render_markdown(page(case))


@cache
def validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))


@pytest.mark.parametrize("case", CASES)
def test_the_json_is_what_its_schema_describes(case: str) -> None:
    """What machines read is promised."""
    found = validator().iter_errors(plan_to_json(plan_of(case)))
    assert [f"{error.instance_path}: {error.message}" for error in found] == []


@pytest.mark.parametrize("case", CASES)
def test_a_saved_plan_shows_the_same(case: str) -> None:
    """What ``show FILE`` prints is what ``plan`` printed, and nothing has moved between the two."""
    plan = plan_of(case)
    saved = plan_from_bytes(plan_to_bytes(plan))
    assert render_plan(saved, width=80, color=False) == as_text(case)
    assert explain_difference(saved, plan) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_too_wide_or_alive(case: str, width: int) -> None:
    """Lines fit the terminal, none holds a control character, and none begins as a workflow command."""
    for line in render_plan(plan_of(case), width=width, color=False).splitlines():
        assert columns(line) <= width or line.strip().startswith("hmsplan ")  # whole, to be copied
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


@pytest.mark.parametrize("case", CASES)
def test_annotations_are_commands_and_few(case: str) -> None:
    """GitHub shows ten a step; each is one command on one line."""
    lines = as_github(case).splitlines()
    assert len(lines) <= MOST
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


@pytest.mark.parametrize("case", CASES)
def test_no_secret_gets_out(case: str) -> None:
    """No value of a secret, and no live one, is in any output."""
    plan = plan_of(case)
    shown = "".join([render_plan(plan, width=120, color=True), repr(plan), *(make(case) for make in SURFACES.values())])
    assert not [value for value in (*SECRETS.values(), ENVIRON["HMSPLAN_FINGERPRINT_KEY"]) if value in shown]
    assert "live-secret" not in shown


def test_every_kind_has_a_case() -> None:
    """A kind that nobody planned in a golden case is not done."""
    planned = {change.address.kind for case in CASES for change in plan_of(case).pending}
    assert planned == set(KINDS)


def test_there_are_enough() -> None:
    """Nobody thins the collection out unnoticed."""
    assert len(CASES) >= 45

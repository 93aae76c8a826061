"""Each folder of tests/golden with a ``stack/`` is a scenario, and what every surface says of its plan.

``stack/`` is an ordinary stack; ``live.json`` holds the objects by kind, and ``leads`` by the id of their
campaign; ``state.json`` is a state file, ``history.jsonl`` a history, ``options.json`` what was typed, if any.
Every case has ``plan.txt``, what 80 columns show, and ``plan.outline.txt``, what decides in the JSON: actions, steps
and what they need, risks, what is unknown or sensitive. That the JSON has the promised form is held by its schema.
``WHOLE`` names the few cases that differ in kind and are kept on the other surfaces too: ``plan.md``, the comment in a
pull request; ``plan.html``, the page without what is the same in all pages; ``plan.github``, the annotations of a
workflow. ``AS_JSON`` names those of which ``plan.json`` is kept.
``plan.wide.txt``, at 160 columns, is there only where not just the line breaks differ: anything else would be the same
text once more. So would be the step summary, which has another budget than the comment and nothing else.
``graph.mmd`` and ``graph.dot`` are what ``hmsplan graph`` draws of some stacks.
Digests are masked in all of them and stand in ``digests.txt`` alone: a line that changes there is a plan that has to be
approved again.

``make golden`` writes them all and shows the diff, which is reviewed like any other change of wording.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jsonschema_rs
import orjson
import pytest
from support.golden import (
    CASES,
    ENVIRON,
    GOLDEN,
    SECRETS,
    expect,
    masked,
    outline,
    plan_of,
    stack_of,
    without_constants,
)

from hmsplan.cli.surfaces import locator
from hmsplan.formats.plan_file import plan_from_bytes, plan_to_bytes, plan_to_json
from hmsplan.kinds import KINDS
from hmsplan.output.findings import of_plan
from hmsplan.output.github import MOST, as_annotations
from hmsplan.output.graph import dot, graph_of, graph_of_plan, mermaid
from hmsplan.output.html.page import render_html
from hmsplan.output.lines import columns
from hmsplan.output.markdown import SUMMARY, render_markdown
from hmsplan.output.plan_difference import explain_difference
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from hmsplan.output.page import Page

SCHEMA: Final = Path(__file__).parents[1] / "schemas" / "plan.schema.json"
WIDE: Final = 160
WHOLE: Final = {
    "approval_used": "a risk that an approval allows, and limits that are looser",
    "called_leads_put_back": "members of an object",
    "create_all_kinds": "every kind, and ids that are not known yet",
    "hostile_names": "markup and control characters in every foreign text",
    "minutes_of_campaigns": "a table beside the changes",
    "much_at_once": "every action, two risks, drift",
    "no_changes": "nothing to say",
    "offline": "planned against a snapshot that is old",
    "outside_the_window": "changes that have to wait, each for another moment",
    "prompt_with_markup": "a long text compared",
    "rolled_back": "back to an earlier apply, what does not return, and how the repository follows",
    "secret_to_another_receiver": "a warning, and values that are hidden",
    "unsettled_creates": "questions, and no change",
    "workflow_rewired": "a graph inside an object",
}
"""The cases that differ in kind, and in what."""
AS_JSON: Final = (
    "called_leads_put_back",
    "minutes_of_campaigns",
    "secret_to_another_receiver",
    "trunk_replaced",
    "unsettled_creates",
)
GRAPHS: Final = ("create_all_kinds", "much_at_once", "other_scripts", "template_reaches_five")


@cache
def page(case: str) -> Page:
    return page_of(plan_of(case), 100, locate=locator(stack_of(case)))


def as_text(case: str) -> str:
    return render_plan(plan_of(case), width=80, color=False, locate=locator(stack_of(case)))


def as_json(case: str) -> str:
    text: bytes = orjson.dumps(plan_to_json(plan_of(case)), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return text.decode()


def as_html(case: str) -> str:
    return without_constants(render_html(page(case), graph_of_plan(plan_of(case), stack_of(case))))


def as_github(case: str) -> str:
    return as_annotations(of_plan(plan_of(case), locator(stack_of(case))))


SURFACES: Final = {
    "plan.txt": as_text,
    "plan.outline.txt": lambda case: outline(plan_to_json(plan_of(case))),
    "plan.json": as_json,
    "plan.md": lambda case: render_markdown(page(case), graph_of_plan(plan_of(case), stack_of(case))),
    "plan.html": as_html,
    "plan.github": as_github,
}


def files(case: str) -> list[str]:
    """Return the surfaces that are kept of *case*."""
    found = ["plan.txt", "plan.outline.txt"]
    found += ["plan.json"] if case in AS_JSON else []
    return [*found, "plan.md", "plan.html", "plan.github"] if case in WHOLE else found


@pytest.mark.parametrize(("case", "file"), [(case, file) for case in CASES for file in files(case)])
def test_surface(case: str, file: str, update: bool) -> None:
    """A plan reads exactly as it was reviewed."""
    expect(GOLDEN / case / file, masked(plan_of(case), SURFACES[file](case)), update=update)


def test_digests(update: bool) -> None:
    """A plan that was approved stays approved: what it means and what it intends keep their digests."""
    lines = [f"{case}\n  digest {plan_of(case).digest}\n  intent {plan_of(case).intent}\n" for case in CASES]
    expect(GOLDEN / "digests.txt", "".join(lines), update=update)


@pytest.mark.parametrize("case", CASES)
def test_no_surface_is_left_over(case: str, update: bool) -> None:
    """A file that no test compares would be believed."""
    kept = {*files(case), "plan.wide.txt"}
    stray = [file for file in (GOLDEN / case).glob("plan.*") if file.name not in kept]
    if update:
        for file in stray:
            file.unlink()
        return
    assert stray == []


@pytest.mark.parametrize("case", CASES)
def test_wide_text(case: str, update: bool) -> None:
    """A wide terminal says the same, or what was reviewed for it."""
    file, text = (
        GOLDEN / case / "plan.wide.txt",
        render_plan(plan_of(case), width=WIDE, color=False, locate=locator(stack_of(case))),
    )
    if letters(text) != letters(as_text(case)):
        expect(file, masked(plan_of(case), text), update=update)
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
    assert render_plan(saved, width=80, color=False, locate=locator(stack_of(case))) == as_text(case)
    assert explain_difference(saved, plan) == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_too_wide_or_alive(case: str, width: int) -> None:
    """Lines fit the terminal, none holds a control character, and none begins as a workflow command."""
    for line in render_plan(plan_of(case), width=width, color=False, locate=locator(stack_of(case))).splitlines():
        assert columns(line) <= width or line.strip().startswith(("hmsplan ", "change: sha256:"))  # whole, to be copied
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
    """A kind that no golden case plans is not done."""
    planned = {change.address.kind for case in CASES for change in plan_of(case).pending}
    assert planned == set(KINDS)


def test_there_are_enough() -> None:
    """The collection is not thinned out unnoticed."""
    assert len(CASES) >= 45

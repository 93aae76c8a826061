"""Each folder of tests/golden is a stack, what is live and what we remember, and the plan that this makes.

``stack/`` is an ordinary stack; ``live.json`` holds the objects by kind, and ``leads`` by the id of their
campaign; ``state.json`` is a state file, if there is one. ``plan.txt`` is what 80 columns show, ``plan.json`` what
machines read, ``plan.md`` the comment in a pull request, and some have a ``plan.html``. ``--update-golden`` rewrites
them, and the diff is reviewed like any other change of wording.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import orjson
import pytest

from hmsplan.api.snapshot import parse_member, parse_one
from hmsplan.kinds import KINDS
from hmsplan.model import Plan, RemoteObject, Snapshot, State
from hmsplan.plan import make_plan
from hmsplan.planfile import explain_difference, plan_from_bytes, plan_to_bytes, plan_to_json
from hmsplan.render.graph import graph_of_plan
from hmsplan.render.html.look import SCRIPT, SCRIPT_HASH, STYLE
from hmsplan.render.html.page import render_html
from hmsplan.render.lines import columns
from hmsplan.render.markdown import render_markdown
from hmsplan.render.page import page_of
from hmsplan.render.text import render_plan
from hmsplan.stack.stackfile import load_stack
from hmsplan.state.record import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

GOLDEN: Final = Path(__file__).parent / "golden"
SCHEMA: Final = Path(__file__).parents[1] / "schemas" / "plan.schema.json"
CASES: Final = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
SECRETS: Final = {"webhook": "golden-hook-value", "sip_password": "golden-sip-value"}
ENVIRON: Final = {"HMSPLAN_FINGERPRINT_KEY": "golden-key-value-of-the-golden-cases"} | {
    f"HMSPLAN_SECRET_{name.upper()}": value for name, value in SECRETS.items()
}
LINEAGE: Final = "11111111-1111-4111-8111-111111111111"
NOW: Final = 1_790_000_000.0


def snapshot_of(live: Mapping[str, Any]) -> Snapshot:
    """Read ``live.json`` as the client reads answers."""
    objects: dict[str, dict[str, RemoteObject]] = {}
    for name, kind in KINDS.items():
        found = [parse_one(kind, item) for item in live.get(name, [])]
        objects[name] = {item.id: item for item in found if item is not None}
    leads = {
        campaign: tuple(item for lead in items if (item := parse_member(KINDS["campaigns"], lead)) is not None)
        for campaign, items in live.get("leads", {}).items()
    }
    return Snapshot(objects, leads, organization=live.get("organization"))


@cache
def plan_of(case: str) -> Plan:
    """Plan one case through everything that reads and decides."""
    folder = GOLDEN / case
    stack = load_stack(folder / "stack", environ=ENVIRON, need_secrets=True)
    live = json.loads((folder / "live.json").read_text("utf-8"))
    state_file = folder / "state.json"
    state = parse(state_file.read_bytes()) if state_file.exists() else State(LINEAGE)
    return make_plan(stack, snapshot_of(live), state, NOW)


def pretty(plan: Plan) -> str:
    return orjson.dumps(plan_to_json(plan), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def expect(path: Path, text: str, *, update: bool) -> None:
    if update:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def page(plan: Plan) -> str:
    """Return the HTML without the constants in it."""
    shown = render_html(page_of(plan, 100), graph_of_plan(plan))
    return shown.replace(STYLE, "STYLE").replace(SCRIPT, "SCRIPT").replace(SCRIPT_HASH, "HASH")


SURFACES: Final = {
    "plan.txt": lambda plan: render_plan(plan, width=80, color=False),
    "plan.json": pretty,
    "plan.md": lambda plan: render_markdown(page_of(plan, 100)),
    "plan.html": page,
}
HTML: Final = ("campaign_started", "hostile_names", "trunk_replaced", "update_prompt")


@pytest.mark.parametrize(
    ("case", "file"), [(case, file) for case in CASES for file in SURFACES if file != "plan.html" or case in HTML]
)
def test_surface(case: str, file: str, request: pytest.FixtureRequest) -> None:
    """A plan reads exactly as it was reviewed, on every surface."""
    expect(GOLDEN / case / file, SURFACES[file](plan_of(case)), update=request.config.getoption("--update-golden"))


@pytest.mark.parametrize("case", CASES)
def test_the_json_is_what_its_schema_describes(case: str) -> None:
    """What machines read is promised."""
    plan = plan_of(case)
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text("utf-8")))
    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(plan_to_json(plan))] == []


@pytest.mark.parametrize("case", CASES)
def test_a_saved_plan_shows_the_same(case: str) -> None:
    """What ``show FILE`` prints is what ``plan`` printed, and nothing has moved between the two."""
    plan = plan_of(case)
    saved = plan_from_bytes(plan_to_bytes(plan))
    assert render_plan(saved, width=80, color=False) == render_plan(plan, width=80, color=False)
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
def test_no_secret_gets_out(case: str) -> None:
    """No value of a secret, and no live one, is in any output."""
    plan = plan_of(case)
    shown = "".join([render_plan(plan, width=120, color=True), repr(plan), *(make(plan) for make in SURFACES.values())])
    assert not [value for value in (*SECRETS.values(), ENVIRON["HMSPLAN_FINGERPRINT_KEY"]) if value in shown]
    assert "live-secret" not in shown


def test_every_kind_has_a_case() -> None:
    """A kind that nobody planned in a golden case is not done."""
    planned = {change.address.kind for case in CASES for change in plan_of(case).pending}
    assert planned == set(KINDS)


def test_there_are_enough() -> None:
    """Nobody thins the collection out unnoticed."""
    assert len(CASES) >= 20

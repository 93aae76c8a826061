"""Workflows against the API: what is read, in which order things go, what people change meanwhile, where secrets go."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from support.emulator_settings import every_value
from support.people import Colleague
from support.stacks import SECRETS
from support.world import CANARY, Applied, Life, World, allowing

from hmsplan.cli.surfaces import locator
from hmsplan.emulator import Fault, Settings
from hmsplan.errors import UnsafePlan
from hmsplan.formats.plan_file import plan_to_bytes
from hmsplan.model import Action, Address, DriftKind, Plan, ResourceChange, Risk
from hmsplan.output.findings import of_plan
from hmsplan.output.github import as_annotations
from hmsplan.output.graph import graph_of_plan
from hmsplan.output.html.page import render_html
from hmsplan.output.markdown import render_markdown
from hmsplan.output.plan_page import page_of
from hmsplan.output.text import render_plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

TRIAGE = Address("workflows", "triage")
SWITCHES = [
    pytest.param({name: value}, id=f"{name}={value}")
    for name, value in every_value()
    if name not in {"keys", "expired_keys", "revoked_keys", "credits"}
]
TOOL = {
    "name": "Look up",
    "description": "Finds things.",
    "tool_type": "function",
    "tool_config": {
        "name": "lookup",
        "description": "Finds things.",
        "url": "https://api.example.com/lookup",
        "parameters": {"type": "object", "properties": {}},
    },
}


def tool(secret: str = "${secret:tool}", url: str = "https://hooks.example.com/order") -> dict[str, Any]:
    return {
        "name": "order",
        "description": "Takes an order.",
        "parameters": {"type": "object", "properties": {}},
        "server": {"url": url, "secret": secret},
    }


def workflow(instructions: str = "Greet the caller.", name: str = "Triage", **hello: Any) -> dict[str, Any]:
    return {
        "name": name,
        "definition": {
            "version": 1,
            "entry_node": "hello",
            "nodes": [
                {"id": "hello", "type": "conversation", "instructions": instructions, **hello},
                {"id": "desk", "type": "transfer", "destination": "+31850000020"},
                {"id": "bye", "type": "end"},
            ],
            "edges": [
                {"from": "hello", "to": "desk", "description": "wants a person"},
                {"from": "hello", "to": "bye", "description": "is done"},
            ],
        },
    }


def stack(triage: dict[str, Any] | None = None) -> dict[str, Any]:
    """Declare a workflow that a number runs, with a secret in one tool and a template in the other."""
    return {
        "tool_templates": {"lookup": TOOL},
        "assistants": {"desk": {"name": "Desk"}},
        "workflows": {"triage": triage or workflow(tools=["${tool_templates.lookup}", tool()])},
        "numbers": {
            "main": {
                "phone_number": "+31850000010",
                "agent_id": "${assistants.desk}",
                "workflow_id": "${workflows.triage}",
            }
        },
    }


def begun(world: World, resources: dict[str, Any] | None = None) -> None:
    world.declare(resources or stack())
    assert not world.apply().bad


def change_of(plan: Plan, address: Address = TRIAGE) -> ResourceChange:
    (found,) = (change for change in plan.changes if change.address == address)
    return found


def edit(world: World, change: Callable[[dict[str, Any]], object], name: str = "Triage") -> dict[str, Any]:
    """Change a definition as somebody does in the dashboard; return it."""
    live = world.live("workflows", name)
    definition: dict[str, Any] = copy.deepcopy(live["definition"])
    change(definition)
    world.emulator.edit("workflows", live["id"], {"definition": definition})
    return definition


class Abreast:
    """Counts how many workflows are read at once, and which."""

    def __init__(self) -> None:
        self.now, self.most = 0, 0
        self.asked: list[str] = []

    def act(self) -> None:
        pass

    def planned(self, plan: Plan) -> None:
        pass

    def sends(self, request: httpx.Request) -> None:
        if request.method == "GET" and "/workflows/" in request.url.path:
            self.asked.append(request.url.path.rsplit("/", 1)[1])
            self.now += 1
            self.most = max(self.most, self.now)

    def sent(self, request: httpx.Request, response: httpx.Response | None) -> None:  # noqa: ARG002
        self.now -= request.method == "GET" and "/workflows/" in request.url.path


def test_each_wanted_workflow_costs_one_get_and_ten_at_most_are_read_at_once(tmp_path: Path) -> None:
    """A list has summaries; those that nobody manages are not read."""
    with World(tmp_path / "stack") as world:
        begun(world, {"workflows": {f"w{n:02}": workflow(name=f"W{n:02}") for n in range(25)}})
        mine = {each["id"] for each in world.emulator.all("workflows")}
        for number in range(5):
            world.emulator.add("workflows", workflow(name=f"Theirs {number}"))
        world.emulator.inject(Fault(do="delay", method="GET", path="/workflows/*", seconds=0.05))
        reader = Abreast()
        applied = world.apply(life=Life(beside=reader))
        assert applied.plan.pending == ()
        assert sorted(reader.asked) == sorted(mine)
        assert reader.most == 10


def test_a_workflow_is_deleted_after_its_numbers_left_it(tmp_path: Path) -> None:
    """DELETE answers 409 while a number runs it, so the number is detached first, and stays with its assistant."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        number, gone = world.live("numbers", "+31850000010")["id"], world.live("workflows", "Triage")["id"]
        left = stack()
        del left["workflows"], left["numbers"]["main"]["workflow_id"]
        world.declare(left)
        life = Life()
        assert not world.apply(life=life).bad
        writes = [call for call in life.calls if not call.startswith("GET")]
        assert writes == [f"PATCH /numbers/{number}", f"DELETE /workflows/{gone}"]
        assert world.live("numbers", "+31850000010")["workflow_id"] is None
        world.check_at_rest()


def test_the_numbers_of_other_people_are_named_when_a_workflow_cannot_go(tmp_path: Path) -> None:
    """A number that nobody manages here is not touched: its workflow stays, and the run says why."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world, {"workflows": {"triage": workflow()}})
        live = world.live("workflows", "Triage")
        theirs = world.emulator.add("numbers", {"phone_number": "+31850000099", "workflow_id": live["id"]})
        world.declare({"assistants": {"other": {"name": "Other"}}})
        bad = "\n".join(world.apply(allowing()).bad)
        assert "workflows.triage" in bad
        assert "+31850000099" in bad
        assert world.emulator.get("numbers", theirs)["workflow_id"] == live["id"]
        assert world.live("workflows", "Triage")


def test_a_workflow_is_made_before_the_number_that_runs_it(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        world.declare(stack())
        life = Life()
        assert not world.apply(life=life).bad
        posts = [call for call in life.calls if call.startswith("POST")]
        assert posts.index("POST /workflows") < posts.index("POST /numbers")
        assert world.live("numbers", "+31850000010")["workflow_id"] == world.live("workflows", "Triage")["id"]
        world.check_at_rest()


def test_a_live_workflow_of_the_same_name_is_adopted_and_keeps_what_is_not_declared(tmp_path: Path) -> None:
    with World(tmp_path / "stack") as world:
        theirs = workflow("Greet the caller.", first_line="Hello!", ui={"x": 7, "y": 9})
        made = world.emulator.add("workflows", {**theirs, "is_active": False})
        world.declare({"workflows": {"triage": workflow("Greet the caller warmly.")}})
        plan = world.plan()
        assert change_of(plan).action is Action.ADOPT
        assert [field.path[2:] for field in change_of(plan).fields] == [("hello", "instructions")]
        assert not world.apply().bad
        live = world.emulator.get("workflows", made)
        hello = live["definition"]["nodes"][0]
        assert (hello["instructions"], hello["first_line"], hello["ui"]) == (
            "Greet the caller warmly.",
            "Hello!",
            {"x": 7, "y": 9},
        )
        assert live["is_active"] is False
        world.check_at_rest()


# --- templates ------------------------------------------------------------------------------------------------------


def test_a_changed_template_changes_the_workflows_that_use_it(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        changed = stack()
        changed["tool_templates"]["lookup"] = copy.deepcopy(TOOL)
        changed["tool_templates"]["lookup"]["tool_config"]["description"] = "Finds orders."
        world.declare(changed)
        change = change_of(world.plan())
        assert change.action is Action.UPDATE
        assert change.reason == "through tool_templates.lookup"
        assert [field.path for field in change.fields] == [
            ("definition", "nodes", "hello", "tools", "lookup", "description")
        ]
        assert not world.apply().bad
        (hello, *_) = world.live("workflows", "Triage")["definition"]["nodes"]
        assert hello["tools"][0]["description"] == "Finds orders."
        world.check_at_rest()


# --- secrets --------------------------------------------------------------------------------------------------------


def everything_said(world: World, plan: Plan) -> str:
    """Return a plan on every surface."""
    page = page_of(plan, 100)
    return "\n".join(
        [
            render_plan(plan, width=100, color=False),
            render_markdown(page_of(plan, 100)),
            render_html(page, graph_of_plan(plan, world.stack())),
            plan_to_bytes(plan).decode(),
            as_annotations(of_plan(plan, locator(world.stack()))),
        ]
    )


def test_a_secret_of_a_tool_in_a_node_is_sent_once_and_again_when_it_changes(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        world.declare(stack())
        said = everything_said(world, world.plan())
        assert not world.apply().bad
        assert world.live("workflows", "Triage")["definition"]["nodes"][0]["tools"][1]["server"]["secret"] == (
            f"{CANARY}-tool"
        )
        world.check_at_rest()
        world.environ["HMSPLAN_SECRET_TOOL"] = f"{CANARY}-other"
        world.declare(stack())
        plan = world.plan()
        assert [field.path for field in change_of(plan).fields] == [
            ("definition", "nodes", "hello", "tools", "order", "server", "secret")
        ]
        said += everything_said(world, plan)
        assert not world.apply().bad
        world.check_at_rest()
        said += "".join(path.read_text("utf-8") for path in (world.root / ".hmsplan").rglob("*") if path.is_file())
        assert CANARY not in said
        assert "new value of ${secret:tool}" in said


def test_a_tool_in_a_node_keeps_its_secret_from_another_receiver(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        world.declare(stack(workflow(tools=["${tool_templates.lookup}", tool(url="https://evil.example/x")])))
        (refusal,) = world.plan().refusals
        assert (refusal.risk, refusal.address) == (Risk.EGRESS, TRIAGE)
        with pytest.raises(UnsafePlan):
            world.apply()
        assert not world.apply(allowing("egress:workflows.triage")).bad
        world.check_at_rest()


# --- people ---------------------------------------------------------------------------------------------------------


def beside(world: World, does: Callable[[], object]) -> Applied:
    """Apply, while somebody acts after the plan was made."""
    colleague = Colleague(world, "GET /workflows/", does)
    applied = world.apply(life=Life(beside=colleague))
    assert colleague.has_acted
    return applied


def test_a_change_of_a_node_that_the_plan_does_not_touch_is_kept(tmp_path: Path) -> None:
    """The definition is replaced whole, so it is built on what is there right before."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        world.declare(stack(workflow("Greet the caller warmly.", tools=["${tool_templates.lookup}", tool()])))
        applied = beside(
            world,
            lambda: edit(
                world, lambda d: (d["nodes"][1].update(first_line="One moment."), d.update(global_prompt="Be kind."))
            ),
        )
        assert not applied.bad
        definition = world.live("workflows", "Triage")["definition"]
        assert definition["nodes"][0]["instructions"] == "Greet the caller warmly."
        assert (definition["nodes"][1]["first_line"], definition["global_prompt"]) == ("One moment.", "Be kind.")
        world.check_at_rest()


ADDED = {
    "a node": lambda d: d["nodes"].append({"id": "help", "type": "end"}),
    "an edge": lambda d: (
        d["nodes"][1].update(type="conversation", instructions="x"),
        d["nodes"][1].pop("destination"),
        d["edges"].append({"from": "desk", "to": "bye", "description": "nobody answers"}),
    ),
}


@pytest.mark.parametrize("what", ["a node", "an edge"])
def test_what_somebody_added_meanwhile_is_not_deleted(tmp_path: Path, what: str) -> None:
    """The plan did not show that it would go: its step fails as stale, and nothing is sent."""
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        world.declare(stack(workflow("Greet the caller warmly.", tools=["${tool_templates.lookup}", tool()])))
        left: dict[str, Any] = {}
        applied = beside(world, lambda: left.update(edit(world, ADDED[what])))
        (bad,) = applied.bad
        assert "workflows.triage" in bad
        assert "Plan again" in bad
        assert ("help" if what == "a node" else "desk -> bye") in bad
        assert world.live("workflows", "Triage")["definition"] == left


def test_what_somebody_added_before_is_planned_to_go_and_told_as_drift(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        edit(world, lambda d: d["nodes"].append({"id": "help", "type": "end"}))
        plan = world.plan()
        assert [field.path for field in change_of(plan).fields] == [("definition", "nodes", "help")]
        (drift,) = plan.drift
        assert (drift.drift, drift.address) == (DriftKind.CHANGED, TRIAGE)
        assert not world.apply().bad
        world.check_at_rest()


def test_a_field_of_the_plan_that_moved_fails_the_step(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        world.declare(stack(workflow("Greet the caller warmly.", tools=["${tool_templates.lookup}", tool()])))
        applied = beside(world, lambda: edit(world, lambda d: d["nodes"][0].update(instructions="Theirs.")))
        (bad,) = applied.bad
        assert "definition.nodes.hello.instructions" in bad
        assert world.live("workflows", "Triage")["definition"]["nodes"][0]["instructions"] == "Theirs."


def test_order_in_the_dashboard_is_no_change(tmp_path: Path) -> None:
    with World(tmp_path / "stack", environ=SECRETS) as world:
        begun(world)
        edit(world, lambda d: (d["nodes"].reverse(), d["edges"].reverse()))
        world.check_at_rest()


# --- whatever the API is like ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("stance", SWITCHES)
def test_round_trip(tmp_path: Path, stance: dict[str, Any]) -> None:
    """Make, change, rewire and delete under each setting, with nothing left to do after each.

    "Does agent_id survive on a number whose workflow_id is set?" Where it does not, a stack declares one of the two.
    """

    def declared(triage: dict[str, Any] | None = None) -> dict[str, Any]:
        resources = stack(triage)
        if "number_workflow" in stance:
            del resources["numbers"]["main"]["agent_id"]
        return resources

    with World(tmp_path / "stack", Settings(**{"rate_limit": None, **stance}), environ=SECRETS) as world:
        begun(world, declared())
        world.check_at_rest()
        new = workflow("Greet the caller warmly.", tools=[tool()])
        new["definition"]["nodes"][1] = {"id": "accounts", "type": "conversation", "instructions": "Explain."}
        new["definition"]["edges"][0] |= {"to": "accounts"}
        world.declare(declared(new))
        assert not world.apply().bad
        assert json.dumps(world.live("workflows", "Triage")["definition"]["edges"][0]).count("accounts") == 1
        world.check_at_rest()
        left = declared()
        del left["workflows"], left["numbers"]["main"]["workflow_id"]
        world.declare(left)
        assert not world.apply(allowing()).bad
        world.check_at_rest()

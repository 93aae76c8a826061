"""A declared value that another resource names counts as a use: ``${numbers.desk.phone_number}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from support.readings import at, bound, change_of, keys, live, planned, remembered, remote
from support.writing import STACK, load, problems

from hmsplan.model import Action, Copy
from hmsplan.output.blast_radius import blast_radius_remark
from hmsplan.output.graph import Edge, dot, graph_of, graph_of_plan, mermaid

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.model import Plan, Stack

NUMBER: Final = 'numbers: {desk: {phone_number: "+31850835037"}}\n'
TRIAGE: Final = """\
workflows:
  triage:
    name: Triage
    definition:
      version: 1
      entry_node: hello
      nodes:
        - {id: hello, type: conversation, instructions: Ask what it is about.}
        - {id: desk, type: transfer, destination: "${numbers.desk.phone_number}"}
      edges: [{from: hello, to: desk, description: the caller wants a person}]
"""
NIGHT: Final = 'assistants: {night: {name: Night, first_message: "${file:hello.tmpl.md}"}}\n'
HELLO: Final = "Call ${numbers.desk.phone_number} by day.\n"


def stack_of(root: Path, text: str, **more: str) -> Stack:
    return load(root, {"hmsplan.yaml": STACK, "numbers.yaml": NUMBER, "a.yaml": text, "hello.tmpl.md": HELLO, **more})


def applied(stack: Stack, **ids: str) -> tuple[list[Any], list[Any]]:
    """Return live objects and bindings that are as *stack* declares; *ids* by key."""
    specs = {ids[address.key]: (address, resource.spec) for address, resource in stack.resources.items()}
    objects = [remote(address.kind, object_id, **spec) for object_id, (address, spec) in specs.items()]
    return objects, [bound(str(address), object_id, **spec) for object_id, (address, spec) in specs.items()]


def changed(root: Path, before: str, after: str, number: str, **options: Any) -> Plan:
    """Plan *after* with *number* where *before* was applied with another one."""
    objects, bindings = applied(stack_of(root / "before", before), desk="n1", triage="w1", night="a1", main="d1")
    return planned(
        stack_of(root / "after", after, **{"numbers.yaml": number}), live(*objects), remembered(*bindings), **options
    )


def test_a_copy_is_recorded_with_its_place_and_its_origin(tmp_path: Path) -> None:
    """As the whole value, in a list, in a text, in a file, through a third resource and through a template."""
    more = {
        "more.yaml": """
        assistants:
          day:
            name: Day ${numbers.desk.phone_number}
            business_name: ${assistants.night.first_message}
            llm_config: {provider: openai, model: gpt-5.4, tools: ["${tool_templates.pass_on}"]}
        tool_templates:
          pass_on:
            name: pass_on
            tool_type: transfer_call
            tool_config: {destinations: [{type: number, number: "${numbers.desk.phone_number}", description: Desk}]}
        """
    }
    stack = stack_of(tmp_path, TRIAGE + NIGHT, **more)
    desk = (at("numbers.desk"), ("phone_number",))
    assert stack.resources[at("workflows.triage")].copies == (
        Copy(("definition", "nodes", "desk", "destination"), *desk),
    )
    assert stack.resources[at("assistants.night")].copies == (Copy(("first_message",), *desk),)
    assert stack.resources[at("assistants.day")].copies == (
        Copy(("name",), *desk),
        Copy(("business_name",), at("assistants.night"), ("first_message",)),
        Copy(("business_name",), *desk),
        Copy(("llm_config", "tools", "transfer_call"), *desk),
    )
    assert stack.resources[at("assistants.day")].spec["business_name"] == "Call +31850835037 by day.\n"


def test_what_is_named_is_created_before_what_names_it(tmp_path: Path) -> None:
    """A transfer never leads to a number that is not there yet."""
    assert keys(planned(stack_of(tmp_path, TRIAGE))) == ["numbers.desk:create", "workflows.triage:create"]


def test_a_prompt_may_name_the_number_that_its_assistant_answers(tmp_path: Path) -> None:
    """An id is needed, a value only wished for: the assistant is made first."""
    own = {"numbers.yaml": NUMBER.replace("}}", ", agent_id: '${assistants.night}'}}")}
    stack = stack_of(tmp_path, NIGHT + TRIAGE, **own)
    plan = planned(stack)
    steps = {step.key: step for step in plan.steps}
    assert list(steps) == ["assistants.night:create", "numbers.desk:create", "workflows.triage:create"]
    assert steps["workflows.triage:create"].needs == {"numbers.desk:create"}
    (warning,) = plan.warnings
    assert (warning.summary, str(warning.source)) == ("Named before it is there", "a.yaml:1:50")
    assert warning.detail == (
        "assistants.night names numbers.desk.phone_number and is written first, because numbers.desk needs it. Until "
        "numbers.desk is written too, assistants.night names a value that is not live yet. If that step fails, it "
        "stays so: fix it, and plan again."
    )


def test_an_order_that_is_kept_is_not_warned_of(tmp_path: Path) -> None:
    assert planned(stack_of(tmp_path, NIGHT + TRIAGE)).warnings == ()


def test_what_names_a_number_is_changed_before_it_is_deleted(tmp_path: Path) -> None:
    """The old plan knew who copied the number; the new one finds it by its value."""
    after = TRIAGE.replace("${numbers.desk.phone_number}", "+31850835099")
    plan = changed(tmp_path, TRIAGE, after, "numbers: {}\n")
    assert keys(plan) == ["workflows.triage:update", "numbers.desk:delete"]


def test_an_object_that_goes_too_is_deleted_before_the_number_that_it_names(tmp_path: Path) -> None:
    """A workflow whose transfer leads nowhere never takes a call."""
    plan = changed(tmp_path, TRIAGE, "assistants: {}", "numbers: {}\n")
    assert keys(plan) == ["workflows.triage:delete", "numbers.desk:delete"]


def test_what_names_the_mail_domain_is_changed_before_it_is_deleted(tmp_path: Path) -> None:
    """A single object is named by its own name, as a number is."""
    night = "assistants: {night: {name: Night, first_message: Mail us at %s.}}\n"
    domain = "domain: {main: {domain_name: mail.example.com}}\n"
    plan = changed(tmp_path, night % "desk@mail.example.com" + domain, night % "the desk", NUMBER)
    (end,) = [step for step in plan.steps if step.key == "domain.main:delete"]
    assert end.needs == {"assistants.night:update"}


def test_a_new_number_is_made_then_named_and_then_the_old_one_goes(tmp_path: Path) -> None:
    """Nothing names a number that does not exist."""
    plan = changed(tmp_path, TRIAGE, TRIAGE, NUMBER.replace("5037", "5038"))
    assert keys(plan) == ["numbers.desk:create", "workflows.triage:update", "numbers.desk:delete-old"]


def test_a_change_says_who_copies_it_and_a_copy_where_it_comes_from(tmp_path: Path) -> None:
    """The reviewer of a new number sees the prompts that will say it."""
    text = NIGHT + TRIAGE
    plan = changed(tmp_path, text, text, NUMBER.replace("5037", "5038"))
    assert blast_radius_remark(change_of(plan, "numbers.desk")).startswith(
        "numbers.desk.phone_number is copied by assistants.night, workflows.triage"
    )
    for address in ("assistants.night", "workflows.triage"):
        assert change_of(plan, address).reason == "the same value through numbers.desk.phone_number"
    other = changed(tmp_path / "other", text, text, NUMBER.replace("}}", ", is_active: false}}"))
    assert not [met for met in change_of(other, "numbers.desk").reaches if met.copies]


def test_a_prompt_that_changes_beside_a_value_that_stays_has_no_such_reason(tmp_path: Path) -> None:
    """What its author changed comes from nowhere else."""
    day = NIGHT.replace("${file:hello.tmpl.md}", "Until six, ${numbers.desk.phone_number}.")
    plan = changed(tmp_path, NIGHT, day, NUMBER)
    assert change_of(plan, "assistants.night").action is Action.UPDATE
    assert change_of(plan, "assistants.night").reason == ""


def test_a_target_takes_along_what_it_names(tmp_path: Path) -> None:
    """As with an id."""
    plan = planned(stack_of(tmp_path, TRIAGE + "assistants: {x: {name: X}}\n"), targets=["workflows.triage"])
    assert [str(change.address) for change in plan.changes] == ["numbers.desk", "workflows.triage"]


def test_the_graph_shows_a_copy(tmp_path: Path) -> None:
    """With an arrow of its own kind, of a stack and of a plan."""
    stack = stack_of(tmp_path, TRIAGE)
    edge = Edge(at("workflows.triage"), at("numbers.desk"), copied=True)
    assert graph_of(stack).edges == graph_of_plan(planned(stack)).edges == (edge,)
    assert "n1 -. value .-> n0" in mermaid(graph_of(stack))
    assert '"workflows.triage" -> "numbers.desk" [style=dotted];' in dot(graph_of(stack))


def test_values_that_are_copied_in_a_circle_through_a_file_are_told(tmp_path: Path) -> None:
    """Once, with the whole circle."""
    files = {
        "a.yaml": 'assistants: {night: {name: Night, first_message: "${file:hello.tmpl.md}"}}\n',
        "hello.tmpl.md": "We are ${assistants.night.first_message}\n",
    }
    (problem,) = problems(tmp_path, {"hmsplan.yaml": STACK, **files})
    assert problem.summary == "Cyclic reference"
    assert "assistants.night.first_message → assistants.night.first_message" in problem.detail


@pytest.mark.parametrize(
    ("environment", "text", "summary", "word"),
    [
        ("exclude: [numbers.desk]\n", NIGHT, "Reference to an excluded resource", "hello.tmpl.md"),
        ("exclude: [numbers.desk]\n", TRIAGE, "Reference to an excluded resource", "numbers.desk is excluded"),
        ("", NIGHT.replace("${file:hello.tmpl.md}", "At ${numbers.dusk.phone_number}"), "Unknown reference", "desk"),
        ("", NIGHT.replace("${file:hello.tmpl.md}", "At ${numbers.desk}"), "Id inside a text", ".desk.phone_number}"),
    ],
)
def test_what_is_named_has_to_be_declared(tmp_path: Path, environment: str, text: str, summary: str, word: str) -> None:
    """A number cannot be excluded or taken out while something names it."""
    files = {"numbers.yaml": NUMBER, "a.yaml": text, "hello.tmpl.md": HELLO, "environments/live.yaml": environment}
    (problem,) = problems(tmp_path, {"hmsplan.yaml": STACK, **files}, environment="live")
    assert problem.summary == summary
    assert word in problem.detail
    assert problem.source is not None
    assert problem.source.file == "a.yaml"

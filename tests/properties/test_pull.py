"""Whatever people change in the dashboard: what pull says it wrote is declared afterwards, and nothing else changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.world import World
from support.writing import write

from hmsplan.config.confined import Folder
from hmsplan.config.load import load_stack
from hmsplan.export.edit.outline import comments
from hmsplan.model import Action, PullOutcome, PullReport
from hmsplan.operations.pull import Wishes, drawn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Stack

FILES: dict[str, str | bytes] = {
    "hmsplan.yaml": """\
        version: 1   # of the format
        stack: test
        variables:
          business: {default: Acme}   # spoken
          only: {default: Only here}
        defaults: {assistants: {gdpr_mode: true}}
        bases:
          desk:
            # for two
            max_duration_seconds: 600
        """,
    "all.yaml": """\
        # all of it
        assistants:
          one:   # the first
            extends: desk
            name: &name One   # an anchor
            business_name: *name
            first_message: Hello from ${var:business}, at your service.
            voicemail_message: >-   # folded
              Nobody is here
              today.
            webhook_events: [call.started, "call.ended"]   # in brackets
            notification_emails:
              # the owner
              - a@example.com
              - b@example.com   # the desk

            llm_config: {provider: openai, model: gpt-5.4, temperature: 0.5,   # all of it
              messages: [{role: system, content: "${file:prompts/one.md}"}]}
          two:
            extends: desk
            name: 'Two'
            business_name: ${var:only}
            first_message: |
              Hello.
              Who is there?
            # before the block
            llm_config:
              provider: openai
              model: gpt-5.4   # the model
              messages:
                - role: system
                  content: "You are\\ttwo."
                # the second one
                - {role: user, content: "${file:prompts/two.tmpl.md}"}
              tools:
                - {type: end_call}
                # finds people
                - name: lookup
                  description: "Looks up."
                  url: https://example.com/lookup
                  parameters:
                    type: object
                    properties: {id: {type: string}}   # what it takes
        numbers:
          main: {phone_number: "+31850000001", agent_id: "${assistants.one}"}   # rings at one
        """,
    "prompts/one.md": "You are one.\n\n- Be kind.\n- Be short.\n",
    "prompts/two.tmpl.md": "Hello from ${var:business}.\nBe short.\n",
}
TEXTS = st.one_of(
    st.sampled_from(
        [
            "Acme",
            "Hello.\nWho is Acme?\n",
            "Nobody is here today.",
            "no",
            "12",
            "",
            "a: b # c",
            "${x} {{y}}",
            'it\'s "so"',
        ]
    ),
    st.lists(st.sampled_from(["Acme", "Hello", "is", "here.", "-", "\n", "  ", "#"]), min_size=1, max_size=8).map(
        " ".join
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cf"]), min_size=1, max_size=20),
)
TOOL = {"name": "book", "description": "Books.", "url": "https://example.com/book"}


@st.composite
def edits(draw: st.DrawFn) -> list[tuple[str, tuple[str | int, ...], Any]]:
    """Return name of an assistant, path, and what somebody writes there."""
    text = TEXTS
    fields: list[tuple[tuple[str | int, ...], st.SearchStrategy[Any]]] = [
        (("name",), text.filter(lambda name: bool(name.strip()))),
        (("business_name",), st.one_of(st.none(), text)),
        (("first_message",), st.one_of(st.none(), text)),
        (("voicemail_message",), text),
        (("max_duration_seconds",), st.integers(60, 900)),
        (("gdpr_mode",), st.booleans()),
        (
            ("notification_emails",),
            st.lists(st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]), unique=True),
        ),
        (("llm_config", "temperature"), st.floats(0, 1).map(lambda number: round(number, 2))),
        (("llm_config", "model"), st.sampled_from(["gpt-5.4", "gpt-5.4-mini"])),
        (("llm_config", "messages", 0, "content"), text.filter(bool)),
        (("llm_config", "messages", 1, "content"), text.filter(bool)),
        (("llm_config", "messages"), st.just([{"role": "system", "content": "All of it."}])),
        (("llm_config", "tools", 1, "description"), text.filter(bool)),
        (
            ("llm_config", "tools", 1, "parameters"),
            st.sampled_from(
                [
                    {"type": "object"},
                    {"type": "object", "properties": {"id": {"type": "string"}, "x": {"type": "null"}}},
                ]
            ),
        ),
        (("llm_config", "tools"), st.sampled_from([[TOOL], [{"type": "end_call"}, TOOL], []])),
    ]
    chosen = draw(st.lists(st.sampled_from(range(len(fields))), min_size=1, max_size=4, unique=True))
    return [(draw(st.sampled_from(["one", "two"])), fields[n][0], draw(fields[n][1])) for n in chosen]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    root = write(tmp_path_factory.mktemp("pulled"), FILES)
    with World(root) as world:
        assert not world.apply().bad
        yield world


def changed(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return *value* with *new* at *path*, where there is such a place."""
    if not path:
        return new
    part, rest = path[0], path[1:]
    if isinstance(part, int):
        return value and [changed(item, rest, new) if index == part else item for index, item in enumerate(value)]
    return {**(value or {}), part: changed((value or {}).get(part), rest, new)}


def edit(world: World, key: str, path: tuple[str | int, ...], new: Any) -> None:
    object_id = world.id(f"assistants.{key}")
    live = world.emulator.get("assistants", object_id)
    world.emulator.edit("assistants", object_id, {str(path[0]): changed(live.get(str(path[0])), path[1:], new)})


def reload(root: Path, environment: str | None, instead: Any) -> Stack:
    return load_stack(root, environment=environment, instead=instead)


def pulled(world: World) -> PullReport:
    stack, state, snapshot = world.reading()
    return drawn(stack, snapshot, state, Folder(str(world.root)), partial(reload, world.root), Wishes())


@pytest.mark.no_cover
@given(made=edits())
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_declared_and_nothing_else_changed(
    applied: World, folders: Iterator[Path], made: list[tuple[str, tuple[str | int, ...], Any]]
) -> None:
    with applied.copy(next(folders)) as world:
        for key, path, new in made:
            edit(world, key, path, new)
        report = pulled(world)
        for name, change in report.files.items():
            assert change.before == (world.root / name).read_bytes()
            (world.root / name).write_bytes(change.after)
            if name.endswith(".yaml"):
                keeps_its_comments(change.before.decode(), change.after.decode())
        written = {(each.address, each.change.path) for each in report.of(PullOutcome.WRITTEN)}
        world._declared = None
        again = pulled(world)
        assert not again.files
        assert not {(each.address, each.change.path) for each in again.pulled} & written
        refused = {each.address for each in report.of(PullOutcome.REFUSED)}
        plan = world.plan()
        assert {each.address for each in plan.changes if each.action is not Action.NO_OP} <= refused


INSIDE = {"# the desk", "# finds people", "# what it takes", "# the second one"}
"""Comments in lists, of which the items that they stand at may go away."""


def keeps_its_comments(before: str, after: str) -> None:
    old, new = ([told for _, told in comments(text)] for text in (before, after))
    assert [told for told in old if told in new] == new
    assert set(old) - set(new) <= INSIDE

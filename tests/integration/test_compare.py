"""``compare``: what differs between two organizations, and whether the files say so."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest
from support.golden import GOLDEN, expect
from support.two_environments import Two
from support.virtual_time import run
from support.writing import STACK

from hmsplan.config.confined import Folder
from hmsplan.model import MISSING, CauseKind, dotted
from hmsplan.operations.compare import compare, compare_live
from hmsplan.output.compare import compare_json, compare_line, compare_markdown, compare_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmsplan.model import Comparison, Difference

FILES: Final[dict[str, str | bytes]] = {
    "hmsplan.yaml": STACK + "variables: {who: {default: Acme}}\nsafety: {settle_grace: 0s, max_new_calls: 9}\n",
    "a.yaml": """
assistants:
  desk:
    name: Desk
    first_message: Hello from ${var:who}
    webhook_url: https://hooks.example.com/desk
    webhook_secret: ${secret:hook}
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "${file:prompts/desk.tmpl.md}"}]
      tools: ["${tool_templates.find}"]
  night: {name: Night, first_message: Good evening}
  try_out: {name: Try out}
tool_templates:
  find:
    name: find
    tool_type: function
    tool_config: {name: find, description: Find it, url: "https://find.example.com/", parameters: {type: object}}
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.desk}
    timezone: Europe/Amsterdam
    schedule_start_time: "09:00"
    schedule_end_time: "17:00"
    leads: [{phone_number: "+31612345678"}]
""",
    "prompts/desk.tmpl.md": "You are at ${var:who}. ${assistants.night.name} says ${assistants.night.first_message}.\n",
    "environments/staging.yaml": "variables: {who: Test}\n",
    "environments/production.yaml": """
overrides:
  assistants.night: {first_message: Good night, lifecycle: {prevent_destroy: true}}
  tool_templates.find: {tool_config: {url: "https://live.example.com/"}}
  campaigns.recall: {leads: [{phone_number: "+31612345670"}]}
exclude:
  - assistants.try_out
""",
    "environments/production/numbers.yaml": """
numbers:
  main: {phone_number: "+31850835037", agent_id: "${assistants.desk}"}
""",
}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with ExitStack() as closing:
        made = Two("file", tmp_path / "stack", FILES, closing)
        made.environ = {"HMSPLAN_SECRET_HOOK": "c4nary-hook"}
        yield made


def declared(two: Two) -> Comparison:
    left, right = (two.workspace(name).stack for name in ("staging", "production"))
    return compare(left, right, Folder(str(two.root)).read_text)


def live(two: Two) -> Comparison:
    spaces = [two.workspace(name) for name in ("staging", "production")]
    return run(compare_live(declared(two), *spaces), two.clock)


def told(found: Comparison) -> dict[str, list[str]]:
    """Return the causes of each difference, by place."""
    return {place(each): [_cause(each, number) for number in range(len(each.causes))] for each in found.differences}


def place(each: Difference) -> str:
    return f"{each.address} {dotted(each.path)}".rstrip()


def _cause(each: Difference, number: int) -> str:
    cause = each.causes[number]
    at = f"{cause.source.file}:{cause.source.line}" if cause.source else ""
    return " ".join(filter(None, (str(cause.kind), cause.name, cause.environment, at)))


WHO: Final = [
    "variable who staging environments/staging.yaml:1",
    "variable who production hmsplan.yaml:3",
]


def test_each_difference_of_the_files_says_where_it_comes_from(two: Two) -> None:
    found = declared(two)
    copy = [
        "copy assistants.night.first_message staging a.yaml:12",
        "copy assistants.night.first_message production environments/production.yaml:2",
    ]
    prompt = [WHO[0], copy[0], WHO[1], copy[1]]
    assert told(found) == {
        "assistants.desk first_message": WHO,
        "assistants.desk llm_config.messages[0].content": prompt,
        "assistants.desk llm_config.tools.find.url": ["override production environments/production.yaml:3"],
        "assistants.night first_message": ["override production environments/production.yaml:2"],
        "assistants.night lifecycle.prevent_destroy": ["override production environments/production.yaml:2"],
        "assistants.try_out": ["exclude production environments/production.yaml:6"],
        "campaigns.recall leads": ["override production environments/production.yaml:4"],
        "numbers.main": ["file of the environment production environments/production/numbers.yaml:2"],
        "tool_templates.find tool_config.url": ["override production environments/production.yaml:3"],
    }
    assert found.accidental == ()
    assert compare_line(found) == "Compared: 6 objects, 0 alike; 9 meant, 0 accidental."


def test_two_environments_that_are_applied_differ_as_declared(two: Two) -> None:
    """Ids of references, values of secrets and templates that are pasted are no differences."""
    two.apply("staging")
    two.apply("production")
    found = live(two)
    assert found.accidental == ()
    assert [place(each) for each in found.differences] == [place(each) for each in declared(two).differences]


def test_what_is_not_applied_is_not_accidental(two: Two) -> None:
    two.apply("staging")
    found = live(two)
    there = {place(each): (each.left is not MISSING, each.right is not MISSING) for each in found.late}
    assert there == {
        "assistants.desk": (True, False),
        "assistants.night": (True, False),
        "campaigns.recall": (True, False),
        "numbers.main": (False, False),
        "tool_templates.find": (True, False),
    }
    assert all(cause.kind is CauseKind.NOT_APPLIED for each in found.late for cause in each.causes)
    assert found.accidental == ()


def test_what_is_applied_in_neither_is_not_alike(two: Two) -> None:
    """And what the files say of it is still told."""
    found = live(two)
    assert compare_line(found) == "Compared: 6 objects, 0 alike; 7 meant, 6 not applied yet, 0 accidental."
    assert [place(each) for each in found.differences if each.is_meant] == [
        place(each) for each in declared(two).differences if each.path
    ]
    assert all((each.left, each.right) == (MISSING, MISSING) for each in found.late)
    text = compare_text(found, width=80, color=False)
    assert "  # assistants.desk is in neither\n      # not applied yet in either\n  ~ first_message = " in text
    assert "  # numbers.main is in neither\n      # not applied yet in production\n" in text


def test_what_somebody_changed_in_one_of_them_is_accidental(two: Two) -> None:
    two.apply("staging")
    two.apply("production")
    emulator = two.emulators["production"]
    ids = {each["name"]: each["id"] for each in emulator.all("assistants")}
    emulator.edit("assistants", ids["Night"], {"max_duration_seconds": 120, "name": "Evening"})
    emulator.edit("assistants", ids["Desk"], {"first_message": "Hello from Test"})
    accidental = {place(each): each for each in live(two).accidental}
    assert set(accidental) == {
        "assistants.desk first_message",
        "assistants.night max_duration_seconds",
        "assistants.night name",
    }
    name = accidental["assistants.night name"]
    assert (name.left, name.right, name.causes[0].kind) == ("Night", "Evening", CauseKind.DRIFT)
    same = accidental["assistants.desk first_message"]
    assert (same.left, same.right) == ("Hello from Test", "Hello from Test")
    assert accidental["assistants.night max_duration_seconds"].causes[0].kind is CauseKind.NOT_DECLARED


def test_what_no_stack_manages_is_listed(two: Two) -> None:
    two.apply("staging")
    two.apply("production")
    assert live(two).unmanaged == {}
    made = two.emulators["staging"].add("assistants", {"name": "By\nhand"})
    found = live(two)
    ((environment, (stray,)),) = found.unmanaged.items()
    assert (environment, stray.kind, stray.id, stray.name) == ("staging", "assistants", made, "By\nhand")
    line = "Not managed in staging: 1 object (assistants By\\u000ahand).\n"
    assert line in compare_text(found, width=80, color=False)
    assert compare_json(found)["unmanaged"]["staging"][0]["id"] == made
    assert found.accidental == ()


def test_what_was_not_applied_again_says_so(two: Two) -> None:
    two.apply("staging")
    two.apply("production")
    text = str(FILES["a.yaml"])
    two.write({"a.yaml": text.replace("name: Night,", "name: Nights,")})
    two.apply("staging")
    found = live(two)
    (name,) = [each for each in found.late if place(each) == "assistants.night name"]
    assert (name.left, name.right) == ("Nights", "Night")
    assert [(cause.kind, cause.environment) for cause in name.causes] == [(CauseKind.NOT_APPLIED, "production")]
    assert compare_line(found) == "Compared: 6 objects, 0 alike; 8 meant, 2 not applied yet, 0 accidental."
    assert '  ~ name = "Nights" -> "Night"\n      # not applied yet in production\n' in compare_text(
        found, width=80, color=False
    )


def test_what_is_not_applied_and_changed_outside_is_accidental(two: Two) -> None:
    two.apply("staging")
    two.apply("production")
    two.write({"a.yaml": str(FILES["a.yaml"]).replace("name: Night,", "name: Nights,")})
    two.apply("staging")
    emulator = two.emulators["staging"]
    (night,) = [each["id"] for each in emulator.all("assistants") if each["name"] == "Nights"]
    emulator.edit("assistants", night, {"name": "Evening"})
    (name,) = live(two).accidental
    assert [cause.kind for cause in name.causes] == [CauseKind.DRIFT, CauseKind.NOT_APPLIED]


def test_no_surface_shows_a_secret_or_a_lead(two: Two) -> None:
    two.write({"environments/staging.yaml": "overrides: {assistants.desk: {webhook_secret: null}}\n"})
    two.apply("staging")
    two.apply("production")
    for found in (declared(two), live(two)):
        assert "assistants.desk webhook_secret" in told(found)
        surfaces: list[Any] = [
            compare_text(found, width=80, color=False),
            compare_markdown(found),
            compare_json(found),
            found,
        ]
        for surface in surfaces:
            assert "c4nary" not in repr(surface)
            assert "3161234567" not in repr(surface)


def test_each_surface_reads_as_it_was_reviewed(two: Two, update: bool) -> None:
    two.apply("staging")
    two.apply("production")
    (night,) = [each for each in two.emulators["production"].all("assistants") if each["name"] == "Night"]
    two.emulators["production"].edit("assistants", night["id"], {"max_duration_seconds": 120, "name": "Evening"})
    for number in range(7):
        two.emulators["production"].add("assistants", {"name": f"By hand {number}"})
    for name, found in (("declared", declared(two)), ("live", live(two))):
        expect(GOLDEN / "compare" / f"{name}.txt", compare_text(found, width=80, color=False), update=update)
        expect(GOLDEN / "compare" / f"{name}.md", compare_markdown(found), update=update)


def test_text_fits_and_counts(two: Two) -> None:
    text = compare_text(declared(two), width=80, color=False)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "  ~ leads = 1 lead, not the same" in text
    assert text.endswith("Compared: 6 objects, 0 alike; 9 meant, 0 accidental.\n")

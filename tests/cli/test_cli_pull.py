"""``hmsplan pull``: what somebody changed in the dashboard goes into the very place that declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from .helpers import KEY, Result, write

if TYPE_CHECKING:
    from pathlib import Path

    from hmsplan.emulator import Emulator

Run = Callable[..., Result]

STACK = """\
version: 1
stack: pulled   # the name
safety: {settle_grace: 0s}
variables:
  business: {default: Acme}
  closing: {default: Goodbye.}
defaults:
  assistants: {gdpr_mode: true}
bases:
  desk:   # shared by two
    max_duration_seconds: 600
    stt_config: {provider: deepgram, model: nova-3, language: nl}
"""
SUPPORT = """\
# Who answers first
assistants:
  support:
    extends: desk
    name: Support   # never said aloud
    first_message: Hello from ${var:business}.
    voicemail_message: |
      Nobody is here.
      Call back.<SPACES>

    business_name: 'It''s Acme'  # quoted
    notification_emails:
      - a@example.com   # the owner
      - b@example.com
    llm_config:
      provider: openai
      model: gpt-5.4
      temperature: 0.5   # careful
      messages:
        - {role: system, content: "${file:prompts/support.md}"}
      tools:
        - name: lookup
          description: >-
            Looks up
            a contact.
          url: https://example.com/lookup
          parameters: {type: object, properties: {id: {type: string}}}
        # the last one
        - {type: end_call}
""".replace("<SPACES>", "   ")
OTHER = """\
assistants:
  other:
    extends: desk
    name: Other
    llm_config:
      provider: openai
      model: gpt-5.4
      messages: [{role: system, content: "${file:prompts/other.tmpl.md}"}]
"""
NUMBERS = """\
numbers:
  main: {phone_number: "+31850000001", agent_id: "${assistants.support}"}  # the desk
campaigns:
  recall:
    name: Recall
    agent_id: ${assistants.other}
    schedule_start_time: 09:00
    schedule_end_time: "17:00"
    timezone: Europe/Amsterdam
    leads: ${csv:leads/spring.csv}
"""
BO = '+31612345602,"Bo\nB"\n'
FILES = {
    "hmsplan.yaml": STACK,
    "support.yaml": SUPPORT,
    "other.yaml": OTHER,
    "numbers.yaml": NUMBERS,
    "prompts/support.md": "You answer.\n\n- Be kind.\n",
    "prompts/other.tmpl.md": "You work for ${var:business}.\nBe short.\n",
    "leads/spring.csv": f"phone_number,first_name\n+31612345601,Ann\n{BO}+31612345603,Cy\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "pulled", FILES)


@pytest.fixture
def run(online: Run, root: Path) -> Run:
    """Return what runs a command on the stack, once it is applied."""

    def call(*words: str, **env: str) -> Result:
        return online("-C", root, *words, **env)

    applied = call("apply", "-y")
    assert applied.code == 0, applied
    return call


def edit(emulator: Emulator, kind: str, name: str, /, **fields: Any) -> None:
    """Do what a person does in the dashboard; a dict is laid over the block that is there."""
    (live,) = (each for each in emulator.all(kind, key=KEY) if name in (each.get("name"), each.get("phone_number")))
    laid = {key: {**live[key], **value} if isinstance(value, dict) else value for key, value in fields.items()}
    emulator.edit(kind, live["id"], laid)


def files_of(root: Path) -> dict[str, str]:
    return {path: (root / path).read_bytes().decode() for path in FILES}


def pulled(run: Run, root: Path, expected: Mapping[str, tuple[str, str]]) -> Result:
    """Pull, and check that exactly these pieces of files changed, and that nothing is left to plan."""
    before = files_of(root)
    result = run("pull")
    assert result.code == 0, result
    wanted = dict(before)
    for path, (old, new) in expected.items():
        assert before[path].count(old) == 1, (path, old)
        wanted[path] = before[path].replace(old, new)
    assert files_of(root) == wanted
    nothing_left(run)
    return result


def nothing_left(run: Run) -> None:
    plan = run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan
    drift = run("drift", "--detailed-exitcode")
    assert drift.code == 0, drift


SUPPORT_CASES: dict[str, tuple[dict[str, Any], Mapping[str, tuple[str, str]]]] = {
    "a text around a variable": (
        {"first_message": "Good day, Acme speaking."},
        {"support.yaml": ("Hello from ${var:business}.", "Good day, ${var:business} speaking.")},
    ),
    "a quoted text": ({"business_name": "It's Beta"}, {"support.yaml": ("'It''s Acme'", "'It''s Beta'")}),
    "a text of several lines": (
        {"voicemail_message": "Nobody is here.\nWrite to us.   \n"},
        {"support.yaml": ("Call back.   ", "Write to us.   ")},
    ),
    "a number": ({"llm_config": {"temperature": 0.7}}, {"support.yaml": ("temperature: 0.5 ", "temperature: 0.7 ")}),
    "a name": ({"name": "Front desk"}, {"support.yaml": ("name: Support ", "name: Front desk ")}),
    "an item that left": (
        {"notification_emails": ["a@example.com"]},
        {"support.yaml": ("      - b@example.com\n", "")},
    ),
    "an item that came": (
        {"notification_emails": ["a@example.com", "b@example.com", "c@example.com"]},
        {"support.yaml": ("- b@example.com\n", "- b@example.com\n      - c@example.com\n")},
    ),
    "a field that was cleared": ({"business_name": None}, {"support.yaml": ("'It''s Acme'", "null")}),
}


@pytest.mark.parametrize("case", SUPPORT_CASES)
def test_a_value_of_a_resource(run: Run, root: Path, emulator: Emulator, case: str) -> None:
    fields, expected = SUPPORT_CASES[case]
    edit(emulator, "assistants", "Support", **fields)
    pulled(run, root, expected)


def llm(emulator: Emulator, name: str) -> dict[str, Any]:
    (live,) = (each for each in emulator.all("assistants", key=KEY) if each["name"] == name)
    found: dict[str, Any] = live["llm_config"]
    return found


def test_a_prompt_file(run: Run, root: Path, emulator: Emulator) -> None:
    text = "You answer.\n\n- Be very kind.\n- ${braces} stay.\n"
    edit(emulator, "assistants", "Support", llm_config={"messages": [{"role": "system", "content": text}]})
    pulled(run, root, {"prompts/support.md": ("- Be kind.\n", "- Be very kind.\n- ${braces} stay.\n")})


def test_a_prompt_template_keeps_its_variables(run: Run, root: Path, emulator: Emulator) -> None:
    text = "You work for Acme, always.\nBe brief. $${x}\n"
    edit(emulator, "assistants", "Other", llm_config={"messages": [{"role": "system", "content": text}]})
    before = files_of(root)
    assert run("pull").code == 0
    after = "You work for ${var:business}, always.\nBe brief. $$${x}\n"
    assert files_of(root) == {**before, "prompts/other.tmpl.md": after}
    nothing_left(run)


def test_a_tool_and_what_stands_in_it(run: Run, root: Path, emulator: Emulator) -> None:
    tools = llm(emulator, "Support")["tools"]
    tools[0] = {
        **tools[0],
        "description": "Finds a contact.",
        "parameters": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
    }
    edit(emulator, "assistants", "Support", llm_config={"tools": tools})
    before = files_of(root)
    assert run("pull").code == 0
    text = before["support.yaml"].replace("Looks up\n            a contact.", "Finds a contact.")
    text = text.replace("{id: {type: string}}}", "{id: {type: integer}}, required: [id]}")
    assert files_of(root) == {**before, "support.yaml": text}
    nothing_left(run)


def test_a_tool_that_came_and_one_that_left(run: Run, root: Path, emulator: Emulator) -> None:
    new = {"name": "book", "description": "Books a table. ${now}", "url": "https://example.com/book"}
    edit(emulator, "assistants", "Support", llm_config={"tools": [new, {"type": "end_call"}]})
    before = files_of(root)["support.yaml"]
    assert run("pull").code == 0
    after = files_of(root)["support.yaml"]
    assert "lookup" not in after
    assert "        # the last one\n        - {type: end_call}\n" in after
    assert "description: >-\n            Books a table. $${now}\n" in after
    assert after.partition("      tools:\n")[0] == before.partition("      tools:\n")[0]
    nothing_left(run)


def test_an_id_becomes_a_reference(run: Run, root: Path, emulator: Emulator) -> None:
    (other,) = (each for each in emulator.all("assistants", key=KEY) if each["name"] == "Other")
    edit(emulator, "numbers", "+31850000001", agent_id=other["id"])
    pulled(run, root, {"numbers.yaml": ("${assistants.support}", "${assistants.other}")})


def test_the_id_of_what_is_not_managed_is_named(run: Run, root: Path, emulator: Emulator) -> None:
    stranger = emulator.add("assistants", {"name": "Stranger"}, key=KEY)
    edit(emulator, "numbers", "+31850000001", agent_id=stranger)
    before = files_of(root)
    result = run("pull")
    assert result.code == 1
    assert files_of(root) == before
    said = " ".join(result.out.replace("\n  # ", " ").split())
    assert f"numbers.main: {stranger} is the id of an assistant that the stack does not manage." in said


def test_a_lead_that_was_taken_off_leaves_its_row(run: Run, root: Path, emulator: Emulator) -> None:
    (campaign,) = emulator.all("campaigns", key=KEY)
    leads = emulator.all("leads", key=KEY, parent=campaign["id"])
    (bo,) = (each for each in leads if each["phone_number"] == "+31612345602")
    emulator.remove("leads", bo["id"])
    result = pulled(run, root, {"leads/spring.csv": (BO, "")})
    assert "+316" not in result.out + result.err


def test_a_default_that_others_share_is_refused(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", max_duration_seconds=900, gdpr_mode=False)
    before = files_of(root)
    result = run("pull", "--json")
    assert result.code == 1
    assert files_of(root) == before
    reasons = {each["field"]: each["reason"] for each in result.json["values"]}
    assert "bases.desk" in reasons["max_duration_seconds"]
    assert "assistants.other would change too" in reasons["max_duration_seconds"]
    assert "defaults.assistants" in reasons["gdpr_mode"]


def test_a_base_is_written_when_all_who_take_it_drifted_alike(run: Run, root: Path, emulator: Emulator) -> None:
    for name in ("Support", "Other"):
        edit(emulator, "assistants", name, max_duration_seconds=900)
    pulled(run, root, {"hmsplan.yaml": ("max_duration_seconds: 600", "max_duration_seconds: 900")})


def test_a_base_is_not_written_when_they_drifted_apart(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", max_duration_seconds=900)
    edit(emulator, "assistants", "Other", max_duration_seconds=800)
    before = files_of(root)
    result = run("pull")
    assert (result.code, files_of(root)) == (1, before)
    assert "whose live value is another one" in " ".join(result.out.split())


def test_shared_writes_all_the_same(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", max_duration_seconds=900)
    result = run("pull", "--shared")
    assert result.code == 0, result
    assert "max_duration_seconds: 900" in files_of(root)["hmsplan.yaml"]
    assert run("plan", "--detailed-exitcode").code == 2  # the other one follows


def test_what_changed_on_both_sides_is_a_conflict(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", business_name="Live", name="Both")
    write(root, {"support.yaml": SUPPORT.replace("'It''s Acme'", "Declared").replace("name: Support", "name: Both")})
    before = files_of(root)
    result = run("pull")
    assert (result.code, files_of(root)) == (1, before)
    for version in ("It's Acme", "Live", "Declared"):
        assert version in result.out
    assert "pull --ours assistants.support" in result.out
    ours = run("pull", "--ours")
    assert (ours.code, files_of(root)) == (0, before)
    theirs = run("pull", "--theirs", "assistants.support")
    assert theirs.code == 0
    assert files_of(root) == {**before, "support.yaml": before["support.yaml"].replace("Declared ", "Live ")}
    nothing_left(run)


def test_check_shows_the_difference_and_writes_nothing(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", name="Front desk")
    before = files_of(root)
    result = run("pull", "--check", "--detailed-exitcode")
    assert (result.code, files_of(root)) == (2, before)
    assert "-    name: Support   # never said aloud\n+    name: Front desk   # never said aloud\n" in result.out
    assert run("pull", "--detailed-exitcode").code == 2
    assert run("pull", "--detailed-exitcode").code == 0


def test_only_what_is_asked_for(run: Run, root: Path, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", name="One")
    edit(emulator, "numbers", "+31850000001", agent_id=None)
    assert run("pull", "numbers.*").code == 0
    after = files_of(root)
    assert after["support.yaml"] == SUPPORT
    assert 'main: {phone_number: "+31850000001", agent_id: null}  # the desk' in after["numbers.yaml"]
    wrong = run("pull", "assistants.nobody")
    assert (wrong.code, "neither declared nor in the state" in wrong.err) == (1, True)


def test_what_is_gone_is_named_and_stays_in_the_files(run: Run, root: Path, emulator: Emulator) -> None:
    (number,) = emulator.all("numbers", key=KEY)
    emulator.remove("numbers", number["id"])
    before = files_of(root)
    result = run("pull")
    assert (result.code, files_of(root)) == (1, before)
    assert "numbers.main" in result.out
    assert "1 gone" in result.out


def test_nothing_to_pull(run: Run) -> None:
    result = run("pull", "--detailed-exitcode")
    assert result.code == 0
    assert "Nothing to pull" in result.out


def test_a_variable_of_its_own_is_written(online: Run, root: Path, emulator: Emulator) -> None:
    write(root, {"other.yaml": OTHER + "    end_call_message: ${var:closing}\n"})
    result = online("-C", root, "apply", "-y")
    if result.code:
        write(root, {"other.yaml": OTHER + "    voicemail_message: ${var:closing}\n"})
        assert online("-C", root, "apply", "-y").code == 0
    edit(emulator, "assistants", "Other", voicemail_message="Bye.")
    result = online("-C", root, "pull")
    assert result.code == 0, result
    assert "closing: {default: Bye.}" in (root / "hmsplan.yaml").read_text()


def test_what_is_not_managed_is_adopted_with_files_of_its_own(run: Run, root: Path, emulator: Emulator) -> None:
    prompt = "You are new.\n\n- Say ${so}.\n"
    support = next(each for each in emulator.all("assistants", key=KEY) if each["name"] == "Support")
    llm_config = {"provider": "openai", "model": "gpt-5.4", "messages": [{"role": "system", "content": prompt}]}
    emulator.add("assistants", {"name": "Support", "llm_config": llm_config}, key=KEY)  # a twin
    emulator.add("assistants", {"name": "Night", "llm_config": llm_config}, key=KEY)
    emulator.add("numbers", {"phone_number": "+31850000009", "agent_id": support["id"]}, key=KEY)
    told = run("pull")
    assert told.code == 0, told
    assert "2 live objects that no stack manages" in told.out
    checked = run("pull", "--adopt", "--check")
    assert checked.code == 0, checked
    assert "+++ b/assistants/night.yaml" in checked.out
    assert not (root / "assistants").exists()
    result = run("pull", "--adopt", "--json")
    assert result.code == 0, result
    adopted = {each["address"]: each["file"] for each in result.json["adopted"]}
    assert adopted["assistants.night"] == "assistants/night.yaml"
    (number,) = (address for address in adopted if address.startswith("numbers."))
    assert "agent_id: ${assistants.support}" in (root / adopted[number]).read_text()
    assert (root / "prompts/assistants/night.md").read_text() == prompt
    plan = run("plan", "--json").json
    actions = {each["address"]: each["change"] for each in plan["resource_changes"]}
    assert [str(address) for address, change in actions.items() if change["actions"] != ["no-op"]] == []
    assert "0 to add, 0 to change, 0 to destroy, 2 to adopt" in run("plan").out
    assert run("apply", "-y").code == 0
    assert run("plan", "--detailed-exitcode").code == 0

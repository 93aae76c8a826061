"""``hmsplan pull``: what somebody changed in the dashboard goes into the very place that declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from hmsplan.cli.pull import write as write_files
from hmsplan.errors import HmsplanError
from hmsplan.model import FileChange, PullReport

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


def test_what_was_adopted_before_an_apply_is_not_adopted_again(run: Run, root: Path, emulator: Emulator) -> None:
    emulator.add("assistants", {"name": "Night"}, key=KEY)
    emulator.add("assistants", {"name": "Day"}, key=KEY)
    assert "--adopt" not in run("pull", "--adopt", "assistants.night").out
    files = {path: path.read_bytes() for path in root.rglob("*.yaml")}
    told = run("pull")
    assert "1 live object that no stack manages" in told.out
    again = run("pull", "--adopt")
    assert (again.code, "assistants.day" in again.out, "assistants.night" in again.out) == (0, True, False), again
    assert {path: path.read_bytes() for path in files} == files
    assert "2 to adopt" in run("plan").out


def test_a_file_that_may_not_be_written_is_left_alone(run: Run, root: Path, emulator: Emulator) -> None:
    """Nor is another one written: all of them are looked at first."""
    edit(emulator, "assistants", "Support", voicemail_message="Try later.", business_name="Acme Zorg")
    files = {path: path.read_bytes() for path in root.rglob("*.yaml")}
    (changed,) = (each["path"] for each in run("pull", "--check", "--json").json["files"])
    (root / changed).chmod(0o444)
    result = run("pull")
    assert (result.code, "Cannot write" in result.err, changed in result.err) == (1, True, True), result
    assert {path: path.read_bytes() for path in files} == files
    (root / changed).chmod(0o644)
    assert run("pull").code == 0


@pytest.mark.parametrize("command", [("pull", "--adopt", "--json"), ("export", "--json")], ids=["pull", "export"])
def test_a_credential_that_is_written_is_named(
    run: Run, tmp_path: Path, emulator: Emulator, command: tuple[str, ...]
) -> None:
    url = "https://a.example/hook?token=Zk3vQ9xW7rT2mB8nL5pY"
    emulator.add("assistants", {"name": "Night", "webhook_url": url}, key=KEY)
    result = run(*command, *([str(tmp_path / "exported")] if command[0] == "export" else []))
    assert result.code == 0, result
    assert "Credential in a readable field" in result.err
    assert "assistants/night.yaml" in result.err
    assert "Zk3vQ9xW7rT2mB8nL5pY" not in result.out.replace(url, "") + result.err


def test_what_an_adopted_object_cannot_say_makes_the_pull_incomplete(run: Run, emulator: Emulator) -> None:
    messages = [{"role": "system", "content": "One\x07two"}]
    llm_config = {"provider": "openai", "model": "gpt-5.4", "messages": messages}
    emulator.add("assistants", {"name": "Night", "llm_config": llm_config}, key=KEY)
    result = run("pull", "--adopt", "--json")
    assert result.code == 1, result
    (line,) = result.json["left_out"]
    assert "llm_config.messages" in line
    assert "characters that no reader would see" in line


ENVIRONMENTS = {
    "hmsplan.yaml": "version: 1\nstack: two\nsafety: {settle_grace: 0s}\nvariables: {greeting: {default: Hello}}\n",
    "a.yaml": "assistants:\n  a: {name: A, first_message: '${var:greeting}', business_name: Acme}\n",
    "environments/staging.yaml": "{}\n",
    "environments/production.yaml": """\
# what callers hear
variables: {greeting: Good morning}   # said first
overrides:
  assistants.a:
    voicemail_message: Nobody is here.   # in production
""",
}


@pytest.fixture
def production(online: Run, tmp_path: Path) -> tuple[Run, Path]:
    root = write(tmp_path / "two", ENVIRONMENTS)

    def call(*words: str) -> Result:
        return online("-C", root, "-e", "production", *words)

    assert call("apply", "-y").code == 0
    return call, root


def test_the_layer_of_an_environment_decides(production: tuple[Run, Path], emulator: Emulator) -> None:
    run, root = production
    edit(emulator, "assistants", "A", first_message="Good day", voicemail_message="Call back.")
    result = run("pull")
    assert result.code == 0, result
    text = ENVIRONMENTS["environments/production.yaml"]
    text = text.replace("Good morning", "Good day").replace("Nobody is here.", "Call back.")
    assert (root / "environments/production.yaml").read_text() == text
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_another_environment_shares_is_refused(production: tuple[Run, Path], emulator: Emulator) -> None:
    run, root = production
    edit(emulator, "assistants", "A", business_name="Acme Zorg")
    result = run("pull")
    assert result.code == 1
    said = " ".join(result.out.replace("\n  # ", " ").split())
    assert "a.yaml is shared, and environment staging would change too" in said
    assert "-e production pull --shared assistants.a" in said
    assert (root / "a.yaml").read_text() == ENVIRONMENTS["a.yaml"]
    assert run("pull", "--shared").code == 0
    assert "business_name: Acme Zorg}" in (root / "a.yaml").read_text()


def test_a_new_object_of_one_environment_is_declared_there(production: tuple[Run, Path], emulator: Emulator) -> None:
    run, root = production
    emulator.add("assistants", {"name": "Night"}, key=KEY)
    assert run("pull", "--adopt").code == 0
    assert (root / "environments/production/assistants/night.yaml").exists()
    assert "1 to adopt" in run("plan").out


def applied(online: Run, root: Path, files: dict[str, str]) -> Run:
    """Write a stack, apply it, and return what runs a command on it."""
    write(root, {"hmsplan.yaml": "version: 1\nstack: other\nsafety: {settle_grace: 0s}\n", **files})
    assert online("-C", root, "apply", "-y").code == 0
    return lambda *words: online("-C", root, *words)


TEMPLATE = """\
tool_templates:
  lookup:
    name: lookup
    tool_type: function
    tool_config: {description: Looks up., url: "https://example.com/l", parameters: {type: object}}
"""
USER = """\
assistants:
  {key}:
    name: {key}
    llm_config: {{provider: openai, model: gpt-5.4, tools: ["${{tool_templates.lookup}}"]}}
"""


def test_a_copy_of_a_template_is_refused_and_its_users_are_named(
    online: Run, tmp_path: Path, emulator: Emulator
) -> None:
    files = {"t.yaml": TEMPLATE, "a.yaml": USER.format(key="one"), "b.yaml": USER.format(key="two")}
    run = applied(online, tmp_path / "s", files)
    (tool,) = llm(emulator, "one")["tools"]
    edit(emulator, "assistants", "one", llm_config={"tools": [{**tool, "description": "Finds."}]})
    result = run("pull", "--json")
    assert result.code == 1
    (value,) = result.json["values"]
    assert "tool_templates.lookup is shared, and assistants.two, tool_templates.lookup would change" in value["reason"]
    assert (tmp_path / "s/t.yaml").read_text() == TEMPLATE


def test_line_ends_and_a_byte_order_mark_stay(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    text = """\
\ufeffassistants:
  a:
    name: A   # é
    first_message: |
      Hello.
      You.
    llm_config: {provider: openai, model: gpt-5.4, messages: [{role: system, content: "${file:a.md}"}]}
""".replace("\n", "\r\n")
    root = tmp_path / "s"
    (root).mkdir()
    (root / "a.yaml").write_bytes(text.encode())
    (root / "a.md").write_bytes(b"One.\r\nTwo.\r\n")
    run = applied(online, root, {})
    edit(
        emulator,
        "assistants",
        "A",
        first_message="Hello.\nMe.\n",
        llm_config={"messages": [{"role": "system", "content": "One.\n2.\n"}]},
    )
    assert run("pull").code == 0
    assert (root / "a.yaml").read_bytes() == text.replace("You.", "Me.").encode()
    assert (root / "a.md").read_bytes() == b"One.\r\n2.\r\n"
    assert run("plan", "--detailed-exitcode").code == 0


def test_leads_in_yaml_leave_their_item(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    gone = '      - phone_number: "+31612345602"\n        variables: {n: b}\n'
    campaign = f"""\
assistants: {{a: {{name: A}}}}
campaigns:
  c:
    name: C
    agent_id: ${{assistants.a}}
    timezone: Europe/Amsterdam
    schedule_start_time: 09:00
    schedule_end_time: "17:00"
    leads:
      - {{phone_number: "+31612345601"}}   # first
{gone}"""
    run = applied(online, tmp_path / "s", {"a.yaml": campaign})
    (found,) = emulator.all("campaigns", key=KEY)
    leads = emulator.all("leads", key=KEY, parent=found["id"])
    emulator.remove("leads", next(each["id"] for each in leads if each["phone_number"].endswith("2")))
    result = run("pull", "--check")
    assert "+316" not in result.out
    assert run("pull").code == 0
    assert (tmp_path / "s/a.yaml").read_text() == campaign.removesuffix(gone)
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_two_resources_say_in_one_file_is_refused(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    llm_config = "{provider: openai, model: gpt-5.4, messages: [{role: system, content: '${file:p.md}'}]}"
    both = "".join(f"  {key}: {{name: {key}, llm_config: {llm_config}}}\n" for key in ("one", "two"))
    run = applied(online, tmp_path / "s", {"a.yaml": f"assistants:\n{both}", "p.md": "Be kind.\n"})
    edit(emulator, "assistants", "one", llm_config={"messages": [{"role": "system", "content": "Be short.\n"}]})
    assert "p.md is shared, and assistants.two would change too" in " ".join(
        run("pull").out.replace("\n  # ", " ").split()
    )
    edit(emulator, "assistants", "two", llm_config={"messages": [{"role": "system", "content": "Be short.\n"}]})
    assert run("pull").code == 0
    assert (tmp_path / "s/p.md").read_text() == "Be short.\n"


def test_a_message_that_came_first_leaves_the_others_their_files(
    online: Run, tmp_path: Path, emulator: Emulator
) -> None:
    text = """\
assistants:
  a:
    name: A
    llm_config:
      provider: openai
      model: gpt-5.4
      messages:
        # what it is
        - {role: system, content: "${file:p.md}"}
"""
    run = applied(online, tmp_path / "s", {"a.yaml": text, "p.md": "Be kind.\n"})
    messages = [{"role": "system", "content": "First: all."}, {"role": "system", "content": "Be kind.\n"}]
    edit(emulator, "assistants", "A", llm_config={"messages": messages})
    result = run("pull")
    assert result.code == 0, result
    assert (tmp_path / "s/p.md").read_text() == "Be kind.\n"
    new = '- role: system\n          content: "First: all."\n        '
    assert (tmp_path / "s/a.yaml").read_text() == text.replace("- {role", f"{new}- {{role")
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_the_author_leaves_to_others_stays(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    run = applied(online, tmp_path / "s", {"a.yaml": "assistants:\n  a: {name: A, first_message: Hi}\n"})
    text = "assistants:\n  a: {name: A, first_message: Hi, lifecycle: {ignore_changes: [first_message]}}\n"
    write(tmp_path / "s", {"a.yaml": text})
    edit(emulator, "assistants", "A", first_message="Hello")
    result = run("pull", "--detailed-exitcode")
    assert result.code == 0, result
    assert (tmp_path / "s/a.yaml").read_text() == text
    assert "ignore_changes leaves it to the platform" in result.out


def test_a_value_that_the_schema_refuses_is_named(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    run = applied(online, tmp_path / "s", {"a.yaml": "assistants:\n  a: {name: A, max_duration_seconds: 600}\n"})
    edit(emulator, "assistants", "A", max_duration_seconds="ten")
    result = run("pull")
    assert result.code == 1
    assert "the stack would not be valid: Wrong type" in " ".join(result.out.replace("\n  # ", " ").split())


def test_a_file_outside_of_the_stack_is_not_touched(online: Run, tmp_path: Path, emulator: Emulator) -> None:
    """A link inside the stack is followed, and the file that it leads to is written, not the link."""
    root = tmp_path / "s"
    root.mkdir()
    (root / "p.md").symlink_to("real.md")
    files = {"a.yaml": "assistants:\n  a: {name: A, first_message: '${file:p.md}'}\n", "real.md": "Hello"}
    run = applied(online, root, files)
    edit(emulator, "assistants", "A", first_message="Good day")
    assert run("pull").code == 0
    assert (root / "p.md").is_symlink()
    assert (root / "real.md").read_text() == "Good day"


def test_a_file_that_changed_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    root = write(tmp_path / "s", {"a.yaml": "now: 1\n", "b.yaml": "b: 1\n"})
    files = {"a.yaml": FileChange(b"then: 1\n", b"then: 2\n"), "b.yaml": FileChange(b"b: 1\n", b"b: 2\n")}
    with pytest.raises(HmsplanError, match="changed while it was looked at"):
        write_files(root, PullReport((), files=files))
    assert (root / "a.yaml").read_text() == "now: 1\n"
    assert (root / "b.yaml").read_text() == "b: 1\n"
    write_files(root, PullReport((), files={"b.yaml": files["b.yaml"], "n/c.yaml": FileChange(None, b"c: 1\n")}))
    assert (root / "b.yaml").read_text() == "b: 2\n"
    assert (root / "n/c.yaml").read_text() == "c: 1\n"


def test_a_state_without_an_apply_cannot_tell(online: Run, root: Path) -> None:
    assert online("-C", root, "apply", "-y").code == 0
    result = online("-C", root, "--state", "file://" + str(root.parent / "none"), "pull")
    assert (result.code, "Nothing compared" in result.err) == (1, True)


def test_lint_says_what_it_minds_of_what_was_written(run: Run, emulator: Emulator) -> None:
    """Those who merge the pull read it before the plan does; what the files said before is not told again."""
    edit(emulator, "assistants", "Support", first_message="Mail **Acme**.")
    checked = run("pull", "--check")
    assert "[spoken-markdown]" in checked.out
    result = run("pull")
    assert (result.code, result.out.count("Warning: ")) == (0, 1), result
    where = "  support.yaml:6:20, assistants.support first_message\n"
    assert f"Warning: Markdown in a spoken text [spoken-markdown]\n{where}" in result.out
    assert "6 │     first_message: Mail **${var:business}**.\n" in result.out
    assert result.out.index("[spoken-markdown]") < result.out.index("Pull: 1 written")


def test_findings_of_lint_are_in_the_json(run: Run, emulator: Emulator) -> None:
    edit(emulator, "assistants", "Support", first_message="Mail **Acme**.")
    (found,) = run("pull", "--format", "json").json["findings"]
    assert (found["rule"], found["severity"], found["range"]["start"]["line"]) == ("spoken-markdown", "warning", 6)

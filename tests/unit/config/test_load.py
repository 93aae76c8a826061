from __future__ import annotations

import copy
import gc
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.writing import STACK, load, problems, summaries, write

from hmsplan.config import schema
from hmsplan.config.leads import MAX_PROBLEMS
from hmsplan.config.load import choose_environment, load_settings, load_stack, read_files
from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import ANY, ANY_KEY, Address, Lifecycle, Ref, Safety, Secret, SourceLine, Stack, leaves
from hmsplan.operations.checks import secret_values

EXAMPLE = Path(__file__).parents[3] / "examples" / "stack"
SUPPORT_TOOLS = Address("assistants", "tools")
SUPPORT = Address("assistants", "support")
MAIN = Address("numbers", "main")
TOOLS = """
    tool_templates:
      lookup:
        name: lookup
        description: Finds a contact.
        tool_type: function
        tool_config:
          url: https://api.acme.example/lookup
          parameters: {type: object}
    """


def support(root: Path, body: str, *, head: str = "", **options: Any) -> Any:
    """Load a stack of one assistant and return its fields."""
    text = "assistants:\n  support:\n    name: Customer Support\n" + body
    return load(root, {"hmsplan.yaml": STACK + head, "a.yaml": text}, **options).resources[SUPPORT].spec


def test_example() -> None:
    """The example stack is valid in each of its environments."""
    for environment in (None, "staging", "production"):
        stack = load_stack(EXAMPLE, environment=environment)
        assert stack.environment == (environment or "staging")
        assert not stack.warnings
    assert len(stack.resources) == 15
    assert stack.organization == "6f9d2c1e-0000-4000-8000-000000000001"
    assert stack.safety == Safety(max_deletes=2, max_delete_share=0.2, settle_grace_s=30, plan_ttl_s=86_400)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_files_that_are_read_once_are_not_changed_by_the_stacks_made_of_them(environment: str) -> None:
    """Members of a fleet share them, and no secret or variable of one may reach the stack of another."""
    files = read_files(EXAMPLE, environment)
    documents = [*filter(None, (files.stack, files.environment, files.approvals)), *files.resources]
    before = copy.deepcopy([document.value for document in documents])
    names = stack_secrets(load_stack(EXAMPLE, environment=environment))
    assert names
    for value in ("of-the-first-member", "of-the-second-member"):
        environ = {f"HMSPLAN_SECRET_{name.upper()}": value for name in names}
        options: dict[str, Any] = {"environment": environment, "environ": environ, "need_secrets": True}
        shared, alone = load_stack(EXAMPLE, files=files, **options), load_stack(EXAMPLE, **options)
        assert (shared.resources, shared.variables) == (alone.resources, alone.variables)
        assert set(secret_values(shared)) == {value}
        assert [document.value for document in documents] == before


TOOL_PATH = ("llm_config", "tools")
SHARED: dict[str, str | bytes] = {
    "hmsplan.yaml": STACK
    + "defaults: {assistants: {gdpr_mode: true}}\n"
    + "variables: {practice: {default: A practice}, tool: {default: book}}\n",
    "tools.yaml": """
        tool_templates:
          hours:
            name: hours
            description: Opening hours.
            tool_type: function
            tool_config: {url: "https://example.com/hours?api_key=0123456789abcdef", parameters: {type: object}}
          book:
            name: "${var:tool}"
            description: Book a visit.
            tool_type: function
            tool_config: {url: "https://example.com/book", parameters: {type: object}}
        """,
    "assistants.yaml": """
        assistants:
          plain: {name: Plain, first_message: Good morning.}
          greeting: {name: Greeting, first_message: "This is ${var:practice}."}
          named: {name: "${var:practice}"}
          tools:
            name: Tools
            llm_config:
              provider: openai
              model: gpt-5.4
              tools: ["${tool_templates.hours}", "${tool_templates.book}"]
          copy: {name: Copy, first_message: "${assistants.greeting.first_message}"}
        """,
}


def everything(stack: Stack) -> Any:
    """Return all that a stack says, with the line of each field."""
    lines = {
        (address, path): each.locate(path)
        for address, each in stack.resources.items()
        if each.locate
        for path, _ in [*leaves(each.spec), *(((*TOOL_PATH, name), None) for name in ("hours", "book", "hours_2"))]
    }
    return stack.resources, stack.warnings, stack.variables, lines


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 1, 0, 0)])
def test_a_stack_of_shared_files_is_the_one_that_is_read_alone(tmp_path: Path, order: tuple[int, ...]) -> None:
    """What holds no variable is built once for all members of a fleet; nothing else of one is in the next."""
    root = write(tmp_path, SHARED)
    members: list[dict[str, str]] = [{}, {"practice": "Jansen"}, {"practice": "Plain"}, {"tool": "hours_2"}]
    files = read_files(root)
    shared = [load_stack(root, variables=members[number], files=files) for number in order]
    for number, stack in zip(order, shared, strict=True):
        assert everything(stack) == everything(load_stack(root, variables=members[number]))
    assert any(each.summary == "Same name twice" for each in load_stack(root, variables=members[2]).warnings)
    again = [load_stack(root, variables=each, files=files).resources for each in members]
    assert all(each[Address("assistants", "plain")] is again[0][Address("assistants", "plain")] for each in again)
    assert all(each[SUPPORT_TOOLS].spec != again[3][SUPPORT_TOOLS].spec for each in again[:3])


def stack_secrets(stack: Stack) -> set[str]:
    """Return the names of the secrets that a stack uses."""
    found = (leaf for each in stack.resources.values() for _, leaf in leaves(each.spec))
    return {leaf.name for leaf in found if isinstance(leaf, Secret)}


def test_three_states(tmp_path: Path) -> None:
    """Absent, null and a value are three things."""
    assert support(tmp_path, "    first_message: null\n    is_active: false\n") == {
        "name": "Customer Support",
        "first_message": None,
        "is_active": False,
    }


def test_layers(tmp_path: Path) -> None:
    """Defaults lie under a resource and overrides over it; blocks merge, lists and null replace."""
    stack = load(
        tmp_path,
        {
            "hmsplan.yaml": STACK
            + "defaults:\n  assistants: {is_active: true, gdpr_mode: true, speech_config: {end_call_message: Bye.}}\n",
            "a.yaml": """
                assistants:
                  support:
                    name: Customer Support
                    is_active: false
                    notification_emails: [a@acme.example, b@acme.example]
                    speech_config: {end_call_phrases: [goodbye]}
                """,
            "environments/live.yaml": """
                overrides:
                  assistants.support:
                    notification_emails: [c@acme.example]
                    gdpr_mode: false
                    business_name: null
                """,
        },
        environment="live",
    )
    resource = stack.resources[SUPPORT]
    assert resource.spec == {
        "name": "Customer Support",
        "is_active": False,
        "gdpr_mode": False,
        "notification_emails": ["c@acme.example"],
        "speech_config": {"end_call_message": "Bye.", "end_call_phrases": ["goodbye"]},
        "business_name": None,
    }
    assert resource.locate is not None
    assert resource.locate(("gdpr_mode",)).file == "environments/live.yaml"
    assert resource.locate(("speech_config", "end_call_message")).file == "hmsplan.yaml"
    assert resource.locate(("speech_config", "end_call_phrases", 0)) == SourceLine("a.yaml", 6, 40)
    assert resource.locate(()) == resource.source == SourceLine("a.yaml", 2, 3)


def test_layers_are_interpolated(tmp_path: Path) -> None:
    """Defaults and overrides may interpolate, and what replaces an interpolated text is not mistaken for it."""
    head = "variables: {n: {default: Acme}}\n"
    head += "defaults:\n  assistants: {business_name: '${var:n}', voicemail_message: '${var:n}'}\n"
    spec = support(
        tmp_path, "    voicemail_message: plain\n    speech_config: {end_call_message: '${var:n}!'}\n", head=head
    )
    assert spec["business_name"] == "Acme"
    assert spec["voicemail_message"] == "plain"
    assert spec["speech_config"]["end_call_message"] == "Acme!"


def test_exclude(tmp_path: Path) -> None:
    """An excluded address is not in the stack, and its moves and imports are not either."""
    files: dict[str, str | bytes] = {
        "a.yaml": "assistants:\n  support: {name: A}\n  other: {name: B}\n",
        "m.yaml": "moved: [{from: assistants.help, to: assistants.other}]\n"
        "imports: [{to: assistants.other, id: 3f0c0d5e-0000-4000-8000-000000000000}]\nremoved: [numbers.fax]\n",
        "environments/staging.yaml": "exclude: [assistants.other]\n",
        "environments/live.yaml": "",
    }
    stack = load(tmp_path, files, environment="live")
    assert [str(move.target) for move in stack.moved] == ["assistants.other"]
    assert stack.imports[0].id == "3f0c0d5e-0000-4000-8000-000000000000"
    assert stack.removed == {Address("numbers", "fax")}
    staging = load(tmp_path, files, environment="staging")
    assert list(staging.resources) == [SUPPORT]
    assert not staging.moved
    assert not staging.imports


def test_import_by_environment(tmp_path: Path) -> None:
    """The id of an import may come from a variable, because organizations differ."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables:\n  id: {}\n",
        "a.yaml": "assistants:\n  support: {name: A}\nimports: [{to: assistants.support, id: '${var:id}'}]\n",
    }
    stack = load(tmp_path, files, variables={"id": "3f0c0d5e-0000-4000-8000-000000000000"})
    assert stack.imports[0].id == "3f0c0d5e-0000-4000-8000-000000000000"
    assert "Variable without a value" in summaries(tmp_path, files)


@pytest.mark.parametrize(
    ("flag", "environ", "file", "expected"),
    [
        ({"seconds": "30"}, {"HMSPLAN_VAR_SECONDS": "40"}, True, 30),
        ({}, {"HMSPLAN_VAR_SECONDS": "40"}, True, 40),
        ({}, {}, True, 50),
        ({}, {}, False, 60),
    ],
)
def test_variable_precedence(
    tmp_path: Path, flag: dict[str, str], environ: dict[str, str], file: bool, expected: int
) -> None:
    """--var wins over HMSPLAN_VAR_X, that over the environment file, that over the default; the type stays a number."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables:\n  seconds: {default: 60}\n",
        "a.yaml": "assistants:\n  support: {name: '${var:seconds} s', max_duration_seconds: '${var:seconds}'}\n",
        "environments/live.yaml": "variables: {seconds: 50}\n",
        "environments/bare.yaml": "",
    }
    stack = load(tmp_path, files, variables=flag, environ=environ, environment="live" if file else "bare")
    assert stack.resources[SUPPORT].spec == {"name": f"{expected} s", "max_duration_seconds": expected}


def test_text_variables_stay_text(tmp_path: Path) -> None:
    """A variable whose default is text, or that has none, is text whatever it looks like."""
    head = "variables:\n  a: {default: x}\n  b: {}\n"
    spec = support(
        tmp_path,
        "    business_name: ${var:a}\n    first_message: ${var:b}\n",
        head=head,
        variables={"a": "112"},
        environ={"HMSPLAN_VAR_B": "true", "HMSPLAN_VAR_UNRELATED": "x"},
    )
    assert spec["business_name"] == "112"
    assert spec["first_message"] == "true"


def test_literal_dollars(tmp_path: Path) -> None:
    """$${ is a literal ${, a variable's value is never interpolated again, and {{…}} is left alone."""
    spec = support(
        tmp_path,
        "    business_name: ${var:a}\n    first_message: $${x} {{name}} ${var:a}\n",
        head="variables:\n  a: {default: x}\n",
        variables={"a": "${secret:y} {{z}}"},
    )
    assert spec["business_name"] == "${secret:y} {{z}}"
    assert spec["first_message"] == "${x} {{name}} ${secret:y} {{z}}"


def test_files(tmp_path: Path) -> None:
    """A prompt file is pasted as it is; only one that is called a template is interpolated, with variables alone."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables:\n  n: {default: Acme}\n",
        "p/plain.md": "Hi ${var:n}, cost: ${5}\r\n",
        "p/filled.tmpl.md": "Hi ${var:n}, $${var:n} {{name}}\n",
        "p/secret.tmpl.txt": "${secret:x}\n",
        "a.yaml": "assistants:\n  support: {name: A, first_message: '${file:p/plain.md}', "
        "voicemail_message: 'Now: ${file:p/filled.tmpl.md}'}\n",
    }
    spec = load(tmp_path, files).resources[SUPPORT].spec
    assert spec["first_message"] == "Hi ${var:n}, cost: ${5}\n"
    assert spec["voicemail_message"] == "Now: Hi Acme, ${var:n} {{name}}\n"
    files["a.yaml"] = "assistants:\n  support: {name: A, first_message: '${file:p/secret.tmpl.txt}'}\n"
    (problem,) = [found for found in problems(tmp_path, files) if found.severity == "error"]
    assert "p/secret.tmpl.txt" in problem.detail


def test_secrets(tmp_path: Path) -> None:
    """A secret is bound with its fingerprint, its paths are noted, and it is shown nowhere."""
    text = """
        assistants:
          support:
            name: Customer Support
            webhook_secret: ${secret:webhook}
            llm_config:
              tools:
                - {type: end_call}
                - name: lookup
                  description: Finds a contact.
                  server: {url: "https://api.acme.example", secret: "${secret:api-key}"}
        """
    environ = {"HMSPLAN_SECRET_API_KEY": "hunter2", "HMSPLAN_FINGERPRINT_KEY": "k" * 32}
    (tmp_path / "s.env").write_text("WEBHOOK=hunter3\n")
    stack = load(
        tmp_path / "stack", {"a.yaml": text}, environ=environ, secrets_file=tmp_path / "s.env", need_secrets=True
    )
    resource = stack.resources[SUPPORT]
    secret = resource.spec["llm_config"]["tools"][1]["server"]["secret"]
    assert isinstance(secret, Secret)
    assert (secret.name, secret.reveal()) == ("api-key", "hunter2")
    assert secret.fingerprint
    assert resource.spec["webhook_secret"].reveal() == "hunter3"
    assert resource.secret_paths == (
        ("webhook_secret",),
        ("llm_config", "tools", "lookup", "server", "secret"),
    )
    assert resource.locate is not None
    assert resource.locate(resource.secret_paths[1]).line == 10
    assert "hunter" not in repr(stack)


def test_secrets_are_not_needed_to_validate(tmp_path: Path) -> None:
    """Validation runs where no secret is, such as in a pull request from a fork."""
    text = "sip_trunks:\n  voip: {name: V, provider: p, address: a.example, auth_password: '${secret:p}'}\n"
    secret = load(tmp_path, {"a.yaml": text}).resources[Address("sip_trunks", "voip")].spec["auth_password"]
    assert secret.reveal() is None
    assert summaries(tmp_path, {"a.yaml": text}, need_secrets=True) == ["Missing secret"]


def test_secrets_file_is_missing(tmp_path: Path) -> None:
    """A secrets file that cannot be read is one problem, not one for each secret."""
    text = "sip_trunks:\n  voip: {name: V, provider: p, address: a.example, auth_password: '${secret:p}'}\n"
    found = summaries(tmp_path, {"a.yaml": text}, need_secrets=True, secrets_file=tmp_path / "none.env")
    assert found == ["Unreadable file"]


def test_references(tmp_path: Path) -> None:
    """A reference becomes a Ref; the resource lists what it refers to, sorted."""
    text = """
        numbers:
          main:
            phone_number: "+31850835037"
            transfer_trunk_id: ${sip_trunks.voip.id}
            agent_id: ${assistants.support}
        assistants:
          support: {name: A}
        sip_trunks:
          voip: {name: V, provider: p, address: a.example}
        """
    stack = load(tmp_path, {"a.yaml": text})
    number = stack.resources[MAIN]
    assert number.spec["agent_id"] == Ref(SUPPORT)
    assert number.refs == (SUPPORT, Address("sip_trunks", "voip"))
    assert list(stack.resources) == sorted(stack.resources)


def test_copied_fields(tmp_path: Path) -> None:
    """A field can be copied from another resource, through further copies, also into a text, and keeps its type."""
    text = """
        assistants:
          support:
            name: ${var:n} desk
            max_duration_seconds: 60
            llm_config: {messages: [{role: system, content: Hi}]}
          night:
            name: Night of ${assistants.support.name}
            max_duration_seconds: ${assistants.support.max_duration_seconds}
            first_message: ${assistants.support.llm_config.messages.0.content}
        numbers:
          main: {phone_number: "+31850835037", agent_id: "${assistants.support}"}
          spare: {phone_number: "+31850835038", agent_id: "${numbers.main.agent_id}"}
        """
    stack = load(tmp_path, {"hmsplan.yaml": STACK + "variables: {n: {default: Acme}}\n", "a.yaml": text})
    assert stack.resources[Address("assistants", "night")].spec == {
        "name": "Night of Acme desk",
        "max_duration_seconds": 60,
        "first_message": "Hi",
    }
    assert stack.resources[Address("numbers", "spare")].refs == (SUPPORT,)


def test_copied_secret(tmp_path: Path) -> None:
    """A secret cannot be copied out of its field under another name."""
    text = """
        sip_trunks:
          voip: {name: V, provider: p, address: a.example, auth_password: "${secret:p}"}
        assistants:
          support: {name: A, first_message: "${sip_trunks.voip.auth_password}"}
        """
    assert summaries(tmp_path, {"a.yaml": text}) == ["Copied secret"]


def test_templates(tmp_path: Path) -> None:
    """A template expands in place, is shared and remembered, and its fields are found where the template has them."""
    text = """
        assistants:
          support:
            name: A
            llm_config:
              tools: ["${tool_templates.lookup}", {type: end_call}]
          other:
            name: B
            llm_config:
              tools:
                - {type: end_call}
                - ${tool_templates.lookup}
        """
    stack = load(tmp_path, {"a.yaml": text, "t.yaml": TOOLS})
    resource, other = stack.resources[SUPPORT], stack.resources[Address("assistants", "other")]
    lookup = Address("tool_templates", "lookup")
    path = ("llm_config", "tools", "lookup")
    assert resource.spec["llm_config"]["tools"][0] == {
        "name": "lookup",
        "description": "Finds a contact.",
        "url": "https://api.acme.example/lookup",
        "parameters": {"type": "object"},
    }
    assert resource.spec["llm_config"]["tools"][0] is other.spec["llm_config"]["tools"][1]
    assert resource.via == other.via == ((path, lookup),)
    assert resource.refs == ()
    assert resource.locate is not None
    assert other.locate is not None
    assert resource.locate(path) == SourceLine("a.yaml", 5, 15)
    assert other.locate(path) == SourceLine("a.yaml", 11, 11)
    assert resource.locate((*path, "url")) == SourceLine("t.yaml", 7, 12)
    assert resource.locate((*path, "description")) == SourceLine("t.yaml", 4, 18)
    assert resource.locate((*path, "parameters", "type")) == SourceLine("t.yaml", 8, 26)
    assert resource.locate(("llm_config", "tools", "end_call")) == SourceLine("a.yaml", 5, 43)


def test_a_line_of_a_text_is_a_line_of_the_file_that_it_comes_from(tmp_path: Path) -> None:
    """Also through a template; a text that is written in the YAML, or mixed with another, is where its field is."""
    text = """\
        assistants:
          support:
            name: Support
            first_message: ${file:hello.md}
            llm_config: {tools: ["${tool_templates.lookup}"]}
            analysis_plan: ${analysis_templates.outcome}
        analysis_templates:
          outcome:
            name: Outcome
            system_prompt: ${file:judge.md}
            user_prompt: "Now: ${file:judge.md}"
            schema: {type: object}
        """
    files: dict[str, str | bytes] = {"a.yaml": text, "t.yaml": TOOLS, "hello.md": "a\nb\n", "judge.md": "c\n"}
    resource = load(tmp_path, files).resources[SUPPORT]
    assert resource.locate is not None
    assert resource.locate(("first_message",), 2) == SourceLine("hello.md", 2)
    assert resource.locate(("first_message",)) == SourceLine("a.yaml", 4, 20)
    assert resource.locate(("name",), 1) == SourceLine("a.yaml", 3, 11)
    prompts = ("analysis_plan", "structured_data_plan", "messages")
    assert resource.locate((*prompts, 0, "content"), 7) == SourceLine("judge.md", 7)
    assert resource.locate((*prompts, 1, "content"), 7) == SourceLine("a.yaml", 11, 18)
    assert resource.locate(("llm_config", "tools", "lookup", "description"), 1).file == "t.yaml"


def test_broken_template(tmp_path: Path) -> None:
    """A mistake in a template is told once, at the template, however many assistants use it."""
    files: dict[str, str | bytes] = {
        "a.yaml": "assistants:\n"
        + "".join(f"  a{n}: {{name: A{n}, llm_config: {{tools: ['${{tool_templates.lookup}}']}}}}\n" for n in range(3)),
        "t.yaml": TOOLS.replace("tool_type: function", "tool_type: functoin"),
    }
    assert [problem.address for problem in problems(tmp_path, files)] == [Address("tool_templates", "lookup")]


def test_lifecycle(tmp_path: Path) -> None:
    """lifecycle is read, and is no field of the platform."""
    text = """
        assistants:
          support:
            name: A
            lifecycle:
              prevent_destroy: ${var:p}
              ignore_changes: [llm_config.temperature, llm_config.messages]
        """
    stack = load(tmp_path, {"hmsplan.yaml": STACK + "variables: {p: {default: true}}\n", "a.yaml": text})
    paths = (("llm_config", "temperature"), ("llm_config", "messages"))
    assert stack.resources[SUPPORT].lifecycle == Lifecycle(prevent_destroy=True, ignore_changes=paths)
    assert stack.resources[SUPPORT].spec == {"name": "A"}


def test_leads(tmp_path: Path) -> None:
    """Leads are members and not a field; without the key they are not managed."""
    campaign = """
        campaigns:
          spring:
            name: Spring
            agent_id: 3f0c0d5e-0000-4000-8000-000000000000
            schedule_start_time: 09:00
            schedule_end_time: 17:30:00
            timezone: Europe/Amsterdam
        """
    spring = Address("campaigns", "spring")
    assert load(tmp_path, {"a.yaml": campaign}).resources[spring].members is None
    for leads in ("    leads: []\n", "    leads: ${csv:none.csv}\n"):
        text = campaign.rstrip(" ") + 8 * " " + leads
        resource = load(tmp_path, {"a.yaml": text, "none.csv": "phone_number\n"}).resources[spring]
        assert resource.members == ()
        assert "leads" not in resource.spec
        assert resource.spec["schedule_start_time"] == "09:00"
    inline = campaign.rstrip(" ") + 12 * " " + "leads: [{phone_number: '+31612345678', variables: {a: '${var:x}'}}]\n"
    stack = load(tmp_path, {"hmsplan.yaml": STACK + "variables: {x: {default: b}}\n", "a.yaml": inline})
    assert stack.resources[spring].members == ({"phone_number": "+31612345678", "variables": {"a": "b"}},)


def test_warnings(tmp_path: Path) -> None:
    """A variable that nothing uses and two objects of one name are warnings: the stack still loads."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables: {x: {default: b}}\n",
        "a.yaml": "assistants:\n  a: {name: Same}\n  b: {name: Same}\n",
    }
    assert [warning.summary for warning in load(tmp_path, files).warnings] == ["Same name twice", "Unused variable"]


def test_names_that_the_planner_takes_for_one_are_the_same_name(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a.yaml": "assistants:\n  a: {name: Reception}\n  b: {name: 'Reception '}\n"}
    warnings = load(tmp_path, files).warnings
    assert [warning.summary for warning in warnings] == ["Same name twice"]


def test_unused_in_one_environment(tmp_path: Path) -> None:
    """A variable that only an excluded resource or an overridden field uses is not called unused."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables: {x: {default: b}, y: {default: b}, z: {default: b}}\n",
        "a.yaml": """
            assistants:
              a: {name: A, first_message: "${file:a.tmpl.md}"}
              b: {name: "${var:y}", business_name: "${var:z}"}
            """,
        "a.tmpl.md": "${var:x}",
        "environments/live.yaml": "exclude: [assistants.a]\noverrides: {assistants.b: {name: B}}\n",
    }
    assert not load(tmp_path, files, environment="live").warnings


def test_every_problem_at_once(tmp_path: Path) -> None:
    """Independent mistakes in several files come together, in the order of the files; nothing follows from another."""
    files: dict[str, str | bytes] = {
        "a.yaml": "assistants:\n  support: {name: A, frist_message: x, is_active: yes}\n",
        "b.yaml": "assistants:\n  other: {name: 'B\n",
        "c.yaml": "numbers:\n  main: {phone_number: '1', agent_id: '${assistants.other}', name: '${var:x}'}\n",
        "d.yaml": "asistants:\n  third: {name: C}\n",
        "environments/live.yaml": "exclude: [numbers.mian]\noverides: {}\n",
    }
    assert summaries(tmp_path, files, environment="live") == [
        "Unknown field",
        "Wrong type",
        "Unclosed quote",
        "Wrong form",
        "Unknown variable",
        "Unknown kind",
        "Unknown field",
    ]


def test_broken_stack_file(tmp_path: Path) -> None:
    """When the stack file cannot be parsed, its variables are not reported as missing too."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": "version: 1\nstack: 'acme\n",
        "a.yaml": "assistants:\n  support: {name: '${var:n}', typo: 1}\n",
    }
    assert summaries(tmp_path, files) == ["Unknown field", "Unclosed quote"]


def test_broken_environment_file(tmp_path: Path) -> None:
    """When the environment file cannot be parsed, the variables it may set are not reported as missing."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables: {n: {}}\n",
        "a.yaml": "assistants:\n  support: {name: '${var:n}'}\n",
        "environments/live.yaml": "variables: {n: 'A\n",
    }
    assert summaries(tmp_path, files, environment="live") == ["Unclosed quote"]


def test_empty_kinds_and_files(tmp_path: Path) -> None:
    """A kind whose entries are all commented out, and a file of comments, declare nothing."""
    stack = load(tmp_path, {"a.yaml": "assistants:\n#  support: {name: A}\nmoved:\n", "b.yaml": "# later\n"})
    assert not stack.resources


def test_environment_names(tmp_path: Path) -> None:
    """The name of an environment is no path, and an unknown one lists those there are."""
    files: dict[str, str | bytes] = {"environments/live.yaml": "", "environments/staging.yml": ""}
    assert load(tmp_path, files, environment="staging").environment == "staging"
    assert summaries(tmp_path, files, environment="../live") == ["Bad name"]
    assert summaries(tmp_path, files, environment="") == ["Bad name"]
    (problem,) = problems(tmp_path, files, environment="test")
    assert "live, staging" in problem.detail


def test_a_stack_with_environments_is_never_loaded_without_one(tmp_path: Path) -> None:
    """What production owns would look as if it had to be made; the error names what there is to choose, once."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "variables:\n  id: {}\n",
        "a.yaml": "assistants:\n  support: {name: 'A ${var:id}'}\n",
        "environments/live.yaml": "variables: {id: x}",
        "environments/staging.yml": "variables: {id: y}",
    }
    (problem,) = problems(tmp_path, files)
    assert problem.summary == "No environment chosen"
    assert "live, staging" in problem.detail
    with pytest.raises(ConfigError, match="No environment chosen"):
        choose_environment(tmp_path)


def test_the_default_environment_is_used_where_none_is_named(tmp_path: Path) -> None:
    """By the stack and by those who only need to know where its state is."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "default_environment: staging\n",
        "environments/live.yaml": "",
        "environments/staging.yml": "",
    }
    assert load(tmp_path, files).environment == choose_environment(tmp_path) == "staging"
    assert load(tmp_path, files, environment="live").environment == "live"
    files["hmsplan.yaml"] = STACK + "default_environment: stagign\n"
    (problem,) = problems(tmp_path, files)
    assert "staging" in problem.detail
    files["hmsplan.yaml"] = STACK + "default_environment: ../live\n"
    assert set(summaries(tmp_path, files)) == {"Bad name", "Wrong form"}


def test_a_stack_without_environments_needs_none(tmp_path: Path) -> None:
    """Its only one is called default."""
    assert load(tmp_path, {}).environment == "default"
    assert choose_environment(tmp_path) is None


def test_safety_of_an_environment(tmp_path: Path) -> None:
    """Each limit of the environment wins over that of the stack file."""
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK + "safety: {max_deletes: 1, settle_grace: 2m}\n",
        "environments/live.yaml": "safety: {max_deletes: 0, max_delete_share: 5%}\n",
    }
    assert load(tmp_path, files, environment="live").safety == Safety(0, 0.05, 120)


def test_settings(tmp_path: Path) -> None:
    """Where state is can be read from the stack file alone, while resources are broken."""
    write(tmp_path, {"hmsplan.yaml": STACK + "state: s3://bucket/prefix\n", "a.yaml": "a: [\n"})
    found = load_settings(tmp_path)
    assert (found.name, found.state) == ("acme", "s3://bucket/prefix")
    with pytest.raises(ConfigError):
        load_settings(tmp_path / "nowhere")


def test_collector_wakes_up(tmp_path: Path) -> None:
    """The garbage collector sleeps while loading and is as before afterwards, also after an error."""
    load(tmp_path, {})
    assert gc.isenabled()
    problems(tmp_path, {"a.yaml": "x: ["})
    assert gc.isenabled()


def test_odd_files(tmp_path: Path) -> None:
    """A pipe that is called like a resource file is a problem and makes nobody wait."""
    write(tmp_path, {})
    os.mkfifo(tmp_path / "a.yaml")
    assert summaries(tmp_path, {}) == ["Not a file"]


def test_loading_changes_no_document(tmp_path: Path) -> None:
    """Resources that share a block by an alias do not get at each other's values."""
    text = """
        assistants:
          support: &base {name: A, llm_config: {messages: [{role: system, content: "${var:x}"}]}}
          other: {<<: *base, name: "${assistants.support.name}2"}
        """
    stack = load(tmp_path, {"hmsplan.yaml": STACK + "variables: {x: {default: b}}\n", "a.yaml": text})
    one, two = (stack.resources[Address("assistants", key)].spec for key in ("support", "other"))
    assert one["llm_config"] == two["llm_config"] == {"messages": [{"role": "system", "content": "b"}]}
    assert two["name"] == "A2"


def test_schemas_and_kinds_agree_on_secrets() -> None:
    """The fields that the schemas mark as secret are those that KINDS does, so editor and planner agree."""
    for kind in KINDS.values():
        name = schema.of_kind(kind.name)
        marked = set(secrets_of(schema.documents()[name], name, (), ()))
        assert marked == kind.secrets, kind.name


def secrets_of(node: Any, base: str, path: tuple[str, ...], seen: tuple[Any, ...]) -> Any:
    """Yield the pattern of each ``x-hms-secret`` below *node*."""
    if not isinstance(node, dict) or any(node is known for known in seen):
        return
    seen = (*seen, node)
    if node.get("x-hms-secret"):
        yield path
    if "$ref" in node:
        file, _, pointer = node["$ref"].partition("#")
        target_base = f"{base.rsplit('/', 1)[0]}/{file}" if file else base
        target: Any = schema.documents()[target_base]
        for part in filter(None, pointer.split("/")):
            target = target[part]
        yield from secrets_of(target, target_base, path, seen)
    for name, child in node.get("properties", {}).items():
        yield from secrets_of(child, base, (*path, name), seen)
    yield from secrets_of(node.get("items"), base, (*path, ANY), seen)
    yield from secrets_of(node.get("additionalProperties"), base, (*path, ANY_KEY), seen)
    for keyword in ("if", "then", "else"):
        yield from secrets_of(node.get(keyword), base, path, seen)
    for child in node.get("allOf", ()):
        yield from secrets_of(child, base, path, seen)


FIELDS = "name llm_config provider tools lifecycle ignore_changes leads phone_number messages agent_id"
OTHERS = "tool_config tool_type parameters schema type from to id zz"
TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["x", "", "${var:x}", "${assistants.a}", "+31612345678"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(f"{FIELDS} {OTHERS}".split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
FILES = st.dictionaries(
    st.sampled_from([*KINDS, "moved", "imports", "removed", "zz"]),
    st.dictionaries(st.sampled_from(["a", "b", "1"]), TREES, max_size=2) | TREES,
    max_size=4,
)


@given(FILES, TREES, TREES)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_fails(tmp_path: Path, resources: Any, head: Any, environment: Any) -> None:
    """Whatever stands in the three kinds of files, loading ends with a stack or with problems that say where."""
    text = STACK.encode() + b"variables: " + orjson.dumps(head) + b"\ndefaults: " + orjson.dumps(environment)
    overrides = b"overrides: {assistants.a: " + orjson.dumps(environment) + b"}\nexclude: " + orjson.dumps(head)
    write(tmp_path, {"hmsplan.yaml": text, "a.yaml": orjson.dumps(resources), "environments/live.yaml": overrides})
    with suppress(ConfigError):
        load_stack(tmp_path, environment="live")


def test_warnings_never_end_the_reading(tmp_path: Path) -> None:
    """Five hundred errors do; a thousand households with one telephone each are no error."""
    names = [f"c{number}" for number in range(30)]
    resource = (
        "  {0}: {{name: {0}, agent_id: 3f0c0d5e-0000-4000-8000-000000000000, schedule_start_time: 09:00, "
        'schedule_end_time: 17:00, timezone: Europe/Amsterdam, leads: "${{csv:{0}.csv}}"}}\n'
    )
    files: dict[str, str | bytes] = {
        "hmsplan.yaml": STACK,
        "a.yaml": "campaigns:\n" + "".join(map(resource.format, names)),
    }
    rows = "".join(f"+316{number:08},{person}\n" for number in range(30) for person in "ab")
    stack = load(tmp_path, files | {f"{name}.csv": "phone_number,person\n" + rows for name in names})
    assert len(stack.resources) == 30
    assert len(stack.warnings) == 30 * (MAX_PROBLEMS + 1)
    assert {found.summary for found in stack.warnings} == {"Same number twice"}


@pytest.mark.parametrize(
    ("key", "home"),
    [("default_environment", "hmsplan.yaml"), ("safety", "hmsplan.yaml"), ("overrides", "environments/NAME.yaml")],
)
def test_a_key_of_another_file_is_told_where_it_belongs(tmp_path: Path, key: str, home: str) -> None:
    """A key of the stack file or of an environment in a resource file is answered with the file it belongs in."""
    (problem,) = problems(tmp_path, {"a.yaml": f"{key}: {{}}\n"})
    assert problem.summary == "Key in the wrong file"
    assert f"{key} belongs in {home}" in problem.detail

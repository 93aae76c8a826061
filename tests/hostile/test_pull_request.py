"""A pull request that means ill: what it can change in a stack, and what then happens at the merge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from .server import KEY, HostileServer, answer, hmsplan, serving, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "c4nary-hook-0123456789"
TOOL_CANARY = "c4nary-tool-0123456789"
SECRETS = {
    "HMSPLAN_SECRET_HOOK": CANARY,
    "HMSPLAN_SECRET_TOOL": TOOL_CANARY,
    "HMSPLAN_FINGERPRINT_KEY": "f1ngerpr1nt-key-0123456789abcdef",
    "GITHUB_TOKEN": "ghp_c4nary",
    "AWS_SECRET_ACCESS_KEY": "aws_c4nary",
}
HEAD = "version: 1\nstack: x\nsafety: {settle_grace: 0s}\n"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with serving() as server:
        yield server


def leaks(server: HostileServer, *texts: str) -> list[str]:
    """Return the canaries that stand in a request body or in a text."""
    sent = "".join(request.body.decode() + request.target for request in server.requests) + "".join(texts)
    return [value for value in [*SECRETS.values(), KEY] if value in sent]


# --- Secrets into what can be read or heard ---------------------------------------------------------------------------

INTO_READABLE: dict[str, dict[str, str | bytes]] = {
    "as it is": {"a.yaml": 'assistants: {a: {name: A, first_message: "${secret:hook}"}}'},
    "inside a text": {"a.yaml": 'assistants: {a: {name: A, first_message: "Your code is ${secret:hook}"}}'},
    "inside a secret": {"a.yaml": 'assistants: {a: {name: A, webhook_secret: "x${secret:hook}"}}'},
    "in an unknown field": {"a.yaml": 'assistants: {a: {name: A, note: "${secret:hook}"}}'},
    "in a variable": {
        "hmsplan.yaml": HEAD + 'variables: {x: {default: "${secret:hook}"}}\n',
        "a.yaml": 'assistants: {a: {name: A, first_message: "${var:x}"}}',
    },
    "in a template file": {
        "p.tmpl.md": "Say ${secret:hook}",
        "a.yaml": 'assistants: {a: {name: A, first_message: "${file:p.tmpl.md}"}}',
    },
    "in defaults": {
        "hmsplan.yaml": HEAD + 'defaults: {assistants: {first_message: "${secret:hook}"}}\n',
        "a.yaml": "assistants: {a: {name: A}}",
    },
    "in the name of the stack": {"hmsplan.yaml": 'version: 1\nstack: "${secret:hook}"\n'},
    "in the address of the state": {"hmsplan.yaml": 'version: 1\nstack: x\nstate: "s3://b/${secret:hook}"\n'},
    "by a copied field": {
        "a.yaml": 'assistants: {a: {name: A, webhook_secret: "${secret:hook}"}, '
        'b: {name: B, first_message: "${assistants.a.webhook_secret}"}}'
    },
    "by a copied field into a secret": {
        "a.yaml": 'assistants: {a: {name: A, webhook_secret: "${secret:hook}"}, '
        'b: {name: B, webhook_secret: "${assistants.a.webhook_secret}"}}'
    },
    "in a prompt": {
        "a.yaml": "assistants: {a: {name: A, llm_config: {provider: openai, model: gpt-5.4, "
        'messages: [{role: system, content: "${secret:hook}"}]}}}'
    },
    "in the parameters of a tool": {
        "a.yaml": "tool_templates: {t: {name: T, tool_type: function, tool_config: {name: t, description: d, "
        'url: "https://x.example", parameters: {type: object, description: "${secret:hook}"}}}}'
    },
    "in the address of a tool": {
        "a.yaml": "tool_templates: {t: {name: T, tool_type: function, tool_config: {name: t, description: d, "
        'url: "https://evil.example/${secret:hook}", parameters: {type: object}}}}'
    },
    "in a lead": {
        "a.yaml": "assistants: {a: {name: A}}\ncampaigns: {c: {name: C, agent_id: '${assistants.a}', "
        "schedule_start_time: '09:00', schedule_end_time: '17:00', timezone: Europe/Amsterdam, "
        "leads: [{phone_number: '+31612345678', variables: {x: '${secret:hook}'}}]}}"
    },
    "in the id of an import": {
        "a.yaml": "assistants: {a: {name: A}}\nimports: [{to: assistants.a, id: '${secret:hook}'}]"
    },
    "of the environment": {"a.yaml": 'assistants: {a: {name: A, first_message: "${env:GITHUB_TOKEN}"}}'},
    "of the shell": {"a.yaml": 'assistants: {a: {name: A, first_message: "${GITHUB_TOKEN}"}}'},
    "of GitHub": {"a.yaml": 'assistants: {a: {name: A, first_message: "${{ secrets.GITHUB_TOKEN }}"}}'},
    "one inside the other": {
        "hmsplan.yaml": HEAD + "variables: {x: {default: hook}}\n",
        "a.yaml": 'assistants: {a: {name: A, first_message: "${secret:${var:x}}"}}',
    },
}


@pytest.mark.parametrize("way", INTO_READABLE)
def test_no_secret_gets_into_a_readable_field(tmp_path: Path, server: HostileServer, way: str) -> None:
    """By none of the ways a value takes through a stack; the command ends before it asks the API anything."""
    root = write(tmp_path, {"hmsplan.yaml": HEAD, **INTO_READABLE[way]})
    for words in (("validate",), ("plan",), ("apply", "-y", "--allow", "*")):
        said = hmsplan(root, *words, url=server.url, **SECRETS)
        assert said.code == 3, said
        assert (leaks(server, said.all), server.requests) == ([], [])


def test_an_override_of_an_environment_is_held_to_the_same_rules(tmp_path: Path, server: HostileServer) -> None:
    """It lies above the resource, and its secrets are checked where they end up."""
    files = {
        "a.yaml": "assistants: {a: {name: A}}\n",
        "environments/e.yaml": 'overrides: {assistants.a: {first_message: "${secret:hook}"}}\n',
    }
    said = hmsplan(write(tmp_path, files), "apply", "-y", "-e", "e", url=server.url, **SECRETS)
    assert (said.code, server.requests, leaks(server, said.all)) == (3, [], [])


@pytest.mark.parametrize(
    "name",
    [
        "HMS_SOVEREIGN_API_KEY",
        "hms-sovereign-api-key",
        "Hms_Sovereign_Api_Key",
        "HMSPLAN_FINGERPRINT_KEY",
        "fingerprint_key",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PATH",
        "_HMS_SOVEREIGN_API_KEY",
        "../HMS_SOVEREIGN_API_KEY",
        "x}${secret:hook",
        "HMSPLAN_SECRET_HOOK",
        "hook ",
        "",
    ],
)
def test_no_name_of_a_secret_leads_to_another_variable(tmp_path: Path, server: HostileServer, name: str) -> None:
    """Not to the key, not to settings, not to the runner's own; neither from the environment nor from the file."""
    root = write(
        tmp_path,
        {
            "a.yaml": f"assistants: {{a: {{name: A, webhook_secret: '${{secret:{name}}}'}}}}\n",
            "s.env": f"HMS_SOVEREIGN_API_KEY={KEY}\nHMSPLAN_FINGERPRINT_KEY={SECRETS['HMSPLAN_FINGERPRINT_KEY']}\n",
        },
    )
    (root / "s.env").chmod(0o600)
    said = hmsplan(root, "apply", "-y", "--secrets-file", str(root / "s.env"), url=server.url, **SECRETS)
    assert said.code == 3, said
    assert leaks(server, said.all) == []
    assert server.requests == []


# --- Secrets to another receiver --------------------------------------------------------------------------------------

HOOK = {"name": "A", "webhook_url": "https://good.example/h", "webhook_secret": "${secret:hook}"}
NESTED = {
    "type": "function",
    "function": {"name": "t", "description": "d", "parameters": {"type": "object"}},
    "server": {"url": "https://good.example/t", "secret": "${secret:tool}"},
}
LLM = {"provider": "openai", "model": "gpt-5.4", "messages": []}
TRUNK = {"name": "T", "provider": "custom", "address": "sip.good.example", "auth_password": "${secret:tool}"}
PIPELINE = {
    "stt_config": {"provider": "deepgram", "model": "nova-3", "language": "nl"},
    "tts_config": {"provider": "elevenlabs", "voice_id": "v"},
}
WITH_TOOL = {**HOOK, **PIPELINE, "llm_config": {**LLM, "tools": [NESTED]}}


def moved_tool(**server: str) -> dict[str, Any]:
    return {**WITH_TOOL, "llm_config": {**LLM, "tools": [{**NESTED, "server": {**NESTED["server"], **server}}]}}  # type: ignore[dict-item]


RECEIVERS = {
    "the webhook of an assistant": ("assistants", HOOK, {**HOOK, "webhook_url": "https://evil.example/h"}),
    "the port of a webhook": ("assistants", HOOK, {**HOOK, "webhook_url": "https://good.example:444/h"}),
    "the path of a webhook": ("assistants", HOOK, {**HOOK, "webhook_url": "https://good.example/evil"}),
    "a webhook in clear": ("assistants", HOOK, {**HOOK, "webhook_url": "http://good.example/h"}),
    "a raised version": (
        "assistants",
        HOOK,
        {**HOOK, "webhook_url": "https://good.example/evil", "lifecycle": {"secret_version": 2}},
    ),
    "the server of a tool": ("assistants", WITH_TOOL, moved_tool(url="https://evil.example/t")),
    "the address of a trunk": ("sip_trunks", TRUNK, {**TRUNK, "address": "sip.evil.example"}),
}


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_secret_that_stays_while_its_receiver_changes_is_refused(
    tmp_path: Path, server: HostileServer, receiver: str
) -> None:
    """Shown in the plan with its flag; the apply ends with 4 and sends nothing; the flag lets it through."""
    kind, before, after = RECEIVERS[receiver]
    root = write(tmp_path, {"a.yaml": json.dumps({kind: {"a": before}})})
    assert hmsplan(root, "apply", "-y", url=server.url, **SECRETS).code == 0
    server.requests.clear()
    write(root, {"a.yaml": json.dumps({kind: {"a": after}})})
    plan = hmsplan(root, "plan", url=server.url, **SECRETS)
    flag = f"--allow egress:{kind}.a"
    assert (plan.code, flag in plan.out) == (4, True), plan
    said = hmsplan(root, "apply", "-y", url=server.url, **SECRETS)
    assert (said.code, flag in said.err, server.writes) == (4, True, []), said
    assert hmsplan(root, "apply", "-y", *flag.split(), url=server.url, **SECRETS).code == 0
    assert server.writes


ELSEWHERE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a new object": ({"a": HOOK}, {"a": HOOK, "b": {**HOOK, "name": "B", "webhook_url": "https://evil.example/h"}}),
    "another object in its place": ({"a": HOOK}, {"b": {**HOOK, "name": "B", "webhook_url": "https://evil.example/h"}}),
    "another secret and another receiver": (
        {"a": HOOK, "b": WITH_TOOL | {"name": "B"}},
        {
            "a": {**HOOK, "webhook_url": "https://evil.example/h", "webhook_secret": "${secret:tool}"},
            "b": WITH_TOOL | {"name": "B"},
        },
    ),
    "a tool under another name": (
        {"a": WITH_TOOL},
        {
            "a": {
                **WITH_TOOL,
                "llm_config": {
                    **LLM,
                    "tools": [
                        {
                            **NESTED,
                            "function": {"name": "u", "description": "d", "parameters": {"type": "object"}},
                            "server": {"url": "https://evil.example/t", "secret": "${secret:tool}"},
                        }
                    ],
                },
            }
        },
    ),
}


@pytest.mark.parametrize("way", ELSEWHERE)
def test_a_secret_in_use_goes_to_no_new_receiver_unasked(tmp_path: Path, server: HostileServer, way: str) -> None:
    """Not by way of a new object, a new name or a swapped secret: the state knows who got it so far."""
    before, after = ELSEWHERE[way]
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": before})})
    assert hmsplan(root, "apply", "-y", url=server.url, **SECRETS).code == 0
    server.requests.clear()
    write(root, {"a.yaml": json.dumps({"assistants": after})})
    said = hmsplan(root, "apply", "-y", "--allow", "delete:*", url=server.url, **SECRETS)
    assert (said.code, server.writes) == (4, []), said
    assert "--allow egress:assistants." in said.err
    assert "evil.example" in said.err


# --- Guards, weakened in the same pull request ------------------------------------------------------------------------


def many(*names: str, protected: bool = False) -> str:
    life = {"lifecycle": {"prevent_destroy": True}} if protected else {}
    return json.dumps({"assistants": {name: {"name": name.upper(), **life} for name in names}})


def refused(root: Path, server: HostileServer, *words: str) -> str:
    """Apply, which has to be refused; return what it says."""
    server.requests.clear()
    said = hmsplan(root, "apply", "-y", *words, url=server.url)
    assert (said.code, server.writes) == (4, []), said
    return said.err


@pytest.mark.parametrize(
    ("count", "gone", "is_refused"),
    [(1, 0, False), (2, 1, False), (2, 2, True), (3, 2, True), (10, 3, False), (10, 4, True)],
)
def test_so_many_may_go_at_once(tmp_path: Path, server: HostileServer, count: int, gone: int, is_refused: bool) -> None:
    """One at a time always may; of several at most three, and at most thirty in a hundred of their kind."""
    names = [f"a{number}" for number in range(count)]
    root = write(tmp_path, {"a.yaml": many(*names), "t.yaml": "tool_templates: {}\n"})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    write(
        root,
        {
            "a.yaml": many(*names[gone:]),
            "t.yaml": "analysis_templates:\n  x: {name: X, system_prompt: s, user_prompt: u, schema: {}}\n",
        },
    )
    if is_refused:
        assert "--allow delete:assistants.a0" in refused(root, server)
    else:
        assert hmsplan(root, "apply", "-y", url=server.url).code == 0
        assert len(server.objects["/assistants"]) == count - gone


@pytest.mark.parametrize("way", ["without a block", "no file fits", "all excluded", "an empty file"])
def test_a_stack_that_declares_nothing_any_more_deletes_nothing(
    tmp_path: Path, server: HostileServer, way: str
) -> None:
    """One object alone, below every limit: a mistake, or an attack. ``--destroy`` is the word for it."""
    root = write(tmp_path, {"hmsplan.yaml": HEAD, "a.yaml": many("a"), "environments/e.yaml": "variables: {}\n"})
    assert hmsplan(root, "apply", "-y", "-e", "e", url=server.url).code == 0
    files: dict[str, dict[str, str | bytes]] = {
        "without a block": {"a.yaml": "assistants: {}\n"},
        "no file fits": {"hmsplan.yaml": HEAD + 'include: ["none/*.yaml"]\n'},
        "all excluded": {"environments/e.yaml": "exclude: [assistants.a]\n"},
        "an empty file": {"a.yaml": ""},
    }
    write(root, {"hmsplan.yaml": HEAD, **files[way]})
    assert "--destroy" in refused(root, server, "-e", "e")
    assert hmsplan(root, "apply", "-y", "-e", "e", "--destroy", url=server.url).code == 0
    assert server.objects["/assistants"] == {}


def test_protection_outlives_the_block_that_gave_it(tmp_path: Path, server: HostileServer) -> None:
    """A pull request that takes out the object with its ``prevent_destroy``, or moves it away first, is refused."""
    root = write(tmp_path, {"a.yaml": many("a", "b", "c", protected=True)})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    write(root, {"a.yaml": many("b", "c", protected=True)})
    assert "prevent_destroy protects it" in refused(root, server)
    moved = {**json.loads(many("b", "c")), "moved": [{"from": "assistants.a", "to": "assistants.b"}]}
    write(root, {"a.yaml": json.dumps(moved)})
    assert hmsplan(root, "apply", "-y", url=server.url).code in {1, 3, 4}
    assert len(server.objects["/assistants"]) == 3
    write(root, {"a.yaml": many("b", "c") + "\n"})
    assert "delete:assistants.a" in refused(root, server, "--allow", "delete:assistants.b")


def test_nothing_in_a_stack_allows_what_a_guard_refuses(tmp_path: Path, server: HostileServer) -> None:
    """``--allow`` is a flag: there is no key for it in a file, and no variable."""
    root = write(tmp_path, {"a.yaml": many("a", "b", protected=True)})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    for line in ("allow: ['*']\n", "safety: {allow: ['*']}\n", "safety: {max_deletes: -1}\n", "safety: off\n"):
        said = hmsplan(write(root, {"hmsplan.yaml": f"version: 1\nstack: x\n{line}"}), "apply", "-y", url=server.url)
        assert said.code == 3, line
    write(root, {"a.yaml": many("b")})
    server.requests.clear()
    said = hmsplan(root, "apply", "-y", url=server.url, HMSPLAN_ALLOW="*", HMSPLAN_DESTROY="1")
    assert (said.code, server.writes) == (4, [])


# --- Masks ------------------------------------------------------------------------------------------------------------

MASKS = (
    "********",
    "\u2022\u2022\u2022\u2022\u2022\u2022",
    "sk-\u2026abcd",
    "sk-...abcd",
    "****abcd",
    "fl_live_****",
    "xxxxxxxx",
    "<redacted>",
    "<your secret>",
    "[REDACTED]",
    "(sensitive value)",
    "CHANGEME",
    "change-me",
    "change_me",
    "TODO",
    "your-secret-here",
    "null",
    " ",
)


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_or_placeholder_is_no_secret(tmp_path: Path, server: HostileServer, mask: str) -> None:
    """Copied out of a dashboard or an example, it would lock everybody out. The message does not show it."""
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": {"a": HOOK}}), "s.env": f"HOOK='{mask}'\n"})
    (root / "s.env").chmod(0o600)
    for words, env in (((), {"HMSPLAN_SECRET_HOOK": mask}), (("--secrets-file", str(root / "s.env")), {})):
        said = hmsplan(root, "apply", "-y", *words, url=server.url, **env)
        assert (said.code, server.requests) == (3, []), said
        assert "HMSPLAN_SECRET_HOOK" in said.err


@pytest.mark.parametrize(
    "value", ["hunter2", "x", "correct horse battery staple", "0x1234", "a.b.c", "P@ss*word", "todo-list"]
)
def test_what_only_resembles_a_mask_is_sent(tmp_path: Path, server: HostileServer, value: str) -> None:
    """The rule is about whole masks, not about single characters."""
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": {"a": HOOK}})})
    assert hmsplan(root, "apply", "-y", url=server.url, HMSPLAN_SECRET_HOOK=value).code == 0
    assert any(json.loads(request.body).get("webhook_secret") == value for request in server.requests if request.body)


@pytest.mark.parametrize("mask", [mask for mask in MASKS if mask.strip()])
@pytest.mark.parametrize("field", ["api_key", "auth_token"])
def test_a_mask_of_the_api_is_never_sent_back(tmp_path: Path, server: HostileServer, mask: str, field: str) -> None:
    """A block is sent whole; a field in it that hmsplan does not know came masked, so the change is not planned."""
    declared: dict[str, Any] = {"name": "A", **PIPELINE, "llm_config": {**LLM, "temperature": 0.2}}
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": {"a": declared}})})
    assert hmsplan(root, "apply", "-y", url=server.url).code == 0
    (live,) = server.objects["/assistants"].values()
    live["llm_config"] = {**live["llm_config"], field: mask}
    server.requests.clear()
    declared["llm_config"]["temperature"] = 0.9
    write(root, {"a.yaml": json.dumps({"assistants": {"a": declared}})})
    for words in (("plan",), ("apply", "-y")):
        said = hmsplan(root, *words, url=server.url)
        assert (said.code, server.writes) == (3, []), said
        assert f"llm_config.{field}" in said.err


@pytest.mark.parametrize("mask", MASKS[:4])
def test_a_mask_in_yaml_is_a_secret_in_plain_text(tmp_path: Path, server: HostileServer, mask: str) -> None:
    """Pasted from an answer of the API into the stack."""
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": {"a": {**HOOK, "webhook_secret": mask}}})})
    said = hmsplan(root, "apply", "-y", url=server.url)
    assert (said.code, server.requests) == (3, [])
    assert "Secret in plain text" in said.err


def test_an_answer_never_puts_a_value_into_the_stack_of_another_run(tmp_path: Path, server: HostileServer) -> None:
    """An API that echoes the secret of a request in its answer and its errors gets it into no output and no file."""
    root = write(tmp_path, {"a.yaml": json.dumps({"assistants": {"a": HOOK}})})
    server.lie = lambda method, _: (
        answer("400 Bad Request", {"error": f"bad secret {CANARY}", "details": [KEY]}) if method == "POST" else None
    )
    said = hmsplan(root, "apply", "-y", url=server.url, **SECRETS)
    assert said.code == 1
    assert CANARY not in said.all
    server.lie = None
    assert hmsplan(root, "apply", "-y", url=server.url, **SECRETS).code == 0
    files = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert CANARY.encode() not in files
    assert KEY.encode() not in files

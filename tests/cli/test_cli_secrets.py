"""``--secrets``: from a command, from SOPS, from AWS; in the order given, and asked for what the stack needs alone."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final

import boto3  # type: ignore[import-untyped]
import pytest

from .helpers import REPOSITORY, STACK, Cli, Result, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.s3_server import S3Server

    from hmsplan.emulator import Emulator

RESOURCES: Final = """\
assistants:
  a: {name: A, webhook_url: "https://a.example/h", webhook_secret: "${secret:hook}"}
  t: {name: T, webhook_url: "https://t.example/h", webhook_secret: "${secret:sip}"}
"""
HOOK: Final = "h00k-value-0123456789"
SIP: Final = "s1p-value-0123456789"
FROM_AWS: Final = (
    (REPOSITORY / "docs" / "secrets.md").read_text("utf-8").partition("```python\n")[2].partition("```")[0]
)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    return write(tmp_path / "stack", {"hmsplan.yaml": STACK, "a.yaml": RESOURCES})


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., str]:
    """Return a function that makes a source of a command, which answers with texts and notes what it was asked."""

    def make(name: str = "one", **texts: str) -> str:
        (tmp_path / f"{name}.json").write_text(json.dumps(texts), "utf-8")
        folder = shlex.quote(str(tmp_path))
        return f"exec:cat >> {folder}/{name}.asked; cat {folder}/{name}.json"

    return make


def sent(emulator: Emulator) -> dict[str, Any]:
    """Return the secrets that the API has been given."""
    given = {each["name"]: each["webhook_secret"] for each in emulator.all("assistants")}
    return {"hook": given["A"], "sip": given["T"]}


def test_an_apply_sends_what_a_command_answers(
    online: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path, source: Callable[..., str]
) -> None:
    """It is asked once, for both, and neither plan nor apply shows them."""
    common = ("-C", stack, "--secrets", source(hook=HOOK, sip=SIP, more="never taken"))
    said = online(*common, "apply", "-y", "-vvv")
    assert said.code == 0, said
    assert sent(emulator) == {"hook": HOOK, "sip": SIP}
    assert (tmp_path / "one.asked").read_text("utf-8") == '["hook", "sip"]'
    assert HOOK not in said.out + said.err
    assert SIP not in said.out + said.err
    assert online(*common, "plan", "--detailed-exitcode").code == 0


def test_the_environment_is_first_and_then_the_sources_as_given(
    online: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path, source: Callable[..., str]
) -> None:
    """Before the command and after it; --secrets-file is last."""
    file = tmp_path / "s.env"
    file.write_text("HOOK=from-the-file-1\nSIP=from-the-file-2\n", "utf-8")
    file.chmod(0o600)
    first, second = source("first", hook="", sip="first-gives-this"), source("second", hook="second", sip="second")
    words = ("-C", stack, "--secrets", first, "--secrets-file", file, "apply", "-y")
    assert online(*words, HMSPLAN_SECRETS=second).code == 0
    assert sent(emulator) == {"hook": "from-the-file-1", "sip": "first-gives-this"}
    assert online(*words, "--secrets", second, "--resend", "*", "--allow", "*", HMSPLAN_SECRET_SIP="env").code == 0
    assert sent(emulator) == {"hook": "second", "sip": "env"}
    assert (tmp_path / "second.asked").read_text("utf-8") == '["hook"]'


def test_the_variable_holds_a_source_a_line(
    online: Callable[..., Result], emulator: Emulator, stack: Path, source: Callable[..., str]
) -> None:
    variable = f"\n{source('one', hook=HOOK)}\n  {source('two', sip=SIP)}\n"
    assert online("-C", stack, "apply", "-y", HMSPLAN_SECRETS=variable).code == 0
    assert sent(emulator) == {"hook": HOOK, "sip": SIP}


def test_nothing_is_run_for_a_stack_that_is_not_valid(
    cli: Cli, stack: Path, tmp_path: Path, source: Callable[..., str]
) -> None:
    """And of what an environment excludes no secret is asked for."""
    write(stack, {"b.yaml": "assistants: {b: {nmae: B}}\n"})
    assert cli("-C", stack, "--emulator", "--secrets", source(hook=HOOK, sip=SIP), "plan").code == 3
    assert not (tmp_path / "one.asked").exists()
    write(stack, {"b.yaml": "", "environments/live.yaml": "exclude: [assistants.t]\n"})
    cli.ok("-C", stack, "-e", "live", "--emulator", "--secrets", source(hook=HOOK, sip=SIP), "plan")
    assert (tmp_path / "one.asked").read_text("utf-8") == '["hook"]'


def test_only_commands_that_need_secrets_run_a_program(
    cli: Cli, stack: Path, tmp_path: Path, source: Callable[..., str]
) -> None:
    """Not those that run where there are none, such as in a pull request from a fork; doctor tries it."""
    given = source(hook=HOOK, sip=SIP)
    for words in (("validate",), ("graph",), ("drift", "--emulator")):
        assert cli("-C", stack, *words, HMSPLAN_SECRETS=given).code == 0
    assert not (tmp_path / "one.asked").exists()
    assert "set: hook, sip" in cli("-C", stack, "doctor", "--emulator", HMSPLAN_SECRETS=given).out
    assert "exit code 7" in cli("-C", stack, "doctor", "--emulator", HMSPLAN_SECRETS="exec:exit 7").out


def test_the_stack_cannot_name_a_source(cli: Cli, stack: Path) -> None:
    """What it names would be run: a pull request must not."""
    write(stack, {"hmsplan.yaml": STACK + "secrets: ['exec:touch ran']\n"})
    result = cli("-C", stack, "--emulator", "plan")
    assert result.code == 3
    assert "secrets is not a field" in result.err


def test_names_that_nothing_answers_are_told_all_at_once(cli: Cli, stack: Path, source: Callable[..., str]) -> None:
    result = cli("-C", stack, "--emulator", "--secrets", source(other="x"), "plan")
    assert result.code == 3
    assert result.err.count("Missing secret") == 2
    told = " ".join(result.err.split())
    assert "HMSPLAN_SECRET_HOOK is not set, and exec:" in told
    assert "does not give sip. Set it, or say where it is kept: --secrets SOURCE." in told


def test_sources_that_fail_are_told_all_at_once(cli: Cli, stack: Path) -> None:
    """With what they said, made safe to show; no name is told as missing beside them."""
    hostile = "exec:printf '\\033[2Jevil\\n::error::x\\n' >&2; exit 9"
    result = cli("-C", stack, "--emulator", "--secrets", hostile, "--secrets", "dotenv:none.env", "plan")
    assert result.code == 3
    assert result.out == ""
    assert "ended with exit code 9" in " ".join(result.err.split())
    assert "| \\u001b[2Jevil" in result.err
    assert "\033" not in result.err
    assert "::error::" not in [line.strip()[:9] for line in result.err.splitlines()]
    assert "none.env cannot be read" in result.err
    assert "Missing secret" not in result.err


def test_a_program_that_hangs_ends_with_the_time_of_the_run(cli: Cli, stack: Path) -> None:
    result = cli("-C", stack, "--emulator", "--timeout", "1s", "--secrets", "exec:exec sleep 60", "plan")
    assert result.code == 3
    assert "has not answered within 1 s" in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exce:x", "Did you mean exec?"),
        ("SOPS:x.yaml", "Did you mean sops?"),
        ("vault:secret/x", "Write dotenv:FILE, sops:FILE or exec:COMMAND."),
        ("secrets.env", "Did you mean dotenv:secrets.env?"),
        ("exec:", "does not say which command"),
        ("dotenv: ", "does not say which file"),
        ("", "is not a source of secrets"),
    ],
)
def test_what_is_not_a_source_is_refused(cli: Cli, stack: Path, text: str, said: str) -> None:
    """On the command line and in the variable."""
    result = cli("-C", stack, "--secrets", text, "validate")
    assert result.code == 1
    assert said in " ".join(result.err.split())
    if text:
        assert said in " ".join(cli("-C", stack, "validate", HMSPLAN_SECRETS=text).err.split())


def test_a_mask_from_a_source_is_named_by_it(cli: Cli, stack: Path, source: Callable[..., str]) -> None:
    result = cli("-C", stack, "--emulator", "--secrets", source(hook="op://vault/item/field", sip="********"), "plan")
    assert result.code == 3
    told = " ".join(result.err.split())
    assert "HMSPLAN_SECRET_HOOK (of exec:" in told
    assert "a reference that 1Password should have replaced" in told
    assert "Masked secret" in told
    assert "op://" not in told


@pytest.mark.parametrize("ending", ["enc.yaml", "enc.env"])
def test_sops_is_asked_as_it_documents(
    online: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path, ending: str
) -> None:
    """A program in its place, which takes and gives what sops does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    body = json.dumps({"HMSPLAN_SECRET_HOOK": HOOK, "sip": SIP, "not_a_secret": {"port": 5}})
    script = f"#!/bin/sh\ntest \"$*\" = '--decrypt --output-type json s.{ending}' && echo '{body}'\n"
    (folder / "sops").write_text(script, "utf-8")
    (folder / "sops").chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    assert online("-C", stack, "--secrets", f"sops:s.{ending}", "apply", "-y", PATH=path).code == 0
    assert sent(emulator) == {"hook": HOOK, "sip": SIP}


def test_aws_secrets_manager_answers_through_a_script(
    online: Callable[..., Result], emulator: Emulator, stack: Path, tmp_path: Path, s3: S3Server
) -> None:
    """The script of docs/secrets.md, with boto3, against moto; what it has not is told with what it says."""
    environ = {**s3.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    client = boto3.client(
        "secretsmanager",
        endpoint_url=s3.environ["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="fl_s3_tests",
        aws_secret_access_key="x",
    )
    prefix = f"{tmp_path.name}/"
    client.create_secret(Name=f"{prefix}hook", SecretString=HOOK)
    script = tmp_path / "from_aws.py"
    script.write_text(FROM_AWS.replace('"hmsplan/"', repr(prefix)), "utf-8")
    words = ("-C", stack, "--secrets", f"exec:{shlex.join([sys.executable, str(script)])}", "apply", "-y")
    failed = online(*words, **environ)
    assert failed.code == 3
    assert "ResourceNotFoundException" in failed.err
    client.create_secret(Name=f"{prefix}sip", SecretString=SIP)
    assert online(*words, **environ).code == 0
    assert sent(emulator) == {"hook": HOOK, "sip": SIP}

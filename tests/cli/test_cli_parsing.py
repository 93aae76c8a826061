"""What a command line may not say: another tool's spelling, two values for one option, an empty value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from hmsplan.cli.root import COMMANDS, hmsplan

from .helpers import Cli, subcommands, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def every_option() -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """Yield each option of each command, with the words of the command."""
    context = click.Context(hmsplan)
    for name in COMMANDS:
        command = hmsplan.get_command(context, name)
        assert command is not None
        for sub, found in (subcommands(command) or {"": command}).items():
            for option in found.params:
                if isinstance(option, click.Option):
                    yield tuple(filter(None, (name, sub))), option


OPTIONS = list(every_option())
LONG = [(words, opt) for words, option in OPTIONS for opt in option.opts if opt.startswith("--")]
SINGLE = [(words, o) for words, o in OPTIONS if not (o.multiple or o.is_flag or o.count)]


@pytest.mark.parametrize(
    ("words", "name"), LONG, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value
)
def test_a_long_name_with_one_dash_is_an_error(cli: Cli, words: tuple[str, ...], name: str) -> None:
    """`plan -out=x` would save a file `ut=x`, `apply -yes` choose the environment `s`: Terraform's users type both."""
    for typed in (name[1:], f"{name[1:]}=x"):
        result = cli(*words, typed)
        assert result.code == 1
        assert f"Type -{typed}" in result.err
        assert result.out == ""


@pytest.mark.parametrize("typed", ["-version", "-verbose", "-out=x", "-yes"])
@pytest.mark.parametrize("words", [("apply",), ("plan",)])
def test_nothing_is_read_of_such_a_name(cli: Cli, stack: Path, words: tuple[str, ...], typed: str) -> None:
    """Neither planned nor saved."""
    before = sorted(stack.rglob("*"))
    assert cli("-C", stack, "--emulator", *words, typed).code == 1
    assert sorted(stack.rglob("*")) == before


@pytest.mark.parametrize("typed", ["-o=x", "-e=staging", "-C=x"])
def test_an_equals_sign_behind_one_letter_is_an_error(cli: Cli, typed: str) -> None:
    """It would be the first letter of the value."""
    result = cli("plan", typed)
    assert result.code == 1
    assert f"Type {typed.replace('=', ' ')}" in result.err


@pytest.mark.parametrize("typed", [("-vv",), ("-vvv", "-v"), ("-estaging",), ("--var", "-out=x"), ("-ve", "staging")])
def test_what_click_reads_well_stays(cli: Cli, stack: Path, typed: tuple[str, ...]) -> None:
    """Several flags in one word, a value behind its letter, a value with a dash."""
    write(
        stack, {"environments/staging.yaml": "", "hmsplan.yaml": "version: 1\nstack: s\ndefault_environment: staging\n"}
    )
    assert "takes two dashes" not in cli("-C", stack, "validate", *typed).err
    assert cli("-C", stack, "validate", *typed).code == (3 if "--var" in typed else 0)


@pytest.mark.parametrize(("words", "option"), SINGLE, ids=str)
def test_a_second_value_is_an_error(cli: Cli, tmp_path: Path, words: tuple[str, ...], option: click.Option) -> None:
    """`-e staging … -e production` at the end of a long line: which one wins must not be a surprise."""
    value = option.type.choices[0] if isinstance(option.type, click.Choice) else str(tmp_path)
    result = cli(*words, option.opts[0], value, option.opts[-1], value)
    assert result.code == 1
    assert "is given twice" in result.err


@pytest.mark.parametrize("name", ["-C", "-e", "--state", "--secrets-file", "--allow-host"])
def test_before_and_after_the_command_are_two_values_as_well(cli: Cli, stack: Path, name: str) -> None:
    result = cli(name, str(stack), "validate", name, str(stack))
    assert result.code == 1
    assert f"{name}" in result.err
    assert "is given twice" in result.err


@pytest.mark.parametrize("name", ["-C", "-e", "--state"])
def test_an_empty_value_is_an_error(cli: Cli, stack: Path, name: str) -> None:
    """`-e "$ENVIRONMENT"` with a variable that is not set would mean another environment, folder or state."""
    result = cli("-C", stack, "state", "list", name, "") if name != "-C" else cli("state", "list", name, "")
    assert result.code == 1
    assert "it is empty" in result.err


@pytest.mark.parametrize("name", ["plan.yaml", "deep/er/plan.yml", "hmsplan.yaml", "environments/x.yaml", "PLAN.YAML"])
@pytest.mark.parametrize("command", ["plan", "snapshot"])
def test_nothing_is_saved_where_the_next_run_would_read_a_resource(
    cli: Cli, stack: Path, name: str, command: str
) -> None:
    """A dozen errors about format_version would follow."""
    file = stack / name
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.read_bytes() if file.exists() else None
    result = cli("-C", stack, "--emulator", command, "-o", file)
    assert result.code == 1
    assert "Name of a resource file" in result.err
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize("name", ["plan.json", "saved", ".saved/plan.yaml", "../plan.yaml"])
def test_any_other_name_is_fine(cli: Cli, stack: Path, name: str) -> None:
    """In a hidden folder and outside of the stack, YAML is read by no one."""
    (stack / ".saved").mkdir()
    assert cli("-C", stack, "--emulator", "plan", "-o", stack / name).code == 0
    assert cli("-C", stack, "--emulator", "plan").code == 0

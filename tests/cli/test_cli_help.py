"""What --help says of each command: options in groups, examples that can be typed, exit codes of the table."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from hmsplan.cli.elsewhere import COMMANDS as OTHER_COMMANDS
from hmsplan.cli.elsewhere import OPTIONS as OTHER_OPTIONS
from hmsplan.cli.manual import EXIT_CODES, GROUPS, MANUALS
from hmsplan.cli.root import ALIASES, COMMANDS, hmsplan

from .helpers import REPOSITORY, Cli, subcommands

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_GROUPS = {name for names in GROUPS.values() for name in names}


def every_command() -> Iterator[tuple[str, click.Command]]:
    yield "", hmsplan
    context = click.Context(hmsplan)
    for name in COMMANDS:
        command = hmsplan.get_command(context, name)
        assert command is not None
        yield name, command
        yield from ((f"{name} {sub}", below) for sub, below in subcommands(command).items())


EVERY = dict(every_command())


@pytest.mark.parametrize("path", EVERY)
def test_every_command_has_examples_exit_codes_and_options_in_groups(cli: Cli, path: str) -> None:
    text = cli.ok(*path.split(), "--help")
    assert max(map(len, text.splitlines())) <= 80
    assert all(f"{title}:" in text for title in ("Stack", "State and API", "On the screen", "Examples", "Exit codes"))
    assert "\nOptions:" not in text, "an option stands in no group of hmsplan/cli/manual.py"
    assert cli.ok("help", *path.split()) == text


def test_no_page_is_left_of_a_command_that_is_gone() -> None:
    assert MANUALS.keys() - EVERY.keys() == set()


def test_the_exit_codes_are_those_of_the_readme() -> None:
    text = (REPOSITORY / "README.md").read_text("utf-8").replace("`", "")
    table = dict(re.findall(r"^\| ([0-9, ]+) \| (.+) \|$", text, re.MULTILINE))
    assert table == EXIT_CODES
    assert all(set(manual.exits) <= EXIT_CODES.keys() for manual in MANUALS.values())


@pytest.mark.parametrize("typed", [typed for manual in MANUALS.values() for _, typed in manual.examples])
def test_an_example_can_be_typed(typed: str) -> None:
    """Its command, its options and the number of its arguments are right; nothing is run."""
    line = re.sub(r'^eval "\$\((.*)\)"$', r"\1", typed).partition(" | ")[0].partition(" > ")[0].partition(" < ")[0]
    words = shlex.split(line)[1:]
    command: click.Command = hmsplan
    while True:
        context = command.make_context(command.name, list(words), resilient_parsing=True)
        if not isinstance(command, click.Group):
            break
        if command.invoke_without_command and not [*context._protected_args, *context.args]:
            break
        name, below, words = command.resolve_command(context, [*context._protected_args, *context.args])
        assert below is not None, name
        command = below
    known = {flag for param in command.params for flag in param.opts} | {"-h", "--help"}
    assert [word for word in words if word.startswith("-") and word.partition("=")[0] not in known] == []
    most = sum(param.nargs for param in command.params if isinstance(param, click.Argument))
    assert most < 0 or len(context.args) == 0


@pytest.mark.parametrize("word", OTHER_COMMANDS)
def test_a_command_of_another_tool_is_an_error_that_says_what_to_type(cli: Cli, word: str) -> None:
    result = cli(word, "-auto-approve")
    assert (result.code, result.out) == (1, "")
    said = " ".join(result.err.split())
    assert f"No such command '{word}'. Type hmsplan {OTHER_COMMANDS[word][0]}." in said
    assert "Did you mean" not in said
    assert shlex.split(OTHER_COMMANDS[word][0])[0] in COMMANDS


def test_no_word_of_other_tools_hides_one_of_ours() -> None:
    assert OTHER_COMMANDS.keys() & {*COMMANDS, *ALIASES} == set()
    ours = {opt.lstrip("-") for command in EVERY.values() for param in command.params for opt in param.opts}
    assert OTHER_OPTIONS.keys() & ours == set()


@pytest.mark.parametrize("name", OTHER_OPTIONS)
@pytest.mark.parametrize("form", ["-{}", "--{}", "-{}=x", "--{}=x"])
def test_an_option_of_another_tool_is_an_error_that_says_what_to_do(cli: Cli, name: str, form: str) -> None:
    for words in (["plan", form.format(name)], [form.format(name), "plan"]):
        result = cli(*words)
        assert (result.code, result.out) == (1, "")
        assert OTHER_OPTIONS[name] in " ".join(result.err.split())


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        (("apply", "-auto-approve"), "Type --auto-approve, or -y"),
        (("plan", "-out=x"), "Type --out=x, or -o x"),
        (("plan", "-target=numbers.main"), "Type --target=numbers.main"),
        (("plan", "--targt", "numbers.main"), "Did you mean --target?"),
        (("state", "lst"), "Did you mean list?"),
        (("hlep",), "Did you mean help?"),
    ],
)
def test_what_was_meant_is_named(cli: Cli, typed: tuple[str, ...], advice: str) -> None:
    result = cli(*typed)
    assert result.code == 1
    assert advice in " ".join(result.err.split())


@pytest.mark.parametrize("typed", [("plan", "--frobnicate"), ("xyzzy",), ("state", "xyzzy")])
def test_there_is_no_guess_where_nothing_is_near(cli: Cli, typed: tuple[str, ...]) -> None:
    result = cli(*typed)
    assert result.code == 1
    assert "Did you mean" not in result.err
    assert "Possible options" not in result.err


def test_help_of_what_is_no_command_is_an_error(cli: Cli) -> None:
    assert "No such command 'xyzzy'" in cli("help", "xyzzy").err
    assert "hmsplan plan has no command 'now' in it" in cli("help", "plan", "now").err
    assert "Did you mean plan?" in cli("help", "plna").err

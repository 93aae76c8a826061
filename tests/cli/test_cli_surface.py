"""What every command has in common, and what the README promises of them."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from hmsplan.cli.root import ALIASES, COMMANDS, hmsplan

from .helpers import EXAMPLE, REPOSITORY, SECRETS, Cli, process, subcommands, write

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"httpx", "rich", "yaml", "ruamel", "orjson", "jsonschema", "jsonschema_rs", "phonenumbers", "asyncio"} | {
    "logging"
}
NOT_FOR_A_PLAN = {"rich.console", "pygments", "ruamel", "jsonschema", "phonenumbers", "multiprocessing", "psycopg"} | {
    *("obstore", "hmsplan.output.inside", "hmsplan.output.html", "hmsplan.apply", "hmsplan.export", "mcp", "pydantic")
}
SUBCOMMANDS = [(name, "") for name in COMMANDS] + [
    ("state", sub) for sub in ("list", "show", "mv", "rm", "rename-stack", "pull", "push", "unlock")
]


def commands_of_the_readme() -> list[str]:
    text = (REPOSITORY / "README.md").read_text("utf-8")
    blocks = re.findall(r"```(?:sh|console|bash|shell)?\n(.*?)```", text, re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    pieces = [piece.strip() for line in lines for piece in line.partition("#")[0].split("&&")]
    inline = re.findall(r"`(hmsplan [a-z][^`]*)`", text)
    return sorted({piece for piece in [*pieces, *inline] if piece.startswith("hmsplan ")})


def flags_of(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize(("command", "sub"), SUBCOMMANDS)
def test_every_command_explains_itself(cli: Cli, command: str, sub: str) -> None:
    """--help says how to use it and what it does, on stdout."""
    result = cli(command, *filter(None, [sub]), "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: hmsplan {command}")
    assert result.err == ""
    assert "Traceback" not in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_the_list_of_commands_is_that_of_the_group(cli: Cli) -> None:
    """Every command stands in the overview with its one line, which fits beside it."""
    text = cli.ok("--help")
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", text, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_flag_is_an_error_and_never_means_changes(cli: Cli, command: str) -> None:
    """Click would exit with 2, which says "there are changes"."""
    result = cli(command, "--no-such-flag")
    assert result.code == 1
    assert "no-such-flag" in result.err.lower()
    assert result.out == ""


@pytest.mark.parametrize(
    ("typed", "meant"), [("plna", "plan"), ("aply", "apply"), ("dirft", "drift"), ("exprot", "export")]
)
def test_a_misspelt_command_is_guessed(cli: Cli, typed: str, meant: str) -> None:
    """The message names the command that was meant."""
    result = cli(typed)
    assert result.code == 1
    assert f"Did you mean {meant}?" in result.err


def test_a_command_that_resembles_nothing_is_an_error(cli: Cli) -> None:
    """There is no guess where there is nothing near."""
    result = cli("xyzzy")
    assert result.code == 1
    assert "No such command 'xyzzy'" in result.err
    assert "Did you mean" not in result.err


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_the_command(cli: Cli, alias: str) -> None:
    """What other tools call plan is plan."""
    assert cli.ok(alias, "--help").replace(alias, ALIASES[alias]) == cli.ok(ALIASES[alias], "--help")


def test_a_missing_argument_is_a_usage_error(cli: Cli) -> None:
    """The message names the argument."""
    result = cli("import")
    assert result.code == 1
    assert "Missing argument" in result.err


def test_the_version_is_one_line(cli: Cli) -> None:
    """Scripts read it."""
    assert re.fullmatch(r"hmsplan \d+\.\d+\.\d+\S*\n", cli.ok("version"))
    assert cli("version", "--json").json.keys() == {"version"}
    assert cli.ok("--version") == cli.ok("version")


@pytest.mark.parametrize("args", [("version",), ("--help",)])
def test_what_everybody_types_first_imports_nothing_heavy(args: tuple[str, ...]) -> None:
    """The first answer has to come at once."""
    code = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    result = process(*args, code=code + "from hmsplan.cli import main; main()")
    assert result.code == 0
    assert not HEAVY & set(result.err.split())


def test_a_plan_without_changes_imports_nothing_that_only_changes_need(tmp_path: Path) -> None:
    """It is what runs every hour; half of its time are imports."""
    write(tmp_path, {"hmsplan.yaml": "version: 1\nstack: empty\n"})
    code = "import sys, os, hmsplan.cli; leave = os._exit; "
    code += (
        "os._exit = lambda code: [print(*sys.modules, file=sys.stderr, flush=True), leave(code)]; hmsplan.cli.main()"
    )
    result = process("-C", str(tmp_path), "plan", "--emulator", code=code)
    assert result.code == 0
    assert "No changes" in result.out
    assert "httpx" in result.err.split()
    assert not NOT_FOR_A_PLAN & set(result.err.split())


def test_a_process_ends_with_the_code_of_its_command() -> None:
    """The console script is the same as a call in the same process."""
    assert process("plan", "--no-such-flag").code == 1
    assert process("-C", str(EXAMPLE), "validate").code == 0


@pytest.mark.parametrize("line", commands_of_the_readme())
def test_the_readme_names_commands_and_flags_that_exist(line: str) -> None:
    """A line that is copied from the README parses."""
    words = shlex.split(line)[1:]
    context = click.Context(hmsplan)
    names = [word for word in words if not word.startswith("-") and (word in COMMANDS or word in ALIASES)]
    assert names or words[0].startswith("-"), line
    command: click.Command = hmsplan
    known = flags_of(hmsplan)
    for name in names[:1]:
        found = hmsplan.get_command(context, name)
        assert found is not None
        command = found
        known |= flags_of(command)
        for sub in words[words.index(name) + 1 :]:
            if (below := subcommands(command).get(sub)) is not None:
                command = below
                known |= flags_of(command)
    for word in words:
        if word.startswith("-"):
            once = re.sub(r"^-(\w)\1+$", r"-\1", word)  # -vv is -v twice
            assert once.partition("=")[0] in known, line


def test_the_readme_shows_commands_at_all() -> None:
    """The test above tests something."""
    assert len(commands_of_the_readme()) >= 10


@pytest.mark.parametrize(
    "args",
    [
        ("plan", "--json"),
        ("plan", "--format", "json"),
        ("drift", "--json"),
        ("validate", "--json"),
        ("graph", "--json"),
    ],
)
def test_json_on_stdout_is_one_document(cli: Cli, stack: Path, args: tuple[str, ...]) -> None:
    """Progress and diagnostics go to stderr, so a parser can read stdout."""
    result = cli("-C", stack, "--emulator", *args)
    assert isinstance(json.loads(result.out), dict)


def test_a_saved_plan_is_announced_on_stderr(cli: Cli, stack: Path, tmp_path: Path) -> None:
    """The note about the file does not get between the JSON."""
    result = cli("-C", stack, "--emulator", "plan", "--json", "-o", tmp_path / "x.plan")
    assert f"hmsplan -C {stack} --emulator apply {tmp_path / 'x.plan'}" in result.err
    assert json.loads(result.out) == json.loads(cli.ok("show", "--json", tmp_path / "x.plan"))


@pytest.mark.parametrize("args", [("plan",), ("drift",), ("validate",), ("doctor",), ("graph",), ("--help",)])
def test_nothing_is_coloured_where_nobody_looks(cli: Cli, stack: Path, args: tuple[str, ...]) -> None:
    """A pipe gets text without escape sequences, on both streams."""
    result = cli("-C", stack, "--emulator", *args)
    assert "\x1b" not in result.out + result.err


def test_colour_can_be_forced_and_forbidden(cli: Cli, stack: Path) -> None:
    """NO_COLOR and --no-color win over FORCE_COLOR."""
    plan = ("-C", stack, "--emulator", "plan")
    assert "\x1b[" in cli.ok(*plan, FORCE_COLOR="1")
    assert "\x1b" not in cli.ok(*plan, FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in cli.ok(*plan, "--no-color", FORCE_COLOR="1")


def test_common_options_stand_before_and_after_the_command(cli: Cli, stack: Path) -> None:
    """Nobody has to remember where -C goes."""
    assert cli.ok("-C", stack, "validate") == cli.ok("validate", "-C", stack)


@pytest.mark.parametrize("place", ["before", "after"])
def test_an_option_wins_over_its_variable_wherever_it_stands(cli: Cli, stack: Path, place: str) -> None:
    """A forgotten HMSPLAN_ENV must not take the word of `hmsplan -e production apply`."""
    write(stack, {"environments/said.yaml": "variables: {}\n", "environments/meant.yaml": "variables: {}\n"})
    words = ("-e", "said", "plan") if place == "before" else ("plan", "-e", "said")
    plan = cli("-C", stack, "--emulator", *words, "--json", HMSPLAN_ENV="meant").json
    assert plan["hmsplan"]["environment"] == "said"
    plan = cli("-C", stack, "--emulator", "plan", "--json", HMSPLAN_ENV="meant").json
    assert plan["hmsplan"]["environment"] == "meant"


def test_the_example_stack_makes_its_first_round(cli: Cli, tmp_path: Path) -> None:
    """The commands of its README do what they say."""
    common = ("-C", EXAMPLE, "-e", "staging", "--secrets-file", SECRETS, "--state", str(tmp_path))
    assert "14 resources" in cli.ok(*common, "validate")

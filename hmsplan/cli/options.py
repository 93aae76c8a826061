"""The options that every command takes, before its name or after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from hmsplan.output.commands import CommandLine
from hmsplan.text.timestamps import seconds


@dataclass(slots=True)
class Globals:
    """What the common options said.

    Attributes:
        environment: None = no environment file.
        state: URL of the state; None = what ``HMSPLAN_STATE`` or the stack says.
        color: None = only on a terminal.
        timeout_s: seconds after which nothing more is sent; None = no limit.
        typed: names of those that stand on the command line, and not in a variable.
    """

    directory: Path = Path()
    environment: str | None = None
    state: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    secrets_file: Path | None = None
    emulator: bool = False
    json: bool = False
    color: bool | None = None
    verbosity: int = 0
    allow_host: str | None = None
    ca_bundle: Path | None = None
    timeout_s: int | None = None
    saved: Path | None = None
    typed: set[str] = field(default_factory=set)

    @property
    def commands(self) -> CommandLine:
        """What belongs into each command that is to run on the same stack, environment, state and secrets."""
        given: list[tuple[str, object]] = [
            ("-C", self.directory if self.directory != Path() else None),
            ("-e", self.environment),
            ("--state", None if self.state is None or self._has_its_own_state() else without_password(self.state)),
            ("--secrets-file", self.secrets_file),
            *(("--var", f"{name}={text}") for name, text in self.variables.items()),
            ("--allow-host", self.allow_host),
            ("--ca-bundle", self.ca_bundle),
        ]
        words = [part for name, value in given if value is not None for part in (name, str(value))]
        saved = "" if self.saved is None else str(self.saved)
        return CommandLine((*words, *(["--emulator"] if self.emulator else [])), saved)

    def command(self, *words: str) -> str:
        """Return what to type next to run *words* on the same stack and environment."""
        return self.commands.command(*words)

    def _has_its_own_state(self) -> bool:
        return self.emulator and "state" not in self.typed


def without_password(url: str) -> str:
    """Return the address of a state with a word in place of the password, which the reader fills in."""
    head, at, rest = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    if at and slashes and ":" in user:
        url = f"{scheme}://{user.partition(':')[0]}:PASSWORD@{rest}"
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", r"\1PASSWORD", url)


def given_twice(parameter: click.Parameter) -> str:
    """Say that an option has two values."""
    return f"{' / '.join(parameter.opts)} is given twice, and only one value counts. Leave one of them out."


def _variables(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> None:
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE", ctx, param)
        ctx.ensure_object(Globals).variables[name] = text


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a value that was given, before the command or after it, and not in both places; it wins over a variable."""
    given = ctx.ensure_object(Globals)
    if param.name is None or value is None or value is False or value == 0:
        return
    if value == "":
        raise click.BadParameter("it is empty. Leave it out, or say what is meant", ctx, param)
    if ctx.get_parameter_source(param.name) is ParameterSource.ENVIRONMENT:
        if getattr(given, param.name) is None:
            setattr(given, param.name, value)
        return
    if param.name in given.typed and value is not True and param.name != "verbosity":
        raise click.UsageError(given_twice(param), ctx)
    given.typed.add(param.name)
    setattr(given, param.name, value)


class _Folder(click.Path):
    """A folder; an empty name, as of a variable that is not set, is never the current one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty. Leave it out, or say what is meant", param, ctx)
        return super().convert(value, param, ctx)


class _Duration(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers only
    """A whole number and its unit; seconds as a value."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if re.fullmatch(r"0+[smh]", value):
            self.fail(
                f"{value!r} leaves no time for anything. Write more, such as 90s or 20m, or leave it out", param, ctx
            )
        if re.fullmatch(r"[1-9][0-9]{0,5}[smh]", value) is None:
            self.fail(f"{value!r} is not a number with s, m or h behind it, such as 90s or 20m", param, ctx)
        return seconds(value)


def _no_color(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Globals).color = False


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, callback=_keep, expose_value=False, **attributes)


COMMON: Final = (
    click.Option(
        ["--no-color"], is_flag=True, callback=_no_color, expose_value=False, help="No colour, also with NO_COLOR set."
    ),
    click.Option(
        ["--var"], multiple=True, callback=_variables, expose_value=False, metavar="NAME=VALUE", help="Set a variable."
    ),
    _option("-C", "directory", type=_Folder(path_type=Path), metavar="DIR", help="Run as if started in DIR."),
    _option("-e", "--env", "environment", envvar="HMSPLAN_ENV", metavar="ENV", help="Choose environments/ENV.yaml."),
    _option("--state", envvar="HMSPLAN_STATE", metavar="URL", help="Where the state is; default: the stack's."),
    _option("--secrets-file", type=click.Path(path_type=Path), metavar="FILE", help="dotenv file for ${secret:x}."),
    _option("--emulator", is_flag=True, help="Run against an emulator kept in .hmsplan/emulator/."),
    _option("--json", is_flag=True, help="Print JSON for machines."),
    _option(
        "-v",
        "--verbose",
        "verbosity",
        count=True,
        help="Say on stderr what it does; -vv: each request; -vvv: its shape.",
    ),
    _option("--allow-host", metavar="HOST", help="Let HMS_SOVEREIGN_BASE_URL name this host."),
    _option("--ca-bundle", type=click.Path(path_type=Path), metavar="FILE", help="Trust these authorities as well."),
    _option("--timeout", "timeout_s", type=_Duration(), metavar="TIME", help="Send nothing after this long: 90s, 20m."),
)
"""What every command takes, before its name or after it."""

"""The options that every command takes, before its name or after it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from hmsplan.output.commands import CommandLine, without_password
from hmsplan.secrets.source import SCHEMES, Source
from hmsplan.text.timestamps import seconds
from hmsplan.text.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hmsplan.config.member import MemberLayer

Decorated = TypeVar("Decorated", bound="Callable[..., Any] | click.Command")


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """What was said of a fleet, of which one member is meant: its folder, and what goes for all of its members."""

    directory: Path
    environment: str | None
    state: str | None


@dataclass(slots=True)
class Globals:
    """What the common options said.

    Attributes:
        member: of the fleet in *directory*; None = the stack there is meant.
        fleet: what was said before the options were aimed at *member*; None = they are not.
        layer: what the fleet says of *member*; None = nothing.
        environment: None = no environment file.
        state: URL of the state; None = what ``HMSPLAN_STATE`` or the stack says.
        color: None = only on a terminal.
        secrets_file: a dotenv file; ``sources`` has it last.
        trust_from: the git revision whose policies count; None = those of the working tree.
        timeout_s: seconds after which nothing more is sent; None = no limit.
        typed: names of those that stand on the command line, and not in a variable.
        key: name of the variable that holds the key, or ``secret:NAME``; "" = the usual one.
        kept: what is large, and is not to be freed, object by object, before the process ends.
    """

    directory: Path = Path()
    member: str | None = None
    fleet: FleetOptions | None = None
    layer: MemberLayer | None = None
    environment: str | None = None
    state: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    secrets: list[Source] = field(default_factory=list)
    secrets_file: Path | None = None
    emulator: bool = False
    json: bool = False
    color: bool | None = None
    verbosity: int = 0
    allow_host: str | None = None
    ca_bundle: Path | None = None
    timeout_s: int | None = None
    trust_from: str | None = None
    saved: Path | None = None
    key: str = ""
    typed: set[str] = field(default_factory=set)
    kept: object = None

    @property
    def sources(self) -> list[Source]:
        """Where secrets are kept besides the environment, in the order in which they are asked."""
        file = [] if self.secrets_file is None else [Source("dotenv", str(self.secrets_file))]
        return [*self.secrets, *file]

    @property
    def fleet_commands(self) -> CommandLine:
        """What belongs into each command that is to run on the same fleet."""
        return CommandLine((*replace(self, saved=None).commands.options, "fleet"))

    @property
    def commands(self) -> CommandLine:
        """What belongs into each command that is to run on the same stack, environment, state and secrets."""
        of = self.fleet or FleetOptions(self.directory, self.environment, self.state)
        given: list[tuple[str, object]] = [
            ("-C", of.directory if of.directory != Path() else None),
            ("--member", self.member),
            ("-e", of.environment),
            ("--state", None if of.state is None or self._has_its_own_state() else without_password(of.state)),
            *(("--secrets", source) for source in self.secrets),
            ("--secrets-file", self.secrets_file),
            *(("--var", f"{name}={text}") for name, text in self.variables.items()),
            ("--trust-from", self.trust_from),
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


def format_option(
    formats: Iterable[str], what: str = "How to print it", *, default: str = "text"
) -> Callable[[Decorated], Decorated]:
    """Return the option that chooses one of *formats*; its help names them, since they wrap there."""
    names = list(formats)
    text = f"{what}: {', '.join(names)}."
    return click.option("--format", "form", type=click.Choice(names), default=default, metavar="FORMAT", help=text)


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


def _secrets(ctx: click.Context, param: click.Parameter, values: tuple[Source, ...]) -> None:
    """Keep the sources of the command line, before the command and after it; without one those of the variable."""
    given = ctx.ensure_object(Globals)
    if ctx.get_parameter_source(str(param.name)) is not ParameterSource.ENVIRONMENT:
        if values and "secrets" not in given.typed:
            given.typed.add("secrets")
            given.secrets.clear()
        given.secrets += values
    elif not given.secrets:
        given.secrets += values


class _SourceType(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers only
    """``SCHEME:PLACE``; in a variable one a line, because a command holds spaces."""

    name = "source"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Source:
        text = value.strip()
        try:
            return Source.parse(text)
        except ValueError:
            self.fail(_no_source(text), param, ctx)

    def split_envvar_value(self, rv: str) -> list[str]:
        return [line for line in rv.splitlines() if line.strip()]


def _no_source(text: str) -> str:
    scheme, colon, _ = text.partition(":")
    if scheme in SCHEMES:
        return f"{text!r} does not say which {'command' if scheme == 'exec' else 'file'}. Write it behind {scheme}:"
    guess = did_you_mean(scheme, SCHEMES) if colon else f" Did you mean dotenv:{text}?" if text else ""
    return f"{text!r} is not a source of secrets. Write dotenv:FILE, sops:FILE or exec:COMMAND.{guess}"


class _Folder(click.Path):
    """A folder; an empty name, as of a variable that is not set, is never the current one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty. Leave it out, or say what is meant", param, ctx)
        return super().convert(value, param, ctx)


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic for type checkers only
    """A whole number and its unit; seconds as a value."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read a value, or take one that was read."""
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
    _option("--member", "member", metavar="NAME", help="This member of the fleet in DIR: its stack, state and key."),
    _option("-e", "--env", "environment", envvar="HMSPLAN_ENV", metavar="ENV", help="Choose environments/ENV.yaml."),
    _option("--state", envvar="HMSPLAN_STATE", metavar="URL", help="Where the state is; default: the stack's."),
    click.Option(
        ["--secrets"],
        multiple=True,
        callback=_secrets,
        expose_value=False,
        type=_SourceType(),
        envvar="HMSPLAN_SECRETS",
        metavar="SOURCE",
        help="Where ${secret:x} is kept: dotenv:FILE, sops:FILE, exec:COMMAND. Repeatable, the first one wins.",
    ),
    _option(
        "--secrets-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The same as --secrets dotenv:FILE, after all others.",
    ),
    _option("--trust-from", envvar="HMSPLAN_TRUST_FROM", metavar="REF", help="Obey the policies of this git revision."),
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
    _option("--timeout", "timeout_s", type=Duration(), metavar="TIME", help="Send nothing after this long: 90s, 20m."),
)
"""What every command takes, before its name or after it."""

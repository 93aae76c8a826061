"""How a command line is read: what click would take for something else, or pass over, is an error."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from hmsplan.cli.options import COMMON, Globals, given_twice
from hmsplan.cli.terminal import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ONE_DASH: Final = re.compile(r"-(?P<name>[A-Za-z][A-Za-z-]+)(?P<value>=.*)?", re.DOTALL)
_EQUALS: Final = re.compile(r"-[A-Za-z]=.*", re.DOTALL)
_ANY_OPTION: Final = re.compile(r"--?(?P<name>[A-Za-z][A-Za-z-]+)(=.*)?", re.DOTALL)
_BEFORE: Final = frozenset({"version"})
"""Names that stand before the command alone: ``-version`` behind one would be ``-v -e rsion``."""


class Command(click.Command):
    """Takes the common options; refuses ``-out=x``, which click reads as ``-o ut=x``, and a second value for an option.

    What the command returns is the exit code.
    """

    def __init__(self, name: str | None, params: list[click.Parameter] | None = None, **attributes: Any) -> None:
        own = {option for each in params or () for option in each.opts}
        common = (option for option in COMMON if own.isdisjoint(option.opts))
        super().__init__(name, params=[*(params or ()), *common], **attributes)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, for the member of a fleet that is named; tell on stderr what it does if ``-v`` asks."""
        options = ctx.ensure_object(Globals)
        if options.member is not None and options.fleet is None:
            from hmsplan.cli.member import aim_at_member  # noqa: PLC0415 -- most commands are for a stack

            aim_at_member(ctx, options, options.member)
        verbosity = options.verbosity
        if not verbosity and "logging" not in sys.modules:  # nothing that could log
            return super().invoke(ctx)
        from hmsplan.cli.log import heard  # noqa: PLC0415 -- most of what `hmsplan version` would cost

        with heard(verbosity):
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments of this command."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        _refuse_one_dash(self, ctx, args)
        try:
            _refuse_twice(self, ctx, args)
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            from hmsplan.text.wording import nearest  # noqa: PLC0415 -- only for a mistake

            names = [
                name.removeprefix("--") for option in _options(self, ctx) for name in option.opts if name[1:2] == "-"
            ]
            guess = nearest(error.option_name.lstrip("-"), [*names, "help"])
            hint = f" Did you mean --{guess}?" if guess and error.option_name.startswith("--") else ""
            raise click.UsageError(f"No such option: {error.option_name}.{hint}", ctx) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options in groups, then examples and exit codes."""
        from hmsplan.cli.manual import write_manual  # noqa: PLC0415 -- only for --help

        write_manual(self, ctx, formatter)


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    invoke = click.Group.invoke  # the command in it is what is listened to

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands before the options: they are what is looked for."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the whole first sentence of each."""
        found = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, each.get_short_help_str(500)) for name, each in found.items() if each is not None]
            )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant."""
        if (
            args
            and not args[0].startswith("-")
            and self.get_command(ctx, args[0]) is None
            and not ctx.resilient_parsing
        ):
            hint = self.hint(ctx, args[0])
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def hint(self, ctx: click.Context, word: str) -> str:
        """Return " " and what to type in place of *word*; "" when nothing is known of it."""
        from hmsplan.text.wording import did_you_mean  # noqa: PLC0415 -- only for a mistake

        return did_you_mean(word, self.list_commands(ctx))


def _refuse_one_dash(command: click.Command, ctx: click.Context, args: Sequence[str]) -> None:
    """Refuse the spelling of Terraform, where a name of several letters has one dash."""
    options = {name: option for option in _options(command, ctx) for name in option.opts}
    names = {name.removeprefix("--") for name in options if name.startswith("--")} | _BEFORE
    for word in _option_words(command, args, options):
        _refuse_foreign(word, names, ctx)
        found = _ONE_DASH.fullmatch(word)
        if found and found["name"] in names:
            short = _with_one_letter(options.get(f"--{found['name']}"), found["value"])
            typed = whole(f"Type -{word}")
            raise click.UsageError(f"{word!r}: a name of several letters takes two dashes. {typed}{short}", ctx)
        if _EQUALS.fullmatch(word) and word[:2] in options:
            name, _, value = word.partition("=")
            typed = whole(f"Type {name} {value}")
            raise click.UsageError(f"{word!r}: the value of {name} stands behind a space. {typed}", ctx)


def _refuse_foreign(word: str, names: Iterable[str], ctx: click.Context) -> None:
    """Refuse an option of other tools with what to do here in its place."""
    found = _ANY_OPTION.fullmatch(word)
    if found is None or found["name"] in names:
        return
    from hmsplan.cli.elsewhere import OPTIONS  # noqa: PLC0415 -- most options are ours

    if (advice := OPTIONS.get(found["name"])) is not None:
        raise click.UsageError(f"No such option: {word.partition('=')[0]}. {advice}", ctx)


def _with_one_letter(option: click.Option | None, value: str | None) -> str:
    """Return ", or -o x" for an option that has a name of one letter."""
    letter = next((name for name in option.opts if not name.startswith("--")), None) if option is not None else None
    return f", or {whole(f'{letter} {value[1:]}' if value else letter)}" if letter else ""


def _option_words(command: click.Command, args: Sequence[str], options: dict[str, click.Option]) -> Iterator[str]:
    """Yield what stands where an option may stand, up to ``--``, or in a group up to the command."""
    is_value = False
    for word in args:
        if is_value:
            is_value = False
        elif word == "--" or (isinstance(command, click.Group) and not word.startswith("-")):
            return
        else:
            yield word
            option = options.get(word)
            is_value = option is not None and not option.is_flag and not option.count


def _refuse_twice(command: click.Command, ctx: click.Context, args: Sequence[str]) -> None:
    """Refuse a second value where one is taken: the last one would win, and nothing say so."""
    _, _, order = command.make_parser(ctx).parse_args(args=list(args))
    seen: set[click.Parameter] = set()
    for parameter in order:
        if not isinstance(parameter, click.Option) or parameter.multiple or parameter.is_flag or parameter.count:
            continue
        if parameter in seen:
            raise click.UsageError(given_twice(parameter), ctx)
        seen.add(parameter)


def _options(command: click.Command, ctx: click.Context) -> list[click.Option]:
    return [parameter for parameter in command.get_params(ctx) if isinstance(parameter, click.Option)]

"""How a command line is read: what click would take for something else, or pass over, is an error."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from hmsplan.cli.options import COMMON, Globals, given_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ONE_DASH: Final = re.compile(r"-(?P<name>[A-Za-z][A-Za-z-]+)(?P<value>=.*)?", re.DOTALL)
_EQUALS: Final = re.compile(r"-[A-Za-z]=.*", re.DOTALL)
_ELSEWHERE: Final = frozenset({"version"})
"""Names that stand before the command alone: ``-version`` behind one would be ``-v -e rsion``."""


class Command(click.Command):
    """Takes the common options; refuses ``-out=x``, which click reads as ``-o ut=x``, and a second value for an option.

    What the command returns is the exit code.
    """

    def __init__(self, name: str | None, params: list[click.Parameter] | None = None, **attributes: Any) -> None:
        super().__init__(name, params=[*(params or ()), *COMMON], **attributes)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and tell on stderr what it does if ``-v`` asks for it."""
        verbosity = ctx.ensure_object(Globals).verbosity
        if not verbosity and "logging" not in sys.modules:  # nothing that could log
            return super().invoke(ctx)
        from hmsplan.cli.log import heard  # noqa: PLC0415 -- most of what `hmsplan version` would cost

        with heard(verbosity):
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments of this command."""
        if not ctx.resilient_parsing:
            _refuse_one_dash(self, ctx, args)
            _refuse_twice(self, ctx, args)
        return super().parse_args(ctx, args)


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command
    invoke = click.Group.invoke  # the command in it is what is listened to


def _refuse_one_dash(command: click.Command, ctx: click.Context, args: Sequence[str]) -> None:
    """Refuse the spelling of Terraform, where a name of several letters has one dash."""
    options = {name: option for option in _options(command, ctx) for name in option.opts}
    names = {name.removeprefix("--") for name in options if name.startswith("--")} | _ELSEWHERE
    for word in _option_words(command, args, options):
        found = _ONE_DASH.fullmatch(word)
        if found and found["name"] in names:
            raise click.UsageError(f"{word!r}: a name of several letters takes two dashes. Type -{word}", ctx)
        if _EQUALS.fullmatch(word) and word[:2] in options:
            name, _, value = word.partition("=")
            raise click.UsageError(f"{word!r}: the value of {name} stands behind a space. Type {name} {value}", ctx)


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

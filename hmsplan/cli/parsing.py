"""How a command line is read: what click would take for something else, or pass over, is an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ONE_DASH: Final = re.compile(r"-(?P<name>[A-Za-z][A-Za-z-]+)(?P<value>=.*)?", re.DOTALL)
_EQUALS: Final = re.compile(r"-[A-Za-z]=.*", re.DOTALL)
_ELSEWHERE: Final = frozenset({"version"})
"""Names that stand before the command alone: ``-version`` behind one would be ``-v -e rsion``."""


class Command(click.Command):
    """Refuses ``-out=x``, which click reads as ``-o ut=x``, and a second value for an option that takes one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments of this command."""
        if not ctx.resilient_parsing:
            _refuse_one_dash(self, ctx, args)
            _refuse_twice(self, ctx, args)
        return super().parse_args(ctx, args)


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command


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


def given_twice(parameter: click.Parameter) -> str:
    """Say that an option has two values."""
    return f"{' / '.join(parameter.opts)} is given twice, and only one value counts. Leave one of them out."


def _options(command: click.Command, ctx: click.Context) -> list[click.Option]:
    return [parameter for parameter in command.get_params(ctx) if isinstance(parameter, click.Option)]

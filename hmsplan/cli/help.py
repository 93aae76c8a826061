"""``hmsplan help``."""

from __future__ import annotations

import click

from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out


@click.command("help", cls=Command)
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help_command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Explain a command, as its --help does."""
    at = ctx.find_root()
    for word in words:
        group = at.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"{at.command_path} has no command {word!r} in it.", at)
        _, command, _ = group.resolve_command(at, [word])
        if command is not None:
            at = click.Context(command, at, command.name, **group.context_settings)
    out(at.get_help())

"""``hmsplan completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from hmsplan.cli.parsing import Command
from hmsplan.cli.terminal import out

if TYPE_CHECKING:
    from hmsplan.cli.options import Globals

VARIABLE: Final = "_HMSPLAN_COMPLETE"
SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_obj
def completion_command(options: Globals, shell: str) -> None:  # noqa: ARG001 -- a script is a script
    """Print the completion script of a shell. To install it, add one line to the file your shell reads:

    \b
      bash   eval "$(hmsplan completion bash)"       in ~/.bashrc
      zsh    eval "$(hmsplan completion zsh)"        in ~/.zshrc, after compinit
      fish   hmsplan completion fish | source        in ~/.config/fish/config.fish
    """  # noqa: D301, D415 -- \b is click's: do not wrap what follows
    out(script(shell))


def script(shell: str) -> str:
    """Return the script of a shell; the shell itself is not needed to make it."""
    context = click.get_current_context().find_root()
    complete = SHELLS[shell](context.command, {}, "hmsplan", VARIABLE)
    return (complete.source_template % complete.source_vars()).strip()

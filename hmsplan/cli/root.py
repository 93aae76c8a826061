"""The command ``hmsplan`` and the table of its commands.

Commands are loaded when they are called, so that ``hmsplan --help`` and ``hmsplan version`` cost next to nothing. httpx
would load a command line of its own, and with it rich and pygments: a fifth of what it takes to begin a plan.
"""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

from hmsplan import __version__
from hmsplan.cli import terminal
from hmsplan.cli.options import Globals
from hmsplan.cli.parsing import Group

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Final = {
    "init": ("init", "Write a small stack to start from."),
    "validate": ("validate", "Check the stack, offline; every problem at once."),
    "lint": ("lint", "Check what callers would hear, and what the law minds."),
    "plan": ("plan", "Show what an apply would change. Read-only."),
    "apply": ("apply", "Make the organization equal to the stack."),
    "policy": ("policy", "Test the policies of the stack."),
    "calls": ("calls", "Show the calls in progress, and on what they are."),
    "drift": ("drift", "Show what changed outside hmsplan. Read-only."),
    "pull": ("pull", "Write what changed outside hmsplan into the files."),
    "show": ("plan", "Show a saved plan, or an earlier apply."),
    "history": ("history", "List the applies: who, when, from which commit."),
    "rollback": ("rollback", "Go back to an earlier apply."),
    "compare": ("compare", "Show what differs between two environments, and why."),
    "snapshot": ("snapshot", "Save a snapshot to plan against without a key."),
    "explain": ("explain", "Show where each value comes from, or what a rule means."),
    "graph": ("graph", "Print the dependency graph."),
    "catalog": ("catalog", "Show what is known of providers, and where calls go."),
    "import": ("state", "Bind one live object to an address."),
    "export": ("export", "Write YAML for a whole organization."),
    "webhook": ("webhook", "Try the services that answer the calls of the stack."),
    "fleet": ("fleet", "Plan and apply many organizations that share a stack."),
    "domain": ("domain", "Show the DNS records of the mail domain, or have them checked."),
    "state": ("state", "Look at the state, or operate on it."),
    "resolve": ("state", "Resolve a create whose outcome is unknown."),
    "fmt": ("fmt", "Put the files of the stack in canonical form."),
    "schema": ("schema", "Print the JSON Schema of the YAML."),
    "mcp": ("mcp", "Serve coding agents on stdin and stdout, read-only."),
    "doctor": ("doctor", "Check the setup: key, endpoint, state, proxies."),
    "completion": ("completion", "Print the completion script of a shell."),
    "help": ("help", "Explain a command: its options, examples and exit codes."),
    "version": ("version", "Print the version."),
    "emulator": ("emulator", "Run the API on this machine."),
    "demo": ("demo", "Play the whole round on the example stack."),
}
"""Command to (module in this package, help)."""

ALIASES: Final = {"diff": "plan", "preview": "plan"}
USAGE_ERROR: Final = 1  # click says 2, which here means "there are changes"


class Commands(Group):
    """Imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's
        """Return the commands in the order of a working day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's
        """Import and return one command; None when there is none of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        module = import_module(f"hmsplan.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """List the commands with their one line, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def hint(self, ctx: click.Context, word: str) -> str:
        """Return what to type in place of a word of other tools, or of a misspelt one."""
        from hmsplan.cli.elsewhere import COMMANDS as OTHERS  # noqa: PLC0415 -- only for a mistake

        if word not in OTHERS:
            return super().hint(ctx, word)
        command, why = OTHERS[word]
        typed = terminal.whole(f"Type hmsplan {command}.")
        return f" {typed} {why}"


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, message="hmsplan %(version)s")
def hmsplan() -> None:
    """Keep an HMS Sovereign (VoiceDock) organization equal to YAML in git.

    `hmsplan plan` shows exactly what would change, `hmsplan apply` does it, `hmsplan drift` watches.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and exit with the code of the table in the README.

    The process ends without tearing down: nothing waits to be written, and freeing a large stack object by object
    takes as long as planning it. For the same reason the collector stays off to the end.
    """
    gc.disable()
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx then does without its own command line
    terminal.open_streams()
    options = Globals()  # what it keeps lives as long as the process
    code = run(args, options)
    terminal.flush()
    os._exit(code)


_BARE: Final = getattr(click.exceptions, "NoArgsIsHelpError", ())
"""A group was named and none of its commands; older clicks print the help themselves."""


def _explain(error: click.ClickException) -> None:
    """Say how a command is used and what is wrong with this line, in lines that fit."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if ctx is not None and isinstance(error, _BARE):
        terminal.err(ctx.get_help())
        return
    if ctx is not None:
        terminal.err(f"{ctx.get_usage()}\nTry '{ctx.command_path} --help' for help.\n")
    terminal.complain(terminal.wrapped(f"Error: {error.format_message()}"))


def run(args: Sequence[str] | None = None, options: Globals | None = None) -> int:
    """Run one command and return its exit code; nothing but the code comes out of here."""
    collecting = gc.isenabled()
    options = Globals() if options is None else options
    gc.disable()  # a command is short, and the collector would walk every value of a large stack again and again
    try:
        result: Any = hmsplan.main(args, prog_name="hmsplan", standalone_mode=False, obj=options)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        _explain(error)
        return USAGE_ERROR
    except (KeyboardInterrupt, click.Abort):
        terminal.err("Interrupted.")
        return 130
    except SystemExit:  # click's, when the reader of its help has ended
        return terminal.ReaderGone.exit_code
    except Exception as error:  # noqa: BLE001 -- no user ever sees a traceback
        from hmsplan.cli.failure import tell  # noqa: PLC0415 -- only for a failure

        return tell(error, options, args)
    finally:
        if collecting:
            gc.enable()
    return result if isinstance(result, int) else 0

"""The commands that messages tell people to type, as the command line of this run has them. Pure.

A message cannot know which folder, environment, state and secrets a run was given; pasted without them, a command would
plan another environment. So a message names the bare command, on a line of its own that is indented or behind a colon
and a space, and is completed where it is printed.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from hmsplan.model import Diagnostic

NAMES: Final = (
    "apply",
    "calls",
    "catalog",
    "compare",
    "completion",
    "demo",
    "doctor",
    "domain",
    "drift",
    "emulator",
    "explain",
    "export",
    "fleet",
    "fmt",
    "graph",
    "help",
    "history",
    "import",
    "init",
    "lint",
    "mcp",
    "plan",
    "policy",
    "pull",
    "resolve",
    "rollback",
    "schema",
    "show",
    "snapshot",
    "state",
    "validate",
    "version",
    "webhook",
)
"""What may stand behind the name of the program: a text that says what hmsplan does is no command."""

MEMBERS: Final = "members"
"""The folder, or part of a prefix, below which each member of a fleet has its state."""

NEW_LINE: Final = "\n  "
"""What stands before a command; ``format_diagnostic`` and the report keep such a line whole."""

_COMMAND: Final = re.compile(rf"(^[ \t]+|: )hmsplan (?=(?:{'|'.join(NAMES)})\b(?! by ))", re.MULTILINE)
_GIT: Final = re.compile(r"(?<=^  )git re(?:vert|store) .*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The common options of a run.

    Attributes:
        options: as they are typed, such as ``("-C", "practice", "-e", "production")``.
        saved: the file of the plan that is shown; what applies it names that, and of what it was planned with ``--at``.
        behind: options of the command itself, which stand behind its name: ``("--member", "nl")``.
    """

    options: tuple[str, ...] = ()
    saved: str = ""
    behind: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        """The member of a fleet that is meant: that of --member, or the one whose state is named; "" = none."""
        common = self.options[: self.options.index("fleet")] if "fleet" in self.options else self.options
        values = dict(pairwise(common))
        folders = urlsplit(values.get("--state", "")).path.rstrip("/").split("/")
        return values.get("--member", "") or (folders[-1] if folders[-2:-1] == [MEMBERS] else "")

    def command(self, *words: str) -> str:
        """Return what to type to run *words* on the same stack, environment and state."""
        if self.saved and words[:1] in {("apply",), ("rollback",)}:
            words = ("apply", self.saved, *(word for word in words if word.startswith("--at=")))
        return plain(shlex.join(["hmsplan", *self.options, *words[:1], *self.behind, *words[1:]]))

    def elsewhere(self, environment: str) -> CommandLine:
        """Return the same for a run on another environment."""
        place = self.options.index("-e") if "-e" in self.options else len(self.options)
        return CommandLine((*self.options[:place], "-e", environment, *self.options[place + 2 :]))

    def git(self, command: str) -> str:
        """Return a command of git, to be run on the repository of the stack."""
        folder = self.options[1] if self.options[:1] == ("-C",) else ""
        return plain(command.replace("git ", f"git -C {shlex.quote(folder)} ", 1) if folder else command)

    def complete(self, text: str) -> str:
        """Put the options into every command of a message, and each on a line of its own, which is never broken.

        A command that has its options already stays as it is.
        """
        head = self.command()
        text = _GIT.sub(lambda found: self.git(found[0]), text)
        return _COMMAND.sub(lambda found: f"{':' + NEW_LINE if found[1] == ': ' else found[1]}{head} ", text)

    def completed(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return *diagnostic* with its commands complete."""
        return replace(diagnostic, detail=self.complete(diagnostic.detail))


def without_password(url: str) -> str:
    """Return the address of a state with a word in place of the password, which the reader fills in."""
    head, at, rest = url.rpartition("@")
    scheme, slashes, user = head.partition("://")
    if at and slashes and ":" in user:
        url = f"{scheme}://{user.partition(':')[0]}:PASSWORD@{rest}"
    return re.sub(r"(?i)([?&](?:ssl)?password=)[^&]*", r"\1PASSWORD", url)


BARE: Final = CommandLine()
"""Without any option: the stack of this folder."""

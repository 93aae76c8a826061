"""What to type to run a command on the same members, in the same way. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.planner.planner import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.output.commands import CommandLine
    from hmsplan.planner.planner import Options


def on_same(
    fleet: CommandLine, workers: Iterable[str], members: Iterable[str] = (), options: Options = DEFAULTS
) -> CommandLine:
    """Return *fleet* with what its commands need to do the same as a run with these options.

    Args:
        fleet: the common options and the word ``fleet``.
        workers: the options that say what performs the work.
        members: patterns of ``--member``.
        options: targets, what is left out, sent again and allowed.
    """
    given = {
        "--member": members,
        "--target": options.targets,
        "--exclude": options.excluded,
        "--resend": options.resend,
        "--allow": options.allowed,
    }
    words = [word for name, values in given.items() for value in values for word in (name, value)]
    return replace(fleet, behind=(*words, *workers))

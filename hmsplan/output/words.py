"""Words and numbers that several surfaces share. Pure."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from hmsplan.model import Action, tally
from hmsplan.text import timestamps
from hmsplan.text.timestamps import for_people

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmsplan.model import Against, Plan, Rollback

MARKS: Final = {
    Action.NO_OP: "",
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.ADOPT: "~",
    Action.FORGET: ".",
}


def some(names: Iterable[str], most: int = 12) -> str:
    """Join names by commas; says how many it leaves out."""
    every = list(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def fitting(sizes: Iterable[int], room: int) -> int:
    """Say how many of the first *sizes* fit into *room*."""
    return bisect_right(list(accumulate(sizes)), room)


def snapshot_text(against: Against | None) -> str:
    """Say which snapshot a plan was made against, and how old that was; "" for one of what was live."""
    if against is None:
        return ""
    day, time, age = against.taken[:10], against.taken[11:16], timestamps.length(against.age_s)
    return (
        f"Planned against a snapshot of {day} {time} UTC, {age} old. What changed since then cannot be seen, and this "
        "plan cannot be applied."
    )


def rollback_text(rollback: Rollback | None) -> str:
    """Say which apply a plan goes back to, by whom and from which commit; foreign text, "" for no rollback."""
    if rollback is None:
        return ""
    head, author = rollback.to, rollback.to.author
    who = "@".join(filter(None, [author.user, author.host]))
    commit = f"commit {author.short_commit}" if author.short_commit else ""
    dirty = " with local changes" if commit and author.is_clean is False else ""
    about = [for_people(head.at), who and f"by {who}", commit + dirty]
    return f"Rollback to @{head.number} ({', '.join(filter(None, about))})"


def plan_line(plan: Plan) -> str:
    """Return the last line of a plan; what Terraform has no word for appears only if there is some of it."""
    counts = tally(plan)
    always = [f"{counts[verb]} to {verb}" for verb in ("add", "change", "destroy", "adopt")]
    seldom = [f"{counts[verb]} to {verb}" for verb in ("forget", "move", "release") if counts[verb]]
    return f"Plan: {', '.join(always + seldom)}."

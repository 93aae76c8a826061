"""Whom a change reaches, in words: on the change, and for the whole plan. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmsplan.formats.blast_radius_json import met_by
from hmsplan.kinds import KINDS
from hmsplan.output.commands import BARE
from hmsplan.output.words import some
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import Calls, Plan, Reached, ResourceChange
    from hmsplan.output.commands import CommandLine


def blast_radius_remark(change: ResourceChange) -> str:
    """Name the users of a template, and the numbers and campaigns that *change* reaches; foreign, and "" for none."""
    copies = [each for each in change.reaches if each.copies]
    met = [each for each in change.reaches if KINDS[each.kind].meets_people and not each.copies]
    users = [each.name for each in change.reaches if each not in met and each not in copies]
    parts = [f"used by {some(users)}"] if users else []
    parts += [
        f"{origin} is copied by {some([each.name for each in copies if each.copies == origin])}"
        for origin in dict.fromkeys(each.copies for each in copies)
    ]
    if change.started:  # whom it begins to call stands in a line of its own
        met = [each for each in met if each.id != change.id]
    parts += [f"reaches {some(map(_named, met))}"] if met else []
    return "; ".join(parts)


def calls_remark(calls: Calls) -> str:
    """Say which calls a change meets: ``2 calls in progress, 340 calls in 7 days``."""
    most = "at least " if calls.at_least else ""
    return f"{count(calls.running, 'call')} in progress, {most}{count(calls.recent, 'call')} in 7 days"


def _named(met: Reached) -> str:
    kind = KINDS[met.kind]
    if kind.members is None:
        return met.name
    return f'{kind.singular} "{met.name}" ({_waiting([met])})'


def _waiting(met: Iterable[Reached]) -> str:
    """Say how many people wait for the calls of campaigns."""
    found = list(met)
    known = [each.waiting for each in found if each.waiting is not None]
    if len(known) < len(found):
        return "how many people wait is not known"
    most = "at most " if any(each.at_most for each in found) else ""
    return f"{most}{count(sum(known), 'person')} waiting"


def reached(change: ResourceChange) -> str:
    """Count the other numbers and campaigns that *change* reaches; "" for none."""
    others = [each for each in change.reaches if each.id != change.id and not each.copies]
    return counted([each for each in others if KINDS[each.kind].meets_people])


def without_people(change: ResourceChange) -> ResourceChange:
    """Return *change* without the numbers and campaigns that it reaches, which are those of one organization."""
    kept = tuple(each for each in change.reaches if each.copies or not KINDS[each.kind].meets_people)
    return replace(change, reaches=kept)


def counted(met: Sequence[Reached]) -> str:
    """Count numbers and campaigns, and who waits for their calls; "" for none."""
    calling = [each for each in met if KINDS[each.kind].members is not None]
    parts = [count(len(met) - len(calling), "active number")] if len(met) > len(calling) else []
    parts += [f"{count(len(calling), KINDS[calling[0].kind].singular)} ({_waiting(calling)})"] if calling else []
    return " and ".join(parts)


def blast_radius_summary(plan: Plan, commands: CommandLine = BARE) -> Iterator[str]:
    """Yield a sentence on whom a plan reaches, if it reaches anybody, and one on what is not known."""
    if met := counted(met_by(plan)):
        yield f"Reaches {met}."
    if plan.unread:
        names = " and ".join(plan.unread)
        unread = f"Who is reached through {names} is not known: neither stack nor state has any, so they were not read."
        more = f" To read them: {commands.command('plan', '--impact')}" if plan.rollback is None else ""
        yield unread + more

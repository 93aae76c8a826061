"""What a plan or a drift report says, in the order in which a reviewer asks, before a surface draws it. Pure.

How much, what is refused, what goes away, what changes, what is new, what somebody else changed, and last the counts
and the digest. Text, Markdown and HTML draw the same ``Page``; only the ``Line``s of an object have a width.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hmsplan.model import Topic
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Diagnostic, Drift
    from hmsplan.output.lines import Line
    from hmsplan.planner.flow import FlowChange

KEPT_IN_FLEET: Final = (
    "To keep what is live for one member, write it under its name in the overrides of fleet.yaml, or into a variable "
    "of its own."
)
"""In place of ``pull``, which would write it into the files that all members share."""
SHOWN_AS: Final = "Shown as: last applied -> live now. Nothing is proposed or written."
OUTSIDE: Final = "Changed outside hmsplan since the last apply"
OUTSIDE_NOTE: Final = "For information. What this plan does about it stands above."
APPROVALS: Final = "approvals.yaml"
PASTE: Final = f"Or in git: add this to {APPROVALS}, with the reason."
FIRST: Final = "Another environment comes first."
_SMALL: Final = 5


@dataclass(frozen=True, slots=True)
class Row:
    """How many objects one thing happens to, and which."""

    mark: str
    verb: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """One object and all that a reviewer has to know about what happens to it.

    Attributes:
        verb: the word of its ``Row``.
        head: says what happens, with *name* in it; safe to show.
        what: the same without *name*.
        about: of an update, its fields and whom it reaches; empty for anything else.
        below: yields ``lines``, once.
        alarming: it goes away, or people are called.
        flow: what happens to the graph inside it; None for one without.
    """

    name: str
    mark: str
    verb: str
    head: str
    what: str
    below: Iterator[Line]
    about: tuple[str, ...] = ()
    alarming: bool = False
    flow: FlowChange | None = None

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """What stands below; compared only when a surface has room for it, and once for all surfaces."""
        return tuple(self.below)

    @property
    def text_lines(self) -> int:
        """How many lines of long texts change."""
        return sum(line.bar and line.mark in {"+", "-", "~"} for line in self.lines)

    @property
    def summary(self) -> str:
        """Say what changes, how much of it and whom it reaches, for who sees no *lines*; safe to show."""
        if not self.about:
            return self.what
        fields, *more = self.about
        size = f" ({count(self.text_lines, 'line')})" if self.text_lines else ""
        return "; ".join([fields + size, *more])


@dataclass(frozen=True, slots=True)
class Question:
    """Something that is decided by typing a command; foreign text is in *text* and *commands*."""

    name: str
    text: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All of it. Names and texts may be foreign; ``Line``s are safe to show.

    Attributes:
        word: "plan" or "drift".
        organization: None when no answer told it.
        dates: says when a saved plan was made, and until when it may be applied.
        targets: what the plan is limited to; empty = everything.
        excluded: what the plan leaves out.
        reach: sentences on whom the plan reaches.
        minutes: what the campaigns of the plan take, a row each below a row of heads; empty for nothing known.
        balance: how much of the minutes that are left they take.
        denied: what policies deny, which no flag allows.
        first: what to type before that is not refused any more, without any flag.
        refused: one a flag.
        waiting: says what has to wait, and until when; "" when nothing has to.
        later: what to type to plan as of then, and to let an apply wait for it.
        block: what to paste into approvals.yaml to allow all that is refused, a line each.
        allowed: what approvals allow, and which.
        looser: says which limits and approvals let more pass than at the last apply.
        doubt: what *unsettled* has in common.
        changes: what is requested; empty for a drift report.
        drift: what somebody else did.
        unmanaged: live objects that no stack manages.
        unchanged: addresses that stay as they are.
        ending: sentences for a report without changes.
        coverage: how much of what is live is managed, with no full stop; "" for a plan.
        unseen: the applied fields of which a drift report could not tell anything; "" for none.
        memory: says that no apply is remembered though live objects are what is declared; "" when one is.
        rollback: which earlier apply it goes back to; "" for a plan of the files.
        lost: what a rollback cannot bring back.
        revert: how the repository is brought in line afterwards: sentences, and what to type.
        snapshot: which snapshot stood for what is live, and its age; "" when none did.
        counts: the last line.
        digest: as it is written; "" for a drift report.
        stamp: which hmsplan made the report, and when; "" for none.
        apply: what to type to apply such a plan, before what allows its risks, or to undo what drifted.
        pull: what to type to write into the files what drifted; "" where a fleet shares them.
        width: columns that the lines of objects are laid out for.
    """

    word: str
    stack: str
    environment: str
    organization: str | None = None
    dates: str = ""
    targets: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    reach: tuple[str, ...] = ()
    minutes: tuple[tuple[str, ...], ...] = ()
    balance: str = ""
    denied: tuple[Question, ...] = ()
    first: tuple[Question, ...] = ()
    refused: tuple[Question, ...] = ()
    waiting: str = ""
    later: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    allowed: tuple[Question, ...] = ()
    looser: tuple[str, ...] = ()
    unsettled: tuple[Question, ...] = ()
    doubt: str = ""
    changes: tuple[Item, ...] = ()
    drift: tuple[Item, ...] = ()
    unmanaged: tuple[Drift, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    unchanged: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    coverage: str = ""
    unseen: str = ""
    memory: str = ""
    rollback: str = ""
    lost: tuple[Question, ...] = ()
    revert: tuple[Question, ...] = ()
    snapshot: str = ""
    counts: str = ""
    digest: str = ""
    stamp: str = ""
    apply: str = ""
    pull: str = ""
    width: int = 80

    @property
    def refusal(self) -> str:
        """Say how many risks are refused and what that means; "" when none is."""
        if not self.refused:
            return ""
        until = "it is allowed" if len(self.refused) == 1 else "all are allowed"
        return f"Refused: {count(len(self.refused), 'risk')}. Nothing is applied until {until}."

    @property
    def denial(self) -> str:
        """Say what it means that policies deny the plan; "" when none does."""
        return "Denied by policies. Nothing is applied: no flag and no approval lifts it." if self.denied else ""

    @property
    def allowance(self) -> str:
        """Say how many risks are allowed; "" when none is."""
        return f"Allowed by {APPROVALS}: {count(len(self.allowed), 'risk')}." if self.allowed else ""

    @property
    def loss(self) -> str:
        """Say that something does not return; "" when everything does."""
        return "Does not return, or not as it was:" if self.lost else ""

    @property
    def verdict(self) -> tuple[str, ...]:
        """Return what a reader has to know who reads no further, the most important sentence first."""
        return tuple(filter(None, (*self.ending, self.counts, self.coverage and f"{self.coverage}.")))

    @property
    def limits(self) -> str:
        """Say what belongs to a plan besides the objects it is limited to."""
        return f"and what {'it refers' if len(self.targets) == 1 else 'they refer'} to; the rest is left out."

    @property
    def exclusion(self) -> str:
        """Say what is left out of a plan besides the objects that it leaves out."""
        return f"and what refers to {'it' if len(self.excluded) == 1 else 'them'}."

    @property
    def asked(self) -> tuple[Item, ...]:
        """What the report is about: other people's doings only where nothing is requested."""
        return self.changes or self.drift

    def is_open(self, item: Item) -> bool:
        """Say whether to show at once what happens to one of ``asked``: what goes away, and all of a small report."""
        small = len(self.asked) <= _SMALL and item.mark != "+"
        return item.alarming or small or len(self.asked) == 1

    @property
    def consent(self) -> str:
        """The one command that allows all that is refused."""
        return " ".join(
            [self.apply, *(question.commands[0].removeprefix(f"{self.apply} ") for question in self.refused)]
        )


def item_of(
    name: str,
    mark: str,
    verb: str,
    what: str,
    lines: Iterator[Line],
    *,
    about: tuple[str, ...] = (),
    alarming: bool,
    flow: FlowChange | None = None,
) -> Item:
    """Return what happens to one object; the first of *lines* is its ``head``."""
    return Item(name, mark, verb, next(lines).text, what, lines, about, alarming, flow)


def memory_of(warnings: Iterable[Diagnostic]) -> str:
    """Return what ``Page.memory`` says, out of the warnings of a plan or a drift report."""
    return " ".join(f"{each.summary}: {each.detail}" for each in warnings if each.topic is Topic.NO_STATE)


def tally_of(items: Iterable[Item]) -> str:
    """Count *items* by what happens to them: ``2 destroy, 31 create``."""
    return ", ".join(f"{number:,} {verb}" for verb, number in Counter(item.verb for item in items).items())

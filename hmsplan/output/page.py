"""What a plan or a drift report says, in the order in which a reviewer asks, before a surface draws it. Pure.

How much, what is refused, what goes away, what changes, what is new, what somebody else changed, and last the counts
and the digest. Text, Markdown and HTML draw the same ``Page``; only the ``Line``s of an object have a width.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from hmsplan.formats.redact import shown
from hmsplan.kinds import KINDS
from hmsplan.kinds.references import owners_of
from hmsplan.model import EMPTY, Action, ApprovalStatus, Digest, DriftKind, Topic, is_pending
from hmsplan.output.blast_radius import blast_radius_summary
from hmsplan.output.commands import BARE
from hmsplan.output.minutes import balance_text, minutes_rows
from hmsplan.output.words import MARKS, plan_line, rollback_text, seconds, snapshot_text, some
from hmsplan.planner.flow import flow_of
from hmsplan.text.timestamps import for_people, iso
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.model import Diagnostic, Drift, Plan, Refusal, ResourceChange, Unsettled
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.drift import Coverage, Unseen
    from hmsplan.output.lines import Line
    from hmsplan.output.values import Locate
    from hmsplan.planner.flow import FlowChange

NO_CHANGES: Final = "No changes. The organization matches the stack."
NO_CHANGES_THEN: Final = "No changes. The snapshot matches the stack."
KEPT_IN_FLEET: Final = (
    "To keep what is live for one member, write it into its overrides in fleet.yaml, or into a variable of its own."
)
"""In place of ``pull``, which would write it into the files that all members share."""
SHOWN_AS: Final = "Shown as: last applied -> live now. Nothing is proposed or written."
OUTSIDE: Final = "Changed outside hmsplan since the last apply"
OUTSIDE_NOTE: Final = "For information. What this plan does about it stands above."
ORDER: Final = (
    (Action.REPLACE, "replace"),
    (Action.DELETE, "destroy"),
    (Action.ADOPT, "adopt"),
    (Action.UPDATE, "update"),
    (Action.CREATE, "create"),
    (Action.FORGET, "forget"),
)
APPROVALS: Final = "approvals.yaml"
PASTE: Final = f"Or in git: add this to {APPROVALS}, with the reason."
FIRST: Final = "Another environment comes first."
FOLLOW: Final = "Then bring the repository in line: until that is done, a plan of it brings back what was taken back."
_AT_THE_HEAD: Final = frozenset({Topic.NO_STATE, Topic.CONSENT, Topic.LOST})
_SMALL: Final = 5
_LOST_ANSWER: Final = "Not settled: an earlier run sent a create and never got an answer."
_NOT_VISIBLE: Final = "Not settled: an earlier run created it a moment ago, and it is not visible yet."
_DRIFT_ORDER: Final = (
    (DriftKind.GONE, "-"),
    (DriftKind.TWIN, "!"),
    (DriftKind.CHANGED, "~"),
    (DriftKind.UNMANAGED, "?"),
)


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


def page_of(
    plan: Plan,
    width: int,
    digest: Digest = Digest.STRICT,
    commands: CommandLine = BARE,
    locate: Locate | None = None,
    stamp: str = "",
) -> Page:
    """Return what *plan* says, and one of its digests; its long lines are laid out for *width* columns.

    *locate* finds the lines of texts in files of their own; None: the stack is not at hand. *stamp* is the page's own.
    """
    plan = shown(plan)
    at = [] if plan.as_of is None else [f"--at={iso(plan.as_of)}"]
    apply = commands.command(*asking_for(plan), *at)
    return Page(
        "plan",
        plan.stack,
        plan.environment,
        plan.organization,
        dates=_dates(plan),
        targets=plan.targets,
        excluded=plan.excluded,
        rows=tuple(_rows(plan)),
        reach=tuple(blast_radius_summary(plan, commands)),
        minutes=tuple(minutes_rows(plan.minutes)),
        balance=balance_text(plan.minutes),
        denied=tuple(Question(denial.about, denial.told, ()) for denial in plan.denials),
        refused=_refused(plan, apply),
        first=_first(plan, commands),
        waiting=waiting_text(plan),
        later=later(plan, commands),
        block=block_of(plan, plan.refusals),
        allowed=tuple(
            Question(str(use.approval.address), use.told, ())
            for use in plan.approvals
            if use.status is ApprovalStatus.USED
        ),
        looser=tuple(_looser(plan)),
        unsettled=tuple(unsettled(item, commands) for item in plan.unsettled),
        doubt=_LOST_ANSWER if any(each.intent is not None for each in plan.unsettled) else _NOT_VISIBLE,
        changes=_changed(plan, width, locate) if plan.pending else (),
        drift=_drifted(plan.drift, width, names_of(plan), commands) if plan.drift else (),
        warnings=tuple(commands.completed(each) for each in plan.warnings if each.topic not in _AT_THE_HEAD),
        unchanged=tuple(str(change.address) for change in plan.changes if not is_pending(change)),
        ending=tuple(_ending(plan)),
        memory=_memory(plan.warnings),
        rollback=rollback_text(plan.rollback),
        lost=tuple(_lost(each, commands) for each in plan.lost),
        revert=tuple(follow_up(plan, commands)),
        snapshot=snapshot_text(plan.against),
        counts=plan_line(plan),
        digest=plan.digest_of(digest),
        stamp=stamp,
        apply=apply,
        width=width,
    )


def waiting_text(plan: Plan) -> str:
    """Say how many changes have to wait, and from when on all may be done; "" when none has to."""
    held = [change for change in plan.changes if change.wait is not None]
    if not held:
        return ""
    what = f"{count(len(held), 'change')} {'has' if len(held) == 1 else 'have'} to wait."
    if plan.opens is None:
        return f"{what} There is no moment within a year at which all of this plan may be done."
    return f"{what} All of this plan may be done from {plan.opens.told} on. To plan as of then, or to wait for it:"


def later(plan: Plan, commands: CommandLine = BARE) -> tuple[str, ...]:
    """Return what to type to plan as of the moment at which all may be done, and to let an apply wait for it."""
    if plan.opens is None:
        return ()
    at, unsaved = f"--at={plan.opens.typed}", replace(commands, saved="")
    asked = (unsaved.command(*asking_for(plan, word), at) for word in ("plan", "apply"))
    return tuple(dict.fromkeys(asked))


def block_of(plan: Plan, refusals: Iterable[Refusal]) -> tuple[str, ...]:
    """Return what to add to ``approvals.yaml`` so that it allows *refusals*, but for the reasons; none for none."""
    lines = [line for entry in dict.fromkeys(refusal.approval for refusal in refusals) for line in entry]
    return ("approvals:", *lines) if lines and not plan.approvals else tuple(lines)


def _looser(plan: Plan) -> Iterator[str]:
    for each in plan.warnings:
        if each.topic is Topic.CONSENT:
            where = f" ({each.source.file}:{each.source.line})" if each.source else ""
            yield f"{each.summary}{where}: {each.detail}"


def _memory(warnings: Iterable[Diagnostic]) -> str:
    return " ".join(f"{each.summary}: {each.detail}" for each in warnings if each.topic is Topic.NO_STATE)


def names_of(plan: Plan) -> dict[str, str]:
    """Return id to address, for every object that the plan knows."""
    return {object_id: str(address) for object_id, address in owners_of(plan).items()}


def scope_of(plan: Plan) -> list[str]:
    """Return the options that a plan was made with, so that the same is planned again."""
    words = ["--destroy"] if plan.destroy else []
    patterns = {"target": plan.targets, "exclude": plan.excluded, "resend": plan.resend}
    return [*words, *(f"--{name}={pattern}" for name, found in patterns.items() for pattern in found)]


def asking_for(plan: Plan, word: str = "apply", *more: str) -> list[str]:
    """Return the words that perform, or with another *word* make, the same plan again."""
    words = [word] if plan.rollback is None else ["rollback", f"@{plan.rollback.to.number}"]
    return [*words, *more, *scope_of(plan)]


def _lost(each: Diagnostic, commands: CommandLine) -> Question:
    text, *typed = commands.complete(each.detail).split("\n  ")
    return Question(str(each.address), text, tuple(typed))


def follow_up(plan: Plan, commands: CommandLine) -> Iterator[Question]:
    """Say how the repository is brought in line with a rollback."""
    if plan.rollback is not None and plan.pending and (plan.rollback.revert or plan.rollback.doubt):
        part = "It takes back everything since, and not only what this plan is limited to."
        more = [plan.rollback.doubt, part if (plan.targets or plan.excluded) and plan.rollback.revert else ""]
        more += [] if plan.rollback.revert else [*_by_hand(plan)]
        typed = (commands.git(plan.rollback.revert),) if plan.rollback.revert else ()
        yield Question("repository", " ".join(filter(None, [FOLLOW, *more])), typed)


def _by_hand(plan: Plan) -> Iterator[str]:
    """Say what to change in the files where no command of git does it."""
    yield "So change the files by hand, as this plan shows it, until a plan of them has no changes."
    verbs = {Action.CREATE: "Declare again", Action.DELETE: "Take out", Action.FORGET: "Take out"}
    groups: dict[str, list[str]] = {}
    for change in plan.pending:
        verb = verbs.get(change.action, "Change")
        is_told = verb == "Change" and change.source is not None
        where = f" ({change.source.file}:{change.source.line})" if is_told and change.source is not None else ""
        groups.setdefault(verb, []).append(f"{change.address}{where}")
    yield from (f"{verb}: {', '.join(dict.fromkeys(names))}." for verb, names in groups.items())


def in_order(plan: Plan) -> list[ResourceChange]:
    """Return what is planned as a reviewer asks: what goes away, what changes, what is new; templates before users."""
    place = {action: number for number, (action, _) in enumerate(ORDER)}
    return sorted(
        plan.pending,
        key=lambda change: (place.get(change.action, len(place)), KINDS[change.address.kind].expansion is None),
    )


def verb_of(change: ResourceChange) -> str:
    """Return the word of a change's ``Row``."""
    return dict(ORDER).get(change.action, "move" if change.moved_from is not None else "release")


def drift_page(
    drifts: Sequence[Drift],
    coverage: Coverage,
    stack: str,
    environment: str,
    width: int,
    commands: CommandLine = BARE,
    unseen: Unseen | None = None,
    warnings: Sequence[Diagnostic] = (),
    stamp: str = "",
) -> Page:
    """Return what a drift report says."""
    from hmsplan.output.drift import (  # noqa: PLC0415 -- a plan needs none of it
        NO_DRIFT,
        NOT_SETTLED,
        NOTHING_KNOWN,
        coverage_text,
        drift_line,
        unseen_text,
        worst_first,
    )

    ours = [drift for drift in drifts if drift.drift is not DriftKind.UNMANAGED]
    rows = ((mark, kind, tuple(_drift_name(d) for d in drifts if d.drift is kind)) for kind, mark in _DRIFT_ORDER)
    memory = _memory(warnings)
    unsettled = [str(each.address) for each in warnings if each.topic is Topic.UNSETTLED]
    ending = () if ours else (NOTHING_KNOWN,) if memory else (NOT_SETTLED,) if unsettled else (NO_DRIFT,)
    return Page(
        "drift",
        stack,
        environment,
        rows=(
            *(Row(mark, str(kind), names) for mark, kind, names in rows if names),
            *((Row("?", "unsettled", tuple(unsettled)),) if unsettled else ()),
        ),
        drift=_drifted(worst_first(ours), width, EMPTY, commands),
        unmanaged=tuple(drift for drift in drifts if drift.drift is DriftKind.UNMANAGED),
        ending=ending,
        warnings=tuple(commands.completed(each) for each in warnings if each.topic is not Topic.NO_STATE),
        memory=memory,
        apply=commands.command("apply"),
        pull="" if commands.member else commands.command("pull"),
        coverage=f"Coverage: {coverage_text(coverage, len(unsettled))}",
        unseen=f"Cannot be seen: {unseen_text(unseen)}" if unseen else "",
        counts=drift_line(drifts),
        stamp=stamp,
        width=width,
    )


def _item(
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
    return Item(name, mark, verb, next(lines).text, what, lines, about, alarming, flow)


def _changed(plan: Plan, width: int, locate: Locate | None) -> tuple[Item, ...]:
    from hmsplan.output.changes import about, change_lines, what_happens  # noqa: PLC0415 -- slow to import; most plans have no changes
    from hmsplan.output.template_copies import TemplateCopies  # noqa: PLC0415

    names, copies = names_of(plan), TemplateCopies(plan)
    return tuple(
        _item(
            str(change.address),
            MARKS[change.action] or ".",
            verb_of(change),
            what_happens(change),
            change_lines(change, plan, names, width, copies, locate),
            about=tuple(about(change, copies)),
            alarming=change.action in {Action.REPLACE, Action.DELETE} or change.started,
            flow=flow_of(KINDS[change.address.kind], change),
        )
        for change in in_order(plan)
    )


def _drifted(drifts: Iterable[Drift], width: int, names: Mapping[str, str], commands: CommandLine) -> tuple[Item, ...]:
    from hmsplan.output.drift import HAPPENED, drift_lines  # noqa: PLC0415 -- slow to import; most plans have no drift
    from hmsplan.output.values import Look  # noqa: PLC0415

    marks = dict(_DRIFT_ORDER)
    return tuple(
        _item(
            _drift_name(drift),
            marks[drift.drift],
            str(drift.drift),
            HAPPENED[drift.drift],
            drift_lines(drift, Look(KINDS[drift.kind], width, names), commands),
            alarming=drift.drift is not DriftKind.CHANGED,
        )
        for drift in drifts
    )


def _drift_name(drift: Drift) -> str:
    return str(drift.address) if drift.address is not None else f'{drift.kind} "{drift.name}"'


def _dates(plan: Plan) -> str:
    found = []
    if plan.made is not None and plan.expires is not None:
        found.append(f"Made {for_people(plan.made)}; it may be applied until {for_people(plan.expires)}.")
    if plan.as_of is not None:
        found.append(f"Windows are judged as of {for_people(plan.as_of)}.")
    return " ".join(found)


def _rows(plan: Plan) -> Iterator[Row]:
    """Yield one row an action: its mark, which."""
    pending = plan.pending
    quiet = [change for change in pending if change.action is Action.NO_OP]
    moved = [f"{c.moved_from} -> {c.address}" for c in quiet if c.moved_from is not None]
    groups = [
        *((MARKS[action], verb, _named(c for c in pending if c.action is action)) for action, verb in ORDER),
        (".", "move", moved),
        (".", "release", _named(c for c in quiet if c.moved_from is None)),
        ("!", "denied", [denial.about for denial in plan.denials]),
        ("!", "refused", [f"{r.risk}:{r.address}" for r in plan.refusals]),
        ("!", "allowed", [use.approval.allows for use in plan.approvals if use.status is ApprovalStatus.USED]),
        ("?", "unsettled", [str(each.address) for each in plan.unsettled]),
    ]
    yield from (Row(mark, verb, tuple(dict.fromkeys(names))) for mark, verb, names in groups if names)


def _named(changes: Iterable[ResourceChange]) -> list[str]:
    return [str(change.address) if not change.deposed else f"{change.address} (deposed)" for change in changes]


def _first(plan: Plan, commands: CommandLine) -> tuple[Question, ...]:
    """Say where to apply what lacks a proof."""
    if not plan.first_in:
        return ()
    command = commands.elsewhere(plan.first_in).command("apply")
    return (Question(plan.first_in, "what is not proven there has to be applied there first. Type:", (command,)),)


def _refused(plan: Plan, apply: str) -> tuple[Question, ...]:
    """Name every risk with its reasons and the exact flag that allows it."""
    by_flag: dict[str, list[Refusal]] = {}
    for refusal in plan.refusals:
        by_flag.setdefault(refusal.flag, []).append(refusal)
    return tuple(
        Question(
            str(refusals[0].address),
            "; ".join(dict.fromkeys(filter(None, [*(r.reason for r in refusals), refusals[0].void]))),
            (f"{apply} {flag}",),
        )
        for flag, refusals in by_flag.items()
    )


def unsettled(item: Unsettled, commands: CommandLine = BARE) -> Question:
    """Ask what became of a create, with every answer as a command."""
    name = str(item.address)
    if item.id is not None:
        left = f"it may show up within {seconds(item.remaining_s)}. Plan again then"
        return Question(
            name, f"created a moment ago as {item.id}, and neither the list nor a GET shows it; {left}.", ()
        )
    adopt = [commands.command("resolve", name, "--adopt", object_id) for object_id in item.candidates]
    of_member = item.intent is not None and item.intent.parent is not None
    return Question(
        f"a lead of {name}" if of_member else name,
        _doubt(item),
        (*adopt, commands.command("resolve", name, "--none")),
    )


def _doubt(item: Unsettled) -> str:
    if item.candidates:
        number = len(item.candidates)
        may = "1 live object may be it" if number == 1 else f"{number} live objects may be it"
        return f"{may}. Say which one it is, or that none is:"
    if not item.is_waiting:
        return "not in the list, which may be incomplete and does not prove anything. Look it up, then say what it is:"
    return (
        f"not in the lists; it may show up within {seconds(item.remaining_s)}. Plan again then, or say that it is none:"
    )


def _ending(plan: Plan) -> Iterator[str]:
    if plan.pending:
        return
    open_creates = " A create of an earlier run is not settled, see above." if plan.unsettled else ""
    matching = NO_CHANGES if plan.against is None else NO_CHANGES_THEN
    if plan.rollback is not None:
        matching = f"No changes. The organization is as @{plan.rollback.to.number} left it."
    if not plan.changes and (plan.targets or plan.excluded):
        matching = "No changes are planned. Nothing is left to look at with this --target and --exclude."
    yield matching if not plan.unsettled else f"No changes are planned.{open_creates}"
    if learning := sorted({str(step.address) for step in plan.steps}):
        yield f"The next apply only brings hmsplan's state up to date: {some(learning)}."


def tally_of(items: Iterable[Item]) -> str:
    """Count *items* by what happens to them: ``2 destroy, 31 create``."""
    return ", ".join(f"{number:,} {verb}" for verb, number in Counter(item.verb for item in items).items())

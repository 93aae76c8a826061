"""What a plan says, and what is typed to make, allow and apply it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.formats.redact import shown
from hmsplan.kinds import KINDS
from hmsplan.kinds.references import owners_of
from hmsplan.model import Action, ApprovalStatus, Digest, Topic, is_pending
from hmsplan.output.blast_radius import blast_radius_summary
from hmsplan.output.commands import BARE
from hmsplan.output.minutes import balance_text, minutes_rows
from hmsplan.output.page import Item, Page, Question, Row, item_of, memory_of
from hmsplan.output.words import MARKS, plan_line, rollback_text, snapshot_text, some
from hmsplan.planner.flow import flow_of
from hmsplan.text.timestamps import duration, for_people, iso
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Diagnostic, Plan, Refusal, ResourceChange, Unsettled
    from hmsplan.output.commands import CommandLine
    from hmsplan.output.values import Locate

NO_CHANGES: Final = "No changes. The organization matches the stack."
NO_CHANGES_THEN: Final = "No changes. The snapshot matches the stack."
ORDER: Final = (
    (Action.REPLACE, "replace"),
    (Action.DELETE, "destroy"),
    (Action.ADOPT, "adopt"),
    (Action.UPDATE, "update"),
    (Action.CREATE, "create"),
    (Action.FORGET, "forget"),
)
FOLLOW: Final = "Then bring the repository in line: until that is done, a plan of it brings back what was taken back."
_AT_THE_HEAD: Final = frozenset({Topic.NO_STATE, Topic.CONSENT, Topic.LOST})
_LOST_ANSWER: Final = "Not settled: an earlier run sent a create and never got an answer."
_NOT_VISIBLE: Final = "Not settled: an earlier run created it a moment ago, and it is not visible yet."


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
    apply = commands.command(*asking_for(plan), *moment_of(plan))
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
        drift=_drifted(plan, width, commands) if plan.drift else (),
        warnings=tuple(commands.completed(each) for each in plan.warnings if each.topic not in _AT_THE_HEAD),
        unchanged=tuple(str(change.address) for change in plan.changes if not is_pending(change)),
        ending=tuple(_ending(plan)),
        memory=memory_of(plan.warnings),
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


def moment_of(plan: Plan) -> list[str]:
    """Return the option that lets the windows of the same plan be judged as of the same moment."""
    return [] if plan.as_of is None else [f"--at={iso(plan.as_of)}"]


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


def _changed(plan: Plan, width: int, locate: Locate | None) -> tuple[Item, ...]:
    from hmsplan.output.changes import about, change_lines, what_happens  # noqa: PLC0415 -- slow to import; most plans have no changes
    from hmsplan.output.template_copies import TemplateCopies  # noqa: PLC0415

    names, copies = names_of(plan), TemplateCopies(plan)
    return tuple(
        item_of(
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


def _drifted(plan: Plan, width: int, commands: CommandLine) -> tuple[Item, ...]:
    from hmsplan.output.drift_page import drifted  # noqa: PLC0415 -- slow to import; most plans have no drift

    return drifted(plan.drift, width, names_of(plan), commands)


def _dates(plan: Plan) -> str:
    found = []
    if plan.made is not None and plan.expires is not None:
        found.append(f"Made {for_people(plan.made)}; it may be applied until {for_people(plan.expires)}.")
    if plan.as_of is not None:
        found.append(f"Windows are judged as of {plan.as_of_told or for_people(plan.as_of)}.")
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
        left = f"it may show up within {duration(item.remaining_s)}. Plan again then"
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
    left = duration(item.remaining_s)
    return f"not in the lists; it may show up within {left}. Plan again then, or say that it is none:"


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

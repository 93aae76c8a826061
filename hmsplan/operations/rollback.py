"""An earlier apply as the stack to plan: read from the history, and no further back than is needed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hmsplan.errors import StateError
from hmsplan.model import Rollback, Secret, leaves
from hmsplan.operations.history import begun_entry, cut_off
from hmsplan.operations.workspace import not_known
from hmsplan.planner.rollback import secrets_of, stack_at
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hmsplan.formats.history_file import Line
    from hmsplan.model import Head, HistoryEntry, State
    from hmsplan.operations.workspace import Workspace
    from hmsplan.planner.planner import Options
    from hmsplan.state.backend import Backend

_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_ENDLESS: Final = (
    "What was applied since is not known, so it cannot be undone. Put the history back from a copy, or bring the files "
    "to what is wanted, and type\n  hmsplan apply"
)
_HISTORY: Final = "\n  hmsplan history"


def gone_back(workspace: Workspace, state: State, options: Options) -> tuple[Workspace, Options]:
    """Return both as they are to be planned with: as they are, unless the workspace goes back to an earlier apply.

    Raises:
        StateError: that apply is not remembered, not to be believed, or another organization's.
    """
    if workspace.rollback is None:
        return workspace, options
    lines = list(workspace.backend.lines())
    for problem in cut_off(state, lines[-1] if lines else None):
        raise StateError(f"{problem} {_ENDLESS}", summary="History is damaged")
    rollback = rollback_to(lines, workspace.rollback, workspace.has_merges)
    _refuse_elsewhere(rollback.to, workspace, state)
    entries = _needed(lines, rollback.to.number, state)
    if (killed := begun_entry(workspace, state)) is not None:
        entries.append(killed)
    names = _secret_names(entries) - {secret.name for secret in secrets_of(workspace.stack) if secret.reveal()}
    past = stack_at(workspace.stack, state, entries, rollback, workspace.secrets(sorted(names)) if names else {})
    return replace(workspace, stack=past.stack), replace(options, past=past)


def number_of(backend: Backend, asked: int) -> int:
    """Return the number of an apply; a negative one counts from the last one."""
    if asked > 0:
        return asked
    last = backend.last_line()
    return (last.number if last is not None else 0) + 1 + asked


def rollback_to(lines: Sequence[Line], number: int, has_merges: Callable[[str, str], bool] = not_known) -> Rollback:
    """Return what a plan says of the apply of that *number*; *has_merges* is asked about two commits.

    Raises:
        StateError: there is none that is remembered, or it is not as it was written.
    """
    by_number = {line.number: line for line in lines}
    if number not in by_number:
        raise StateError(_no_such(lines, number), summary="No such apply")
    since = [head_of(line) for line in lines if line.number > number]
    to = base = head_of(by_number[number])
    while base.back_to is not None and base.back_to in by_number and base.back_to < base.number:
        base = head_of(by_number[base.back_to])  # whose commit declares what *to* left
    return Rollback(to, *_revert(base, since, has_merges))


def _no_such(lines: Sequence[Line], number: int) -> str:
    if not lines:
        return "no apply is remembered beside this state, so there is nothing to go back to"
    first, last = lines[0].number, lines[-1].number
    if number < 1:
        return "applies are counted from @1. To delete everything that the state knows, type\n  hmsplan apply --destroy"
    why = f"@{number} is forgotten" if number < first else f"there is no @{number} yet"
    return f"{why}: the history has @{first} to @{last}. To see them, type{_HISTORY}"


def _refuse_elsewhere(to: Head, workspace: Workspace, state: State) -> None:
    stack = workspace.stack
    for what, then, now in (
        ("environment", to.environment, stack.environment),
        ("organization", to.organization, stack.organization or state.organization),
    ):
        if None not in (then, now) and then != now:
            raise StateError(
                f"@{to.number} is of {what} {plain(str(then))}, and this is {plain(str(now))}. Its ids mean nothing "
                f"here. To see the applies of this one, type{_HISTORY}",
                summary="Apply made elsewhere",
            )


def _needed(lines: Sequence[Line], number: int, state: State) -> list[HistoryEntry]:
    """Read every apply since *number*, and before it the last one that touched each address.

    Raises:
        StateError: one of them was edited, or one is missing among them.
    """
    wanted = set(state.bindings)
    entries: list[HistoryEntry] = []
    for line in reversed(lines):
        refuse_damaged(line)
        head = head_of(line)
        touched = wanted.intersection(head.touched)
        if head.number > number:
            wanted.update(head.touched, head.moved.values())
        if head.number >= number:
            entries.append(read_entry(line))
        elif touched:  # of the others a later one that is not read may tell more
            entry = read_entry(line)
            entries.append(replace(entry, pictures=tuple(each for each in entry.pictures if each.address in touched)))
        if head.number <= number:
            wanted -= head.touched.keys()
            if not wanted:
                break
    return entries[::-1]


def head_of(line: Line) -> Head:
    """Read what a list tells of one apply.

    Raises:
        StateError: it is not as it was written.
    """
    refuse_damaged(line)
    try:
        return line.head
    except ValueError as error:
        raise StateError(f"@{line.number} cannot be read: {error}", summary="History is damaged") from error


def read_entry(line: Line) -> HistoryEntry:
    """Read one apply.

    Raises:
        StateError: it is not as it was written.
    """
    refuse_damaged(line)
    try:
        return line.entry()
    except ValueError as error:
        raise StateError(f"@{line.number} cannot be read: {error}", summary="History is damaged") from error


def refuse_damaged(line: Line) -> None:
    """Refuse what is not as it was written.

    Raises:
        StateError: says which apply.
    """
    if line.problem:
        raise StateError(f"@{line.number} is not to be believed: {line.problem}", summary="History is damaged")


def _secret_names(entries: Sequence[HistoryEntry]) -> set[str]:
    specs = [spec for entry in entries for each in entry.pictures for spec in (each.before, each.after)]
    found = {leaf.name for spec in specs for _, leaf in leaves(spec) if isinstance(leaf, Secret)}
    return found - {Secret.LIVE}


def _revert(base: Head, since: Sequence[Head], has_merges: Callable[[str, str], bool]) -> tuple[str, str]:
    """Return the git command that brings the repository in line with *base*, and what it does not take back.

    ``git revert`` refuses a range with a merge in it; the files are restored then.
    """
    if not since:
        return "", ""
    old, new = base.author.commit, since[-1].author.commit
    if not _COMMIT.fullmatch(old) or not _COMMIT.fullmatch(new):
        head = base if not _COMMIT.fullmatch(old) else since[-1]
        return "", f"@{head.number} does not say its commit, so which ones to revert is not known."
    unclean = [f"@{head.number}" for head in (base, *since) if head.author.is_clean is False and head.back_to is None]
    doubt = f"Local changes of {', '.join(unclean)} are in no commit." if unclean else ""
    if old == new:
        return "", doubt or f"All applies since are of commit {old[:8]}: what differs came from outside of git."
    if has_merges(old, new):
        merged = (
            "Merges lie between, so this restores the files as of then, with what was not applied since. Commit it."
        )
        restore = f"git restore --source={old[:8]} --staged --worktree -- ."
        return restore, " ".join(filter(None, (doubt, merged)))
    return f"git revert --no-edit {old[:8]}..{new[:8]}", doubt

"""The history of applies as people and programs read it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hmsplan.formats.redact import bare
from hmsplan.kinds import KINDS
from hmsplan.model import Action, MembersChange, Plan, ResourceChange, Status
from hmsplan.output.changes import change_lines
from hmsplan.output.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.output.template_copies import TemplateCopies
from hmsplan.planner.diff import diff
from hmsplan.text import timestamps
from hmsplan.text.escape import markdown
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Author, Head, HistoryEntry, Picture

_SHORT: Final = 10
_PAST: Final = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
}
_DONE: Final = {"create": "created", "update": "changed", "delete": "deleted", "bind": "adopted", "forget": "forgotten"}


def history_text(heads: Iterable[Head], problems: Iterable[str], *, width: int, color: bool) -> str:
    """Return the applies, the latest first, one block each."""
    blocks = [list(_head_lines(head)) for head in sorted(heads, key=lambda head: -head.number)]
    lines = [line for block in blocks for line in (*block, BLANK)]
    lines += [title(problem, Tone.ALERT) for problem in problems]
    return paint(lines or [title("No apply is remembered here.")], width=width, color=color).rstrip("\n") + "\n"


def entry_text(entry: HistoryEntry, *, width: int, color: bool) -> str:
    """Return one apply: who, when, from what, and what each touched object was before and after."""
    lines = [*_head_lines(entry.head), Line(f"digest sha256:{entry.head.digest}", "", 1, whole=True), BLANK]
    for picture in entry.pictures:
        lines += [*picture_lines(picture, width), BLANK]
    bad = [deed for deed in entry.deeds if deed.status is not Status.DONE]
    lines += [Line(f"{deed.key}: {deed.status}", "!") for deed in bad]
    return paint(lines, width=width, color=color).rstrip("\n") + "\n"


def versions_text(versions: Iterable[tuple[HistoryEntry, Picture]], *, width: int, color: bool) -> str:
    """Return what happened to one object, the latest first."""
    lines: list[Line] = []
    for entry, picture in sorted(versions, key=lambda each: -each[0].head.number):
        lines += [title(_first(entry.head)), Line(_by(entry.head.author), "", 1), *picture_lines(picture, width), BLANK]
    return paint(lines, width=width, color=color).rstrip("\n") + "\n"


def _head_lines(head: Head) -> Iterator[Line]:
    yield title(_first(head))
    yield Line(_by(head.author), "", 1)
    counts = [f"{number} {_DONE.get(word, word)}" for word, number in head.counts.items()]
    what = ", ".join(counts) or "nothing"
    names = ", ".join(map(str, head.touched[:_SHORT]))
    more = len(head.touched) - _SHORT
    yield Line(f"{what}: {names}{f' and {more} more' if more > 0 else ''}" if names else what, "", 1)
    for allowed in head.approvals:
        yield Line(f"allowed: {safe(allowed)}", "", 1)


def _first(head: Head) -> str:
    return f"@{head.number}  {timestamps.for_people(head.at)}  {safe(head.environment)}, serial {head.serial}"


def _by(author: Author) -> str:
    who = "@".join(filter(None, [safe(author.user), safe(author.host)])) or "not known"
    commit = safe(author.short_commit)
    if commit:
        commit = f"commit {commit}{' with local changes' if author.is_clean is False else ''}"
    return ", ".join(filter(None, [f"by {who}", safe(author.run), commit]))


def picture_lines(picture: Picture, width: int) -> Iterator[Line]:
    """Yield what an apply did to one object, as a plan shows what it is going to do."""
    change = _change(picture)
    plan = Plan("", "", (change,))
    yield Line(f"{picture.address} was {_PAST.get(picture.action, str(picture.action))}", "#")
    _, *lines = change_lines(change, plan, {}, width, TemplateCopies(plan))  # the first one says what is going to be
    yield from lines
    joined, left = sum(picture.joined.values()), sum(picture.left.values())
    if joined or left:
        yield Line(f"{count(joined, 'member')} added, {left} removed", "", 1)


def _change(picture: Picture) -> ResourceChange:
    kind = KINDS[picture.address.kind]
    before = {name: value for name, value in picture.before.items() if name in picture.after or not picture.after}
    fields = diff(kind, picture.after, before) if picture.action is not Action.DELETE else ()
    members = MembersChange() if picture.joined or picture.left else None
    return ResourceChange(picture.address, picture.action, picture.id, before, picture.after, fields, members)


def history_json(heads: Iterable[Head], problems: Iterable[str]) -> dict[str, Any]:
    """Return the applies for a program, the earliest first."""
    return {"format_version": "1.0", "applies": [_head_json(head) for head in heads], "problems": list(problems)}


def _head_json(head: Head) -> dict[str, Any]:
    author = head.author
    return {
        "number": head.number,
        "serial": head.serial,
        "at": timestamps.iso(head.at),
        "user": author.user or None,
        "host": author.host or None,
        "run": author.run or None,
        "commit": author.commit or None,
        "is_clean": author.is_clean,
        "environment": head.environment,
        "organization": head.organization,
        "digest": head.digest,
        "approvals": list(head.approvals),
        "counts": dict(head.counts),
        "touched": list(map(str, head.touched)),
    }


def entry_json(entry: HistoryEntry) -> dict[str, Any]:
    """Return one apply for a program."""
    return {
        "format_version": "1.0",
        **_head_json(entry.head),
        "steps": [
            {"step": deed.key, "action": str(deed.verb), "status": str(deed.status), "id": deed.id}
            for deed in entry.deeds
        ],
        "objects": [picture_json(picture) for picture in entry.pictures],
    }


def picture_json(picture: Picture) -> dict[str, Any]:
    """Return one touched object for a program; a secret is "(sensitive value)"."""
    return {
        "address": str(picture.address),
        "action": str(picture.action),
        "id": picture.id,
        "before": bare(dict(picture.before)),
        "after": bare(dict(picture.after)),
        "members": sum(picture.members.values()),
        "members_added": sum(picture.joined.values()),
        "members_removed": sum(picture.left.values()),
    }


def history_markdown(heads: Iterable[Head], problems: Iterable[str]) -> str:
    """Return the applies as a table, the latest first."""
    rows = ["| apply | when | by | commit | changes |", "|---|---|---|---|---|"]
    for head in sorted(heads, key=lambda head: -head.number):
        cells = [
            f"@{head.number}",
            timestamps.for_people(head.at),
            head.author.user,
            head.author.short_commit,
            ", ".join(map(str, head.touched[:_SHORT])),
        ]
        rows.append(f"| {' | '.join(map(markdown, cells))} |")
    return "\n".join([*rows, *(f"\n**{problem}**" for problem in problems)]) + "\n"

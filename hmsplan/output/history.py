"""The history of applies as people and programs read it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from hmsplan.formats.redact import bare, public_value
from hmsplan.kinds import KINDS
from hmsplan.model import MISSING, Action, MembersChange, Plan, ResourceChange, Status
from hmsplan.output.changes import change_lines
from hmsplan.output.lines import BLANK, Line, Tone, paint, safe, title
from hmsplan.output.markdown import WIDTH, diff_rows
from hmsplan.output.template_copies import TemplateCopies
from hmsplan.output.values import path_text
from hmsplan.planner.diff import diff
from hmsplan.text import timestamps
from hmsplan.text.escape import markdown, markdown_fence
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hmsplan.model import Author, Begun, Head, HistoryEntry, Picture

Version: TypeAlias = "tuple[HistoryEntry, Picture]"
"""An apply that touched an object, and its picture of it."""

_SHORT: Final = 10
_PAST: Final = {
    Action.CREATE: "created",
    Action.UPDATE: "changed",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.FORGET: "forgotten",
}


class Entry(Protocol):
    """A line of the history, whose head is read on demand."""

    @property
    def head(self) -> Head:
        """What a list says of it."""


class Found(Protocol):
    """The history as it was found; see ``operations.history.Audit``."""

    @property
    def lines(self) -> Sequence[Entry]:
        """Those that are shown, oldest first."""

    @property
    def earlier(self) -> int:
        """How many more there are."""

    @property
    def problems(self) -> Sequence[str]:
        """What is not as it was written."""

    @property
    def begun(self) -> Begun | None:
        """The apply that has not ended."""


def history_text(found: Found, *, width: int, color: bool) -> str:
    """Return the applies, the latest first, one block each."""
    blocks = [list(_begun_lines(found.begun))] if found.begun is not None else []
    blocks += [list(_head_lines(line.head)) for line in reversed(found.lines)]
    lines = [line for block in blocks for line in (*block, BLANK)]
    return _painted(lines or [title("No apply is remembered here.")], found, width=width, color=color)


def entry_text(entry: HistoryEntry, problems: Iterable[str], *, width: int, color: bool) -> str:
    """Return one apply: who, when, from what, and what each touched object was before and after."""
    lines = [*_head_lines(entry.head), Line(f"digest sha256:{entry.head.digest}", "", 1, whole=True), BLANK]
    for picture in entry.pictures:
        lines += [*_picture_lines(entry.head, picture, width), BLANK]
    bad = [deed for deed in entry.deeds if deed.status is not Status.DONE]
    lines += [*(Line(f"{deed.key}: {deed.status}", "!") for deed in bad), BLANK]
    lines += [title(problem, Tone.ALERT) for problem in problems]
    return paint(lines, width=width, color=color).rstrip("\n") + "\n"


def versions_text(found: Found, versions: Sequence[Version], *, width: int, color: bool) -> str:
    """Return what happened to one object, the latest first."""
    lines: list[Line] = []
    for entry, picture in reversed(versions):
        lines += [*_title_lines(entry.head), *_picture_lines(entry.head, picture, width), BLANK]
    return _painted(lines, found, width=width, color=color)


def between_text(found: Found, pair: tuple[Version, Version], *, width: int, color: bool) -> str:
    """Return what one object was after one apply and what it was after another, as far as these differ."""
    lines = [line for entry, _ in pair for line in _title_lines(entry.head)]
    return _painted([*lines, BLANK, *_between_lines(pair, width)], found, width=width, color=color, told=False)


def _painted(lines: Iterable[Line], found: Found, *, width: int, color: bool, told: bool = True) -> str:
    end = [title(problem, Tone.ALERT) for problem in found.problems]
    if told and found.earlier:
        end += [title(f"{count(found.earlier, 'earlier one')} not shown. To see all, add --limit 0.", Tone.QUIET)]
    return paint([*lines, *end], width=width, color=color).rstrip("\n") + "\n"


def _head_lines(head: Head) -> Iterator[Line]:
    yield from _title_lines(head)
    for what, names in _done(head).items():
        more = len(names) - _SHORT
        yield Line(f"{what} {', '.join(names[:_SHORT])}{f' and {more} more' if more > 0 else ''}", "", 1)
    if not head.touched:
        yield Line("nothing was written down" if not head.ended else "nothing", "", 1)
    if failed := head.counts.get("failed", 0):
        yield Line(f"{count(failed, 'step')} not done", "", 1, Tone.ALERT)
    for allowed in head.approvals:
        yield Line(f"allowed: {safe(allowed)}", "", 1)


def _done(head: Head) -> dict[str, list[str]]:
    """Return what was done, in words of the past, to the addresses to which it was."""
    found: dict[str, list[str]] = {}
    for what in (*_PAST, "failed"):
        names = [str(address) for address, action in sorted(head.touched.items()) if action == what]
        if names:
            found[_PAST[Action(what)] if what in _PAST else str(what)] = names
    if head.moved:
        found["renamed"] = [f"{origin} to {address}" for address, origin in sorted(head.moved.items())]
    return found


def _title_lines(head: Head) -> Iterator[Line]:
    at = timestamps.for_people(head.at)
    yield title(f"@{head.number}  {at}  {safe(head.environment)}, serial {head.serial}")
    yield Line(_by(head.author), "", 1)
    if head.back_to is not None:
        yield Line(f"rolled back to @{head.back_to}", "", 1)
    if not head.ended:
        yield Line("did not end: it was killed, and this is what its journal knew", "", 1, Tone.ALERT)


def _begun_lines(begun: Begun) -> Iterator[Line]:
    yield title(f"{timestamps.for_people(begun.at)}  an apply began that has not ended: it is under way, or was killed")
    yield Line(_by(begun.author), "", 1)
    if begun.touched:
        yield Line(f"so far it wrote down {', '.join(map(str, begun.touched[:_SHORT]))}", "", 1)


def _by(author: Author) -> str:
    who = "@".join(filter(None, [safe(author.user), safe(author.host)])) or "not known"
    commit = safe(author.short_commit)
    if commit:
        commit = f"commit {commit}{' with local changes' if author.is_clean is False else ''}"
    return ", ".join(filter(None, [f"by {who}", safe(author.run), commit]))


def _between_lines(pair: tuple[Version, Version], width: int) -> Iterator[Line]:
    (first, _), (second, picture) = pair
    yield Line(f"{picture.address} from @{first.head.number} to @{second.head.number}", "#")
    change = _difference(pair)
    plan = Plan("", "", (change,))
    _, *lines = change_lines(change, plan, {}, width, TemplateCopies(plan))
    yield from lines if change.fields else [Line("(it was the same)", "#", tone=Tone.QUIET)]


def _difference(pair: tuple[Version, Version]) -> ResourceChange:
    """Return the change that leads from what an object was after one apply to what it was after another."""
    (_, old), (_, new) = pair
    kind = KINDS[new.address.kind]
    gone = dict.fromkeys(old.after.keys() - new.after.keys())
    fields = diff(kind, {**gone, **new.after}, old.after)
    return ResourceChange(new.address, Action.UPDATE, new.id, old.after, new.after, fields)


def _picture_lines(head: Head, picture: Picture, width: int) -> Iterator[Line]:
    """Yield what an apply did to one object, as a plan shows what it is going to do."""
    change = _change(picture)
    plan = Plan("", "", (change,))
    origin = head.moved.get(picture.address)
    done = [_PAST[picture.action]] if picture.action in _PAST else [] if origin else ["left as it was"]
    done += [f"renamed from {origin}"] if origin else []
    yield Line(f"{picture.address} was {' and '.join(done)}", "#")
    _, *lines = change_lines(change, plan, {}, width, TemplateCopies(plan))  # the first one says what is going to be
    yield from lines
    joined, left = sum(picture.joined.values()), sum(picture.left.values())
    members = KINDS[picture.address.kind].members
    if members is not None and (joined or left):
        yield Line(f"{joined} {members.singular if joined == 1 else members.name} added, {left} removed", "", 1)


def _change(picture: Picture) -> ResourceChange:
    kind = KINDS[picture.address.kind]
    before = {name: value for name, value in picture.before.items() if name in picture.after or not picture.after}
    fields = diff(kind, picture.after, before) if picture.action is not Action.DELETE else ()
    members = MembersChange() if picture.joined or picture.left else None
    return ResourceChange(picture.address, picture.action, picture.id, before, picture.after, fields, members)


def history_json(found: Found) -> dict[str, Any]:
    """Return the applies for a program, the earliest first."""
    return {
        "format_version": "1.0",
        "applies": [_head_json(line.head) for line in found.lines],
        "earlier": found.earlier,
        "begun": _begun_json(found.begun) if found.begun is not None else None,
        "problems": list(found.problems),
    }


def _begun_json(begun: Begun) -> dict[str, Any]:
    return {"at": timestamps.iso(begun.at), **_author_json(begun.author), "touched": list(map(str, begun.touched))}


def _author_json(author: Author) -> dict[str, Any]:
    return {
        "user": author.user or None,
        "host": author.host or None,
        "run": author.run or None,
        "commit": author.commit or None,
        "is_clean": author.is_clean,
    }


def _head_json(head: Head) -> dict[str, Any]:
    return {
        "number": head.number,
        "serial": head.serial,
        "at": timestamps.iso(head.at),
        "read_at": timestamps.iso(head.read) if head.read else None,
        "ended": head.ended,
        **_author_json(head.author),
        "environment": head.environment,
        "organization": head.organization,
        "digest": head.digest,
        "approvals": list(head.approvals),
        "counts": dict(head.counts),
        "changes": {str(address): what for address, what in head.touched.items()},
        "back_to": head.back_to,
        "moved": {str(address): str(origin) for address, origin in head.moved.items()},
    }


def entry_json(entry: HistoryEntry, problems: Iterable[str]) -> dict[str, Any]:
    """Return one apply for a program."""
    return {
        "format_version": "1.0",
        **_head_json(entry.head),
        "steps": [
            {"step": deed.key, "action": str(deed.verb), "status": str(deed.status), "id": deed.id}
            for deed in entry.deeds
        ],
        "objects": [_picture_json(entry.head, picture) for picture in entry.pictures],
        "problems": list(problems),
    }


def versions_json(found: Found, versions: Iterable[Version]) -> dict[str, Any]:
    """Return what happened to one object for a program, the earliest first."""
    told = [{**_short_json(entry.head), **_picture_json(entry.head, picture)} for entry, picture in versions]
    return {"format_version": "1.0", "versions": told, "earlier": found.earlier, "problems": list(found.problems)}


def between_json(found: Found, pair: tuple[Version, Version]) -> dict[str, Any]:
    """Return how an object differs after two applies, for a program; a side without the field has no key."""
    (first, _), (second, picture) = pair
    kind = KINDS[picture.address.kind]
    fields = []
    for field in _difference(pair).fields:
        sides = {"before": field.before, "after": field.after}
        values = {name: public_value(kind, field.path, value) for name, value in sides.items() if value is not MISSING}
        fields.append({"path": list(field.path), "field": path_text(kind, field.path), **values})
    return {
        "format_version": "1.0",
        "address": str(picture.address),
        "from": _short_json(first.head),
        "to": _short_json(second.head),
        "fields": fields,
        "problems": list(found.problems),
    }


def _short_json(head: Head) -> dict[str, Any]:
    return {"number": head.number, "at": timestamps.iso(head.at), "ended": head.ended, **_author_json(head.author)}


def _picture_json(head: Head, picture: Picture) -> dict[str, Any]:
    """Return one touched object for a program; a secret is "(sensitive value)"."""
    origin = head.moved.get(picture.address)
    return {
        "address": str(picture.address),
        "moved_from": str(origin) if origin else None,
        "action": str(picture.action),
        "id": picture.id,
        "before": bare(dict(picture.before)),
        "after": bare(dict(picture.after)),
        "members": sum(picture.members.values()),
        "members_added": sum(picture.joined.values()),
        "members_removed": sum(picture.left.values()),
    }


def history_markdown(found: Found) -> str:
    """Return the applies as a table, the latest first."""
    rows = ["| apply | when | by | commit | changes |", "|---|---|---|---|---|"]
    for line in reversed(found.lines):
        head = line.head
        done = [f"{what} {', '.join(names[:_SHORT])}" for what, names in _done(head).items()]
        cells = [
            f"@{head.number}",
            timestamps.for_people(head.at),
            head.author.user,
            head.author.short_commit,
            "; ".join(filter(None, [_how(head), *done])),
        ]
        rows.append(f"| {' | '.join(map(markdown, cells))} |")
    return _with_problems(rows, found)


def _how(head: Head) -> str:
    return f"rolled back to @{head.back_to}" if head.back_to is not None else "" if head.ended else "did not end"


def versions_markdown(found: Found, versions: Sequence[Version]) -> str:
    """Return what happened to one object, the latest first, each as a block that GitHub colours."""
    rows: list[str] = []
    for entry, picture in reversed(versions):
        rows += [
            *_title_rows(entry.head),
            markdown_fence(diff_rows(_picture_lines(entry.head, picture, WIDTH)), "diff"),
            "",
        ]
    return _with_problems(rows, found)


def between_markdown(found: Found, pair: tuple[Version, Version]) -> str:
    """Return how an object differs after two applies, as a block that GitHub colours."""
    rows = [row for entry, _ in pair for row in _title_rows(entry.head)]
    return _with_problems([*rows, markdown_fence(diff_rows(_between_lines(pair, WIDTH)), "diff")], found)


def entry_markdown(entry: HistoryEntry, problems: Iterable[str]) -> str:
    """Return one apply, each touched object as a block that GitHub colours."""
    rows = [*_rows(_head_lines(entry.head)), f"digest `sha256:{entry.head.digest}`", ""]
    for picture in entry.pictures:
        rows += [markdown_fence(diff_rows(_picture_lines(entry.head, picture, WIDTH)), "diff"), ""]
    rows += [f"- {markdown(f'{deed.key}: {deed.status}')}" for deed in entry.deeds if deed.status is not Status.DONE]
    return "\n".join([*rows, *(f"\n**{markdown(problem)}**" for problem in problems)]).rstrip("\n") + "\n"


def _title_rows(head: Head) -> list[str]:
    return _rows(_title_lines(head))


def _rows(lines: Iterable[Line]) -> list[str]:
    first, *more = lines
    return [f"**{markdown(first.text)}**", "", *(markdown(line.text) for line in more), ""]


def _with_problems(rows: Iterable[str], found: Found) -> str:
    more = [f"\n{count(found.earlier, 'earlier one')} not shown."] if found.earlier else []
    return "\n".join([*rows, *(f"\n**{markdown(problem)}**" for problem in found.problems), *more]) + "\n"

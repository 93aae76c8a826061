"""``fleet.yaml`` and the CSV file beside it become a ``Fleet``, or every problem at once."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.confined import FLEET_FILE, STACK_FILE, Folder
from hmsplan.config.csv_table import Rows, header_problems
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.problems import Problems
from hmsplan.config.schema_violation import violations_of
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError
from hmsplan.fleet.values import ALL_AT_ONCE, SECRET, Fleet, Member, StopOn, Wave, in_waves
from hmsplan.model import Diagnostic, Severity, SourceLine, Variable, VariableOrigin, has_severity
from hmsplan.text import wording
from hmsplan.text.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from hmsplan.config.document import Document, Node
    from hmsplan.config.schema_violation import SchemaViolation

_SCHEMA: Final = "fleet.schema.json"
_MEMBER: Final = f"{_SCHEMA}#/$defs/member"
_CSV: Final = re.compile(r"\$\{csv:([^{}\n]+)\}")
_NAME: Final = "name"
_MOST_TOLD: Final = 3
"""Rows with one and the same mistake; the others are counted."""
_LIKELY: Final = re.compile("name|naam|client|klant|customer|member", re.IGNORECASE)
_ABOUT: Final = ("name", "key", "environment", "stack", "organization")
"""The columns that say something of a member; ``tags`` holds several words.

A column ``secret:name`` says under which name the member keeps that secret; every other one is a variable.
"""
_SECRET_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KEY_ITSELF: Final = re.compile(r"fl_[A-Za-z0-9_]{6,}")
_SECRET_ITSELF: Final = re.compile(r"(?:fl_live|fl_test|whsec|ghp)_[A-Za-z0-9_]{6,}")


def load_fleet(root: Path, file: str = FLEET_FILE) -> Fleet:
    """Read and validate a fleet file and what it names; the stacks of its members are not read.

    Args:
        root: the folder of the file; nothing is read outside it.
        file: its name.

    Raises:
        ConfigError: carries every problem at once.
    """
    folder = Folder(str(root))
    try:
        document = parse(folder.read_bytes(folder.real(file), file), file)
    except FileProblem as problem:
        raise ConfigError([_unread(problem, root, file)]) from None
    problems = Problems()
    problems += _of_the_schema(document)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConfigError(problems)
    loader = _Loader(folder, document, problems)
    members = tuple(loader.overridden(list(loader.members())))
    fleet = Fleet(file, members, _waves(document), StopOn(document.value.get("stop_on", StopOn.FAILURE)))
    problems += _clashes(members)
    problems += _ambiguous_tags(members)
    problems += _of_the_waves(document, fleet)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ConfigError(problems)
    return replace(fleet, warnings=tuple(problems))


def _unread(problem: FileProblem, root: Path, file: str) -> Diagnostic:
    if problem.summary != "File not found":
        return Diagnostic(problem.summary, problem.detail, SourceLine(file, 1))
    other = file.replace(".yaml", ".yml")
    hint = f" There is a {other}: rename it." if (root / other).is_file() else ""
    place = "this folder" if root == type(root)() else str(root)
    detail = (
        f"There is no {file} in {place}.{hint} It names the organizations of a fleet; docs/fleets.md has one to start "
        "from."
    )
    return Diagnostic("No fleet here", detail)


def _of_the_schema(document: Document) -> Iterator[Diagnostic]:
    value = {} if document.value is None else document.value
    for violation in violations_of(value, _SCHEMA, title="a fleet file", is_secret=_may_be_a_key):
        yield violation._replace(detail=_detail(violation)).told(document.root().locate)


def _detail(violation: SchemaViolation) -> str:
    if violation.summary != "Secret in plain text":
        return violation.detail
    return _NOT_THE_KEY if violation.path[-1] == "key" else _NAME_INSTEAD


_NOT_THE_KEY: Final = (
    "Write the name of the variable that holds the key, or secret:NAME. The key itself does not belong in a file. If "
    "it was ever committed, create another one in the dashboard: git keeps it."
)


_NAME_INSTEAD: Final = (
    "Write the name under which the member's secret is kept. The secret itself does not belong in a file. If it was "
    "ever committed, replace it: git keeps it."
)


def _in_plain_text(about: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where a key or a secret stands in the place of its name, and what to do."""
    if _KEY_ITSELF.fullmatch(about["key"]):
        yield ("key",), _NOT_THE_KEY
    for name, kept in about.get("secrets", {}).items():
        if _SECRET_ITSELF.fullmatch(kept):
            yield ("secrets", name), _NAME_INSTEAD


def _may_be_a_key(path: tuple[str | int, ...]) -> bool:
    return path[-1:] == ("key",) or "secrets" in path[:-1]


class _Loader:
    """Reads the members of one fleet file."""

    def __init__(self, folder: Folder, document: Document, problems: Problems) -> None:
        self._folder, self._document, self._problems = folder, document, problems
        self._shared = str(document.value.get("stack", "."))
        self._stacks: dict[str, str] = {}

    def members(self) -> Iterator[Member]:
        """Yield what can be understood; the rest is told."""
        node = self._document.root().child("members")
        if node is None:
            return
        if isinstance(node.value, str) and (found := _CSV.fullmatch(node.value)):
            yield from self._of_csv(found[1], node)
        else:
            yield from filter(None, map(self._of_yaml, node.items()))

    def overridden(self, members: list[Member]) -> Iterator[Member]:
        """Yield *members* with the overrides that stand at the top of the file."""
        node = self._document.root().child("overrides")
        found = {name: own for name, _, own in node.entries()} if node is not None else {}
        is_whole = not has_severity(self._problems, Severity.ERROR)  # a member that is not understood has a name, too
        for member in members:
            own = found.pop(member.name, None)
            if own is not None and member.overrides is not None:
                detail = (
                    f"{member.name} ({member.source}) has overrides of its own. Which of them would win cannot be "
                    "seen: write all of them in one place."
                )
                self._problems.append(Diagnostic("Overrides in two places", detail, own.source))
            yield replace(member, overrides=self._overrides(own, member.stack)) if own is not None else member
        for name, own in found.items() if is_whole else ():
            guess = wording.did_you_mean(name, [member.name for member in members])
            self._problems.append(Diagnostic("Unknown member", f"No member has the name {name}.{guess}", own.source))

    def _of_yaml(self, node: Node) -> Member | None:
        value = node.value
        place = partial(self._place, node)
        if plain := [Diagnostic("Secret in plain text", why, node.locate(at)) for at, why in _in_plain_text(value)]:
            self._problems += plain
            return None
        stack = self._stack(value.get("stack"), place("stack") if "stack" in value else None)
        return Member(
            value["name"],
            value["key"],
            stack,
            place("name"),
            value.get("environment"),
            value.get("organization"),
            tuple(value.get("tags", ())),
            self._variables(node.child("variables"), stack),
            self._variables(node.child("secrets"), stack),
            self._overrides(node.child("overrides"), stack),
        )

    def _variables(self, node: Node | None, stack: str) -> dict[str, Variable]:
        """Return the entries of a block with their lines."""
        entries = node.entries() if node is not None else ()
        return {name: _variable(at.value, self._document.file, at.source, stack) for name, _, at in entries}

    def _place(self, node: Node, key: str) -> SourceLine:
        return node.locate((key,))

    def _overrides(self, node: Node | None, stack: str) -> Node | None:
        """Return the overrides as a stack sees them: their file lies outside of it."""
        if node is None:
            return None
        return node._replace(document=replace(node.document, file=_seen_from(stack, node.document.file)))

    def _of_csv(self, path: str, node: Node) -> Iterator[Member]:
        try:
            text = self._folder.read_text(path)
        except FileProblem as problem:
            self._problems.append(Diagnostic(problem.summary, problem.detail, node.source))
            return
        rows = Rows.read(text, path, _NAME)
        try:
            header = rows.header()
            columns = {name: rows.cell(at) for at, name in enumerate(header)}
            wrong = list(islice(header_problems(header, rows.source, _NAME, _LIKELY, "member"), 20))
            if not wrong and "key" not in header:
                detail = "The first line names the columns, and one of them has to be key: the name of the variable "
                wrong = [Diagnostic("Missing column", f"{detail}that holds the member's API key.", rows.source)]
            wrong += _bad_secrets(header, rows.source)
            self._problems += wrong
            if not wrong:
                yield from self._of_rows(rows, header, columns, path)
        except csv.Error as error:
            self._problems.append(rows.unreadable(error))

    def _of_rows(self, rows: Rows, header: list[str], columns: Mapping[str, SourceLine], path: str) -> Iterator[Member]:
        is_empty = True
        odd: list[Diagnostic] = []
        unused = columns.keys() - {*_ABOUT, "tags"}
        for row in rows:
            if not any(map(str.strip, row)):
                continue
            is_empty = False
            unused -= {name for name, cell in zip(header, row, strict=False) if cell.strip()}
            if (wrong := rows.wrong_number(row, len(header))) is not None:
                odd.append(wrong)
                if len(odd) <= _MOST_TOLD:
                    self._problems.append(wrong)
            elif (member := self._of_row(rows, dict(zip(header, row, strict=True)), columns, path)) is not None:
                yield member
        if left := odd[_MOST_TOLD:]:
            detail = f"So {'has' if len(left) == 1 else 'have'} {wording.count(len(left), 'more line')}, from here on."
            self._problems.append(replace(left[0], detail=detail))
        if is_empty:
            detail = "Nothing stands below the first line. Write a line for each member."
            self._problems.append(Diagnostic("Too few items", detail, rows.source))
        for name in sorted(unused) if not is_empty else ():
            detail = f"No member has a value in the column {name}. Check its spelling, or take it out."
            self._problems.append(Diagnostic("Empty column", detail, columns[name], severity=Severity.WARNING))

    def _of_row(self, rows: Rows, cells: dict[str, str], columns: Mapping[str, SourceLine], path: str) -> Member | None:
        """Return the member of one row; an empty cell says nothing."""
        place = {name: partial(rows.cell, at) for at, name in enumerate(cells)}
        about: dict[str, Any] = {name: text for name in _ABOUT if (text := cells.pop(name, "").strip())}
        if tags := cells.pop("tags", "").split():
            about["tags"] = tags
        kept = {name: text for name in [*cells] if name.startswith(SECRET) and (text := cells.pop(name).strip())}
        if kept:
            about["secrets"] = {name.removeprefix(SECRET): text for name, text in kept.items()}
        wrong = [
            _in_cell(violation, place, rows.source)
            for violation in violations_of(about, _MEMBER, title="a member", is_secret=_may_be_a_key)
        ]
        for at, why in _in_plain_text(about) if not wrong else ():
            wrong.append(Diagnostic("Secret in plain text", why, place[at[0] if at[0] == "key" else SECRET + at[1]]()))
        self._problems += wrong
        if wrong:
            return None
        stack = self._stack(about.get("stack"), place["stack"]() if "stack" in about else None)
        return Member(
            about["name"],
            about["key"],
            stack,
            place[_NAME](),
            about.get("environment"),
            about.get("organization"),
            tuple(tags),
            {name: _variable(text, path, place[name](), stack) for name, text in cells.items() if text},
            {name.removeprefix(SECRET): _variable(text, path, columns[name], stack) for name, text in kept.items()},
            has_column="organization" in columns,
        )

    def _stack(self, own: str | None, source: SourceLine | None) -> str:
        """Return the folder of a member's stack; that there is none is told once."""
        wanted = self._shared if own is None else own
        if wanted in self._stacks:
            return self._stacks[wanted]
        where = source or self._document.root().locate(("stack",))
        folder = os.path.normpath(wanted)
        real = os.path.realpath(f"{self._folder.root}/{folder}")
        inside = real == self._folder.root or real.startswith(f"{self._folder.root.rstrip('/')}/")
        if os.path.isabs(wanted) or ".." in folder.split("/") or not inside:  # noqa: PTH117 -- a text of the file
            detail = (
                f"{wording.shown(wanted)} lies outside the folder of {self._document.file}. Name a folder below it."
            )
            self._problems.append(Diagnostic("Path outside the fleet", detail, where))
        elif not os.path.isfile(f"{real}/{STACK_FILE}"):  # noqa: PTH113 -- a text of the file
            detail = f"There is no {STACK_FILE} in {folder}, so it is not a stack."
            self._problems.append(Diagnostic("No stack there", detail, where))
        self._stacks[wanted] = folder
        return folder


def _bad_secrets(header: Iterable[str], source: SourceLine) -> Iterator[Diagnostic]:
    for column in header:
        if column.startswith(SECRET) and _SECRET_NAME.fullmatch(column.removeprefix(SECRET)) is None:
            detail = f"{column} names no secret. Write {SECRET} and the name in ${{secret:name}} of the stack."
            yield Diagnostic("Bad column", detail, source)


def _in_cell(violation: SchemaViolation, place: Mapping[str, Callable[[], SourceLine]], row: SourceLine) -> Diagnostic:
    names = (name for part in violation.path for name in (str(part), f"{SECRET}{part}"))
    column = next((name for name in names if name in place), None)
    return Diagnostic(violation.summary, _detail(violation), place[column]() if column is not None else row)


def _seen_from(stack: str, file: str) -> str:
    """Return the path of a file beside the fleet file as it is from the folder of a stack."""
    return os.path.relpath(file, stack).replace(os.sep, "/")


def _variable(value: Any, file: str, source: SourceLine, stack: str) -> Variable:
    place = replace(source, file=_seen_from(stack, file))
    return Variable(value, VariableOrigin.FLEET, file, place)


def _waves(document: Document) -> tuple[Wave, ...]:
    return (
        tuple(
            Wave(
                tuple(wave.get("members", ())),
                int(wave["share"].removesuffix("%")) if "share" in wave else None,
                seconds(wave["after"]) if "after" in wave else 0,
            )
            for wave in document.value.get("waves", ())
        )
        or ALL_AT_ONCE
    )


def _clashes(members: Iterable[Member]) -> Iterator[Diagnostic]:
    """Yield what two members have in common and may not: name, key, organization."""
    first: dict[tuple[str, str], Member] = {}
    for member in members:
        marks = {"name": member.name, "key": member.key, "organization": member.organization}
        for what, value in marks.items():
            if not value:
                continue
            other = first.setdefault((what, value), member)
            if other is not member:
                yield _clash(what, value, member, other)


def _ambiguous_tags(members: Iterable[Member]) -> Iterator[Diagnostic]:
    """Yield the tags that are names of members: --member would mean both."""
    names = {member.name: member for member in members}
    for member in names.values():
        for tag in member.tags:
            if tag in names:
                detail = (
                    f"{tag} is also the name of a member ({names[tag].source}), so --member would select both. "
                    "Rename the tag."
                )
                yield Diagnostic("Tag is a name", detail, member.source)


def _clash(what: str, value: str, member: Member, other: Member) -> Diagnostic:
    match what:
        case "name":
            detail = f"{other.source} has a member {value} already. State is kept under the name: choose another."
            return Diagnostic("Duplicate member", detail, member.source)
        case "key":
            detail = (
                f"{other.name} ({other.source}) uses the key {value}, too, so both would manage the same organization, "
                "and each would delete what the other creates. Give each member its own key."
            )
            return Diagnostic("Key of two members", detail, member.source)
        case _:
            detail = f"{other.name} ({other.source}) is organization {value}, too. One organization is one member."
            return Diagnostic("Organization of two members", detail, member.source)


def _of_the_waves(document: Document, fleet: Fleet) -> Iterator[Diagnostic]:
    node = document.root().child("waves")
    if node is None:
        return
    last = 0
    for wave, item in zip(fleet.waves, node.items(), strict=True):
        if wave is fleet.waves[0] and wave.after_s:
            detail = "The first wave has none before it and begins at once. To begin later, run the apply later."
            yield Diagnostic("Nothing to wait for", detail, item.locate(("after",)), severity=Severity.WARNING)
        for pattern in wave.members:
            if not any(member.fits(pattern) for member in fleet.members):
                guess = wording.did_you_mean(pattern, [member.name for member in fleet.members])
                detail = f"No member has a name or tag that matches {pattern}.{guess}"
                yield Diagnostic("Wave without members", detail, item.source, severity=Severity.WARNING)
        if wave.share is not None and wave.share <= last:
            detail = f"An earlier wave reaches {last}%, so this one is empty. Shares have to grow: 10%, 50%, 100%."
            yield Diagnostic("Empty wave", detail, item.source)
        last = wave.share or last
    reached = sum(map(len, in_waves(fleet, fleet.members)))
    if left := len(fleet.members) - reached:
        detail = f"The waves do not reach {wording.count(left, 'member')}. End with share: 100%."
        yield Diagnostic("Members in no wave", detail, node.source, severity=Severity.WARNING)

"""Which edits of a stack's files mean exactly what they should: each is tried by reading the stack as it would be.

Defaults, bases, templates, variables and prompt files are shared, in ways that need no list here: an edit that changes
anything else than the value it is for, in this environment or in another one, is not made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from hmsplan.config.confined import ENVIRONMENTS, Folder
from hmsplan.config.environments import environments
from hmsplan.errors import ConfigError
from hmsplan.export.edit.splices import CannotEdit, Splice, spliced
from hmsplan.kinds import KINDS
from hmsplan.model import EMPTY, Severity, dotted
from hmsplan.planner.diff import diff, differences, overlap
from hmsplan.planner.drift import gone_members
from hmsplan.planner.request_body import resolve
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmsplan.model import Address, Binding, Diagnostic, FieldPath, Resource, Snapshot, SourceLine, Spec, Stack

_BOM: Final = "\ufeff"
_MOST_NAMED: Final = 4


class Reload(Protocol):
    """Reads the stack as it would be with other files; None = in the environment of this run."""

    def __call__(self, environment: str | None, instead: Mapping[str, bytes]) -> Stack:
        """Return the stack; raises ``ConfigError``."""


class Way(NamedTuple):
    """One way to write a value: each file with what is replaced there."""

    splices: tuple[tuple[str, Splice], ...]


@dataclass(slots=True)
class Unit:
    """One value that is written as a whole.

    Attributes:
        path: of the value; of a list with named items, of which some came or went, that of the list.
        paths: what drifted in it.
        ways: how it can be written, the best first.
        place: what the value belongs to, for people: ``bases.desk``, or a file.
        places: where it is written.
        reason: why it is not written; "" while nothing speaks against it.
        is_shared: it is not written because others share it.
    """

    address: Address
    path: FieldPath
    paths: tuple[FieldPath, ...]
    ways: list[Way] = field(default_factory=list)
    place: str = ""
    places: tuple[SourceLine, ...] = ()
    reason: str = ""
    is_shared: bool = False


class Live(NamedTuple):
    """What is live, and what the state knows of it."""

    snapshot: Snapshot
    bindings: Mapping[Address, Binding]
    lineage: str

    @property
    def ids(self) -> dict[Address, str]:
        """Every bound address with its id."""
        return {address: binding.id for address, binding in self.bindings.items()}

    def fields(self, address: Address) -> Spec:
        """Return the live fields of a bound object; empty for one that is gone."""
        live = self.snapshot.get(address.kind, self.bindings[address].id)
        return live.fields if live is not None else EMPTY


@dataclass(slots=True)
class Trial:
    """Tries edits.

    Attributes:
        units: all that could be written, those that this run leaves alone, too: another may change them as they want.
        shared: an edit may change others.
    """

    folder: Folder
    stack: Stack
    reload: Reload
    live: Live
    units: Sequence[Unit]
    shared: bool = False
    _texts: dict[str, str] = field(default_factory=dict)
    _elsewhere: dict[str, Stack | None] = field(default_factory=dict)

    def text(self, path: str) -> str:
        """Return a file as it is, without a byte order mark."""
        return self.raw(path).removeprefix(_BOM)

    def raw(self, path: str) -> str:
        """Return a file as it is."""
        if path not in self._texts:
            self._texts[path] = self.folder.read_bytes(self.folder.real(path), path).decode("utf-8")
        return self._texts[path]

    def accept(self, units: Sequence[Unit]) -> dict[str, tuple[bytes, bytes]]:
        """Return the files that change, by real path, with what they hold before and after.

        Each of *units* that cannot be written gets its reason.
        """
        accepted: list[tuple[Unit, Way]] = []
        self._try([unit for unit in units if unit.ways and not unit.reason], accepted)
        texts = self._edited([way for _, way in accepted])
        return {self._real(path): (self.raw(path).encode(), text.encode()) for path, text in texts.items()}

    def _try(self, units: Sequence[Unit], accepted: list[tuple[Unit, Way]]) -> None:
        """Accept all at once where that is right, and else each half on its own."""
        if not units:
            return
        chosen = [(unit, unit.ways[0]) for unit in units]
        reason = self._judge([*accepted, *chosen])
        if not reason:
            accepted += chosen
        elif len(units) == 1:
            (unit,) = units
            for way in unit.ways[1:]:
                if not self._judge([*accepted, (unit, way)]):
                    accepted.append((unit, way))
                    return
            unit.reason = reason
        else:
            self._try(units[: len(units) // 2], accepted)
            self._try(units[len(units) // 2 :], accepted)

    def _edited(self, ways: Sequence[Way]) -> dict[str, str]:
        splices: dict[str, list[Splice]] = {}
        for way in ways:
            for path, splice in way.splices:
                splices.setdefault(path, []).append(splice)
        mark = {path: _BOM if self.raw(path).startswith(_BOM) else "" for path in splices}
        return {path: mark[path] + spliced(self.text(path), found) for path, found in splices.items()}

    def instead(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        """Return what ``load_stack`` reads in the place of files."""
        return {self._real(path): text.encode() for path, text in texts.items()}

    def _real(self, path: str) -> str:
        """Return the path below the root without symbolic links."""
        return self.folder.real(path)[len(self.folder.root.rstrip("/")) + 1 :]

    def _judge(self, chosen: Sequence[tuple[Unit, Way]]) -> str:
        """Say why edits are not right together; "" when they are."""
        try:
            texts = self._edited([way for _, way in chosen])
            after = self.reload(None, self.instead(texts))
        except CannotEdit as reason:
            return str(reason)
        except ConfigError as error:
            return f"the stack would not be valid: {_first(error.diagnostics)}"
        touched, last = dict(_touched(self.stack, after)), chosen[-1][0]
        others = [address for address, paths in touched.items() if not all(self._is_meant(address, p) for p in paths)]
        if last.address in others:
            return "it cannot be written without a change of another field"
        done = {id(unit) for unit, _ in chosen}
        wanted = (u for u in self.units if id(u) in done or _is_touched(u, touched.get(u.address, set())))
        missed = [unit for unit in wanted if not self._is_live(after, unit)]
        names = [] if self.shared else [*_some(map(str, others)), *(() if missed else self._other_environments(texts))]
        last.is_shared = bool(names)
        if names:
            return f"{last.place} is shared, and {wording.listed(names)} would change too"
        return _why_not(missed[0], last) if missed else ""

    def _is_meant(self, address: Address, path: FieldPath) -> bool:
        return any(unit.address == address and path[: len(unit.path)] == unit.path for unit in self.units)

    def _is_live(self, stack: Stack, unit: Unit) -> bool:
        """Say whether what is declared for *unit* is what is live."""
        kind, binding = KINDS[unit.address.kind], self.live.bindings[unit.address]
        resource = stack.resources.get(unit.address)
        live = self.live.snapshot.get(unit.address.kind, binding.id)
        if resource is None or live is None:
            return False
        if kind.members is not None and unit.path == (kind.members.name,):
            return not gone_members(kind, binding, resource.members or (), self.live.snapshot, self.live.lineage)
        differ = diff(kind, resolve(resource.spec, self.live.ids), live.fields)
        return not any(overlap(path, change.path) for change in differ for path in unit.paths)

    def _other_environments(self, texts: Mapping[str, str]) -> Iterator[str]:
        """Name the other environments whose resources would change, or may change as they cannot be read here."""
        if all(self._is_own(path) for path in texts):
            return
        for name in sorted(environments(self.folder).keys() - {self.stack.environment}):
            if name not in self._elsewhere:
                self._elsewhere[name] = self._read(name, EMPTY)
            before = self._elsewhere[name]
            after = self._read(name, self.instead(texts)) if before is not None else None
            if before is None or after is None:
                yield f"environment {name}, which cannot be read here,"
            elif any(True for _ in _touched(before, after)):
                yield f"environment {name}"

    def _is_own(self, path: str) -> bool:
        """Say whether a file belongs to the environment of this run alone."""
        own = f"{ENVIRONMENTS}/{self.stack.environment}"
        return path in {f"{own}.yaml", f"{own}.yml"} or path.startswith(f"{own}/")

    def _read(self, environment: str, instead: Mapping[str, bytes]) -> Stack | None:
        try:
            return self.reload(environment, instead)
        except ConfigError:
            return None


def _touched(before: Stack, after: Stack) -> Iterator[tuple[Address, set[FieldPath]]]:
    """Yield each resource that differs, with the paths of what does; an empty path for what is not comparable."""
    for address in sorted({*before.resources, *after.resources}):
        one, other = before.resources.get(address), after.resources.get(address)
        if one is None or other is None:
            yield address, {()}
        elif paths := _differences(one, other):
            yield address, paths


def _differences(one: Resource, other: Resource) -> set[FieldPath]:
    kind = KINDS[one.address.kind]
    found = differences(kind, one.spec, other.spec)
    if kind.members is not None and one.members != other.members:
        found.add((kind.members.name,))
    if one.lifecycle != other.lifecycle:
        found.add(())
    return found | {*one.secret_paths} ^ {*other.secret_paths}


def _is_touched(unit: Unit, paths: set[FieldPath]) -> bool:
    return any(path[: len(unit.path)] == unit.path for path in paths)


def _some(names: Iterator[str]) -> list[str]:
    found = list(names)
    more = len(found) - _MOST_NAMED
    return [*found[:_MOST_NAMED], f"{more} more"] if more > 0 else found


def _first(problems: Sequence[Diagnostic]) -> str:
    first = next(each for each in problems if each.severity is Severity.ERROR)
    return f"{first.summary}: {first.detail}"


def _why_not(missed: Unit, unit: Unit) -> str:
    if missed.address != unit.address:
        what = f"{missed.address} {dotted(missed.path)}"
        return f"{unit.place} is shared with {what}, whose live value is another one"
    return "what is declared would still not be what is live"

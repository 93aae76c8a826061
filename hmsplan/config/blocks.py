"""``moved:``, ``imports:`` and ``removed:``, which say what became of addresses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.config import schema
from hmsplan.config.interpolation import BadInterpolation
from hmsplan.config.schema_violation import violations_of
from hmsplan.model import Address, Diagnostic, Import, Move, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hmsplan.config.document import Node
    from hmsplan.config.problems import Problems

NAMES = ("moved", "imports", "removed")


@dataclass(slots=True)
class Blocks:
    """What the blocks of all files say."""

    problems: Problems
    moved: list[Move] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    removed: dict[Address, SourceLine] = field(default_factory=dict)

    def add(self, name: str, node: Node, fill: Callable[[str], str]) -> None:
        """Take in one block of one file; *fill* resolves the variables of an id."""
        if node.value is None:
            return
        pointer = f"{schema.RESOURCES}#/properties/{name}"
        if violations := violations_of(node.value, pointer, title=name):
            self.problems += [violation.told(node.locate, at=(name,)) for violation in violations]
            return
        for item in node.items():
            match name:
                case "moved":
                    self._add_moved(item)
                case "imports":
                    self._add_import(item, fill)
                case _:
                    self._add_removed(item)

    def _add_moved(self, item: Node) -> None:
        origin, target = Address.parse(item.value["from"]), Address.parse(item.value["to"])
        if origin.kind != target.kind:
            detail = f"{origin} cannot become {target}: an object keeps its kind."
            self.problems.append(Diagnostic("Move to another kind", detail, item.source))
        elif origin == target:
            detail = f"{origin} is moved to itself. Take the entry out."
            self.problems.append(Diagnostic("Move without effect", detail, item.source))
        else:
            self.moved.append(Move(origin, target, item.source))

    def _add_import(self, item: Node, fill: Callable[[str], str]) -> None:
        try:
            found = fill(item.value["id"]) if "${" in item.value["id"] else item.value["id"]
        except BadInterpolation as error:
            self.problems.append(Diagnostic(error.summary, error.detail, item.locate(("id",))))
            return
        self.imports.append(Import(Address.parse(item.value["to"]), found, item.source))

    def _add_removed(self, item: Node) -> None:
        address = Address.parse(item.value)
        if address in self.removed:
            detail = f"{address} stands under removed already, at {self.removed[address]}."
            self.problems.append(Diagnostic("Repeated entry", detail, item.source))
        self.removed.setdefault(address, item.source)

    def check(
        self, declared: Collection[Address], excluded: Collection[Address], doubtful: Callable[[Address], bool]
    ) -> None:
        """Hold the entries against what is declared, and drop those about excluded addresses."""
        exists = {*declared, *excluded}
        origins: dict[Address, Move] = {}
        targets: dict[Address, Move] = {}
        for move in self.moved:
            self._check_move(move, exists, origins, targets)
        self._check_chains(origins, exists, doubtful)
        self._check_imports(exists, doubtful)
        for address, source in self.removed.items():
            if address in exists:
                detail = f"{address} is declared and removed at once. Take out one of the two."
                self.problems.append(Diagnostic("Still declared", detail, source, address))
        self.moved = [move for move in self.moved if move.target not in excluded]
        self.imports = [entry for entry in self.imports if entry.target not in excluded]

    def _check_move(
        self, move: Move, exists: Collection[Address], origins: dict[Address, Move], targets: dict[Address, Move]
    ) -> None:
        if move.origin in exists:
            detail = f"{move.origin} is moved to {move.target} and still declared. Rename it, or take the move out."
            self.problems.append(Diagnostic("Still declared", detail, move.source, move.origin))
        for known, address, role in ((origins, move.origin, "from"), (targets, move.target, "to")):
            if address in known:
                detail = f"Another move {role} {address} stands at {known[address].source}; one object has one address."
                self.problems.append(Diagnostic("Conflicting moves", detail, move.source, address))
            known.setdefault(address, move)

    def _check_chains(
        self, origins: Mapping[Address, Move], exists: Collection[Address], doubtful: Callable[[Address], bool]
    ) -> None:
        walked = set[Address]()
        for move in self.moved:
            chain, at = {move.origin: 0}, move.target
            while at in origins and at not in chain and at not in walked:
                chain[at] = len(chain)
                at = origins[at].target
            if at in chain and at not in walked:
                circle = [*list(chain)[chain[at] :], at]
                self.problems.append(
                    Diagnostic("Moves in a circle", f"{wording.chain(map(str, circle))}.", move.source, move.origin)
                )
            walked.update(chain)
            is_known = move.target in origins or move.target in exists or move.origin in exists
            if not is_known and not doubtful(move.target):
                self.problems.append(undeclared(move.target, exists, move.source, "The move leads to"))

    def _check_imports(self, exists: Collection[Address], doubtful: Callable[[Address], bool]) -> None:
        by_target: dict[Address, Import] = {}
        by_id: dict[tuple[str, str], Import] = {}
        for entry in self.imports:
            if entry.target not in exists and not doubtful(entry.target):
                self.problems.append(undeclared(entry.target, exists, entry.source, "The import is for"))
            key = (entry.target.kind, entry.id.lower())
            other: Any = by_target.get(entry.target) or by_id.get(key)
            if other is not None:
                detail = f"{entry.target} and {entry.id} can be imported once; see {other.source}."
                self.problems.append(Diagnostic("Repeated entry", detail, entry.source, entry.target))
            by_target.setdefault(entry.target, entry)
            by_id.setdefault(key, entry)


def undeclared(address: Address, exists: Collection[Address], source: SourceLine, what: str) -> Diagnostic:
    """Return the problem of an entry for *address*, which is not one of those that exist."""
    near = wording.nearest(address.key, [known.key for known in exists if known.kind == address.kind])
    guess = f" Did you mean {address.kind}.{near}?" if near else ""
    return Diagnostic("Unknown reference", f"{what} {address}, which no file declares.{guess}", source, address)

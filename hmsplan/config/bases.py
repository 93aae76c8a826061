"""``bases`` of the stack file: partial resources, which a resource takes with ``extends``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config import schema
from hmsplan.config.schema_violation import violations_of
from hmsplan.kinds import A_KIND, KINDS
from hmsplan.model import Diagnostic, Severity, pattern_of
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hmsplan.config.document import Document, Node
    from hmsplan.config.problems import Problems
    from hmsplan.config.schema_violation import SchemaViolation
    from hmsplan.kinds import Kind
    from hmsplan.model import Address

EXTENDS: Final = "extends"
"""The field of a resource that names its bases."""


@dataclass(slots=True)
class Bases:
    """The bases of a stack, and who takes them.

    Attributes:
        known: by name, whatever stands there; None when the stack file could not be read.
        taken: (base, kind) to the first resource of the kind that takes it.
    """

    known: Mapping[str, Node] | None
    problems: Problems
    taken: dict[tuple[str, str], tuple[Address, Node]] = field(default_factory=dict)

    def of(self, address: Address, written: Node) -> list[tuple[str, Node]] | None:
        """Return name and node of each base of a resource, the weakest first; None when one of them is not usable."""
        extends = written.child(EXTENDS)
        if extends is None:
            return []
        if violations := violations_of(extends.value, schema.EXTENDS, title=EXTENDS):
            self.problems += [violation.told(extends.locate, address, (EXTENDS,)) for violation in violations]
            return None
        names = list(extends.items()) if isinstance(extends.value, list) else [extends]
        found = [base for name in names if (base := self._find(address, written, name)) is not None]
        return found if len(found) == len(names) else None

    def _find(self, address: Address, written: Node, name: Node) -> tuple[str, Node] | None:
        if self.known is None:
            return None
        base = self.known.get(name.value)
        if base is None:
            there = f" Declared are: {wording.listed(self.known)}." if self.known else " None are declared."
            guess = wording.did_you_mean(name.value, self.known) or there
            detail = f"There is no {name.value} under bases in hmsplan.yaml.{guess}"
            self.problems.append(Diagnostic("Unknown base", detail, name.source, address, (EXTENDS,)))
            return None
        self.taken.setdefault((name.value, address.kind), (address, written))
        return (name.value, base) if isinstance(base.value, dict) else None  # else told with the stack file

    def check(self) -> Iterator[Diagnostic]:
        """Hold each base against the kinds that take it, so that a mistake in one is told once."""
        for (name, kind), (address, written) in self.taken.items():
            base = (self.known or {})[name]
            taker = f"\n{address}, at {written.source}, takes it with extends: {name}."
            for violation in _violations(base, KINDS[kind]) if isinstance(base.value, dict) else ():
                yield violation._replace(detail=violation.detail + taker).told(base.locate, at=("bases", name))

    def unused(self, elsewhere: Callable[[], Iterable[Document]]) -> Iterator[Diagnostic]:
        """Warn of each base that no resource takes; *elsewhere* is asked for the other files only when one is not."""
        taken = {name for name, _ in self.taken}
        if taken.issuperset(self.known or ()):
            return
        taken.update(name for document in elsewhere() for name in named_in(document))
        for name, node in (self.known or {}).items():
            if name not in taken:
                detail = f"No resource extends {name}. Take it out, or check the spelling where it should be taken."
                yield Diagnostic("Unused base", detail, node.source, path=("bases", name), severity=Severity.WARNING)


def _violations(base: Node, kind: Kind) -> list[SchemaViolation]:
    return violations_of(
        {name: value for name, value in base.value.items() if name != EXTENDS},  # told with the stack file
        f"{schema.of_kind(kind.name)}#/$defs/partial",
        title=A_KIND[kind.name],
        is_secret=lambda path: kind.is_secret(pattern_of(path)),
        aliases=kind.aliases,
    )


def named_in(document: Document) -> Iterator[str]:
    """Yield every name that a resource of a file extends."""
    kinds = document.value if isinstance(document.value, dict) else {}
    for resources in kinds.values():
        for resource in resources.values() if isinstance(resources, dict) else ():
            yield from _names(resource.get(EXTENDS) if isinstance(resource, dict) else None)


def _names(extends: Any) -> list[str]:
    items = extends if isinstance(extends, list) else [extends]
    return [item for item in items if isinstance(item, str)]

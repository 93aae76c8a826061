"""What the files of a stack declare, before a value of a variable or a secret is known. Pure.

Of a fleet, all members that override nothing share it, and with it the resources in which no ``${…}`` stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmsplan.config import schema
from hmsplan.config.approvals import read_approvals
from hmsplan.config.bases import Bases
from hmsplan.config.blocks import undeclared
from hmsplan.config.collect import Collected
from hmsplan.config.layers import layer
from hmsplan.config.member import NO_MEMBER, MemberLayer
from hmsplan.config.problems import Problems
from hmsplan.config.requirement import read_requirement
from hmsplan.config.settings import check_file
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hmsplan.config.document import Document, Node
    from hmsplan.config.layers import Declared
    from hmsplan.model import Approval, Diagnostic, Requirement, Resource, SourceLine


@dataclass(slots=True)
class Sources:
    """Everything that was read.

    Attributes:
        stack: hmsplan.yaml; None when it could not be parsed.
        environment: the file of the chosen environment; None when there is none, or it could not be parsed.
        approvals: approvals.yaml, likewise.
        problems: of files that could not be read or parsed.
        elsewhere: returns the files of the other environments, as far as they can be parsed.
        environments: the names of all environments.
        requires: returns the name of the environment that another one requires; None for none.
        file_of: returns the file of another environment; None for none, or one that cannot be parsed.
        member: what a fleet says of the member that the stack is read for.
        declarations: what all that declares; None = it is worked out when a stack is built.
    """

    environment_name: str
    stack: Document | None = None
    environment: Document | None = None
    approvals: Document | None = None
    resources: list[Document] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)
    elsewhere: Callable[[], Iterable[Document]] = tuple
    environments: Collection[str] = ()
    requires: Callable[[str], str | None] = lambda _: None
    file_of: Callable[[str], Document | None] = lambda _: None
    member: MemberLayer = NO_MEMBER
    declarations: Declarations | None = None

    @property
    def broken(self) -> bool:
        """Whether a file could not be read or parsed, so that what it declares is not known."""
        return has_error(self.problems)


@dataclass(frozen=True, slots=True)
class Declarations:
    """Never changed but for *finished*.

    Attributes:
        problems: everything wrong so far, those of files that could not be parsed too.
        told: those of the settings and the bases, which resources inherit and do not tell again.
        excluded: the addresses that the environment leaves out, with their lines.
        bases: with what was taken of them.
        layered: every resource with its layers merged, the excluded ones too.
        finished: the resources that are the same whatever the variables are, once one stack has been built.
    """

    collected: Collected
    problems: Problems
    told: tuple[Diagnostic, ...]
    excluded: Mapping[Address, SourceLine]
    approvals: tuple[Approval, ...]
    requirement: Requirement | None
    bases: Bases
    layered: Mapping[Address, Declared]
    finished: dict[Address, tuple[Declared, Resource]] = field(default_factory=dict)

    @property
    def written(self) -> Mapping[Address, Node]:
        """Every address, with the node it is written in."""
        return self.collected.written

    @property
    def entries(self) -> list[tuple[str, Node]]:
        """Name and node of each block such as ``moved``."""
        return self.collected.entries

    def doubtful(self, address: Address) -> bool:
        """Say whether *address* may be declared in something that could not be read."""
        return self.collected.doubtful(address)

    def own(self) -> dict[Address, Declared]:
        """Return the resources for one stack, which notes in them what it fills in; finished ones are shared."""
        shared = dict(self.finished)
        return {
            address: shared[address][0] if address in shared else declared.copied()
            for address, declared in self.layered.items()
        }


def read_declarations(sources: Sources) -> Declarations:
    """Return what *sources* declare; what is wrong is in it."""
    problems = Problems()
    problems += sources.problems
    problems += (of_settings := _check_settings(sources))
    collected = Collected(problems)
    for document in sources.resources:
        collected.add(document)
    if sources.broken:
        collected.doubted |= set(KINDS)
    overrides, excluded = _environment(sources.environment, sources.member, collected)
    approvals = read_approvals(sources.approvals, collected.written, problems)
    requirement = read_requirement(
        sources.environment,
        sources.environment_name,
        sources.environments,
        sources.requires,
        sources.file_of,
        problems,
    )
    bases = Bases(_entries_of(sources.stack, "bases") if sources.stack else None, problems)
    layered = layer(collected, _blocks_of(sources.stack, "defaults"), bases, overrides)
    problems += (of_bases := list(bases.check()))
    told = (*of_settings, *of_bases)
    return Declarations(collected, problems, told, excluded, approvals, requirement, bases, layered)


def _check_settings(sources: Sources) -> list[Diagnostic]:
    problems = []
    if sources.stack is not None:
        problems += check_file(sources.stack, schema.STACK, "hmsplan.yaml")
    if sources.environment is not None:
        problems += check_file(sources.environment, schema.ENVIRONMENT, "an environment file")
    return problems


def child_of(document: Document | None, key: str) -> Node | None:
    """Return what stands under *key* at the top of a file."""
    return document.root().child(key) if document is not None else None


def _blocks_of(document: Document | None, key: str) -> dict[str, Node]:
    """Return the entries of a block of blocks, which stands at the top of a file; what is no block is left out."""
    return {name: node for name, node in _entries_of(document, key).items() if isinstance(node.value, dict)}


def _entries_of(document: Document | None, key: str) -> dict[str, Node]:
    """Return the entries of a block that stands at the top of a file."""
    return _entries(child_of(document, key))


def _entries(node: Node | None) -> dict[str, Node]:
    if node is None or not isinstance(node.value, dict):
        return {}
    return {name: child for name, _, child in node.entries()}


def _environment(
    document: Document | None, member: MemberLayer, collected: Collected
) -> tuple[dict[Address, list[Node]], dict[Address, SourceLine]]:
    """Return overrides and excluded addresses with their lines; one that is not there is a problem."""
    overrides: dict[Address, list[Node]] = {}
    of_member = {name: node for name, node in _entries(member.overrides).items() if isinstance(node.value, dict)}
    for text, node in (*_blocks_of(document, "overrides").items(), *of_member.items()):
        address = _address(text)
        if address is not None and _exists(address, collected, "overrides", node):
            overrides.setdefault(address, []).append(node)
    excluded: dict[Address, SourceLine] = {}
    exclude = child_of(document, "exclude")
    for node in exclude.items() if exclude is not None and isinstance(exclude.value, list) else ():
        address = _address(node.value)
        if address is not None and _exists(address, collected, "exclude", node):
            excluded[address] = node.source
    return overrides, excluded


def _exists(address: Address, collected: Collected, what: str, node: Node) -> bool:
    if address in collected.written:
        return True
    if not collected.doubtful(address):
        collected.problems.append(undeclared(address, collected.written, node.source, f"{what} names"))
    return False


def _address(text: Any) -> Address | None:
    """Read an address; a text that is none was reported with the schema."""
    try:
        address = Address.parse(text)
    except (ValueError, TypeError):
        return None
    return address if address.kind in KINDS else None


def has_error(problems: Iterable[Diagnostic]) -> bool:
    """Say whether one of *problems* is more than a warning."""
    return any(problem.severity is Severity.ERROR for problem in problems)

"""Documents become a ``Stack``, or every problem at once. Pure: files arrive parsed, or through a function.

A fast validator says whether a resource fits its schema; only for one that does not, a slow one says why. A reference
into something that could not be read is not reported: one mistake, one message.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hmsplan.config import schema, variables
from hmsplan.config.approvals import read_approvals
from hmsplan.config.bases import Bases
from hmsplan.config.blocks import Blocks, undeclared
from hmsplan.config.collect import Collected
from hmsplan.config.content import Contents
from hmsplan.config.interpolation import FileProblem, names_in, secrets_in, template_files, texts_of
from hmsplan.config.layers import layer
from hmsplan.config.member import NO_MEMBER, MemberLayer
from hmsplan.config.problems import Problems
from hmsplan.config.requirement import read_requirement
from hmsplan.config.resolve import Resolver
from hmsplan.config.resource_builder import ResourceBuilder
from hmsplan.config.settings import check_file, read_lint, read_retention, read_safety, read_settings
from hmsplan.config.windows import for_nothing
from hmsplan.errors import ConfigError
from hmsplan.kinds import KINDS
from hmsplan.model import Address, Diagnostic, Severity, Stack
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hmsplan.config.document import Document, Node
    from hmsplan.model import Approval, Requirement, Resource, Safety, SourceLine
    from hmsplan.secrets.sources import Secrets


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

    @property
    def broken(self) -> bool:
        """Whether a file could not be read or parsed, so that what it declares is not known."""
        return _has_error(self.problems)


def build_stack(
    sources: Sources,
    *,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    secrets: Secrets,
    need_secrets: bool,
    read_text: Callable[[str], str],
) -> Stack:
    """Validate everything. *given* is what ``--var`` said; *read_text* returns a file, or raises ``FileProblem``.

    Raises:
        ConfigError: at least one problem is an error; carries all, warnings included, in the order of the files.
    """
    problems = Problems()
    problems += sources.problems
    problems += (of_settings := _check_settings(sources))
    collected = _collect(sources, problems)
    overrides, excluded = _environment(sources.environment, sources.member, collected)
    approvals = read_approvals(sources.approvals, collected.written, problems)
    requirement = _requirement(sources, problems)
    bases = Bases(_entries_of(sources.stack, "bases") if sources.stack else None, problems)
    declared = layer(collected, _blocks_of(sources.stack, "defaults"), bases, overrides)
    problems += (of_bases := list(bases.check()))
    named = _child(sources.stack, "variables")
    values, of_variables = variables.settle(
        named, _child(sources.environment, "variables"), given, environ, sources.member.variables
    )
    resolver = Resolver(
        declared={address: resource for address, resource in declared.items() if address not in excluded},
        variables={name: variable.value for name, variable in values.items()},
        no_variable=lambda name: ("", "") if _may_lack_variables(sources) else variables.missing(name, named),
        secrets=secrets,
        need_secrets=need_secrets,
        read_text=read_text,
        excluded=excluded,
        doubtful=collected.doubtful,
        elsewhere=lambda address: _elsewhere(sources, address),
        problems=problems,
    )
    blocks = _blocks(collected, resolver, frozenset(excluded))
    builder = ResourceBuilder(resolver, Problems(told=[*of_settings, *of_bases]))
    resources = builder.finish_all()
    problems += of_variables if sources.stack is not None else ()
    if sources.member.secrets and not sources.broken:
        problems += sources.member.unknown_secrets(_named_anywhere(sources, read_text, secrets_in))
    problems += secrets.problems
    problems += builder.problems
    _warn_of_unused(sources, collected, bases, resolver, problems)
    if _has_error(problems):
        raise ConfigError(_sorted(problems))
    _refuse_lost(resolver.declared.keys() - resources.keys())
    return replace(
        _stack(sources, resources, blocks, approvals, _sorted(problems)),
        variables=values,
        excluded=excluded,
        requirement=requirement,
        is_required=_is_required(sources),
        content_of=Contents(declared, read_text),
    )


def _warn_of_unused(
    sources: Sources, collected: Collected, bases: Bases, resolver: Resolver, problems: Problems
) -> None:
    """Add the windows, variables and bases that are for nothing; with an error, what is used is not known."""
    if not _has_error(problems):
        safety = _safety(sources)
        problems += for_nothing((*safety.windows, *safety.freezes), collected.written)
    if not sources.broken and not _has_error(problems):
        named = _child(sources.stack, "variables")
        problems += variables.unused(named, resolver.used, lambda: _named_anywhere(sources, resolver.read_text))
        problems += bases.unused(sources.elsewhere)


def _requirement(sources: Sources, problems: Problems) -> Requirement | None:
    name, file = sources.environment_name, sources.environment
    return read_requirement(file, name, sources.environments, sources.requires, sources.file_of, problems)


def _is_required(sources: Sources) -> bool:
    name = sources.environment_name
    return any(sources.requires(other) == name for other in sources.environments if other != name)


def _collect(sources: Sources, problems: Problems) -> Collected:
    collected = Collected(problems)
    for document in sources.resources:
        collected.add(document)
    if sources.broken:
        collected.doubted |= set(KINDS)
    return collected


def _may_lack_variables(sources: Sources) -> bool:
    """Say whether a variable may be declared in a file that could not be read."""
    return sources.stack is None or (sources.environment is None and sources.broken)


def _blocks(collected: Collected, resolver: Resolver, excluded: frozenset[Address]) -> Blocks:
    blocks = Blocks(collected.problems)
    for name, node in collected.entries:
        blocks.add(name, node, resolver.plain)
    blocks.check(resolver.declared, excluded, collected.doubtful)
    return blocks


def _refuse_lost(lost: Collection[Address]) -> None:
    if lost:
        detail = f"{wording.listed(sorted(map(str, lost)))}: not understood. To go on would be to delete them."
        raise ConfigError([Diagnostic("Unreadable resource", detail)])


def _stack(
    sources: Sources,
    resources: Mapping[Address, Resource],
    blocks: Blocks,
    approvals: tuple[Approval, ...],
    warnings: tuple[Diagnostic, ...],
) -> Stack:
    organization = _child(sources.environment, "organization")
    return Stack(
        name=read_settings(sources.stack).name if sources.stack else "",
        environment=sources.environment_name,
        resources=resources,
        organization=sources.member.organization or (organization.value if organization else None),
        moved=tuple(blocks.moved),
        imports=tuple(blocks.imports),
        removed=frozenset(blocks.removed),
        safety=_safety(sources),
        history=read_retention(_child(sources.stack, "history")),
        warnings=warnings,
        approvals=approvals,
        member=sources.member.told,
        declared_by=f"the fleet, for {sources.member.told}," if sources.member.organization else "",
        lint=replace(read_lint(_child(sources.stack, "lint")), commented=_commented(sources)),
    )


def _safety(sources: Sources) -> Safety:
    return read_safety(_child(sources.stack, "safety"), _child(sources.environment, "safety"))


def _commented(sources: Sources) -> tuple[str, ...]:
    read = filter(None, (sources.stack, sources.environment, sources.approvals, *sources.resources))
    return tuple([document.file for document in read if document.commented])


def _named_anywhere(
    sources: Sources, read_text: Callable[[str], str], names: Callable[[str], set[str]] = names_in
) -> set[str]:
    """Return the variables that any file names, templates of prompts included; or what else *names* finds."""
    found = set[str]()
    of_member = sources.member.overrides and sources.member.overrides.document
    own = (sources.stack, sources.environment, of_member)
    for document in filter(None, (*own, *sources.resources, *sources.elsewhere())):
        for _, text in texts_of(document.value):
            found |= names(text)
            for path in template_files(text):
                with suppress(FileProblem):
                    found |= names(read_text(path))
    return found


def _elsewhere(sources: Sources, address: Address) -> str:
    """Say that only other environments have *address*; empty when none has."""
    files = []
    for document in sources.elsewhere():
        of_kind = document.value.get(address.kind) if isinstance(document.value, dict) else None
        if isinstance(of_kind, dict) and address.key in of_kind:
            files.append(document.file)
    if not files:
        return ""
    return (
        f" It is declared in {wording.listed(files)}, so not in {sources.environment_name}. Override the field in "
        "this environment, or declare what it names for all."
    )


def _check_settings(sources: Sources) -> list[Diagnostic]:
    problems = []
    if sources.stack is not None:
        problems += check_file(sources.stack, schema.STACK, "hmsplan.yaml")
    if sources.environment is not None:
        problems += check_file(sources.environment, schema.ENVIRONMENT, "an environment file")
    return problems


def _child(document: Document | None, key: str) -> Node | None:
    return document.root().child(key) if document is not None else None


def _blocks_of(document: Document | None, key: str) -> dict[str, Node]:
    """Return the entries of a block of blocks, which stands at the top of a file; what is no block is left out."""
    return {name: node for name, node in _entries_of(document, key).items() if isinstance(node.value, dict)}


def _entries_of(document: Document | None, key: str) -> dict[str, Node]:
    """Return the entries of a block that stands at the top of a file."""
    return _entries(_child(document, key))


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
    exclude = _child(document, "exclude")
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


def _has_error(problems: Iterable[Diagnostic]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _sorted(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return each problem once, by file and line; one that several resources inherit from a default counts once."""
    once: dict[Any, Diagnostic] = {}
    for problem in problems:
        key = (problem.summary, problem.detail, problem.source or id(problem))
        once.setdefault(key, problem)

    def place(problem: Diagnostic) -> tuple[str, int, int]:
        source = problem.source
        return (source.file, source.line, source.column) if source else ("", 0, 0)

    return tuple(sorted(once.values(), key=place))

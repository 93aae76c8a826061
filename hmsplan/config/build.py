"""Documents become a ``Stack``, or every problem at once. Pure: files arrive parsed, or through a function.

A fast validator says whether a resource fits its schema; only for one that does not, a slow one says why. A reference
into something that could not be read is not reported: one mistake, one message.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hmsplan.config import variables
from hmsplan.config.blocks import Blocks
from hmsplan.config.content import Contents
from hmsplan.config.declarations import child_of, has_error, read_declarations
from hmsplan.config.interpolation import FileProblem, names_in, secrets_in, template_files, texts_of
from hmsplan.config.problems import Problems
from hmsplan.config.resolve import Resolver
from hmsplan.config.resource_builder import ResourceBuilder
from hmsplan.config.settings import read_lint, read_retention, read_safety, read_settings
from hmsplan.config.windows import for_nothing
from hmsplan.errors import ConfigError
from hmsplan.model import Diagnostic, Stack
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hmsplan.config.declarations import Declarations, Sources
    from hmsplan.model import Address, Approval, Resource, Safety
    from hmsplan.secrets.sources import Secrets


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
    files = sources.declarations or read_declarations(sources)
    problems = Problems()
    problems += files.problems
    declared, excluded = files.own(), files.excluded
    named = child_of(sources.stack, "variables")
    values, of_variables = variables.settle(
        named, child_of(sources.environment, "variables"), given, environ, sources.member.variables
    )
    resolver = Resolver(
        declared={address: each for address, each in declared.items() if address not in excluded},
        variables={name: variable.value for name, variable in values.items()},
        no_variable=lambda name: ("", "") if _may_lack_variables(sources) else variables.missing(name, named),
        secrets=secrets,
        need_secrets=need_secrets,
        read_text=read_text,
        excluded=excluded,
        doubtful=files.doubtful,
        elsewhere=lambda address: _elsewhere(sources, address),
        problems=problems,
    )
    blocks = _blocks(files, resolver, problems)
    builder = ResourceBuilder(resolver, Problems(told=files.told), files.finished)
    resources = builder.finish_all()
    problems += of_variables if sources.stack is not None else ()
    if sources.member.secrets and not sources.broken:
        problems += sources.member.unknown_secrets(_named_anywhere(sources, read_text, secrets_in))
    problems += secrets.problems
    problems += builder.problems
    _warn_of_unused(sources, files, resolver, problems)
    if has_error(problems):
        raise ConfigError(_sorted(problems))
    _refuse_lost(resolver.declared.keys() - resources.keys())
    return replace(
        _stack(sources, resources, blocks, files.approvals, _sorted(problems)),
        variables=values,
        excluded=excluded,
        requirement=files.requirement,
        is_required=_is_required(sources),
        content_of=Contents(declared, read_text),
    )


def _warn_of_unused(sources: Sources, files: Declarations, resolver: Resolver, problems: Problems) -> None:
    """Add the windows, variables and bases that are for nothing; with an error, what is used is not known."""
    if not has_error(problems):
        safety = _safety(sources)
        problems += for_nothing((*safety.windows, *safety.freezes), files.written)
    if not sources.broken and not has_error(problems):
        named = child_of(sources.stack, "variables")
        problems += variables.unused(named, resolver.used, lambda: _named_anywhere(sources, resolver.read_text))
        problems += files.bases.unused(sources.elsewhere)


def _is_required(sources: Sources) -> bool:
    name = sources.environment_name
    return any(sources.requires(other) == name for other in sources.environments if other != name)


def _may_lack_variables(sources: Sources) -> bool:
    """Say whether a variable may be declared in a file that could not be read."""
    return sources.stack is None or (sources.environment is None and sources.broken)


def _blocks(files: Declarations, resolver: Resolver, problems: Problems) -> Blocks:
    blocks = Blocks(problems)
    for name, node in files.entries:
        blocks.add(name, node, resolver.plain)
    blocks.check(resolver.declared, frozenset(files.excluded), files.doubtful)
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
    organization = child_of(sources.environment, "organization")
    return Stack(
        name=read_settings(sources.stack).name if sources.stack else "",
        environment=sources.environment_name,
        resources=resources,
        organization=sources.member.organization or (organization.value if organization else None),
        moved=tuple(blocks.moved),
        imports=tuple(blocks.imports),
        removed=frozenset(blocks.removed),
        safety=_safety(sources),
        history=read_retention(child_of(sources.stack, "history")),
        warnings=warnings,
        approvals=approvals,
        member=sources.member.told,
        declared_by=f"the fleet, for {sources.member.told}," if sources.member.organization else "",
        lint=replace(read_lint(child_of(sources.stack, "lint")), commented=_commented(sources)),
    )


def _safety(sources: Sources) -> Safety:
    return read_safety(child_of(sources.stack, "safety"), child_of(sources.environment, "safety"))


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

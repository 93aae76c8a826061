"""A folder on disk becomes a ``Stack``."""

from __future__ import annotations

import functools
import gc
import logging
import os
import shlex
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hmsplan.config.build import build_stack
from hmsplan.config.confined import APPROVALS_FILE, STACK_FILE, Folder
from hmsplan.config.declarations import Sources, read_declarations
from hmsplan.config.environments import (
    NOTHING,
    Environment,
    documents_of,
    environments,
    file_of,
    files_below,
    misnamed,
    none_chosen,
    unknown,
)
from hmsplan.config.files import list_files
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.member import NO_MEMBER, MemberLayer
from hmsplan.config.parse_ahead import cores_for, parse_ahead
from hmsplan.config.pin import refuse_other_version
from hmsplan.config.requirement import applied_in
from hmsplan.config.settings import Settings, check_state, read_settings
from hmsplan.config.yaml_parser import parse
from hmsplan.errors import ConfigError
from hmsplan.model import EMPTY, Diagnostic, Severity, SourceLine, Stack
from hmsplan.secrets.answers import TIMEOUT_S, ask
from hmsplan.secrets.source import Source
from hmsplan.secrets.sources import Secrets
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hmsplan.config.document import Document

DEFAULT_ENVIRONMENT: Final = "default"
_LOG: Final = logging.getLogger(__name__)


def load_stack(
    root: Path,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] = EMPTY,
    environ: Mapping[str, str] = EMPTY,
    secrets: Sequence[Source] = (),
    secrets_file: Path | None = None,
    secrets_timeout_s: float = TIMEOUT_S,
    need_secrets: bool = False,
    ask_programs: bool | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    instead: Mapping[str, bytes] = EMPTY,
    member: MemberLayer = NO_MEMBER,
    files: Sources | None = None,
) -> Stack:
    """Read, resolve and validate a whole stack.

    Args:
        root: the folder that holds hmsplan.yaml; it is not searched for.
        environment: None = ``default_environment`` of the stack file. A stack without environments has one that is
            called ``default``; in all others one has to be chosen.
        variables: of ``--var``.
        environ: of the process; only names that begin with ``HMSPLAN_`` are looked at.
        secrets: where secrets are kept that the environment does not give; the first that has one wins.
        secrets_file: a dotenv file, which comes last.
        secrets_timeout_s: how long a program may take to answer.
        need_secrets: a secret without a value is an error; ``validate`` does without.
        ask_programs: whether sources that are programs are asked, of a valid stack; None = if secrets are needed.
        meanwhile: other work, which is done while other processes parse the files of a large stack; else it is not.
        instead: path below the root to what is read in the place of that file, to see what a change would mean.
        member: what a fleet says of the member that the stack is read for.
        files: what ``read_files`` returned for the same folder and environment; None = they are read here.

    Raises:
        ConfigError: carries every problem at once.
    """
    began = time.perf_counter()
    with _garbage_stays():
        if files is None:
            files = read_files(root, environment, meanwhile=meanwhile, instead=instead)
        shared = files.declarations if member.overrides is None else None
        sources = replace(files, member=member, declarations=shared)
        texts = Folder(str(root), instead=instead)
        build = partial(build_stack, sources, given=variables, environ=environ, read_text=texts.read_text)
        dotenv = () if secrets_file is None else (Source("dotenv", str(secrets_file)),)
        runs_programs = need_secrets if ask_programs is None else ask_programs
        asked = [source for source in (*secrets, *dotenv) if runs_programs or not source.is_program]
        names: Sequence[str] = ()
        if any(source.is_program for source in asked):  # only a stack that is valid without them may run any
            build(secrets=(without := Secrets(environ, names=member.secret_names)), need_secrets=False)
            names = without.asked_for()
        answers, failed = ask(asked, names, environ, secrets_timeout_s)
        found = Secrets(environ, *answers, names=member.secret_names)
        found.problems += failed
        stack = build(secrets=found, need_secrets=need_secrets and not failed)
    _log(stack, sources, time.perf_counter() - began)
    return stack


def _log(stack: Stack, sources: Sources, seconds: float) -> None:
    count = len([*filter(None, (sources.stack, sources.environment, sources.approvals)), *sources.resources])
    _LOG.info(
        "%s, environment %s: %s in %s, %.0f ms",
        stack.name,
        stack.environment,
        wording.count(len(stack.resources), "resource"),
        wording.count(count, "YAML file"),
        seconds * 1000,
    )


def read_files(
    root: Path,
    environment: str | None = None,
    *,
    meanwhile: Callable[[], object] = lambda: None,
    instead: Mapping[str, bytes] = EMPTY,
) -> Sources:
    """Read and parse all files of a stack; the arguments are those of ``load_stack``. What is wrong is in the result.

    Raises:
        ConfigError: there is no stack, it asks for another version of hmsplan, or there are too many problems to go on.
    """
    sources = _read_sources(Folder(str(root), instead=instead), root, environment, meanwhile)
    sources.declarations = read_declarations(sources)
    return sources


def load_settings(root: Path) -> Settings:
    """Read hmsplan.yaml alone, for those who only need to know where state is.

    Raises:
        ConfigError: it is missing, cannot be parsed, or says where state is with a password.
    """
    return read_settings(_whole_stack_file(Folder(str(root)), root))


def choose_environment(root: Path) -> str | None:
    """Return the environment that is meant where none is named; None where the stack has none, or where is no stack.

    Raises:
        ConfigError: the stack has environments, and says none, or one that it has not; or hmsplan.yaml cannot be read.
    """
    folder = Folder(str(root))
    if STACK_FILE not in folder.names(""):
        return None
    document = _whole_stack_file(folder, root)
    chosen, known = read_settings(document).default_environment, environments(folder)
    if chosen is None and known:
        raise ConfigError([none_chosen(known)])
    if chosen is not None and (problem := unknown(chosen, known, _default_of(document))):
        raise ConfigError([problem])
    return chosen


def _whole_stack_file(folder: Folder, root: Path) -> Document:
    sources = Sources(DEFAULT_ENVIRONMENT)
    document = _stack_file(folder, root, sources)
    if document is None:
        raise ConfigError(sources.problems)
    if problems := check_state(document):
        raise ConfigError(problems)
    return document


def _default_of(document: Document) -> SourceLine:
    return document.root().locate(("default_environment",))


@contextmanager
def _garbage_stays() -> Iterator[None]:
    """Keep the collector asleep: loading makes no cycles, and the collector would walk every value again and again."""
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()


def _read_sources(folder: Folder, root: Path, environment: str | None, meanwhile: Callable[[], object]) -> Sources:
    sources = Sources(environment or DEFAULT_ENVIRONMENT)
    sources.stack = _stack_file(folder, root, sources)
    settings = read_settings(sources.stack) if sources.stack else Settings()
    known = environments(folder)
    chosen = environment if environment is not None else settings.default_environment
    here = known.get(chosen, NOTHING) if chosen is not None else NOTHING
    if chosen is not None:
        sources.environment_name = chosen
        named_at = _default_of(sources.stack) if environment is None and sources.stack is not None else None
        sources.problems += filter(None, [unknown(chosen, known, named_at)])
    elif sources.stack and known:
        sources.problems.append(none_chosen(known))
    if here.file is not None:
        sources.environment = _parse(folder, here.file, folder.real(here.file), sources)
    sources.problems += misnamed(known)
    sources.environments = tuple(known)
    sources.file_of = functools.cache(lambda name: file_of(folder, known.get(name, NOTHING)))
    sources.requires = functools.cache(
        lambda name: applied_in(file_of(folder, known.get(name, NOTHING), b"applied_in"))
    )
    others = [each for name, each in known.items() if name != chosen]
    sources.elsewhere = functools.cache(lambda: tuple(documents_of(folder, others)))
    if APPROVALS_FILE in folder.names(""):
        sources.approvals = _parse(folder, APPROVALS_FILE, folder.real(APPROVALS_FILE), sources)
    _read_resources(folder, settings.include, here, sources, meanwhile)
    return sources


def _read_resources(
    folder: Folder,
    include: Sequence[str],
    environment: Environment,
    sources: Sources,
    meanwhile: Callable[[], object],
) -> None:
    try:
        found, own = list_files(folder, include), files_below(folder, environment)
    except FileProblem as problem:
        sources.problems.append(Diagnostic(problem.summary, problem.detail))
        return
    files = [*found.files, *own.files]
    ahead = parse_ahead(folder, files, cores_for(len(files)), meanwhile)
    for (path, absolute), parsed in zip(files, ahead, strict=True):
        if parsed is not None and parsed.size <= folder.budget:
            folder.budget -= parsed.size
            document: Document | None = parsed.document
        else:
            document = _parse(folder, path, absolute, sources)
        if document is not None:
            sources.resources.append(document)
    sources.problems += [*found.passed, *own.passed, *_idle(sources.stack, found.idle)]


def _idle(stack: Document | None, patterns: Sequence[str]) -> Iterator[Diagnostic]:
    """Warn of the patterns that find no file; the default ones may."""
    node = stack.root().child("include") if stack is not None and isinstance(stack.value, dict) else None
    for each in node.items() if node is not None and isinstance(node.value, list) else ():
        if each.value in patterns:
            detail = (
                f"No file fits {each.value}, so nothing is read for it. Patterns start at the folder of {STACK_FILE}."
            )
            yield Diagnostic("Include finds nothing", detail, each.source, severity=Severity.WARNING)


def _parse(folder: Folder, path: str, absolute: str, sources: Sources) -> Document | None:
    """Parse one file, or note what is wrong with it."""
    try:
        return parse(folder.read_bytes(absolute, path), path)
    except FileProblem as problem:
        sources.problems.append(Diagnostic(problem.summary, problem.detail, SourceLine(path, 1)))
    except ConfigError as error:
        sources.problems += error.diagnostics
    return None


def _stack_file(folder: Folder, root: Path, sources: Sources) -> Document | None:
    listed = folder.names("")
    if STACK_FILE not in listed:
        guess = wording.nearest(STACK_FILE, listed)
        hint = (
            f" Rename {guess} to {STACK_FILE}."
            if guess
            else _elsewhere(folder, listed)
            or " If there is one elsewhere, name its folder with -C. To begin one, type\n  hmsplan init"
        )
        detail = f"There is no {STACK_FILE} in {root}, so this is not a stack.{hint}"
        raise ConfigError([Diagnostic("No stack here", detail)])
    document = _parse(folder, STACK_FILE, folder.real(STACK_FILE), sources)
    if document is not None:
        refuse_other_version(document)
    return document


def _elsewhere(folder: Folder, listed: Iterable[str]) -> str:
    """Say where a stack is, when one is above or right below; empty when there is none."""
    above = [str(parent) for parent in Path(folder.root).parents if _is_stack(str(parent))]
    if above and os.path.relpath(above[0]) == ".":
        return " There is one in the current folder; leave out -C."
    below = [path for name in listed if _is_stack(path := f"{folder.root}/{name}")]
    places = [os.path.relpath(path) for path in above[:1] or below]
    return f" There is one in {wording.listed(places)}. {_go(places[0])}" if places else ""


def _is_stack(folder: str) -> bool:
    return os.path.isfile(f"{folder}/{STACK_FILE}")  # noqa: PTH113 -- it answers no for what may not be looked at


def _go(place: str) -> str:
    named = shlex.quote(place)
    return f"Add -C {named}, or type: cd {named}"

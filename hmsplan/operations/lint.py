"""Lint a stack: all of it, or what a plan touches. Reads files, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from hmsplan.config.confined import Folder
from hmsplan.config.environments import environments, files_of
from hmsplan.config.interpolation import FileProblem
from hmsplan.config.yaml_parser import COMMENT_FOR_LINT
from hmsplan.errors import ConfigError
from hmsplan.lint.engine import lint
from hmsplan.model import EMPTY, Action, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from hmsplan.lint.rule import Rule
    from hmsplan.model import Address, Diagnostic, Plan, Stack

_GOING: frozenset[Action] = frozenset({Action.DELETE, Action.FORGET})


@dataclass(slots=True)
class _Files:
    """The lines of the files of a stack, each read once; none of a file that cannot be read."""

    folder: Folder
    _lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def __call__(self, file: str) -> Sequence[str]:
        if file not in self._lines:
            try:
                self._lines[file] = self.folder.read_text(file).split("\n")
            except FileProblem:
                self._lines[file] = ()
        return self._lines[file]


def lint_stack(
    stack: Stack,
    root: Path,
    *,
    today: date | None = None,
    only: Collection[Address] | None = None,
    rules: dict[str, Rule] | None = None,
    instead: Mapping[str, bytes] = EMPTY,
) -> tuple[Diagnostic, ...]:
    """Return what the rules find in a valid stack, by file and line.

    Args:
        stack: as ``config.load.load_stack`` reads it from *root*.
        root: the folder that holds hmsplan.yaml.
        today: None = by the clock of this machine.
        only: the resources that are checked; None = all.
        rules: by id; None = all.
        instead: path below the root to what is read in the place of that file, as in ``load_stack``.
    """
    folder = Folder(str(root), instead=instead)
    files = None if only is not None else _with_comments(stack, folder)
    today = date.today() if today is None else today  # noqa: DTZ011 -- the day of the person who wrote "until"
    return lint(stack, today=today, lines=_Files(folder), only=only, files=files, rules=rules)


def _with_comments(stack: Stack, folder: Folder) -> list[str]:
    """Return the YAML files that may hold a comment for lint; of other environments, which were not read, too."""
    others = [each for name, each in environments(folder).items() if name != stack.environment]
    unread = [file for file in files_of(folder, others) if folder.mentions(file, COMMENT_FOR_LINT)]
    return [*stack.lint.commented, *unread]


def with_findings(plan: Plan, stack: Stack, root: Path, *, only_warn: bool = False) -> Plan:
    """Return *plan* with the warnings of lint about what it creates or changes.

    Raises:
        ConfigError: something that it creates or changes breaks a rule whose findings are errors, unless *only_warn*.
    """
    touched = {change.address for change in plan.pending if change.action not in _GOING}
    if not touched:
        return plan
    found = [each for each in lint_stack(stack, root, only=touched) if each.severity is not Severity.INFO]
    if only_warn:
        found = [replace(each, severity=Severity.WARNING) for each in found]
    if any(each.severity is Severity.ERROR for each in found):
        raise ConfigError(found)
    return replace(plan, warnings=(*plan.warnings, *found))


def caused(before: Stack, after: Stack, root: Path, instead: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    """Yield the errors and warnings about *after*, read with *instead*, as far as *before* does not have them."""
    known = Counter(map(_words, _about_differing(before, after, root, EMPTY)))
    for each in _about_differing(after, before, root, instead):
        known[_words(each)] -= 1
        if known[_words(each)] < 0:
            yield each


def _about_differing(stack: Stack, other: Stack, root: Path, instead: Mapping[str, bytes]) -> Iterator[Diagnostic]:
    differing = {address for address, each in stack.resources.items() if each != other.resources.get(address)}
    found = lint_stack(stack, root, only=differing, instead=instead) if differing else ()
    return (each for each in found if each.severity is not Severity.INFO)


def _words(found: Diagnostic) -> tuple[object, ...]:
    """Return what tells a finding from others of a stack, wherever it stands."""
    return found.rule, found.address, found.detail

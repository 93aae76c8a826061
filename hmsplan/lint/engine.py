"""Runs the rules over a stack: what they find becomes problems with a line, and the severity that the stack wants."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hmsplan.catalog import OLD_DAYS, catalog
from hmsplan.kinds import KINDS
from hmsplan.lint.rules import all_rules
from hmsplan.lint.suppressions import suppressions_in
from hmsplan.lint.view import View
from hmsplan.model import Diagnostic, Severity, SourceLine
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from hmsplan.lint.rule import Hit, Rule
    from hmsplan.lint.suppressions import Suppression
    from hmsplan.model import Address, Resource, Stack

    Lines = Callable[[str], Sequence[str]]
    """Returns the lines of a file of the stack; none where it cannot be read."""

_BLOCK: Final = re.compile(r"[|>][-+0-9]*\s*(#.*)?")
_BY_CATALOG: Final = frozenset({"unknown-model", "unknown-voice", "unknown-language"})


MOST: Final = 50
"""Places of one rule in one resource; a text of a megabyte can hold thousands."""
_AT_ONCE: Final = 32
"""Resources that are looked at by all rules before the next ones are: as many as the caches of a processor hold."""
OWN: Final = MappingProxyType(
    {
        "unknown-rule": "lint.rules of hmsplan.yaml names a rule that there is not, so what it says has no effect.",
        "ignore-without-effect": (
            "A comment that is to silence a rule lacks its reason, has a slip, or silences nothing. Correct it, or "
            "take it out."
        ),
        "ignore-expired": "The last day of a comment that silenced a rule is over. Fix what it hid, or take it out.",
        "catalog-is-old": (
            "What hmsplan knows of models and voices was looked up half a year ago, and something is not among them. "
            "Update hmsplan."
        ),
    }
)
"""What lint says of itself, without a rule of its own: id to its meaning."""


@dataclass(slots=True)
class _Ignored:
    """The comments of the files that were looked at.

    Attributes:
        used: those that silenced something.
    """

    lines: Lines
    known: Collection[str]
    today: date
    used: set[SourceLine] = field(default_factory=set)
    _files: dict[str, Sequence[Suppression]] = field(default_factory=dict)

    def of(self, file: str) -> Sequence[Suppression]:
        if file not in self._files:
            found = suppressions_in(self.lines(file), file, self.known) if file.endswith((".yaml", ".yml")) else ()
            self._files[file] = tuple(found)
        return self._files[file]

    def silences(self, rule: str, places: Iterable[SourceLine]) -> bool:
        found = [
            each
            for place in places
            for each in self.of(place.file)
            if each.is_about(place.line) and rule in each.rules and each.holds(self.today)
        ]
        self.used |= {each.source for each in found}
        return bool(found)


def lint(
    stack: Stack,
    *,
    today: date,
    lines: Lines,
    only: Collection[Address] | None = None,
    files: Collection[str] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> tuple[Diagnostic, ...]:
    """Return what the rules find, by file and line, each problem with the id of its rule.

    Args:
        stack: a valid one.
        today: for what expires.
        lines: reads files, for comments that silence a rule.
        only: the resources that are checked; None = all, and what is about no resource.
        files: every YAML file of the stack with a comment for lint, which is checked too; None where *only* some
            resources are looked at.
        rules: by id; None = all there are.
    """
    rules = all_rules() if rules is None else rules
    view, ignored = View(stack, today), _Ignored(lines, all_rules().keys(), today)
    resources = [each for address, each in stack.resources.items() if only is None or address in only]
    by_kind = defaultdict[str, list["Resource"]](list)
    for resource in resources:
        by_kind[resource.address.kind].append(resource)
    commented = {name for file in files or () for each in ignored.of(file) for name in each.rules}
    wanted = {name: stack.lint.severities.get(name, rule.severity) for name, rule in rules.items()}
    severities = {name: severity for name, severity in wanted.items() if severity is not None}
    asked = [rules[name] for name in severities]
    found: dict[tuple[object, ...], Diagnostic] = {}
    for rule, owner, hit in (*_of_resources(asked, view, by_kind), *_of_stack(asked, view, only)):
        source = _place(hit, owner, lines)
        may_be_silenced = rule.id in commented or files is None  # the places around a hit take time to find
        if not (may_be_silenced and ignored.silences(rule.id, _around(hit, owner, source))):
            address, severity = owner.address if owner is not None else None, severities[rule.id]
            problem = Diagnostic(rule.title, hit.detail, source, address, hit.path, severity, rule=rule.id)
            found.setdefault((rule.id, source, hit.detail), problem)
    if only is None:
        beside = (
            *_of_settings(stack),
            *_of_comments(ignored, files or (), rules.keys(), _Declared(stack, lines)),
            *_of_catalog(found.values(), today),
        )
        for problem in beside:
            found[problem.rule, problem.source, problem.detail] = problem
    return tuple(sorted(found.values(), key=_order))


def _of_resources(
    rules: Sequence[Rule], view: View, by_kind: Mapping[str, Sequence[Resource]]
) -> Iterator[tuple[Rule, Resource | None, Hit]]:
    """Yield what is found in one resource after another, templates before what they are pasted into."""
    for kind in KINDS:
        asked = [(rule, rule.check) for rule in rules if rule.check is not None and kind in rule.kinds]
        resources = by_kind.get(kind, ())
        for begin in range(0, len(resources), _AT_ONCE):
            some = resources[begin : begin + _AT_ONCE]
            for rule, check in asked:
                for resource in view.marked(some, rule.marks, rule.role) if rule.marks else some:
                    hits = iter(check(resource, view))
                    if (first := next(hits, None)) is not None:  # hardly ever
                        yield from ((rule, _owner(hit, view, resource), hit) for hit in _at_most(first, hits))


def _of_stack(
    rules: Sequence[Rule], view: View, only: Collection[Address] | None
) -> Iterator[tuple[Rule, Resource | None, Hit]]:
    """Yield what is found in the stack as a whole, each with the resource at fault."""
    for rule in rules:
        for hit in rule.check_all(view) if rule.check_all is not None else ():
            if only is None or hit.address in only:
                yield rule, _owner(hit, view, None), hit


def _owner(hit: Hit, view: View, checked: Resource | None) -> Resource | None:
    return view.stack.resources[hit.address] if hit.address is not None else checked


def _at_most(first: Hit, rest: Iterator[Hit]) -> list[Hit]:
    """Return as many places of one resource as anybody reads; the last one says that there are more."""
    found = [first, *islice(rest, MOST)]
    if len(found) > MOST:
        more = f"{found[MOST - 1].detail} There are more like this in the same resource."
        found = [*found[: MOST - 1], found[MOST - 1]._replace(detail=more)]
    return found


def _place(hit: Hit, resource: Resource | None, lines: Lines) -> SourceLine | None:
    """Return where the fault is: in a text, its own line, also of a block in the YAML."""
    if hit.source is not None or resource is None:
        return hit.source
    if resource.locate is None or not hit.path:
        return resource.source
    source = resource.locate(hit.path, hit.line)
    if not hit.line:
        return source
    if not source.file.endswith((".yaml", ".yml")):
        return replace(source, column=hit.column)
    text = lines(source.file)
    header = text[source.line - 1] if source.line <= len(text) else ""
    if _BLOCK.match(header, source.column - 1) is None or header[source.column - 1] != "|":
        return source
    at = source.line + hit.line
    own = text[at - 1] if at <= len(text) else ""
    return SourceLine(source.file, at, len(own) - len(own.lstrip()) + hit.column)


def _around(hit: Hit, resource: Resource | None, source: SourceLine | None) -> Iterator[SourceLine]:
    """Yield the places at which a comment silences a hit: its own line, and those of the blocks it stands in."""
    if source is not None:
        yield source
    if resource is not None:
        yield resource.source
        for depth in range(1, len(hit.path) + 1) if resource.locate is not None else ():
            yield resource.locate(hit.path[:depth])  # type: ignore[misc]  # not None, see above


def _of_settings(stack: Stack) -> Iterator[Diagnostic]:
    """Yield the names of hmsplan.yaml that are no rule: what they were to switch off or on, they do not."""
    known = all_rules()
    for name, source in stack.lint.sources.items():
        if name not in known:
            detail = f"There is no rule {name}.{wording.did_you_mean(name, known)} To see them: hmsplan lint --rules"
            yield Diagnostic("Unknown rule", detail, source, severity=Severity.WARNING, rule="unknown-rule")


class _Declared:
    """Which lines of resource files belong to resources of this environment; one may leave out what another has."""

    def __init__(self, stack: Stack, lines: Lines) -> None:
        self._lines = lines
        self._begin: defaultdict[str, list[int]] = defaultdict(list)
        for resource in stack.resources.values():
            self._begin[resource.source.file].append(resource.source.line)

    def __call__(self, file: str, line: int) -> bool:
        """Say whether a resource begins at *line*, or is the block that it stands in."""
        begin = max((each for each in self._begin.get(file, ()) if each <= line), default=0)
        block = self._lines(file)[begin - 1 : line] if begin else ()
        depths = [len(text) - len(text.lstrip()) for text in block if text.strip()]
        return bool(depths) and all(depth > depths[0] for depth in depths[1:])


def _of_comments(
    ignored: _Ignored, files: Iterable[str], ran: AbstractSet[str], is_declared: Callable[[str, int], bool]
) -> Iterator[Diagnostic]:
    """Yield the comments that are wrong, over, or silence nothing though their rules *ran* on what they are about."""
    for each in (comment for file in files for comment in ignored.of(file)):
        place = each.source
        if each.problem:
            found = Diagnostic("Comment without effect", each.problem, place, rule="ignore-without-effect")
        elif not each.holds(ignored.today):
            detail = f"It silenced {wording.listed(each.rules)} until {each.until}. Fix what it hid, or take it out."
            found = Diagnostic("Comment has expired", detail, place, rule="ignore-expired")
        elif place not in ignored.used and ran >= set(each.rules) and is_declared(place.file, each.line):
            detail = f"Nothing on line {each.line} breaks {wording.listed(each.rules)}. Take the comment out."
            found = Diagnostic("Comment without effect", detail, place, rule="ignore-without-effect")
        else:
            continue
        yield replace(found, severity=Severity.WARNING)


def _of_catalog(found: Collection[Diagnostic], today: date) -> Iterator[Diagnostic]:
    """Yield once that the catalog is old, if something is not in it that may be newer."""
    days = catalog().age_days(today)
    if days > OLD_DAYS and any(problem.rule in _BY_CATALOG for problem in found):
        detail = (
            f"What is known of providers was looked up on {catalog().checked}, {days} days ago, so what is unknown may "
            "be newer. Update hmsplan, or compare: hmsplan catalog show --live"
        )
        yield Diagnostic("Catalog is old", detail, None, severity=Severity.INFO, rule="catalog-is-old")


def _order(problem: Diagnostic) -> tuple[object, ...]:
    source = problem.source
    return (source.file, source.line, source.column, problem.rule) if source else ("", 0, 0, problem.rule)

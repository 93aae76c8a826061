"""What is left of a plan by ``--target`` and ``--exclude``. Pure.

As OpenTofu has it: a target takes along what it needs, and with what is excluded goes everything that needs it. Both
together leave what the targets mean, without what is excluded.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from hmsplan.errors import PlanError
from hmsplan.model import Address, Diagnostic
from hmsplan.planner.uses import needed_by
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from hmsplan.kinds import Kinds
    from hmsplan.model import Resource, ResourceChange, Stack


def narrowed(
    changes: tuple[ResourceChange, ...], stack: Stack, targets: Sequence[str], excluded: Sequence[str], kinds: Kinds
) -> tuple[ResourceChange, ...]:
    """Keep the targets and everything they refer to, or cannot be without; drop what is excluded and what needs it.

    Raises:
        PlanError: a pattern that means nothing declared and nothing bound.
    """
    if not targets and not excluded:
        return changes
    known = {change.address for change in changes} | stack.resources.keys()  # one whose create is open has no change
    if problems := [*_unknown("target", targets, known), *_unknown("exclude", excluded, known)]:
        raise PlanError(problems)
    needs = {resource.address: set(_needs(resource, stack, kinds)) for resource in stack.resources.values()}
    users: dict[Address, set[Address]] = {}
    for user, needed in needs.items():
        for each in needed:
            users.setdefault(each, set()).add(user)
    kept = _with_all(_meant(targets, known), needs) if targets else known
    left_out = _with_all(_meant(excluded, known), users)
    return tuple(change for change in changes if change.address in kept and change.address not in left_out)


def _meant(patterns: Iterable[str], known: Iterable[Address]) -> set[Address]:
    return {address for address in known for pattern in patterns if fnmatchcase(str(address), pattern)}


def _needs(resource: Resource, stack: Stack, kinds: Kinds) -> Iterator[Address]:
    """Yield what *resource* refers to, copies or cannot be without, as far as it is declared."""
    yield from (*resource.refs, *resource.copied, *(template for _, template in resource.via))
    yield from (each for _, _, each in needed_by(kinds[resource.address.kind], resource, stack, kinds) if each)


def _with_all(found: set[Address], further: Mapping[Address, Iterable[Address]]) -> set[Address]:
    """Return *found* and whatever is reached from it."""
    queue = list(found)
    while queue:
        for each in further.get(queue.pop(), ()):
            if each not in found:
                found.add(each)
                queue.append(each)
    return found


def _unknown(option: str, patterns: Iterable[str], known: Collection[Address]) -> Iterator[Diagnostic]:
    """Name each pattern that means nothing: a typo would change the plan silently."""
    for pattern in sorted(set(patterns)):
        if _meant([pattern], known):
            continue
        if "*" in pattern or "?" in pattern:
            detail = f"--{option} {pattern}: nothing of that pattern is declared or in the state."
        else:
            detail = nowhere(Address.parse(pattern), known)
        yield Diagnostic(f"Unknown {'target' if option == 'target' else 'exclusion'}", detail)


def nowhere(address: Address, known: Collection[Address]) -> str:
    """Say that *address* is not among those *known*, and which one may have been meant."""
    kind = wording.nearest(address.kind, {each.kind for each in known})
    key = wording.nearest(address.key, [each.key for each in known if each.kind == kind])
    guess = f" Did you mean {kind}.{key}?" if key else ""
    return f"{address} is neither declared nor in the state.{guess}"

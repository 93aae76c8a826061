"""``require:`` of an environment: what has to be applied in another one first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmsplan.config.explain import LIFECYCLE
from hmsplan.model import Address, Diagnostic, Requirement
from hmsplan.text import wording
from hmsplan.text.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hmsplan.config.document import Document
    from hmsplan.config.problems import Problems
    from hmsplan.model import FieldPath, SourceLine


def applied_in(document: Document | None) -> str | None:
    """Return the environment that an environment file requires; None for none."""
    value: Any = document.value if document is not None else None
    block = value.get("require") if isinstance(value, dict) else None
    name = block.get("applied_in") if isinstance(block, dict) else None
    return name if isinstance(name, str) else None


def read_requirement(
    document: Document | None,
    name: str,
    known: Collection[str],
    requires: Callable[[str], str | None],
    file_of: Callable[[str], Document | None],
    problems: Problems,
) -> Requirement | None:
    """Return what the environment *name* requires, or add what is wrong with it to *problems*.

    Args:
        document: its file, which fits its schema or has its problems told.
        name: of the environment.
        known: the names of all environments.
        requires: returns what another one requires.
        file_of: returns the file of another one; None for none, or one that cannot be parsed.
        problems: where problems go.
    """
    first = applied_in(document)
    if document is None or first is None:
        return None
    source = document.root().locate(("require", "applied_in"))
    if detail := _mistake(name, first, known, requires):
        problems.append(Diagnostic("Impossible requirement", detail, source, path=("require", "applied_in")))
        return None
    length = document.value["require"].get("for", "0m")
    try:
        for_s = float(seconds(length))
    except (ValueError, KeyError, TypeError):  # told with the schema
        return None
    other = file_of(first)
    return Requirement(first, for_s, source, _excluded(other), _organization(other), _ignored(other))


def _mistake(name: str, first: str, known: Collection[str], requires: Callable[[str], str | None]) -> str:
    if first not in known:
        there = f" The environments are {wording.listed(known)}."
        return f"There is no environment {wording.shown(first)}.{wording.did_you_mean(first, known) or there}"
    chain = [name]
    following: str | None = first
    while following is not None and following not in chain:
        chain.append(following)
        following = requires(following)
    if following != name:
        return ""
    if first == name:
        return f"{name} requires itself, so nothing could ever be applied in it. Name another environment."
    circle = " → ".join([*chain, name])
    return f"Each waits for the next one, so nothing could ever be applied: {circle}. Take one require: out."


def _organization(document: Document | None) -> str | None:
    value = document.value.get("organization") if document is not None and isinstance(document.value, dict) else None
    return value if isinstance(value, str) else None


def _excluded(document: Document | None) -> Mapping[Address, SourceLine]:
    """Return what an environment file excludes."""
    node = document.root().child("exclude") if document is not None and isinstance(document.value, dict) else None
    found = {}
    for item in node.items() if node is not None and isinstance(node.value, list) else ():
        try:
            found[Address.parse(item.value)] = item.source
        except (ValueError, TypeError):
            continue  # told when that environment is chosen
    return found


def _ignored(document: Document | None) -> Mapping[Address, Mapping[FieldPath, SourceLine]]:
    """Return the fields of which an environment file ignores changes, by address."""
    if document is None or not isinstance(document.value, dict):
        return {}
    found: dict[Address, Mapping[FieldPath, SourceLine]] = {}
    root, overrides = document.root(), document.value.get("overrides")
    for text in overrides if isinstance(overrides, dict) else ():
        node, depth = root.find(path := ("overrides", text, LIFECYCLE, "ignore_changes"))
        if depth != len(path) or not isinstance(node.value, list):
            continue
        try:
            address = Address.parse(text)
        except (ValueError, TypeError):
            continue  # likewise
        found[address] = {
            tuple(each.value.split(".")): each.source for each in node.items() if isinstance(each.value, str)
        }
    return found

"""Paths of fields, and patterns of paths. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

Pattern: TypeAlias = tuple[str, ...]
"""A path in which ``*`` stands for any item of a list and ``**`` for any key of a map: ``tools[].headers.**``."""

Tree: TypeAlias = "Mapping[str, Tree] | int"
"""Several patterns as nested mappings of their parts, which end in the number of the pattern."""

ANY: Final = "*"
ANY_KEY: Final = "**"

FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root of an object. An item of a list is named by its index; of a keyed one, by its key."""


def matches(path: FieldPath, pattern: Sequence[str]) -> bool:
    """Say whether *path* is one of those that *pattern* names; its list items may be indexes or keys."""
    return len(path) == len(pattern) and all(map(_fits, pattern, path))


def _fits(want: str, part: str | int) -> bool:
    return want in (ANY, part) or (want == ANY_KEY and isinstance(part, str))


def pattern_of(path: FieldPath) -> tuple[str, ...]:
    """Return the pattern that stands for *path*, whose list items are indexes."""
    return tuple([ANY if type(part) is int else part for part in path])  # type: ignore[misc]  # the others are str


def value_at(value: Any, path: FieldPath) -> Any:
    """Return what stands at *path*, or None."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def values_at(value: Any, pattern: Sequence[str], path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Yield everything that stands at a path which *pattern* names, with that path (list items by index)."""
    for depth, part in enumerate(pattern):
        if part == ANY:
            for index, item in enumerate(value if isinstance(value, list) else ()):
                yield from values_at(item, pattern[depth + 1 :], (*path, index))
            return
        if part == ANY_KEY:
            for key, item in value.items() if isinstance(value, Mapping) else ():
                yield from values_at(item, pattern[depth + 1 :], (*path, key))
            return
        if not isinstance(value, dict | Mapping) or part not in value:  # a dict is seen at once
            return
        value, path = value[part], (*path, part)
    yield path, value


def tree_of(patterns: Iterable[Pattern]) -> Mapping[str, Tree]:
    """Return several patterns as one for ``values_in``; none of them is the beginning of another."""
    root: dict[str, Any] = {}
    for number, (*blocks, last) in enumerate(patterns):
        below = root
        for part in blocks:
            below = below.setdefault(part, {})
        below[last] = number
    return root


def values_in(value: Any, tree: Tree) -> list[tuple[int, FieldPath, Any]]:
    """Return what ``values_at`` yields for each pattern of *tree*, with its number: in one walk, not in their order."""
    found: list[tuple[int, FieldPath, Any]] = []
    _gather(value, tree, (), found)
    return found


def _gather(value: Any, tree: Tree, path: FieldPath, found: list[tuple[int, FieldPath, Any]]) -> None:
    if isinstance(tree, int):
        found.append((tree, path, value))
    elif isinstance(value, dict):
        for part, below in tree.items():
            if part == ANY_KEY:
                for key, item in value.items():
                    _gather(item, below, (*path, key), found)
            elif part in value:
                _gather(value[part], below, (*path, part), found)
    elif isinstance(value, list) and ANY in tree:
        below = tree[ANY]
        for index, item in enumerate(value):
            _gather(item, below, (*path, index), found)


def pattern(dotted: str) -> Pattern:
    """Read ``a.b[].c.**`` as a ``Pattern``."""
    return tuple(
        part
        for piece in dotted.split(".")
        for part in (piece.removesuffix("[]"), *([ANY] if piece.endswith("[]") else []))
    )


def written(pattern: Sequence[str]) -> str:
    """Write a ``Pattern`` such that ``pattern`` reads it."""
    return "".join("[]" if part == ANY else f".{part}" for part in pattern).removeprefix(".")


def dotted(path: Sequence[str | int]) -> str:
    """Write a path as people do: ``llm_config.messages[0].content``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$-]*", part):
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def undotted(text: str) -> FieldPath:
    """Read a path as ``dotted`` writes it.

    Raises:
        ValueError: *text* is not of that form.
    """
    path: FieldPath = ()
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        if found is None or (found["name"] is not None and (at > 0) != bool(found["dot"])):
            msg = f"not a path: {text!r}; write it as llm_config.messages[0].content"
            raise ValueError(msg)
        index = found["index"]
        path = (*path, int(index) if index is not None else found["name"] or found["quoted"])
        at = found.end()
    return path


_STEP: Final = re.compile(
    r"""(?P<dot>\.)?(?P<name>[A-Za-z0-9_$-]+) | \[(?P<index>[0-9]{1,9})\] | \["(?P<quoted>.*?)"\](?=[.\[]|$)""",
    re.VERBOSE | re.DOTALL,
)


def leaves(value: Any, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Yield every ``Ref``, ``Secret`` and scalar of *value* with its path (lists by index)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from leaves(item, (*at, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from leaves(item, (*at, index))
    else:
        yield at, value

"""A conversation as a file of YAML: who says what, and which tools the model calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CALLER = "+447700900123"
"""Who calls unless the script says; Ofcom keeps the number for films."""
_DIRECTIONS = ("inbound", "outbound")
_TURNS = {"caller": str, "assistant": str, "tool": str}
_FIELDS = {"caller": str, "direction": str, "turns": list, "analysis": dict, "summary": str, "end_reason": str}


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a conversation.

    Attributes:
        who: ``caller`` or ``assistant`` who says *text*, or ``tool`` that the model calls, by the name of *text*.
        arguments: of the call.
    """

    who: str
    text: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A whole conversation.

    Attributes:
        caller: number of the person who calls, or is called.
        direction: ``inbound`` or ``outbound``; before a call that the assistant makes nothing is asked.
        analysis: what the end report says of it, if the assistant has an analysis plan.
    """

    caller: str = CALLER
    direction: str = "inbound"
    turns: tuple[Turn, ...] = ()
    analysis: Mapping[str, Any] | None = None
    summary: str = "A scripted call."
    end_reason: str = "customer-ended-call"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file.

        Raises:
            ValueError: it is not YAML, or not a script; every problem has a line of its own.
        """
        try:
            found = yaml.load(text, Loader=_Loader)  # noqa: S506 -- a safe one
        except (yaml.YAMLError, RecursionError) as error:
            raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from None
        found = {} if found is None else found
        if problems := list(_problems(found)):
            raise ValueError("\n".join(problems))
        turns = tuple(_turn(each) for each in found.get("turns", ()))
        return cls(**{**found, "turns": turns})


class _Loader(yaml.SafeLoader):
    """Reads days as text, as JSON has them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _turn(written: Mapping[str, Any]) -> Turn:
    who = next(key for key in _TURNS if key in written)
    return Turn(who, written[who], written.get("arguments", {}))


def _problems(found: Any) -> Iterator[str]:
    if not isinstance(found, dict):
        yield "it has to be a block with turns: in it"
        return
    for key, value in found.items():
        if key not in _FIELDS:
            yield f"{key}: is not one of {', '.join(_FIELDS)}"
        elif not isinstance(value, _FIELDS[key]):
            quoted = "; put it between quotes" if _FIELDS[key] is str else ""
            yield f"{key}: has to be {_WORDS[_FIELDS[key]]}{quoted}"
    if found.get("direction", "inbound") not in _DIRECTIONS:
        yield f"direction: has to be {' or '.join(_DIRECTIONS)}"
    turns = found.get("turns", ())
    for number, turn in enumerate(turns if isinstance(turns, list) else (), 1):
        yield from _turn_problems(f"turn {number}", turn)


_WORDS: Mapping[type, str] = {str: "text", list: "a list", dict: "a block"}


def _turn_problems(at: str, turn: Any) -> Iterator[str]:
    named = [key for key in turn if key in _TURNS] if isinstance(turn, dict) else []
    if len(named) != 1 or not isinstance(turn[named[0]], str):
        yield f"{at}: has to be caller: text, assistant: text, or tool: name"
        return
    for key in turn.keys() - {named[0]} - ({"arguments"} if named[0] == "tool" else set()):
        yield f"{at}: {key} does not belong there"
    if not isinstance(turn.get("arguments", {}), dict):
        yield f"{at}: arguments has to be a block"

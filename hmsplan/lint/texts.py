"""Which texts of a resource are spoken to people as they stand, and which are read by a model."""

from __future__ import annotations

import enum
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hmsplan.model import ANY, pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmsplan.model import FieldPath, Resource


class Role(enum.StrEnum):
    """Who gets a text."""

    SPOKEN = "spoken"
    PROMPT = "prompt"


class Text(NamedTuple):
    """One text of a resource.

    Attributes:
        path: list items by index.
    """

    path: FieldPath
    role: Role
    text: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, from 1."""
        return enumerate(self.text.split("\n"), 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, from 1, of the character at *offset*."""
        begin = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, begin) + 1, offset - begin + 1


_TEXTS: Final[Mapping[str, Mapping[Role, Sequence[str]]]] = MappingProxyType(
    {
        "assistants": {
            Role.SPOKEN: (
                "first_message",
                "voicemail_message",
                "recording_consent.message",
                "llm_config.tools[].message",
                "llm_config.tools[].async_response",
                "llm_config.tools[].destinations[].message",
                "speech_config.end_call_message",
                "speech_config.first_message_outbound",
                "speech_config.silence.messages[]",
                "speech_config.silence.final_message",
            ),
            Role.PROMPT: ("llm_config.messages[].content", "llm_config.delegation.instructions"),
        },
        "campaigns": {Role.PROMPT: ("system_message_template",)},
        "tool_templates": {
            Role.SPOKEN: (
                "tool_config.message",
                "tool_config.async_response",
                "tool_config.destinations[].message",
            )
        },
        "workflows": {
            Role.SPOKEN: (
                "definition.nodes[].first_line",
                "definition.nodes[].tools[].message",
                "definition.nodes[].tools[].destinations[].message",
                "definition.edges[].message",
            ),
            Role.PROMPT: ("definition.global_prompt", "definition.nodes[].instructions"),
        },
    }
)
"""Kind to the texts of its resources. The prompts of an analysis, which is made when the call is over, are not here."""
_ROLES: Final[Mapping[str, Sequence[Role]]] = {
    kind: [role for role, all_dotted in roles.items() for _ in all_dotted] for kind, roles in _TEXTS.items()
}
"""Kind to the role of each entry of the table, in its order."""


def _tree(kind: str) -> Mapping[str, Any]:
    """Return the paths of a kind as nested mappings, which are walked once; at the end of each is its number."""
    tree: dict[str, Any] = {}
    for number, path in enumerate(dotted for all_dotted in _TEXTS[kind].values() for dotted in all_dotted):
        *blocks, last = pattern(path)
        below = tree
        for part in blocks:
            below = below.setdefault(part, {})
        below[last] = number
    return tree


_TREES: Final = {kind: _tree(kind) for kind in _TEXTS}


def texts_of(resource: Resource) -> tuple[Text, ...]:
    """Return the texts of a resource in the order of the table; those that a template brings are among them."""
    kind = resource.address.kind
    if kind not in _TREES:
        return ()
    found = sorted(_walk(resource.spec, _TREES[kind], ()), key=_number)
    return tuple([Text(path, _ROLES[kind][number], text) for number, path, text in found])


_number: Final = itemgetter(0)


def _walk(value: Any, tree: Mapping[str, Any], path: FieldPath) -> Iterator[tuple[int, FieldPath, str]]:
    for part, below in tree.items():
        if part != ANY:
            items: Iterable[tuple[str | int, Any]] = ((part, value[part]),) if part in value else ()
        else:
            items = enumerate(value)
        for key, item in items:
            if isinstance(below, int):
                if isinstance(item, str) and item:
                    yield below, (*path, key), item
            elif isinstance(item, list if ANY in below else dict):
                yield from _walk(item, below, (*path, key))

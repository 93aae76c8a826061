"""Which texts of a resource are spoken to people as they stand, and which are read by a model."""

from __future__ import annotations

import enum
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.model import pattern, tree_of, values_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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


_TREES: Final = {
    kind: tree_of(pattern(dotted) for all_dotted in roles.values() for dotted in all_dotted)
    for kind, roles in _TEXTS.items()
}


def texts_of(resource: Resource) -> tuple[Text, ...]:
    """Return the texts of a resource in the order of the table, empty ones too; those of templates are among them."""
    kind = resource.address.kind
    if kind not in _TREES:
        return ()
    found = sorted(values_in(resource.spec, _TREES[kind]), key=_number)
    return tuple([Text(path, _ROLES[kind][number], text) for number, path, text in found if type(text) is str])


_number: Final = itemgetter(0)

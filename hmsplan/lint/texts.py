"""Which texts of a resource are spoken to people as they stand, and which are read by a model."""

from __future__ import annotations

import enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from hmsplan.model import pattern, values_at

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
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


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
_PATTERNS: Final = {
    kind: tuple((pattern(dotted), role) for role, all_dotted in roles.items() for dotted in all_dotted)
    for kind, roles in _TEXTS.items()
}


def texts_of(resource: Resource) -> tuple[Text, ...]:
    """Return the texts of a resource in the order of the table; those that a template brings are among them."""
    return tuple(
        Text(path, role, value)
        for at, role in _PATTERNS.get(resource.address.kind, ())
        for path, value in values_at(resource.spec, at)
        if isinstance(value, str) and value
    )

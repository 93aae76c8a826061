"""What a fleet says of one of its members: an environment's variables and overrides, written in another file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmsplan.config.document import Node
    from hmsplan.model import Variable


@dataclass(frozen=True, slots=True)
class MemberLayer:
    """What lies over the stack and its environment.

    Attributes:
        variables: their values; one that comes from a CSV file is text, and is read as its default asks.
        overrides: fields of single resources, by address; None = none.
        organization: the only organization that the member may touch; None = what the environment says.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    overrides: Node | None = None
    organization: str | None = None


NO_MEMBER = MemberLayer()

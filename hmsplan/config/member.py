"""What a fleet says of one of its members: an environment's variables and overrides, written in another file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmsplan.model import Diagnostic
from hmsplan.text import wording

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hmsplan.config.document import Node
    from hmsplan.model import SourceLine, Variable


@dataclass(frozen=True, slots=True)
class MemberLayer:
    """What lies over the stack and its environment.

    Attributes:
        variables: their values; one that comes from a CSV file is text, and is read as its default asks.
        secrets: names in ``${secret:name}`` to those under which the member's own secrets are kept.
        overrides: fields of single resources, by address; None = none.
        organization: the only organization that the member may touch; None = what the environment says.
        called: its name.
        source: its line in the fleet file, or in the table that names it, as from the folder of the fleet.
    """

    variables: Mapping[str, Variable] = field(default_factory=dict)
    secrets: Mapping[str, Variable] = field(default_factory=dict)
    overrides: Node | None = None
    organization: str | None = None
    called: str = ""
    source: SourceLine | None = None

    @property
    def told(self) -> str:
        """Its name and its line; "" where the stack is read for itself."""
        return f"{self.called} ({self.source})" if self.called else ""

    @property
    def secret_names(self) -> Mapping[str, str]:
        """Under which name the member keeps each of its own secrets."""
        return {name: variable.value for name, variable in self.secrets.items()}

    def unknown_secrets(self, named: Collection[str]) -> Iterator[Diagnostic]:
        """Yield an error for each of its own secrets that is not among *named*, those that files of the stack name.

        A name with a typing error would leave the member with the secret that the others share.
        """
        for name, variable in self.secrets.items():
            if name not in named:
                guess = wording.did_you_mean(name, named)
                detail = f"No file of the stack uses ${{secret:{name}}}.{guess}"
                yield Diagnostic("Unknown secret", detail, variable.source)


NO_MEMBER = MemberLayer()

"""What a policy of the user denies."""

from __future__ import annotations

from dataclasses import dataclass

from hmsplan.model.address import Address
from hmsplan.model.diagnostic import SourceLine


@dataclass(frozen=True, slots=True)
class Denial:
    """A plan that a policy does not let pass. It is no risk: neither a flag nor an approval lifts it.

    Attributes:
        policy: name of the policy; foreign, as *message* is.
        rule: where the policy stands, ``policies/calls.rego:12``; and in which revision, if that was asked for.
        address: what it is about; None = the plan as a whole.
        source: the line that declares the resource; None when none does.
    """

    policy: str
    rule: str
    message: str
    address: Address | None = None
    source: SourceLine | None = None

    @property
    def by(self) -> str:
        """Name the policy and its place."""
        return f"Denied by policy {self.policy} ({self.rule})"

    @property
    def about(self) -> str:
        """What it is about, for people."""
        return "the plan" if self.address is None else str(self.address)

    @property
    def told(self) -> str:
        """The message, the line that declares what it is about, and the policy."""
        place = f" ({self.source.file}:{self.source.line})" if self.source is not None else ""
        return f"{self.message.removesuffix('.')}{place}. {self.by}"

"""Risks, what refuses them, and what allows them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from hmsplan.model.address import Address
from hmsplan.model.diagnostic import SourceLine
from hmsplan.model.windows import Freeze, Window


class Risk(enum.StrEnum):
    """What a guard protects from; the word before the colon in ``--allow RISK:ADDRESS``."""

    DELETE = "delete"
    REPLACE = "replace"
    START = "start"
    RECALL = "recall"
    EGRESS = "egress"
    OVERRIDE = "override"
    """What has to wait for a window, or for the end of a freeze."""
    UNPROVEN = "unproven"
    """What another environment has to have first."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One risk that is not allowed.

    Attributes:
        change: digest of what happens to that object alone, ``sha256:…``; what an approval has to name.
        expires: the day that an approval of today may well end with, in ISO 8601.
        void: why the approval that there is does not allow it; "" when there is none.
    """

    risk: Risk
    address: Address
    reason: str
    change: str = ""
    expires: str = ""
    void: str = ""

    @property
    def flag(self) -> str:
        """The exact words that allow it."""
        return f"--allow {self.risk}:{self.address}"

    @property
    def told(self) -> str:
        """The reason, and why no approval holds."""
        return "; ".join(filter(None, (self.reason, self.void)))

    @property
    def approval(self) -> tuple[str, ...]:
        """The lines for ``approvals.yaml`` that allow it, once the reason is filled in."""
        head = f"  - allow: {self.risk}:{self.address}"
        return (head, f"    change: {self.change}", '    reason: ""', f"    expires: {self.expires}")


@dataclass(frozen=True, slots=True)
class Approval:
    """An entry of ``approvals.yaml``: consent to one risk of one change, given and reviewed in git.

    Attributes:
        change: ``Refusal.change`` of the change that was approved; of another one it allows nothing.
        expires: its last day, in UTC and ISO 8601.
    """

    risk: Risk
    address: Address
    change: str
    reason: str
    expires: str
    source: SourceLine

    @property
    def allows(self) -> str:
        """The risk and the object: ``start:campaigns.winback``."""
        return f"{self.risk}:{self.address}"

    @property
    def place(self) -> str:
        """The line where it is written: ``approvals.yaml:3``."""
        return f"{self.source.file}:{self.source.line}"


class ApprovalStatus(enum.StrEnum):
    """What an approval does in one plan."""

    USED = "used"
    EXPIRED = "expired"
    ANOTHER_CHANGE = "another change"
    UNNEEDED = "unneeded"


@dataclass(frozen=True, slots=True)
class ApprovalUse:
    """An approval and what became of it.

    Attributes:
        allowed: why it is a risk what it allows; "" unless it is used.
        is_new: the last apply did not know it.
    """

    approval: Approval
    status: ApprovalStatus
    allowed: str = ""
    is_new: bool = False

    @property
    def told(self) -> str:
        """What it allows and what by; foreign text."""
        by = self.approval
        return f"{self.allowed}; allowed by {by.place}: {by.reason}, until {by.expires}"


@dataclass(frozen=True, slots=True)
class InForce:
    """What let risks pass at the last apply.

    Attributes:
        limits: those of ``Safety`` that are not as they come, by name.
        approvals: digest of each approval, in hex, sorted.
        windows, freezes: those of ``Safety``, which held changes back.
    """

    limits: Mapping[str, float] = field(default_factory=dict)
    approvals: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()

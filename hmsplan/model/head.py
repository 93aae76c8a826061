"""What one line tells of an earlier apply: who, when, from which commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hmsplan.model.address import Address


@dataclass(frozen=True, slots=True)
class Author:
    """Who applied, and from what. Every text is foreign; "" = not known.

    Attributes:
        user, host: of the process.
        run: URL of the CI run; "" for none.
        commit: of the repository that holds the stack.
        is_clean: the files of the stack were those of the commit; None = not known.
    """

    user: str = ""
    host: str = ""
    run: str = ""
    commit: str = ""
    is_clean: bool | None = None

    @property
    def name(self) -> str:
        """The user, as a sentence names them."""
        return self.user or "an unknown user"

    @property
    def short_commit(self) -> str:
        """The commit as people name it; "" = not known."""
        return self.commit[:8]


UNKNOWN: Final = Author()


@dataclass(frozen=True, slots=True)
class Head:
    """What a list of applies says of one.

    Attributes:
        number: from 1, without gaps.
        serial: of the state when the apply had ended.
        at: Unix seconds, by the API's clock.
        approvals: what was allowed, by ``approvals.yaml`` or ``--allow``: ``start:campaigns.winback``.
        counts: verb or "failed" to how many steps.
        touched: addresses with a change, to the ``Action``, ``no-op`` where only the state learned something; "failed"
            where not one of its steps was done.
        read: when the apply looked at what is live, as *at*; 0 = not known.
        drifted: addresses that it saw to be otherwise than last applied.
        is_whole: it looked at all addresses, not at some targets.
        ended: False of an apply that was killed: all that is told is what the journal knew of it.
        oldest: number of the oldest entry that was kept when this one was written; 0 = not known.
        back_to: the number of the apply that it went back to; None = it was no rollback.
        moved: addresses that objects got, to those that they had.
    """

    number: int
    serial: int
    at: float
    author: Author
    environment: str
    organization: str | None
    digest: str
    tool_version: str = ""
    approvals: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    touched: Mapping[Address, str] = field(default_factory=dict)
    read: float = 0.0
    drifted: tuple[Address, ...] = ()
    is_whole: bool = False
    ended: bool = True
    oldest: int = 0
    back_to: int | None = None
    moved: Mapping[Address, Address] = field(default_factory=dict)

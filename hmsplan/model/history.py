"""What earlier applies did: a ``HistoryEntry`` each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hmsplan.model.address import Address
from hmsplan.model.head import Head
from hmsplan.model.plan import Action, Verb
from hmsplan.model.report import Status
from hmsplan.model.value import EMPTY


@dataclass(frozen=True, slots=True)
class Deed:
    """A step as it ended; what the API said of one that failed may hold anything, so it is not kept."""

    key: str
    verb: Verb
    address: Address
    status: Status
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One touched object: fields in JSON as a saved plan has them, with secrets as fingerprints.

    Attributes:
        before: what is managed of the live fields; empty where there was no object.
        after: the declared fields, as far as they were applied; empty where there is no object any more.
        members: which of the managed members it had afterwards, as ``Binding.members`` knows them: no one is named.
        joined, left: those that the apply added and took off, with the object itself where that was made or deleted.
    """

    address: Address
    action: Action
    id: str | None = None
    before: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    after: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    members: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    joined: Mapping[str, int] = field(default_factory=lambda: EMPTY)
    left: Mapping[str, int] = field(default_factory=lambda: EMPTY)

    @property
    def members_before(self) -> Mapping[str, int]:
        """Which of the managed members it had when the apply began."""
        return Counter(self.members) - Counter(self.joined) + Counter(self.left)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One apply."""

    head: Head
    deeds: tuple[Deed, ...] = ()
    pictures: tuple[Picture, ...] = ()

"""What earlier applies did: a ``HistoryEntry`` each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hmsplan.model.address import Address
from hmsplan.model.plan import Action, Verb
from hmsplan.model.report import Status
from hmsplan.model.value import EMPTY


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


UNKNOWN: Final = Author()


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
        added, removed: how many members joined and left; who they are is not kept.
    """

    address: Address
    action: Action
    id: str | None = None
    before: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    after: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """What a list of applies says of one.

    Attributes:
        number: from 1, without gaps.
        serial: of the state when the apply had ended.
        at: Unix seconds, by the API's clock.
        approvals: what was allowed, by ``approvals.yaml`` or ``--allow``: ``start:campaigns.winback``.
        counts: verb or "failed" to how many steps.
        touched: addresses with a change.
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
    touched: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One apply."""

    head: Head
    deeds: tuple[Deed, ...] = ()
    pictures: tuple[Picture, ...] = ()

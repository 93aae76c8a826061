"""Calls in progress."""

from __future__ import annotations

from dataclasses import dataclass

from hmsplan.model.address import Address


@dataclass(frozen=True, slots=True)
class CalledObject:
    """An object that a call is on.

    Attributes:
        name: foreign; its id where it is not there any more.
        address: None when it is not managed here.
    """

    kind: str
    id: str
    name: str
    address: Address | None


@dataclass(frozen=True, slots=True)
class CallInProgress:
    """One call; all texts are foreign.

    Attributes:
        id: without the number that is in it.
        began: Unix seconds; None = not told.
        caller: the last two digits; "" = not told.
    """

    id: str
    status: str
    direction: str
    began: float | None
    caller: str
    on: tuple[CalledObject, ...]

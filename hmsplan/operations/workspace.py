"""What every operation works on: a stack, the place of its state, and a way to the API."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from hmsplan.api.client import ReadClient
from hmsplan.api.urls import DEFAULT_BASE_URL
from hmsplan.operations.reporter import SILENT, Reporter
from hmsplan.planner.last_applied import share
from hmsplan.state.backend import Backend, new_state
from hmsplan.state.edit import refuse_other_stack
from hmsplan.state.other_environments import bound_elsewhere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from hmsplan.errors import StateError
    from hmsplan.model import Plan, Secret, Stack, State

_LARGE: Final = 300  # resources; of fewer, memory is not worth a thought
Client = TypeVar("Client", bound=ReadClient)


class Connect(Protocol):
    """Opens a client of the kind that is asked for, for the organization of one key."""

    def __call__(self, kind: type[Client], /, **settings: Any) -> AbstractAsyncContextManager[Client]:
        """Return a client with some more *settings* of it, which is closed when its block ends."""


def connect_with(api_key: str, base_url: str = DEFAULT_BASE_URL, **settings: Any) -> Connect:
    """Return a ``Connect`` for the organization that *api_key* belongs to.

    Args:
        api_key: goes to the host of *base_url* and nowhere else.
        base_url: where the API is.
        settings: those of ``api.client.ReadClient``.
    """

    @asynccontextmanager
    async def connect(kind: type[Client], /, **more: Any) -> AsyncIterator[Client]:
        async with kind(base_url, api_key=api_key, **{**settings, **more}) as client:
            yield client

    return connect


def _as_it_is(_state: State, error: StateError) -> StateError:
    return error


def _as_planned(plan: Plan, _stack: Stack) -> Plan:
    return plan


def _no_more(_names: Sequence[str]) -> Mapping[str, Secret]:
    return {}


def not_known(_old: str, _new: str) -> bool:
    """Know of no merges."""
    return False


def _anything(_stored: State | None) -> None:
    """Accept whatever is stored."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One stack in one environment.

    Attributes:
        stack: what is declared, as ``config.load.load_stack`` reads it; an apply needs its secrets.
        backend: where the state of the environment is.
        connect: opens a client for the organization.
        reporter: told what goes on.
        accept: raises ``StateError`` for a stored state that may not be used.
        rescue: keeps a state that could not be stored somewhere else, and returns the error that says where.
        organization: what a state remembers of an organization that the API does not name; None = nothing.
        check: looks at every plan that is made, and may add warnings or refuse it; see ``lint.with_findings``.
        rollback: number of the earlier apply whose stack is planned; None = what is declared is.
        secrets: gives secrets by name that *stack* may not use any more.
        has_merges: says whether merges lie between two commits of the repository that holds the stack.
    """

    stack: Stack
    backend: Backend
    connect: Connect
    reporter: Reporter = SILENT
    accept: Callable[[State | None], None] = _anything
    rescue: Callable[[State, StateError], StateError] = field(default=_as_it_is)
    organization: str | None = None
    check: Callable[[Plan, Stack], Plan] = _as_planned
    rollback: int | None = None
    secrets: Callable[[Sequence[str]], Mapping[str, Secret]] = _no_more
    has_merges: Callable[[str, str], bool] = not_known

    def client(self, kind: type[Client]) -> AbstractAsyncContextManager[Client]:
        """Open a client that tells the reporter when it waits."""
        return self.connect(kind, on_wait=self.reporter.waiting)

    def reading(self, client: ReadClient) -> AbstractAsyncContextManager[None]:
        """Tell the reporter that *client* reads, as long as the block lasts."""
        return self.reporter.reading(client.requests.total)

    def state(self) -> State:
        """Return what earlier applies left behind; an empty state when there has never been one.

        Raises:
            StateError: it is another stack's, or not accepted.
        """
        stored = self.backend.load()
        self.accept(stored)
        state = stored or new_state()
        refuse_other_stack(state, self.stack.name)
        return share(state, self.stack) if len(self.stack.resources) >= _LARGE else state

    def elsewhere(self) -> Mapping[tuple[str, str], str]:
        """Return the objects that other environments of the stack bind, and which; a state that is not read is told."""
        return bound_elsewhere(self.backend, self.reporter.warning)

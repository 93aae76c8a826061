"""What every command that talks to the API needs: the stack, the state and a client."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hmsplan.api.client import ReadClient
from hmsplan.api.endpoint import DEFAULT_BASE_URL
from hmsplan.errors import HmsplanError, Unauthorized
from hmsplan.recorded import share
from hmsplan.stack.stackfile import DEFAULT_ENVIRONMENT, load_settings, load_stack
from hmsplan.state.backend import Backend, new_state, open_backend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path

    from hmsplan.cli.options import Globals
    from hmsplan.model import Stack, State

KEY: Final = "HMS_SOVEREIGN_API_KEY"
BASE_URL: Final = "HMS_SOVEREIGN_BASE_URL"
EMULATOR_KEY: Final = "fl_emulator"
EMULATOR_URL: Final = "http://127.0.0.1/api/v1"

Client = TypeVar("Client", bound=ReadClient)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Workspace:
    """One stack, one environment, and where its state is."""

    root: Path
    stack: Stack
    backend: Backend

    def state(self) -> State:
        """Return what earlier applies left behind; an empty state when there has never been one."""
        return share(self.backend.load() or new_state(), self.stack)


def load(options: Globals, *, need_secrets: bool = False) -> Stack:
    """Read and validate the stack.

    Raises:
        ConfigError: every problem there is.
    """
    return load_stack(
        options.directory,
        environment=options.environment,
        variables=options.variables,
        environ=os.environ,
        secrets_file=options.secrets_file,
        need_secrets=need_secrets,
    )


def open_workspace(options: Globals, *, need_secrets: bool = False) -> Workspace:
    """Read the stack and open its state."""
    stack = load(options, need_secrets=need_secrets)
    return Workspace(options.directory, stack, open_state(options))


def open_state(options: Globals) -> Backend:
    """Open the state: ``--state``, ``HMSPLAN_STATE``, or what the stack file says.

    The rest of the stack is not read: the state can be operated on while the stack is broken.
    """
    url = options.state or load_settings(options.directory).state
    return open_backend(url, options.directory, options.environment or DEFAULT_ENVIRONMENT)


@asynccontextmanager
async def connect(options: Globals, kind: type[Client], **settings: Any) -> AsyncIterator[Client]:
    """Open a client for the organization of the key, or for the embedded emulator."""
    async with AsyncExitStack() as closing:
        if options.emulator:
            emulator = _embedded(options.directory)
            closing.callback(emulator.close)
            key = os.environ.get(KEY) or EMULATOR_KEY
            client = kind(EMULATOR_URL, api_key=key, transport=emulator.transport(), **settings)
        else:
            client = kind(
                os.environ.get(BASE_URL) or DEFAULT_BASE_URL,
                api_key=_key(),
                allow_host=options.allow_host,
                ca_bundle=options.ca_bundle,
                **settings,
            )
        await closing.enter_async_context(client)
        yield client


def _key() -> str:
    key = os.environ.get(KEY, "")
    if not key:
        raise NoKey
    return key


class NoKey(HmsplanError):
    """There is no key to speak with."""

    exit_code = Unauthorized.exit_code
    summary = "No API key"

    def __init__(self) -> None:
        super().__init__(f"{KEY} is not set. Export it, or try everything without a key: add --emulator.")


def _embedded(root: Path) -> Any:
    try:
        from hmsplan.emulator import Emulator, Settings  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as error:
        raise HmsplanError(f"{error.name} is missing. Type: pip install 'hmsplan[emulator]'") from error
    folder = root / ".hmsplan"
    folder.mkdir(mode=0o700, exist_ok=True)
    return Emulator(folder / "emulator.db", Settings(rate_limit=None))  # nobody else uses it; there is no one to spare


def wait_for(work: Coroutine[Any, Any, Result]) -> Result:
    """Run *work* in an event loop of its own and return what it returns.

    Not by ``asyncio.run`` itself: when that gives SIGINT back, Python 3.11 and 3.12 write out the repr of the result
    and throw it away, which for the reading of a large organization takes longer than planning it.
    """
    results: list[Result] = []

    async def main() -> None:
        results.append(await work)

    asyncio.run(main())
    return results[0]


def unix_now() -> float:
    """Return the time in seconds since 1970."""
    return time.time()

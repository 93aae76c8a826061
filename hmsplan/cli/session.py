"""What every command that talks to the API needs: the stack, the state and a client."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hmsplan.api.client import ReadClient
from hmsplan.api.endpoint import DEFAULT_BASE_URL
from hmsplan.cli.hidden import hide, masks
from hmsplan.cli.rescue import refuse_unpushed
from hmsplan.cli.terminal import commands_of_the_runner, err
from hmsplan.errors import HmsplanError, Unauthorized
from hmsplan.escape import plain
from hmsplan.model import Secret
from hmsplan.overlay import leaves
from hmsplan.recorded import share
from hmsplan.secrets.sources import FINGERPRINT_KEY
from hmsplan.stack.stackfile import DEFAULT_ENVIRONMENT, load_settings, load_stack
from hmsplan.state.backend import Backend, new_state, open_backend, refuse_lent_password

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
    options: Globals

    def state(self) -> State:
        """Return what earlier applies left behind; an empty state when there has never been one.

        Raises:
            StateError: an apply left what it did in a file, which nobody has pushed yet.
        """
        stored = self.backend.load()
        refuse_unpushed(self.options, stored)
        return share(stored or new_state(), self.stack)


def load(options: Globals, *, need_secrets: bool = False) -> Stack:
    """Read and validate the stack.

    Raises:
        ConfigError: every problem there is.
    """
    stack = load_stack(
        options.directory,
        environment=options.environment,
        variables=options.variables,
        environ=os.environ,
        secrets_file=options.secrets_file,
        need_secrets=need_secrets,
    )
    if options.secrets_file is not None:
        _warn_of_readers(options.secrets_file)
    values = secret_values(stack)
    commands_of_the_runner(masks(values))
    hide([*values, *filter(None, (os.environ.get(KEY), os.environ.get(FINGERPRINT_KEY)))])
    return stack


def secret_values(stack: Stack) -> list[str]:
    """Return the values of the secrets that *stack* uses, as far as they are known here."""
    resources = stack.resources.values()
    found = (leaf for each in resources if each.secret_paths for _, leaf in leaves(each.spec))
    return [text for leaf in found if isinstance(leaf, Secret) and isinstance(text := leaf.reveal(), str)]


def _warn_of_readers(secrets_file: Path) -> None:
    status = secrets_file.stat()
    if os.name != "nt" and stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        name = plain(str(secrets_file))
        mode = stat.S_IMODE(status.st_mode)
        err(f"Warning: others on this machine can read {name} (mode {mode:04o}). Type: chmod 600 {name}")


def open_workspace(options: Globals, *, need_secrets: bool = False) -> Workspace:
    """Read the stack and open its state."""
    stack = load(options, need_secrets=need_secrets)
    return Workspace(options.directory, stack, open_state(options), options)


def open_state(options: Globals) -> Backend:
    """Open the state: ``--state``, ``HMSPLAN_STATE``, or what the stack file says.

    The rest of the stack is not read: the state can be operated on while the stack is broken.
    """
    url = options.state or load_settings(options.directory).state
    backend = open_backend(url, options.directory, options.environment or DEFAULT_ENVIRONMENT)
    if not options.state:
        refuse_lent_password(url, os.environ)
    return backend


@asynccontextmanager
async def connect(options: Globals, kind: type[Client], **settings: Any) -> AsyncIterator[Client]:
    """Open a client for the organization of the key, or for the embedded emulator."""
    settings = {"deadline_s": options.timeout_s, **settings}
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


class NoEmulator(HmsplanError):
    """What the emulator is made of is not installed."""

    def __init__(self, missing: ImportError) -> None:
        super().__init__(f"{missing.name} is missing. Type: pip install 'hmsplan[emulator]'")


def _embedded(root: Path) -> Any:
    try:
        from hmsplan.emulator import Emulator, Settings  # noqa: PLC0415 -- an extra, and slow to import
    except ImportError as error:
        raise NoEmulator(error) from error
    folder = root / ".hmsplan"
    folder.mkdir(mode=0o700, exist_ok=True)
    database = folder / "emulator.db"
    database.touch(mode=0o600)  # it is the API, so it holds secrets
    return Emulator(database, Settings(rate_limit=None))  # nobody else uses it; there is no one to spare


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

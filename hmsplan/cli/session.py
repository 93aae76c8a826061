"""What every command that talks to the API needs: the stack, the state, a client, and one reading of what is live."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hmsplan.api.client import ReadClient
from hmsplan.api.endpoint import DEFAULT_BASE_URL
from hmsplan.api.snapshot import read_one, read_snapshot
from hmsplan.errors import HmsplanError, Unauthorized, WrongOrganization
from hmsplan.kinds import KINDS
from hmsplan.plan import DEFAULTS, Options, kinds_in_use, kinds_to_consult, make_plan, wanted_members
from hmsplan.recorded import share
from hmsplan.stack.stackfile import DEFAULT_ENVIRONMENT, load_settings, load_stack
from hmsplan.state.backend import Backend, new_state, open_backend

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Mapping
    from pathlib import Path

    from hmsplan.cli.options import Globals
    from hmsplan.kinds import Kind
    from hmsplan.model import Binding, Plan, RemoteObject, Snapshot, Stack, State

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


async def plan_live(
    client: ReadClient, stack: Stack, state: State, now: float, choice: Options = DEFAULTS
) -> tuple[Plan, Snapshot]:
    """Read what is live and plan against it; *now* in Unix seconds.

    Where something would go away, the kinds that may still use it are read too, and the plan is made anew.
    """
    names = kinds_in_use(stack, state)
    snapshot = await read(client, stack, state, names)
    plan = make_plan(stack, snapshot, state, now, choice)
    if more := kinds_to_consult(plan, snapshot):
        users = await read(client, stack, state, more)
        snapshot = replace(
            snapshot,
            objects=MappingProxyType({**snapshot.objects, **users.objects}),
            requests=snapshot.requests + users.requests,
        )
        plan = make_plan(stack, snapshot, state, now, choice)
    return plan, snapshot


async def read(client: ReadClient, stack: Stack, state: State, names: Iterable[str] = tuple(KINDS)) -> Snapshot:
    """Read what is live of some kinds, by default of all.

    Raises:
        WrongOrganization: the key's organization is not the declared or remembered one.
    """
    bound: dict[str, set[str]] = {}
    for address, binding in state.bindings.items():
        bound.setdefault(address.kind, set()).add(binding.id)
    for deposed in state.deposed:
        bound.setdefault(deposed.address.kind, set()).add(deposed.id)

    def check(organization: str | None) -> None:
        check_organization(stack, state, organization)

    snapshot = await read_snapshot(
        client,
        [KINDS[name] for name in names],
        bound=bound,
        parents=lambda kind, objects: wanted_members(stack, state, kind, objects),
        expect_organization=stack.organization is not None,
        on_organization=check,
    )
    await _check_gone(client, state, snapshot, bound)
    return await _with_summaries_read(client, state, snapshot)


async def _with_summaries_read(client: ReadClient, state: State, snapshot: Snapshot) -> Snapshot:
    """Read one by one the objects of a list that proves to be a summary.

    "Whether a list ever drops large fields is unknown." What we applied to an object and its list item does not even
    name is the sign; one GET tells whether it is the list that left it out.
    """
    objects, before = dict(snapshot.objects), client.requests.total()
    for name, listed in snapshot.objects.items():
        kind = KINDS[name]
        suspect = next((b.id for a, b in state.bindings.items() if a.kind == name and _lacks(kind, b, listed)), None)
        whole = await read_one(client, kind, suspect) if suspect is not None else None
        if whole is not None and whole.fields.keys() - listed[whole.id].fields.keys():
            found = await asyncio.gather(*(read_one(client, kind, object_id) for object_id in listed))
            objects[name] = {each.id: each for each in found if each is not None}
    requests = snapshot.requests + client.requests.total() - before
    return replace(snapshot, objects=MappingProxyType(objects), requests=requests)


def _lacks(kind: Kind, binding: Binding, listed: Mapping[str, RemoteObject]) -> bool:
    live = listed.get(binding.id)
    return live is not None and any(
        value is not None and key not in live.fields and (key,) not in kind.secrets
        for key, value in binding.applied.items()
    )


def check_organization(stack: Stack, state: State, organization: str | None) -> None:
    """Refuse another organization than the declared one, or than the one the state belongs to.

    Raises:
        WrongOrganization: it is another one, or nobody can tell though the environment names one.
    """
    if stack.organization is not None and organization != stack.organization:
        raise WrongOrganization(
            f"environment {stack.environment} declares {stack.organization}, and the key belongs to "
            f"{organization or 'an organization it may not ask for'}. Nothing was changed."
        )
    if state.organization is not None and organization is not None and organization != state.organization:
        raise WrongOrganization(
            f"the state belongs to {state.organization}, and the key to {organization}. Use the key of the first, or "
            f"another environment (-e) for the second. Nothing was changed."
        )


async def _check_gone(
    client: ReadClient, state: State, snapshot: Snapshot, bound: Mapping[str, Collection[str]]
) -> None:
    """Ask whose key it is when nothing that state binds is there: a wrong key is likelier than an emptied account."""
    total = sum(map(len, bound.values()))
    if total == 0 or len(snapshot.gone) < total:
        return
    from hmsplan.api.snapshot import read_organization  # noqa: PLC0415 -- only for this doubt

    organization = snapshot.organization or await read_organization(client)
    if state.organization is not None and organization != state.organization:
        raise WrongOrganization(f"the state belongs to {state.organization}, and the key to {organization}.")
    if state.organization is None and total > 1:
        raise WrongOrganization(
            f"none of the {total} objects that the state binds is there. If the key is right and they were all "
            "deleted, forget them first: hmsplan state rm ADDRESS"
        )


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

"""What every command that talks to the API needs: the stack, the state and a client."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hmsplan.api.urls import DEFAULT_BASE_URL
from hmsplan.cli import embedded
from hmsplan.cli.author import has_merges
from hmsplan.cli.reading import is_shown, reading_bar
from hmsplan.cli.secret_filter import hide, masks
from hmsplan.cli.terminal import commands_of_the_runner, err, width, wrapped
from hmsplan.config.load import DEFAULT_ENVIRONMENT, choose_environment, load_settings, load_stack
from hmsplan.config.member import NO_MEMBER
from hmsplan.errors import HmsplanError, Unauthorized
from hmsplan.operations import checks
from hmsplan.operations.checks import values_to_hide
from hmsplan.operations.given import inputs_of, secrets_of
from hmsplan.operations.reporter import Reporter
from hmsplan.operations.rescue import Rescue, rescue_file
from hmsplan.operations.rollback import number_of
from hmsplan.operations.workspace import Client, Workspace
from hmsplan.output.diagnostics import format_diagnostic
from hmsplan.secrets.answers import FINGERPRINT_KEY, variable_suffix
from hmsplan.secrets.sources import is_utf8, not_utf8
from hmsplan.state.backend import Backend, open_backend, refuse_lent_password
from hmsplan.text.escape import plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from hmsplan.cli.options import Globals
    from hmsplan.model import Diagnostic, Plan, Secret, Stack
    from hmsplan.secrets.source import Source

KEY: Final = "HMS_SOVEREIGN_API_KEY"
KEY_PREFIX: Final = "fl_"
_NO_KEY: Final = f"{KEY} is not set. Export it, or try everything without a key: add --emulator."
BASE_URL: Final = "HMS_SOVEREIGN_BASE_URL"
_TRUST_FROM: Final = "HMSPLAN_TRUST_FROM"

Result = TypeVar("Result")


class Stderr(Reporter):
    """Tells on stderr what every command tells while it reads.

    Attributes:
        color: None = only on a terminal.
    """

    def __init__(self, color: bool | None) -> None:
        self.color = color

    def warning(self, warning: Diagnostic) -> None:
        """Show what a person should know."""
        err(format_diagnostic(warning, width()))

    def waiting(self, seconds: float) -> None:
        """Say that the rate limit makes us wait."""
        if seconds >= 1:
            err(f"Waiting {seconds:.0f} s for the rate limit ...")

    def reading(self, answers: Callable[[], int]) -> AbstractAsyncContextManager[None]:
        """Show a bar on a terminal, once it takes long."""
        if not is_shown(self.color):
            return nullcontext()
        return reading_bar(answers)


def load(
    options: Globals,
    *,
    need_secrets: bool = False,
    ask_programs: bool | None = None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Stack:
    """Read and validate the stack, and let *options* name the environment that it chose; see ``load_stack``.

    Raises:
        ConfigError: every problem there is.
    """
    stack = load_stack(
        options.directory,
        environment=options.environment,
        **inputs_of(options),
        need_secrets=need_secrets,
        ask_programs=ask_programs,
        meanwhile=meanwhile,
        member=options.layer or NO_MEMBER,
    )
    options.kept = stack
    for source in options.sources:
        _warn_of_readers(source)
    values = values_to_hide(stack)
    commands_of_the_runner(masks(values))
    keys = (KEY, options.key or KEY, key_of(stack.environment), FINGERPRINT_KEY)
    hide([*values, *filter(None, map(os.environ.get, keys))])
    if stack.environment != DEFAULT_ENVIRONMENT:
        options.environment = stack.environment
    if options.emulator:  # its organization is none that an environment can declare
        stack = replace(stack, organization=None)
    return stack


def _warn_of_readers(source: Source) -> None:
    if source.scheme != "dotenv":
        return
    status = Path(source.place).stat()
    if os.name != "nt" and stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        name = plain(source.place)
        mode = stat.S_IMODE(status.st_mode)
        err(
            wrapped(f"Warning: others on this machine can read {name} (mode {mode:04o}). Type")
            + f"\n  chmod 600 {name}"
        )


def open_workspace(options: Globals, *, need_secrets: bool = False, rollback: int | None = None) -> Workspace:
    """Read the stack and open its state, which is read at the same time where the stack is large.

    With *rollback* (a negative number counts from the last one) the stack of that apply is planned, and only its
    secrets are needed.
    """
    opened: list[Backend] = []

    def look_ahead() -> None:
        with suppress(HmsplanError):  # what is wrong with the stack is said first
            opened.append(open_state(options))
            opened[0].look_ahead()

    stack = load(
        options,
        need_secrets=need_secrets and rollback is None,
        ask_programs=need_secrets,
        meanwhile=look_ahead,
    )
    backend = opened[0] if opened else open_state(options)
    return Workspace(
        stack,
        backend,
        partial(connect, options),
        Stderr(options.color),
        accept=_rescue(options).refuse_unpushed,
        rescue=_rescue(options).keep,
        organization=embedded.KEY if options.emulator else None,
        check=partial(checked, options),
        rollback=number_of(backend, rollback) if rollback is not None else None,
        secrets=partial(more_secrets, options),
        has_merges=partial(has_merges, options.directory),
    )


def more_secrets(options: Globals, names: Sequence[str]) -> dict[str, Secret]:
    """Return those of *names* that the environment or a source gives; the stack may not use them any more.

    Raises:
        ConfigError: a source cannot be asked.
    """
    found = secrets_of(options, names)
    given = {name: secret for name in names if (secret := found.get(name)).reveal() is not None}
    values = [text for secret in given.values() if (text := secret.reveal()) is not None]
    commands_of_the_runner(masks(values))
    hide(values)
    return given


def checked(options: Globals, plan: Plan, stack: Stack) -> Plan:
    """Return *plan* with what lint and the policies say of it; see ``operations.checks``.

    Raises:
        HmsplanError: it is not known whose policies count; see ``checks.checked`` for more.
    """
    refuse_unknown_revision(options)
    return checks.checked(plan, stack, options.directory, options.trust_from)


def refuse_unknown_revision(options: Globals) -> None:
    """Refuse a variable that is to name the revision whose policies count, and names none.

    Raises:
        HmsplanError: it is set and empty.
    """
    if options.trust_from is None and os.environ.get(_TRUST_FROM) == "":
        raise HmsplanError(
            f"{_TRUST_FROM} is set and empty, so it is not known whose policies count. Name the revision, or for those "
            f"of the working tree type:\n  unset {_TRUST_FROM}",
            summary="No trusted revision",
        )


def _rescue(options: Globals) -> Rescue:
    """Return what keeps the state of the chosen environment beside the stack."""
    of_member = [] if options.member is None else [options.member, options.environment or DEFAULT_ENVIRONMENT]
    file = rescue_file(options.directory, *(of_member or filter(None, [options.environment])))
    return Rescue(file, replace(options, variables={}, secrets=[], secrets_file=None).commands)


def open_state(options: Globals) -> Backend:
    """Open the state: ``--state``, ``HMSPLAN_STATE``, or what the stack file says; the emulator has one of its own.

    The rest of the stack is not read: the state can be operated on while the stack is broken.
    """
    url = options.state or load_settings(options.directory).state
    if is_embedded(options):
        return embedded.open_state(options.directory, environment_of(options))
    backend = open_backend(url, options.directory, environment_of(options))
    if not options.state:
        refuse_lent_password(url, os.environ)
    return backend


def is_embedded(options: Globals) -> bool:
    """Say whether the state is that of the emulator, for which the one that belongs to a key is never taken."""
    return options.emulator and "state" not in options.typed


def environment_of(options: Globals) -> str:
    """Return the environment whose state is meant, which is the one that the stack is planned for.

    Raises:
        ConfigError: the stack has environments, and none was chosen.
    """
    return options.environment or choose_environment(options.directory) or DEFAULT_ENVIRONMENT


@asynccontextmanager
async def connect(options: Globals, kind: type[Client], **settings: Any) -> AsyncIterator[Client]:
    """Open a client for the organization of the key, or for the embedded emulator."""
    settings = {"deadline_s": options.timeout_s, "on_skew": _tell_skew, **settings}
    async with AsyncExitStack() as closing:
        if options.emulator:
            emulator = embedded.open_embedded(options.directory, environment_of(options))
            closing.callback(emulator.close)
            client = kind(embedded.URL, api_key=embedded.KEY, transport=emulator.transport(), **settings)
        else:
            client = kind(
                os.environ.get(BASE_URL) or DEFAULT_BASE_URL,
                api_key=_key(options),
                key_name=options.key or KEY,
                allow_host=options.allow_host,
                ca_bundle=options.ca_bundle,
                **settings,
            )
        await closing.enter_async_context(client)
        yield client


def _tell_skew(ahead_s: float) -> None:
    """Say that our clock is wrong; the ages of objects and open creates are counted by the API's."""
    direction = "ahead of" if ahead_s > 0 else "behind"
    err(
        f"Warning: the clock of this machine is {abs(ahead_s):.0f} s {direction} the API's. Ages of objects are "
        "counted by\nthe API's clock, but saved plans expire by this one. Set it, for example: timedatectl set-ntp true"
    )


def key_of(environment: str) -> str:
    """Return the variable that holds the key of one environment, for a command that needs the keys of two."""
    own = f"{KEY}_{variable_suffix(environment)}"
    return own if os.environ.get(own) else KEY


def _key(options: Globals) -> str:
    name = options.key or KEY
    key = os.environ.get(name, "") if options.member is None else _key_of_member(options, name)
    if not key:
        raise NoKey
    if not is_utf8(key):
        problem = not_utf8(name)
        raise NoKey(problem.detail, summary=problem.summary)
    if name != KEY and not key.strip().startswith(KEY_PREFIX):
        raise NoKey(
            f"The value of {name} is not an API key: those begin with {KEY_PREFIX}. It was not sent.",
            summary="Not an API key",
        )
    return key


def _key_of_member(options: Globals, name: str) -> str:
    from hmsplan.fleet.values import SECRET  # noqa: PLC0415 -- most commands are for a stack

    if name.startswith(SECRET):
        secret = name.removeprefix(SECRET)
        key = secrets_of(options, [secret]).get(secret).reveal() or ""
        hide([key])
    else:
        key = os.environ.get(name, "")
    if not key:
        raise NoKey(f"{name} holds the key of {options.member}, and is not set. Set it, and run this again.")
    return key


class NoKey(HmsplanError):
    """There is no key to speak with."""

    exit_code = Unauthorized.exit_code
    summary = "No API key"

    def __init__(self, detail: str = _NO_KEY, *, summary: str = "No API key") -> None:
        super().__init__(detail, summary=summary)


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

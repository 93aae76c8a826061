"""``hmsplan doctor``: is everything there that the other commands need? Reads only."""

from __future__ import annotations

import enum
import os
import platform
import textwrap
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

import click
import orjson

from hmsplan import __version__
from hmsplan.api.urls import DEFAULT_BASE_URL, endpoint
from hmsplan.cli import embedded
from hmsplan.cli.parsing import Command
from hmsplan.cli.probe_servers import managed_servers, probe_servers
from hmsplan.cli.session import BASE_URL, KEY, KEY_PREFIX, connect, load, open_state, wait_for
from hmsplan.cli.terminal import color, out, width
from hmsplan.errors import ApiError, ConfigError, HmsplanError, StateError, Unauthorized, WrongOrganization
from hmsplan.model import Secret, Severity, leaves
from hmsplan.operations.probe import Probe, probe_api
from hmsplan.operations.refresh import check_organization
from hmsplan.output.diagnostics import without_command
from hmsplan.secrets.answers import FINGERPRINT_KEY, PREFIX, variable_suffix
from hmsplan.state.backend import new_state
from hmsplan.text.escape import plain
from hmsplan.text.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmsplan.cli.options import Globals
    from hmsplan.model import Address, Stack, State
    from hmsplan.state.backend import Backend

ALMOST: Final = 1
SKEW_S: Final = 30.0


class Mark(enum.StrEnum):
    """How a check ended; only BAD counts against the setup."""

    OK = "ok"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table.

    Attributes:
        detail: what was found; foreign text in it is escaped already.
        advice: what to type, or where to look; "" when nothing is to be done.
    """

    name: str
    mark: Mark
    detail: str
    advice: str = ""


def _one_line(text: str) -> str:
    """Return foreign *text* safe to show behind the name of a check; a command that stood on its own line follows."""
    return plain(" ".join(text.split()))


@click.command("doctor", cls=Command)
@click.option("--mcp", is_flag=True, help="Have the platform call each managed MCP server.")
@click.pass_obj
def doctor_command(options: Globals, mcp: bool) -> int:
    """Check the setup: stack, state, endpoint, key, clock, proxies, secrets. Reads only, and shows no secret.

    With --mcp the platform connects to each managed MCP server and lists its tools: one request of the rate limit a
    server, which that server sees, and which changes nothing.

    Exits 0 when all is well, 9 when the key is missing, refused or of another organization, and 1 otherwise.
    """
    checks = [Check("hmsplan", Mark.OK, f"{__version__} on Python {platform.python_version()}"), _emulator()]
    stack = _stack(options, checks)
    state = _state(options, checks)
    if stack is not None:
        checks += _secrets(stack)
    checks += [_endpoint(options), _proxies(options)]
    code = _key(options, stack, state, checks)
    if servers := managed_servers(state):
        checks += _servers(options, servers, asked=mcp and not code)
    if options.json:
        body = [{"name": c.name, "status": str(c.mark), "detail": c.detail, "advice": c.advice} for c in checks]
        out(orjson.dumps({"format_version": "1.0", "checks": body}).decode())
    else:
        out(_table(checks, colored=color(options.color)))
    return code or (ALMOST if any(check.mark is Mark.BAD for check in checks) else 0)


def _emulator() -> Check:
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        return Check(
            "emulator", Mark.NOTE, "not installed", "To try things without a key: pip install 'hmsplan[emulator]'"
        )
    return Check("emulator", Mark.OK, "installed")


def _stack(options: Globals, checks: list[Check]) -> Stack | None:
    try:
        stack = load(options)
    except ConfigError as error:
        checks.append(Check("stack", Mark.BAD, _first(error), f"Every problem: {options.command('validate')}"))
        return None
    mark = Mark.NOTE if stack.warnings else Mark.OK
    advice = f"{len(stack.warnings)} warnings: {options.command('validate')}" if stack.warnings else ""
    checks.append(Check("stack", mark, f"{plain(stack.name)}, {count(len(stack.resources), 'resource')}", advice))
    bound = f"only {stack.organization}" if stack.organization else "any organization, since it names none"
    checks.append(Check("environment", Mark.OK, f"{stack.environment}; may touch {bound}"))
    return _with_secrets(options, stack, checks)


def _first(error: ConfigError) -> str:
    first, *others = (each for each in error.diagnostics if each.severity is Severity.ERROR)
    place = f"{first.source}: " if first.source else ""
    return _one_line(f"{place}{first.summary}. {first.detail}") + (f" And {len(others)} more." if others else "")


def _with_secrets(options: Globals, stack: Stack, checks: list[Check]) -> Stack:
    """Try the programs that give secrets, as a plan does."""
    if not any(source.is_program for source in options.sources):
        return stack
    try:
        return load(options, ask_programs=True)
    except ConfigError as error:
        checks.append(Check("sources", Mark.BAD, _first(error), f"Every problem: {options.command('plan')}"))
        return stack


def _state(options: Globals, checks: list[Check]) -> State | None:
    try:
        backend = open_state(options)
        state = backend.load()
    except ConfigError:
        return None  # told with the stack
    except (StateError, OSError) as error:
        detail = error.detail if isinstance(error, StateError) else str(error)
        checks.append(
            Check("state", Mark.BAD, _one_line(detail), "Where it is: --state, HMSPLAN_STATE, or hmsplan.yaml")
        )
        return None
    where = plain(backend.describe())
    known = f"serial {state.serial}, {count(len(state.bindings), 'binding')}" if state else "nothing applied yet"
    checks.append(Check("state", Mark.OK, f"{where}: {known}"))
    if state is not None and state.intents:
        checks.append(
            Check(
                "open creates",
                Mark.NOTE,
                f"{len(state.intents)} of an earlier run",
                f"To see what became of them: {options.command('plan')}",
            )
        )
    checks.append(_lock(options, backend))
    return state


def _lock(options: Globals, backend: Backend) -> Check:
    try:
        owner = backend.holder()
    except StateError as error:
        return Check("lock", Mark.NOTE, _one_line(error.detail))
    if owner is None:
        return _writable(backend.describe())
    return Check(
        "lock", Mark.NOTE, f"held by {plain(str(owner))}", f"If that run is dead: {options.command('state', 'unlock')}"
    )


def _writable(place: str) -> Check:
    """Say whether a run may take the lock: in a folder, that is whether it may write there."""
    folder = next((folder for folder in Path(place).parents if folder.exists()), None)
    if "://" in place or folder is None or os.access(folder, os.W_OK):
        return Check("lock", Mark.OK, "free")
    advice = "plan and drift may do without. For apply, make it writable or name another place: --state URL"
    return Check("lock", Mark.NOTE, f"cannot be taken: this user may not write to {plain(str(folder))}", advice)


def _secrets(stack: Stack) -> Iterator[Check]:
    found = (leaf for resource in stack.resources.values() for _, leaf in leaves(resource.spec))
    secrets = {leaf.name: leaf for leaf in found if isinstance(leaf, Secret)}
    missing = [PREFIX + variable_suffix(name) for name, secret in sorted(secrets.items()) if secret.reveal() is None]
    if missing:
        advice = "Set them, or say where they are kept: --secrets SOURCE"
        yield Check("secrets", Mark.BAD, f"not set: {', '.join(missing)}", advice)
    elif secrets:
        yield Check("secrets", Mark.OK, f"set: {', '.join(sorted(secrets))}")
    if os.environ.get(FINGERPRINT_KEY) or any(secret.fingerprint for secret in secrets.values()):
        yield Check("fingerprint key", Mark.OK, f"{FINGERPRINT_KEY} is set")
    elif secrets:
        advice = "To make one, for every run: openssl rand -hex 32"
        yield Check("fingerprint key", Mark.NOTE, f"{FINGERPRINT_KEY} is not set: no new secret is noticed", advice)
    else:
        yield Check("fingerprint key", Mark.OK, "not set, and no secret needs it")


def _endpoint(options: Globals) -> Check:
    if options.emulator:
        return Check("endpoint", Mark.OK, "the emulator of this environment, in " + embedded.FOLDER)
    try:
        url = endpoint(os.environ.get(BASE_URL) or DEFAULT_BASE_URL, options.allow_host)
    except HmsplanError as error:
        return Check("endpoint", Mark.BAD, f"{BASE_URL} is refused: {_one_line(error.detail)}")
    return Check("endpoint", Mark.OK, plain(str(url)))


def _proxies(options: Globals) -> Check:
    """Name the proxies of the environment by host alone: their addresses often hold a password."""
    found = {name: _host(url) for name, url in getproxies_environment().items() if name != "no"}
    if not found or options.emulator:
        return Check("proxy", Mark.OK, "none")
    names = (f"{name} by {plain(host)}" for name, host in sorted(found.items()))
    bypass = getproxies_environment().get("no")
    return Check("proxy", Mark.OK, ", ".join(names) + (f"; not for {plain(bypass)}" if bypass else ""))


def _host(url: str) -> str:
    try:
        return urlsplit(url if "//" in url else f"//{url}").hostname or "?"
    except ValueError:
        return "an invalid URL"


def _key(options: Globals, stack: Stack | None, state: State | None, checks: list[Check]) -> int:
    """Check the key, and with it the API; return the exit code that this alone asks for."""
    key = os.environ.get(KEY, "").strip()
    if not key and not options.emulator:
        checks.append(Check("key", Mark.BAD, f"{KEY} is not set", "Export it, or go without: add --emulator"))
        return Unauthorized.exit_code
    if key:
        known = key.startswith(KEY_PREFIX)
        shown = f"{KEY_PREFIX}… ({len(key)} characters)" if known else f"{len(key)} characters"
        advice = "" if known else f"Keys begin with {KEY_PREFIX}; is it another one's?"
        checks.append(Check("key", Mark.OK if known else Mark.NOTE, f"{KEY} is set: {shown}", advice))
    if any(check.name == "endpoint" and check.mark is Mark.BAD for check in checks):
        return 0
    try:
        hearing = wait_for(probe_api(partial(connect, options)))
        checks += _heard(hearing)
        if stack is not None:
            check_organization(stack, state or new_state(), hearing.organization)
    except (Unauthorized, WrongOrganization) as error:
        checks.append(Check(error.summary.lower(), Mark.BAD, _one_line(error.detail)))
        return error.exit_code
    except HmsplanError as error:
        advice = "A proxy, a firewall, or an outage?" if isinstance(error, ApiError) and error.status is None else ""
        checks.append(Check("api", Mark.BAD, _one_line(error.detail), advice))
    return 0


def _heard(hearing: Probe) -> Iterator[Check]:
    health = Mark.OK if hearing.health == "ok" else Mark.NOTE
    yield Check("health", health, plain(hearing.health))
    if hearing.organization is None:
        yield Check("organization", Mark.NOTE, "the key may not ask which one it opens")
    else:
        yield Check("organization", Mark.OK, plain(f"{hearing.organization} {hearing.name}".strip()))
    if hearing.children:
        yield Check("children", Mark.OK, plain(f"{len(hearing.children)}: {', '.join(hearing.children)}"))
    if hearing.skew_s is not None:
        late = abs(hearing.skew_s) > SKEW_S
        advice = "Set the clock: waits for the rate limit depend on it" if late else ""
        yield Check("clock", Mark.NOTE if late else Mark.OK, f"{hearing.skew_s:+.0f} s against the API", advice)
    if hearing.limit is not None:
        left = f", {plain(hearing.remaining)} left" if hearing.remaining is not None else ""
        yield Check("rate limit", Mark.OK, f"{plain(hearing.limit)} requests a minute{left}")
    else:
        yield Check("rate limit", Mark.NOTE, "the answers do not tell it; 100 requests a minute are assumed")


def _servers(options: Globals, servers: Mapping[Address, str], *, asked: bool) -> Iterator[Check]:
    if not asked:
        advice = f"To have the platform call them, a request each: {options.command('doctor', '--mcp')}"
        yield Check("mcp servers", Mark.OK, f"{count(len(servers), 'server')}, not tested", advice)
        return
    try:
        tested = wait_for(probe_servers(options, servers))
    except HmsplanError as error:
        yield Check("mcp servers", Mark.BAD, _one_line(error.detail))
        return
    for address, found in tested.items():
        took = f", {found.took_ms} ms" if found.took_ms is not None else ""
        if found.tools is None:
            advice = "The platform cannot use it: is it running, reachable from the internet, are its headers right?"
            yield Check(str(address), Mark.BAD, _one_line(f"{found.error}{took}"), advice)
        else:
            names = f": {', '.join(found.tools)}" if found.tools else ""
            yield Check(str(address), Mark.OK, _one_line(f"{count(len(found.tools), 'tool')}{names}{took}"))


def _table(checks: list[Check], *, colored: bool) -> str:
    names = max(len(check.name) for check in checks)
    colors = {Mark.OK: "green", Mark.NOTE: "yellow", Mark.BAD: "red"}
    lines: list[str] = []
    for check in checks:
        mark = f"{check.mark:<4}"
        head = f"{check.name:<{names}}  {click.style(mark, fg=colors[check.mark]) if colored else mark}  "
        room = max(20, width() - names - 8)
        texts = [piece for text in (check.detail, check.advice) if text for piece in _wrapped(text, room)]
        lines.append(head + texts[0])
        lines += [without_command(" " * (names + 8) + text) for text in texts[1:]]
    return "\n".join(lines)


def _wrapped(text: str, room: int) -> list[str]:
    """Break a text into lines, but never a command that ends it: it is to be copied."""
    said, colon, command = text.partition(": hmsplan ")
    if not colon or len(text) <= room:
        return textwrap.wrap(text, room) or [""]
    return [*textwrap.wrap(f"{said}:", room), f"  hmsplan {command}"]

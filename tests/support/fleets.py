"""A fleet of small organizations on one emulator with a socket, each with a key of its own."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hmsplan.emulator import Emulator, Settings
from hmsplan.emulator.store import key_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

STACK = """\
version: 1
stack: clinics
safety: {settle_grace: 0s}
variables:
  business_name: {default: A clinic}
"""
DESK = """\
assistants:
  desk:
    name: Desk
    first_message: Good morning, this is ${var:business_name}.
"""


def key_of(name: str) -> str:
    return f"fl_live_{name}_0123456789"


@contextmanager
def emulator_of(names: Sequence[str]) -> Iterator[Emulator]:
    """Open an emulator with an organization for each of *names*."""
    with Emulator(settings=Settings(rate_limit=None)) as made:
        for name in names:
            made.organization(key_of(name))
        yield made


def environ(names: Iterable[str]) -> dict[str, str]:
    """Return the variables that hold the keys."""
    return {f"HMS_KEY_{name.upper()}": key_of(name) for name in names}


def write_fleet(root: Path, names: Sequence[str], head: str = "", desk: str = DESK, grace: str = "0s") -> Path:
    """Write a fleet of *names* that share a stack, each with its business name; return its folder."""
    stack = root / "clinics"
    stack.mkdir(parents=True, exist_ok=True)
    (stack / "hmsplan.yaml").write_text(STACK.replace("0s", grace), "utf-8")
    (stack / "desk.yaml").write_text(desk, "utf-8")
    rows = [f"{name},HMS_KEY_{name.upper()},{name.title()} Dental" for name in names]
    (root / "clients.csv").write_text("\n".join(["name,key,business_name", *rows, ""]), "utf-8")
    (root / "fleet.yaml").write_text(f"members: ${{csv:clients.csv}}\nstack: clinics\n{head}", "utf-8")
    return root


def greetings(emulator: Emulator, names: Iterable[str]) -> dict[str, list[str]]:
    """Return what the assistants of each member say."""
    return {name: [each["first_message"] for each in emulator.all("assistants", key=key_of(name))] for name in names}


def writes_of(emulator: Emulator, name: str) -> list[tuple[str, str]]:
    """Return the writes that were sent with the key of a member."""
    return [(each.method, each.path) for each in emulator.writes if each.key == key_hash(key_of(name))]


def requests_of(emulator: Emulator, name: str) -> list[Any]:
    """Return every request with the key of a member."""
    return [each for each in emulator.requests if each.key == key_hash(key_of(name))]


def until(is_so: Callable[[], Any]) -> Any:
    """Wait for what has to be so within a minute, and return it."""
    end = time.monotonic() + 60
    while not (found_ := is_so()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found_

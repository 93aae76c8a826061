"""What the other environments of a stack have bound, as far as their states lie beside this one.

Environments of one stack often live in one organization, under the same names. An object that one of them manages is no
find that another may adopt.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeAlias

from hmsplan.errors import StateError
from hmsplan.model import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hmsplan.model import State
    from hmsplan.state.backend import Backend

Bound: TypeAlias = "dict[tuple[str, str], str]"

_READERS: Final = 8
_AT_RISK: Final = (
    "so an object that it manages may be offered for adoption here. Look at each adoption before you apply"
)


def bound_elsewhere(backend: Backend, warn: Callable[[Diagnostic], object]) -> Mapping[tuple[str, str], str]:
    """Return kind and id of each live object that another environment manages, to the name of that environment.

    What it has replaced and still has to delete counts as well. Read without locks.

    Args:
        backend: the state of this environment, of which nothing is read.
        warn: told of each state that could not be read. Nothing of it is known then, and that is no error: a damaged
            staging must not stop production.
    """
    try:
        others = backend.environments()
    except StateError as error:
        detail = f"Which other environments keep their state beside {backend.describe()} is not known, {_AT_RISK}. "
        warn(Diagnostic("Environments not read", detail + error.detail, severity=Severity.WARNING))
        return {}
    bound: Bound = {}
    if not others:
        return bound
    with ThreadPoolExecutor(_READERS) as pool:
        for environment, found in zip(others, pool.map(_read, others.values()), strict=True):
            if isinstance(found, StateError):
                warn(_unread(environment, found))
            elif found is not None:
                bound = {**dict.fromkeys(_objects(found), environment), **bound}
    return bound


def _read(backend: Backend) -> State | StateError | None:
    try:
        return backend.load()
    except StateError as error:
        return error


def _objects(state: State) -> Iterator[tuple[str, str]]:
    for address, binding in state.bindings.items():
        yield address.kind, binding.id
    for deposed in state.deposed:
        yield deposed.address.kind, deposed.id


def _unread(environment: str, error: StateError) -> Diagnostic:
    detail = (
        f"The state of the environment {environment} could not be read, {_AT_RISK}, or type: "
        f"hmsplan state list -e {environment}. {error.detail}"
    )
    return Diagnostic("Environment not read", detail, severity=Severity.WARNING)

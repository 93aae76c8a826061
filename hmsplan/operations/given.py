"""What a command is given besides the files of a stack: the environment, ``--var``, and where secrets are kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, TypedDict

from hmsplan.errors import ConfigError
from hmsplan.secrets.answers import TIMEOUT_S, ask
from hmsplan.secrets.sources import Secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmsplan.secrets.source import Source


class Given(Protocol):
    """The options that say it, of one stack or of all members of a fleet.

    Attributes:
        sources: where secrets are kept besides the environment, in the order in which they are asked.
        timeout_s: seconds after which nothing more is sent; None = no limit.
    """

    @property
    def variables(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def sources(self) -> Sequence[Source]: ...  # noqa: D102
    @property
    def timeout_s(self) -> int | None: ...  # noqa: D102


class Inputs(TypedDict):
    """The arguments of ``load_stack`` that say it."""

    variables: Mapping[str, str]
    environ: Mapping[str, str]
    secrets: Sequence[Source]
    secrets_timeout_s: float


def inputs_of(given: Given) -> Inputs:
    """Return what ``load_stack`` takes besides the folder and what is asked of it."""
    return {
        "variables": given.variables,
        "environ": os.environ,
        "secrets": given.sources,
        "secrets_timeout_s": _timeout_s(given),
    }


def secrets_of(given: Given, names: Sequence[str]) -> Secrets:
    """Return what finds *names*, which the stack may not use.

    Raises:
        ConfigError: a source cannot be asked.
    """
    answers, problems = ask(given.sources, names, os.environ, _timeout_s(given))
    if problems:
        raise ConfigError(problems)
    return Secrets(os.environ, *answers)


def _timeout_s(given: Given) -> float:
    return min(given.timeout_s or TIMEOUT_S, TIMEOUT_S)

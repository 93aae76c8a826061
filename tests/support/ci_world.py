"""What the tests of both CIs begin with: a repository with the files of ``init --ci``, an organization, and a host."""

from __future__ import annotations

import datetime as dt
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from hmsplan.emulator import Emulator, Settings, running
from support.ci_machine import APPLY_KEY, PLAN_KEY, Machine
from support.fake_hosts import Host, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from support.ci_machine import Job

PROTECTED: Final = ", lifecycle: {prevent_destroy: true}"
AnyHost = TypeVar("AnyHost", bound=Host)
AnyWorld = TypeVar("AnyWorld", bound="World[Any]")


class World(Generic[AnyHost]):
    """A repository with the files of ``init``, and what happens to it.

    Attributes:
        ahead_s: how much later it is for the organization than it is here.
        environments: name -> variables, as the settings of the host keep them.
        first: the commit of the files.
    """

    def __init__(self, ci: str, machine: Machine, host: AnyHost) -> None:
        self.machine, self.host, self.ahead_s = machine, host, 0.0
        state = f"file://{machine.folder}/state"
        self.environments = {
            "production-plan": {"HMS_SOVEREIGN_API_KEY": PLAN_KEY, "HMSPLAN_STATE": state},
            "production": {"HMS_SOVEREIGN_API_KEY": APPLY_KEY, "HMSPLAN_STATE": state},
        }
        code, said = machine.shell(f"hmsplan init --ci {ci} --install 0.1.0", machine.repository, {})
        assert code == 0, said
        self.first = machine.commit({})

    def frozen(self) -> str:
        """Return hmsplan.yaml with a freeze from yesterday to tomorrow."""
        today = dt.datetime.now(dt.UTC).date()
        begins, ends = today - dt.timedelta(1), today + dt.timedelta(1)
        stack = (self.machine.repository / "hmsplan.yaml").read_text("utf-8")
        return stack.replace("safety: {", f"safety: {{freeze: [{{from: {begins}, to: {ends}, reason: holidays}}], ")


@contextmanager
def opened(make: Callable[[Machine, AnyHost], AnyWorld], host: AnyHost, folder: Path) -> Iterator[AnyWorld]:
    """Serve *host* and an organization, and yield what *make* makes of them and of a machine in *folder*."""
    made: list[AnyWorld] = []

    def clock() -> float:
        return time.time() + sum(each.ahead_s for each in made)

    with (
        Emulator(settings=Settings(rate_limit=None), clock=clock) as emulator,
        running(emulator) as api,
        serving(host),
    ):
        made.append(make(Machine(folder, api, emulator), host))
        yield made[0]


def assistant(key: str, text: str, more: str = "") -> str:
    """Return the file of an assistant that says *text* first."""
    return f"assistants:\n  {key}: {{name: {key}, first_message: {text}{more}}}\n"


def results(jobs: Mapping[str, Job]) -> dict[str, str]:
    return {name: job.result for name, job in jobs.items()}


def block_in(comment: str) -> str:
    """Return what a comment says to paste into ``approvals.yaml``."""
    found = re.search(r"^approvals:\n(?:  .*\n)+", comment, re.MULTILINE)
    assert found is not None, comment
    return found[0]

"""One stack of two environments, each with an organization of its own on an emulator; their states lie in one place."""

from __future__ import annotations

from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from hmsplan.config.load import load_stack
from hmsplan.emulator import Emulator
from hmsplan.operations.apply import apply
from hmsplan.operations.plan import plan
from hmsplan.operations.workspace import Workspace
from hmsplan.planner.planner import Options
from hmsplan.state.backend import open_backend
from support.virtual_time import Clock, run
from support.world import KEY, UNLIMITED, URL
from support.writing import write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from hmsplan.model import Plan
    from hmsplan.operations.apply import Applied

ENVIRONMENTS: Final = ("staging", "production")


class Two:
    """The files, the organizations, and what can be done with either.

    Args:
        url: where the states are.
        root: folder of the stack.
        files: what is in it; the stack file is written again with every change.
        closing: closes the emulators.
    """

    def __init__(self, url: str, root: Path, files: Mapping[str, str | bytes], closing: ExitStack) -> None:
        self.url, self.root, self.files, self.clock = url, root, files, Clock()
        self.environ: dict[str, str] = {}
        self.emulators: dict[str, Emulator] = {}
        for name in ENVIRONMENTS:
            self.emulators[name] = Emulator(":memory:", UNLIMITED, clock=self.clock)
            closing.callback(self.emulators[name].close)
        write(self.root, dict(files))

    def workspace(self, environment: str) -> Workspace:
        emulator = self.emulators[environment]

        @asynccontextmanager
        async def connect(kind: Any, /, **more: Any) -> AsyncIterator[Any]:
            transport = emulator.transport()
            async with kind(URL, api_key=KEY, transport=transport, wall=self.clock, **more) as client:
                yield client

        stack = load_stack(self.root, environment=environment, environ=self.environ, need_secrets=True)
        return Workspace(stack, open_backend(self.url, self.root, environment), connect)

    def wait(self, hours: int) -> None:
        """Let some hours pass, and the seconds that answers round away."""
        self.clock.now += hours * 3600 + 5

    def plan(self, environment: str = "production") -> Plan:
        return run(plan(self.workspace(environment)), self.clock)

    def apply(self, environment: str, *allowed: str) -> Applied:
        return run(apply(self.workspace(environment), Options(allowed=allowed)), self.clock)

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write some files again."""
        write(self.root, {"hmsplan.yaml": self.files["hmsplan.yaml"], **files})

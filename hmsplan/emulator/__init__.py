"""The API on this machine, written from its documentation alone, with faults on request.

Nothing of the rest of hmsplan is imported here, so that two readings of the documentation meet in the tests.

    emulator = Emulator("emulator.db")
    client = httpx.AsyncClient(transport=emulator.transport(), base_url="http://emulator/api/v1")

Inside, a request goes from `app` (key, rate limit, transaction) over `routes` to an operation in `resources` or in
the module of its kind, which reads the body through `description`, the shipped OpenAPI description, and keeps documents
in `store`. `rules` has what a schema cannot say of a body; `settings` decides what the documentation leaves open;
`faults` and `damage` break things on purpose. `conversation` holds a call by a `script` and sends its webhooks.
"""

from typing import TYPE_CHECKING, Any

from hmsplan.emulator.app import Record
from hmsplan.emulator.conversation import Conversation, hold
from hmsplan.emulator.emulator import Emulator
from hmsplan.emulator.faults import ConnectionLost, Fault, read_faults
from hmsplan.emulator.inprocess import Transport
from hmsplan.emulator.script import Script
from hmsplan.emulator.settings import Settings
from hmsplan.emulator.webhooks import sign, verify

if TYPE_CHECKING:
    from hmsplan.emulator.server import running, serve

__all__ = [
    "ConnectionLost",
    "Conversation",
    "Emulator",
    "Fault",
    "Record",
    "Script",
    "Settings",
    "Transport",
    "hold",
    "read_faults",
    "running",
    "serve",
    "sign",
    "verify",
]


def __getattr__(name: str) -> Any:
    """Import what needs uvicorn, and so a socket, when it is asked for."""
    if name in {"running", "serve"}:
        from hmsplan.emulator import server  # noqa: PLC0415

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

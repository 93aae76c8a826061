"""The API on this machine, written from its documentation alone, with faults on request.

Nothing of the rest of hmsplan is imported here, so that two readings of the documentation meet in the tests.

    emulator = Emulator("emulator.db")
    client = httpx.AsyncClient(transport=emulator.transport(), base_url="http://emulator/api/v1")

Inside, a request goes from `app` (key, rate limit, transaction) over `routes` to an operation in `resources` or in
the module of its kind, which reads the body through `description`, the shipped OpenAPI description, and keeps documents
in `store`. `rules` has what a schema cannot say of a body; `settings` decides what the documentation leaves open;
`faults` and `damage` break things on purpose.
"""

from hmsplan.emulator.app import Record
from hmsplan.emulator.emulator import Emulator, running, serve
from hmsplan.emulator.faults import ConnectionLost, Fault, read_faults
from hmsplan.emulator.inprocess import Transport, transport
from hmsplan.emulator.settings import Settings
from hmsplan.emulator.webhooks import sign, verify

__all__ = [
    "ConnectionLost",
    "Emulator",
    "Fault",
    "Record",
    "Settings",
    "Transport",
    "read_faults",
    "running",
    "serve",
    "sign",
    "transport",
    "verify",
]

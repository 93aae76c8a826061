"""Where the storages of the state say with ``-v`` what they do."""

from __future__ import annotations

import logging
from typing import Final

LOG: Final = logging.getLogger("hmsplan.state")

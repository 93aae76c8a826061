"""What an environment may be called: its name becomes a folder, a row of a table or a prefix of an object store."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

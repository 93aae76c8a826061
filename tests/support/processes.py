"""Scripts that run as processes of their own, against the state of a store."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from support import patience

if TYPE_CHECKING:
    from support.stores import Store

SOURCE: Final = Path(patience.__file__).read_text()

BEGIN: Final = """
import json, os, random, signal, sys, time
from pathlib import Path
import hmsplan.state.bucket.storage, hmsplan.state.postgres.storage, obstore.store
from hmsplan.errors import StateError, StateLocked
from hmsplan.model import Address, Binding, State
from hmsplan.state.backend import open_backend
from hmsplan.state.journal import Bound, Spent

def backend():
    return open_backend(sys.argv[1], Path(sys.argv[2]), "production")

ARGUMENTS = sys.argv[3:]
"""
"""How a script begins. It forks its workers itself: importing once keeps many kills quick, and a test has threads."""


def run(script: str, store: Store, *arguments: str) -> Any:
    """Run *script* to its end and return what it prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", SOURCE + BEGIN + script, store.url, str(store.root), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

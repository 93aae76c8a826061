"""The command line: parse, call one function, print, return a code. The only folder that prints.

This file starts it, and loads nothing itself: Ctrl-C ends it quietly also while the modules of ``root`` are loaded.
"""

import os

INTERRUPTED = 130


def main() -> None:
    """Load the command line and run it."""
    try:
        if "_HMSPLAN_COMPLETE" in os.environ:
            from hmsplan.cli.completing import main as complete  # noqa: PLC0415 -- a shell asks, at each TAB

            complete()
        from hmsplan.cli.root import main as run  # noqa: PLC0415 -- what takes long stands inside the try

        run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)

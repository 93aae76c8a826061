"""Start the command line; Ctrl-C ends it quietly also while its modules are loaded."""

import os

INTERRUPTED = 130


def main() -> None:
    """Load the command line and run it."""
    try:
        from hmsplan.cli import main as run  # noqa: PLC0415 -- what takes long stands inside the try

        run()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()

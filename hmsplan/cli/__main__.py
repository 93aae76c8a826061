"""``python -m hmsplan.cli``: the same as ``hmsplan``, where no script is installed."""

from hmsplan.cli import main

if __name__ == "__main__":
    main()

"""hmsplan killed with SIGKILL, over and over, against an emulator process on a real port.

``crash_points`` is the command line that kills itself at a fault point, ``fork_server`` forks it without the second
that imports take, ``workspace`` is one organization with one folder, and the judge over both.
"""

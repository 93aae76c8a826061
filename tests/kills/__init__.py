"""hmsplan killed with SIGKILL, over and over, against an emulator process on a real port.

``dying`` is the command line that kills itself at a fault point, ``nursery`` forks it without the second that imports
take, ``lane`` is one organization with one folder, and the judge over both.
"""

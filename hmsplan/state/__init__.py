"""State: what earlier applies left behind, and how it survives a kill at any moment.

``journal``   what an apply writes down between two compactions, and how it is replayed                        pure
``edit``      state surgery for the command line                                                               pure
``storage``   what a place has to do to keep a state, and how a body and a journal make one state              pure
``backend``   one state above any storage: load, append, save, push, lock; and the choice of the storage
``file``      the storage in ``.hmsplan/<environment>/``: ``lock``, and ``durable`` with its system calls
``bucket``    the storage in an object store: ``lease`` is its lock, ``objects`` its calls
``postgres``  the storage in a database: ``lock``, ``tables``, ``connection``
``migrate``   a state on its way from one storage to another
``ledger``    the state while an apply runs: many tasks, one fsync

The bytes are those of ``formats.state_file``.
"""

"""State: what earlier applies left behind, and how it survives a kill at any moment.

``record``   State to JSON and back                                                      pure
``codec``    one binding, intent or deposed object to JSON and back                      pure
``journal``  what an apply writes down between two compactions, and how it is replayed   pure
``edit``     state surgery for the command line                                          pure
``backend``  the protocol that every storage fulfils, and the choice between them; ``owner`` holds the lock of one
``file``     the storage in ``.hmsplan/<environment>/``; ``locking`` its lock, ``durable`` its system calls
``bucket``   the storage in an object store; ``lease`` its lock, ``objects`` its calls
``migrate``  a state on its way from one storage to another
``ledger``   the state while an apply runs: many tasks, one fsync
"""

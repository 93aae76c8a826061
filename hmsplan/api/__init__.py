"""The API over HTTP, as it wants to be spoken to.

``urls``         where the key may go, and how a path is written
``client``       one client that reads and one that also writes; retries by method and status
``rate_limit``   kept before the API has to say 429
``departure``    the moment in which a write leaves
``responses``    bodies and errors in all their forms                                       pure
``pagination``   one list, to its end, or an error
``refresh``      everything that is live: the ``Snapshot``
``request_log``  what ``-vv`` and ``-vvv`` tell of each request, by ``body_shape``
"""

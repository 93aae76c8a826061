"""The API over HTTP, as it wants to be spoken to.

``endpoint``   where the key may go, and how a path is written
``client``     one client that reads and one that also writes; retries by method and status
``pacing``     the rate limit, kept before the API has to say 429
``answers``    bodies and errors in all their forms                                       pure
``listing``    one list, to its end, or an error
``snapshot``   everything that is live: the ``Snapshot``
"""

"""The events that the platform sends during a call: their signatures, and trying the service that answers them.

``signing`` is for services too, and imports nothing else of hmsplan. ``description`` reads what an event and its answer
look like from the shipped description of the API, ``arguments`` makes values that a JSON Schema allows, ``cases`` says
which events a stack leads to, ``send`` sends one and never waits or reads for long, and ``judge`` says what is wrong
with the answer. ``messages`` keeps an event as a file.
"""

from hmsplan.webhooks.signing import MAX_AGE_S, Fault, fault_of, signed_headers, verify

__all__ = ["MAX_AGE_S", "Fault", "fault_of", "signed_headers", "verify"]

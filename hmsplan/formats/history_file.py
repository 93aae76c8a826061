"""The history of applies <-> lines of JSON, each of which proves all before it. Pure.

A line is ``{"head": …, "body": …, "previous": …, "hash": …}``: ``hash`` is SHA-256 of the line up to it, ``previous``
the hash of the line before. A list of applies reads the heads alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from hmsplan.formats import codec
from hmsplan.model import Deed, Head, HistoryEntry, Picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ORIGIN: Final = "0" * 64
"""What the first entry follows."""
_HEAD: Final = b'{"head":'
_BODY: Final = b',"body":'
_PREVIOUS: Final = b',"previous":"'
_HASH: Final = b'","hash":"'
_END: Final = b'"}\n'
_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is kept.

    Attributes:
        problem: why it is not to be believed; "" for one that is.
    """

    head: Head
    data: bytes
    problem: str = ""

    def entry(self) -> HistoryEntry:
        """Read all of it.

        Raises:
            ValueError: it is damaged.
        """
        body = orjson.loads(self.data[self.data.index(_BODY) + len(_BODY) : self.data.rindex(_PREVIOUS)])
        deeds = codec.decode(body["deeds"], tuple[Deed, ...], "deeds")
        pictures = codec.decode(body["pictures"], tuple[Picture, ...], "pictures")
        return HistoryEntry(self.head, deeds, pictures)


def line_of(entry: HistoryEntry, previous: str) -> bytes:
    """Return the line of *entry*, which follows the one of the hash *previous*."""
    body = {
        "deeds": codec.encode(entry.deeds, tuple[Deed, ...]),
        "pictures": codec.encode(entry.pictures, tuple[Picture, ...]),
    }
    head = _HEAD + orjson.dumps(codec.encode(entry.head, Head))
    signed = head + _BODY + orjson.dumps(body) + _PREVIOUS + previous.encode() + _HASH
    return signed + sha256(signed).hexdigest().encode() + _END


def hash_of(line: bytes) -> str:
    """Return the hash that the next entry names."""
    return line[-len(_END) - _DIGITS : -len(_END)].decode("ascii", "replace")


def read(lines: Sequence[bytes]) -> Iterator[Line]:
    """Read the heads, and say of each line whether it is what was written, and follows the one before.

    Raises:
        ValueError: a line is not of this form.
    """
    before: Line | None = None
    for data in lines:
        line = Line(_head(data), data, _problem(data, before))
        yield line
        before = line


def _head(data: bytes) -> Head:
    at = data.find(_BODY)
    if not data.startswith(_HEAD) or at < 0 or not data.endswith(_END):
        raise ValueError("not an entry of the history")
    document: Any = orjson.loads(data[len(_HEAD) : at])
    return codec.decode(document, Head, "head")


def _problem(data: bytes, before: Line | None) -> str:
    signed = data[: -len(_END) - _DIGITS]
    if sha256(signed).hexdigest() != hash_of(data):
        return "it was edited"
    if before is None:
        return ""  # older ones may have been forgotten
    previous = signed[signed.rindex(_PREVIOUS) + len(_PREVIOUS) : -len(_HASH)].decode()
    return "" if previous == hash_of(before.data) else "it does not follow the one before"

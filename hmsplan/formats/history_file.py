"""The history of applies <-> lines of JSON, each of which proves all before it. Pure.

A line is ``{"head": …, "body": …, "previous": …, "hash": …}``: ``hash`` is SHA-256 of the line up to it, ``previous``
the hash of the line before. The hash proves the bytes, so a list of applies reads the heads
alone, and only those that it shows.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from hmsplan.formats import codec
from hmsplan.model import Deed, Head, HistoryEntry, Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hmsplan.model import Address

EDITED: Final = "it was edited"
ORIGIN: Final = "0" * 64
"""What the first entry follows."""
_HEAD: Final = b'{"head":'
_BODY: Final = b',"body":'
_PREVIOUS: Final = b',"previous":"'
_HASH: Final = b'","hash":"'
_END: Final = b'"}\n'
_DIGITS: Final = 64
_SIGNED: Final = -len(_END) - _DIGITS
"""Where the hash begins; it is of all before."""
_PREVIOUS_END: Final = _SIGNED - len(_HASH)
_PREVIOUS_AT: Final = _PREVIOUS_END - _DIGITS
_NUMBERED: Final = re.compile(rb'\{"head":\{"number":([0-9]{1,15}),')


class Line(NamedTuple):
    """One entry as it is kept; what it says is read where it is asked for.

    Attributes:
        problem: why it is not to be believed; "" for one that is.
    """

    data: bytes
    problem: str = ""

    @property
    def number(self) -> int:
        """The number of the apply."""
        return _must_be_numbered(self.data)

    @property
    def hash(self) -> str:
        """The hash that the next entry names."""
        return hash_of(self.data)

    @property
    def is_edited(self) -> bool:
        """Whether it does not say what was written; any other problem is one of its place."""
        return self.problem == EDITED

    @property
    def head(self) -> Head:
        """Read the head.

        Raises:
            ValueError: it is damaged, or a newer version wrote it.
        """
        return codec.decode(orjson.loads(self.data[len(_HEAD) : self.data.index(_BODY)]), Head, "head")

    def names(self, address: Address) -> bool:
        """Say whether the head may name *address*, without reading it."""
        return self.data.find(b'"%s"' % str(address).encode(), 0, self.data.index(_BODY)) >= 0

    def entry(self) -> HistoryEntry:
        """Read all of it.

        Raises:
            ValueError: it is damaged, or a newer version wrote it.
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
    return line[_SIGNED : -len(_END)].decode("ascii", "replace")


def number_of(data: bytes) -> int | None:
    """Return the number of a line; None for what is no line of the history."""
    found = _NUMBERED.match(data)
    return int(found[1]) if found else None


def is_line(data: bytes) -> bool:
    """Say whether *data* has the form of a line of the history."""
    return number_of(data) is not None and data.endswith(_END) and _BODY in data


def read(lines: Iterable[bytes]) -> Iterator[Line]:
    """Say of each line whether it is what was written, and follows the one before.

    Raises:
        ValueError: a line is not of this form.
    """
    before: bytes | None = None
    for data in lines:
        hashed = sha256(memoryview(data)[:_SIGNED]).hexdigest().encode()
        if not data.endswith(hashed + _END):
            _must_be_numbered(data)
            yield Line(data, EDITED)
            before = data[_SIGNED : -len(_END)]
            continue
        follows = before is None or before == data[_PREVIOUS_AT:_PREVIOUS_END]
        yield Line(data) if follows else Line(data, "it does not follow the one before")
        before = hashed


def _must_be_numbered(data: bytes) -> int:
    number = number_of(data)
    if number is None or not is_line(data):
        raise ValueError("not an entry of the history")
    return number

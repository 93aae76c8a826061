"""Lines of the history: read as they were written, and each proves all before it."""

from __future__ import annotations

import pytest

from hmsplan.formats.history_file import ORIGIN, hash_of, line_of, read
from hmsplan.model import (
    Action,
    Address,
    Author,
    Deed,
    Head,
    HistoryEntry,
    Picture,
    Secret,
    Status,
    Verb,
)

DESK = Address("assistants", "desk")
AUTHOR = Author("ann", "host", "https://ci.example/1", "c" * 40, is_clean=True)


def entry(number: int, text: str = "Hello.") -> HistoryEntry:
    head = Head(
        number, number * 3, 1.5, AUTHOR, "live", "org", "d" * 64, "1.0", ("start:x.y",), {"update": 1}, {DESK: "update"}
    )
    picture = Picture(DESK, Action.UPDATE, "id", {"first_message": text}, {"webhook_secret": Secret("s", None, "f")})
    return HistoryEntry(head, (Deed("assistants.desk:update", Verb.UPDATE, DESK, Status.DONE, "id"),), (picture,))


def lines(*entries: HistoryEntry) -> list[bytes]:
    found: list[bytes] = []
    for each in entries:
        found.append(line_of(each, hash_of(found[-1]) if found else ORIGIN))
    return found


def test_an_entry_is_read_as_it_was_written() -> None:
    (line,) = read(lines(entry(1)))
    assert (line.problem, line.entry()) == ("", entry(1))


@pytest.mark.parametrize("text", ['","body":{"', '","previous":"', '"}\n', "\u2028é\x00", '{"head":'])
def test_foreign_text_is_never_taken_for_the_layout(text: str) -> None:
    (line,) = read(lines(entry(1, text)))
    assert (line.problem, line.entry()) == ("", entry(1, text))
    assert line.data.count(b"\n") == 1


def test_what_follows_is_believed_although_older_ones_were_forgotten() -> None:
    assert [line.problem for line in read(lines(entry(1), entry(2), entry(3))[1:])] == ["", ""]


def test_an_edited_entry_is_told() -> None:
    first, second = lines(entry(1), entry(2))
    edited = first.replace(b"Hello.", b"Hullo.")
    assert [line.problem for line in read([edited, second])] == ["it was edited", ""]


def test_an_entry_that_was_edited_and_hashed_again_breaks_the_chain() -> None:
    _, second = lines(entry(1), entry(2))
    forged = line_of(entry(1, "Hullo."), ORIGIN)
    assert [line.problem for line in read([forged, second])] == ["", "it does not follow the one before"]


def test_an_entry_that_was_taken_out_is_told() -> None:
    first, _, third = lines(entry(1), entry(2), entry(3))
    assert [line.problem for line in read([first, third])] == ["", "it does not follow the one before"]


@pytest.mark.parametrize("data", [b"{}\n", b"\n", b'{"head":1', b'{"head":{},"body":{},"previous":"","hash":""}\n'])
def test_what_is_no_entry_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="entry"):
        list(read([data]))

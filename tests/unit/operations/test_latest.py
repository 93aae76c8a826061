"""How far back the history is read where its last entries are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hmsplan.model import UNKNOWN, Head, HistoryEntry
from hmsplan.operations.history import latest
from hmsplan.state.backend import Backend, new_state, open_backend

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """Return a state with 200 applies."""
    made = open_backend("file", tmp_path, "production")
    with made.lock("test"):
        made.load()
        made.save(new_state())
        for _ in range(200):
            made.remember(lambda n: HistoryEntry(Head(n, n, float(n), UNKNOWN, "production", None, "d" * 64)))
    return made


@pytest.mark.parametrize(("asked", "first"), [(200, 181), (181, 181), (180, 41), (41, 41), (40, 1), (0, 1)])
def test_no_more_is_read_than_is_asked_for(backend: Backend, asked: int, first: int) -> None:
    """Once more, and eight times as much, where it does not reach; all of it where nothing is enough."""
    found = latest(backend, lambda heads: heads[0].number <= asked)
    assert [line.number for line in found.lines] == list(range(first, 201))
    assert (found.problems, found.earlier) == ((), 0)


def test_what_was_edited_is_told_where_it_is_read_and_is_none_of_the_lines(backend: Backend, tmp_path: Path) -> None:
    (file,) = tmp_path.rglob("history.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    lines[189] = lines[189].replace(b'"serial":', b'"serial" :')
    lines[9] = lines[9].replace(b'"serial":', b'"serial" :')
    file.write_bytes(b"".join(lines))
    found = latest(backend, lambda heads: len(heads) > 1)
    assert (found.problems, len(found.lines)) == (("@190: it was edited.",), 19)
    assert latest(backend, lambda _: False).problems == ("@10: it was edited.", "@190: it was edited.")


def test_a_history_without_an_entry_has_none(tmp_path: Path) -> None:
    assert latest(open_backend("file", tmp_path, "production"), lambda _: True).lines == ()
